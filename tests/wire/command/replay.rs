//! `baolu replay` as people call it: files, pipes, foreign words, and rows that are no readings.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::WRONG_INPUT;
use crate::peer::baolu::{run, run_with};

// A byte order mark, CRLF, a late row within the window, rows of a stranger, a repetition.
const ROWS: &str = "\u{feff}measured_at,station,parameter,value,unit\r\n\
    2025-11-16T21:00:00+07:00,phu-oc,stage,1.600,m\r\n\
    2025-11-16T22:00:00+07:00,phu-oc,stage,2.60,m\r\n\
    2025-11-16T21:30:00+07:00,phu-oc,stage,2.10,m\r\n\
    2025-11-16T22:00:00+07:00,\"no, where\",stage,1,m\r\n\
    2025-11-16T22:00:00+07:00,phu-oc,rainfall,1,mm\r\n\
    2025-11-16T22:30:00+07:00,phu-oc,stage,3.06,m\r\n\
    2025-11-16T22:30:00+07:00,phu-oc,stage,3.06,m\r\n\
    2025-11-16T23:00:00+07:00,phu-oc,stage,99,m\r\n";

fn judged(arguments: &[&str], input: &[u8]) -> (Vec<Value>, String) {
    let mut all = vec!["replay", "--json", "--input"];
    all.extend(arguments);
    let ended = run_with(&all, input);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let mut lines: Vec<Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.last_mut().unwrap()["seconds"] = Value::Null;
    (lines, ended.err)
}

#[test]
fn replay_judges_a_file_a_gzip_and_standard_input_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("rows.csv"), folder.path().join("rows.csv.gz"));
    fs::write(&plain, ROWS).unwrap();
    let mut gzip = GzEncoder::new(fs::File::create(&packed).unwrap(), Compression::fast());
    gzip.write_all(ROWS.as_bytes()).unwrap();
    gzip.finish().unwrap();

    let (lines, told) = judged(&[plain.to_str().unwrap()], b"");
    assert_eq!(judged(&[packed.to_str().unwrap()], b"").0, lines);
    assert_eq!(judged(&["-"], ROWS.as_bytes()).0, lines);

    let levels: Vec<&str> =
        lines.iter().filter(|l| l["rule"] == "stage-phu-oc").map(|l| l["to"].as_str().unwrap()).collect();
    assert_eq!(levels, ["bd1", "bd2"]);
    let rejected: Vec<&Value> = lines.iter().filter(|l| l["event"] == "quality").collect();
    assert_eq!((rejected.len(), &rejected[0]["check"]), (1, &Value::from("gross_range")));
    let summary = lines.last().unwrap();
    assert_eq!((&summary["event"], &summary["unknown_stations"]), (&"summary".into(), &1.into()));
    assert_eq!((&summary["readings"], &summary["rejected"]), (&5.into(), &1.into()));
    assert!(told.contains("rows.csv:5: station: \"no, where\" is not in the configuration"), "{told}");
    assert!(
        told.contains("rows.csv:6: parameter: the configuration has no sensor phu-oc/rainfall"),
        "{told}"
    );
}

#[test]
fn replay_speaks_the_language_it_was_asked_for() {
    let vi = run_with(&["replay", "--input", "-"], ROWS.as_bytes()).out;
    assert!(vi.contains("16/11 22:30  Lũ  Phú Ốc (sông Bồ) 3,06 m: vượt BĐ2"), "{vi}");
    assert!(
        vi.contains(
            "Phú Ốc: mực nước 99,00 m, loại (ngoài khoảng đo của thiết bị: 99 m, giới hạn từ -2 m đến 10 m)"
        ),
        "{vi}"
    );
    let en = run_with(&["replay", "--input", "-", "--lang", "en"], ROWS.as_bytes()).out;
    assert!(en.contains("3.06 m: reaches alarm 2"), "{en}");
}

#[test]
fn replay_reads_foreign_words_by_a_map_and_refuses_a_map_to_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, map) = (folder.path().join("rows.csv"), folder.path().join("map.toml"));
    fs::write(&rows, format!("{ROWS}2025-11-16T23:10:00+07:00,\"no, where\",mực nước,312,cm\r\n")).unwrap();
    let (rows, map_name) = (rows.to_str().unwrap(), map.to_str().unwrap());
    let words = "[stations]\n\"no, where\" = \"kim-long\"\n[parameters]\n\"mực nước\" = \"stage\"\n\
                 [units]\ncm = { is = \"m\", times = 0.01 }\n";
    fs::write(&map, words).unwrap();
    let (lines, told) = judged(&[rows, "--map", map_name], b"");
    let raised: Vec<&Value> = lines.iter().filter(|l| l["rule"] == "stage-kim-long").collect();
    assert_eq!((&raised[1]["to"], &raised[1]["value"]), (&"bd2".into(), &serde_json::json!(3.12)));
    assert!(!told.contains("no, where"), "{told}");
    for (text, part) in [
        ("[stations]\nx = \"kim-lung\"\n", "map.toml:2: stations.x: there is no station \"kim-lung\""),
        ("[parameters]\nx = \"flow\"\n", "map.toml:2: parameters.x: \"flow\" is no parameter"),
        ("[units]\nx = { is = \"ell\" }\n", "map.toml:2: units.x.is: \"ell\" is none of our units"),
        ("[units]\nx = { is = \"m\", times = -1 }\n", "map.toml:2: units.x.times: -1 is no factor"),
        ("[station]\nx = \"kim-long\"\n", "map.toml:1: station: "),
    ] {
        fs::write(&map, text).unwrap();
        let ended = run(&["replay", "--input", rows, "--map", map_name]);
        assert_eq!(ended.code, WRONG_INPUT);
        assert!(ended.err.contains(part), "{part} is not in {}", ended.err);
    }
}

#[test]
fn replay_judges_on_past_rows_that_are_no_readings_and_counts_them() {
    let mut rows = String::from("measured_at,station,parameter,value,unit,quality\n");
    rows += &"2025-11-16T01:00:00Z,phu-oc,stage,oops,m,\n".repeat(12);
    rows += "2025-11-16T13:00:00Z,phu-oc,stage,1.4,m,good\n2025-11-16T14:00:00Z,phu-oc,stage,1.6,m,suspect\n";
    let ended = run_with(&["replay", "--json", "--input", "-"], rows.as_bytes());
    assert_eq!(ended.code, WRONG_INPUT, "what was wrong is not passed over in silence");
    assert!(
        ended.err.contains("-:2: value: \"oops\"") && ended.err.contains("-: 2 rows more"),
        "{}",
        ended.err
    );
    let lines: Vec<Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = lines.last().unwrap();
    assert_eq!((&summary["readings"], &summary["refused_rows"]), (&2.into(), &12.into()));
    let doubt = lines.iter().find(|line| line["event"] == "quality").unwrap();
    assert_eq!((&doubt["quality"], &doubt["check"]), (&"suspect".into(), &"device".into()));
    assert!(summary["not_in_file"].as_array().unwrap().contains(&"kim-long".into()), "{summary}");
    assert!(!lines.iter().any(|line| line["hazard"] == "telemetry"), "nobody in no file is silent");
}

#[test]
fn replay_says_how_it_took_a_depth_that_names_no_interval() {
    let mut rows = String::from("measured_at,station,parameter,value,unit\n");
    rows.extend((10..16).map(|hour| format!("2025-11-16T{hour}:00:00Z,750001,rainfall,3,mm\n")));
    let (_, told) = judged(&["-"], rows.as_bytes());
    let said = told.matches("750001/rainfall stand 3600 s apart, but its usual interval is ");
    assert_eq!(said.count(), 1, "{told}");
}

#[test]
fn replay_merges_files_by_time_and_takes_what_is_later_than_the_window_as_late() {
    let folder = tempfile::tempdir().unwrap();
    let head = "measured_at,station,parameter,value,unit\n";
    let row = |minute: i64, station: &str, stage: f64| {
        let (hour, minute) = (10 + minute / 60, minute % 60);
        format!("2025-11-16T{hour}:{minute:02}:00Z,{station},stage,{stage},m\n")
    };
    let (one, two) = (folder.path().join("one.csv"), folder.path().join("two.csv"));
    let rising: String = (0..30).map(|n| row(n * 10, "phu-oc", 1.0 + 0.1 * n as f64)).collect();
    let falling: String = (0..30).map(|n| row(n * 10, "kim-long", 3.0 - 0.1 * n as f64)).collect();
    fs::write(&one, format!("{head}{rising}{}", row(5, "phu-oc", 1.05))).unwrap();
    fs::write(&two, format!("{head}{falling}")).unwrap();
    let (one, two) = (one.to_str().unwrap(), two.to_str().unwrap());
    let (lines, _) = judged(&[one, "--input", two], b"");
    let times: Vec<&str> = lines.iter().filter_map(|line| line["at"].as_str()).collect();
    assert!(times.is_sorted() && times.len() > 3, "{times:?}");
    assert_eq!(judged(&[two, "--input", one], b"").0.last(), lines.last());
    assert_eq!(lines.last().unwrap()["readings"], 61, "the late one counts too");
}

#[test]
fn replay_goes_on_putting_rows_in_order_after_one_time_that_is_years_ahead() {
    let row = |at: &str, stage: f64| format!("{at},phu-oc,stage,{stage},m\n");
    let mut rows = String::from("measured_at,station,parameter,value,unit\n");
    rows += &row("2031-11-16T10:00:00Z", 1.0);
    for minute in [0, 10, 30, 20, 50, 40] {
        rows += &row(&format!("2025-11-16T10:{minute:02}:00Z"), 1.0 + f64::from(minute) / 20.0);
    }
    let (lines, _) = judged(&["-"], rows.as_bytes());
    let raised: Vec<&str> =
        lines.iter().filter(|l| l["rule"] == "stage-phu-oc").map(|l| l["at"].as_str().unwrap()).collect();
    // 1.5 m after ten minutes, 3.0 m after forty; the row of 2031 comes last.
    assert_eq!(raised[..2], ["2025-11-16T10:10:00Z", "2025-11-16T10:40:00Z"], "{lines:#?}");
}

#[test]
fn replay_names_file_line_and_column_of_what_is_no_reading() {
    let header = "measured_at,station,parameter,value,unit,period_s,quality\n";
    let good = "2025-11-16T00:00:00Z,phu-oc,stage,1.2,m,,\n";
    for (row, part) in [
        ("yesterday,phu-oc,stage,1,m,,", "-:3: measured_at: \"yesterday\" is no time"),
        ("2025-11-16T00:00:00,phu-oc,stage,1,m,,", "-:3: measured_at: "),
        ("2025-11-16T00:00:00Z,phu-oc,flow,1,m,,", "-:3: parameter: \"flow\" is no parameter; allowed are "),
        ("2025-11-16T00:00:00Z,phu-oc,stage,high,m,,", "-:3: value: \"high\" is no number"),
        ("2025-11-16T00:00:00Z,phu-oc,stage,\"1,2\",m,,", "-:3: value: \"1,2\" is no number"),
        ("2025-11-16T00:00:00Z,phu-oc,stage,120,cm,,", "-:3: unit: \"cm\" is not the unit of stage"),
        ("2025-11-16T00:00:00Z,750001,rainfall,1,mm,ten,", "-:3: period_s: \"ten\" is no period"),
        ("2025-11-16T00:00:00Z,phu-oc,stage,1,m,,fine", "-:3: quality: \"fine\" is no quality"),
        ("2025-11-16T00:00:00Z,phu-oc", "-:3: parameter: "),
    ] {
        let ended = run_with(&["replay", "--input", "-"], format!("{header}{good}{row}\n").as_bytes());
        assert_eq!(ended.code, WRONG_INPUT, "{row}");
        assert!(ended.err.contains(part), "{part:?} is not in {}", ended.err);
    }
    for (bytes, part) in [
        (&b""[..], "-:1: measured_at: the header has no such column"),
        (b"measured_at,station,parameter,value\n", "-:1: unit: the header has no such column"),
        (b"measured_at,station,parameter,value,unit\n2025-11-16T00:00:00Z,\xff,stage,1,m\n", "-:2: row: "),
        (b"\x1f\x8bno gzip at all", "-: "),
    ] {
        let ended = run_with(&["replay", "--input", "-"], bytes);
        assert_eq!(ended.code, WRONG_INPUT, "{}", ended.out);
        assert!(ended.err.contains(part), "{part:?} is not in {}", ended.err);
    }
}

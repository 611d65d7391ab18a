//! The commands as people type them: what they print, and what their exit code says.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;

use baolu::store::Reader;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use simulator::phone::{self, Phones};

use crate::peer::baolu::{City, Service, run, run_with};
use crate::peer::skip;

const WRONG_INPUT: Option<i32> = Some(1);
const WRONG_USAGE: Option<i32> = Some(2);
const FAILED: Option<i32> = Some(3);

fn check(city: &City) -> Vec<String> {
    let ended = run(&["check", city.folder().to_str().unwrap()]);
    assert_eq!((ended.code, ended.out.as_str()), (WRONG_INPUT, ""), "{}", ended.err);
    ended.err.lines().map(str::to_owned).collect()
}

#[test]
fn check_is_content_with_hue_and_says_what_it_found() {
    let ended = run(&["check"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.starts_with("config/hue: Huế: 74 stations, "), "{}", ended.out);
}

#[test]
fn check_names_every_kind_of_mistake_at_once_by_file_line_and_key() {
    let city = City::copy();
    city.edit("city.toml", "utc_offset_min", "utc_offset_h");
    city.edit("stations.toml", "id = \"750002\"", "id = \"750001\"");
    city.edit("rules.toml", "raise_m = 1.0, clear_m = 0.8", "raise_m = 1.0");
    city.edit("rules.toml", "raise_m = 2.0, clear_m = 1.8", "raise_m = 2.0, clear_m = 2.0");
    city.edit("rules.toml", "raise_m = 3.5, clear_m = 3.3", "raise_m = 350, clear_m = 3.3");
    city.edit("rules.toml", "stations = [\"kim-long\", \"phu-oc\"]", "stations = [\"kim-lung\", \"phu-oc\"]");
    city.edit("lines.toml", "station = \"678628\"", "station = \"no-such\"");
    city.edit("lines.toml", "poll_interval_s = 300", "poll_intervall_s = 300");
    city.edit("phrases.en.toml", "{mark}. {where}", "{mork}. {where}");
    city.edit("receivers.toml", "ttl_s = 3600", "ttl_s = 1");
    let zone = "[107.0200, 16.3600], [107.0447, 16.4774], [107.2793, 16.3460], [107.0729, 16.2343]";
    let crossing = "[107.0200, 16.3600], [107.2793, 16.3460], [107.0447, 16.4774], [107.0729, 16.2343]";
    city.edit("zones.toml", zone, crossing);
    let told = check(&city);
    for (file, key, wrong) in [
        ("city.toml", "utc_offset_h", "the key is unknown"),
        ("city.toml", "utc_offset_min", "the key is missing"),
        ("stations.toml", "id", "\"750001\" is given twice"),
        ("rules.toml", "rule[0].level[0].when.clear_m", "the key is missing"),
        ("rules.toml", "rule[0].level[1].when.clear_m", "there is no hysteresis"),
        ("rules.toml", "rule[0].level[2].when.raise_m", "350 m is more or less than could be measured"),
        ("rules.toml", "stations[0]", "there is no station kim-lung"),
        ("lines.toml", "line[0].device[0].station", "there is no station \"no-such\""),
        ("lines.toml", "line[0].device[0].poll_intervall_s", "the key is unknown"),
        ("phrases.en.toml", "warning.flood.raised_body", "{mork} is not known here"),
        ("receivers.toml", "retry.ttl_s", ""),
        ("zones.toml", "zone[0].outlines_deg", "cross"),
    ] {
        let fits = |line: &&String| {
            let mut parts = line.splitn(4, ':');
            let (named, number) = (parts.next(), parts.next().and_then(|n| n.parse::<u32>().ok()));
            named == Some(file)
                && number.is_some_and(|n| n > 0)
                && parts.next().is_some_and(|named| named.contains(key))
                && line.contains(wrong)
        };
        assert!(told.iter().any(|line| fits(&line)), "{file} {key} {wrong:?} in {told:#?}");
    }
    assert!(told[0].contains(&format!("has {} mistake(s)", told.len() - 1)), "{}", told[0]);
}

#[test]
fn check_refuses_a_ladder_out_of_order() {
    let city = City::copy();
    city.edit("rules.toml", "raise_m = 2.0, clear_m = 1.8", "raise_m = 0.9, clear_m = 0.7");
    let told = check(&city).join("\n");
    assert!(told.contains("rules.toml:") && told.contains("rule[0].level[1]"), "{told}");
}

#[test]
fn exit_codes_tell_wrong_input_wrong_usage_and_failure_apart() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let city = City::copy();
    let (folder, data) = (city.folder(), city.beside("data"));
    let (folder, data) = (folder.to_str().unwrap(), data.to_str().unwrap());
    for (arguments, code, part) in [
        (&["check", "no/such/city"][..], WRONG_INPUT, "no/such/city"),
        (&["demo", "--storm", "nope"], WRONG_INPUT, "storms are 2025-11, drizzle"),
        (&["simulate", "--storm", "nope"], WRONG_INPUT, "storms are 2025-11, drizzle"),
        (&["replay", "--input", "no/such.csv"], WRONG_INPUT, "no/such.csv"),
        (&["backup", "copy.db", "--data", "no/such"], WRONG_INPUT, "no/such"),
        (&["serve", "-c", "no/such/city"], WRONG_INPUT, "no/such/city"),
        (&[], WRONG_USAGE, "Usage"),
        (&["flood"], WRONG_USAGE, "flood"),
        (&["replay"], WRONG_USAGE, "--input"),
        (&["demo", "--speed", "1201"], WRONG_USAGE, "1..=1200"),
        (&["serve", "--clock", "yesterday,300"], WRONG_USAGE, "\"yesterday\" is no time"),
        (&["serve", "--clock", "2025-11-16T00:00:00Z,1201"], WRONG_USAGE, "0.1 to 1200"),
        (&["demo", "--listen", &taken], FAILED, &taken),
        (&["serve", "-c", folder, "--data", data, "--listen", &taken], FAILED, &taken),
        (
            &["serve", "-c", folder, "--data", "/dev/null/data", "--listen", "127.0.0.1:0"],
            FAILED,
            "/dev/null/data",
        ),
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(part), "{arguments:?}: {part:?} is not in {}", ended.err);
    }
}

#[test]
fn storms_lists_both() {
    let ended = run(&["storms"]);
    assert_eq!(ended.code, Some(0));
    let named = |name: &str| ended.out.lines().any(|line| line.starts_with(name));
    assert!(named("2025-11 ") && named("drizzle ") && ended.out.lines().count() == 2, "{}", ended.out);
}

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
    assert!(vi.contains("Phú Ốc: mực nước 99,00 m, loại (ngoài khoảng đo của thiết bị)"), "{vi}");
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
    for n in 0..12 {
        rows += &format!("2025-11-16T0{}:00:00Z,phu-oc,stage,oops,m,\n", n % 10);
    }
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
    for hour in 10..16 {
        rows += &format!("2025-11-16T{hour}:00:00Z,750001,rainfall,3,mm\n");
    }
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

/// Times from the bulletins of those days, as `hue.md` of the design has them.
#[test]
fn replay_of_the_recorded_flood_raises_what_was_raised_then() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hue");
    let [rain, stage] =
        ["recorded", "observed_stage"].map(|name| data.join(format!("storm_2025-11-16_{name}.csv")));
    if !rain.exists() || !stage.exists() {
        return skip("the recorded storm (../shared/data/hue)");
    }
    let (lines, _) = judged(&[rain.to_str().unwrap(), "--input", stage.to_str().unwrap()], b"");
    let raised = |station: &str| -> Vec<(String, String)> {
        let of_station = |l: &&Value| l["rule"] == format!("stage-{station}") && l["station"] == station;
        let text = |l: &Value, key: &str| l[key].as_str().unwrap().to_owned();
        lines.iter().filter(of_station).map(|l| (text(l, "to"), text(l, "at"))).collect()
    };
    let at = |level: &str, at: &str| (level.to_owned(), at.to_owned());
    let phu_oc = raised("phu-oc");
    assert_eq!(phu_oc[1..3], [at("bd2", "2025-11-16T14:00:00Z"), at("bd3", "2025-11-16T20:00:00Z")]);
    let kim_long = raised("kim-long");
    assert_eq!(kim_long[1], at("bd2", "2025-11-16T19:00:00Z"));
    assert!(kim_long.iter().all(|(level, _)| level != "bd3"), "{kim_long:?}");
}

#[test]
fn a_second_serve_on_one_folder_is_refused_politely() {
    let city = City::copy();
    let data = city.beside("data");
    let first = Service::start(&city, &data, &[]);
    let ended = run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "-c",
        city.folder().to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, WRONG_INPUT, "{}", ended.err);
    assert!(ended.err.contains(data.to_str().unwrap()), "{}", ended.err);
    assert!(first.ask("/health/live").starts_with("HTTP/1.1 200"), "the first one goes on");
}

#[test]
fn serve_ends_well_when_a_service_manager_asks_it_and_goes_on_after_a_kill() {
    let city = City::copy();
    let data = city.beside("data");
    let exercise = ["--clock", "2025-11-16T00:00:00+07:00,1"];
    let killed = Service::start(&city, &data, &exercise);
    assert!(killed.ask("/health/ready").starts_with("HTTP/1.1 200"));
    drop(killed);
    let again = Service::start(&city, &data, &exercise);
    assert!(again.ask("/api/v1/stations").contains("\"exercise\":true"));
    assert_eq!(again.terminate(), Some(0));
    Reader::open_dir(&data, 1).unwrap().verify_ledger().unwrap();
}

#[test]
fn a_backup_made_while_serve_runs_is_a_database_whose_ledger_holds() {
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let restored = city.beside("restored");
    fs::create_dir(&restored).unwrap();
    let file = restored.join("baolu.db");
    let arguments = ["backup", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
    let ended = run(&arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("integrity checked"), "{}", ended.out);
    assert!(service.ask("/health/ready").starts_with("HTTP/1.1 200"), "the service goes on");
    drop(service);
    let head = Reader::open_dir(&restored, 1).unwrap().verify_ledger().unwrap();
    assert!(head.n > 0);
    let twice = run(&arguments);
    assert_eq!(twice.code, WRONG_INPUT, "{}", twice.err);
    assert!(twice.err.contains("is not overwritten"), "{}", twice.err);
    assert_eq!(Service::start(&city, &restored, &[]).terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_refuses_approximate_zones_with_real_phones_unless_somebody_takes_it_by_name() {
    let city = City::copy();
    let setup = phone::Setup {
        project: "zones".into(),
        phones: phone::one_per_zone("hue", &["kim-long"], &["vi"], 1),
        now: std::sync::Arc::new(baolu::clock::Clock::real_now),
        real_now: std::sync::Arc::new(baolu::clock::Clock::real_now),
        token_life: std::time::Duration::from_hours(1),
    };
    let phones = Phones::start(([127, 0, 0, 1], 0).into(), setup).await.unwrap();
    let account = city.beside("account.json");
    fs::write(&account, phones.service_account_json()).unwrap();
    let fcm = format!(
        "[fcm]\nproject = \"zones\"\nendpoint = \"{}\"\nservice_account_file = \"{}\"\n\n",
        phones.endpoint(),
        account.display()
    );
    let receivers = city.read("receivers.toml");
    city.write("receivers.toml", &(fcm + &receivers));
    let data = city.beside("data");
    let refused = tokio::task::spawn_blocking(move || {
        let folder = city.folder();
        let serve = ["serve", "--listen", "127.0.0.1:0", "-c", folder.to_str().unwrap(), "--data"];
        let refused = |more: &[&str]| {
            let ended = run(&[&serve[..], &[data.to_str().unwrap()], more].concat());
            assert_eq!(ended.code, WRONG_INPUT, "{}", ended.err);
            assert!(ended.err.contains("approximate") && ended.err.contains("--accept"), "{}", ended.err);
            assert!(!data.exists(), "nothing was touched");
        };
        refused(&[]);
        refused(&["--accept-approximate-zones", " "]);
        let exercise = Service::start(&city, &data, &["--clock", "2025-11-16T00:00:00+07:00,1"]);
        assert_eq!(exercise.terminate(), Some(0));
        let by_name =
            Service::start(&city, &city.beside("real"), &["--accept-approximate-zones", "Nguyễn Văn A"]);
        assert!(by_name.log().contains("Nguyễn Văn A"), "{}", by_name.log());
    });
    refused.await.unwrap();
}

//! The storm of November 2025 as it was recorded, through the code that judges live readings.
//!
//! The timeline is kept as a text that an officer can read; what must be in it is asserted beside
//! it. The data are not ours to ship: they lie in `../shared/data/hue`.
#![expect(clippy::unwrap_used, reason = "a test that can't go on says so and ends")]

use std::path::{Path, PathBuf};

use baolu::command::cli::{ConfigArgs, Language, OutputArgs, ReplayArgs};
use baolu::command::replay::run;
use serde_json::Value;

/// The recorded rain, reservoirs and Dã Viên, and the stages of the two national stations beside it.
fn files() -> Option<Vec<PathBuf>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hue");
    let names = ["storm_2025-11-16_recorded.csv", "storm_2025-11-16_observed_stage.csv"];
    let files: Vec<PathBuf> = names.iter().map(|name| data.join(name)).collect();
    if files.iter().all(|file| file.exists()) {
        return Some(files);
    }
    assert!(std::env::var_os("CI").is_none(), "the recorded storm is missing: {}", data.display());
    println!("skipped: the recorded storm (../shared/data/hue) is not here");
    None
}

fn replayed(files: Vec<PathBuf>, json: bool, lang: Language) -> String {
    let arguments = ReplayArgs {
        input: files,
        map: None,
        deadlines: false,
        config: ConfigArgs { config: None },
        output: OutputArgs { json, lang },
    };
    let mut out = Vec::new();
    run(&arguments, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn events(files: Vec<PathBuf>) -> Vec<Value> {
    replayed(files, true, Language::Vi).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What was raised or eased by a rule at a subject: when it was measured, and the level after it.
fn levels(events: &[Value], rule: &str, subject: &str) -> Vec<(String, String)> {
    let of_rule = |event: &&Value| event["rule"] == rule && event["subject"] == subject;
    let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    events.iter().filter(of_rule).map(|event| (text(event, "at"), text(event, "to"))).collect()
}

fn at(time: &str, level: &str) -> (String, String) {
    (time.to_owned(), level.to_owned())
}

#[test]
fn the_recorded_storm_reads_like_the_truth() {
    let Some(files) = files() else { return };
    let told = replayed(files, false, Language::Vi);
    // All but how long it took.
    let (timeline, _) = told.trim_end().rsplit_once(", ").unwrap();
    insta::assert_snapshot!(timeline);
}

#[test]
fn both_rivers_pass_their_alarm_stages_with_the_readings_that_passed_them() {
    let Some(files) = files() else { return };
    let events = events(files);
    // Local time is seven hours ahead: 21:00 and 03:00 at Phú Ốc, 02:00 at Kim Long.
    let phu_oc = levels(&events, "stage-phu-oc", "phu-oc");
    assert_eq!(phu_oc[1..3], [at("2025-11-16T14:00:00Z", "bd2"), at("2025-11-16T20:00:00Z", "bd3")]);
    let kim_long = levels(&events, "stage-kim-long", "kim-long");
    assert_eq!(kim_long[1], at("2025-11-16T19:00:00Z", "bd2"));
    assert!(kim_long.iter().all(|(_, level)| level != "bd3"), "its crest was 3.01 m: {kim_long:?}");
    for (river, most) in [(phu_oc, 4), (kim_long, 3)] {
        assert!(river.len() <= most, "one flood is one rise and one fall: {river:?}");
    }
}

#[test]
fn rule_04_the_extreme_rain_of_binh_dien_counts_whole() {
    let Some(files) = files() else { return };
    let events = events(files);
    let gauge = "750061";
    let doubted = events.iter().filter(|e| e["event"] == "quality" && e["station"] == gauge);
    assert!(doubted.clone().all(|e| e["quality"] == "suspect"), "{:?}", doubted.collect::<Vec<_>>());
    let rain = levels(&events, "rain-24h", gauge);
    assert_eq!(rain.last().unwrap().1, "r400", "{rain:?}");
    // 795 mm in 24 hours: the evidence of the basin it stands in carries it.
    let basin = levels(&events, "basin-huong", "basin:huu-trach");
    assert_eq!(basin.last().unwrap().1, "b300", "{basin:?}");
}

#[test]
fn rule_06_gauges_that_are_missing_do_not_lower_the_mean_over_the_basin() {
    let Some(files) = files() else { return };
    let events = events(files);
    let huong = events.iter().find(|e| e["rule"] == "basin-huong" && e["subject"] == "basin:huong").unwrap();
    let because = huong["because"].as_array().unwrap();
    assert!(because.len() > 3 && huong["value"].as_f64().unwrap() >= 150.0, "{huong}");
    let missing = events.last().unwrap()["not_in_file"].as_array().unwrap();
    assert!(missing.contains(&"750013".into()), "{missing:?}");
    assert!(because.iter().all(|evidence| !missing.contains(&evidence["station"])), "{because:?}");
}

#[test]
fn rule_05_who_is_not_in_the_file_is_not_silent() {
    let Some(files) = files() else { return };
    let events = events(files);
    assert!(events.iter().all(|event| event["hazard"] != "telemetry"));
    let summary = events.last().unwrap();
    assert_eq!(summary["event"], "summary");
    assert!(summary["not_in_file"].as_array().unwrap().len() > 24, "{summary}");
}

#[test]
fn the_two_sick_gauges_are_named_with_their_causes() {
    let Some(files) = files() else { return };
    let events = events(files);
    for (gauge, check) in [("750063", "clogged"), ("750042", "dead_on_zero")] {
        let doubts = events.iter().filter(|e| e["event"] == "quality" && e["station"] == gauge);
        let checks: Vec<&str> = doubts.filter_map(|event| event["check"].as_str()).collect();
        assert!(checks.contains(&check), "{gauge}: {checks:?}");
    }
}

#[test]
fn no_alert_of_the_recorded_storm_flaps() {
    let Some(files) = files() else { return };
    let events = events(files);
    let mut last = std::collections::BTreeMap::new();
    for event in events.iter().filter(|event| event["event"] == "alert") {
        let text = |key: &str| event[key].as_str().unwrap().to_owned();
        let (alert, from, to) = (text("alert"), text("from"), text("to"));
        let before = last.insert((alert, text("at")), (from.clone(), to.clone()));
        assert!(before.is_none(), "two changes of one alert at one moment: {before:?}, then {from} to {to}");
    }
}

/// Every reading of one gauge, judged as it came, and what its windows add up to.
#[test]
fn rule_04_no_check_takes_anything_from_86_mm_in_an_hour_or_795_mm_in_a_day() {
    use sensors::series::Inserted;
    use sensors::time::Span;

    let Some(files) = files() else { return };
    let plan = baolu::watch::snapshot::Plan::load(None).unwrap();
    let ix = plan.city.sensors.iter().position(|s| s.id.to_string() == "750061/rainfall").unwrap();
    let sensor = &plan.city.sensors[ix];
    let mut track = sensors::track::Track::new(sensor, Span::from_h(80));
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let (mut hour, mut day) = (0, 0);
    for row in text.lines().filter(|row| row.contains(",750061,rainfall,")) {
        let columns: Vec<&str> = row.split(',').collect();
        let at = sensors::time::Timestamp::parse_rfc3339(columns[0]).unwrap();
        let value = sensors::quantity::Value::from_unit(sensor.id.parameter, columns[3].parse().unwrap());
        let said = sensors::reading::Observation {
            sensor: sensors::station::SensorIx(ix as u32),
            measured_at: at,
            from: Some(at.minus(Span::from_s(columns[5].parse().unwrap()))),
            arrived_at: at,
            value: sensors::reading::Observed::Value(value.unwrap()),
        };
        let judged = track.judge(sensor, &said, at);
        assert_eq!(judged.inserted, Inserted::Appended, "{row}");
        assert!(judged.reading.quality.is_usable(), "{row}: {}", judged.reading.quality);
        let sum = |window| track.series().accumulation(at, window).at_least.raw();
        (hour, day) = (hour.max(sum(Span::from_h(1))), day.max(sum(Span::from_h(24))));
    }
    assert_eq!((hour, day / 1000), (86_200, 795), "in micrometres, and millimetres");
}

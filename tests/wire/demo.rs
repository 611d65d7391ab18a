//! The demo as the README promises it: both storms, played fast through the real binary.

use std::collections::{BTreeMap, BTreeSet};

use sensors::time::{Span, Timestamp};
use serde_json::Value;

use crate::peer::baolu::run;

/// The keys of an event's line, as the contract has them.
fn keys(event: &str) -> &'static [&'static str] {
    match event {
        "alert" => &[
            "at",
            "alert",
            "rule",
            "hazard",
            "subject",
            "station",
            "zones",
            "from",
            "to",
            "severity",
            "value",
            "unit",
            "because",
            "rule_version",
        ],
        "quality" => {
            &["at", "station", "parameter", "measured_at", "value", "unit", "quality", "check", "why"]
        }
        "push" => &["at", "delivery", "bulletin", "hazard", "zone", "severity", "lang", "title", "body"],
        "summary" => &[
            "readings",
            "good",
            "suspect",
            "rejected",
            "alerts_raised",
            "pushes",
            "unknown_stations",
            "from",
            "to",
            "seconds",
        ],
        other => panic!("{other} is no event"),
    }
}

/// Plays a storm as fast as may be; every line is a whole event, and the summary is the last one.
fn play(storm: &str) -> Vec<Value> {
    let ended = run(&[
        "demo",
        "--storm",
        storm,
        "--speed",
        "1200",
        "--until-over",
        "--json",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let lines: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    for line in &lines {
        for key in keys(line["event"].as_str().unwrap()) {
            assert!(line.get(key).is_some(), "{key} is not in {line}");
        }
    }
    let summaries = lines.iter().filter(|line| line["event"] == "summary").count();
    assert_eq!((summaries, &lines.last().unwrap()["event"]), (1, &"summary".into()));
    lines
}

fn of<'a>(lines: &'a [Value], event: &'a str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["event"] == event)
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap()
}

/// The levels that a rule of alarm stages raised, with their moments.
fn raised(lines: &[Value], station: &str) -> Vec<(String, Timestamp)> {
    let ladder = ["none", "bd1", "bd2", "bd3", "bd3+0.5", "bd3+1.0", "bd3+1.5"];
    let step = |line: &Value, key: &str| ladder.iter().position(|name| *name == text(line, key)).unwrap();
    of(lines, "alert")
        .filter(|line| text(line, "rule") == format!("stage-{station}"))
        .filter(|line| step(line, "to") > step(line, "from"))
        .map(|line| (text(line, "to").to_owned(), Timestamp::parse_rfc3339(text(line, "at")).unwrap()))
        .collect()
}

/// Each level once, in order, within its hours (local time): the simulated crossings, with an hour
/// either way for a machine that is busy.
fn assert_raised(lines: &[Value], station: &str, expected: &[(&str, &str, &str)]) {
    let raised = raised(lines, station);
    let levels: Vec<&str> = raised.iter().map(|(level, _)| level.as_str()).collect();
    assert_eq!(levels, expected.iter().map(|(level, ..)| *level).collect::<Vec<_>>(), "{station}");
    for ((level, at), (_, from, to)) in raised.iter().zip(expected) {
        let local = |text: &str| Timestamp::parse_rfc3339(&format!("2025-11-{text}:00+07:00")).unwrap();
        assert!((local(from)..=local(to)).contains(at), "{station} {level} at {at}, not {from} to {to}");
    }
}

#[test]
fn the_storm_of_2025_raises_every_alarm_stage_once_and_every_push_is_shown_once() {
    let lines = play("2025-11");
    assert_raised(
        &lines,
        "phu-oc",
        &[("bd1", "16T11:00", "16T13:00"), ("bd2", "16T20:20", "16T22:20"), ("bd3", "17T02:10", "17T04:10")],
    );
    assert_raised(&lines, "kim-long", &[("bd1", "16T09:20", "16T11:20"), ("bd2", "17T00:10", "17T02:10")]);

    let mut shown = BTreeSet::new();
    let mut pushed: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for push in of(&lines, "push") {
        let via = push.get("topic").or(push.get("token")).and_then(Value::as_str).unwrap();
        let once = (text(push, "delivery"), text(push, "zone"), text(push, "lang"), via);
        assert!(shown.insert(once), "shown twice: {push}");
        assert!(text(push, "title").contains(if push["lang"] == "vi" { "DIỄN TẬP" } else { "EXERCISE" }));
        pushed.entry(text(push, "bulletin")).or_default().insert((text(push, "zone"), text(push, "lang")));
    }
    assert_eq!(lines.last().unwrap()["pushes"], shown.len());
    assert!(of(&lines, "push").any(|push| push["severity"].as_u64().unwrap() >= 3));

    // The rules that issue by themselves: each rise that stands reaches every ward in both languages, but
    // where people had their four pushes of the day and know of the hazard as severely already (warning.md 22).
    for alert in of(&lines, "alert").filter(|line| {
        let automatic = text(line, "rule").starts_with("stage-") || text(line, "rule") == "release";
        automatic && line["corroborated"] == true
    }) {
        let of_episode = |(bulletin, _): &(&&str, &BTreeSet<_>)| {
            bulletin.starts_with(&format!("{}.{}.", text(alert, "alert"), text(alert, "to")))
        };
        let zones = alert["zones"].as_array().unwrap();
        // A level that is reached twice in an episode has two bulletins.
        let told: BTreeSet<_> = pushed.iter().filter(of_episode).flat_map(|(_, told)| told).collect();
        for (zone, lang) in zones.iter().flat_map(|zone| [(zone, "vi"), (zone, "en")]) {
            let key = (zone.as_str().unwrap(), lang);
            assert!(
                told.contains(&key) || had_their_day(&lines, key, alert),
                "{key:?} was not told of {alert}"
            );
        }
    }
}

/// Whether a ward had its pushes of the day, and one of this hazard at least as severe among them.
fn had_their_day(lines: &[Value], (zone, lang): (&str, &str), alert: &Value) -> bool {
    let at = |line: &Value| Timestamp::parse_rfc3339(text(line, "at")).unwrap();
    let raised = at(alert);
    let day = of(lines, "push").filter(|push| text(push, "zone") == zone && text(push, "lang") == lang);
    let day = day.filter(|push| at(push) <= raised && raised.since(at(push)) <= Span::from_h(24));
    let day: Vec<&Value> = day.collect();
    let severity = |line: &Value| line["severity"].as_u64().unwrap();
    let counted = day.iter().filter(|push| severity(push) < 5).map(|push| text(push, "bulletin"));
    let here = |push: &&Value| text(push, "zone") == zone && text(push, "lang") == lang && at(push) <= raised;
    let known = |push: &&Value| push["hazard"] == alert["hazard"] && severity(push) >= severity(alert);
    counted.collect::<BTreeSet<_>>().len() >= 4 && of(lines, "push").filter(here).any(|push| known(&push))
}

#[test]
fn a_drizzle_raises_nothing_above_severity_1_and_warns_of_no_flood() {
    let lines = play("drizzle");
    let loud: Vec<&Value> = of(&lines, "alert").filter(|line| line["severity"].as_u64() > Some(1)).collect();
    assert!(loud.is_empty(), "{loud:#?}");
    let floods: Vec<&Value> = of(&lines, "push").filter(|line| line["hazard"] == "flood").collect();
    assert!(floods.is_empty(), "{floods:#?}");
    assert!(lines.last().unwrap()["good"].as_u64().unwrap() > 20_000, "{}", lines.last().unwrap());
}

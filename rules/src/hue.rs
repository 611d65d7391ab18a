//! The configuration of Huế, for the tests of this crate.

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::series::Series;
use sensors::station::{SensorId, SensorIx, StationId};
use sensors::time::{Span, Timestamp};

use crate::engine::{AlertState, Change, View};
use crate::hazard::Severity;
use crate::phrase::Phrases;
use crate::rule::RuleSet;

const FILES: [(&str, &str); 8] = [
    ("city.toml", include_str!("../../config/hue/city.toml")),
    ("stations.toml", include_str!("../../config/hue/stations.toml")),
    ("zones.toml", include_str!("../../config/hue/zones.toml")),
    ("basins.toml", include_str!("../../config/hue/basins.toml")),
    ("lines.toml", include_str!("../../config/hue/lines.toml")),
    ("reservoirs.toml", include_str!("../../config/hue/reservoirs.toml")),
    ("phrases.vi.toml", include_str!("../../config/hue/phrases.vi.toml")),
    ("phrases.en.toml", include_str!("../../config/hue/phrases.en.toml")),
];

fn told<T>(result: Result<T, Vec<sensors::mistake::Mistake>>) -> T {
    result.unwrap_or_else(|m| panic!("{}", m.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// The files of the folder by their names, device types included.
fn files(begin: &str) -> Vec<(String, String)> {
    let fixed = FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    fixed.filter(|(name, _)| name.starts_with(begin)).collect()
}

pub(crate) fn city() -> City {
    let mut all = files("");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/devices");
    let mut devices: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    devices.sort();
    for path in devices {
        let name = format!("devices/{}", path.file_name().unwrap().to_str().unwrap());
        all.push((name, std::fs::read_to_string(path).unwrap()));
    }
    told(City::parse(&all))
}

pub(crate) fn rules(city: &City) -> RuleSet {
    told(RuleSet::parse("rules.toml", include_str!("../../config/hue/rules.toml"), city))
}

pub(crate) fn phrases() -> Phrases {
    told(Phrases::parse(&files("phrases.")))
}

#[test]
fn the_rules_and_words_of_hue_are_whole() {
    let city = city();
    let rules = rules(&city);
    let phrases = phrases();
    assert_eq!(phrases.check(&rules), []);
    assert_eq!(phrases.languages.iter().map(|l| &*l.lang.0).collect::<Vec<_>>(), ["vi", "en"]);
    let mut ids: Vec<_> = rules.slots().iter().map(|slot| slot.rule.id.to_string()).collect();
    ids.dedup();
    assert!((10..=40).contains(&ids.len()), "{ids:?}");
}

#[test]
fn the_alarm_stages_of_hue_are_the_official_ones() {
    let city = city();
    let rules = rules(&city);
    for (key, stages) in [
        ("stage-kim-long.kim-long", [1000, 2000, 3500, 4000, 4500, 5000]),
        ("stage-phu-oc.phu-oc", [1500, 3000, 4500, 5000, 5500, 6000]),
    ] {
        let slot = rules.slot(rules.slot_named(key).unwrap()).unwrap();
        let raises: Vec<i64> =
            slot.levels.iter().map(|l| l.when.threshold().unwrap().raise().raw()).collect();
        assert_eq!(raises, stages);
        assert_eq!(slot.levels.iter().map(|l| l.severity.step()).collect::<Vec<_>>(), [2, 3, 4, 5, 5, 5]);
        assert!(slot.levels.iter().all(|level| level.confirm == sensors::time::Span::ZERO));
    }
}

#[test]
fn every_station_with_a_sensor_is_watched_for_silence() {
    let city = city();
    let rules = rules(&city);
    for station in city.stations.iter().filter(|station| !station.sensors.is_empty()) {
        let watched = station.sensors.iter().any(|sensor| !rules.silence_slots(*sensor).is_empty());
        assert!(watched, "{}", station.id);
    }
}

struct Rivers(Vec<Series>);

impl View for Rivers {
    fn series(&self, sensor: SensorIx) -> Option<&Series> {
        self.0.get(sensor.at())
    }

    fn is_silent(&self, _: SensorIx) -> bool {
        false
    }
}

/// Every transition that readings of stages make, as `station from->to`.
fn steps(readings: &[(String, Timestamp, f64)]) -> Vec<String> {
    let city = city();
    let rules = rules(&city);
    let mut rivers = Rivers(vec![Series::new(rules.retention()); city.sensors.len()]);
    let mut states = vec![AlertState::default(); rules.slots().len()];
    let mut said = Vec::new();
    for (station, at, metres) in readings {
        let (station, parameter) = (StationId::new(station), Parameter::Stage);
        let sensor = city.sensor_named(&SensorId { station, parameter, name: None }).unwrap();
        let value = Some(Value::from_unit(parameter, *metres).unwrap());
        let (measured_at, arrived_at, quality) = (*at, *at, Quality::Good);
        let reading = Reading { sensor, measured_at, from: None, arrived_at, value, quality };
        let change = Change::of(&reading, rivers.0[sensor.at()].insert(&reading));
        for slot in rules.touched_by(sensor) {
            let verdict = rules.judge(*slot, &mut states[slot.at()], &change, *at, &rivers);
            said.extend(verdict.transitions);
        }
    }
    let stages = said.iter().filter(|t| t.rule.0.starts_with("stage-") || t.severity > Severity::MIN);
    stages.map(|t| format!("{} {}->{}", t.subject, t.from, t.to)).collect()
}

#[test]
fn the_recorded_storm_of_november_2025_raises_the_stages_that_it_reached() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/hue/storm_2025-11-16_observed_stage.csv");
    let Ok(text) = std::fs::read_to_string(path) else {
        assert!(std::env::var_os("CI").is_none(), "the recorded storm is not there");
        println!("skipped: the recorded storm is not there");
        return;
    };
    let readings: Vec<_> = text
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let at = Timestamp::parse_rfc3339(fields[0]).unwrap();
            (fields[1].to_owned(), at, fields[3].parse().unwrap())
        })
        .collect();
    let steps = steps(&readings);
    let of = |station: &str| steps.iter().filter(|s| s.starts_with(station)).cloned().collect::<Vec<_>>();
    println!("{steps:#?}");
    assert_eq!(of("kim-long")[..2], ["kim-long none->bd1", "kim-long bd1->bd2"]);
    assert!(of("phu-oc").contains(&"phu-oc bd2->bd3".to_owned()));
    assert!(!steps.iter().any(|step| step.contains("bd3+")), "Phú Ốc crested at 4.96 m");
}

#[test]
fn a_tide_below_ninety_centimetres_raises_nothing_above_severity_1() {
    let begin = Timestamp::parse_rfc3339("2025-11-16T00:00:00+07:00").unwrap();
    let readings: Vec<_> = (0_i64..144)
        .map(|n| {
            let phase = n as f64 / 74.5 * std::f64::consts::TAU;
            ("kim-long".to_owned(), begin.plus(Span::from_min(n * 10)), 0.5 + 0.39 * phase.sin())
        })
        .collect();
    assert_eq!(steps(&readings), Vec::<String>::new());
}

//! The configuration of Huế, for the tests of this crate.

use sensors::city::City;

use crate::phrase::Phrases;
use crate::rule::RuleSet;

const FILES: [(&str, &str); 7] = [
    ("city.toml", include_str!("../../config/hue/city.toml")),
    ("stations.toml", include_str!("../../config/hue/stations.toml")),
    ("zones.toml", include_str!("../../config/hue/zones.toml")),
    ("basins.toml", include_str!("../../config/hue/basins.toml")),
    ("lines.toml", include_str!("../../config/hue/lines.toml")),
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
    assert!((10..=20).contains(&ids.len()), "{ids:?}");
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

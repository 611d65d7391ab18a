//! The recorded storm of November 2025 through the checks: a true extreme is never lost.
//!
//! The files are test data outside the repository (no licence is stated at their source).

use std::collections::BTreeMap;
use std::path::Path;

use super::tests::{at, said};
use super::*;
use crate::city::City;
use crate::quantity::Value;
use crate::reading::Observed;
use crate::station::{SensorId, SensorIx, StationId};

/// Every reading as (station, parameter, observation), or `None` where the files are absent.
fn recorded(name: &str) -> Option<Vec<(String, Parameter, Observation)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/hue").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none(), "{} is absent", path.display());
        println!("skipped: {} is absent", path.display());
        return None;
    };
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let parameter: Parameter = cells[2].parse().unwrap();
        let measured_at = Timestamp::parse_rfc3339(cells[0]).unwrap();
        let period = cells.get(5).and_then(|s| s.parse().ok()).map(Span::from_s);
        let value = Value::from_unit(parameter, cells[3].parse().unwrap()).unwrap();
        let observation = Observation {
            sensor: SensorIx(0),
            measured_at,
            from: period.map(|period| measured_at.minus(period)),
            arrived_at: measured_at,
            value: Observed::Value(value),
        };
        (cells[1].to_owned(), parameter, observation)
    });
    Some(rows.collect())
}

/// The sensors of Huế as they are configured.
fn hue() -> City {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let mut files = Vec::new();
    for (folder, prefix) in [(folder.join("hue"), ""), (folder.join("devices"), "devices/")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "toml") {
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                files.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    City::parse(&files).unwrap()
}

#[test]
fn every_reading_of_the_recorded_flood_passes_the_checks_of_hue() {
    let city = hue();
    for name in ["storm_2025-11-16_recorded.csv", "storm_2025-11-16_observed_stage.csv"] {
        let Some(rows) = recorded(name) else { return };
        let mut tracks: BTreeMap<(String, Parameter), Track> = BTreeMap::new();
        let mut judged = 0;
        for (station, parameter, observation) in rows {
            let id = SensorId { station: StationId::new(&station), parameter, name: None };
            let Some(sensor) = city.sensor_named(&id).and_then(|ix| city.sensor(ix)) else { continue };
            let track = tracks
                .entry((station.clone(), parameter))
                .or_insert_with(|| Track::new(sensor, Span::from_h(200)));
            let reading = track.judge(sensor, &observation, observation.arrived_at).reading;
            assert_eq!(reading.quality, Quality::Good, "{station} {parameter} {}", reading.measured_at);
            judged += 1;
        }
        assert!(judged > 150, "{name} has {judged} readings");
        // The gauge at Bình Điền: 884.8 mm in 47 h, 86.2 mm in one of them.
        if let Some(rain) = tracks.get(&("750061".to_owned(), Parameter::Rainfall)) {
            let end = rain.series().newest().unwrap().measured_at;
            let sum = rain.series().accumulation(end, Span::from_h(47));
            assert_eq!((sum.at_least.raw(), sum.missing), (884_800, Span::ZERO));
            let crest = rain.series().crest(Timestamp::MIN, end).unwrap();
            assert_eq!(crest.value, Some(Value::from_raw(86_200)));
        }
    }
}

#[test]
fn hue_rejects_no_stage_for_how_it_moves() {
    let city = hue();
    for sensor in &city.sensors {
        let checks = &sensor.checks;
        assert_eq!((checks.rate_fail, checks.spike_fail), (None, None), "{}", sensor.id);
        let still = checks.flat_line.map(|flat| flat.fails());
        let attenuated = checks.attenuated.map(|attenuated| attenuated.fails());
        assert!(still != Some(true) && attenuated != Some(true), "{}", sensor.id);
    }
    let watched = city.sensors.iter().filter(|sensor| sensor.checks.flat_line.is_some()).count();
    assert!(watched > 10, "{watched}");
}

#[test]
fn a_crest_that_stands_still_for_hours_is_no_fault() {
    let city = hue();
    let id = SensorId { station: StationId::new("kim-long"), parameter: Parameter::Stage, name: None };
    let sensor = city.sensor(city.sensor_named(&id).unwrap()).unwrap();
    let mut track = Track::new(sensor, Span::from_h(72));
    // Half a metre an hour up to the record, six hours at the top to the millimetre, and down again.
    for n in 0..120_i64 {
        let raw = 1_000 + (n.min(55) * 83) - (n - 91).max(0) * 40;
        let reading = track.judge(sensor, &said(n * 10, raw), at(n * 10)).reading;
        assert_eq!(reading.quality, Quality::Good, "{n}: {raw}");
    }
}

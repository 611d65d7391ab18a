//! The recorded storm of November 2025: what was broken is named, and nobody else is accused.
//!
//! The files are test data outside the repository (no licence is stated at their source).

use super::*;

/// The rows of a recorded file in the order of time, or `None` where it is absent.
fn recorded(city: &City, name: &str) -> Option<Vec<Observation>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/hue").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none(), "{} is absent", path.display());
        println!("skipped: {} is absent", path.display());
        return None;
    };
    let rows = text.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let parameter: Parameter = cells[2].parse().unwrap();
        let station = StationId::new(cells[1]);
        let sensor = city.sensor_named(&SensorId { station, parameter, name: None })?;
        let measured_at = Timestamp::parse_rfc3339(cells[0]).unwrap();
        let from = (parameter == Parameter::Rainfall).then(|| measured_at.minus(Span::from_h(1)));
        let value = Observed::Value(Value::from_unit(parameter, cells[3].parse().unwrap()).unwrap());
        Some(Observation { sensor, measured_at, from, arrived_at: measured_at, value })
    });
    let mut rows: Vec<Observation> = rows.collect();
    rows.sort_by_key(|row| row.measured_at);
    Some(rows)
}

fn utc(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("2025-11-{text}:00:00Z")).unwrap()
}

#[test]
fn the_recorded_storm_names_the_clogged_and_the_dead_gauge_and_nobody_else() {
    let city = hue();
    let mut said = Vec::new();
    for name in ["storm_2025-11-16_recorded.csv", "storm_2025-11-16_observed_stage.csv"] {
        let Some(rows) = recorded(&city, name) else { return };
        said.extend(rows);
    }
    said.sort_by_key(|row| row.measured_at);
    let known = Neighbours::of(&city);
    let mut town = Town::new(city, known, Span::from_h(96));
    town.run(&said);
    let expected = [("750042", Check::DeadOnZero), ("750063", Check::Clogged)];
    let expected = expected.map(|(id, check)| (id.to_owned(), check, true));
    assert_eq!(town.cases(), expected, "{:#?}", town.inspection.cases().collect::<Vec<_>>());
    for case in town.inspection.cases() {
        assert!(case.shown_at <= utc("16T18"), "{case:?}");
    }
    // Bình Điền: 86.2 mm in an hour, 795 mm in 24 h, all of it counts and none of it is doubted.
    let binh_dien =
        SensorId { station: StationId::new("750061"), parameter: Parameter::Rainfall, name: None };
    let track = &town.tracks[town.city.sensor_named(&binh_dien).unwrap().at()];
    let day = track.series().accumulation(utc("17T07"), Span::from_h(24));
    assert_eq!((day.quality, day.missing), (Quality::Good, Span::ZERO));
    assert!(day.at_least.raw() > 700_000, "{}", day.at_least.raw());
}

//! Promises of the checks between sensors.

mod recorded;
mod river;

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::city::Parts;
use crate::parameter::Parameter;
use crate::place::Position;
use crate::quality::Quality;
use crate::reading::{Observation, Observed};
use crate::station::{Deadline, Sensor, SensorId, Station, StationId, StationKind};
use crate::track::Track;

/// A city whose sensors are judged by themselves and beside each other.
struct Town {
    city: City,
    known: Neighbours,
    tracks: Vec<Track>,
    inspection: Inspection,
    now: Timestamp,
}

impl Town {
    fn new(city: City, known: Neighbours, retention: Span) -> Self {
        let tracks = city.sensors.iter().map(|sensor| Track::new(sensor, retention)).collect();
        Self { city, known, tracks, inspection: Inspection::default(), now: Timestamp::MIN }
    }

    fn take(&mut self, observation: &Observation) {
        let sensor = &self.city.sensors[observation.sensor.at()];
        self.now = self.now.max(observation.arrived_at);
        let judged = self.tracks[observation.sensor.at()].judge(sensor, observation, self.now);
        if judged.inserted.changed() {
            self.inspection.note(&self.known, observation.sensor, observation.measured_at);
        }
    }

    fn inspect(&mut self) -> Vec<Turned> {
        let tracks = &self.tracks;
        let series = |ix: SensorIx| tracks.get(ix.at()).map(Track::series);
        let turned = self.inspection.inspect(&self.known, &series);
        for turned in &turned {
            let held: Vec<_> = self.inspection.cases_of(turned.sensor).filter_map(Case::suspicion).collect();
            let sensor = &self.city.sensors[turned.sensor.at()];
            self.tracks[turned.sensor.at()].hold(sensor, &held, self.now);
        }
        turned
    }

    /// Says everything in the order given, judging after each moment.
    fn run(&mut self, said: &[Observation]) {
        for moment in said.chunk_by(|a, b| a.arrived_at == b.arrived_at) {
            for observation in moment {
                self.take(observation);
            }
            self.inspect();
        }
    }

    fn cases(&self) -> Vec<(String, Check, bool)> {
        let cases = self.inspection.cases();
        cases
            .map(|case| {
                let id = &self.city.sensors[case.sensor.at()].id;
                (id.station.to_string(), case.check, case.is_open())
            })
            .collect()
    }

    fn accused(&self) -> Vec<(String, Check)> {
        self.cases().into_iter().filter(|case| case.2).map(|(id, check, _)| (id, check)).collect()
    }

    fn ix(&self, id: &str, parameter: Parameter) -> SensorIx {
        let station = StationId::new(id);
        self.city.sensor_named(&SensorId { station, parameter, name: None }).unwrap()
    }
}

fn hue() -> City {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let mut files = Vec::new();
    for (inside, prefix) in [("hue", ""), ("devices", "devices/")] {
        for entry in std::fs::read_dir(folder.join(inside)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let name = path.file_name().unwrap().to_str().unwrap();
                files.push((format!("{prefix}{name}"), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    City::parse(&files).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// Gauges on a grid, seven kilometres apart, `g{column}{row}`; and two stages, `up` and `down`,
/// with a dam and a stage between them.
fn grid(columns: i64, rows: i64) -> City {
    let places = (0..columns).flat_map(|x| (0..rows).map(move |y| (x, y)));
    let gauges = places.map(|(x, y)| (format!("g{x}{y}"), Parameter::Rainfall, (x, y)));
    let river = [("up", Parameter::Stage), ("down", Parameter::Stage), ("between", Parameter::Stage)];
    let river = river.into_iter().chain([("dam", Parameter::Release)]);
    let all = gauges.chain(river.map(|(id, parameter)| (id.to_owned(), parameter, (0, 0))));
    let (mut stations, mut sensors) = (Vec::new(), Vec::new());
    for (n, (id, parameter, (x, y))) in (0..).zip(all) {
        let position = Position::new(16.0 + 0.063 * y as f64, 107.0 + 0.0655 * x as f64).unwrap();
        stations.push(Station {
            id: StationId::new(&id),
            kind: StationKind::RainGauge,
            name: id.clone(),
            position,
            datum: None,
            river: None,
            carrier: None,
            power: None,
            basin: None,
            zones: Vec::new(),
            sensors: Vec::new(),
        });
        let deadline =
            Deadline { interval: Span::from_h(1), jitter: Span::from_min(5), patience: Span::from_min(55) };
        sensors.push(Sensor {
            id: SensorId { station: StationId::new(&id), parameter, name: None },
            station: StationIx(n),
            span: (Value::from_raw(-2_000), Value::from_raw(90_000_000)),
            plausible: None,
            rate_max: None,
            spike_max: None,
            checks: crate::quality::Checks::default(),
            rollover: None,
            feeds: None,
            mount: None,
            deadline,
        });
    }
    City::assemble("grid", "Grid", 0, Parts { stations, sensors, ..Parts::default() }).unwrap()
}

fn hour(n: i64) -> Timestamp {
    Timestamp::from_ms(1_763_300_400_000 / 3_600_000 * 3_600_000).plus(Span::from_h(n))
}

/// One hourly depth of a gauge, in hundredths of a millimetre.
fn depth(town: &Town, id: &str, n: i64, hundredths: i64) -> Observation {
    let sensor = town.ix(id, Parameter::Rainfall);
    let value = Observed::Value(Value::from_raw(hundredths * 10 / 200 * 200));
    Observation { sensor, measured_at: hour(n), from: Some(hour(n - 1)), arrived_at: hour(n), value }
}

fn plain(columns: i64, rows: i64) -> Town {
    let city = grid(columns, rows);
    let known = Neighbours::of(&city);
    Town::new(city, known, Span::from_h(96))
}

/// What every gauge of a grid says through some hours of a rain in millimetres by place (in
/// steps of seven kilometres) and hour.
fn rained(
    town: &Town,
    size: (i64, i64),
    hours: i64,
    rain: impl Fn(i64, i64, i64) -> f64,
) -> Vec<Observation> {
    let mut said = Vec::new();
    for n in 1..=hours {
        for x in 0..size.0 {
            for y in 0..size.1 {
                said.push(depth(town, &format!("g{x}{y}"), n, (rain(x, y, n) * 100.0) as i64));
            }
        }
    }
    said
}

#[test]
fn a_gauge_that_says_zero_in_the_rain_is_named_and_trusted_again_only_by_a_person() {
    let mut town = plain(5, 5);
    let dead = |x, y, n| if (x, y) == (2, 2) && n <= 20 { 0.0 } else { 6.0 };
    let said = rained(&town, (5, 5), 30, dead);
    town.run(&said);
    assert_eq!(town.accused(), [("g22".to_owned(), Check::DeadOnZero)]);
    let gauge = town.ix("g22", Parameter::Rainfall);
    let case = *town.inspection.cases_of(gauge).next().unwrap();
    assert_eq!((case.shown_at, case.since), (hour(3), hour(0)));
    assert_eq!(case.finding.own, Value::from_raw(0));
    let sound = town.tracks[gauge.at()].series().newest().unwrap().quality;
    assert_eq!(sound, Quality::Suspect(Check::DeadOnZero), "it rains through again, and nobody looked at it");

    let now = town.now;
    let turned = town.inspection.release(gauge, now).unwrap();
    assert_eq!((turned.gone.len(), turned.came[0].until), (1, Some(now)));
    for n in 31..40 {
        let word = depth(&town, "g22", n, 600);
        town.take(&word);
    }
    town.inspect();
    assert_eq!(town.accused(), []);
}

#[test]
fn a_gauge_that_fails_again_after_its_release_is_named_again() {
    let mut town = plain(5, 5);
    let said = rained(&town, (5, 5), 30, |x, y, _| if (x, y) == (2, 2) { 0.0 } else { 6.0 });
    let gauge = town.ix("g22", Parameter::Rainfall);
    let (first, second) = said.split_at(25 * 10);
    town.run(first);
    town.inspection.release(gauge, hour(10)).unwrap();
    town.run(second);
    assert_eq!(town.accused(), [("g22".to_owned(), Check::DeadOnZero)]);
    let cases: Vec<Case> = town.inspection.cases_of(gauge).copied().collect();
    assert_eq!((cases.len(), cases[1].since), (2, hour(10)), "only what it did since counts");
}

#[test]
fn a_dead_gauge_that_begins_to_drip_is_called_clogged() {
    let mut town = plain(5, 5);
    let drip = |x, y, n| match ((x, y) == (2, 2), n % 8) {
        (true, 0) => 0.2,
        (true, _) => 0.0,
        _ => 8.0,
    };
    let said = rained(&town, (5, 5), 20, drip);
    town.run(&said);
    assert_eq!(town.accused(), [("g22".to_owned(), Check::Clogged)]);
}

#[test]
fn two_gauges_that_die_at_once_are_both_named_and_the_healthy_one_beside_them_is_not() {
    let mut town = plain(5, 5);
    let said = rained(&town, (5, 5), 12, |x, y, _| if y == 2 && (x == 1 || x == 3) { 0.0 } else { 7.0 });
    town.run(&said);
    let named = [("g12".to_owned(), Check::DeadOnZero), ("g32".to_owned(), Check::DeadOnZero)];
    assert_eq!(town.accused(), named);
}

#[test]
fn two_neighbours_are_too_few_to_accuse_a_third() {
    let mut town = plain(3, 1);
    let said = rained(&town, (3, 1), 24, |x, _, _| if x == 1 { 0.0 } else { 20.0 });
    town.run(&said);
    assert_eq!(town.cases(), []);
}

#[test]
fn a_dry_front_that_drifts_over_the_gauges_accuses_nobody() {
    // West of the front it pours, east of it nothing falls; it goes one column in five hours.
    let mut town = plain(8, 3);
    let said = rained(&town, (8, 3), 40, |x, _, n| if x * 5 < n { 9.0 } else { 0.0 });
    town.run(&said);
    assert_eq!(town.cases(), []);
    // And one that stands still for a day and a half at the edge of the gauges.
    let mut town = plain(5, 5);
    let said =
        rained(&town, (5, 5), 36, |x, _, _| if x < 4 { 0.4 + 4.0 * f64::from(4 - x as i32) } else { 0.0 });
    town.run(&said);
    assert_eq!(town.accused(), []);
}

#[test]
fn a_night_of_single_cells_accuses_nobody() {
    // Cells of a few kilometres, at places and hours without a plan.
    for seed in 0..300_i64 {
        let mut town = plain(6, 6);
        let cell = |n: i64| {
            let mut state = (seed * 977 + n * 7919 + 13).wrapping_mul(6_364_136_223_846_793_005);
            let mut draw = |most: i64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 33) & 0x7fff_ffff) % most
            };
            (draw(6), draw(6), 20 + draw(70))
        };
        let rain = |x: i64, y: i64, n: i64| {
            let strikes =
                (0..4).map(|k| cell(n * 4 + k)).filter(|(cx, cy, _)| (x - cx).abs() + (y - cy).abs() <= 1);
            strikes.map(|(cx, cy, mm)| mm as f64 / f64::from(1 + 3 * i32::from((cx, cy) != (x, y)))).sum()
        };
        let said = rained(&town, (6, 6), 14, rain);
        town.run(&said);
        let lasting: Vec<_> = town.inspection.cases().filter(|case| case.needs_a_person()).collect();
        assert!(lasting.is_empty(), "seed {seed}: {lasting:?}");
    }
}

#[test]
fn an_extreme_on_one_gauge_alone_is_doubtful_for_its_hour_and_one_that_goes_on_is_true() {
    let mut town = plain(5, 5);
    let hose = |x, y, n| if (x, y, n) == (2, 2, 5) { 120.0 } else { 0.2 };
    let said = rained(&town, (5, 5), 5, hose);
    town.run(&said);
    assert_eq!(town.accused(), [("g22".to_owned(), Check::Neighbour)]);
    let gauge = town.ix("g22", Parameter::Rainfall).at();
    let doubted = town.tracks[gauge].series().at(hour(5)).unwrap().quality;
    assert_eq!(doubted, Quality::Suspect(Check::Neighbour), "suspect at most");
    let mut fair = Town { tracks: town.tracks.clone(), inspection: town.inspection.clone(), ..plain(5, 5) };

    let said: Vec<_> = rained(&town, (5, 5), 6, hose).split_off(125);
    town.run(&said);
    assert_eq!(town.accused(), [], "its doubt ends with its hour");
    let qualities: Vec<_> = town.tracks[gauge].series().points(hour(3), hour(6)).map(|p| p.quality).collect();
    assert_eq!(qualities, [Quality::Good, Quality::Suspect(Check::Neighbour), Quality::Good]);

    let said: Vec<_> =
        rained(&fair, (5, 5), 7, |x, y, _| if (x, y) == (2, 2) { 90.0 } else { 0.2 }).split_off(125);
    fair.run(&said);
    assert_eq!(fair.accused(), []);
    let all = fair.tracks[gauge].series().points(hour(0), hour(7));
    assert!(all.into_iter().all(|point| point.quality == Quality::Good), "a cell that stands still is true");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn the_order_of_arrival_does_not_change_who_is_named_in_the_end(
        faults in prop::collection::vec((0_i64..4, 0_i64..4, 0_i64..20, 2_i64..20, 0_u8..2), 0..4),
        wet in prop::collection::vec(0_i64..120, 24),
        delays in prop::collection::vec(0_i64..18, 16 * 24),
    ) {
        let mut in_order = plain(4, 4);
        let rain = |x: i64, y: i64, n: i64| {
            let mm = wet[n as usize - 1] as f64 / 10.0;
            let bad = faults.iter().find(|f| (f.0, f.1) == (x, y) && (f.2..f.2 + f.3).contains(&n));
            bad.map_or(mm, |fault| if fault.4 == 0 { 0.0 } else { mm * 0.04 })
        };
        let mut said = rained(&in_order, (4, 4), 24, rain);
        in_order.run(&said);
        let mut shuffled = plain(4, 4);
        for (word, delay) in said.iter_mut().zip(&delays) {
            word.arrived_at = word.arrived_at.plus(Span::from_h(*delay));
        }
        said.sort_by_key(|word| word.arrived_at);
        shuffled.run(&said);
        let end = Timestamp::MAX;
        for town in [&mut in_order, &mut shuffled] {
            town.now = end;
            town.inspect();
        }
        let cases = |town: &Town| town.inspection.cases().copied().collect::<Vec<_>>();
        prop_assert_eq!(cases(&shuffled), cases(&in_order));
        for (late, early) in shuffled.tracks.iter().zip(&in_order.tracks) {
            prop_assert_eq!(late.series(), early.series());
        }
        // A restart goes on with the same cases and judges the same again.
        let mut again = Town { tracks: in_order.tracks.clone(), ..plain(4, 4) };
        again.inspection = Inspection::restore(in_order.inspection.cases().copied());
        for gauge in 0..16 {
            again.inspection.note(&again.known, SensorIx(gauge), hour(24));
        }
        again.now = end;
        prop_assert_eq!(again.inspect(), Vec::new());
        prop_assert_eq!(cases(&again), cases(&in_order));
    }
}

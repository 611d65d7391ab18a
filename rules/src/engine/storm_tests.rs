//! Conditions over several sensors of a place, on the configuration of Huế.

use sensors::city::City;
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::series::Series;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use super::{AlertState, Change, View};
use crate::alert::Transition;
use crate::hue;
use crate::rule::RuleSet;
use crate::small::{self, Site};

/// Huế with some of its sensors speaking.
struct Town {
    city: City,
    rules: RuleSet,
    states: Vec<AlertState>,
    view: Heard,
    begin: Timestamp,
}

struct Heard {
    series: Vec<Series>,
    silent: Vec<bool>,
}

impl View for Heard {
    fn series(&self, sensor: SensorIx) -> Option<&Series> {
        self.series.get(sensor.at())
    }

    fn is_silent(&self, sensor: SensorIx) -> bool {
        self.silent[sensor.at()]
    }
}

impl Town {
    fn since(begin: &str) -> Self {
        let city = hue::city();
        let rules = hue::rules(&city);
        let view = Heard {
            series: vec![Series::new(rules.retention()); city.sensors.len()],
            silent: vec![false; city.sensors.len()],
        };
        let states = vec![AlertState::default(); rules.slots().len()];
        Self { begin: Timestamp::parse_rfc3339(begin).unwrap(), city, rules, states, view }
    }

    fn sensor(&self, id: &str) -> SensorIx {
        let place = self.city.sensors.iter().position(|sensor| sensor.id.to_string() == id);
        SensorIx(place.unwrap_or_else(|| panic!("no sensor {id}")) as u32)
    }

    /// A good value in the sensor's unit, so many minutes after the beginning; what it changes, as `key from->to`.
    fn say(&mut self, id: &str, min: i64, value: f64) -> Vec<Transition> {
        let sensor = self.sensor(id);
        let parameter = self.city.sensor(sensor).unwrap().id.parameter;
        let value = Some(Value::from_unit(parameter, value).unwrap());
        let at = self.begin.plus(Span::from_min(min));
        let reading =
            Reading { sensor, measured_at: at, from: None, arrived_at: at, value, quality: Quality::Good };
        let change = Change::of(&reading, self.view.series[sensor.at()].insert(&reading));
        let mut said = Vec::new();
        for slot in self.rules.touched_by(sensor).to_vec() {
            let state = &mut self.states[slot.at()];
            said.extend(self.rules.judge(slot, state, &change, at, &self.view).transitions);
        }
        said
    }

    fn hush(&mut self, id: &str, min: i64, silent: bool) -> Vec<Transition> {
        let (sensor, now) = (self.sensor(id), self.begin.plus(Span::from_min(min)));
        self.view.silent[sensor.at()] = silent;
        let mut said = Vec::new();
        for slot in self.rules.silence_slots(sensor).to_vec() {
            said.extend(
                self.rules.judge_silence(slot, &mut self.states[slot.at()], now, &self.view).transitions,
            );
        }
        said
    }
}

fn of(rule: &str, said: &[Transition]) -> Vec<String> {
    let its = said.iter().filter(|t| &*t.rule.0 == rule);
    its.map(|t| format!("{}->{}{}", t.from, t.to, if t.corroborated { "" } else { "?" })).collect()
}

#[test]
fn a_fall_is_judged_over_its_window_and_a_rise_is_none() {
    let when = "{ falls = \"stage\", window_s = 10800, raise_m = 0.4, clear_m = 0.1 }";
    let mut site = Site::new(small::rules(&small::level("falling", 1, when, "")));
    assert!((0..=18).all(|n| site.stage(n * 10, 1000 + n * 50).is_empty()), "it rose");
    let said: Vec<_> = (1..=9).flat_map(|n| site.stage(180 + n * 10, 1900 - n * 100)).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    let measure = said[0].measure.as_ref().unwrap();
    assert!(measure.value.raw() >= 400 && measure.window == Some(Span::from_h(3)), "{measure:?}");
}

#[test]
fn a_release_over_the_inflow_is_told_with_the_difference_and_not_while_turbines_alone_run() {
    let mut town = Town::since("2025-11-17T00:00:00+07:00");
    town.say("binh-dien/inflow", 0, 20.0);
    let turbines = town.say("binh-dien/release", 0, 150.0);
    assert!(of("release-over-inflow", &turbines).is_empty(), "the gates are shut");
    town.say("binh-dien/inflow", 10, 900.0);
    assert!(of("release-over-inflow", &town.say("binh-dien/release", 10, 950.0)).is_empty(), "50 over");
    let said = town.say("binh-dien/release", 20, 1400.0);
    assert_eq!(of("release-over-inflow", &said), ["none->over-inflow"]);
    let because = said.iter().find(|t| &*t.rule.0 == "release-over-inflow").unwrap();
    assert!(because.because.len() >= 2, "release and inflow are both named: {because:?}");
}

#[test]
fn an_old_inflow_says_nothing_about_the_release_of_now() {
    let mut town = Town::since("2025-11-17T00:00:00+07:00");
    town.say("binh-dien/inflow", 0, 200.0);
    let said = town.say("binh-dien/release", 600, 1400.0);
    assert!(of("release-over-inflow", &said).is_empty(), "the inflow is ten hours old");
}

#[test]
fn the_time_until_a_pool_is_full_follows_from_its_curve_and_what_stays_in_it() {
    let mut town = Town::since("2025-11-17T00:00:00+07:00");
    // From 83.0 m (391.9 Mm3) to 85.0 m (423.7 Mm3) there is room for 31.8 Mm3.
    let mut said = Vec::new();
    for n in 0..6 {
        said.extend(town.say("binh-dien/inflow", n * 10, 1700.0));
        said.extend(town.say("binh-dien/release", n * 10, 850.0));
        said.extend(town.say("binh-dien/pool_level", n * 10, 83.0));
    }
    // 31.8 Mm3 at 850 m3/s are 10.4 hours.
    assert_eq!(of("filling", &said), ["none->full12h"]);
    let told = said.iter().find(|t| &*t.rule.0 == "filling").unwrap();
    assert_eq!(told.measure.as_ref().unwrap().value.raw(), 83_000, "people read the pool level: {told:?}");
    let mut said = Vec::new();
    for n in 6..12 {
        said.extend(town.say("binh-dien/inflow", n * 10, 2800.0));
        said.extend(town.say("binh-dien/release", n * 10, 850.0));
    }
    assert_eq!(of("filling", &said), ["full12h->full6h"]);
}

#[test]
fn a_pool_above_its_pre_flood_level_is_news_in_the_season_only() {
    for (begin, expected) in [("2025-11-01T00:00:00+07:00", 1), ("2025-12-20T00:00:00+07:00", 0)] {
        let mut town = Town::since(begin);
        let said: Vec<_> = (0..9).flat_map(|n| town.say("ta-trach/pool_level", n * 10, 36.0)).collect();
        assert_eq!(of("pool-ta-trach", &said).len(), expected, "{begin}");
    }
}

#[test]
fn a_silent_gauge_is_stood_in_for_with_the_offset_learned_before_and_only_officers_hear_it() {
    let mut town = Town::since("2025-11-17T00:00:00+07:00");
    for n in 0..12 {
        // Tứ Phú stands 0.4 m over Phú Ốc.
        town.say("74647404/stage", n * 10, 2.4 + n as f64 * 0.02);
        town.say("phu-oc/stage", n * 10, 2.0 + n as f64 * 0.02);
    }
    let speaking = town.say("74647404/stage", 120, 3.6);
    assert!(of("stand-in-phu-oc", &speaking).is_empty(), "Phú Ốc speaks for itself");
    let said = town.hush("phu-oc/stage", 150, true);
    assert_eq!(of("stand-in-phu-oc", &said), ["none->bd2?"], "3.6 - 0.4 is over BĐ2");
    let told = said.iter().find(|t| &*t.rule.0 == "stand-in-phu-oc").unwrap();
    assert_eq!(told.measure.as_ref().unwrap().value.raw(), 3200);
    assert_eq!(told.because[0].value.raw(), 3600, "the evidence is what was measured");
    assert_eq!(of("stand-in-phu-oc", &town.say("74647404/stage", 160, 5.0)), ["bd2->bd3?"]);
    assert!(of("stand-in-phu-oc", &town.say("74647404/stage", 170, 1.0)).is_empty(), "it never clears");
    assert_eq!(of("stand-in-phu-oc", &town.hush("phu-oc/stage", 180, false)), ["bd3->none?"]);
}

#[test]
fn without_a_learned_or_a_set_offset_nobody_stands_in() {
    let mut town = Town::since("2025-11-17T00:00:00+07:00");
    town.say("74647404/stage", 0, 5.0);
    assert!(of("stand-in-phu-oc", &town.hush("phu-oc/stage", 10, true)).is_empty());
    town.say("74647403/stage", 10, 2.1);
    let said = town.hush("kim-long/stage", 20, true);
    assert_eq!(of("stand-in-kim-long", &said), ["none->bd2?"], "Dã Viên's offset is set");
}

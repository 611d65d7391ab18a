//! A depth without `period_s` is taken over its sensor's usual interval. Where the rows of a file
//! stand farther apart, or nearer together, that is probably wrong, and said once.

use std::collections::BTreeSet;

use sensors::city::City;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

/// So many rows with the same strange spacing, one after the other, are no accident.
const STRIKES: u8 = 3;

/// How far apart the rows of each sensor stand.
pub(super) struct Spacing<'a> {
    city: &'a City,
    last: Vec<Seen>,
    /// Those that contradict their usual interval, with the spacing found.
    strange: BTreeSet<(SensorIx, i64)>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    at: Option<Timestamp>,
    apart: Span,
    strikes: u8,
    told: bool,
}

impl<'a> Spacing<'a> {
    /// Nothing seen so far.
    pub(super) fn new(city: &'a City) -> Self {
        Self { city, last: vec![Seen::default(); city.sensors.len()], strange: BTreeSet::new() }
    }

    /// Looks at the time of a depth that names no interval.
    pub(super) fn look_at(&mut self, ix: SensorIx, at: Timestamp) {
        let (Some(seen), Some(sensor)) = (self.last.get_mut(ix.at()), self.city.sensor(ix)) else { return };
        let apart = seen.at.map(|last| at.since(last));
        seen.at = Some(at);
        let (Some(apart), false) = (apart, seen.told) else { return };
        let usual = sensor.deadline.interval.ms();
        let as_usual = (apart.ms() - usual).abs() <= usual / 2;
        let as_before = apart == seen.apart;
        seen.strikes = match (as_usual || apart <= Span::ZERO, as_before) {
            (true, _) => 0,
            (false, true) => seen.strikes + 1,
            (false, false) => 1,
        };
        seen.apart = apart;
        if seen.strikes >= STRIKES {
            seen.told = true;
            self.strange.insert((ix, apart.whole_s()));
        }
    }

    /// What is to be said of it, a line for each sensor.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.strange.iter().filter_map(|(ix, apart)| {
            let sensor = self.city.sensor(*ix)?;
            Some(format!(
                "period_s: rows of {} stand {apart} s apart, but its usual interval is {} s, and their depths were taken over that; give period_s",
                sensor.id,
                sensor.deadline.interval.whole_s()
            ))
        })
    }
}

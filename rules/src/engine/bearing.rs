//! What bears out a stage that other checks doubt for being extreme: that it lasts, and that rain
//! or a release upstream explains it (warning.md, rule 4).
//!
//! It only ever raises, and only what is doubted for its height or its haste: an instrument that is
//! stuck, clogged or doubts itself is borne out by nothing. Rain that becomes known late counts
//! from the stage's next reading on.

use sensors::city::City;
use sensors::quality::Check;
use sensors::quality::neighbour::{Reach, StageLimits};
use sensors::series::Point;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use super::View;
use super::truth::{Answer, Moment, Scene, Truth};
use crate::rule::Condition;
use crate::threshold::Threshold;

/// How long a doubted stage must stand over a threshold.
const LASTS: Span = Span::from_h(1);
/// The fewest gauges that speak for the rain upstream.
const GAUGES_MIN: usize = 3;

/// What lies upstream of stages, as the city compares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bearing {
    reaches: Box<[Reach]>,
    limits: StageLimits,
}

impl Bearing {
    pub(crate) fn of(city: &City) -> Self {
        Self { reaches: city.neighbours.reaches.clone(), limits: city.neighbours.stage.clone() }
    }
}

impl<V: View> Scene<'_, V> {
    /// The answer for the public too, where a doubted stage lasts and upstream explains it.
    pub(super) fn borne_out(&self, leaf: &Condition, threshold: Threshold, answer: Answer) -> Answer {
        let (Condition::Exceeds { sensor, .. }, Moment::Event(at)) = (leaf, self.moment) else {
            return answer;
        };
        if answer.any != Truth::True || answer.sure == Truth::True {
            return answer;
        }
        let bearing = &self.rules.bearing;
        let reach = bearing.reaches.iter().find(|reach| reach.stage == *sensor);
        let explained = |reach: &Reach| {
            self.lasts(*sensor, threshold, at)
                && (self.rained(reach, &bearing.limits, at) || self.released(reach, &bearing.limits, at))
        };
        if reach.is_some_and(explained) { Answer { sure: Truth::True, ..answer } } else { answer }
    }

    /// Whether the stage stood over the threshold for long enough, as far as anything was said.
    fn lasts(&self, sensor: SensorIx, threshold: Threshold, at: Timestamp) -> bool {
        let Some(series) = self.view.series(sensor) else { return false };
        let (mut later, mut lasted) = (at, Span::ZERO);
        for point in series.points(Timestamp::MIN, at).rev() {
            let high = point.value.is_some_and(|value| value >= threshold.raise()) && may_be_true(point);
            if !high || later.since(point.measured_at) > self.rules.patience(sensor) {
                return false;
            }
            later = point.measured_at;
            lasted = at.since(later);
            if lasted >= LASTS {
                return true;
            }
        }
        lasted >= LASTS
    }

    /// Whether it rained heavily at half of the gauges that speak, by trusted readings.
    fn rained(&self, reach: &Reach, limits: &StageLimits, at: Timestamp) -> bool {
        let depth = |gauge: &SensorIx| {
            let series = self.view.series(*gauge)?;
            let sum = series.accumulation(at, reach.lag_max);
            sum.quality.may_clear().then_some(sum.at_least)
        };
        let mut depths: Vec<_> = reach.gauges.iter().filter_map(depth).collect();
        depths.sort_unstable();
        depths.len() >= GAUGES_MIN
            && depths.get(depths.len() / 2).is_some_and(|depth| *depth >= limits.bears_out_rain)
    }

    /// Whether a dam upstream lets so much go, by a trusted reading no older than the way down.
    fn released(&self, reach: &Reach, limits: &StageLimits, at: Timestamp) -> bool {
        reach.releases.iter().any(|sensor| {
            let since = at.minus(reach.lag_max);
            let points = self.view.series(*sensor).map(|series| series.points(since, at));
            points.into_iter().flatten().any(|point| {
                point.quality.may_clear()
                    && point.value.is_some_and(|value| value >= limits.bears_out_release)
            })
        })
    }
}

/// Whether a doubt is of the height or the haste, which a flood has, and not of the instrument.
fn may_be_true(point: &Point) -> bool {
    point.quality.check().is_none_or(|check| {
        matches!(
            check,
            Check::GrossRange | Check::RateOfChange | Check::Spike | Check::Climatology | Check::Gap
        )
    })
}

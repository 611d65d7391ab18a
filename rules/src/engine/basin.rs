//! The mean rain over a basin, by the gauges that speak and up to the moment that all of them reached.
//!
//! It decides nothing; thresholds are compared where all conditions are.

use sensors::quality::Quality;
use sensors::rain::shows_too_little;
use sensors::station::SensorIx;
use sensors::thiessen::{Present, Tessellation};
use sensors::time::{Span, Timestamp};

use super::View;
use super::truth::{Measured, Scene};

impl<V: View> Scene<'_, V> {
    /// How far every gauge of a basin has come whose turn it still is. Their sums end there: the first
    /// word of a moment must not stand for a basin whose other gauges are about to speak. One that is
    /// overdue beside the newest of them holds nobody back: what it showed last counts as it is.
    pub(super) fn reached(&self, rain: &Tessellation) -> Option<Timestamp> {
        let newest = |sensor: &SensorIx| Some((*sensor, self.newest(*sensor)?.1.measured_at));
        let come = || rain.gauges().iter().filter_map(newest);
        let (_, first) = come().max_by_key(|(_, at)| *at)?;
        come().filter(|(sensor, at)| first.since(*at) <= self.rules.awaited(*sensor)).map(|(_, at)| at).min()
    }

    /// A gauge's part in a basin mean up to a moment: none where it misses more than a tenth of the window.
    pub(super) fn share(&self, sensor: SensorIx, window: Span, upto: Timestamp) -> Option<Measured> {
        let (series, newest) = self.newest(sensor)?;
        let point = if newest.measured_at <= upto {
            newest
        } else {
            series.points(Timestamp::MIN, upto).next_back()?
        };
        let (measured, missing) = self.sum_to(sensor, series, point, window)?;
        (missing.ms() * 10 <= window.ms()).then_some(measured)
    }

    /// The mean over a basin: each place counts with the nearest gauge that speaks. One that is
    /// silent, misses more than a tenth of the window, or is doubted for showing too little leaves
    /// its part to its neighbours; when those that speak have less than half of the basin when all
    /// do, the mean is not trusted. It is bounded by what is known of the gauges that speak: what fell
    /// beside those that do not is taken to be what their neighbours show.
    pub(super) fn basin(&self, rain: &Tessellation, window: Span) -> Option<Measured> {
        let upto = self.reached(rain)?;
        let share = |sensor: &SensorIx| {
            self.share(*sensor, window, upto).filter(|sum| !shows_too_little(sum.quality))
        };
        let shares: Vec<Option<Measured>> = rain.gauges().iter().map(share).collect();
        let (mut speak, mut sure) = (Present::default(), Present::default());
        let (mut at, mut quality, mut bounded) = (Timestamp::MIN, Quality::Good, true);
        for (place, sum) in shares.iter().enumerate() {
            let Some(sum) = sum else { continue };
            speak.add(place);
            if !sum.suspect {
                sure.add(place);
            }
            bounded &= sum.high != i64::MAX;
            quality = quality.or_worse(sum.quality);
            at = at.max(sum.at);
        }
        let mean = |present: Present, bound: fn(&Measured) -> i64| {
            let mut mean = Mean::default();
            rain.share_out(present, &mut |place, part| {
                if let Some(Some(sum)) = shares.get(place) {
                    mean.add(part, bound(sum));
                }
            });
            mean.mean()
        };
        let few = |present: Present| {
            let mut own = 0_u64;
            rain.each_own(|place, part| own += if present.has(place) { u64::from(part) } else { 0 });
            own * 2 < u64::from(rain.total())
        };
        let suspect = speak != sure;
        let spoken = mean(speak, |sum| sum.low)?;
        let trusted = if suspect { mean(sure, |sum| sum.low) } else { Some(spoken) };
        let sure_low = trusted.filter(|_| !few(sure));
        // A clogged gauge that is suspect must not pull down what the others show.
        let low = spoken.max(sure_low.unwrap_or(i64::MIN));
        let high = if bounded { mean(speak, |sum| sum.high).unwrap_or(i64::MAX).max(low) } else { i64::MAX };
        Some(Measured { low, high, sure_low, suspect: suspect || few(speak), at, quality })
    }
}

/// A weighted mean of whole numbers.
#[derive(Default)]
struct Mean {
    sum: i128,
    weight: u64,
}

impl Mean {
    fn add(&mut self, weight: u32, raw: i64) {
        self.sum += i128::from(weight) * i128::from(raw);
        self.weight += u64::from(weight);
    }

    fn mean(&self) -> Option<i64> {
        i64::try_from(self.sum.checked_div(i128::from(self.weight))?).ok()
    }
}

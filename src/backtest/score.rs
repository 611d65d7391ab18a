//! Warnings beside events: the 2x2 table without its quiet corner.
//!
//! Probability of detection, false alarm ratio and critical success index as in Jolliffe and
//! Stephenson, *Forecast Verification* (2nd ed., 2012), chapter 3, and the WMO's practice: rare events
//! have no number of correct rejections, so nothing here needs one. What can't be known is counted
//! apart: a warning is not false because the gauge was blind or the data ended.

use sensors::time::{Span, Timestamp};

use super::event::{Event, Gauge};
use super::tally::Warning;
use super::truth::Truth;

/// What a set of rules did about one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Warned {
    /// When the first warning that belongs to it was raised.
    pub(crate) raised: Option<Timestamp>,
    /// Whether that was in time; `None` where nobody knows when the event began.
    pub(crate) hit: Option<bool>,
}

/// Lead times, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leads {
    /// How many.
    pub(crate) count: i64,
    /// All together.
    pub(crate) sum: Span,
    /// The shortest; negative after the event.
    pub(crate) least: Span,
    /// The longest.
    pub(crate) most: Span,
}

/// The table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Events with a warning in time.
    pub(crate) hits: u64,
    /// Events without.
    pub(crate) misses: u64,
    /// Warnings without an event.
    pub(crate) false_alarms: u64,
    /// Warnings of which the blind gauge can't say whether they were false.
    pub(crate) unverified: u64,
    /// Warnings whose event may come after the end of the data.
    pub(crate) unfinished: u64,
    /// Before crossings.
    pub(crate) to_crossing: Leads,
    /// Before crests.
    pub(crate) to_crest: Leads,
}

impl Leads {
    fn add(&mut self, lead: Span) {
        (self.least, self.most) =
            if self.count == 0 { (lead, lead) } else { (self.least.min(lead), self.most.max(lead)) };
        self.count += 1;
        self.sum = Span::from_ms(self.sum.ms() + lead.ms());
    }

    fn and(self, other: Self) -> Self {
        match (self.count, other.count) {
            (0, _) => other,
            (_, 0) => self,
            _ => Self {
                count: self.count + other.count,
                sum: Span::from_ms(self.sum.ms() + other.sum.ms()),
                least: self.least.min(other.least),
                most: self.most.max(other.most),
            },
        }
    }
}

impl Counts {
    /// Hits among the events.
    pub(crate) fn pod(&self) -> Option<f64> {
        share(self.hits, self.hits + self.misses)
    }

    /// False alarms among the warnings that could be told.
    pub(crate) fn far(&self) -> Option<f64> {
        share(self.false_alarms, self.hits + self.false_alarms)
    }

    /// Hits among all that was warned of or happened.
    pub(crate) fn csi(&self) -> Option<f64> {
        share(self.hits, self.hits + self.misses + self.false_alarms)
    }

    /// Both tables together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            false_alarms: self.false_alarms + other.false_alarms,
            unverified: self.unverified + other.unverified,
            unfinished: self.unfinished + other.unfinished,
            to_crossing: self.to_crossing.and(other.to_crossing),
            to_crest: self.to_crest.and(other.to_crest),
        }
    }
}

/// `None`, undefined, where there is nothing to divide by.
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Judges the warnings of one step of a truth by its events, both in their order.
///
/// A warning belongs to an event that is crossed from `late` before it was raised until `lead` after,
/// or as long as it stands, or that runs when it is raised. An event is hit by a warning that was
/// raised no later than `late` after the crossing.
pub(crate) fn judge(
    truth: &Truth,
    gauge: &Gauge,
    events: &[Event],
    warnings: &[Warning],
) -> (Counts, Vec<Warned>) {
    let mut counts = Counts::default();
    let mut warned = vec![Warned::default(); events.len()];
    for warning in warnings {
        let until = warning.over.unwrap_or(Timestamp::MAX).max(warning.raised.plus(truth.lead));
        let first = events.partition_point(|event| event.crossing < warning.raised.minus(truth.late));
        let after = events.partition_point(|event| event.crossing <= until);
        // One that began before and still runs.
        let running = first.checked_sub(1).filter(|place| {
            let ended = events.get(*place).map(|event| event.ended.unwrap_or(Timestamp::MAX));
            ended.is_some_and(|ended| ended >= warning.raised)
        });
        let from = running.unwrap_or(first);
        let belongs = warned.get_mut(from..after).unwrap_or_default();
        for place in &mut *belongs {
            place.raised.get_or_insert(warning.raised);
        }
        if belongs.is_empty() {
            count_alone(&mut counts, truth, gauge, warning);
        }
    }
    for (event, warned) in events.iter().zip(&mut warned) {
        count_event(&mut counts, truth, event, warned);
    }
    (counts, warned)
}

fn count_event(counts: &mut Counts, truth: &Truth, event: &Event, warned: &mut Warned) {
    if event.blind.is_none() {
        return;
    }
    let in_time = warned.raised.filter(|raised| *raised <= event.crossing.plus(truth.late));
    warned.hit = Some(in_time.is_some());
    if let Some(raised) = in_time {
        counts.hits += 1;
        counts.to_crossing.add(event.crossing.since(raised));
        counts.to_crest.add(event.crest.0.since(raised));
    } else {
        counts.misses += 1;
    }
}

/// A warning to which no event belongs.
fn count_alone(counts: &mut Counts, truth: &Truth, gauge: &Gauge, warning: &Warning) {
    let until = warning.raised.plus(truth.lead);
    let blind = |(from, to): &(Timestamp, Timestamp)| *from < until && *to > warning.raised;
    match gauge.last {
        None => counts.unverified += 1,
        Some(last) if last < until => counts.unfinished += 1,
        Some(_) if gauge.blind.iter().any(blind) => counts.unverified += 1,
        Some(_) => counts.false_alarms += 1,
    }
}

#[cfg(test)]
mod tests {
    use sensors::parameter::Parameter;
    use sensors::quantity::Value;
    use sensors::station::SensorIx;

    use super::*;
    use crate::backtest::truth::Step;

    fn hour(at: i64) -> Timestamp {
        Timestamp::from_ms(0).plus(Span::from_h(at))
    }

    fn truth() -> Truth {
        let mm = Value::from_raw;
        let step =
            Step { name: "bd2".into(), raise: mm(2000), clear: mm(1800), hold: Span::ZERO, severity: 3 };
        Truth {
            name: "kim-long".into(),
            sensor: SensorIx(0),
            parameter: Parameter::Stage,
            rules: Vec::new(),
            subjects: Vec::new(),
            lead: Span::from_h(6),
            late: Span::from_h(1),
            steps: vec![step],
        }
    }

    /// An event that crests two hours after its crossing.
    fn event(from: i64, to: i64) -> Event {
        let crest = (hour(from + 2), Value::from_raw(2500));
        Event { crossing: hour(from), blind: Some(Span::from_min(10)), crest, ended: Some(hour(to)) }
    }

    fn warning(from: i64, to: i64) -> Warning {
        Warning { raised: hour(from), over: Some(hour(to)) }
    }

    fn gauge(upto: i64) -> Gauge {
        let mut gauge = Gauge::new(&truth(), Span::ZERO);
        gauge.last = Some(hour(upto));
        gauge
    }

    #[test]
    fn the_table_is_the_one_that_is_counted_by_hand() {
        let events = [event(10, 20), event(40, 50), event(70, 80), event(100, 110), event(130, 140)];
        let warnings = [
            warning(8, 21),    // 2 h early: a hit
            warning(25, 27),   // nothing by 31: false
            warning(41, 50),   // within the hour after: a hit
            warning(55, 56),   // nothing by 61: false
            warning(73, 80),   // three hours late: no hit, and not false
            warning(128, 129), // eased before the crossing: a hit all the same
        ];
        let (counts, warned) = judge(&truth(), &gauge(1000), &events, &warnings);
        assert_eq!((counts.hits, counts.misses, counts.false_alarms), (3, 2, 2));
        assert_eq!((counts.unverified, counts.unfinished), (0, 0));
        assert_eq!(counts.pod(), Some(3.0 / 5.0));
        assert_eq!(counts.far(), Some(2.0 / 5.0));
        assert_eq!(counts.csi(), Some(3.0 / 7.0));
        let hits: Vec<_> = warned.iter().map(|w| w.hit).collect();
        assert_eq!(hits, [true, true, false, false, true].map(Some));
        let (crossing, crest) = (counts.to_crossing, counts.to_crest);
        assert_eq!((crossing.count, crossing.sum), (3, Span::from_h(3)));
        assert_eq!((crossing.least, crossing.most), (Span::from_h(-1), Span::from_h(2)));
        assert_eq!((crest.sum, crest.least, crest.most), (Span::from_h(9), Span::from_h(1), Span::from_h(4)));
    }

    #[test]
    fn what_has_nothing_to_divide_by_is_undefined() {
        let (counts, _) = judge(&truth(), &gauge(1000), &[], &[]);
        assert_eq!((counts.pod(), counts.far(), counts.csi()), (None, None, None));
        let (counts, _) = judge(&truth(), &gauge(1000), &[event(10, 20)], &[]);
        assert_eq!((counts.pod(), counts.far(), counts.csi()), (Some(0.0), None, Some(0.0)));
    }

    #[test]
    fn a_warning_is_not_false_because_the_gauge_was_blind_or_the_data_ended() {
        let mut blind = gauge(1000);
        blind.blind = vec![(hour(12), hour(30))];
        let (counts, _) =
            judge(&truth(), &blind, &[], &[warning(10, 11), warning(40, 41), warning(998, 999)]);
        assert_eq!((counts.unverified, counts.false_alarms, counts.unfinished), (1, 1, 1));
    }

    #[test]
    fn an_event_that_began_before_the_data_is_neither_hit_nor_missed() {
        let begun = Event { blind: None, ..event(0, 20) };
        let (counts, warned) = judge(&truth(), &gauge(1000), &[begun], &[warning(0, 20)]);
        assert_eq!((counts.hits, counts.misses, counts.false_alarms), (0, 0, 0));
        assert_eq!(warned[0], Warned { raised: Some(hour(0)), hit: None });
    }
}

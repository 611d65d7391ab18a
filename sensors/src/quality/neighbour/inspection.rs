//! The comparison of sensors through event time: step by step, with the cases that came of it.
//!
//! The judgement of a step is a function of what was measured up to its end and of the cases that
//! were open before it. A step is judged when every gauge that spoke of late has spoken of it, or
//! somebody of a time [`SETTLE`] after it. What arrives later goes back to its step and judges from there
//! on again, as far as [`REACH`] steps: in the end the cases are the same whatever arrived first.
//! What only a person ends, ends by a person, or when late readings show that it never was.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::quality::Check;
use crate::series::Series;
use crate::station::SensorIx;
use crate::time::{Span, Timestamp};

use super::rain::{Around, Verdict};
use super::reach::Bank;
use super::row::{ROWS_MAX, Rows, step_of};
use super::{Case, Neighbours, STEP};

/// How long after its end a step waits for gauges that spoke of late.
const SETTLE: Span = Span::from_min(15);
/// How many steps back a late reading is heard at most; fewer where the series are kept shorter.
const REACH: i64 = 72;

/// The running state; cloning shares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The newest event time that was noted.
    newest: Timestamp,
    /// The earliest event time that was noted after its step was judged.
    late: Option<Timestamp>,
    body: Arc<Body>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Body {
    rows: Rows,
    dockets: Dockets,
}

type Dockets = BTreeMap<SensorIx, Vec<Case>>;

/// A sensor whose cases are other ones than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Whose.
    pub sensor: SensorIx,
    /// Cases that are no more, or not as they were.
    pub gone: Vec<Case>,
    /// Cases that are new, or not as they were.
    pub came: Vec<Case>,
}

impl Default for Inspection {
    fn default() -> Self {
        Self { newest: Timestamp::MIN, late: None, body: Arc::default() }
    }
}

impl Inspection {
    /// Goes on with cases that were kept over a restart, in the order of [`Self::cases`].
    pub fn restore(cases: impl IntoIterator<Item = Case>) -> Self {
        let mut body = Body::default();
        for case in cases {
            body.dockets.entry(case.sensor).or_default().push(case);
        }
        Self { body: Arc::new(body), ..Self::default() }
    }

    /// Notes that a sensor's series says something else at an event time.
    pub fn note(&mut self, known: &Neighbours, sensor: SensorIx, measured_at: Timestamp) {
        if !known.compares(sensor) {
            return;
        }
        self.newest = self.newest.max(measured_at);
        if self.body.rows.end().is_some_and(|end| measured_at <= end) {
            self.late = Some(self.late.map_or(measured_at, |late| late.min(measured_at)));
        }
    }

    /// The cases of a sensor, the oldest first.
    pub fn cases_of(&self, sensor: SensorIx) -> impl Iterator<Item = &Case> {
        self.body.dockets.get(&sensor).into_iter().flatten()
    }

    /// Every case, by sensor, the oldest first.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.body.dockets.values().flatten()
    }

    /// A person trusts the sensor again from a moment on: its open cases end.
    pub fn release(&mut self, sensor: SensorIx, at: Timestamp) -> Option<Turned> {
        let mut turned = Turned { sensor, gone: Vec::new(), came: Vec::new() };
        let body = Arc::make_mut(&mut self.body);
        for case in body.dockets.get_mut(&sensor)?.iter_mut().filter(|case| case.is_open()) {
            turned.gone.push(*case);
            case.until = Some(at.max(case.since));
            turned.came.push(*case);
        }
        (!turned.came.is_empty()).then_some(turned)
    }

    /// Whether a step that was not judged yet is whole now. Most readings ask no more.
    pub fn has_new<'s>(&self, known: &Neighbours, series: &impl Fn(SensorIx) -> Option<&'s Series>) -> bool {
        let judged = self.body.rows.end();
        let may_be = judged.is_none_or(|end| self.newest >= end.plus(STEP));
        may_be && self.newest_whole(known, series).is_some_and(|end| judged.is_none_or(|judged| judged < end))
    }

    /// Judges every step that is whole, from the earliest late reading on again, and tells whose
    /// cases are other ones than before.
    pub fn inspect<'s>(
        &mut self,
        known: &Neighbours,
        series: &impl Fn(SensorIx) -> Option<&'s Series>,
    ) -> Vec<Turned> {
        let Some(whole) = self.newest_whole(known, series) else { return Vec::new() };
        let newest = self.body.rows.end().map_or(whole, |judged| judged.max(whole));
        if self.late.is_none() && self.body.rows.end() == Some(newest) {
            return Vec::new();
        }
        let before = self.body.dockets.clone();
        let reach = reach(known, series);
        let oldest = newest.minus(steps(reach));
        let late = self.late.take().map(|late| step_of(late).max(oldest));
        let body = Arc::make_mut(&mut self.body);
        let next = body.rows.end().map_or(oldest, |end| end.plus(STEP)).max(oldest);
        let first = late.map_or(next, |late| late.min(next));
        body.go_back(first, known, series);
        let mut end = first;
        while end <= newest {
            body.rows.read(end, &known.graph, series);
            body.judge(end, known, series);
            end = end.plus(STEP);
        }
        body.forget(newest.minus(steps(2 * REACH)));
        turned(&before, &self.body.dockets)
    }

    /// The newest step of which everybody who is awaited has spoken.
    fn newest_whole<'s>(
        &self,
        known: &Neighbours,
        series: &impl Fn(SensorIx) -> Option<&'s Series>,
    ) -> Option<Timestamp> {
        if self.newest == Timestamp::MIN {
            return None;
        }
        let newest = Timestamp::from_ms(self.newest.ms().div_euclid(STEP.ms()) * STEP.ms());
        let judged = self.body.rows.end().is_some_and(|end| end >= newest);
        let waits = !judged && self.newest < newest.plus(SETTLE);
        let awaited =
            waits && known.graph.gauges().iter().any(|gauge| awaited(*gauge, newest, known, series));
        Some(if awaited { newest.minus(STEP) } else { newest })
    }
}

/// Whether a gauge that spoke of late has not yet spoken of a step.
fn awaited<'s>(
    gauge: SensorIx,
    end: Timestamp,
    known: &Neighbours,
    series: &impl Fn(SensorIx) -> Option<&'s Series>,
) -> bool {
    let newest = series(gauge).and_then(Series::newest).map(|point| point.measured_at);
    newest.is_some_and(|newest| newest < end && end.since(newest) <= known.patience(gauge))
}

/// How many steps back the series still hold all that a step looks back over.
fn reach<'s>(known: &Neighbours, series: &impl Fn(SensorIx) -> Option<&'s Series>) -> i64 {
    let kept = known.graph.gauges().first().and_then(|gauge| series(*gauge)).map(Series::retention);
    let kept = kept.map_or(REACH, |kept| kept.ms() / STEP.ms());
    (kept - known.rain.hours_max as i64 - 1).clamp(0, REACH)
}

fn steps(count: i64) -> Span {
    Span::from_ms(STEP.ms() * count)
}

impl Body {
    /// Forgets what was judged from a step on, and reads the hours before it that it looks back over.
    fn go_back<'s>(
        &mut self,
        first: Timestamp,
        known: &Neighbours,
        series: &impl Fn(SensorIx) -> Option<&'s Series>,
    ) {
        self.rows.cut(first);
        let back = (ROWS_MAX as i64 - REACH).min(known.rain.hours_max as i64);
        let oldest = first.minus(steps(back));
        let adjoins = self.rows.end().is_some_and(|end| end.plus(STEP) == first);
        if !adjoins || self.rows.begin().is_none_or(|begin| begin > oldest) {
            self.rows = Rows::default();
            for n in (1..=back).rev() {
                self.rows.read(first.minus(steps(n)), &known.graph, series);
            }
        }
        for cases in self.dockets.values_mut() {
            cases.retain(|case| case.shown_at < first || case.is_released());
            for case in cases.iter_mut().filter(|case| case.ended_at.is_some_and(|at| at >= first)) {
                (case.until, case.ended_at) = (None, None);
            }
        }
        self.dockets.retain(|_, cases| !cases.is_empty());
    }

    /// Judges every gauge and reach at a step, beside the cases that were open before it.
    fn judge<'s>(
        &mut self,
        end: Timestamp,
        known: &Neighbours,
        series: &impl Fn(SensorIx) -> Option<&'s Series>,
    ) {
        let accused = self.dockets.values().flatten().filter(|case| case.accuses_at(end));
        let accused: Vec<usize> = accused.filter_map(|case| known.graph.place(case.sensor)).collect();
        let trusts = |place: usize| !accused.contains(&place);
        let around = Around { limits: &known.rain, graph: &known.graph, rows: &self.rows, trusts: &trusts };
        for (place, gauge) in known.graph.gauges().iter().enumerate() {
            judge_gauge(&mut self.dockets, &around, (place, *gauge), end);
        }
        for reach in &known.reaches {
            let (limits, graph) = (&known.stage, &known.graph);
            let bank = Bank { reach, limits, graph, rows: &self.rows, trusts: &trusts, series };
            judge_reach(&mut self.dockets, &bank, end);
        }
    }

    /// Forgets closed cases that no late reading reaches any more.
    fn forget(&mut self, oldest: Timestamp) {
        let closed = |case: &Case| case.until.is_some_and(|until| until.max(case.shown_at) < oldest);
        if self.dockets.values().flatten().any(closed) {
            self.dockets.values_mut().for_each(|cases| cases.retain(|case| !closed(case)));
            self.dockets.retain(|_, cases| !cases.is_empty());
        }
    }
}

/// From when on a person trusts the sensor: what it showed before is held against it no more, whoever
/// judges those steps again.
fn trusted_from(cases: &[Case]) -> Timestamp {
    let released = cases.iter().filter(|case| case.is_released()).filter_map(|case| case.until);
    released.max().unwrap_or(Timestamp::MIN)
}

fn judge_gauge(
    dockets: &mut Dockets,
    around: &Around<'_>,
    (place, gauge): (usize, SensorIx),
    end: Timestamp,
) {
    let cases = dockets.get(&gauge).map_or(&[][..], |cases| cases);
    let open = cases.last().filter(|case| case.is_open()).copied();
    let trusted_from = trusted_from(cases);
    if let Some(case) = open.filter(|case| case.check == Check::Neighbour) {
        // The next hour decides: a cell that stands still rains on, a hose does not.
        let until = if around.bears_out(place, end) { case.since } else { case.shown_at };
        close(dockets, gauge, until, end);
    }
    let person = open.filter(Case::needs_a_person);
    match person.map(|case| case.check) {
        Some(Check::Clogged) => {}
        Some(_) => {
            // A funnel that drips is clogged, not dead; it was zero for as long as nothing came through.
            let verdict = around.too_little(place, end, trusted_from);
            if let (Some(verdict), Some(dead)) = (verdict.filter(|v| v.check == Check::Clogged), person) {
                close(dockets, gauge, dead.since, end);
                open_case(dockets, gauge, Verdict { since: dead.since.min(verdict.since), ..verdict }, end);
            }
        }
        None => {
            let verdict =
                around.too_little(place, end, trusted_from).or_else(|| around.stands_out(place, end));
            if let Some(verdict) = verdict.filter(|verdict| verdict.since >= trusted_from) {
                open_case(dockets, gauge, verdict, end);
            }
        }
    }
}

fn judge_reach<'s, S>(dockets: &mut Dockets, bank: &Bank<'_, S>, end: Timestamp)
where
    S: Fn(SensorIx) -> Option<&'s Series>,
{
    let stage = bank.reach.stage;
    let cases = dockets.get(&stage).map_or(&[][..], |cases| cases);
    let trusted_from = trusted_from(cases);
    let Some(case) = cases.last().filter(|case| case.is_open()).copied() else {
        if let Some(verdict) = bank.contradiction(end).filter(|verdict| verdict.since >= trusted_from) {
            open_case(dockets, stage, verdict, end);
        }
        return;
    };
    let verdict = Verdict { check: case.check, since: case.since, finding: case.finding };
    if bank.is_explained(end, &verdict) {
        close(dockets, stage, case.since, end);
    } else if bank.is_over(end, &verdict) {
        close(dockets, stage, end.minus(STEP).max(case.since), end);
    }
}

fn open_case(dockets: &mut Dockets, sensor: SensorIx, verdict: Verdict, end: Timestamp) {
    let Verdict { check, since, finding } = verdict;
    let case = Case { sensor, check, since, until: None, shown_at: end, ended_at: None, finding };
    dockets.entry(sensor).or_default().push(case);
}

fn close(dockets: &mut Dockets, sensor: SensorIx, until: Timestamp, end: Timestamp) {
    if let Some(case) = dockets.get_mut(&sensor).and_then(|cases| cases.last_mut()) {
        (case.until, case.ended_at) = (Some(until), Some(end));
    }
}

fn turned(before: &Dockets, after: &Dockets) -> Vec<Turned> {
    let cases = |dockets: &Dockets, sensor: SensorIx| -> Vec<Case> {
        dockets.get(&sensor).into_iter().flatten().copied().collect()
    };
    let mut sensors: Vec<SensorIx> = before.keys().chain(after.keys()).copied().collect();
    sensors.sort_unstable();
    sensors.dedup();
    let turned = sensors.into_iter().map(|sensor| {
        let (was, is) = (cases(before, sensor), cases(after, sensor));
        let gone = was.iter().filter(|case| !is.contains(case)).copied().collect();
        let came = is.iter().filter(|case| !was.contains(case)).copied().collect();
        Turned { sensor, gone, came }
    });
    turned.filter(|turned| !(turned.gone.is_empty() && turned.came.is_empty())).collect()
}

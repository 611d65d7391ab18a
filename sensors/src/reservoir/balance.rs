//! The water balance of a reservoir: what came in is what was stored and what was let out.
//!
//! `inflow = dS/dt + release`, over a window that is long enough for the steps of the pool level not
//! to drown it. The error is told with it: half a step of the pool at each end, and half of every
//! change of the release between two reports, since nobody says when in between it came. What is
//! not told of (seepage, evaporation, rain on the pool, an error of the storage curve) is not in it.

use super::release::{Flow, total_release};
use super::{Reservoir, StorageCurve};
use crate::quantity::{Discharge, Elevation, Volume};
use crate::series::{Point, Series};
use crate::time::{Span, Timestamp};

/// The windows that are tried, shortest first.
const WINDOWS: [Span; 4] = [Span::from_h(1), Span::from_h(2), Span::from_h(3), Span::from_h(6)];

/// A window is long enough when its error is at most a tenth of the inflow, or so much.
const ERROR_SHARE: i64 = 10;
const ERROR_SMALL_L_S: i64 = 10_000;

/// Between two reports of a discharge there may be at most so much time.
const REPORTS_APART: Span = Span::from_h(6);

/// The newest readings of a balance may be so old.
const OLD: Span = Span::from_h(6);

/// The series of a dam; those that it does not have are absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauges<'a> {
    /// Pool level, an elevation.
    pub pool_level: Option<&'a Series>,
    /// Inflow as the operator tells it.
    pub inflow: Option<&'a Series>,
    /// Release, the total to the river.
    pub release: Option<&'a Series>,
    /// The part over the spillway.
    pub spill: Option<&'a Series>,
    /// The part through the turbines.
    pub turbine_discharge: Option<&'a Series>,
}

/// A balance over `(from, to]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Where the window begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
    /// What the reservoir gained; negative where it lost.
    pub gained: Volume,
    /// What was let out, in the mean.
    pub release: Discharge,
    /// Whether the release is a sum of its parts.
    pub release_derived: bool,
    /// Whether the release is "at least", and the inflow with it.
    pub at_least: bool,
    /// What came in, in the mean; may come out below 0 by the error.
    pub inflow: Discharge,
    /// How much the inflow may differ from that, either way.
    pub error: Discharge,
    /// What the operator told of the same window.
    pub reported: Option<Reported>,
}

/// The inflow that was told, over the window of a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// In the mean.
    pub inflow: Discharge,
    /// Told minus computed.
    pub difference: Discharge,
    /// Whether they differ by more than both errors.
    pub disagrees: bool,
}

/// The balance of a reservoir up to its newest readings at or before `end`; `None` where the curve does
/// not reach, or too little was told.
pub fn balance(reservoir: &Reservoir, gauges: &Gauges<'_>, end: Timestamp) -> Option<Balance> {
    let curve = reservoir.curve.as_ref()?;
    let pool = gauges.pool_level?;
    let since = end.minus(Span::from_ms(OLD.ms() * 3));
    let parts = (gauges.spill, gauges.turbine_discharge);
    let flows = total_release(gauges.release, parts, since, end);
    let last = trusted(pool, since, end.min(flows.last()?.at)).next_back()?;
    if end.since(last.measured_at) > OLD {
        return None;
    }
    let told: Vec<Flow> = total_release(gauges.inflow, (None, None), since, end);
    let mut found = None;
    for window in WINDOWS {
        let begin = last.measured_at.minus(window);
        // The pool is told every so often: the newest that makes the window no shorter.
        let Some(first) = trusted(pool, since, begin).next_back() else { break };
        let Some(balance) = over(reservoir, curve, (first, last), &flows, &told) else { continue };
        let most = (balance.inflow.l_per_s().abs() / ERROR_SHARE).max(ERROR_SMALL_L_S);
        found = Some(balance);
        if balance.error.l_per_s() <= most {
            break;
        }
    }
    found
}

fn trusted(series: &Series, after: Timestamp, upto: Timestamp) -> impl DoubleEndedIterator<Item = &Point> {
    series.points(after, upto).filter(|point| point.value.is_some() && point.quality.may_clear())
}

fn over(
    reservoir: &Reservoir,
    curve: &StorageCurve,
    (first, last): (&Point, &Point),
    flows: &[Flow],
    told: &[Flow],
) -> Option<Balance> {
    let (from, to) = (first.measured_at, last.measured_at);
    let pool = |point: &Point| Some(Elevation::from_mm(point.value?.raw()));
    let (before, after) = (pool(first)?, pool(last)?);
    let gained = curve.storage(after)?.m3() - curve.storage(before)?.m3();
    let took_ms = to.since(from).ms();
    let half_step = reservoir.resolution.mm() * (curve.m3_per_mm(before) + curve.m3_per_mm(after)) / 2;
    let per_time = |m3: i64| i64::try_from(i128::from(m3) * 1_000_000 / i128::from(took_ms.max(1))).ok();
    let release = mean(flows, from, to)?;
    let inflow = per_time(gained)? + release.mean;
    let error = per_time(half_step)? + release.error;
    let reported = mean(told, from, to).map(|told| {
        let difference = told.mean - inflow;
        let disagrees = difference.abs() > error + told.error;
        Reported {
            inflow: Discharge::from_l_per_s(told.mean),
            difference: Discharge::from_l_per_s(difference),
            disagrees,
        }
    });
    let within = || flows.iter().filter(|flow| flow.at >= from && flow.at <= to);
    Some(Balance {
        from,
        to,
        gained: Volume::from_m3(gained),
        release: Discharge::from_l_per_s(release.mean),
        release_derived: within().any(|flow| flow.derived),
        at_least: within().any(|flow| flow.at_least),
        inflow: Discharge::from_l_per_s(inflow),
        error: Discharge::from_l_per_s(error),
        reported,
    })
}

/// The mean of a discharge over a window, l/s, and how far it may be off.
#[derive(Clone, Copy)]
struct MeanFlow {
    mean: i64,
    error: i64,
}

/// On straight lines between reports, of which one must stand at or before the window and one at or
/// after its end.
fn mean(flows: &[Flow], from: Timestamp, to: Timestamp) -> Option<MeanFlow> {
    let (mut sum, mut unsure, mut reached) = (0_i128, 0_i128, from);
    for (a, b) in flows.iter().zip(flows.iter().skip(1)) {
        let (begin, end) = (a.at.max(from), b.at.min(to));
        if begin >= end {
            continue;
        }
        if begin > reached || b.at.since(a.at) > REPORTS_APART {
            return None;
        }
        let (low, high) = (at(a, b, begin), at(a, b, end));
        let took = i128::from(end.since(begin).ms());
        sum += i128::from(low + high) * took / 2;
        unsure += i128::from((b.discharge.l_per_s() - a.discharge.l_per_s()).abs()) * took / 2;
        reached = end;
    }
    let took = i128::from(to.since(from).ms());
    if reached < to || took <= 0 {
        return None;
    }
    let whole = |sum: i128| i64::try_from(sum / took).ok();
    Some(MeanFlow { mean: whole(sum)?, error: whole(unsure)? })
}

/// The discharge between two reports, on a straight line.
fn at(a: &Flow, b: &Flow, at: Timestamp) -> i64 {
    let (low, high) = (a.discharge.l_per_s(), b.discharge.l_per_s());
    let (into, whole) = (at.since(a.at).ms(), b.at.since(a.at).ms().max(1));
    low + i64::try_from(i128::from(high - low) * i128::from(into) / i128::from(whole)).unwrap_or_default()
}

impl Balance {
    /// How long until so much is stored, at the pace of the window: at the earliest by its error, and as
    /// computed. `None` where the pool does not surely rise; at once where it is there already.
    pub fn time_to_store(&self, stored: Volume, wanted: Volume) -> Option<(Span, Span)> {
        let took_ms = i128::from(self.to.since(self.from).ms());
        let lacking = i128::from((wanted.m3() - stored.m3()).max(0));
        let pace = i128::from(self.gained.m3()) * 1_000_000 / took_ms.max(1);
        let error = i128::from(self.error.l_per_s());
        let after = |pace: i128| i64::try_from(lacking * 1_000_000 / pace.max(1)).ok().map(Span::from_ms);
        (pace > error).then(|| Some((after(pace + error)?, after(pace)?))).flatten()
    }
}

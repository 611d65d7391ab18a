//! What sensors show of each other, decided with every commit: cases open and close, readings are
//! judged anew, and warnings whose reasons are worth less now are marked.
//!
//! Nothing here clears a warning or takes one back: an issued warning may only outlast its
//! condition. What the alerts make of a revised reading they decide themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::{AlertId, Evidence, EvidenceRevised, Transition};
use rules::hazard::Hazard;
use sensors::quality::Quality;
use sensors::quality::neighbour::{Case, Turned};
use sensors::reading::Reading;
use sensors::series::Series;
use sensors::station::SensorIx;
use sensors::track::{Judged, Track};

use crate::watch::decide::Turn;

/// The most marks of one episode: an officer who has been told of so many knows.
const MARKS_MAX: usize = 16;
/// The most readings of one episode that are remembered as its reason.
const EVIDENCE_MAX: usize = 200;

/// What the open episodes of the public rest on. Cloning shares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grounds(Arc<BTreeMap<AlertId, Ground>>);

/// What one episode rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// The readings that its raises named.
    pub because: Vec<Evidence>,
    /// Those of them that are worth less now, in the order in which that became known.
    pub revised: Vec<EvidenceRevised>,
}

impl Grounds {
    /// As they were stored.
    pub fn new(
        grounds: impl IntoIterator<Item = (AlertId, Vec<Evidence>)>,
        revised: impl IntoIterator<Item = EvidenceRevised>,
    ) -> Self {
        let whole = |(alert, because)| (alert, Ground { because, revised: Vec::new() });
        let mut all: BTreeMap<AlertId, Ground> = grounds.into_iter().map(whole).collect();
        for revised in revised {
            if let Some(ground) = all.get_mut(&revised.alert) {
                ground.revised.push(revised);
            }
        }
        Self(Arc::new(all))
    }

    /// What an open episode rests on.
    pub fn of(&self, alert: &AlertId) -> Option<&Ground> {
        self.0.get(alert)
    }

    /// A raise names its reasons; an episode that is over has none any more.
    fn note(&mut self, transition: &Transition) {
        if transition.hazard == Hazard::Telemetry {
            return;
        }
        let all = Arc::make_mut(&mut self.0);
        if transition.to == rules::rule::NONE {
            all.remove(&transition.alert);
        } else if transition.raised {
            let ground = all.entry(transition.alert.clone()).or_default();
            for evidence in &transition.because {
                if !ground.because.contains(evidence) && ground.because.len() < EVIDENCE_MAX {
                    ground.because.push(*evidence);
                }
            }
        }
    }
}

/// Notes what was said. A step of event time that it makes whole is judged at once and not at the
/// end of the decision: what alerts see must not depend on how readings were gathered.
pub(crate) fn note(turn: &mut Turn, sensor: SensorIx, judged: &Judged) {
    let plan = Arc::clone(&turn.plan);
    let known = &plan.city.neighbours;
    if !judged.inserted.changed() || !known.compares(sensor) {
        return;
    }
    let times = judged.revised.iter().map(|revised| revised.measured_at);
    for measured_at in times.chain([judged.reading.measured_at]) {
        turn.next.inspection.note(known, sensor, measured_at);
    }
    let tracks = &turn.next.tracks;
    if turn.next.inspection.has_new(known, &|ix| tracks.get(ix.at()).map(|track| track.series())) {
        inspect(turn);
    }
}

/// Judges the steps that are whole, those that something came late for again, and lets the
/// readings that are judged otherwise now take their way as revisions.
pub(crate) fn inspect(turn: &mut Turn) {
    let plan = Arc::clone(&turn.plan);
    let tracks = &turn.next.tracks;
    let series = |ix: SensorIx| tracks.get(ix.at()).map(|track| track.series());
    let turned = turn.next.inspection.inspect(&plan.city.neighbours, &series);
    if turned.is_empty() {
        return;
    }
    for turned in turned {
        hold(turn, &turned);
    }
    // Now and not at the end, as if the decision ended here.
    turn.fold_late();
}

/// A person trusts a sensor again from now on.
pub(crate) fn release(turn: &mut Turn, sensor: SensorIx) {
    if let Some(turned) = turn.next.inspection.release(sensor, turn.now) {
        hold(turn, &turned);
    }
}

/// Puts the cases of a sensor into effect: on its readings, in the store, for the staff.
fn hold(turn: &mut Turn, turned: &Turned) {
    let plan = Arc::clone(&turn.plan);
    let cases: Vec<Case> = turn.next.inspection.cases_of(turned.sensor).copied().collect();
    let held: Vec<_> = cases.iter().filter_map(Case::suspicion).collect();
    let Some(sensor) = plan.city.sensor(turned.sensor) else { return };
    let Some(track) = turn.next.tracks.get_mut(turned.sensor.at()) else { return };
    for revised in Arc::make_mut(track).hold(sensor, &held, turn.now) {
        turn.revise(&revised);
    }
    turn.commit.suspicions.retain(|(other, _)| *other != turned.sensor);
    turn.commit.suspicions.push((turned.sensor, cases));
}

/// Marks the open episodes that rest on readings which are worth less now.
pub(crate) fn mark(turn: &mut Turn) {
    for transition in &turn.commit.transitions {
        turn.next.grounds.note(transition);
    }
    let mut marks = Vec::new();
    for (alert, ground) in turn.next.grounds.0.iter() {
        for reading in &turn.revised {
            let said = ground.because.iter().filter(|evidence| evidence.sensor == reading.sensor);
            let track = turn.next.tracks.get(reading.sensor.at());
            let worth = said.filter_map(|evidence| worth_less(evidence, reading, track?));
            marks.extend(worth.map(|(value, quality)| EvidenceRevised {
                alert: alert.clone(),
                at: turn.now,
                sensor: reading.sensor,
                measured_at: reading.measured_at,
                value,
                quality,
            }));
        }
    }
    for mark in marks {
        keep(turn, mark);
    }
}

/// Once per episode, sensor and check.
fn keep(turn: &mut Turn, mark: EvidenceRevised) {
    let all = Arc::make_mut(&mut turn.next.grounds.0);
    let Some(ground) = all.get_mut(&mark.alert) else { return };
    let same = |known: &EvidenceRevised| {
        known.sensor == mark.sensor && known.quality.check() == mark.quality.check()
    };
    if ground.revised.iter().any(same) || ground.revised.len() >= MARKS_MAX {
        return;
    }
    ground.revised.push(mark.clone());
    turn.commit.revised.push(mark);
}

/// What a reading makes of an earlier reason: the value and the judgement now, where the judgement
/// is worse than it was or the value is another one. Over a window, a value counts that is less.
fn worth_less(
    evidence: &Evidence,
    reading: &Reading,
    track: &Track,
) -> Option<(Option<sensors::quantity::Value>, Quality)> {
    let Some(window) = evidence.window else {
        let same_time = evidence.measured_at == reading.measured_at;
        let value = reading.value.filter(|_| reading.quality.is_usable());
        let less = is_worse(reading.quality, evidence.quality) || value != Some(evidence.value);
        return (same_time && less).then_some((value, reading.quality));
    };
    let inside = evidence.measured_at.minus(window) < reading.measured_at
        && reading.measured_at <= evidence.measured_at;
    if !inside {
        return None;
    }
    let (value, quality) = over_window(evidence, window, track.series())?;
    let worse = is_worse(quality, evidence.quality);
    (worse || value < Some(evidence.value)).then_some((value, quality))
}

fn over_window(
    evidence: &Evidence,
    window: sensors::time::Span,
    series: &Series,
) -> Option<(Option<sensors::quantity::Value>, Quality)> {
    if series.keeps(evidence.measured_at.minus(window)) {
        let sum = evidence.parameter.is_depth_over_interval();
        return if sum {
            let sum = series.accumulation(evidence.measured_at, window);
            Some((Some(sum.at_least), sum.quality))
        } else {
            let rise = series.rise(evidence.measured_at, window);
            Some(rise.map_or((None, Quality::Missing), |rise| (Some(rise.change), rise.quality)))
        };
    }
    None
}

fn is_worse(now: Quality, before: Quality) -> bool {
    now != before && before.or_worse(now) == now && now.may_clear() != before.may_clear()
}

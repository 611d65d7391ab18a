//! Commits as live events: written once per commit, the same from the feed and from the store.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Bytes;
use rules::alert::Transition;
use sensors::station::{SensorId, SensorIx};
use serde::Serialize;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::form::warning::{BulletinForm, RevisedForm, TransitionForm};
use super::form::{SensorReading, Time};
use super::health::LineForm;
use crate::event::LineState;
use crate::store::commit::Seq;
use crate::store::record::{
    Change, StoredBulletin, StoredEvidence, StoredLineEvent, StoredReading, StoredRevised, StoredTransition,
};
use crate::watch::feed::Committed;
use crate::watch::snapshot::{Plan, Snapshot};

/// A longer frame is not kept for slow streams, of which one holds up to
/// [`stream_backlog`](super::Bounds::stream_backlog) frames for all.
const FRAME_MAX_BYTES: usize = 64 * 1024;

/// A commit as the bytes of its events.
#[derive(Debug)]
pub(crate) struct Told {
    /// The commit.
    pub seq: Seq,
    /// Its events, empty when it has none to tell; `None` when they are too long to be kept here and
    /// have to be read from the store.
    pub frame: Option<Bytes>,
}

/// Turns the feed into frames until it is cancelled. A feed that ran ahead leaves a gap, which
/// the streams notice and fill from the store.
pub(crate) async fn follow(
    mut feed: broadcast::Receiver<Arc<Committed>>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    told: broadcast::Sender<Arc<Told>>,
    cancel: CancellationToken,
) {
    loop {
        let received = tokio::select! {
            () = cancel.cancelled() => return,
            received = feed.recv() => received,
        };
        match received {
            Ok(committed) => {
                let plan = snapshots.borrow().state.plan.clone();
                let frame = Some(frame(&change_of(&committed, &plan), 0))
                    .filter(|frame| frame.len() <= FRAME_MAX_BYTES);
                // Nobody listening is no failure.
                let _ = told.send(Arc::new(Told { seq: committed.seq, frame }));
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// The events of a commit after the first `skip` of them.
///
/// The last one carries the sequence as its id, the ones before it `{sequence}.{place}`: a peer
/// that was cut off in the middle of a commit goes on exactly there.
pub(crate) fn frame(change: &Change, skip: usize) -> Bytes {
    let seq = change.seq.0;
    let readings = change.readings.iter().map(|(sensor, reading)| {
        let reading = SensorReading::of_stored(sensor, reading);
        data("reading", &Event { seq, content: reading })
    });
    let alerts = change.transitions.iter().map(|transition| data("alert", &TransitionForm::of(transition)));
    let bulletins = change.bulletins.iter().map(|bulletin| data("bulletin", &BulletinForm::of(bulletin)));
    let revised = change.revised.iter().map(|revised| {
        let content =
            AlertRevised { alert: revised.alert.to_string(), evidence_revised: RevisedForm::of(revised) };
        data("alert", &Event { seq, content })
    });
    let lines = change.lines.iter().map(|event| {
        let up = event.state == LineState::Up;
        let line = LineForm { line: event.line.clone(), up, since: Time(event.at) };
        data("health", &Event { seq, content: line })
    });
    let events: Vec<String> = readings.chain(alerts).chain(revised).chain(bulletins).chain(lines).collect();
    let mut text = String::new();
    for (place, event) in (1..).zip(&events).skip(skip) {
        let id = if place == events.len() { format!("{seq}") } else { format!("{seq}.{place}") };
        let _ = write!(text, "id: {id}\n{event}");
    }
    text.into()
}

/// One event without its id.
pub(crate) fn data<T: Serialize>(name: &str, content: &T) -> String {
    let json = serde_json::to_string(content).unwrap_or_else(|_| "null".to_owned());
    format!("event: {name}\ndata: {json}\n\n")
}

/// An alert whose reason is worth less than it was; its level is as before.
#[derive(Serialize)]
struct AlertRevised {
    alert: String,
    evidence_revised: RevisedForm,
}

#[derive(Serialize)]
struct Event<T> {
    seq: u64,
    #[serde(flatten)]
    content: T,
}

/// A commit of this configuration in the words of the store.
fn change_of(committed: &Committed, plan: &Plan) -> Change {
    let Committed { seq, at, commit } = committed;
    let reading = |reading: &sensors::reading::Reading| {
        let stored = StoredReading {
            measured_at: reading.measured_at,
            from: reading.from,
            arrived_at: reading.arrived_at,
            value: reading.value,
            quality: reading.quality,
            seq: *seq,
        };
        Some((sensor_id(plan, reading.sensor)?, stored))
    };
    let line = |event: &crate::event::LineEvent| {
        let line = plan.city.lines.get(event.line as usize)?.name.clone();
        Some(StoredLineEvent { line, at: event.at, state: event.state.clone() })
    };
    let bulletin =
        |bulletin: &rules::bulletin::Bulletin| StoredBulletin { seq: *seq, bulletin: bulletin.clone() };
    let revised = |revised: &rules::alert::EvidenceRevised| {
        Some(StoredRevised {
            seq: *seq,
            alert: revised.alert.clone(),
            at: revised.at,
            sensor: sensor_id(plan, revised.sensor)?,
            measured_at: revised.measured_at,
            value: revised.value,
            quality: revised.quality,
        })
    };
    Change {
        seq: *seq,
        at: *at,
        config_version: plan.version.as_str().into(),
        readings: commit.readings.iter().filter_map(reading).collect(),
        transitions: commit.transitions.iter().map(|t| transition_of(*seq, t, plan)).collect(),
        bulletins: commit.bulletins.iter().map(bulletin).collect(),
        ended: Vec::new(),
        lines: commit.lines.iter().filter_map(line).collect(),
        revised: commit.revised.iter().filter_map(revised).collect(),
    }
}

fn transition_of(seq: Seq, transition: &Transition, plan: &Plan) -> StoredTransition {
    let evidence = |evidence: &rules::alert::Evidence| {
        Some(StoredEvidence {
            sensor: sensor_id(plan, evidence.sensor)?,
            parameter: evidence.parameter,
            measured_at: evidence.measured_at,
            value: evidence.value,
            quality: evidence.quality,
            window: evidence.window,
        })
    };
    StoredTransition {
        seq,
        alert: transition.alert.clone(),
        rule: transition.rule.clone(),
        rule_version: transition.rule_version.clone(),
        hazard: transition.hazard,
        words: transition.words.clone(),
        subject: transition.subject.clone(),
        zones: transition.zones.clone(),
        from: transition.from.clone(),
        to: transition.to.clone(),
        severity: transition.severity,
        severity_max: transition.severity_max,
        raised: transition.raised,
        corroborated: transition.corroborated,
        measure: transition.measure.clone(),
        issue: transition.issue,
        at: transition.at,
        measured_at: transition.measured_at,
        because: transition.because.iter().filter_map(evidence).collect(),
    }
}

fn sensor_id(plan: &Plan, ix: SensorIx) -> Option<Arc<SensorId>> {
    plan.city.sensor(ix).map(|sensor| Arc::new(sensor.id.clone()))
}

//! Deadlines: silence is news, and so is the first word after it.

use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::event::LineState;
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

/// A sensor spoke: its silence, if there was one, is over.
pub(crate) fn heard(turn: &mut Turn, sensor: SensorIx) {
    let was_silent = turn.next.silent.get_mut(sensor.at()).and_then(Option::take).is_some();
    if was_silent {
        turn.judge_silence(sensor);
    }
}

/// Finds the sensors whose deadline has passed, and the moment of the next one.
///
/// A word from a sensor only moves its deadline further away, so the moment found here stays a
/// lower bound until it comes.
pub(crate) fn watch_deadlines(turn: &mut Turn) {
    if turn.next.wake_at.is_some_and(|at| turn.now < at) {
        return;
    }
    let mut fell = Vec::new();
    let mut wake_at = None;
    for (place, sensor) in (0..).zip(&turn.plan.city.sensors) {
        let ix = SensorIx(place);
        if turn.next.silent.get(ix.at()).is_none_or(Option::is_some) {
            continue;
        }
        let at = deadline(&turn.next, ix, sensor);
        if at <= turn.now {
            fell.push(ix);
        } else {
            wake_at = Some(wake_at.map_or(at, |earliest: Timestamp| earliest.min(at)));
        }
    }
    turn.next.wake_at = wake_at;
    with_their_line(turn, &mut fell);
    for ix in &fell {
        if let Some(silent) = turn.next.silent.get_mut(ix.at()) {
            *silent = Some(turn.now);
        }
    }
    // Only now: an alert on several sensors sees all that fell silent in this moment.
    for ix in fell {
        turn.judge_silence(ix);
    }
}

/// Behind a line that is down nobody can speak: at the first deadline all of them count as silent,
/// so that staff get one notice with its cause and not one for each.
fn with_their_line(turn: &Turn, fell: &mut Vec<SensorIx>) {
    for (line, state) in turn.plan.city.lines.iter().zip(&turn.next.lines) {
        let Some((_, LineState::Down { .. })) = state else { continue };
        let behind = line.sensors();
        if behind.iter().any(|ix| fell.contains(ix)) {
            let speaking = |ix: &SensorIx| turn.next.silent.get(ix.at()).is_some_and(Option::is_none);
            fell.extend(behind.into_iter().filter(speaking));
        }
    }
    fell.sort_unstable();
    fell.dedup();
}

/// When a sensor counts as silent; after a start everybody gets a full deadline to speak.
fn deadline(state: &State, ix: SensorIx, sensor: &sensors::station::Sensor) -> Timestamp {
    let heard = state.tracks.get(ix.at()).and_then(|track| track.last_contact());
    heard.unwrap_or(Timestamp::MIN).max(state.since).plus(sensor.deadline.total())
}

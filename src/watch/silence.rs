//! Deadlines: silence is news, and so is the first word after it.

use std::collections::BTreeSet;

use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::event::{LineEvent, LineState};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

/// So many stations that fall silent together have a common cause, though we may not know it.
pub(crate) const COMMON_CAUSE_MIN: usize = 3;
/// Stations that were lost together pass their deadlines within about this time: instruments say
/// the same minute, not the same second.
const TOGETHER: Span = Span::from_s(30);

/// A sensor spoke: its silence, if there was one, is over, and its deadline begins anew.
pub(crate) fn heard(turn: &mut Turn, ix: SensorIx) {
    let Some(total) = turn.plan.city.sensor(ix).map(|sensor| sensor.deadline.total()) else { return };
    // By our clock now and not by the arrival: what waited for a disk is a word all the same.
    let due = turn.now.plus(total);
    if let Some(place) = turn.next.due.get_mut(ix.at()) {
        *place = due;
    }
    let was_silent = turn.next.silent.get_mut(ix.at()).and_then(Option::take).is_some();
    if was_silent {
        // Nobody waited for this one: its deadline may come before all others.
        wake_by(&mut turn.next, due);
    }
    // An alert that a restart brought back may stand although nobody is known to be silent.
    let slots = turn.plan.rules.silence_slots(ix);
    let is_open = slots.iter().any(|slot| turn.next.alerts.get(slot.at()).is_some_and(|a| a.level > 0));
    if was_silent || is_open {
        turn.judge_silence(ix);
    }
}

/// A line went down or came up. When it is up, those behind it get the longest of their deadlines
/// to speak before staff are told who stays silent.
pub(crate) fn line_changed(turn: &mut Turn, event: &LineEvent) {
    let at = event.line as usize;
    let Some(known) = turn.next.lines.get_mut(at) else { return };
    let was_up = matches!(known, Some((_, LineState::Up)));
    *known = Some((event.at, event.state.clone()));
    turn.commit.lines.push(event.clone());
    let recheck = match event.state {
        LineState::Up if was_up => return,
        LineState::Up => Some(turn.now.plus(turn.next.longest_deadline_behind(at))),
        LineState::Down { .. } => None,
    };
    if let Some(place) = turn.next.recheck.get_mut(at) {
        *place = recheck;
    }
    if let Some(at) = recheck {
        wake_by(&mut turn.next, at);
    }
}

/// The running clock was set: what was due in ten minutes still is.
pub(crate) fn stepped(turn: &mut Turn, by: Span) {
    let next = &mut turn.next;
    let open = next.open.iter_mut().map(|open| &mut open.until);
    let moments =
        next.due.iter_mut().chain(next.recheck.iter_mut().flatten()).chain(&mut next.wake_at).chain(open);
    for moment in moments.filter(|moment| **moment != Timestamp::MAX) {
        *moment = moment.plus(by);
    }
}

/// Makes sure that somebody looks again at this time at the latest.
pub(crate) fn wake_by(state: &mut State, at: Timestamp) {
    state.wake_at = Some(state.wake_at.map_or(at, |earlier| earlier.min(at)));
}

/// Finds the sensors whose deadline has passed, and the moment of the next one.
///
/// A word from a sensor only moves its deadline further away, so the moment found here stays a
/// lower bound until it comes; a word after silence may bring it nearer, see [`heard`].
pub(crate) fn watch_deadlines(turn: &mut Turn) {
    if turn.next.wake_at.is_none_or(|at| turn.now < at) {
        return;
    }
    let fell = fallen(turn);
    for ix in &fell {
        if let Some(silent) = turn.next.silent.get_mut(ix.at()) {
            *silent = Some(turn.now);
        }
    }
    // Only now: an alert on several sensors sees all that fell silent in this moment.
    for ix in fell {
        turn.judge_silence(ix);
    }
    for (line, recheck) in turn.next.recheck.iter_mut().enumerate() {
        if recheck.take_if(|at| *at <= turn.now).is_some() {
            turn.rechecked.push(line);
        }
    }
    let waiting = turn.next.due.iter().zip(&turn.next.silent).filter(|(_, silent)| silent.is_none());
    let open = turn.next.open.iter().map(|open| &open.until);
    let moments = waiting.map(|(due, _)| due).chain(turn.next.recheck.iter().flatten()).chain(open);
    turn.next.wake_at = moments.min().copied();
}

fn fallen(turn: &Turn) -> Vec<SensorIx> {
    let (mut fell, mut nearly) = (Vec::new(), Vec::new());
    let waiting = (0..).map(SensorIx).zip(turn.next.due.iter().zip(&turn.next.silent));
    for (ix, (due, _)) in waiting.filter(|(_, (_, silent))| silent.is_none()) {
        match due.since(turn.now) {
            left if left <= Span::ZERO => fell.push(ix),
            left if left <= TOGETHER => nearly.push(ix),
            _ => {}
        }
    }
    if !fell.is_empty() {
        let station = |ix: &SensorIx| turn.plan.city.sensor(*ix).map(|sensor| sensor.station);
        let stations: BTreeSet<_> = fell.iter().chain(&nearly).filter_map(station).collect();
        if stations.len() >= COMMON_CAUSE_MIN {
            fell.append(&mut nearly);
        }
    }
    with_their_line(turn, &mut fell);
    fell
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

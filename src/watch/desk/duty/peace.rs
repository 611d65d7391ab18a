//! Silences and maintenance windows: staff are left in peace about what they know. What the public is told
//! never asks here.

use rules::alert::{Subject, Transition};
use rules::rule::Slot;
use sensors::time::{Span, Timestamp};

use crate::desk::duty::{Peace, Silence};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

/// Whether staff are not told of this change of telemetry: the station is being repaired, or they know it
/// and asked not to be told again.
pub(in crate::watch) fn is_left_in_peace(turn: &Turn, transition: &Transition) -> bool {
    // That it speaks again is told to whoever was told that it did not, so that nobody goes out for nothing.
    if !transition.raised {
        return false;
    }
    let slot = turn.plan.rules.slot(transition.slot);
    let muted = |slot: &Slot| is_muted(&turn.next, slot.key(), transition.severity.step(), turn.now);
    is_repaired(turn, &transition.subject) || slot.is_some_and(muted)
}

/// Whether a maintenance window holds for a station now.
pub(in crate::watch) fn is_repaired(turn: &Turn, subject: &Subject) -> bool {
    let Subject::Station(id) = subject else { return false };
    let mut papers = turn.next.desk.silences.iter();
    papers.any(|(_, filed)| filed.record.repairs(id.as_str(), turn.now.ms()))
}

/// Whether a silence mutes an alert of this severity for staff.
pub(super) fn is_muted(state: &State, slot: &str, severity: u8, now: Timestamp) -> bool {
    state.desk.silences.iter().any(|(_, filed)| filed.record.mutes(slot, severity, now.ms()))
}

/// Ends what has come to its end, and the silences of what rose; it goes before anybody is told.
pub(in crate::watch) fn end_peace(turn: &mut Turn) {
    if turn.next.desk.silences.is_empty() {
        return;
    }
    let ends = |silence: &Silence| {
        if silence.until_ms <= turn.now.ms() {
            Some("until")
        } else if rose(turn, silence) {
            Some("level_rose")
        } else {
            None
        }
    };
    let papers = turn.next.desk.silences.iter().map(|(_, filed)| &filed.record);
    let over: Vec<(Silence, &str)> = papers.filter_map(|one| Some((one.clone(), ends(one)?))).collect();
    for (silence, why) in over {
        end(turn, silence, why, None);
    }
}

/// Files the end of a silence or a maintenance window. Who is still silent when the repair ends is told.
pub(super) fn end(
    turn: &mut Turn,
    mut silence: Silence,
    why: &str,
    by: Option<&crate::order::Order>,
) -> crate::order::Done {
    silence.ended = Some(why.to_owned());
    if let Peace::Maintenance { stations, from_ms, .. } = &silence.peace
        && *from_ms <= turn.now.ms()
    {
        turn.repaired.extend(stations.iter().cloned());
    }
    turn.file(|desk| &mut desk.silences, silence, by)
}

/// Whether one of the alerts that were known when it was made is worse now.
fn rose(turn: &Turn, silence: &Silence) -> bool {
    let Peace::Silence { seen, .. } = &silence.peace else { return false };
    turn.commit.transitions.iter().filter(|transition| transition.raised).any(|transition| {
        let slot = turn.plan.rules.slot(transition.slot);
        let known = slot.and_then(|slot| seen.get(slot.key()));
        known.is_some_and(|known| transition.severity.step() > *known)
    })
}

/// The next end.
pub(super) fn due(state: &State) -> Option<Timestamp> {
    state.desk.silences.iter().map(|(_, filed)| Timestamp::from_ms(filed.record.until_ms)).min()
}

/// A clock that was set back makes nothing longer than it was.
pub(super) fn stepped(turn: &mut Turn, by: Span) {
    if by >= Span::ZERO {
        return;
    }
    let papers: Vec<Silence> =
        turn.next.desk.silences.iter().map(|(_, filed)| filed.record.clone()).collect();
    for silence in papers {
        let until_ms = Timestamp::from_ms(silence.until_ms).plus(by).ms();
        turn.file(|desk| &mut desk.silences, Silence { until_ms, ..silence }, None);
    }
}

//! Escalation: a warning that nobody acknowledges in time goes to the one on duty, then along the roster,
//! then to the chief. Each step is a paper and a notice; nobody is called twice for the same level.

use std::collections::BTreeSet;

use rules::alert::AlertId;
use rules::bulletin::Notice;
use sensors::time::{Span, Timestamp};

use super::{close, notify_officers, open, peace, severity, when};
use crate::desk::duty::call::{About, Call, Called, Waiting};
use crate::desk::warning::Warning;
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

/// Calls begun in one decision at most; the most severe first, the others in the next.
const BEGUN_MAX: usize = 50;

pub(super) fn follow(turn: &mut Turn) {
    if turn.plan.duty.chain(turn.now, turn.plan.city.utc_offset_min).is_empty() {
        return;
    }
    for call in pressing(turn) {
        if let About::Warning(waiting) = &call.about {
            let waiting = waiting.clone();
            go_on(turn, call, waiting);
        }
    }
    begin(turn);
}

/// The calls with which something is to be done now.
fn pressing(turn: &Turn) -> Vec<Call> {
    let is_pressing = |waiting: &Waiting| {
        let warning = turn.next.desk.warnings.find(&waiting.warning).map(|filed| &filed.record);
        let waits = warning.is_some_and(|w| w.unacknowledged_since().is_some());
        let rose = warning.is_some_and(|w| w.severity > waiting.severity);
        !waits || rose || waiting.next_ms.is_some_and(|next| next <= turn.now.ms())
    };
    let calls = turn.next.desk.calls.iter().map(|(_, filed)| &filed.record);
    let pressing =
        calls.filter(|call| matches!(&call.about, About::Warning(waiting) if is_pressing(waiting)));
    pressing.cloned().collect()
}

/// The warnings for which somebody is being called.
fn called_for(state: &State) -> BTreeSet<&str> {
    let calls = state.desk.calls.iter().filter_map(|(_, filed)| match &filed.record.about {
        About::Warning(waiting) => Some(waiting.warning.as_str()),
        _ => None,
    });
    calls.collect()
}

/// Opens a call for every warning that waits and has none. It stands from the moment the warning began
/// to wait, so that a restart between the two loses no time.
fn begin(turn: &mut Turn) {
    let least = turn.plan.duty.calling.severity_min.step();
    let warnings = turn.next.desk.warnings.iter().map(|(_, filed)| &filed.record);
    let called_for = called_for(&turn.next);
    let mut new: Vec<Waiting> = warnings
        .filter(|warning| warning.severity >= least)
        .filter_map(|warning| Some((warning, warning.unacknowledged_since()?)))
        .filter(|(warning, _)| !called_for.contains(warning.id.as_str()))
        .map(|(warning, since)| Waiting {
            warning: warning.id.clone(),
            what: title_of(warning),
            severity: warning.severity,
            since_ms: since.ms(),
            called: Vec::new(),
            reminders: 0,
            next_ms: Some(since.plus(turn.plan.duty.calling.within(warning.severity)).ms()),
            taken_by: None,
        })
        .collect();
    new.sort_by_key(|waiting| std::cmp::Reverse(waiting.severity));
    for waiting in new.into_iter().take(BEGUN_MAX) {
        let id = format!("call.{}.s{}.{}", waiting.warning, waiting.severity, waiting.since_ms);
        let call = Call { id, about: About::Warning(waiting), ended: None };
        turn.file(|desk| &mut desk.calls, call.clone(), None);
        if let About::Warning(waiting) = call.about.clone() {
            go_on(turn, call, waiting);
        }
    }
}

/// Ends what was answered, and calls the next one where it is time.
fn go_on(turn: &mut Turn, call: Call, mut waiting: Waiting) {
    let warning = turn.next.desk.warnings.find(&waiting.warning).map(|filed| &filed.record);
    let waits = warning.filter(|warning| warning.unacknowledged_since().is_some());
    let Some(level) = waits.map(|warning| warning.severity) else {
        close(turn, call, "acknowledged", None);
        return;
    };
    if level > waiting.severity {
        // What was known is not what is: everybody is called anew, and an answer to less is no answer.
        close(turn, call, "overtaken", None);
        begin(turn);
        return;
    }
    if waiting.next_ms.is_none_or(|next| next > turn.now.ms()) || is_muted(&turn.next, turn.now, &waiting) {
        return;
    }
    let (chain, calling) = (chain(turn), turn.plan.duty.calling.clone());
    let called = |officer: &String| waiting.called.iter().any(|called| called.officer == *officer);
    let until = if let Some(officer) = chain.iter().find(|officer| !called(officer)).cloned() {
        tell(turn, &waiting, Some(&officer));
        waiting.called.push(Called { officer, at_ms: turn.now.ms() });
        Some(calling.within(waiting.severity))
    } else if waiting.reminders < calling.reminders_max {
        tell(turn, &waiting, None);
        waiting.reminders += 1;
        (waiting.reminders < calling.reminders_max).then_some(calling.remind_every)
    } else {
        None
    };
    // Counted from now: after a long stop nobody is called three times in one moment.
    waiting.next_ms = until.map(|span| turn.now.plus(span).ms());
    let call = Call { about: About::Warning(waiting), ..call };
    turn.file(|desk| &mut desk.calls, call, None);
}

fn chain(turn: &Turn) -> Vec<String> {
    let (duty, offset) = (&turn.plan.duty, turn.plan.city.utc_offset_min);
    duty.chain(turn.now, offset).into_iter().map(str::to_owned).collect()
}

/// A call to one officer, or a reminder to all who were called.
fn tell(turn: &mut Turn, waiting: &Waiting, officer: Option<&String>) {
    let since = when(turn, Timestamp::from_ms(waiting.since_ms));
    let called: Vec<String> = officer.map_or_else(
        || waiting.called.iter().map(|called| called.officer.clone()).collect(),
        |officer| vec![officer.clone()],
    );
    let nth = waiting.called.len() + waiting.reminders as usize;
    let name = officer
        .map(|id| turn.plan.officers.named(id).map_or_else(|| id.clone(), |officer| officer.name.clone()));
    let mut values =
        vec![("what", waiting.what.clone()), ("when", since), ("count", called.len().to_string())];
    values.extend(name.map(|name| ("who", name)));
    let notice = Notice {
        key: format!("call.{}.s{}.{}.{nth}", waiting.warning, waiting.severity, waiting.since_ms),
        alert: AlertId(waiting.warning.as_str().into()),
        severity: severity(waiting.severity),
        words: if officer.is_some() { "call" } else { "remind" },
        values,
    };
    notify_officers(turn, &notice, &called);
}

fn is_muted(state: &State, now: Timestamp, waiting: &Waiting) -> bool {
    let slot = state.desk.warnings.find(&waiting.warning).and_then(|filed| filed.record.slot.as_deref());
    slot.is_some_and(|slot| peace::is_muted(state, slot, waiting.severity, now))
}

fn title_of(warning: &Warning) -> String {
    let waits = warning.proposal.as_ref().map(|proposal| &proposal.texts);
    let said = warning.told.as_ref().map(|told| &told.said);
    let title = waits.or(said).and_then(|texts| Some(texts.first()?.title.clone()));
    title.unwrap_or_else(|| warning.id.clone())
}

/// The next moment at which somebody is called; a muted call waits for the end of its silence.
pub(super) fn due(state: &State) -> Option<Timestamp> {
    if state.plan.duty.posts.is_empty() && state.plan.duty.chief.is_none() {
        return None;
    }
    let moments = state.desk.calls.iter().filter_map(|(_, filed)| match &filed.record.about {
        About::Warning(waiting) => {
            let next = Timestamp::from_ms(waiting.next_ms?);
            (!is_muted(state, next, waiting)).then_some(next)
        }
        _ => None,
    });
    moments.min()
}

pub(super) fn stepped(turn: &mut Turn, by: Span) {
    for call in open(&turn.next) {
        if let About::Warning(waiting) = &call.about {
            let next_ms = waiting.next_ms.map(|ms| Timestamp::from_ms(ms).plus(by).ms());
            let waiting = Waiting { next_ms, ..waiting.clone() };
            let call = Call { about: About::Warning(waiting), ..call };
            turn.file(|desk| &mut desk.calls, call, None);
        }
    }
}

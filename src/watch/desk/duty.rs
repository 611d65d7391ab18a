//! The duty: who is called when nobody answers, who is left in peace, and how much people are told at once.
//!
//! The public is never silenced here: quiet hours delay what is least severe, and the bound of pushes
//! leaves out what says nothing worse than was said.

mod call;
mod limit;
mod order;
mod peace;
mod quiet;

use rules::bulletin::{Bulletin, Notice, compose_notice};
use rules::hazard::Severity;
use sensors::time::{Span, Timestamp};

use crate::desk::duty::Act;
use crate::desk::duty::call::{About, Call};
use crate::notify::outbox::{intend, intend_for};
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;
use crate::watch::tell;

pub(in crate::watch) use limit::within;
pub(in crate::watch) use peace::{end_peace, is_left_in_peace, is_repaired};
pub(in crate::watch) use quiet::delays;

pub(super) fn carry_out(turn: &mut Turn, order: &Order, act: &Act) -> Result<Done, Refusal> {
    order::carry_out(turn, order, act)
}

/// Tells officers: whoever is on duty over their own webhooks, and those that carry telemetry. The same
/// key is told once.
pub(in crate::watch) fn notify(turn: &mut Turn, notice: &Notice) {
    let on_duty = responsible(&turn.next, turn.now);
    notify_officers(turn, notice, &on_duty);
}

/// The same to these officers.
fn notify_officers(turn: &mut Turn, notice: &Notice, officers: &[String]) {
    let bulletin = compose_notice(notice, &turn.plan.phrases, turn.now, turn.next.exercise);
    if turn.next.sendings.knows(&bulletin.id) {
        return;
    }
    let duty = &turn.plan.duty;
    let hooks: Vec<String> = officers.iter().flat_map(|officer| duty.webhooks_of(officer)).cloned().collect();
    let mut deliveries = intend(&bulletin, &turn.plan.receivers);
    for delivery in intend_for(&bulletin, &turn.plan.receivers, &hooks) {
        if !deliveries.iter().any(|known| known.id == delivery.id) {
            deliveries.push(delivery);
        }
    }
    tell::publish(turn, bulletin, deliveries);
}

/// The officers who hold a post at `now`, and those who handed over to somebody who has not accepted yet.
pub(crate) fn responsible(state: &State, now: Timestamp) -> Vec<String> {
    let (duty, offset) = (&state.plan.duty, state.plan.city.utc_offset_min);
    let mut officers: Vec<String> = Vec::new();
    let holders = duty.posts.iter().filter_map(|post| post.holder(now, offset));
    let giving = state.desk.calls.iter().filter_map(|(_, filed)| match &filed.record.about {
        About::HandOver(given) => Some(given.from.as_str()),
        _ => None,
    });
    for officer in holders.chain(giving) {
        if !officers.iter().any(|known| known == officer) {
            officers.push(officer.to_owned());
        }
    }
    officers
}

pub(super) fn follow(turn: &mut Turn) {
    quiet::follow(turn);
    call::follow(turn);
    order::lapse(turn);
    limit::follow(turn);
}

pub(super) fn due(state: &State) -> Option<Timestamp> {
    let moments =
        [call::due(state), peace::due(state), quiet::due(state), order::due(state), limit::due(state)];
    moments.into_iter().flatten().min()
}

/// The running clock was set: who was to be called in ten minutes still is. The end of a silence was said
/// as an hour and stays, but none becomes longer than it was.
pub(in crate::watch) fn stepped(turn: &mut Turn, by: Span) {
    turn.next.sendings.step(by);
    call::stepped(turn, by);
    peace::stepped(turn, by);
}

/// The open papers of the duty, as they are now.
fn open(state: &State) -> Vec<Call> {
    state.desk.calls.iter().map(|(_, filed)| filed.record.clone()).collect()
}

fn close(turn: &mut Turn, mut call: Call, ended: &str, by: Option<&Order>) -> Done {
    call.ended = Some(ended.to_owned());
    turn.file(|desk| &mut desk.calls, call, by)
}

fn severity(step: u8) -> Severity {
    Severity::new(step).unwrap_or(Severity::MAX)
}

fn title(bulletin: &Bulletin) -> String {
    bulletin.texts.first().map(|text| text.title.clone()).unwrap_or_default()
}

/// A moment as officers read it.
fn when(turn: &Turn, at: Timestamp) -> String {
    let offset = turn.plan.city.utc_offset_min;
    turn.plan.phrases.languages.first().map_or_else(|| at.to_string(), |language| language.when(at, offset))
}

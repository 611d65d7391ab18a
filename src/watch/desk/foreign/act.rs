//! What officers do with other authorities' alerts: quote them, put them aside.
//!
//! A quotation goes the way of everything that is typed: checked whole, signed, approved by another one.

use crate::desk::foreign::{Act, Dismissal, Foreign, Frame, QUOTED_MAX, Standing, quoted};
use crate::desk::typed::{self, FIELD_MAX};
use crate::desk::warning::check::visible;
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::desk::{seen, typed as typing};

pub(in crate::watch::desk) fn carry_out(turn: &mut Turn, order: &Order, act: &Act) -> Result<Done, Refusal> {
    match act {
        Act::Quote { id, frame } => quote(turn, order, id, frame),
        Act::Dismiss { id, reason } => dismiss(turn, order, id, reason),
    }
}

fn refused<T>(why: String) -> Result<T, Refusal> {
    Err(Refusal::Desk { why })
}

fn quote(turn: &mut Turn, order: &Order, id: &str, frame: &Frame) -> Result<Done, Refusal> {
    let mut alert = seen(&turn.next.desk.foreign, id, order)?.record.clone();
    if let Some(why) = why_not(&alert, turn) {
        return refused(format!("{id} is not quoted: {why}"));
    }
    let open = alert.quoted_in.iter().find(|typed| turn.next.desk.typed.find(typed).is_some());
    if let Some(typed) = open {
        return refused(format!("{id} is quoted in {typed} already; update that one, or withdraw it"));
    }
    let fields = quoted(&alert, frame, &turn.plan.phrases, turn.now);
    // The officer has seen the alert; the bulletin is new.
    let typing_in = Order { if_match: None, ..order.clone() };
    let done = typing::carry_out(turn, &typing_in, &typed::Act::Type(Box::new(fields)))?;
    if let Done::Filed { id, .. } = &done {
        alert.quoted_in.truncate(QUOTED_MAX - 1);
        alert.quoted_in.insert(0, id.to_string());
        turn.file(|desk| &mut desk.foreign, alert, Some(order));
    }
    Ok(done)
}

/// Why nobody may be told of it.
fn why_not(alert: &Foreign, turn: &Turn) -> Option<String> {
    let meant = if turn.next.exercise { "Exercise" } else { "Actual" };
    if alert.status != "Actual" && alert.status != meant {
        return Some(format!("it is of status {}; allowed is {meant}", alert.status));
    }
    if !alert.is_public() {
        return Some(format!("it is of scope {}; allowed is what its issuer made public", alert.scope));
    }
    if let Some(dismissal) = &alert.dismissed {
        return Some(format!("{} put it aside: {}", dismissal.by, dismissal.reason));
    }
    if !alert.is_in_force(turn.now) {
        return Some("it is not in force; quote its issuer's newest word".to_owned());
    }
    None
}

fn dismiss(turn: &mut Turn, order: &Order, id: &str, reason: &str) -> Result<Done, Refusal> {
    let mut alert = seen(&turn.next.desk.foreign, id, order)?.record.clone();
    let letters = reason.chars().count();
    if reason.trim().is_empty() || letters > FIELD_MAX {
        return refused(format!("the reason has {letters} letters; allowed are 1 to {FIELD_MAX}"));
    }
    if let Err(why) = visible(reason) {
        return refused(format!("the reason {why}; write it without them"));
    }
    if !matches!(alert.standing, Standing::InForce | Standing::Contradiction | Standing::Backwards) {
        return refused(format!("{id} is over or put aside already; nothing is left to dismiss"));
    }
    if let Some(typed) = alert.quoted_in.iter().find(|typed| turn.next.desk.typed.find(typed).is_some()) {
        return refused(format!("{id} is quoted in {typed}; withdraw that bulletin first"));
    }
    alert.standing = Standing::Dismissed;
    let (by, at_ms) = (order.actor.to_string(), turn.now.ms());
    alert.dismissed = Some(Dismissal { by, at_ms, reason: reason.to_owned() });
    Ok(turn.file(|desk| &mut desk.foreign, alert, Some(order)))
}

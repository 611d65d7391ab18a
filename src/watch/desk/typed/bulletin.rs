//! Bulletins that officers type: proposed, typed anew, taken back, ended when their time has passed.

use rules::bulletin::Bulletin;
use sensors::time::Timestamp;

use super::{TYPED_MAX, id_of, issue, whole};
use crate::desk::typed::{Fields, Kind, Phase, Typed, check, check_reason, say, severity, zones};
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::desk::seen;
use crate::watch::snapshot::State;

pub(super) fn type_in(turn: &mut Turn, order: &Order, fields: &Fields) -> Result<Done, Refusal> {
    if turn.next.desk.typed.len() >= TYPED_MAX {
        let why = format!("{TYPED_MAX} typed bulletins are open, which is the most; withdraw what is over");
        return Err(Refusal::Desk { why });
    }
    let id = id_of("typed", turn, order);
    propose(turn, order, &id, fields, false)?;
    let (fields, typed_by) = (fields.clone(), order.actor.to_string());
    let typed = Typed { id, phase: Phase::Open, fields, typed_by, why: None };
    Ok(turn.file(|desk| &mut desk.typed, typed, Some(order)))
}

pub(super) fn retype(turn: &mut Turn, order: &Order, id: &str, fields: &Fields) -> Result<Done, Refusal> {
    let typed = seen(&turn.next.desk.typed, id, order)?.record.clone();
    if typed.fields.kind != fields.kind {
        let why = format!("{id} is of kind {}; withdraw it and type another one", typed.fields.kind.as_str());
        return Err(Refusal::Desk { why });
    }
    let updated = issue::was_told(turn, id);
    propose(turn, order, id, fields, updated)?;
    let typed = Typed { fields: fields.clone(), typed_by: order.actor.to_string(), ..typed };
    Ok(turn.file(|desk| &mut desk.typed, typed, Some(order)))
}

pub(super) fn withdraw(turn: &mut Turn, order: &Order, id: &str, reason: &str) -> Result<Done, Refusal> {
    let typed = seen(&turn.next.desk.typed, id, order)?.record.clone();
    whole(&check_reason(reason))?;
    issue::take_back(turn, order, id, reason)?;
    let typed = Typed { phase: Phase::Withdrawn, why: Some(reason.to_owned()), ..typed };
    Ok(turn.file(|desk| &mut desk.typed, typed, Some(order)))
}

fn propose(turn: &mut Turn, order: &Order, id: &str, fields: &Fields, updated: bool) -> Result<(), Refusal> {
    let plan = &turn.plan;
    whole(&check(fields, &plan.city, &plan.phrases, turn.now))?;
    let policy = plan.officers.lets_out(fields.kind.as_str());
    let said = say(fields, &plan.city, updated);
    let bulletin = Bulletin {
        severity: severity(fields, &plan.rules),
        zones: zones(fields, &plan.city),
        ..issue::blank(turn, id, crate::desk::typed::hazard(fields), &said)
    };
    issue::propose(turn, bulletin, fields.kind.as_str(), policy, order)
}

/// Until when it holds.
fn ends_at(fields: &Fields) -> Timestamp {
    let until = if fields.kind == Kind::SchoolClosing {
        fields.valid_until.or(fields.until)
    } else {
        fields.valid_until
    };
    until.map_or(Timestamp::MAX, |until| until.0)
}

pub(super) fn follow(turn: &mut Turn) {
    let open = turn.next.desk.typed.iter().map(|(_, filed)| &filed.record);
    let over: Vec<Typed> = open.filter(|typed| ends_at(&typed.fields) <= turn.now).cloned().collect();
    // Declined, cancelled or all-cleared on its warning: nothing of it is left to say.
    let closed: Vec<Typed> = turn
        .next
        .desk
        .typed
        .iter()
        .map(|(_, filed)| filed.record.clone())
        .filter(|typed| ends_at(&typed.fields) > turn.now && issue::is_closed(turn, &typed.id))
        .collect();
    for typed in closed {
        let why = Some("its warning was closed".to_owned());
        issue::end(turn, &typed.id, None, "closed");
        turn.file(|desk| &mut desk.typed, Typed { phase: Phase::Withdrawn, why, ..typed }, None);
    }
    for typed in over {
        issue::end(turn, &typed.id, None, "its time has passed");
        turn.file(|desk| &mut desk.typed, Typed { phase: Phase::Ended, ..typed }, None);
    }
}

pub(super) fn due(state: &State) -> Option<Timestamp> {
    state.desk.typed.iter().map(|(_, filed)| ends_at(&filed.record.fields)).min()
}

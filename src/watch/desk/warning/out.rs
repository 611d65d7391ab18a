//! A warning goes out: its bulletin, its deliveries, what was told, and its next version, in one commit.

use std::sync::Arc;

use rules::alert::{AlertId, Transition};
use rules::bulletin::{Act, Author, Bulletin, BulletinId, Statement, complete, state};
use rules::hazard::Severity;
use rules::reason::Sent;
use rules::rule::NONE;

use super::life::heard;
use super::{in_order, next_version, papers, text_of, zone_ids};
use crate::desk::warning::{Phase, Proposal, Warning};
use crate::notify::outbox::intend;
use crate::order::{Done, Order};
use crate::watch::decide::Turn;
use crate::watch::tell;

/// What goes out.
pub(super) struct Out {
    pub(super) bulletin: Bulletin,
    /// Where each ward is to read its own name.
    pub(super) transition: Option<Transition>,
    /// The level that people are told of.
    pub(super) level: String,
    /// What the paper calls it.
    pub(super) step: &'static str,
    pub(super) why: Option<String>,
}

/// The bulletin that waits, as it goes out.
pub(super) fn of_proposal(turn: &Turn, warning: &Warning, proposal: &Proposal) -> Bulletin {
    let alert = AlertId(warning.id.as_str().into());
    let sent = turn.next.told.of(&alert).filter(|sent| sent.level != NONE);
    Bulletin {
        id: BulletinId("".into()),
        hazard: warning.hazard(),
        act: if sent.is_some() || is_told(warning) { Act::Raised } else { Act::Issued },
        severity: severity(proposal.severity),
        severity_max: severity(proposal.severity_max),
        zones: in_order(&turn.plan, &zone_ids(&proposal.zones)),
        at: turn.now,
        automatic: true,
        author: Author::Rule,
        texts: proposal.texts.iter().map(text_of).collect(),
        alert,
    }
}

/// Whether people were told of it, and not that it is over.
fn is_told(warning: &Warning) -> bool {
    matches!(warning.phase, Phase::Issued | Phase::Updated)
}

/// A step from 1 to 5.
pub(super) fn severity(step: u8) -> Severity {
    Severity::new(step).unwrap_or(Severity::MAX)
}

/// Lets it out, with everything that waits to go out with it.
pub(super) fn let_out(turn: &mut Turn, mut warning: Warning, out: Out, order: Option<&Order>) -> Done {
    let Out { mut bulletin, transition, level, step, why } = out;
    let plan = Arc::clone(&turn.plan);
    bulletin.id = BulletinId(format!("{}.v{}", warning.id, next_version(turn, &warning.id)).into());
    (bulletin.at, bulletin.automatic) = (turn.now, true);
    let at = (turn.now, turn.next.exercise);
    complete(&mut bulletin.texts, &bulletin.zones, &plan.city, &plan.phrases, at);
    let worst = warning.told.as_ref().map_or(bulletin.severity_max, |told| severity(told.severity_max));
    bulletin.severity_max = bulletin.severity_max.max(worst);
    let is_over = level == NONE;
    note(turn, &warning, &bulletin, &level);
    let mut deliveries = intend(&bulletin, &plan.receivers);
    if let Some(transition) = &transition {
        tell::name_wards(turn, transition, &mut deliveries);
    }
    tell::publish(turn, bulletin.clone(), deliveries);
    heard(&mut warning, &bulletin, is_over, turn.now);
    warning.step(step, order.map(|order| order.actor.as_str()), turn.now, why);
    let id = warning.id.clone();
    let done = turn.file(|desk| &mut desk.warnings, warning, order);
    with(turn, &id, &bulletin);
    done
}

/// What people know of the episode from now on.
fn note(turn: &mut Turn, warning: &Warning, bulletin: &Bulletin, level: &str) {
    if warning.slot.is_none() {
        return;
    }
    let alert = AlertId(warning.id.as_str().into());
    let mut zones = bulletin.zones.clone();
    zones.extend(turn.next.told.of(&alert).into_iter().flat_map(|sent| sent.zones.clone()));
    zones.sort();
    zones.dedup();
    tell::note(turn, &alert, Sent { level: level.to_owned(), severity: bulletin.severity, zones });
}

/// Those that waited to go out with it are told with it.
fn with(turn: &mut Turn, id: &str, bulletin: &Bulletin) {
    let joins = |other: &Warning| other.proposal.as_ref().is_some_and(|p| p.joins.as_deref() == Some(id));
    for mut other in papers(turn, joins) {
        let Some(proposal) = other.proposal.clone() else { continue };
        let severity = severity(proposal.severity);
        let theirs = Bulletin { severity, severity_max: severity, ..bulletin.clone() };
        note(turn, &other, &theirs, &proposal.level);
        heard(&mut other, &theirs, false, turn.now);
        other.proposal = None;
        other.promote(proposal.severity);
        other.step("joined", None, turn.now, Some(id.to_owned()));
        turn.file(|desk| &mut desk.warnings, other, None);
    }
}

/// Says of a warning that it is over, or was an error, to everybody who was told in its whole life.
pub(super) fn close(turn: &mut Turn, mut warning: Warning, act: Act, why: &str, order: &Order) -> Done {
    let plan = Arc::clone(&turn.plan);
    let told = warning.told.clone().unwrap_or_default();
    let (words, step) =
        if act == Act::AllClear { ("all_clear", "all_clear") } else { ("cancelled", "cancelled") };
    let said: Vec<_> = told.said.iter().map(text_of).collect();
    let zones = in_order(&plan, &zone_ids(&told.zones));
    let statement = Statement { words, said: &said, at: turn.now, exercise: turn.next.exercise };
    let mut stated = state(&statement, &zones, &plan.city, &plan.phrases);
    stated.retain(|text| told.langs.contains(&text.lang.0.to_string()));
    let bulletin = Bulletin {
        id: BulletinId(format!("{}.v{}", warning.id, next_version(turn, &warning.id)).into()),
        alert: AlertId(warning.id.as_str().into()),
        hazard: warning.hazard(),
        act,
        severity: warning.severity(),
        severity_max: severity(told.severity_max),
        zones,
        at: turn.now,
        automatic: true,
        author: Author::Officer(order.actor.as_str().into()),
        texts: stated,
    };
    let mut deliveries = intend(&bulletin, &plan.receivers);
    for delivery in &mut deliveries {
        let Some(zone) = delivery.zone.clone() else { continue };
        let local = state(&statement, std::slice::from_ref(&zone), &plan.city, &plan.phrases);
        if let Some(text) = local.into_iter().find(|text| text.lang == delivery.lang) {
            (delivery.title, delivery.body) = (text.title, text.body);
        }
    }
    let alert = bulletin.alert.clone();
    if turn.next.told.of(&alert).is_some() {
        tell::note(
            turn,
            &alert,
            Sent { level: NONE.to_owned(), severity: bulletin.severity, zones: Vec::new() },
        );
    }
    tell::publish(turn, bulletin.clone(), deliveries);
    heard(&mut warning, &bulletin, true, turn.now);
    (warning.proposal, warning.doubt, warning.unacknowledged_ms) = (None, None, None);
    warning.step(step, Some(order.actor.as_str()), turn.now, Some(why.to_owned()));
    turn.file(|desk| &mut desk.warnings, warning, Some(order))
}

//! A warning goes out: its bulletin, its deliveries, what was told, and its next version, in one commit.

use std::sync::Arc;

use rules::alert::{AlertId, Transition};
use rules::bulletin::{Act, Author, Bulletin, BulletinId, Text, fill_missing, place_anew};
use rules::hazard::Severity;
use rules::reason::Sent;
use rules::rule::NONE;

use super::life::heard;
use super::{in_order, next_version, papers, text_of, zone_ids};
use crate::desk::warning::{Phase, Proposal, Warning};
use crate::notify::delivery::Delivery;
use crate::notify::outbox::intend;
use crate::order::{Done, Order};
use crate::watch::decide::Turn;
use crate::watch::tell;

/// What goes out.
pub(super) struct Out {
    pub(super) bulletin: Bulletin,
    /// Where each ward is to read its own name.
    pub(super) transition: Option<Transition>,
    /// Languages whose push an officer wrote: every ward reads it as it was written.
    pub(super) own: Vec<String>,
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
        act: match (sent.is_some() || is_told(warning), &warning.slot) {
            (false, _) => Act::Issued,
            (true, Some(_)) => Act::Raised,
            // What was typed anew says something else; that is no higher level.
            (true, None) => Act::Updated,
        },
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
    let Out { mut bulletin, transition, own, level, step, why } = out;
    let plan = Arc::clone(&turn.plan);
    bulletin.id = BulletinId(format!("{}.v{}", warning.id, next_version(turn, &warning.id)).into());
    (bulletin.at, bulletin.automatic) = (turn.now, true);
    complete(turn, &mut bulletin);
    let worst = warning.told.as_ref().map_or(bulletin.severity_max, |told| severity(told.severity_max));
    bulletin.severity_max = bulletin.severity_max.max(worst);
    let is_over = level == NONE;
    note(turn, &warning, &bulletin, &level);
    let mut deliveries = intend(&bulletin, &plan.receivers);
    match &transition {
        Some(transition) => tell::name_wards(turn, transition, &mut deliveries),
        None => name_each(turn, &bulletin, &own, &mut deliveries),
    }
    tell::publish(turn, bulletin.clone(), deliveries);
    heard(&mut warning, &bulletin, is_over, turn.now);
    warning.step(step, order.map(|order| order.actor.as_str()), turn.now, why);
    let id = warning.id.clone();
    let done = turn.file(|desk| &mut desk.warnings, warning, order);
    with(turn, &id, &bulletin);
    done
}

/// A language in which nobody wrote anything gets the approved text, the city's first language first.
pub(super) fn complete(turn: &Turn, bulletin: &mut Bulletin) {
    let plan = &turn.plan;
    bulletin.texts.retain(|text| !(text.title.trim().is_empty() || text.body.trim().is_empty()));
    bulletin.at = turn.now;
    fill_missing(bulletin, &plan.city, &plan.phrases, turn.next.exercise);
    let order = |text: &Text| plan.phrases.languages.iter().position(|language| language.lang == text.lang);
    bulletin.texts.sort_by_key(|text| order(text).unwrap_or(usize::MAX));
}

/// Each ward reads its own name where the text was composed, and not how many wards are meant.
fn name_each(turn: &Turn, bulletin: &Bulletin, own: &[String], deliveries: &mut [Delivery]) {
    let plan = &turn.plan;
    for delivery in deliveries.iter_mut().filter(|delivery| own.iter().all(|lang| **lang != *delivery.lang.0))
    {
        let Some(zone) = &delivery.zone else { continue };
        let (title, body) = (delivery.title.clone(), delivery.body.clone());
        let mut text = Text::push(delivery.lang.clone(), title, body);
        place_anew(&mut text, &bulletin.zones, std::slice::from_ref(zone), &plan.city, &plan.phrases);
        (delivery.title, delivery.body) = (text.title, text.body);
    }
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
        let is_heard = |zone: &String| bulletin.zones.iter().any(|told| told.as_str() == zone);
        // What said less, or to fewer wards, did not speak for it.
        if severity > bulletin.severity || !proposal.zones.iter().all(is_heard) {
            continue;
        }
        let theirs = Bulletin { severity, severity_max: severity, ..bulletin.clone() };
        note(turn, &other, &theirs, &proposal.level);
        heard(&mut other, &theirs, false, turn.now);
        other.proposal = None;
        other.promote(proposal.severity);
        other.step("joined", None, turn.now, Some(id.to_owned()));
        turn.file(|desk| &mut desk.warnings, other, None);
    }
}

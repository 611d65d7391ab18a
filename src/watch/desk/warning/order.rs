//! What officers order about a warning. Whoever comes second hears who was first, and with what.

use std::collections::BTreeMap;

use rules::alert::AlertId;
use rules::bulletin::{Act as Deed, Author};
use rules::rule::NONE;
use sensors::time::Timestamp;

use super::life::inherit;
use super::out::{self, Out};
use super::preflight::{Verdict, preflight};
use super::{alert_of, close, edit, fuse, in_order, names, paper, settle, words_of, zone_ids};
use crate::desk::warning::{
    ACKNOWLEDGED_MAX, Acknowledged, Act, COMMENTS_MAX, Comment, EXTENSION_MAX_S, Phase, Warning, Words, check,
};
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::desk::seen;
use crate::watch::snapshot::Plan;

/// Carries an order about a warning out.
pub(in crate::watch::desk) fn carry_out(turn: &mut Turn, order: &Order, act: &Act) -> Result<Done, Refusal> {
    let filed = seen(&turn.next.desk.warnings, act.id(), order);
    let filed = filed.map_err(|refusal| told_what(turn, act.id(), refusal))?;
    let (warning, version) = (filed.record.clone(), filed.version);
    match act {
        Act::Approve { zones, texts, .. } => approve(turn, warning, order, zones.as_deref(), texts),
        Act::Decline { reason, .. } => decline(turn, warning, order, reason),
        Act::Extend { by_s, reason, .. } => extend(turn, warning, order, *by_s, reason),
        Act::Acknowledge { .. } => Ok(acknowledge(turn, warning, order, version)),
        Act::Assign { to, .. } => assign(turn, warning, order, to.as_deref()),
        Act::Comment { text, .. } => comment(turn, warning, order, text),
        Act::Update { zones, texts, .. } => update(turn, warning, order, zones.as_deref(), texts),
        Act::AllClear { preflight, despite, reason, .. } => {
            all_clear(turn, warning, order, preflight, despite, reason)
        }
        Act::Cancel { reason, .. } => cancel(turn, warning, order, reason),
        Act::Supersede { with, .. } => supersede(turn, warning, order, with),
    }
}

fn refused(why: impl Into<String>) -> Refusal {
    Refusal::Desk { why: why.into() }
}

/// Whoever was too late hears what the other one did.
fn told_what(turn: &Turn, id: &str, refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Stale { given, current, by, at } => {
            let warning = turn.next.desk.warnings.find(id).map(|filed| &filed.record);
            let what = warning.and_then(Warning::last_step).map(|step| format!("{by} ({})", step.what));
            Refusal::Stale { given, current, by: what.unwrap_or(by), at }
        }
        other => other,
    }
}

/// What stands against an order about something that waits, where nothing does.
fn nothing_waits(warning: &Warning) -> Refusal {
    let last = warning.last_step().map_or_else(String::new, |step| {
        let at = Timestamp::from_ms(step.at_ms);
        format!("; {} by {} at {at}", step.what, step.by.as_deref().unwrap_or("the clock"))
    });
    let phase = warning.phase.as_str();
    refused(format!("nothing of {} waits: it is {phase}{last}; look at it again", warning.id))
}

fn zones_of(plan: &Plan, zones: &[String]) -> Result<Vec<String>, Refusal> {
    let ids = zone_ids(zones);
    if let Some(strange) = ids.iter().find(|id| plan.city.zone(id).is_none()) {
        return Err(refused(format!("{strange} is no zone of the city; zones.toml lists them")));
    }
    if ids.is_empty() {
        return Err(refused(
            "no zone is named, and nobody is never everybody; name the wards that it goes to",
        ));
    }
    Ok(names(&in_order(plan, &ids)))
}

fn checked(plan: &Plan, texts: &[Words]) -> Result<(), Refusal> {
    let langs: Vec<&str> = plan.phrases.languages.iter().map(|language| &*language.lang.0).collect();
    match check::texts(texts, &langs).first() {
        Some((field, why)) => Err(refused(format!("{field} {why}"))),
        None => Ok(()),
    }
}

fn remark(what: &str, text: &str) -> Result<(), Refusal> {
    check::remark(text).map_err(|why| refused(format!("{what} {why}")))
}

fn approve(
    turn: &mut Turn,
    mut warning: Warning,
    order: &Order,
    zones: Option<&[String]>,
    texts: &[Words],
) -> Result<Done, Refusal> {
    let Some(mut proposal) = warning.proposal.clone() else { return Err(nothing_waits(&warning)) };
    checked(&turn.plan, texts)?;
    let was = zone_ids(&proposal.zones);
    proposal.zones = zones_of(&turn.plan, zones.unwrap_or(&proposal.zones))?;
    let mut bulletin = out::of_proposal(turn, &warning, &proposal);
    bulletin.author = Author::Officer(order.actor.as_str().into());
    edit::moved(turn, &mut bulletin, &was, &proposal.written);
    edit::signed(turn, &mut bulletin, order.actor.as_str(), &proposal.written, warning.slot.is_none());
    edit::written(turn, &mut bulletin, texts)?;
    edit::note(&mut proposal.written, texts);
    if bulletin.act == Deed::Updated {
        warning.proposal = None;
        warning.promote(proposal.severity);
    }
    let (own, why) = (edit::own(&proposal), order.note.clone());
    let out = Out { bulletin, transition: None, own, level: proposal.level, step: "approved", why };
    Ok(out::let_out(turn, warning, out, Some(order)))
}

fn decline(turn: &mut Turn, mut warning: Warning, order: &Order, reason: &str) -> Result<Done, Refusal> {
    if warning.proposal.is_none() {
        return Err(nothing_waits(&warning));
    }
    remark("the reason", reason)?;
    warning.proposal = None;
    warning.unacknowledged_ms = None;
    warning.promote(0);
    settle::rest(&mut warning, Phase::Declined);
    let id = warning.id.clone();
    let done = file(turn, warning, order, "declined", Some(reason));
    settle::part(turn, &id);
    Ok(done)
}

fn extend(
    turn: &mut Turn,
    mut warning: Warning,
    order: &Order,
    by_s: i64,
    reason: &str,
) -> Result<Done, Refusal> {
    remark("the reason", reason)?;
    let Some(proposal) = warning.proposal.as_mut() else { return Err(nothing_waits(&warning)) };
    let Some(fuse_ms) = fuse::extended(proposal, by_s) else {
        return Err(refused("it has no fuse; it waits until an officer decides"));
    };
    let left = EXTENSION_MAX_S - proposal.extended_s;
    if by_s < 1 || by_s > left {
        return Err(refused(format!(
            "by_s is {by_s}; the fuse may be put off by 1 to {left} s more, {EXTENSION_MAX_S} s in all"
        )));
    }
    proposal.extended_s += by_s;
    proposal.fuse_ms = Some(fuse_ms);
    Ok(file(turn, warning, order, "extended", Some(reason)))
}

fn acknowledge(turn: &mut Turn, mut warning: Warning, order: &Order, version: u64) -> Done {
    let by = order.actor.as_str();
    if warning.acknowledged.iter().any(|seen| seen.by == by) {
        let (kind, id) = (crate::desk::paper::Kind::Warning, warning.id.as_str().into());
        return Done::Filed { kind, id, version };
    }
    if warning.acknowledged.len() >= ACKNOWLEDGED_MAX {
        warning.acknowledged.remove(1);
    }
    warning.acknowledged.push(Acknowledged { by: by.to_owned(), at_ms: turn.now.ms() });
    warning.unacknowledged_ms = None;
    file(turn, warning, order, "acknowledged", None)
}

fn assign(turn: &mut Turn, mut warning: Warning, order: &Order, to: Option<&str>) -> Result<Done, Refusal> {
    if let Some(strange) = to.filter(|id| turn.plan.officers.named(id).is_none()) {
        return Err(refused(format!("{strange} is nobody of officers.toml; assign it to one of them")));
    }
    warning.assigned = to.map(str::to_owned);
    Ok(file(turn, warning, order, "assigned", to))
}

fn comment(turn: &mut Turn, mut warning: Warning, order: &Order, text: &str) -> Result<Done, Refusal> {
    remark("the comment", text)?;
    if warning.comments.len() >= COMMENTS_MAX {
        return Err(refused(format!("it has {COMMENTS_MAX} comments, and takes no more")));
    }
    let by = order.actor.as_str().to_owned();
    warning.comments.push(Comment { by, at_ms: turn.now.ms(), text: text.to_owned() });
    Ok(file(turn, warning, order, "commented", None))
}

fn update(
    turn: &mut Turn,
    mut warning: Warning,
    order: &Order,
    zones: Option<&[String]>,
    texts: &[Words],
) -> Result<Done, Refusal> {
    if zones.is_none() && texts.is_empty() {
        return Err(refused("neither zones nor texts are named; say what is to be changed"));
    }
    checked(&turn.plan, texts)?;
    let zones = zones.map(|zones| zones_of(&turn.plan, zones)).transpose()?;
    if let Some(mut proposal) = warning.proposal.clone() {
        let was = zone_ids(&proposal.zones);
        proposal.zones = zones.unwrap_or_else(|| proposal.zones.clone());
        let mut bulletin = out::of_proposal(turn, &warning, &proposal);
        edit::moved(turn, &mut bulletin, &was, &proposal.written);
        edit::written(turn, &mut bulletin, texts)?;
        edit::note(&mut proposal.written, texts);
        proposal.texts = bulletin.texts.iter().map(words_of).collect();
        proposal.edited = true;
        warning.proposal = Some(proposal);
        return Ok(file(turn, warning, order, "edited", order.note.as_deref()));
    }
    let Some(told) = warning.told.clone().filter(|_| matches!(warning.phase, Phase::Issued | Phase::Updated))
    else {
        let phase = warning.phase.as_str();
        return Err(refused(format!(
            "{} is {phase}; only what waits or is in force can be updated",
            warning.id
        )));
    };
    let was = zone_ids(&told.zones);
    let mut proposal = said_again(&warning, told.said, told.severity_max);
    proposal.zones = told.zones.into_iter().chain(zones.unwrap_or_default()).collect();
    let mut bulletin = out::of_proposal(turn, &warning, &proposal);
    (bulletin.act, bulletin.author) = (Deed::Updated, Author::Officer(order.actor.as_str().into()));
    edit::moved(turn, &mut bulletin, &was, &[]);
    edit::signed(turn, &mut bulletin, order.actor.as_str(), &[], warning.slot.is_none());
    edit::written(turn, &mut bulletin, texts)?;
    edit::note(&mut proposal.written, texts);
    let known = turn.next.told.of(&AlertId(warning.id.as_str().into())).map(|sent| sent.level.clone());
    let level = known.unwrap_or_else(|| warning.level.clone());
    let (own, why) = (edit::own(&proposal), order.note.clone());
    let out = Out { bulletin, transition: None, own, level, step: "updated", why };
    Ok(out::let_out(turn, warning, out, Some(order)))
}

fn said_again(warning: &Warning, texts: Vec<Words>, severity_max: u8) -> crate::desk::warning::Proposal {
    crate::desk::warning::Proposal {
        bulletin: String::new(),
        level: warning.level.clone(),
        severity: warning.severity,
        severity_max,
        zones: Vec::new(),
        texts,
        corroborated: true,
        since_ms: warning.began_ms,
        fuse_ms: None,
        extended_s: 0,
        joins: None,
        edited: true,
        written: Vec::new(),
    }
}

fn all_clear(
    turn: &mut Turn,
    warning: Warning,
    order: &Order,
    version: &str,
    despite: &BTreeMap<String, String>,
    reason: &str,
) -> Result<Done, Refusal> {
    remark("the reason", reason)?;
    if warning.proposal.is_some() {
        return Err(refused("something of it waits for a signature; approve or decline that first"));
    }
    if warning.told.is_none() || warning.phase.is_over() {
        let phase = warning.phase.as_str();
        return Err(refused(format!("{} is {phase}; there is nothing to give an all-clear for", warning.id)));
    }
    let level = alert_of(&turn.next, &turn.plan, &warning)
        .filter(|(_, _, alert)| alert.level > 0)
        .map(|(_, slot, alert)| slot.level_name(alert.level).to_owned());
    if let Some(level) = level {
        return Err(refused(format!("its condition is true, the level is {level}; wait until it has eased")));
    }
    let flight = preflight(&turn.next, turn.now, &warning);
    if flight.version != version {
        return Err(refused(format!(
            "the checks are {} now, not {version:?}; look at the preflight again",
            flight.version
        )));
    }
    for check in flight.checks.iter().filter(|check| check.verdict != Verdict::Ok) {
        let Some(why) = despite.get(check.name) else {
            return Err(refused(format!(
                "the check {} is {}; give a reason for it in despite, or wait",
                check.name,
                check.verdict.as_str()
            )));
        };
        remark(&format!("the reason despite {}", check.name), why)?;
    }
    let known = |name: &&String| flight.checks.iter().any(|check| check.name == *name);
    if let Some(strange) = despite.keys().find(|name| !known(name)) {
        return Err(refused(format!("despite names {strange:?}, which is no check of the preflight")));
    }
    let told = despite.iter().map(|(name, why)| format!("; despite {name}: {why}"));
    let why = format!("{reason}{}", told.collect::<String>());
    close::close(turn, warning, Deed::AllClear, (reason, &why), order)
}

fn cancel(turn: &mut Turn, warning: Warning, order: &Order, reason: &str) -> Result<Done, Refusal> {
    remark("the reason", reason)?;
    if warning.told.is_none() {
        return Err(refused("nobody was told of it; decline it, there is nobody to correct it to"));
    }
    if warning.phase == Phase::Cancelled {
        return Err(refused(format!("{} was cancelled already; the correction went out once", warning.id)));
    }
    let id = warning.id.clone();
    let done = close::close(turn, warning, Deed::Cancelled, (reason, reason), order)?;
    settle::part(turn, &id);
    Ok(done)
}

fn supersede(turn: &mut Turn, mut warning: Warning, order: &Order, with: &str) -> Result<Done, Refusal> {
    let other = paper(turn, with).filter(|other| other.id != warning.id && !other.phase.is_over());
    let Some(mut other) = other else {
        return Err(refused(format!("{with:?} is no other open warning that could speak in its place")));
    };
    if other.hazard != warning.hazard {
        let (theirs, own) = (&other.hazard, &warning.hazard);
        return Err(refused(format!(
            "{with} is about {theirs}, this is about {own}; neither speaks for the other"
        )));
    }
    if warning.told.is_some() && (other.told.is_none() || other.level == NONE && other.slot.is_some()) {
        return Err(refused(format!("people were told of this and not of {with}; let that out first")));
    }
    inherit(&mut other, &warning);
    other.step("speaks_for", Some(order.actor.as_str()), turn.now, Some(warning.id.clone()));
    turn.file(|desk| &mut desk.warnings, other, Some(order));
    (warning.proposal, warning.doubt, warning.unacknowledged_ms) = (None, None, None);
    warning.phase = Phase::Superseded;
    warning.superseded_by = Some(with.to_owned());
    let id = warning.id.clone();
    let done = file(turn, warning, order, "superseded", Some(with));
    settle::part(turn, &id);
    Ok(done)
}

fn file(turn: &mut Turn, mut warning: Warning, order: &Order, what: &str, why: Option<&str>) -> Done {
    warning.step(what, Some(order.actor.as_str()), turn.now, why.map(str::to_owned));
    turn.file(|desk| &mut desk.warnings, warning, Some(order))
}

//! What the rules do to a warning: each change of an alert becomes a version of its paper.

use rules::alert::Transition;
use rules::bulletin::{Act, Bulletin};
use rules::rule::{IssuePolicy, NONE};
use sensors::time::Timestamp;

use super::{alert_of, names, notice, paper, papers, words_of};
use crate::desk::warning::{Audience, BULLETINS_MAX, Phase, Proposal, Warning};
use crate::watch::decide::Turn;
use crate::watch::tell;

/// A change that an officer, or the fuse, lets out.
pub(in crate::watch) fn proposed(turn: &mut Turn, transition: &Transition, bulletin: Bulletin) {
    let mut warning = paper_of(turn, transition);
    let fuse = match transition.issue {
        // What only suspect readings made never goes out by itself (warning.md 4).
        _ if !transition.corroborated => None,
        IssuePolicy::OfficerWithin(span) => Some(turn.now.plus(span)),
        IssuePolicy::Automatic => Some(turn.now),
        IssuePolicy::Officer => None,
    };
    wait(turn, &mut warning, &bulletin, &transition.to, transition.corroborated, fuse);
    tell::publish(turn, bulletin, Vec::new());
    turn.file(|desk| &mut desk.warnings, warning, None);
}

/// Lays a bulletin before the officers, and tells them.
pub(super) fn wait(
    turn: &mut Turn,
    warning: &mut Warning,
    bulletin: &Bulletin,
    level: &str,
    corroborated: bool,
    fuse: Option<Timestamp>,
) {
    let before = warning.proposal.take();
    // A fuse that burns is not put off by a rise.
    let burning = before.as_ref().and_then(|before| before.fuse_ms).map(Timestamp::from_ms);
    let fuse = [fuse, burning.filter(|_| corroborated)].into_iter().flatten().min();
    let is_news = before.as_ref().is_none_or(|before| before.severity < bulletin.severity.step());
    let mut proposal = Proposal {
        bulletin: bulletin.id.to_string(),
        level: level.to_owned(),
        severity: bulletin.severity.step(),
        severity_max: bulletin.severity_max.step(),
        zones: names(&bulletin.zones),
        texts: bulletin.texts.iter().map(words_of).collect(),
        corroborated,
        since_ms: turn.now.ms(),
        fuse_ms: fuse.map(Timestamp::ms),
        extended_s: before.as_ref().map_or(0, |before| before.extended_s),
        joins: None,
        edited: false,
        written: Vec::new(),
    };
    match before {
        // A doubt never takes the place of what is sure, nor puts out its fuse.
        Some(sure) if sure.corroborated && !corroborated => {
            warning.doubt = Some(proposal.clone());
            warning.proposal = Some(proposal);
            notice::waits(turn, warning);
            warning.proposal = Some(sure);
            warning.step("doubted", None, turn.now, Some(level.to_owned()));
            return unseen(warning, turn.now);
        }
        Some(doubt) if !doubt.corroborated && corroborated && doubt.severity > proposal.severity => {
            warning.doubt = Some(doubt);
        }
        _ => {}
    }
    let group = beside(turn, warning, &proposal);
    proposal.joins = group.iter().find(|other| speaks_before(other, &proposal)).map(|other| other.id.clone());
    for mut other in group {
        let is_covered = other.proposal.as_ref().is_some_and(|theirs| proposal.says_all_of(theirs));
        if proposal.joins.is_none() && is_covered {
            if let Some(theirs) = &mut other.proposal {
                theirs.joins = Some(warning.id.clone());
            }
            other.step("joined", None, turn.now, Some(warning.id.clone()));
            turn.file(|desk| &mut desk.warnings, other, None);
        }
    }
    let joins = proposal.joins.clone();
    warning.proposal = Some(proposal);
    warning.lapsed = false;
    if warning.phase.is_over() {
        warning.phase = Phase::Proposed;
    }
    warning.step(if joins.is_some() { "joined" } else { "proposed" }, None, turn.now, joins.clone());
    if is_news {
        unseen(warning, turn.now);
    }
    if joins.is_none() && is_news {
        notice::waits(turn, warning);
    }
}

/// Others that wait for the same hazard and the same zones. What officers typed says what only it says,
/// and waits by itself.
fn beside(turn: &Turn, warning: &Warning, proposal: &Proposal) -> Vec<Warning> {
    if warning.slot.is_none() {
        return Vec::new();
    }
    papers(turn, |other| {
        other.id != warning.id
            && other.slot.is_some()
            && other.hazard == warning.hazard
            && other.proposal.as_ref().is_some_and(|theirs| {
                theirs.zones == proposal.zones
                    && theirs.corroborated == proposal.corroborated
                    && theirs.joins.as_ref().is_none_or(|with| *with == warning.id)
            })
    })
}

/// Whether what waits already is at least as severe.
fn speaks_before(other: &Warning, proposal: &Proposal) -> bool {
    other
        .proposal
        .as_ref()
        .is_some_and(|theirs| theirs.joins.is_none() && theirs.severity >= proposal.severity)
}

/// A bulletin of it went out by itself.
pub(in crate::watch) fn told(turn: &mut Turn, transition: &Transition, bulletin: &Bulletin) {
    let mut warning = paper_of(turn, transition);
    let is_over = transition.to == NONE;
    heard(&mut warning, bulletin, is_over, turn.now);
    warning.step(bulletin.act.as_str(), None, turn.now, None);
    turn.file(|desk| &mut desk.warnings, warning, None);
}

/// It went out with a more severe one of the same hazard and zones, which spoke for both.
pub(in crate::watch) fn joined(
    turn: &mut Turn,
    transition: &Transition,
    bulletin: &Bulletin,
    with: &Bulletin,
) {
    let mut warning = paper_of(turn, transition);
    let theirs = Bulletin { id: with.id.clone(), texts: with.texts.clone(), ..bulletin.clone() };
    heard(&mut warning, &theirs, false, turn.now);
    warning.step("joined", None, turn.now, Some(with.alert.to_string()));
    turn.file(|desk| &mut desk.warnings, warning, None);
    if let Some(mut speaker) = paper(turn, &with.alert.0) {
        speaker.step("joined_by", None, turn.now, Some(transition.alert.to_string()));
        turn.file(|desk| &mut desk.warnings, speaker, None);
    }
}

/// What people heard, and where the warning stands since.
pub(super) fn heard(warning: &mut Warning, bulletin: &Bulletin, is_over: bool, now: Timestamp) {
    let was_told = warning.phase != Phase::Proposed && !warning.phase.is_over();
    let told = warning.told.get_or_insert_with(Audience::default);
    add(&mut told.zones, bulletin.zones.iter().map(ToString::to_string));
    add(&mut told.langs, bulletin.texts.iter().map(|text| text.lang.0.to_string()));
    told.severity_max = told.severity_max.max(bulletin.severity_max.step());
    if told.bulletins.len() >= BULLETINS_MAX {
        told.bulletins.remove(0);
    }
    told.bulletins.push(bulletin.id.to_string());
    let raised = matches!(bulletin.act, Act::Issued | Act::Raised | Act::Updated);
    if raised || told.said.is_empty() {
        told.said = bulletin.texts.iter().map(words_of).collect();
    }
    if matches!(bulletin.act, Act::Issued | Act::Raised) {
        let severity = bulletin.severity.step();
        warning.proposal.take_if(|proposal| proposal.severity <= severity);
        warning.promote(severity);
        unseen(warning, now);
    }
    warning.phase = match bulletin.act {
        Act::AllClear => Phase::AllCleared,
        Act::Cancelled => Phase::Cancelled,
        Act::Eased if is_over => Phase::Eased,
        _ if was_told => Phase::Updated,
        _ => Phase::Issued,
    };
}

fn add(known: &mut Vec<String>, new: impl Iterator<Item = String>) {
    for one in new {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

/// Nobody has seen this level yet.
fn unseen(warning: &mut Warning, now: Timestamp) {
    warning.acknowledged.clear();
    warning.unacknowledged_ms = Some(now.ms());
}

/// The paper of an episode as the transition leaves it: the open one, or the first version of one. An
/// earlier episode of the same alert that waits for its all-clear goes on in it, with all who were told.
fn paper_of(turn: &mut Turn, transition: &Transition) -> Warning {
    let slot = format!("{}.{}", transition.rule, transition.subject);
    let mut warning = paper(turn, &transition.alert.0).unwrap_or_else(|| fresh(turn, transition, &slot));
    warning.slot = Some(slot);
    stand(turn, &mut warning);
    if warning.level == NONE && transition.raised {
        warning.severity = transition.severity.step();
    }
    warning
}

/// The level that trusted readings give it now, and whether its episode runs.
pub(super) fn stand(turn: &Turn, warning: &mut Warning) {
    let Some((_, slot, alert)) = alert_of(&turn.next, &turn.plan, warning) else {
        (warning.running, warning.level) = (false, NONE.to_owned());
        return;
    };
    warning.running = true;
    slot.level_name(alert.level).clone_into(&mut warning.level);
    if let Some(level) = slot.level(alert.level) {
        warning.severity = level.severity.step();
    }
}

fn fresh(turn: &mut Turn, transition: &Transition, slot: &str) -> Warning {
    let mut warning = blank(transition.alert.0.as_ref(), transition.hazard.as_str(), turn.now);
    for mut earlier in papers(turn, |earlier| earlier.slot.as_deref() == Some(slot)) {
        inherit(&mut warning, &earlier);
        earlier.phase = Phase::Superseded;
        earlier.proposal = None;
        earlier.running = false;
        earlier.superseded_by = Some(warning.id.clone());
        earlier.step("superseded", None, turn.now, Some(warning.id.clone()));
        turn.file(|desk| &mut desk.warnings, earlier, None);
    }
    warning
}

/// Everybody who was told by one is to hear from the other.
pub(super) fn inherit(warning: &mut Warning, earlier: &Warning) {
    let Some(theirs) = &earlier.told else { return };
    let told = warning.told.get_or_insert_with(Audience::default);
    add(&mut told.zones, theirs.zones.iter().cloned());
    add(&mut told.langs, theirs.langs.iter().cloned());
    told.severity_max = told.severity_max.max(theirs.severity_max);
    if told.said.is_empty() {
        told.said.clone_from(&theirs.said);
    }
}

/// A paper on which nothing stands yet.
pub(super) fn blank(id: &str, hazard: &str, now: Timestamp) -> Warning {
    Warning {
        id: id.to_owned(),
        phase: Phase::Proposed,
        running: false,
        slot: None,
        hazard: hazard.to_owned(),
        level: NONE.to_owned(),
        severity: 1,
        began_ms: now.ms(),
        proposal: None,
        doubt: None,
        lapsed: false,
        told: None,
        steps: Vec::new(),
        acknowledged: Vec::new(),
        unacknowledged_ms: None,
        reminded_ms: None,
        assigned: None,
        comments: Vec::new(),
        superseded_by: None,
    }
}

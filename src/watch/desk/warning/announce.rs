//! What no rule said: bulletins that officers bring, let out and taken back as those of the rules.

use rules::bulletin::{Act, Author, Bulletin, BulletinId};
use rules::rule::{IssuePolicy, NONE};

use super::life::{blank, wait};
use super::out::{self, Out};
use super::{edit, names, next_version, notice, paper, settle, words_of};
use crate::desk::warning::{Phase, Proposal};
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::tell;

/// Warnings that may be open at once; a city has a few hundred (rule, place) pairs.
const OPEN_MAX: usize = 4096;

/// Something that people are to be told, and that no rule said.
#[derive(Clone, Debug)]
pub(in crate::watch) struct Draft {
    /// What they are to be told. Its `alert` is the id of the warning: the same id again is an update of
    /// it, and an id whose warning was closed is never used again. Its `id`, `act`, `automatic` and
    /// `author` are set here. Empty zones are an error.
    pub(in crate::watch) bulletin: Bulletin,
    /// What it tells of in one word, as `typed` or `announced`; never `none`.
    pub(in crate::watch) level: String,
    /// Who lets it out.
    pub(in crate::watch) policy: IssuePolicy,
}

/// Proposes it, or lets it out at once where the policy is automatic; `by` is the order that brought it.
/// The warning stays open until [`over`], an all-clear or a cancellation.
///
/// # Errors
/// Where it has no zones, no text, a zone that is not of the city, or too many warnings are open.
pub(in crate::watch) fn propose(turn: &mut Turn, draft: Draft, by: Option<&Order>) -> Result<Done, Refusal> {
    let Draft { mut bulletin, level, policy } = draft;
    let id = bulletin.alert.to_string();
    allowed(turn, &bulletin)?;
    let mut warning = paper(turn, &id).unwrap_or_else(|| blank(&id, bulletin.hazard.as_str(), turn.now));
    warning.running = true;
    level.clone_into(&mut warning.level);
    warning.severity = bulletin.severity.step();
    let is_told = matches!(warning.phase, Phase::Issued | Phase::Updated);
    (bulletin.act, bulletin.at) = (if is_told { Act::Updated } else { Act::Issued }, turn.now);
    if policy == IssuePolicy::Automatic {
        bulletin.author = by.map_or(Author::Rule, |order| Author::Officer(order.actor.as_str().into()));
        if let Some(order) = by {
            edit::signed(turn, &mut bulletin, order.actor.as_str(), &[], true);
        }
        // What waited said what this says anew.
        warning.proposal = None;
        let out = Out { bulletin, transition: None, own: Vec::new(), level, step: "announced", why: None };
        return Ok(out::let_out(turn, warning, out, by));
    }
    bulletin.id = BulletinId(format!("{id}.p{}", next_version(turn, &id)).into());
    bulletin.automatic = false;
    let fuse = match policy {
        IssuePolicy::OfficerWithin(span) => Some(turn.now.plus(span)),
        IssuePolicy::Automatic | IssuePolicy::Officer => None,
    };
    wait(turn, &mut warning, &bulletin, &level, true, fuse);
    tell::publish(turn, bulletin, Vec::new());
    Ok(turn.file(|desk| &mut desk.warnings, warning, by))
}

fn allowed(turn: &Turn, bulletin: &Bulletin) -> Result<(), Refusal> {
    let refused = |why: String| Err(Refusal::Desk { why });
    if bulletin.zones.is_empty() {
        return refused("no zone is named, and nobody is never everybody; name the wards".to_owned());
    }
    if let Some(strange) = bulletin.zones.iter().find(|zone| turn.plan.city.zone(zone).is_none()) {
        return refused(format!("{strange} is no zone of the city; zones.toml lists them"));
    }
    if bulletin.texts.iter().all(|text| text.title.trim().is_empty() || text.body.trim().is_empty()) {
        return refused("it has no text in any language; write a title and a body".to_owned());
    }
    if turn.next.desk.warnings.len() >= OPEN_MAX {
        return refused(format!("{OPEN_MAX} warnings are open; close some of them first"));
    }
    Ok(())
}

/// What an draft told of is over (its time has passed, the order was withdrawn): what waits is
/// withdrawn; people who were told hear `eased`, which is no all-clear and goes to all of them.
pub(in crate::watch) fn over(turn: &mut Turn, id: &str, eased: Option<Bulletin>, why: &str) {
    let Some(mut warning) = paper(turn, id).filter(|warning| warning.slot.is_none()) else { return };
    // Whoever comes late is to hear what an officer did, and not that the clock tidied up after it.
    let was_closed = warning.phase.is_over();
    warning.running = false;
    NONE.clone_into(&mut warning.level);
    if warning.proposal.take().is_some() {
        notice::of(turn, &warning, "over", &[]);
        settle::rest(&mut warning, Phase::Withdrawn);
    }
    if !was_closed {
        warning.step("over", None, turn.now, Some(why.to_owned()));
    }
    if !matches!(warning.phase, Phase::Issued | Phase::Updated) {
        turn.file(|desk| &mut desk.warnings, warning, None);
        return;
    }
    warning.phase = Phase::Eased;
    let told = warning.told.clone().unwrap_or_default();
    let Some(eased) = eased else {
        turn.file(|desk| &mut desk.warnings, warning, None);
        return;
    };
    let proposal = Proposal {
        bulletin: String::new(),
        level: NONE.to_owned(),
        severity: warning.severity,
        severity_max: told.severity_max,
        zones: names(&eased.zones).into_iter().chain(told.zones).collect(),
        texts: eased.texts.iter().map(words_of).collect(),
        corroborated: true,
        since_ms: turn.now.ms(),
        fuse_ms: None,
        extended_s: 0,
        joins: None,
        edited: true,
        written: Vec::new(),
    };
    let mut bulletin = out::of_proposal(turn, &warning, &proposal);
    bulletin.act = Act::Eased;
    let (own, level) = (Vec::new(), NONE.to_owned());
    let out = Out { bulletin, transition: None, own, level, step: "eased", why: None };
    out::let_out(turn, warning, out, None);
}

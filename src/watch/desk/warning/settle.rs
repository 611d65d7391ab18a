//! The papers follow what the engine knows: levels, ends of episodes, proposals that came true or not.

use std::sync::Arc;

use rules::bulletin::{BulletinId, compose};
use rules::reason::{Reason, reason};
use rules::rule::{IssuePolicy, NONE};

use super::life::{stand, wait};
use super::{alert_of, eyes, next_version, notice, paper, papers, step_named};
use crate::desk::warning::{Phase, Warning};
use crate::watch::decide::Turn;
use crate::watch::tell;

/// Brings every open paper up to what was decided.
pub(in crate::watch::desk) fn settle(turn: &mut Turn) {
    for warning in papers(turn, |warning| moves(turn, warning)) {
        // One before it may have changed it.
        let Some(warning) = paper(turn, &warning.id) else { continue };
        if warning.slot.is_some() {
            follow(turn, &warning);
        } else {
            follow_paper(turn, warning);
        }
    }
    part_unspoken(turn);
}

/// Whether anything can have changed for it. Most papers lie still, and are not copied.
fn moves(turn: &Turn, warning: &Warning) -> bool {
    if warning.slot.is_none() || warning.proposal.is_some() || warning.doubt.is_some() || warning.lapsed {
        return true;
    }
    match alert_of(&turn.next, &turn.plan, warning) {
        Some((_, slot, alert)) => !warning.running || slot.level_name(alert.level) != warning.level,
        None => warning.running || matches!(warning.phase, Phase::Issued | Phase::Updated),
    }
}

/// What was typed runs as long as the paper of its own id is open: until then its id may be used again.
fn follow_paper(turn: &mut Turn, mut warning: Warning) {
    let desk = &turn.next.desk;
    let runs = desk.typed.find(&warning.id).is_some() || desk.release_orders.find(&warning.id).is_some();
    if warning.running != runs {
        warning.running = runs;
        turn.file(|desk| &mut desk.warnings, warning, None);
    }
}

fn follow(turn: &mut Turn, before: &Warning) {
    let mut warning = before.clone();
    stand(turn, &mut warning);
    drop_doubt(turn, &mut warning);
    if !warning.running && matches!(warning.phase, Phase::Issued | Phase::Updated) {
        warning.phase = Phase::Eased;
        warning.step("over", None, turn.now, None);
    }
    if warning.proposal.is_some() {
        return consider(turn, warning, before);
    }
    let is_news = !turn.commit.readings.is_empty();
    if is_news && warning.running && warning.lapsed && again(turn, &warning) {
        return restate(turn, warning, "over");
    }
    if warning != *before {
        turn.file(|desk| &mut desk.warnings, warning, None);
    }
}

/// A doubt that nothing says any more, or that trusted readings have reached.
fn drop_doubt(turn: &Turn, warning: &mut Warning) {
    let doubted = warning.doubt.as_ref().map(|doubt| doubt.level.clone());
    let stands = doubted.is_some_and(|level| {
        alert_of(&turn.next, &turn.plan, warning).is_some_and(|(_, slot, alert)| {
            let step = step_named(slot, &level);
            alert.doubted >= step && alert.level < step
        })
    });
    if !stands {
        warning.doubt = None;
    }
}

/// Whether the newest readings raise again what was withdrawn while its level was held.
fn again(turn: &Turn, warning: &Warning) -> bool {
    let found = alert_of(&turn.next, &turn.plan, warning);
    found
        .is_some_and(|(ix, _, alert)| turn.plan.rules.is_raised_by_newest(ix, alert.level, &eyes(&turn.next)))
}

/// A proposal whose level was left is withdrawn, or says what is left.
fn consider(turn: &mut Turn, warning: Warning, before: &Warning) {
    let Some(proposal) = &warning.proposal else { return };
    let found = alert_of(&turn.next, &turn.plan, &warning);
    let stands = found.map(|(_, slot, alert)| {
        let now = if proposal.corroborated { alert.level } else { alert.doubted };
        (now, step_named(slot, &proposal.level))
    });
    match stands {
        Some((now, step)) if now >= step => {
            if warning != *before {
                turn.file(|desk| &mut desk.warnings, warning, None);
            }
        }
        Some((now, _)) if now > 0 && proposal.corroborated => restate(turn, warning, "over"),
        _ => withdraw(turn, warning, "over"),
    }
}

/// Proposes the level that stands now, where there is a reason to; `words` say why there is none.
fn restate(turn: &mut Turn, mut warning: Warning, words: &'static str) {
    let plan = Arc::clone(&turn.plan);
    let restated = alert_of(&turn.next, &plan, &warning).and_then(|(ix, _, alert)| {
        plan.rules.restate_step(ix, alert.level, alert, turn.now, &eyes(&turn.next))
    });
    let Some(transition) = restated else { return withdraw(turn, warning, words) };
    let standing = tell::standing(turn, &transition);
    let Reason::Send { act, zones } = reason(&transition, turn.next.told.of(&transition.alert), &standing)
    else {
        if warning.proposal.is_some() {
            withdraw(turn, warning, words);
        }
        return;
    };
    let mut bulletin = compose(&transition, &plan.city, &plan.phrases, turn.now, turn.next.exercise);
    (bulletin.act, bulletin.zones, bulletin.automatic) = (act, zones, false);
    bulletin.id = BulletinId(format!("{}.p{}", warning.id, next_version(turn, &warning.id)).into());
    let fuse = match transition.issue {
        IssuePolicy::OfficerWithin(span) => Some(turn.now.plus(span)),
        IssuePolicy::Automatic => Some(turn.now),
        IssuePolicy::Officer => None,
    };
    wait(turn, &mut warning, &bulletin, &transition.to, true, fuse);
    tell::publish(turn, bulletin, Vec::new());
    turn.file(|desk| &mut desk.warnings, warning, None);
}

/// What waits does not go out; officers hear why, in `words` of the desk.
pub(super) fn withdraw(turn: &mut Turn, mut warning: Warning, words: &'static str) {
    stand(turn, &mut warning);
    drop_doubt(turn, &mut warning);
    notice::of(turn, &warning, words, &[]);
    warning.proposal = None;
    warning.lapsed = words == "over" && warning.level != NONE;
    warning.promote(0);
    warning.step("withdrawn", None, turn.now, Some(words.to_owned()));
    rest(&mut warning, Phase::Withdrawn);
    let id = warning.id.clone();
    turn.file(|desk| &mut desk.warnings, warning, None);
    part(turn, &id);
}

/// Where a warning stands without what waited: whoever was told of it, or of the episode before it,
/// still waits for the all-clear.
pub(super) fn rest(warning: &mut Warning, otherwise: Phase) {
    if warning.phase != Phase::Proposed || warning.proposal.is_some() {
        return;
    }
    let is_owed = warning.told.is_some();
    warning.phase = if is_owed { Phase::Eased } else { otherwise };
}

/// Those that would have gone out with it wait by themselves.
pub(super) fn part(turn: &mut Turn, id: &str) {
    let joins = |other: &Warning| other.proposal.as_ref().is_some_and(|p| p.joins.as_deref() == Some(id));
    for other in papers(turn, joins) {
        alone(turn, other);
    }
}

fn alone(turn: &mut Turn, mut warning: Warning) {
    let with = warning.proposal.as_mut().and_then(|proposal| proposal.joins.take());
    warning.step("parted", None, turn.now, with);
    notice::waits(turn, &warning);
    turn.file(|desk| &mut desk.warnings, warning, None);
}

/// Who waits with one that no longer says all of it, because it went out, fell to less or was given
/// other wards, waits by itself: nobody is spoken for by what says less.
fn part_unspoken(turn: &mut Turn) {
    let unspoken = |warning: &Warning| {
        let Some(waits) = &warning.proposal else { return false };
        let Some(with) = &waits.joins else { return false };
        let speaker = turn.next.desk.warnings.find(with).and_then(|filed| filed.record.proposal.as_ref());
        !speaker.is_some_and(|speaker| speaker.joins.is_none() && speaker.says_all_of(waits))
    };
    for warning in papers(turn, unspoken) {
        alone(turn, warning);
    }
}

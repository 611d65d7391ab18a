//! The fuse of a warning that waits (warning.md 13): it fails open, and it only raises.
//!
//! At its end the newest readings are judged again. What they call over does not go out; what they
//! do not goes out, with or without an officer, a translation or an area.

use std::sync::Arc;

use rules::alert::{Subject, Transition};
use rules::bulletin::{Author, Bulletin, compose};
use rules::reason::{Reason, reason};
use rules::rule::{IssuePolicy, Slot};
use sensors::place::ZoneId;

use super::out::{self, Out};
use super::{alert_of, edit, eyes, in_order, notice, paper, papers, settle, text_of, zone_ids};
use crate::desk::warning::{Proposal, Warning};
use crate::watch::decide::Turn;
use crate::watch::tell;

/// Lets out, or withdraws, everything whose fuse has ended; the most severe speaks first.
pub(super) fn burn_down(turn: &mut Turn) {
    let now = turn.now;
    let mut ended = papers(turn, |warning| warning.fuse().is_some_and(|at| at <= now));
    ended.sort_by_key(|warning| std::cmp::Reverse(warning.proposal.as_ref().map(|p| p.severity)));
    for warning in ended {
        // It may have gone out with the one before.
        if let Some(warning) = paper(turn, &warning.id).filter(|warning| warning.fuse().is_some()) {
            end(turn, warning);
        }
    }
}

fn end(turn: &mut Turn, warning: Warning) {
    let Some(proposal) = warning.proposal.clone() else { return };
    if warning.slot.is_none() {
        let bulletin = out::of_proposal(turn, &warning, &proposal);
        return let_out(turn, warning, bulletin, None, proposal.level);
    }
    let plan = Arc::clone(&turn.plan);
    let Some((ix, slot, alert)) = alert_of(&turn.next, &plan, &warning) else {
        return settle::withdraw(turn, warning, "over");
    };
    let step = plan.rules.standing_step(ix, alert.level, &eyes(&turn.next));
    let is_officers = slot.level(step).is_none_or(|level| level.issue == IssuePolicy::Officer);
    // Below what waits, only a level that has a fuse itself goes out.
    let lower = step < super::step_named(slot, &proposal.level);
    if step == 0 || (lower && is_officers) {
        return settle::withdraw(turn, warning, "over");
    }
    let Some(transition) = plan.rules.restate_step(ix, step, alert, turn.now, &eyes(&turn.next)) else {
        return settle::withdraw(turn, warning, "over");
    };
    let standing = tell::standing(turn, &transition);
    let Reason::Send { act, zones } = reason(&transition, turn.next.told.of(&transition.alert), &standing)
    else {
        return settle::withdraw(turn, warning, "muted");
    };
    let mut bulletin = compose(&transition, &plan.city, &plan.phrases, turn.now, turn.next.exercise);
    (bulletin.act, bulletin.zones) = (act, zones);
    if proposal.edited && !lower {
        bulletin.texts = proposal.texts.iter().map(text_of).collect();
        bulletin.zones = zone_ids(&proposal.zones);
    }
    if bulletin.zones.is_empty() {
        bulletin.zones = wards(turn, slot);
    }
    let local = (!proposal.edited).then_some(transition);
    let level = slot.level_name(step).to_owned();
    let_out(turn, warning, bulletin, local, level);
}

fn let_out(
    turn: &mut Turn,
    mut warning: Warning,
    mut bulletin: Bulletin,
    transition: Option<Transition>,
    level: String,
) {
    if bulletin.zones.is_empty() {
        // Nobody is never everybody: an officer must say where.
        if let Some(proposal) = &mut warning.proposal {
            proposal.fuse_ms = None;
        }
        warning.step("no_area", None, turn.now, None);
        notice::of(turn, &warning, "no_area", &[]);
        turn.file(|desk| &mut desk.warnings, warning, None);
        return;
    }
    bulletin.author = Author::Fuse;
    let own = warning.proposal.as_ref().map(edit::own).unwrap_or_default();
    notice::of(turn, &warning, "fused", &[]);
    // What the newest readings do not bear out is proposed again when they do.
    warning.lapsed =
        warning.proposal.take().is_some_and(|proposal| proposal.severity > bulletin.severity.step());
    let out = Out { bulletin, transition, own, level, step: "fuse", why: None };
    out::let_out(turn, warning, out, None);
}

/// The wards that the configuration gives the station (warning.md 14).
fn wards(turn: &Turn, slot: &Slot) -> Vec<ZoneId> {
    let city = &turn.plan.city;
    let own = match &slot.subject {
        Subject::Station(id) => city.station_named(id).map(|(_, station)| station.zones.clone()),
        Subject::Basin(id) => {
            let of_basin = city.stations.iter().filter(|station| station.basin.as_ref() == Some(id));
            Some(of_basin.flat_map(|station| station.zones.clone()).collect())
        }
        Subject::Line(_) => None,
    };
    in_order(&turn.plan, &own.unwrap_or_default())
}

/// When a fuse ends that an officer puts off.
pub(super) fn extended(proposal: &Proposal, by_s: i64) -> Option<i64> {
    Some(proposal.fuse_ms?.saturating_add(by_s.saturating_mul(1000)))
}

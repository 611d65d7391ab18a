//! The life of warnings: proposed, issued, eased, all-cleared, cancelled.
//!
//! Every step is a version of the warning's paper in the commit of what follows from it. Nothing
//! here judges a reading: what the rules say comes from the engine, what officers say from orders.

mod announce;
pub mod area;
mod close;
mod edit;
mod fuse;
mod life;
mod notice;
mod order;
mod out;
pub mod preflight;
mod settle;

use rules::alert::SlotIx;
use rules::bulletin::{Lang, Text};
use rules::engine::AlertState;
use rules::rule::Slot;
use sensors::place::ZoneId;
use sensors::time::{Span, Timestamp};

use crate::desk::warning::{Warning, Words};
use crate::watch::decide::Turn;
use crate::watch::snapshot::{Eyes, Plan, State};

pub(in crate::watch) use announce::{Draft, over, propose};
pub(in crate::watch) use life::{joined, proposed, told};
pub(super) use order::carry_out;
pub(super) use settle::settle;

/// Fuses that ended.
pub(super) fn follow(turn: &mut Turn) {
    fuse::burn_down(turn);
}

/// The moment of the next fuse.
pub(super) fn due(state: &State) -> Option<Timestamp> {
    state.desk.warnings.iter().filter_map(|(_, filed)| filed.record.fuse()).min()
}

/// The running clock was set: a fuse of ten minutes still is one.
pub(super) fn stepped(turn: &mut Turn, by: Span) {
    let burning: Vec<Warning> = papers(turn, |warning| warning.fuse().is_some());
    for mut warning in burning {
        if let Some(proposal) = &mut warning.proposal {
            proposal.fuse_ms = proposal.fuse_ms.map(|ms| Timestamp::from_ms(ms).plus(by).ms());
        }
        warning.step("clock_set", None, turn.now, None);
        turn.file(|desk| &mut desk.warnings, warning, None);
    }
}

/// Notes that somebody was reminded of a warning; its version grows.
#[expect(dead_code, reason = "the duty's reminders call it")]
pub(in crate::watch) fn reminded(turn: &mut Turn, id: &str) {
    let now = turn.now.ms();
    if let Some(mut warning) = paper(turn, id) {
        warning.reminded_ms = Some(now);
        turn.file(|desk| &mut desk.warnings, warning, None);
    }
}

/// An open paper.
fn paper(turn: &Turn, id: &str) -> Option<Warning> {
    turn.next.desk.warnings.find(id).map(|filed| filed.record.clone())
}

/// Open papers of a kind, by id.
fn papers(turn: &Turn, which: impl Fn(&Warning) -> bool) -> Vec<Warning> {
    let all = turn.next.desk.warnings.iter().map(|(_, filed)| &filed.record);
    all.filter(|warning| which(warning)).cloned().collect()
}

/// The version that the next filing of a paper makes.
fn next_version(turn: &Turn, id: &str) -> u64 {
    turn.next.desk.warnings.find(id).map_or(1, |filed| filed.version + 1)
}

/// The running alert of a warning, where the rules still have it and the episode runs.
fn alert_of<'a>(
    state: &'a State,
    plan: &'a Plan,
    warning: &Warning,
) -> Option<(SlotIx, &'a Slot, &'a AlertState)> {
    let ix = plan.rules.slot_named(warning.slot.as_deref()?)?;
    let (slot, alert) = (plan.rules.slot(ix)?, state.alerts.get(ix.at())?);
    let runs = alert.episode.as_ref().is_some_and(|episode| *episode.id.0 == *warning.id);
    runs.then_some((ix, slot, &**alert))
}

/// An officer's name as people read it; the id where the roster has none.
fn name_of<'a>(turn: &'a Turn, officer: &'a str) -> &'a str {
    turn.plan.officers.named(officer).map_or(officer, |officer| officer.name.as_str())
}

fn eyes(state: &State) -> Eyes<'_> {
    Eyes { tracks: &state.tracks, silent: &state.silent, sums: None }
}

/// The step of a ladder by its name.
fn step_named(slot: &Slot, name: &str) -> u8 {
    let place = slot.levels.iter().position(|level| level.name == name);
    place.map_or(0, |place| u8::try_from(place + 1).unwrap_or(u8::MAX))
}

/// Zones, each once, in the order of the configuration.
fn in_order(plan: &Plan, zones: &[ZoneId]) -> Vec<ZoneId> {
    plan.city.zones.iter().map(|zone| &zone.id).filter(|id| zones.contains(id)).cloned().collect()
}

fn zone_ids(zones: &[String]) -> Vec<ZoneId> {
    zones.iter().map(|zone| ZoneId::new(zone)).collect()
}

fn names(zones: &[ZoneId]) -> Vec<String> {
    zones.iter().map(ToString::to_string).collect()
}

fn words_of(text: &Text) -> Words {
    Words {
        lang: text.lang.0.to_string(),
        title: text.title.clone(),
        body: text.body.clone(),
        full: text.full.clone(),
        sms: text.sms.clone(),
        spoken: text.spoken.clone(),
    }
}

fn text_of(words: &Words) -> Text {
    Text {
        lang: Lang(words.lang.as_str().into()),
        title: words.title.clone(),
        body: words.body.clone(),
        full: words.full.clone(),
        sms: words.sms.clone(),
        spoken: words.spoken.clone(),
    }
}

//! Officers' desk: other authorities' alerts follow each other, contradict each other, end.
//!
//! A repetition changes nothing. What is strange is kept apart and told; only their issuer, under the
//! same status, updates or withdraws them: an exercise never ends a real warning.

mod act;

use rules::alert::AlertId;
use rules::bulletin::Notice;
use rules::hazard::Severity;
use sensors::time::{Span, Timestamp};

use super::duty;
use crate::desk::foreign::{AHEAD_MAX, Foreign, Heard, OPEN_MAX, Odd, Standing, Touch};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

pub(super) use act::carry_out;

/// Notices of severe alerts in an hour; further ones are in the list.
const TOLD_MAX: usize = 20;
/// The hour in which notices are counted.
const HOUR: Span = Span::from_h(1);

/// Takes an alert in.
pub(super) fn hear(turn: &mut Turn, heard: &Heard) {
    let mut new = Foreign::new(heard, turn.now);
    let is_word = matches!(new.kind.as_str(), "Alert" | "Update" | "Cancel");
    if !is_word || matches!(new.status.as_str(), "Draft" | "System") || new.ends_ms <= turn.now.ms() {
        return;
    }
    let shelf = &turn.next.desk.foreign;
    let same: Vec<&Foreign> =
        shelf.iter().map(|(_, filed)| &filed.record).filter(|known| is_same_number(known, &new)).collect();
    if same.iter().any(|known| known.content == new.content) {
        return;
    }
    let contradicts = !same.is_empty();
    if contradicts {
        new.standing = Standing::Contradiction;
    }
    let room = room_for(turn, &new);
    if matches!(room, Room::None) {
        return tell_full(turn, &new);
    }
    if let Room::Of(mut least) = room {
        least.open = false;
        least.standing = Standing::Dropped;
        tell_full(turn, &least);
        turn.file(|desk| &mut desk.foreign, *least, None);
    }
    if contradicts {
        tell_odd(turn, &mut new, Odd::Contradicts);
    } else {
        place(turn, &mut new);
    }
    turn.file(|desk| &mut desk.foreign, new, None);
}

fn is_same_number(one: &Foreign, other: &Foreign) -> bool {
    one.sender == other.sender && one.identifier == other.identifier && one.status == other.status
}

/// Whether a later one may speak of an earlier one, and does.
fn refers(later: &Foreign, earlier: &Foreign) -> bool {
    later.sender == earlier.sender
        && later.status == earlier.status
        && later
            .references
            .iter()
            .any(|known| known.sender == earlier.sender && known.identifier == earlier.identifier)
}

/// Where one more can lie.
enum Room {
    /// There is place.
    Free,
    /// The least goes for it.
    Of(Box<Foreign>),
    /// The new one itself is the least.
    None,
}

fn room_for(turn: &Turn, new: &Foreign) -> Room {
    let shelf = &turn.next.desk.foreign;
    if shelf.len() < OPEN_MAX {
        return Room::Free;
    }
    let weight = |one: &Foreign| (one.is_in_force(turn.now), one.severity, one.sent_ms);
    let least = shelf.iter().map(|(_, filed)| &filed.record).min_by_key(|known| weight(known));
    let least = least.filter(|least| new.kind == "Cancel" || weight(least) < weight(new));
    least.map_or(Room::None, |least| Room::Of(Box::new(least.clone())))
}

/// Puts an alert into its chain: what it refers to is over, unless time speaks against it.
fn place(turn: &mut Turn, new: &mut Foreign) {
    let known: Vec<Foreign> = turn
        .next
        .desk
        .foreign
        .iter()
        .map(|(_, filed)| &filed.record)
        .filter(|known| refers(new, known))
        .cloned()
        .collect();
    let later = turn
        .next
        .desk
        .foreign
        .iter()
        .map(|(_, filed)| &filed.record)
        .find(|known| refers(known, new) && known.standing != Standing::Backwards);
    if new.kind == "Cancel" {
        new.standing = Standing::Cancel;
    }
    // Its successor was here before it: a feed that lists the newest first, or goes back in time.
    if let Some(later) = later {
        new.standing = if later.kind == "Cancel" { Standing::Cancelled } else { Standing::Superseded };
        new.followed_by = Some(later.id.clone());
        return;
    }
    let newest = known.iter().filter_map(|one| match one.followed_by.as_deref() {
        Some(id) => {
            turn.next.desk.foreign.find(id).map(|filed| (filed.record.id.clone(), filed.record.sent_ms))
        }
        None => Some((one.id.clone(), one.sent_ms)),
    });
    let newest = newest.max_by_key(|(_, sent)| *sent);
    let is_ahead = new.sent_ms > turn.now.plus(AHEAD_MAX).ms();
    if is_ahead || newest.as_ref().is_some_and(|(_, sent)| *sent > new.sent_ms) {
        new.standing = Standing::Backwards;
        new.followed_by = newest.map(|(id, _)| id);
        tell_odd(turn, new, Odd::Backwards);
        return;
    }
    if new.kind != "Alert" && known.is_empty() {
        tell_odd(turn, new, Odd::Unknown);
    }
    let was_told = known.iter().any(|one| one.told_ms.is_some() && one.standing == Standing::InForce);
    let was_quoted = known.iter().any(|one| !one.quoted_in.is_empty());
    for mut earlier in known.into_iter().filter(|one| one.followed_by.is_none()) {
        let is_cancelled = new.kind == "Cancel";
        earlier.standing = if is_cancelled { Standing::Cancelled } else { Standing::Superseded };
        earlier.followed_by = Some(new.id.clone());
        turn.file(|desk| &mut desk.foreign, earlier, None);
    }
    if new.kind == "Cancel" {
        if was_told || was_quoted {
            tell(turn, new, "foreign_cancelled");
        }
    } else if was_quoted || new.severity >= 4 && new.touch != Touch::Elsewhere && new.status == "Actual" {
        tell(turn, new, "foreign");
    }
}

/// Tells officers of an alert, once for each step of its chain.
fn tell(turn: &mut Turn, new: &mut Foreign, words: &'static str) {
    let since = turn.now.minus(HOUR).ms();
    let told = |one: &Foreign| one.told_ms.is_some_and(|at| at > since) && one.severity >= new.severity;
    let count = turn.next.desk.foreign.iter().filter(|(_, filed)| told(&filed.record)).count();
    if count >= TOLD_MAX {
        return;
    }
    new.told_ms = Some(turn.now.ms());
    notify(turn, new, words, new.severity.max(2));
}

/// Tells officers of something strange, once an hour for each source and kind of it.
fn tell_odd(turn: &mut Turn, new: &mut Foreign, odd: Odd) {
    new.odd = Some(odd);
    let since = turn.now.minus(HOUR).ms();
    let told = |known: &Foreign| {
        known.source == new.source && known.odd == Some(odd) && known.odd_told_ms.is_some_and(|at| at > since)
    };
    if turn.next.desk.foreign.iter().any(|(_, filed)| told(&filed.record)) {
        return;
    }
    new.odd_told_ms = Some(turn.now.ms());
    let words = match odd {
        Odd::Contradicts => "foreign_contradicts",
        Odd::Backwards => "foreign_backwards",
        Odd::Unknown => "foreign_unknown",
    };
    notify(turn, new, words, 2);
}

/// Tells officers, once an hour, that there is no room for all.
fn tell_full(turn: &mut Turn, dropped: &Foreign) {
    let since = turn.now.minus(HOUR).ms();
    let shelf = || turn.next.desk.foreign.iter().map(|(_, filed)| &filed.record);
    if shelf().any(|one| one.full_told_ms.is_some_and(|at| at > since)) {
        return;
    }
    let Some(mut keeper) = shelf().max_by_key(|one| (one.severity, one.ends_ms)).cloned() else { return };
    keeper.full_told_ms = Some(turn.now.ms());
    turn.file(|desk| &mut desk.foreign, keeper, None);
    notify(turn, dropped, "foreign_full", 2);
}

fn notify(turn: &mut Turn, about: &Foreign, words: &'static str, severity: u8) {
    let said = about.said_in("vi");
    let what = said.map(|said| said.headline.clone().unwrap_or_else(|| said.event.clone()));
    let who = said.and_then(|said| said.sender_name.clone()).unwrap_or_else(|| about.sender.clone());
    let place = said.and_then(|said| said.areas.first().cloned()).unwrap_or_else(|| "-".to_owned());
    let plan = std::sync::Arc::clone(&turn.plan);
    let at = |ms: i64| local(Timestamp::from_ms(ms), plan.city.utc_offset_min);
    let notice = Notice {
        key: format!("{words}.{}", about.id),
        alert: AlertId(format!("foreign.{}", about.id).into()),
        severity: Severity::new(severity).unwrap_or(Severity::MIN),
        words,
        values: vec![
            ("what", what.unwrap_or_else(|| about.identifier.clone())),
            ("who", who),
            ("where", place),
            ("when", at(about.sent_ms)),
            ("until", at(about.ends_ms)),
        ],
    };
    duty::notify(turn, &notice);
}

/// The hour and the day of the city, as `21:00 16/11`.
pub(in crate::watch) fn local(at: Timestamp, utc_offset_min: i32) -> String {
    let moment = at.plus(Span::from_min(i64::from(utc_offset_min))).to_chrono();
    moment.map(|moment| moment.format("%H:%M %d/%m").to_string()).unwrap_or_default()
}

pub(super) fn follow(turn: &mut Turn) {
    let now = turn.now.ms();
    let over: Vec<Foreign> = turn
        .next
        .desk
        .foreign
        .iter()
        .map(|(_, filed)| &filed.record)
        .filter(|one| one.ends_ms <= now)
        .cloned()
        .collect();
    for mut one in over {
        one.open = false;
        if one.standing == Standing::InForce {
            one.standing = Standing::Expired;
        }
        turn.file(|desk| &mut desk.foreign, one, None);
    }
}

pub(super) fn due(state: &State) -> Option<Timestamp> {
    state.desk.foreign.iter().map(|(_, filed)| Timestamp::from_ms(filed.record.ends_ms)).min()
}

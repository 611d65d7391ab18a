//! What officers hear of their warnings.

use rules::alert::AlertId;
use rules::bulletin::Notice;
use sensors::time::Timestamp;

use super::{next_version, zone_ids};
use crate::desk::warning::Warning;
use crate::watch::decide::Turn;
use crate::watch::desk::duty;

/// Something waits for a signature; with its fuse, when it goes out by itself.
pub(super) fn waits(turn: &mut Turn, warning: &Warning) {
    match warning.fuse() {
        Some(at) => {
            let until = clock(turn, at);
            of(turn, warning, "fuse", &[("until", until)]);
        }
        None => of(turn, warning, "proposed", &[]),
    }
}

/// A notice about a warning, in the words of the desk.
pub(super) fn of(turn: &mut Turn, warning: &Warning, words: &'static str, more: &[(&'static str, String)]) {
    let said = warning.proposal.as_ref().map(|proposal| &proposal.texts);
    let said = said.or(warning.told.as_ref().map(|told| &told.said));
    let what = said.and_then(|texts| texts.first()).map(|text| text.title.clone()).unwrap_or_default();
    let zones = warning.proposal.as_ref().map(|proposal| zone_ids(&proposal.zones)).unwrap_or_default();
    let language = turn.plan.phrases.languages.first();
    let place = language.map(|language| rules::bulletin::place(&zones, &turn.plan.city, language));
    let mut values =
        vec![("what", what), ("where", place.unwrap_or_default()), ("when", clock(turn, turn.now))];
    values.extend(more.iter().cloned());
    let notice = Notice {
        key: format!("{}.{words}.{}", warning.id, next_version(turn, &warning.id)),
        alert: AlertId(warning.id.as_str().into()),
        severity: warning.severity(),
        words,
        values,
    };
    duty::notify(turn, &notice);
}

fn clock(turn: &Turn, at: Timestamp) -> String {
    let language = turn.plan.phrases.languages.first();
    language.map_or_else(|| at.to_string(), |language| language.when(at, turn.plan.city.utc_offset_min))
}

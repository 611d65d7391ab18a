//! A quotation of another authority's alert: its words and its name as a bulletin that an officer types.
//!
//! The words are its issuer's: nothing is shortened, translated or added.

use rules::phrase::Phrases;
use sensors::time::{Span, Timestamp};

use super::{Foreign, Frame, Said};
use crate::desk::typed::{Fields, Kind, Moment};

/// A bulletin holds so long at most.
const HOLDS_MAX: Span = Span::from_h(7 * 24);

/// The bulletin that quotes an alert.
pub fn quoted(alert: &Foreign, frame: &Frame, phrases: &Phrases, now: Timestamp) -> Fields {
    let mut languages = phrases.languages.iter().map(|language| &*language.lang.0);
    let own = languages.next().unwrap_or("vi");
    let said = alert.said_in(own);
    let name = said.and_then(|said| said.sender_name.clone());
    let ends = Timestamp::from_ms(alert.ends_ms).min(now.plus(HOLDS_MAX));
    let others = languages.filter_map(|lang| {
        let said = alert.said_in(lang).filter(|said| said.speaks(lang))?;
        Some((lang.to_owned(), [("text".to_owned(), words(said))].into()))
    });
    Fields {
        hazard: Some(frame.hazard.clone()),
        zones: frame.zones.clone(),
        whole_city: frame.whole_city,
        severity: frame.severity.or(Some(alert.severity).filter(|step| *step > 0)),
        valid_until: Some(frame.valid_until.unwrap_or(Moment(ends))),
        next_at: frame.next_at,
        text: said.map(words),
        issuer: Some(name.unwrap_or_else(|| alert.sender.clone())),
        number: Some(alert.identifier.clone()),
        issued_at: Some(Moment(Timestamp::from_ms(alert.sent_ms))),
        translations: others.collect(),
        ..Fields::empty(Kind::National)
    }
}

/// Headline, description and instruction, each as it is; the event where there is none of them.
fn words(said: &Said) -> String {
    let parts = [&said.headline, &said.description, &said.instruction];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() { said.event.clone() } else { parts.join("\n") }
}

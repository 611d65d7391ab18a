//! Where a bulletin is for, in few words; and the same texts for other zones than they were written for.
//!
//! Only the words for the zones change; what the text says of them stays.

use sensors::city::City;
use sensors::place::ZoneId;

use super::compose::{cut, everywhere};
use super::form::area;
use super::{BODY_MAX, TITLE_MAX, Text, sms};
use crate::phrase::{Language, Phrases};

/// The zones in few words of a language: their name where it is one, else how many they are.
pub fn place(zones: &[ZoneId], city: &City, language: &Language) -> String {
    everywhere(zones, city)(language)
}

/// Says of a text that was composed for these zones (`from`) that it is for those (`to`). Words that
/// do not stand in it as they were composed are left alone: somebody wrote them.
pub fn place_anew(text: &mut Text, from: &[ZoneId], to: &[ZoneId], city: &City, phrases: &Phrases) {
    let Some(language) = phrases.languages.iter().find(|language| language.lang == text.lang) else { return };
    let same = from.len() == to.len() && to.iter().all(|zone| from.contains(zone));
    if same || from.is_empty() {
        return;
    }
    let (old, new) = (place(from, city, language), place(to, city, language));
    // What is typed names two wards by name.
    let named: Vec<&str> =
        from.iter().filter_map(|zone| city.zone(zone)).map(|zone| zone.name.as_str()).collect();
    let named = named.join(", ");
    let few = |text: &str| text.replace(if text.contains(&old) { &old } else { &named }, &new);
    text.title = cut(few(&text.title), TITLE_MAX);
    text.body = cut(few(&text.body), BODY_MAX);
    text.sms = sms::place_anew(&text.sms, from, to, city, language);
    let (old, new) = (area(from, city, language), area(to, city, language));
    text.full = text.full.replace(&old, &new);
    text.spoken = text.spoken.replace(&language.spoken(&old), &language.spoken(&new));
}

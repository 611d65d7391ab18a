//! Transitions become texts: what, where, when and what to do, in every language.

use std::sync::Arc;

use sensors::city::City;
use sensors::place::{Zone, ZoneId};
use sensors::quantity::Value;
use sensors::station::Station;
use sensors::time::Timestamp;

use super::{Act, Author, BODY_MAX, Bulletin, BulletinId, TITLE_MAX, Text, telemetry};
use crate::alert::{Measure, Subject, Transition};
use crate::hazard::Hazard;
use crate::phrase::{Language, Phrases};
use crate::rule::{IssuePolicy, NONE};

/// Makes the bulletin of a transition; `exercise` marks it as one.
///
/// What suspect readings alone raised is never automatic: it waits for an officer. Easing is
/// automatic, since it goes only to whom the level was told.
pub fn compose(
    transition: &Transition,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Bulletin {
    if transition.hazard == Hazard::Telemetry {
        return telemetry::compose_telemetry(
            std::slice::from_ref(transition),
            telemetry::Cause::Unknown,
            city,
            phrases,
            now,
            exercise,
        );
    }
    let act = Act::of(transition);
    let texts = texts(transition, &everywhere(&transition.zones, city), city, phrases, exercise);
    Bulletin {
        id: bulletin_id(transition),
        alert: transition.alert.clone(),
        hazard: transition.hazard,
        act,
        severity: transition.severity,
        severity_max: transition.severity_max,
        zones: transition.zones.clone(),
        at: now,
        automatic: act == Act::Eased
            || (transition.corroborated && transition.issue == IssuePolicy::Automatic),
        author: Author::Rule,
        texts,
    }
}

/// The texts of a transition's bulletin as the people of one zone read them.
pub fn zone_texts(
    transition: &Transition,
    zone: &ZoneId,
    city: &City,
    phrases: &Phrases,
    exercise: bool,
) -> Vec<Text> {
    let name = city.zone(zone).map_or_else(|| zone.to_string(), |zone| zone.name.clone());
    texts(transition, &|_| name.clone(), city, phrases, exercise)
}

/// The id of a transition's bulletin: the same in every replay.
pub(super) fn bulletin_id(transition: &Transition) -> BulletinId {
    let Transition { alert, to, at, .. } = transition;
    let doubt = if transition.corroborated { "" } else { ".doubt" };
    BulletinId(Arc::from(format!("{alert}.{to}.{}{doubt}", at.ms())))
}

impl Act {
    /// What a transition's bulletin does in its episode.
    pub fn of(transition: &Transition) -> Self {
        match (transition.raised, transition.from.as_str()) {
            (true, NONE) => Self::Issued,
            (true, _) => Self::Raised,
            (false, _) => Self::Eased,
        }
    }
}

/// The zones in few words: their names where they are one or two, else how many they are.
pub(super) fn everywhere<'a>(zones: &'a [ZoneId], city: &'a City) -> impl Fn(&Language) -> String + 'a {
    move |language| {
        let named: Vec<&Zone> = zones.iter().filter_map(|zone| city.zone(zone)).collect();
        match named.as_slice() {
            [one] => one.name.clone(),
            _ => language.mark("zones", &[("count", &zones.len().to_string())]),
        }
    }
}

fn texts(
    transition: &Transition,
    place: &dyn Fn(&Language) -> String,
    city: &City,
    phrases: &Phrases,
    exercise: bool,
) -> Vec<Text> {
    let text = |language: &Language| text(transition, &place(language), city, language, exercise);
    phrases.languages.iter().filter_map(text).collect()
}

fn text(
    transition: &Transition,
    zone: &str,
    city: &City,
    language: &Language,
    exercise: bool,
) -> Option<Text> {
    let warning = language.warning(&transition.words)?;
    let saying = match (transition.raised, transition.to.as_str()) {
        (true, _) => &warning.raised,
        (false, NONE) => &warning.over,
        (false, _) => &warning.eased,
    };
    let (place, short) = places(&transition.subject, city, language);
    let measure = transition.measure.as_ref();
    let values = [
        ("place", place.as_str()),
        ("short", short.as_str()),
        ("level", language.level(&transition.to)),
        ("was", language.level(&transition.from)),
        ("quantity", &measure.map(|m| quantity(m, language)).unwrap_or_default()),
        ("mark", &measure.map(|m| mark(m, language)).unwrap_or_default()),
        ("window", &measure.and_then(|m| m.window).map(|w| language.window(w)).unwrap_or_default()),
        ("where", zone),
        ("when", &language.when(transition.measured_at, city.utc_offset_min)),
        ("advice", warning.advice(transition.severity.step())),
    ];
    let marked = |text: String| marked(&text, !transition.corroborated, exercise, language);
    let title = cut(marked(saying.title.fill(&values)), TITLE_MAX);
    let body = cut(marked(saying.body.fill(&values)), BODY_MAX);
    Some(Text::push(language.lang.clone(), title, body))
}

/// A text with its marks: not corroborated, exercise.
pub(crate) fn marked(text: &str, doubt: bool, exercise: bool, language: &Language) -> String {
    let text = if doubt { language.mark("doubt", &[("text", text)]) } else { text.to_owned() };
    if exercise { language.mark("exercise", &[("text", &text)]) } else { text }
}

/// The subject, in full and in short: `sông Bồ tại Phú Ốc` and `sông Bồ`.
fn places(subject: &Subject, city: &City, language: &Language) -> (String, String) {
    match subject {
        Subject::Station(id) => match city.station_named(id) {
            Some((_, station)) => station_places(station, language),
            None => (id.to_string(), id.to_string()),
        },
        Subject::Basin(id) => {
            let name = city.basin(id).map_or_else(|| id.to_string(), |b| language.name(&b.name).to_owned());
            (name.clone(), name)
        }
        Subject::Line(name) => (name.clone(), name.clone()),
    }
}

fn station_places(station: &Station, language: &Language) -> (String, String) {
    let name = language.name(bare(&station.name));
    match station.river.as_deref().map(|river| language.name(river)) {
        Some(river) => (language.mark("at_river", &[("river", river), ("station", name)]), name.to_owned()),
        None => (name.to_owned(), name.to_owned()),
    }
}

/// A station's name without what stands in brackets: the ward is said already.
pub(super) fn bare(name: &str) -> &str {
    name.split_once(" (").map_or(name, |(bare, _)| bare)
}

fn quantity(measure: &Measure, language: &Language) -> String {
    let quantity = language.quantity(measure.parameter, measure.value);
    if measure.at_least { language.mark("at_least", &[("quantity", &quantity)]) } else { quantity }
}

/// Above, at or below the threshold that people know, and by how much.
fn mark(measure: &Measure, language: &Language) -> String {
    let Some(mark) = &measure.mark else { return String::new() };
    let by = Language::difference(mark.parameter, measure.value, mark.raise).raw();
    let level = language.level(&mark.level);
    let distance = language.quantity(mark.parameter, Value::from_raw(by.abs()));
    let key = match by.signum() {
        1 => "above",
        0 => "at",
        _ => "below",
    };
    language.mark(key, &[("level", level), ("by", &distance)])
}

/// At most so many characters; what is too long ends with an ellipsis at a word.
pub(crate) fn cut(text: String, most: usize) -> String {
    if text.chars().count() <= most {
        return text;
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    let whole = kept.rsplit_once(' ').map_or(kept.as_str(), |(whole, _)| whole);
    format!("{whole}…")
}

//! Transitions become texts: what, where, when and what to do, in every language.

use std::sync::Arc;

use sensors::city::City;
use sensors::place::{Zone, ZoneId};
use sensors::quantity::Value;
use sensors::station::Station;
use sensors::time::Timestamp;

use super::follow::generic_text;
use super::form::{self, Facts, Story};
use super::{Act, Author, BODY_MAX, Bulletin, BulletinId, TITLE_MAX, Text, telemetry};
use crate::alert::{Measure, Subject, Transition};
use crate::hazard::Hazard;
use crate::phrase::{Language, Phrases, Saying, Template};
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
    let zones = transition.zones.clone();
    compose_to(transition, Act::of(transition), zones, city, phrases, now, exercise)
}

/// The same as another act, and to other zones: to everybody who was told in the episode.
pub fn compose_to(
    transition: &Transition,
    act: Act,
    zones: Vec<ZoneId>,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Bulletin {
    if transition.hazard == Hazard::Telemetry {
        let all = std::slice::from_ref(transition);
        let notice =
            telemetry::compose_telemetry(all, telemetry::Cause::Unknown, city, phrases, now, exercise);
        return Bulletin { act, zones, ..notice };
    }
    let facts = facts(transition, &zones, city, phrases, now, exercise);
    let texts = phrases.languages.iter().map(|language| whole(transition, &facts, language)).collect();
    Bulletin {
        id: bulletin_id(transition),
        alert: transition.alert.clone(),
        hazard: transition.hazard,
        act,
        severity: transition.severity,
        severity_max: transition.severity_max,
        zones,
        at: now,
        automatic: act == Act::Eased
            || (transition.corroborated && transition.issue == IssuePolicy::Automatic),
        author: Author::Rule,
        texts,
    }
}

/// The pushes of a transition's bulletin as the people of one zone read them.
pub fn zone_texts(
    transition: &Transition,
    zone: &ZoneId,
    city: &City,
    phrases: &Phrases,
    exercise: bool,
) -> Vec<Text> {
    let name = city.zone(zone).map_or_else(|| zone.to_string(), |zone| zone.name.clone());
    let push = |language: &Language| {
        let words = Words::of(transition, city, language)?;
        Some(words.push(&name, transition, exercise, language))
    };
    phrases.languages.iter().filter_map(push).collect()
}

fn facts<'a>(
    transition: &'a Transition,
    zones: &'a [ZoneId],
    city: &'a City,
    phrases: &'a Phrases,
    now: Timestamp,
    exercise: bool,
) -> Facts<'a> {
    Facts {
        story: match (transition.raised, transition.to.as_str()) {
            (true, _) => Story::Raised,
            (false, NONE) => Story::Over,
            (false, _) => Story::Eased,
        },
        hazard: transition.hazard,
        words: &transition.words,
        subject: Some(&transition.subject),
        zones,
        level: &transition.to,
        was: &transition.from,
        severity: transition.severity,
        measure: transition.measure.as_ref(),
        measured_at: transition.measured_at,
        doubt: !transition.corroborated,
        word: None,
        city,
        impacts: Some(&phrases.impacts),
        now,
        exercise,
    }
}

/// A text in all its forms; where the language has no words for the warning, its generic text.
fn whole(transition: &Transition, facts: &Facts<'_>, language: &Language) -> Text {
    let Facts { zones, city, now, exercise, .. } = *facts;
    let Some(words) = Words::of(transition, city, language) else {
        return generic_text(transition.hazard, zones, city, language, now, exercise);
    };
    let mut text = words.push(&everywhere(zones, city)(language), transition, exercise, language);
    let title = words.fill(&words.saying.title, "");
    let doubt = !transition.corroborated;
    let body = |place: &str| marked(&words.fill(&words.saying.body, place), doubt, exercise, language);
    form::write(&mut text, facts, language, &title, body);
    text
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

/// What a push is made of, in one language.
struct Words<'a> {
    saying: &'a Saying,
    place: String,
    short: String,
    level: &'a str,
    was: &'a str,
    quantity: String,
    mark: String,
    window: String,
    when: String,
    advice: &'a str,
}

impl<'a> Words<'a> {
    fn of(transition: &'a Transition, city: &City, language: &'a Language) -> Option<Self> {
        let warning = language.warning(&transition.words)?;
        let (place, short) = places(&transition.subject, city, language);
        let measure = transition.measure.as_ref();
        Some(Self {
            saying: match (transition.raised, transition.to.as_str()) {
                (true, _) => &warning.raised,
                (false, NONE) => &warning.over,
                (false, _) => &warning.eased,
            },
            place,
            short,
            level: language.level(&transition.to),
            was: language.level(&transition.from),
            quantity: measure.map(|m| quantity(m, language)).unwrap_or_default(),
            mark: measure.map(|m| mark(m, language)).unwrap_or_default(),
            window: measure.and_then(|m| m.window).map(|w| language.window(w)).unwrap_or_default(),
            when: language.when(transition.measured_at, city.utc_offset_min),
            advice: warning.advice(transition.severity.step()),
        })
    }

    fn fill(&self, template: &Template, zone: &str) -> String {
        template.fill(&[
            ("place", &self.place),
            ("short", &self.short),
            ("level", self.level),
            ("was", self.was),
            ("quantity", &self.quantity),
            ("mark", &self.mark),
            ("window", &self.window),
            ("where", zone),
            ("when", &self.when),
            ("advice", self.advice),
        ])
    }

    fn push(&self, zone: &str, transition: &Transition, exercise: bool, language: &Language) -> Text {
        let marked = |text: String| marked(&text, !transition.corroborated, exercise, language);
        let title = cut(marked(self.fill(&self.saying.title, zone)), TITLE_MAX);
        let body = cut(marked(self.fill(&self.saying.body, zone)), BODY_MAX);
        Text::push(language.lang.clone(), title, body)
    }
}

/// A text with its marks: not corroborated, exercise.
pub(crate) fn marked(text: &str, doubt: bool, exercise: bool, language: &Language) -> String {
    let text = if doubt { language.mark("doubt", &[("text", text)]) } else { text.to_owned() };
    if exercise { language.mark("exercise", &[("text", &text)]) } else { text }
}

/// The subject, in full and in short: `sông Bồ tại Phú Ốc` and `sông Bồ`.
pub(super) fn places(subject: &Subject, city: &City, language: &Language) -> (String, String) {
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

pub(super) fn quantity(measure: &Measure, language: &Language) -> String {
    let quantity = language.quantity(measure.parameter, measure.value);
    if measure.at_least { language.mark("at_least", &[("quantity", &quantity)]) } else { quantity }
}

/// Above, at or below the threshold that people know, and by how much.
pub(super) fn mark(measure: &Measure, language: &Language) -> String {
    let Some((key, level, by)) = distance(measure, language) else { return String::new() };
    language.mark(key, &[("level", language.level(level)), ("by", &by)])
}

/// On which side of the threshold that people know, of which level, and how far.
pub(super) fn distance<'a>(
    measure: &'a Measure,
    language: &Language,
) -> Option<(&'static str, &'a str, String)> {
    let mark = measure.mark.as_ref()?;
    let by = Language::difference(mark.parameter, measure.value, mark.raise).raw();
    let key = match by.signum() {
        1 => "above",
        0 => "at",
        _ => "below",
    };
    Some((key, &mark.level, language.quantity(mark.parameter, Value::from_raw(by.abs()))))
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

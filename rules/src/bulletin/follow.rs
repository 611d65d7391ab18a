//! What follows an issued bulletin: an update while it stands, the all-clear that only an officer
//! gives, and the correction of a bulletin that was wrong. And generic texts, for languages in which
//! nobody wrote any.
//!
//! Nothing here decides that any of them is due.

use std::sync::Arc;

use sensors::city::City;
use sensors::place::ZoneId;
use sensors::time::Timestamp;

use super::compose::{cut, everywhere, mark, marked, places, quantity};
use super::form::{self, Facts, Story};
use super::{Act, Author, BODY_MAX, Bulletin, BulletinId, TITLE_MAX, Text};
use crate::alert::{AlertId, Measure, Subject};
use crate::hazard::{Hazard, Severity};
use crate::phrase::{Language, Phrases};

/// An issued bulletin, as those need it that follow it.
#[derive(Clone, Copy, Debug)]
pub struct Issued<'a> {
    /// The episode.
    pub alert: &'a AlertId,
    /// The hazard.
    pub hazard: Hazard,
    /// The kind of warning in the phrases; usually the hazard's own.
    pub words: &'a str,
    /// What it is about.
    pub subject: &'a Subject,
    /// Everybody who was told in the episode.
    pub zones: &'a [ZoneId],
    /// The level that it told of last.
    pub level: &'a str,
    /// The severity of that level.
    pub severity: Severity,
    /// The greatest severity of the episode.
    pub severity_max: Severity,
}

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The officer's id.
    pub officer: &'a str,
    /// The officer's name, as people read it.
    pub name: &'a str,
    /// Why, in the officer's own words; may be empty.
    pub reason: &'a str,
}

/// What was observed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation<'a> {
    /// The quantity.
    pub measure: &'a Measure,
    /// Its event time.
    pub measured_at: Timestamp,
    /// Whether trusted readings say so.
    pub corroborated: bool,
}

/// The danger is over: an officer says so, to everybody who was told.
pub fn compose_all_clear(
    issued: &Issued<'_>,
    word: &Word<'_>,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Bulletin {
    follow(issued, Act::AllClear, Some(word), phrases, now, |language| {
        let word = word.in_language(language, phrases);
        let facts = issued.facts(Story::AllClear, Some(&word), None, (city, phrases), now, exercise);
        say(issued, ("all_clear_title", "all_clear_body"), &facts, None, language)
    })
}

/// It was an error: the correction goes to everybody who got it.
pub fn compose_correction(
    issued: &Issued<'_>,
    word: &Word<'_>,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Bulletin {
    follow(issued, Act::Cancelled, Some(word), phrases, now, |language| {
        let word = word.in_language(language, phrases);
        let facts = issued.facts(Story::Correction, Some(&word), None, (city, phrases), now, exercise);
        say(issued, ("correction_title", "correction_body"), &facts, None, language)
    })
}

/// The same level still stands: what is observed now, where it is known, and what to do. Without an
/// officer's word it is the rule's own.
pub fn compose_update(
    issued: &Issued<'_>,
    word: Option<&Word<'_>>,
    observed: Option<&Observation<'_>>,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Bulletin {
    let body = if observed.is_some() { "update_body" } else { "standing_body" };
    follow(issued, Act::Updated, word, phrases, now, |language| {
        let word = word.map(|word| word.in_language(language, phrases));
        let facts = issued.facts(Story::Updated, word.as_ref(), observed, (city, phrases), now, exercise);
        say(issued, ("update_title", body), &facts, observed, language)
    })
}

/// The pre-approved text of a language in which nobody wrote any: the hazard, where, and what to do.
pub fn generic_text(
    hazard: Hazard,
    zones: &[ZoneId],
    city: &City,
    language: &Language,
    now: Timestamp,
    exercise: bool,
) -> Text {
    let advice = language.follow("generic_advice", &[]);
    let when = language.when(now, city.utc_offset_min);
    let fill = |key: &str, zone: &str| {
        let values = [
            ("hazard", language.hazard(hazard)),
            ("where", zone),
            ("when", when.as_str()),
            ("advice", advice.as_str()),
        ];
        language.follow(key, &values)
    };
    let marked = |text: String| marked(&text, false, exercise, language);
    let title = fill("generic_title", "");
    let body = |zone: &str| marked(fill("generic_body", zone));
    let count = everywhere(zones, city)(language);
    let (lang, push) = (language.lang.clone(), cut(marked(title.clone()), TITLE_MAX));
    let mut text = Text::push(lang, push, cut(body(&count), BODY_MAX));
    let facts = Facts {
        story: Story::Generic,
        hazard,
        words: "",
        subject: None,
        zones,
        level: "",
        was: "",
        severity: Severity::MAX,
        measure: None,
        measured_at: now,
        doubt: false,
        word: None,
        city,
        impacts: None,
        now,
        exercise,
    };
    form::write(&mut text, &facts, language, &title, body);
    text
}

/// Gives a bulletin the generic text of every language in which it has none.
pub fn fill_missing(bulletin: &mut Bulletin, city: &City, phrases: &Phrases, exercise: bool) {
    let (hazard, at) = (bulletin.hazard, bulletin.at);
    for language in &phrases.languages {
        let written = |text: &Text| text.lang == language.lang && !text.body.trim().is_empty();
        if !bulletin.texts.iter().any(written) {
            bulletin.texts.retain(|text| text.lang != language.lang);
            bulletin.texts.push(generic_text(hazard, &bulletin.zones, city, language, at, exercise));
        }
    }
}

fn follow(
    issued: &Issued<'_>,
    act: Act,
    word: Option<&Word<'_>>,
    phrases: &Phrases,
    now: Timestamp,
    text: impl Fn(&Language) -> Text,
) -> Bulletin {
    Bulletin {
        id: BulletinId(Arc::from(format!("{}.{}.{}", issued.alert, act.as_str(), now.ms()))),
        alert: issued.alert.clone(),
        hazard: issued.hazard,
        act,
        severity: issued.severity,
        severity_max: issued.severity_max,
        zones: issued.zones.to_vec(),
        at: now,
        automatic: true,
        author: word.map_or(Author::Rule, |word| Author::Officer(Arc::from(word.officer))),
        texts: phrases.languages.iter().map(text).collect(),
    }
}

impl<'a> Word<'a> {
    /// Officers write in the city's first language; other languages do without the reason.
    fn in_language(&self, language: &Language, phrases: &Phrases) -> Word<'a> {
        let first = phrases.languages.first().is_some_and(|first| first.lang == language.lang);
        Word { reason: if first { self.reason } else { "" }, ..*self }
    }
}

/// A text of what follows, in all its forms.
fn say(
    issued: &Issued<'_>,
    (title, body): (&str, &str),
    facts: &Facts<'_>,
    observed: Option<&Observation<'_>>,
    language: &Language,
) -> Text {
    let Facts { city, now, exercise, zones, word, measure, .. } = *facts;
    let (place, short) = places(issued.subject, city, language);
    let own = language.warning(issued.words).map(|warning| warning.advice(issued.severity.step()));
    let generic = language.follow("generic_advice", &[]);
    let at = observed.map_or(now, |observed| observed.measured_at);
    let (amount, mark, window, when) = (
        measure.map(|m| quantity(m, language)).unwrap_or_default(),
        measure.map(|m| mark(m, language)).unwrap_or_default(),
        measure.and_then(|m| m.window).map(|w| language.window(w)).unwrap_or_default(),
        language.when(at, city.utc_offset_min),
    );
    let fill = |key: &str, zone: &str, reason: &str| {
        let values = [
            ("hazard", language.hazard(issued.hazard)),
            ("place", place.as_str()),
            ("short", short.as_str()),
            ("level", language.level(issued.level)),
            ("quantity", amount.as_str()),
            ("mark", mark.as_str()),
            ("window", window.as_str()),
            ("where", zone),
            ("when", when.as_str()),
            ("advice", own.filter(|advice| !advice.is_empty()).unwrap_or(&generic)),
            ("reason", reason),
            ("officer", word.map_or("", |word| word.name)),
        ];
        let text = marked(&language.follow(key, &values), facts.doubt, exercise, language);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // The officer's reason is in the whole bulletin; in a push it stands where there is room for it.
    let reason = word.map_or("", |word| word.reason.trim());
    let count = everywhere(zones, city)(language);
    let reason = if fill(body, &count, reason).chars().count() <= BODY_MAX { reason } else { "" };
    let push = (cut(fill(title, "", ""), TITLE_MAX), cut(fill(body, &count, reason), BODY_MAX));
    let mut text = Text::push(language.lang.clone(), push.0, push.1);
    let bare = language.follow(
        title,
        &[
            ("hazard", language.hazard(issued.hazard)),
            ("short", short.as_str()),
            ("place", place.as_str()),
            ("level", language.level(issued.level)),
        ],
    );
    form::write(&mut text, facts, language, &bare, |zone| fill(body, zone, reason));
    text
}

impl<'a> Issued<'a> {
    fn facts(
        &self,
        story: Story,
        word: Option<&'a Word<'a>>,
        observed: Option<&Observation<'a>>,
        (city, phrases): (&'a City, &'a Phrases),
        now: Timestamp,
        exercise: bool,
    ) -> Facts<'a> {
        Facts {
            story,
            hazard: self.hazard,
            words: self.words,
            subject: Some(self.subject),
            zones: self.zones,
            level: self.level,
            was: self.level,
            severity: self.severity,
            measure: observed.map(|observed| observed.measure),
            measured_at: observed.map_or(now, |observed| observed.measured_at),
            doubt: observed.is_some_and(|observed| !observed.corroborated),
            word,
            city,
            impacts: Some(&phrases.impacts),
            now,
            exercise,
        }
    }
}

//! The longer forms of a text: the whole bulletin for a page, the text message, the words for
//! loudspeakers. All of them say the same as the push, and what there was no room for.
//!
//! A disaster-risk level is never stated here, only quoted by whoever types it in.

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::place::ZoneId;
use sensors::time::Timestamp;

use super::compose::{distance, places, quantity};
use super::impact::{Impacts, KINDS, Reach, Step};
use super::sms;
use super::{Text, Word};
use crate::alert::{Measure, Subject};
use crate::hazard::{Hazard, Severity};
use crate::phrase::{Language, Saying, Voice};

/// What a bulletin tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    Raised,
    Eased,
    Over,
    Updated,
    AllClear,
    Correction,
    /// Nothing but the hazard and the place is known in this language.
    Generic,
}

/// What the forms of a bulletin are made of.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) story: Story,
    pub(super) hazard: Hazard,
    pub(super) words: &'a str,
    pub(super) subject: Option<&'a Subject>,
    pub(super) zones: &'a [ZoneId],
    pub(super) level: &'a str,
    pub(super) was: &'a str,
    pub(super) severity: Severity,
    pub(super) measure: Option<&'a Measure>,
    pub(super) measured_at: Timestamp,
    pub(super) doubt: bool,
    pub(super) word: Option<&'a Word<'a>>,
    pub(super) city: &'a City,
    pub(super) impacts: Option<&'a Impacts>,
    pub(super) now: Timestamp,
    pub(super) exercise: bool,
}

/// Writes the forms of a text that has its push; `title` is the title without marks, `body` the body
/// with its marks as it names a place.
pub(super) fn write(
    text: &mut Text,
    facts: &Facts<'_>,
    language: &Language,
    title: &str,
    body: impl Fn(&str) -> String,
) {
    let speech = Writer { facts, language, voice: Voice::Speaker }.spoken(title);
    text.full = Writer { facts, language, voice: Voice::Page }.full(title);
    text.spoken = language.spoken(&speech);
    text.sms = sms::write(facts, language, body);
}

/// The zones by their names, those of a kind together: `phường Hương Trà, Kim Trà; xã Quảng Điền`.
pub(super) fn zone_names(zones: &[ZoneId], city: &City, language: &Language) -> String {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for zone in zones {
        let name = city.zone(zone).map_or(zone.as_str(), |zone| zone.name.as_str());
        let (kind, own) = name.split_once(' ').unwrap_or(("", name));
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, names)) => names.push(own),
            None => kinds.push((kind, vec![own])),
        }
    }
    let kind = |(kind, names): &(&str, Vec<&str>)| {
        let listed = names.join(", ");
        match names.as_slice() {
            _ if kind.is_empty() => listed,
            // One alone is called as it is called.
            [one] => format!("{kind} {one}"),
            _ => format!("{} {listed}", language.name(kind)),
        }
    };
    kinds.iter().map(kind).collect::<Vec<_>>().join("; ")
}

/// The paragraph that says where.
pub(super) fn area(zones: &[ZoneId], city: &City, language: &Language) -> String {
    language.part("where", &[("where", &zone_names(zones, city, language))])
}

struct Writer<'a> {
    facts: &'a Facts<'a>,
    language: &'a Language,
    voice: Voice,
}

impl Writer<'_> {
    fn full(&self, title: &str) -> String {
        let Facts { city, now, exercise, doubt, .. } = *self.facts;
        let language = self.language;
        let heading = super::compose::marked(&self.heading(title), doubt, exercise, language).to_uppercase();
        let issued = language.part("issued", &[("city", &city.name), ("when", &self.when(now))]);
        let mut said = vec![format!("{heading}\n{issued}")];
        said.extend(exercise.then(|| language.part("exercise", &[])));
        said.push(self.sentence(title));
        said.push(self.area());
        said.extend(self.impacts());
        said.push(language.part("sure", &[("sure", &self.sure())]));
        said.extend(self.reason());
        said.push(language.part("advice", &[("advice", &self.advice())]));
        said.push(self.next());
        said.push(self.responsible());
        said.join("\n\n")
    }

    fn spoken(&self, title: &str) -> String {
        let Facts { exercise, doubt, measure, .. } = *self.facts;
        let language = self.language;
        let drill = exercise.then(|| language.part("exercise", &[]));
        let mut said: Vec<String> = drill.clone().into_iter().collect();
        let heading = self.heading(title);
        said.push(language.part("spoken_begin", &[("heading", &heading)]));
        said.push(self.sentence(title));
        said.push(self.area());
        said.extend(self.impacts());
        let own = language.warning(self.facts.words).is_some_and(|warning| warning.sure.is_some());
        if doubt || own || measure.is_some_and(|measure| measure.at_least) {
            said.push(language.part("sure", &[("sure", &self.sure())]));
        }
        said.extend(self.reason());
        said.push(language.part("advice", &[("advice", &self.advice())]));
        said.push(self.next());
        said.push(self.responsible());
        said.extend(drill);
        said.push(language.part("spoken_end", &[]));
        said.join("\n")
    }

    fn when(&self, at: Timestamp) -> String {
        self.language.moment(at, self.facts.city.utc_offset_min, self.voice)
    }

    fn places(&self) -> (String, String) {
        let Facts { subject, zones, city, .. } = *self.facts;
        subject.map_or_else(
            || (zone_names(zones, city, self.language), zone_names(zones, city, self.language)),
            |subject| places(subject, city, self.language),
        )
    }

    fn heading(&self, title: &str) -> String {
        let Facts { story, words, hazard, .. } = *self.facts;
        let (place, short) = self.places();
        let own = self.language.warning(words).and_then(|warning| warning.heading.as_ref());
        match (story, own) {
            (Story::Raised, Some(own)) => own.fill(&[("place", &place), ("short", &short)]),
            (Story::Raised, None) => {
                let hazard = self.language.hazard(hazard);
                self.language.part("heading", &[("hazard", hazard), ("place", &place)])
            }
            _ => title.to_owned(),
        }
    }

    /// What was observed, or decided.
    fn sentence(&self, title: &str) -> String {
        let Facts { story, words, hazard, measure, measured_at, now, .. } = *self.facts;
        let language = self.language;
        let warning = language.warning(words);
        let saying: Option<&Saying> = warning.and_then(|warning| match story {
            Story::Raised | Story::Updated => Some(&warning.raised),
            Story::Eased => Some(&warning.eased),
            Story::Over => Some(&warning.over),
            Story::AllClear | Story::Correction | Story::Generic => None,
        });
        let (place, short) = self.places();
        let observed = measure.is_some();
        let at = self.when(if observed { measured_at } else { now });
        let values = [
            ("title", title),
            ("hazard", language.hazard(hazard)),
            ("place", &place),
            ("short", &short),
            ("when", &at),
            ("level", language.level_in_full(self.facts.level)),
            ("was", language.level_in_full(self.facts.was)),
            ("quantity", &measure.map(|m| quantity(m, language)).unwrap_or_default()),
            ("mark", &measure.map(|m| self.mark(m)).unwrap_or_default()),
            ("window", &measure.and_then(|m| m.window).map(|w| language.window(w)).unwrap_or_default()),
        ];
        match (story, saying.and_then(|saying| saying.full.as_ref())) {
            (Story::AllClear, _) => language.part("all_clear", &values),
            (Story::Correction, _) => language.part("correction", &values),
            (Story::Generic, _) => language.part("generic", &values),
            (_, Some(full)) if observed => full.fill(&values),
            (_, None) if observed => language.part("raised", &values),
            _ => language.part("standing", &values),
        }
    }

    fn mark(&self, measure: &Measure) -> String {
        let Some((key, level, by)) = distance(measure, self.language) else { return String::new() };
        self.language.part(key, &[("level", self.language.level_in_full(level)), ("by", &by)])
    }

    fn area(&self) -> String {
        area(self.facts.zones, self.facts.city, self.language)
    }

    /// What is under water already, and what would be at the next step.
    fn impacts(&self) -> Vec<String> {
        let Facts { story, measure, subject, zones, impacts, .. } = *self.facts;
        let (Some(measure), Some(Subject::Station(station)), Some(impacts)) = (measure, subject, impacts)
        else {
            return Vec::new();
        };
        let stage = measure.parameter == Parameter::Stage && measure.window.is_none();
        if !stage || matches!(story, Story::AllClear | Story::Correction | Story::Generic) {
            return Vec::new();
        }
        let Reach { reached, next } = impacts.reach(station, measure.value, zones);
        let mut said = Vec::new();
        if !reached.is_empty() {
            said.push(self.language.part("impact", &[("impact", &self.flooded(&reached))]));
        }
        if let Some(next) = next.filter(|_| matches!(story, Story::Raised | Story::Updated)) {
            let stage = self.language.quantity(Parameter::Stage, next.stage);
            let impact = self.flooded(&[next]);
            said.push(self.language.part("rising", &[("stage", &stage), ("impact", &impact)]));
        }
        said
    }

    fn flooded(&self, steps: &[&Step]) -> String {
        let kind = |(place, kind): (usize, &&str)| {
            let mut names: Vec<&str> = Vec::new();
            for name in steps.iter().filter_map(|step| step.names.get(place)).flatten() {
                let name = self.language.name(name);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            (!names.is_empty()).then(|| self.language.part(kind, &[("names", &names.join(", "))]))
        };
        KINDS.iter().enumerate().filter_map(kind).collect::<Vec<_>>().join("; ")
    }

    fn sure(&self) -> String {
        let Facts { story, doubt, measure, .. } = *self.facts;
        let own = self.language.warning(self.facts.words).and_then(|warning| warning.sure.as_ref());
        if let (Some(own), Some(_), false) = (own, measure, doubt) {
            return own.clone();
        }
        let key = match (story, doubt, measure) {
            (Story::AllClear | Story::Correction, ..) => "sure_stated",
            (Story::Generic, ..) => "sure_generic",
            (_, true, _) => "sure_doubt",
            (_, _, Some(measure)) if measure.at_least => "sure_at_least",
            (_, _, Some(_)) => "sure_observed",
            (_, _, None) => "sure_stated",
        };
        self.language.part(key, &[])
    }

    fn reason(&self) -> Option<String> {
        let reason = self.facts.word.map(|word| word.reason.trim()).filter(|reason| !reason.is_empty());
        reason.map(|reason| self.language.part("reason", &[("reason", reason)]))
    }

    fn advice(&self) -> String {
        let Facts { story, words, severity, .. } = *self.facts;
        let key = match story {
            Story::Eased | Story::Over => "advice_eased",
            Story::AllClear => "advice_all_clear",
            Story::Correction => "advice_correction",
            Story::Raised | Story::Updated | Story::Generic => {
                let own = self.language.warning(words).map(|w| w.advice_in_full(severity.step()));
                let own = own.filter(|advice| !advice.is_empty() && story != Story::Generic);
                return own.map_or_else(|| self.language.follow("generic_advice", &[]), str::to_owned);
            }
        };
        self.language.part(key, &[])
    }

    fn next(&self) -> String {
        let Facts { story, severity, now, .. } = *self.facts;
        let next = if matches!(story, Story::AllClear | Story::Correction) {
            self.language.part("next_none", &[])
        } else {
            let at = self.when(now.plus(self.language.next_bulletin(severity)));
            self.language.part("next_by", &[("when", &at)])
        };
        self.language.part("next", &[("next", &next)])
    }

    fn responsible(&self) -> String {
        responsible(self.language, self.facts.word.map_or("", |word| word.name))
    }
}

/// Who answers for the bulletin: the post, and the officer where one is named.
pub(super) fn responsible(language: &Language, officer: &str) -> String {
    let post = language.post();
    let who = if officer.trim().is_empty() {
        language.part("by_post", &[("post", post)])
    } else {
        language.part("by_officer", &[("officer", officer.trim()), ("post", post)])
    };
    language.part("responsible", &[("responsible", &who)])
}

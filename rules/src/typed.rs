//! Bulletins that officers type: words in the places of a template, in every form and language.
//!
//! It says what was typed and nothing else: an hour that is not known is not named (warning.md 24), and
//! a disaster-risk level stands only beside who gave it, under which number and when (warning.md 15).

pub mod national;

use std::collections::BTreeMap;

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::place::ZoneId;
use sensors::quantity::{Discharge, Value};
use sensors::time::Timestamp;

use crate::bulletin::{BODY_MAX, TITLE_MAX, Text, cut, marked};
use crate::hazard::Hazard;
use crate::phrase::{Language, Phrases, TypedForm as Form};

/// The most characters of a text message: four parts of Unicode text, 67 characters each.
pub const SMS_MAX: usize = 268;

/// The most characters that are read out at once; about three minutes.
pub const SPOKEN_MAX: usize = 2_000;

/// What stands in a place of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The same in every language.
    Text(String),
    /// A name that a language may have another one for.
    Name(String),
    /// Words of an officer in the city's first language, and in others by their tags.
    Own {
        /// In the first language.
        text: String,
        /// In others.
        others: BTreeMap<String, String>,
    },
    /// A moment.
    When(Timestamp),
    /// A discharge.
    Discharge(Discharge),
    /// What endangers people.
    Hazard(Hazard),
    /// What to do against it.
    Advice(Hazard),
    /// Where.
    Where(Vec<ZoneId>),
    /// A small piece.
    Piece(&'static str, Vec<(&'static str, Word)>),
    /// Several, one after the other.
    Each(Vec<Word>),
}

/// A bulletin as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The template, as `national`.
    pub kind: &'static str,
    /// Whether it takes the place of an earlier one of the same template.
    pub updated: bool,
    /// What stands in its places; a place that is not here stays empty.
    pub words: Vec<(&'static str, Word)>,
}

/// Texts, and which of them were too long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Composed {
    /// One text per language, the city's first one first.
    pub texts: Vec<Text>,
    /// What was cut off, as `vi.body`.
    pub cut: Vec<String>,
}

/// Puts the words in their places.
pub fn compose_typed(said: &Said, city: &City, phrases: &Phrases, exercise: bool) -> Composed {
    let mut composed = Composed::default();
    let first = phrases.languages.first().map(|language| &language.lang);
    for language in phrases.languages.iter().filter(|language| language.can_be_typed()) {
        let is_first = first == Some(&language.lang);
        let mut say = |form: Form, most: usize| {
            let speech = Speech { language, city, form, is_first };
            let text = marked(&speech.text(said), false, exercise, language);
            if text.chars().count() > most {
                composed.cut.push(format!("{}.{}", language.lang.0, form.as_str()));
            }
            cut(text, most)
        };
        let text = Text {
            lang: language.lang.clone(),
            title: say(Form::Title, TITLE_MAX),
            body: say(Form::Body, BODY_MAX),
            full: say(Form::Full, usize::MAX),
            sms: say(Form::Sms, SMS_MAX),
            spoken: say(Form::Spoken, SPOKEN_MAX),
        };
        composed.texts.push(text);
    }
    composed
}

/// One language, one form.
struct Speech<'a> {
    language: &'a Language,
    city: &'a City,
    form: Form,
    is_first: bool,
}

impl Speech<'_> {
    fn text(&self, said: &Said) -> String {
        let words: Vec<(&str, String)> =
            said.words.iter().map(|(place, word)| (*place, self.word(word))).collect();
        let values: Vec<(&str, &str)> = words.iter().map(|(place, word)| (*place, word.as_str())).collect();
        let text = self.language.typed(said.kind, self.form, &values);
        // The body of a push has no room for it; its title says so.
        let text = if said.updated && self.form != Form::Body {
            self.language.typed_piece("updated", &[("text", &text)])
        } else {
            text
        };
        tidy(&text, self.form)
    }

    fn word(&self, word: &Word) -> String {
        match word {
            Word::Text(text) => text.clone(),
            Word::Name(name) => self.language.name(name).to_owned(),
            Word::Own { text, others } => self.own(text, others),
            Word::When(at) => self.when(*at),
            Word::Discharge(discharge) => self.discharge(*discharge),
            Word::Hazard(hazard) => self.language.hazard(*hazard).to_owned(),
            Word::Advice(hazard) => self.language.hazard_advice(*hazard).to_owned(),
            Word::Where(zones) => self.place(zones),
            Word::Piece(key, words) => self.piece(key, words),
            Word::Each(words) => {
                let between = if self.form == Form::Full { "\n" } else { " " };
                words.iter().map(|word| self.word(word)).collect::<Vec<_>>().join(between)
            }
        }
    }

    fn piece(&self, key: &str, words: &[(&'static str, Word)]) -> String {
        let words: Vec<(&str, String)> =
            words.iter().map(|(place, word)| (*place, self.word(word))).collect();
        let values: Vec<(&str, &str)> = words.iter().map(|(place, word)| (*place, word.as_str())).collect();
        self.language.typed_piece(key, &values)
    }

    /// Words that nobody translated are said to be so, and stand as they are in the whole text.
    fn own(&self, text: &str, others: &BTreeMap<String, String>) -> String {
        match others.get(&*self.language.lang.0) {
            _ if self.is_first => text.to_owned(),
            Some(translated) => translated.clone(),
            None if self.form == Form::Full => {
                format!("{}\n{text}", self.language.typed_piece("untranslated", &[]))
            }
            None => self.language.typed_piece("untranslated", &[]),
        }
    }

    fn when(&self, at: Timestamp) -> String {
        match self.form {
            Form::Spoken => self.language.spoken_when(at, self.city.utc_offset_min),
            _ => self.language.when(at, self.city.utc_offset_min),
        }
    }

    fn discharge(&self, discharge: Discharge) -> String {
        let value = Value::from_raw(discharge.l_per_s());
        match self.form {
            Form::Spoken => {
                let count = ((discharge.l_per_s() + 500) / 1000).to_string();
                self.language.typed_piece("m3_s", &[("count", &count)])
            }
            _ => self.language.quantity(Parameter::Release, value),
        }
    }

    /// In what is short, how many they are where they are more than two.
    fn place(&self, zones: &[ZoneId]) -> String {
        if zones.len() > 2 && zones.len() == self.city.zones.len() {
            return self.language.typed_piece("whole_city", &[]);
        }
        let short = !matches!(self.form, Form::Full | Form::Spoken);
        if short && zones.len() > 2 {
            return self.language.mark("zones", &[("count", &zones.len().to_string())]);
        }
        let name =
            |zone: &ZoneId| self.city.zone(zone).map_or_else(|| zone.to_string(), |zone| zone.name.clone());
        zones.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

/// Places that stay empty leave neither double spaces nor empty lines.
fn tidy(text: &str, form: Form) -> String {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = text.lines().map(line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(if form == Form::Full { "\n" } else { " " })
}

//! What officers say to the public of a warning that went out: that the danger is over, that it was
//! an error; and the text for a language in which nobody wrote any. In the words of the desk.

use sensors::city::City;
use sensors::place::ZoneId;
use sensors::time::Timestamp;

use super::compose::{cut, everywhere, marked};
use super::{BODY_MAX, TITLE_MAX, Text};
use crate::phrase::{Language, Phrases};

/// A statement about something that was said.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The words: `{words}_title` and `{words}_body` of `[desk]`.
    pub words: &'static str,
    /// What was said, by language; the first one speaks for a language that has none.
    pub said: &'a [Text],
    /// When, by the running clock.
    pub at: Timestamp,
    /// Whether it is an exercise.
    pub exercise: bool,
}

/// The statement in every language, for these zones.
pub fn state(statement: &Statement, zones: &[ZoneId], city: &City, phrases: &Phrases) -> Vec<Text> {
    let place = everywhere(zones, city);
    let one = |language: &Language| one(statement, &place(language), city, language);
    phrases.languages.iter().map(one).collect()
}

/// The zones in few words of a language: their names where they are one or two, else how many they are.
pub fn place(zones: &[ZoneId], city: &City, language: &Language) -> String {
    everywhere(zones, city)(language)
}

/// Fills in the pre-approved text where a language has none, the city's first language first.
pub fn complete(
    texts: &mut Vec<Text>,
    zones: &[ZoneId],
    city: &City,
    phrases: &Phrases,
    at: (Timestamp, bool),
) {
    texts.retain(|text| !(text.title.trim().is_empty() || text.body.trim().is_empty()));
    let said = texts.clone();
    let (at, exercise) = at;
    let statement = Statement { words: "generic", said: &said, at, exercise };
    let place = everywhere(zones, city);
    for language in &phrases.languages {
        if texts.iter().all(|text| text.lang != language.lang) {
            texts.push(one(&statement, &place(language), city, language));
        }
    }
    let order = |text: &Text| phrases.languages.iter().position(|language| language.lang == text.lang);
    texts.sort_by_key(|text| order(text).unwrap_or(usize::MAX));
}

fn one(statement: &Statement, place: &str, city: &City, language: &Language) -> Text {
    let said = statement.said.iter().find(|text| text.lang == language.lang).or(statement.said.first());
    let what = said.map_or("", |text| text.title.as_str());
    let when = language.when(statement.at, city.utc_offset_min);
    let values = [("what", what), ("where", place), ("when", when.as_str())];
    let say = |part: &str| language.desk(&format!("{}_{part}", statement.words), &values);
    // What was said in an exercise is marked already.
    let exercise = statement.exercise;
    let marked = |text: String| marked(&text, false, exercise && !is_marked(&text, language), language);
    let title = cut(marked(say("title")), TITLE_MAX);
    Text::push(language.lang.clone(), title, cut(marked(say("body")), BODY_MAX))
}

/// Whether a text begins as every text of an exercise does.
fn is_marked(text: &str, language: &Language) -> bool {
    let mark = language.mark("exercise", &[("text", "")]);
    !mark.trim().is_empty() && text.starts_with(mark.trim())
}

//! What a bulletin lacks: the parts that it must have, and what must not stand in any of its forms.
//!
//! It names and never mends. What it can't judge, whether the words are true, is for people.

use std::fmt;

use sensors::city::City;
use sensors::place::ZoneId;

use super::form::zone_names;
use super::sms::{SMS_MAX, Sms, plain};
use super::{BODY_MAX, Bulletin, Lang, TITLE_MAX, Text};
use crate::phrase::{Language, Phrases};

/// The most characters of a whole bulletin and of what loudspeakers say.
pub const FULL_MAX: usize = 20_000;
/// The most that one look at a bulletin names.
const LACKS_MAX: usize = 200;
/// A text of fewer letters may do without the letters of its language.
const LETTERS_MIN: usize = 20;

/// Units beside those of the phrases.
const UNITS: [&str; 9] = ["%", "km", "cm", "ha", "m", "mm", "hPa", "°C", "m3/s"];

/// A form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// The title of a push.
    Title,
    /// The body of a push.
    Body,
    /// The whole bulletin.
    Full,
    /// The text message.
    Sms,
    /// For loudspeakers.
    Spoken,
}

/// What is lacking, or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// No text at all.
    Text,
    /// What happened: the form is empty.
    What,
    /// Any of its zones, by name.
    Where,
    /// The hour.
    When,
    /// How sure it is.
    Sure,
    /// What to do.
    Advice,
    /// When the next bulletin comes.
    Next,
    /// Who answers for it.
    Responsible,
    /// So many characters, or messages, are too many.
    Short(usize),
    /// It has no zone.
    Zones,
    /// A zone that the city does not have.
    Zone(ZoneId),
    /// A control character, or one that turns the direction of the text.
    Character(char),
    /// A place of a template that nobody filled.
    Brace,
    /// A number with decimals and without its unit.
    Unit(String),
    /// The letters of its language.
    Letters,
    /// Whose disaster-risk level it is: number and hour of the issuer's bulletin.
    Issuer,
    /// The digits in words.
    Words,
}

/// Something that a bulletin lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The language; `None` where it is about the bulletin as a whole.
    pub lang: Option<Lang>,
    /// The form; `None` where it is about all of them.
    pub form: Option<Form>,
    /// What.
    pub want: Want,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Full => "full",
            Self::Sms => "sms",
            Self::Spoken => "spoken",
        })
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("there is no text in this language"),
            Self::What => f.write_str("it is empty: say what happened"),
            Self::Where => f.write_str("it does not say where: name the zones"),
            Self::When => f.write_str("it does not say when: name the hour"),
            Self::Sure => f.write_str("it does not say how sure it is"),
            Self::Advice => f.write_str("it does not say what to do"),
            Self::Next => f.write_str("it does not say when the next bulletin comes"),
            Self::Responsible => f.write_str("it does not say who answers for it"),
            Self::Short(most) => write!(f, "it is too long; allowed are {most}"),
            Self::Zones => f.write_str("it is for no zone"),
            Self::Zone(zone) => write!(f, "there is no zone {zone}"),
            Self::Character(c) => write!(f, "the character U+{:04X} is not allowed", u32::from(*c)),
            Self::Brace => f.write_str("a place in braces was not filled"),
            Self::Unit(number) => write!(f, "the number {number} has no unit"),
            Self::Letters => {
                f.write_str("it has none of the letters of its language: are the marks missing?")
            }
            Self::Issuer => f.write_str(
                "a disaster-risk level is only quoted: name issuer, number and hour of its bulletin",
            ),
            Self::Words => f.write_str("digits are left: say numbers in words"),
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(lang) = &self.lang {
            write!(f, "{}: ", lang.0)?;
        }
        if let Some(form) = self.form {
            write!(f, "{form}: ")?;
        }
        self.want.fmt(f)
    }
}

/// Everything that a bulletin to the public lacks; at most 200 of it.
pub fn lint(bulletin: &Bulletin, city: &City, phrases: &Phrases) -> Vec<Lack> {
    let mut lacks = Vec::new();
    let mut whole = |want| lacks.push(Lack { lang: None, form: None, want });
    if bulletin.zones.is_empty() && bulletin.hazard.is_public() {
        whole(Want::Zones);
    }
    for zone in bulletin.zones.iter().filter(|zone| city.zone(zone).is_none()) {
        whole(Want::Zone(zone.clone()));
    }
    for language in &phrases.languages {
        match bulletin.texts.iter().find(|text| text.lang == language.lang) {
            Some(text) => Look { language, lacks: &mut lacks }.text(text, bulletin, city),
            None => lacks.push(Lack { lang: Some(language.lang.clone()), form: None, want: Want::Text }),
        }
    }
    lacks.truncate(LACKS_MAX);
    lacks
}

struct Look<'a> {
    language: &'a Language,
    lacks: &'a mut Vec<Lack>,
}

impl Look<'_> {
    fn lacks(&mut self, form: Form, want: Want) {
        if self.lacks.len() < LACKS_MAX {
            self.lacks.push(Lack { lang: Some(self.language.lang.clone()), form: Some(form), want });
        }
    }

    fn text(&mut self, text: &Text, bulletin: &Bulletin, city: &City) {
        let forms = [
            (Form::Title, &text.title, TITLE_MAX),
            (Form::Body, &text.body, BODY_MAX),
            (Form::Full, &text.full, FULL_MAX),
            (Form::Sms, &text.sms, FULL_MAX),
            (Form::Spoken, &text.spoken, FULL_MAX),
        ];
        let staff = !bulletin.hazard.is_public();
        for (form, said, most) in forms {
            if said.chars().count() > most {
                // What is far too long is not read any further.
                self.lacks(form, Want::Short(most));
                continue;
            }
            let push = matches!(form, Form::Title | Form::Body);
            if said.trim().is_empty() {
                if push || !staff {
                    self.lacks(form, Want::What);
                }
                continue;
            }
            self.signs(form, said);
            if !staff {
                self.parts(form, said, bulletin, city);
            }
        }
    }

    /// What must not stand in any form.
    fn signs(&mut self, form: Form, said: &str) {
        let breaks = matches!(form, Form::Full | Form::Spoken);
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
        if let Some(bad) = said.chars().find(|c| turns(*c) || c.is_control() && !(breaks && *c == '\n')) {
            self.lacks(form, Want::Character(bad));
        }
        if said.contains(['{', '}']) {
            self.lacks(form, Want::Brace);
        }
        let letters = self.language.letters();
        let long = said.chars().filter(|c| c.is_alphabetic()).count() >= LETTERS_MIN;
        let own = form != Form::Sms || !self.language.is_plain_sms();
        if own && long && !letters.is_empty() && !said.to_lowercase().contains(|c| letters.contains(c)) {
            self.lacks(form, Want::Letters);
        }
        let (risk, needs) = self.language.risk();
        let bare = |paragraph: &str| {
            let has = |words: &String| paragraph.contains(words.as_str());
            risk.iter().any(has) && !needs.iter().all(has)
        };
        if form != Form::Title && said.to_lowercase().lines().any(bare) {
            self.lacks(form, Want::Issuer);
        }
    }

    /// What a form must say.
    fn parts(&mut self, form: Form, said: &str, bulletin: &Bulletin, city: &City) {
        if let Some(number) = self.bare_number(said) {
            self.lacks(form, Want::Unit(number));
        }
        match form {
            Form::Title => {}
            Form::Body => self.place(form, said, bulletin, city),
            Form::Sms => {
                self.place(form, said, bulletin, city);
                if Sms::of(said).messages > SMS_MAX {
                    self.lacks(form, Want::Short(SMS_MAX));
                }
            }
            Form::Full => {
                self.place(form, said, bulletin, city);
                self.labels(form, said);
                if !self.names_hour(said) {
                    self.lacks(form, Want::When);
                }
            }
            Form::Spoken => {
                self.place(form, said, bulletin, city);
                if said.contains(|c: char| c.is_ascii_digit()) {
                    self.lacks(form, Want::Words);
                }
            }
        }
    }

    fn labels(&mut self, form: Form, said: &str) {
        let parts = [
            ("where", Want::Where),
            ("sure", Want::Sure),
            ("advice", Want::Advice),
            ("next", Want::Next),
            ("responsible", Want::Responsible),
        ];
        for (part, want) in parts {
            let label = self.language.label(part);
            let filled = |line: &str| {
                line.trim().strip_prefix(label).is_some_and(|rest| rest.contains(char::is_alphanumeric))
            };
            if !said.lines().any(filled)
                && !self.lacks.iter().any(|l| {
                    l.form == Some(form) && l.want == want && l.lang.as_ref() == Some(&self.language.lang)
                })
            {
                self.lacks(form, want);
            }
        }
    }

    /// A zone by its name, or how many they are.
    fn place(&mut self, form: Form, said: &str, bulletin: &Bulletin, city: &City) {
        let spoken =
            |text: &str| if form == Form::Spoken { self.language.spoken(text) } else { text.to_owned() };
        let named = |zone: &ZoneId| {
            let name = zone_names(std::slice::from_ref(zone), city, self.language);
            let own = spoken(name.split_once(' ').map_or(name.as_str(), |(_, own)| own));
            said.contains(&own) || said.contains(&plain(&own))
        };
        let count = bulletin.zones.len().to_string();
        let counted = said.contains(&self.language.mark("zones", &[("count", &count)]));
        if !bulletin.zones.is_empty() && !counted && !bulletin.zones.iter().any(named) {
            self.lacks(form, Want::Where);
        }
    }

    /// An hour as `03:10`, or with the sign that the language's own formats have between hour and minute.
    fn names_hour(&self, said: &str) -> bool {
        let between = |format: &&str| -> Option<String> {
            let (_, rest) = format.split_once('H').or_else(|| format.split_once('I'))?;
            Some(rest.split_once('%')?.0.to_owned())
        };
        let mut signs: Vec<String> = self.language.hours().iter().filter_map(between).collect();
        signs.push(":".to_owned());
        signs.push("h".to_owned());
        let digit = |c: char| c.is_ascii_digit();
        signs.iter().filter(|sign| !sign.trim().is_empty()).any(|sign| {
            said.match_indices(sign.as_str()).any(|(at, _)| {
                let (before, after) = (said.get(..at), said.get(at + sign.len()..));
                // An hour has one or two digits; a year before a colon is none.
                let hour = before
                    .is_some_and(|b| (1..=2).contains(&b.chars().rev().take_while(|c| digit(*c)).count()));
                hour && after.is_some_and(|after| after.starts_with(digit))
            })
        })
    }

    /// A number with decimals that no unit follows.
    fn bare_number(&self, said: &str) -> Option<String> {
        // Headings are written in capitals.
        let begins = |text: &str, known: &str| {
            let head: String = text.chars().take(known.chars().count()).collect();
            head.to_lowercase() == known.to_lowercase()
        };
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        said.match_indices(self.language.decimal()).find_map(|(at, sign)| {
            let (before, after) = (said.get(..at)?, said.get(at + sign.len()..)?);
            if !digit(before.chars().next_back()) || !digit(after.chars().next()) {
                return None;
            }
            let unit = after.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
            let known = self.language.units().chain(UNITS).any(|known| begins(unit, known));
            let begin = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
            let part: String = after.chars().take_while(char::is_ascii_digit).collect();
            (!known).then(|| format!("{}{sign}{part}", before.get(begin..).unwrap_or_default()))
        })
    }
}

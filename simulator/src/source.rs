//! Reads a storm or river file section by section and names every mistake in it.
//!
//! A section that can't be read does not hide the mistakes of the next one. It knows TOML and
//! lines, never what a section means.

use std::collections::BTreeMap;

use sensors::mistake::{Mistake, line_of};
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Where a section stands, so that a check can name the line of a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct At {
    path: String,
    line: usize,
    lines: BTreeMap<String, usize>,
}

/// A file being read.
pub(crate) struct Source<'t> {
    file: &'t str,
    text: &'t str,
    sections: BTreeMap<String, Spanned<DeValue<'t>>>,
    mistakes: Vec<Mistake>,
}

impl<'t> Source<'t> {
    /// Opens the text; what is no TOML at all is the only mistake that is told.
    pub(crate) fn open(file: &'t str, text: &'t str) -> Result<Self, Vec<Mistake>> {
        let mut source = Self { file, text, sections: BTreeMap::new(), mistakes: Vec::new() };
        match DeTable::parse(text) {
            Ok(table) => {
                for (key, value) in table.into_inner() {
                    source.sections.insert(key.into_inner().into_owned(), value);
                }
                Ok(source)
            }
            Err(error) => {
                source.refused(&At::default(), &error);
                Err(source.mistakes)
            }
        }
    }

    /// A section that must be there once.
    pub(crate) fn one<T: DeserializeOwned>(&mut self, key: &str) -> Option<(At, T)> {
        let Some(value) = self.sections.remove(key) else {
            let at = At { path: key.to_owned(), ..At::default() };
            self.wrong(&at, "", "is missing", &format!("write a section [{key}]"));
            return None;
        };
        self.section(key.to_owned(), value)
    }

    /// A section that may stand any number of times.
    pub(crate) fn many<T: DeserializeOwned>(&mut self, key: &str) -> Vec<(At, T)> {
        let Some(value) = self.sections.remove(key) else { return Vec::new() };
        let at = self.at(key.to_owned(), &value);
        let DeValue::Array(items) = value.into_inner() else {
            self.wrong(&at, "", "stands once, as a table", &format!("write sections [[{key}]]"));
            return Vec::new();
        };
        let items: Vec<_> = items.into_iter().enumerate().collect();
        items.into_iter().filter_map(|(n, item)| self.section(format!("{key}[{n}]"), item)).collect()
    }

    /// Notes a mistake at a key of a section.
    pub(crate) fn wrong(&mut self, at: &At, key: &str, wrong: &str, allowed: &str) {
        let path = match (at.path.as_str(), key) {
            (path, "") => path.to_owned(),
            ("", key) => key.to_owned(),
            (path, key) => format!("{path}.{key}"),
        };
        self.mistakes.push(Mistake {
            file: self.file.to_owned(),
            line: at.lines.get(key).copied().unwrap_or(at.line),
            key: path,
            wrong: wrong.to_owned(),
            allowed: allowed.to_owned(),
        });
    }

    /// Notes a number outside its range.
    pub(crate) fn within(&mut self, at: &At, key: &str, number: f64, range: (f64, f64)) {
        if !(range.0..=range.1).contains(&number) {
            let allowed = format!("write a number from {} to {}", range.0, range.1);
            self.wrong(at, key, &format!("is {number}"), &allowed);
        }
    }

    /// Ends the reading: sections nobody asked for are mistakes too.
    pub(crate) fn close(mut self, known: &str) -> Vec<Mistake> {
        let rest = std::mem::take(&mut self.sections);
        for (key, value) in rest {
            let at = self.at(key, &value);
            self.wrong(&at, "", "is no section of this file", known);
        }
        self.mistakes.sort();
        self.mistakes
    }

    fn section<T: DeserializeOwned>(&mut self, path: String, value: Spanned<DeValue<'t>>) -> Option<(At, T)> {
        let at = self.at(path, &value);
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(section) => Some((at, section)),
            Err(error) => {
                self.refused(&at, &error);
                None
            }
        }
    }

    fn at(&self, path: String, value: &Spanned<DeValue<'_>>) -> At {
        let mut at = At { path, line: line_of(self.text, value.span().start), lines: BTreeMap::new() };
        if let Some(table) = value.get_ref().as_table() {
            for (key, _) in table {
                let line = line_of(self.text, key.span().start);
                at.lines.insert(key.get_ref().to_string(), line);
            }
        }
        at
    }

    fn refused(&mut self, at: &At, error: &toml::de::Error) {
        let message = error.message().lines().next().unwrap_or("can't be read").to_owned();
        let (wrong, allowed) = match message.split_once(", expected ") {
            Some((wrong, expected)) => (wrong.to_owned(), format!("expected {expected}")),
            None => (message, "see docs/simulator.md for the keys and their units".to_owned()),
        };
        let span = error.span().unwrap_or(0..0);
        let line = if span.end == 0 { at.line } else { line_of(self.text, span.start) };
        let key = at.lines.iter().find(|(_, l)| **l == line).map(|(key, _)| key.clone()).unwrap_or_default();
        let at = At { line, ..at.clone() };
        self.wrong(&at, &key, &wrong, &allowed);
    }
}

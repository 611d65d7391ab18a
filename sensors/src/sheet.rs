//! Configuration files as a person wrote them: tables that know their lines and remember which of
//! their keys were understood.
//!
//! Nothing here stops at the first mistake: a value that can't be read is noted in the [`Log`] and
//! is absent, and the reading goes on. Whoever finishes asks the log whether all was well.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mistake::{Mistake, line_of};

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Log(RefCell<Vec<Mistake>>);

impl Log {
    /// Notes a mistake.
    pub fn note(&self, mistake: Mistake) {
        self.0.borrow_mut().push(mistake);
    }

    /// Every mistake once, by file, line and key.
    pub fn into_sorted(self) -> Vec<Mistake> {
        let mut mistakes = self.0.into_inner();
        mistakes.sort();
        mistakes.dedup();
        mistakes
    }
}

/// A file's name and text, and where its mistakes go.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    /// The file's name inside the configuration folder.
    pub file: &'a str,
    /// What it says.
    pub text: &'a str,
    /// Where its mistakes go.
    pub log: &'a Log,
}

impl<'a> Sheet<'a> {
    /// Notes a mistake at a byte of the file.
    pub fn note(&self, byte: usize, key: &str, wrong: impl Into<String>, allowed: impl Into<String>) {
        self.log.note(Mistake {
            file: self.file.to_owned(),
            line: line_of(self.text, byte),
            key: key.to_owned(),
            wrong: wrong.into(),
            allowed: allowed.into(),
        });
    }

    /// Reads the notation; says whether it was without mistake. What can be understood of a
    /// broken file is given all the same.
    pub fn parse(&self) -> (Spanned<DeTable<'a>>, bool) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let byte = error.span().map_or(0, |span| span.start);
            self.note(byte, "syntax", error.message(), "allowed is TOML 1.1");
        }
        (table, errors.is_empty())
    }
}

/// One value with its place.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    sheet: Sheet<'a>,
    /// The path of its key, as `station[3].lat_deg`.
    pub path: String,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Cell<'a> {
    /// Notes a mistake about this value.
    pub fn note(&self, wrong: impl Into<String>, allowed: impl Into<String>) {
        self.sheet.note(self.value.span().start, &self.path, wrong, allowed);
    }

    /// The line in which it stands, counted from 1.
    pub fn line(&self) -> usize {
        line_of(self.sheet.text, self.value.span().start)
    }

    fn not(&self, allowed: &str) {
        self.note(format!("{} is given", kind_of(self.value.get_ref())), format!("allowed is {allowed}"));
    }

    /// A text that is not empty.
    pub fn text(&self) -> Option<&'a str> {
        match self.value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(text),
            DeValue::String(_) => {
                self.note("the text is empty", "allowed is a text with something in it");
                None
            }
            _ => {
                self.not("a text");
                None
            }
        }
    }

    /// An id or slug: lower-case letters, digits and `-`, at most 40 of them.
    pub fn id(&self) -> Option<&'a str> {
        let id = self.text()?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.len() > 40 || !id.chars().all(plain) {
            self.note(format!("{id:?} is no id"), "allowed are a-z, 0-9 and '-', at most 40 of them");
            return None;
        }
        Some(id)
    }

    /// A finite number, written with or without a decimal point.
    pub fn number(&self) -> Option<f64> {
        let number = match self.value.get_ref() {
            DeValue::Integer(whole) => {
                i64::from_str_radix(whole.as_str(), whole.radix()).ok().map(|n| n as f64)
            }
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let finite = number.filter(|n| n.is_finite());
        if finite.is_none() {
            self.not("a finite number");
        }
        finite
    }

    /// A whole number within a range, ends included.
    pub fn whole(&self, least: i64, most: i64) -> Option<i64> {
        let DeValue::Integer(whole) = self.value.get_ref() else {
            self.not(&format!("a whole number from {least} to {most}"));
            return None;
        };
        let number = i64::from_str_radix(whole.as_str(), whole.radix()).ok();
        let within = number.filter(|n| (least..=most).contains(n));
        if within.is_none() {
            self.note(format!("{whole} is out of range"), format!("allowed is {least} to {most}"));
        }
        within
    }

    /// True or false.
    pub fn flag(&self) -> Option<bool> {
        let DeValue::Boolean(flag) = self.value.get_ref() else {
            self.not("true or false");
            return None;
        };
        Some(*flag)
    }

    /// One word of a list of pairs of word and meaning.
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.note(format!("{text:?} is not known"), format!("allowed is one of {}", allowed.join(", ")));
        }
        found
    }

    /// The values of a list.
    pub fn list(&self) -> Vec<Self> {
        let DeValue::Array(values) = self.value.get_ref() else {
            self.not("a list");
            return Vec::new();
        };
        let place = |(n, value)| Cell { sheet: self.sheet, path: format!("{}[{n}]", self.path), value };
        values.iter().enumerate().map(place).collect()
    }

    /// Exactly two numbers.
    pub fn pair(&self) -> Option<(f64, f64)> {
        let values = self.list();
        let [first, second] = values.as_slice() else {
            self.note(format!("{} values are given", values.len()), "allowed are exactly two numbers");
            return None;
        };
        first.number().zip(second.number())
    }

    /// Whether this is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Array(_))
    }

    /// A table.
    pub fn row(&self) -> Option<Row<'a>> {
        let DeValue::Table(table) = self.value.get_ref() else {
            self.not("a table");
            return None;
        };
        let (path, start) = (self.path.clone(), self.value.span().start);
        Some(Row { sheet: self.sheet, path, start, table, asked: RefCell::default() })
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A table; [`Row::close`] names the keys that nobody asked for.
#[derive(Debug)]
pub struct Row<'a> {
    sheet: Sheet<'a>,
    path: String,
    start: usize,
    table: &'a DeTable<'a>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Row<'a> {
    /// The file as a whole.
    pub fn top(sheet: Sheet<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        let asked = RefCell::default();
        Self { sheet, path: String::new(), start: 0, table: table.get_ref(), asked }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a mistake about one of its keys, or about the table where the key is empty.
    pub fn note(&self, key: &str, wrong: impl Into<String>, allowed: impl Into<String>) {
        let path = if key.is_empty() { self.path.clone() } else { self.path_of(key) };
        self.sheet.note(self.start, &path, wrong, allowed);
    }

    /// The value of a key that may be absent.
    pub fn cell(&self, key: &str) -> Option<Cell<'a>> {
        self.asked.borrow_mut().insert(key.to_owned());
        let value = self.table.get(key)?;
        Some(Cell { sheet: self.sheet, path: self.path_of(key), value })
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &str, allowed: &str) -> Option<Cell<'a>> {
        let cell = self.cell(key);
        if cell.is_none() {
            self.note(key, "the key is missing", format!("needed is {allowed}"));
        }
        cell
    }

    /// The tables of a list of tables, none where the key is absent.
    pub fn rows(&self, key: &str) -> Vec<Row<'a>> {
        self.cell(key).map(|cell| cell.list()).unwrap_or_default().iter().filter_map(Cell::row).collect()
    }

    /// Its keys and values, where the keys are names that somebody chose.
    pub fn entries(&self) -> Vec<(&'a str, Cell<'a>)> {
        let keys = self.table.iter().map(|(key, _)| key.get_ref().as_ref());
        keys.filter_map(|key| Some((key, self.cell(key)?))).collect()
    }

    /// Names every key that nobody asked for.
    pub fn close(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter().filter(|(key, _)| !asked.contains(key.get_ref().as_ref())) {
            let known = asked.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let path = self.path_of(key.get_ref());
            self.sheet.note(key.span().start, &path, "the key is unknown", format!("allowed are {known}"));
        }
    }
}

/// Things that other files may name by their ids.
#[derive(Debug)]
pub struct Known<T> {
    kind: &'static str,
    file: &'static str,
    whole: bool,
    things: BTreeMap<String, (usize, Option<T>)>,
}

impl<T: Clone> Known<T> {
    /// Nothing yet; `kind` is the word for one of them, `file` where they stand.
    pub fn new(kind: &'static str, file: &'static str, whole: bool) -> Self {
        Self { kind, file, whole, things: BTreeMap::new() }
    }

    /// Takes an id in; the second time it is a mistake and gives `false`. A thing that is wrong
    /// itself is taken in as `None`, so that naming it is not a second mistake.
    pub fn add(&mut self, cell: &Cell<'_>, id: &str, thing: Option<T>) -> bool {
        if let Some((line, _)) = self.things.get(id) {
            let wrong = format!("{} {id:?} is given twice, first in line {line}", self.kind);
            cell.note(wrong, "each id is allowed once");
            return false;
        }
        self.things.insert(id.to_owned(), (cell.line(), thing));
        true
    }

    /// The thing that a value names; naming what is not there is a mistake, unless the file where
    /// it should stand could not be read.
    pub fn find(&self, cell: &Cell<'_>, id: &str) -> Option<T> {
        let found = self.things.get(id);
        if found.is_none() && self.whole {
            let wrong = format!("there is no {} {id:?}", self.kind);
            cell.note(wrong, format!("allowed are the {}s of {}", self.kind, self.file));
        }
        found.and_then(|(_, thing)| thing.clone())
    }
}

//! Reads the keys of one TOML table and notes every mistake with its line, instead of stopping at
//! the first. Knows nothing of what the keys mean.

use std::ops::RangeInclusive;

use sensors::mistake::{Mistake, line_of};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file that is read, and what was wrong with it so far.
pub(crate) struct Source<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
    pub(crate) mistakes: Vec<Mistake>,
}

impl Source<'_> {
    /// Notes a mistake at a byte of the text.
    pub(crate) fn note(&mut self, byte: usize, key: &str, wrong: &str, allowed: &str) {
        self.mistakes.push(Mistake {
            file: self.file.to_owned(),
            line: line_of(self.text, byte),
            key: key.to_owned(),
            wrong: wrong.to_owned(),
            allowed: allowed.to_owned(),
        });
    }
}

/// One table of it.
pub(crate) struct Table<'t, 's> {
    pub(crate) source: &'s mut Source<'t>,
    keys: &'s DeTable<'t>,
    /// The table's path with a dot at its end; empty at the top.
    path: String,
    byte: usize,
}

impl<'t, 's> Table<'t, 's> {
    pub(crate) fn new(source: &'s mut Source<'t>, keys: &'s DeTable<'t>, path: &str, byte: usize) -> Self {
        Self { source, keys, path: path.to_owned(), byte }
    }

    /// Notes every key that is not among `known`.
    pub(crate) fn know(&mut self, known: &[&str]) {
        for (key, _) in self.keys {
            if !known.contains(&key.get_ref().as_ref()) {
                let path = format!("{}{}", self.path, key.get_ref());
                let allowed = format!("allowed are {}", known.join(", "));
                self.source.note(key.span().start, &path, "unknown key", &allowed);
            }
        }
    }

    fn value(&self, key: &str) -> Option<&'s Spanned<DeValue<'t>>> {
        self.keys.iter().find(|(k, _)| k.get_ref() == key).map(|(_, value)| value)
    }

    /// Notes a mistake at a key, or at the table where the key is absent.
    pub(crate) fn wrong(&mut self, key: &str, wrong: &str, allowed: &str) {
        let byte = self.value(key).map_or(self.byte, |value| value.span().start);
        self.source.note(byte, &format!("{}{key}", self.path), wrong, allowed);
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        let value = self.value(key)?;
        match value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text.to_owned()),
            _ => {
                self.wrong(key, "is no text", "a text in quotes that is not empty");
                None
            }
        }
    }

    /// A text that must be there.
    pub(crate) fn text_required(&mut self, key: &str) -> Option<String> {
        if self.value(key).is_none() {
            self.wrong(key, "is missing", "a text in quotes");
        }
        self.text(key)
    }

    /// A whole number within `range`; `default` where the key is absent or wrong.
    pub(crate) fn whole(&mut self, key: &str, range: RangeInclusive<u32>, default: u32) -> u32 {
        let Some(value) = self.value(key) else { return default };
        let number = value.get_ref().as_integer().and_then(|n| n.as_str().replace('_', "").parse().ok());
        match number {
            Some(number) if range.contains(&number) => number,
            _ => {
                let allowed = format!("a whole number from {} to {}", range.start(), range.end());
                self.wrong(key, "is outside its range", &allowed);
                default
            }
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.value(key)?;
        let texts = value
            .get_ref()
            .as_array()
            .and_then(|list| list.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect());
        if texts.is_none() {
            self.wrong(key, "is no list of texts", "as [\"telemetry\", \"flood\"]");
        }
        texts
    }

    /// A table below this one.
    pub(crate) fn table(&mut self, key: &str) -> Option<Table<'t, '_>> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(key, "is no table", &format!("a table [{key}]"));
            return None;
        };
        Some(Table::new(self.source, table, &format!("{}{key}.", self.path), value.span().start))
    }

    /// Calls `each` for every table of a list of tables.
    pub(crate) fn each(&mut self, key: &str, mut each: impl FnMut(Table<'t, '_>)) {
        let Some(value) = self.value(key) else { return };
        let Some(list) = value.get_ref().as_array() else {
            return self.wrong(key, "is no list", &format!("tables [[{key}]]"));
        };
        for (n, item) in list.iter().enumerate() {
            let path = format!("{}{key}[{n}]", self.path);
            match item.get_ref().as_table() {
                Some(table) => {
                    each(Table::new(self.source, table, &format!("{path}."), item.span().start));
                }
                None => {
                    self.source.note(item.span().start, &path, "is no table", &format!("tables [[{key}]]"));
                }
            }
        }
    }

    /// The keys and texts of the table.
    pub(crate) fn pairs(&mut self) -> Vec<(String, String)> {
        let keys: Vec<String> = self.keys.iter().map(|(key, _)| key.get_ref().to_string()).collect();
        keys.into_iter().filter_map(|key| self.text(&key).map(|text| (key, text))).collect()
    }
}

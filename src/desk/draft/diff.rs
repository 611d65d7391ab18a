//! What changes between two versions of the rules, said by rule, level and key.
//!
//! Compares what the files say and not how they say it: comments and order of keys are no change.
//! Rules are known by their id and levels by their name.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use utoipa::ToSchema;

/// Changes that are told at most; the last one then says that there are more.
pub const CHANGES_MAX: usize = 500;
/// The longest value that is told whole, characters.
const VALUE_CHARS_MAX: usize = 400;

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The file.
    pub file: String,
    /// The rule, where it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The level, where it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The key, as `when.raise_m`; empty where the whole rule or level comes or goes.
    pub key: String,
    /// What it says; `null` where it is not there.
    pub from: Option<String>,
    /// What it would say; `null` where it goes.
    pub to: Option<String>,
}

/// Compares two versions of a file. A text that is no TOML is compared as a whole.
pub fn diff(file: &str, before: &str, after: &str) -> Vec<Change> {
    if before == after {
        return Vec::new();
    }
    let mut changes = Changes { file, rule: None, level: None, found: Vec::new() };
    match (before.parse::<Table>(), after.parse::<Table>()) {
        (Ok(before), Ok(after)) => changes.tables("", &before, &after),
        _ => changes.note(String::new(), Some(size(before)), Some(size(after))),
    }
    let mut found = changes.found;
    if found.is_empty() {
        // Comments are no rule, but they make another version.
        found.push(whole(file, "comments or spaces only".to_owned(), size(before), size(after)));
    }
    if found.len() > CHANGES_MAX {
        let more = found.len() - CHANGES_MAX + 1;
        found.truncate(CHANGES_MAX - 1);
        found.push(whole(file, format!("and {more} more"), size(before), size(after)));
    }
    found
}

fn size(text: &str) -> String {
    format!("{} bytes", text.len())
}

fn whole(file: &str, key: String, from: String, to: String) -> Change {
    Change { file: file.to_owned(), rule: None, level: None, key, from: Some(from), to: Some(to) }
}

struct Changes<'a> {
    file: &'a str,
    rule: Option<String>,
    level: Option<String>,
    found: Vec<Change>,
}

impl Changes<'_> {
    fn note(&mut self, key: String, from: Option<String>, to: Option<String>) {
        let cut = |text: String| {
            if text.chars().count() > VALUE_CHARS_MAX {
                text.chars().take(VALUE_CHARS_MAX).chain(['…']).collect()
            } else {
                text
            }
        };
        self.found.push(Change {
            file: self.file.to_owned(),
            rule: self.rule.clone(),
            level: self.level.clone(),
            key,
            from: from.map(cut),
            to: to.map(cut),
        });
    }

    fn tables(&mut self, path: &str, before: &Table, after: &Table) {
        let mut keys: Vec<&String> =
            before.keys().chain(after.keys().filter(|k| !before.contains_key(*k))).collect();
        keys.sort();
        for key in keys {
            let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            self.values(&inner, before.get(key), after.get(key));
        }
    }

    fn values(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (Some(before), Some(after)) if before == after => {}
            (Some(Value::Table(before)), Some(Value::Table(after))) => self.tables(path, before, after),
            _ if self.rule.is_none() && path == "rule" => self.named("id", before, after),
            _ if self.rule.is_some() && self.level.is_none() && path == "level" => {
                self.named("name", before, after);
            }
            (Some(Value::Array(before)), Some(Value::Array(after)))
                if before.len() == after.len() && before.iter().any(Value::is_table) =>
            {
                for (place, (before, after)) in before.iter().zip(after).enumerate() {
                    self.values(&format!("{path}[{place}]"), Some(before), Some(after));
                }
            }
            (before, after) => {
                self.note(path.to_owned(), before.map(Value::to_string), after.map(Value::to_string));
            }
        }
    }

    /// Rules or levels, known by what names them; in the order in which they stand.
    fn named(&mut self, name: &str, before: Option<&Value>, after: Option<&Value>) {
        let (before, after) = (rows(before), rows(after));
        let find = |rows: &[Table], id: &str| rows.iter().find(|row| of(row, name) == id).cloned();
        let ids = |rows: &[Table]| rows.iter().map(|row| of(row, name)).collect::<Vec<_>>();
        let (was, is) = (ids(&before), ids(&after));
        for id in was.iter().chain(is.iter().filter(|id| !was.contains(id))) {
            if name == "id" {
                self.rule = Some(id.clone());
            } else {
                self.level = Some(id.clone());
            }
            match (find(&before, id), find(&after, id)) {
                (Some(before), Some(after)) => self.tables("", &before, &after),
                (before, after) => {
                    let told = |row: Option<Table>| row.map(|row| Value::Table(row).to_string());
                    self.note(String::new(), told(before), told(after));
                }
            }
            if name == "id" {
                self.rule = None;
            } else {
                self.level = None;
            }
        }
        let common = |ids: &[String], others: &[String]| {
            ids.iter().filter(|id| others.contains(id)).cloned().collect::<Vec<_>>()
        };
        if common(&was, &is) != common(&is, &was) {
            self.note("order".to_owned(), Some(was.join(", ")), Some(is.join(", ")));
        }
    }
}

fn rows(value: Option<&Value>) -> Vec<Table> {
    let rows = value.and_then(Value::as_array).into_iter().flatten();
    rows.filter_map(Value::as_table).cloned().collect()
}

fn of(row: &Table, name: &str) -> String {
    row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// One line: `rules.toml stage-kim-long bd2 when.raise_m: 2.0 -> 1.8`.
impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        for part in [&self.rule, &self.level].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}", self.key)?;
        }
        let (from, to) = (self.from.as_deref().unwrap_or("-"), self.to.as_deref().unwrap_or("-"));
        write!(f, ": {from} -> {to}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "[[rule]]\nid = \"a\"\nissue = \"officer\"\n[[rule.level]]\nname = \"bd1\"\nwhen = { any = [{ raise_m = 1.0 }, { raise_m = 3.0 }] }\nhold_s = 60\n[[rule]]\nid = \"b\"\n";

    fn said(after: &str) -> Vec<String> {
        diff("rules.toml", RULES, after).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_diff_names_rule_level_and_key_and_not_the_place_in_the_file() {
        let after = RULES.replace("raise_m = 3.0", "raise_m = 2.5").replace("hold_s = 60\n", "");
        assert_eq!(
            said(&after),
            ["rules.toml a bd1 hold_s: 60 -> -", "rules.toml a bd1 when.any[1].raise_m: 3.0 -> 2.5"]
        );
    }

    #[test]
    fn rules_that_come_and_go_are_told_whole_and_comments_are_no_rule() {
        let gone = RULES.replace("[[rule]]\nid = \"b\"\n", "");
        assert_eq!(said(&gone), ["rules.toml b: { id = \"b\" } -> -"]);
        assert!(said(&format!("# why\n{RULES}"))[0].contains("comments or spaces only"));
        assert!(said(RULES).is_empty());
        let turned = "[[rule]]\nid = \"b\"\n".to_owned() + &gone;
        assert_eq!(said(&turned), ["rules.toml order: a, b -> b, a"]);
    }
}

//! Small changes of `rules.toml`, put into its text where they belong; comments and order stay.
//!
//! It knows where a key stands and nothing of what it means: what is written is compiled afterwards
//! like every other text.

use serde::Deserialize;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};
use utoipa::ToSchema;

/// Edits of one proposal.
pub const EDITS_MAX: usize = 200;

/// One key that gets another value.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The rule's id.
    #[schema(examples("stage-kim-long"))]
    pub rule: String,
    /// The level's name; without it the key belongs to the rule.
    #[schema(examples("bd2"))]
    pub level: Option<String>,
    /// The key: `raise_m`, `clear_m`, `confirm_s`, `hold_s`, `severity`, `issue`, `officer_within_s`,
    /// `zones`, ...; where a condition has several parts, its whole path, as `when.any[1].raise_mm`.
    #[schema(examples("raise_m"))]
    pub key: String,
    /// A number, a text, a list of texts; `null` takes the key away.
    #[schema(value_type = Object)]
    pub value: serde_json::Value,
}

/// An edit that can't be made: its place in the list, what is wrong, what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("edits[{place}].{field}: {wrong}; {allowed}")]
pub struct EditError {
    /// Counted from 0.
    pub place: usize,
    /// The field of the edit.
    pub field: &'static str,
    /// What is wrong.
    pub wrong: String,
    /// What is allowed.
    pub allowed: String,
}

/// Puts edits into a text, in their order.
///
/// # Errors
/// Every edit that can't be made. A text that is no TOML is refused as the first edit's.
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, Vec<EditError>> {
    let mut document: DocumentMut = text.parse().map_err(|why: toml_edit::TomlError| {
        vec![wrong(0, "rule", format!("rules.toml can't be read: {}", why.message()), "send it whole")]
    })?;
    let errors: Vec<EditError> =
        edits.iter().enumerate().filter_map(|(place, edit)| put(&mut document, place, edit).err()).collect();
    if errors.is_empty() { Ok(document.to_string()) } else { Err(errors) }
}

fn wrong(place: usize, field: &'static str, wrong: String, allowed: impl Into<String>) -> EditError {
    EditError { place, field, wrong, allowed: allowed.into() }
}

fn put(document: &mut DocumentMut, place: usize, edit: &Edit) -> Result<(), EditError> {
    let rules = document.get_mut("rule").and_then(Item::as_array_of_tables_mut);
    let rule = named(rules, "id", &edit.rule).map_err(|ids| {
        wrong(place, "rule", format!("there is no rule {:?}", edit.rule), format!("allowed are {ids}"))
    })?;
    let target: &mut Table = match &edit.level {
        None => rule,
        Some(name) => {
            let levels = rule.get_mut("level").and_then(Item::as_array_of_tables_mut);
            named(levels, "name", name).map_err(|names| {
                let what = format!("{} has no level {name:?}", edit.rule);
                wrong(place, "level", what, format!("allowed are {names}"))
            })?
        }
    };
    // One of the two says who lets bulletins out.
    match edit.key.as_str() {
        "issue" => drop(target.remove("officer_within_s")),
        "officer_within_s" => drop(target.remove("issue")),
        _ => {}
    }
    let value = match &edit.value {
        serde_json::Value::Null => None,
        given => Some(value(given).ok_or_else(|| {
            let allowed = "a number, a text, true or false, a list of texts, or null to take the key away";
            wrong(place, "value", format!("{given} can't be written"), allowed)
        })?),
    };
    let path = path(&edit.key, edit.level.is_some(), target)
        .map_err(|(what, allowed)| wrong(place, "key", what, allowed))?;
    write(target, &path, value).map_err(|what| {
        wrong(place, "key", what, "allowed is a key that stands there, or a new one beside it")
    })
}

/// The table of an array that is known by a name; without it, the names that there are.
fn named<'a>(tables: Option<&'a mut ArrayOfTables>, key: &str, name: &str) -> Result<&'a mut Table, String> {
    let Some(tables) = tables else { return Err("none".to_owned()) };
    let id = |table: &Table| table.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
    let names: Vec<String> = tables.iter().map(id).collect();
    let found = tables.iter_mut().find(|table| table.get(key).and_then(Item::as_str) == Some(name));
    found.ok_or_else(|| names.join(", "))
}

/// A step on the way to a key.
enum Step {
    Key(String),
    Place(usize),
}

/// Where a key stands: as its path says, else in the condition where it is one of a condition's keys.
fn path(key: &str, is_level: bool, target: &Table) -> Result<Vec<Step>, (String, String)> {
    let bad = || {
        let allowed = "allowed is a key, or a path as when.any[1].raise_mm".to_owned();
        (format!("{key:?} is no key"), allowed)
    };
    let mut steps = Vec::new();
    let of_condition =
        is_level && (key.starts_with("raise_") || key.starts_with("clear_") || key == "window_s");
    if of_condition {
        let when = target.get("when").and_then(Item::as_table_like);
        if when.is_some_and(|when| ["all", "any", "not"].iter().any(|part| when.contains_key(part))) {
            let allowed = "allowed is its whole path, as when.any[1].raise_mm".to_owned();
            return Err((format!("the condition has several parts, and {key} may stand in each"), allowed));
        }
        steps.push(Step::Key("when".to_owned()));
    }
    for part in key.split('.') {
        let (name, places) = part.split_once('[').map_or((part, ""), |(name, rest)| (name, rest));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) || steps.len() > 16 {
            return Err(bad());
        }
        steps.push(Step::Key(name.to_owned()));
        if !places.is_empty() {
            let place = places.strip_suffix(']').and_then(|place| place.parse().ok()).ok_or_else(bad)?;
            steps.push(Step::Place(place));
        }
    }
    Ok(steps)
}

fn write(table: &mut dyn TableLike, path: &[Step], value: Option<Value>) -> Result<(), String> {
    let [Step::Key(key), rest @ ..] = path else { return Err("the path ends at no key".to_owned()) };
    if rest.is_empty() {
        match (value, table.get_mut(key).and_then(Item::as_value_mut)) {
            (None, _) => drop(table.remove(key)),
            (Some(value), Some(old)) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            (Some(value), None) => drop(table.insert(key, Item::Value(value))),
        }
        return Ok(());
    }
    let inside = table.get_mut(key).ok_or_else(|| format!("there is no {key}"))?;
    if let [Step::Place(place), rest @ ..] = rest {
        let part = inside.as_array_mut().and_then(|array: &mut Array| array.get_mut(*place));
        let part = part.and_then(Value::as_inline_table_mut);
        return write(
            part.ok_or_else(|| format!("{key} has no part {place}"))? as &mut InlineTable,
            rest,
            value,
        );
    }
    write(inside.as_table_like_mut().ok_or_else(|| format!("{key} is no table"))?, rest, value)
}

fn value(given: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    match given {
        Json::Bool(yes) => Some((*yes).into()),
        Json::Number(number) => number.as_i64().map(Value::from).or_else(|| number.as_f64().map(Value::from)),
        Json::String(text) => Some(text.as_str().into()),
        Json::Array(items) => {
            let items = items.iter().map(|item| item.as_str().map(Value::from));
            Some(Value::Array(items.collect::<Option<Array>>()?))
        }
        Json::Null | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: &str = include_str!("../../../config/hue/rules.toml");

    fn one(rule: &str, level: Option<&str>, key: &str, value: serde_json::Value) -> Edit {
        Edit { rule: rule.to_owned(), level: level.map(str::to_owned), key: key.to_owned(), value }
    }

    #[test]
    fn an_edit_changes_one_number_and_leaves_every_other_byte() {
        let edited = edit(RULES, &[one("stage-kim-long", Some("bd2"), "raise_m", json!(1.9))]).unwrap();
        let expected = RULES.replacen("raise_m = 2.0, clear_m = 1.8", "raise_m = 1.9, clear_m = 1.8", 1);
        assert_eq!(edited, expected);
    }

    #[test]
    fn a_part_of_a_condition_is_named_by_its_path() {
        let whole = one("flash-flood", Some("likely"), "when.any[1].raise_mm", json!(140));
        let edited = edit(RULES, &[whole]).unwrap();
        assert_eq!(
            edited,
            RULES.replacen("raise_mm = 150, clear_mm = 90 }", "raise_mm = 140, clear_mm = 90 }", 1)
        );
        let told = edit(RULES, &[one("flash-flood", Some("likely"), "raise_mm", json!(140))]).unwrap_err();
        assert!(told[0].to_string().contains("when.any[1].raise_mm"), "{}", told[0]);
    }

    #[test]
    fn who_lets_bulletins_out_is_said_once() {
        let edited = edit(RULES, &[one("street", None, "issue", json!("automatic"))]).unwrap();
        assert_eq!(edited.matches("officer_within_s").count() + 1, RULES.matches("officer_within_s").count());
        let edited = edit(RULES, &[one("street", None, "zones", json!(["vy-da"]))]).unwrap();
        assert!(edited.contains("zones = [\"vy-da\"]"), "{edited}");
    }

    #[test]
    fn every_edit_that_can_not_be_made_is_told_with_what_is_allowed() {
        let edits = [
            one("stage-kim-lomg", None, "issue", json!("officer")),
            one("stage-kim-long", Some("bd4"), "raise_m", json!(1)),
            one("stage-kim-long", Some("bd1"), "when.any[0].raise_m", json!(1)),
            one("stage-kim-long", Some("bd1"), "raise_m", json!({})),
        ];
        let told = edit(RULES, &edits).unwrap_err();
        let fields: Vec<_> = told.iter().map(|error| (error.place, error.field)).collect();
        assert_eq!(fields, [(0, "rule"), (1, "level"), (2, "key"), (3, "value")]);
        assert!(told[0].allowed.contains("stage-kim-long"), "{}", told[0]);
    }
}

//! The rules of a city, read from TOML; every mistake at once.
//!
//! Names of stations, basins and zones are looked up in the city, so that what is compiled needs
//! no names any more. Nothing here judges.

mod condition;
mod ladder;
mod sanity;
mod scope;

use std::collections::BTreeSet;
use std::sync::Arc;

use sensors::city::City;
use sensors::mistake::Mistake;
use sensors::sheet::{Cell, Log, Row, Sheet};
use sensors::time::{Span, Timestamp};
use sha2::{Digest, Sha256};

use crate::alert::RuleId;
use crate::engine::Bearing;
use crate::hazard::Hazard;
use crate::rule::{HORIZON, Level, Rule, RuleSet, Season, Slot, StormPace};

use scope::Scope;

/// The bounds of `reorder_horizon_s`, seconds.
const HORIZON_S: (i64, i64) = (0, 172_800);

/// Whose devices are asked faster while the rule stands.
const STORM_PACES: [(&str, StormPace); 2] = [("subject", StormPace::Subject), ("all", StormPace::All)];

impl RuleSet {
    /// Reads `rules.toml`; `file` is its name in mistakes.
    ///
    /// # Errors
    /// Gives every mistake at once, by line.
    pub fn parse(file: &str, text: &str, city: &City) -> Result<Self, Vec<Mistake>> {
        let log = Log::default();
        let rules = compile(Sheet { file, text, log: &log }, city);
        let mistakes = log.into_sorted();
        if mistakes.is_empty() { Ok(rules) } else { Err(mistakes) }
    }
}

fn compile(sheet: Sheet<'_>, city: &City) -> RuleSet {
    let (table, _) = sheet.parse();
    let top = Row::top(sheet, &table);
    let horizon = top.cell("reorder_horizon_s").and_then(|cell| cell.whole(HORIZON_S.0, HORIZON_S.1));
    let (mut ids, mut slots, mut definitions) = (BTreeSet::new(), Vec::new(), Vec::new());
    for row in top.rows("rule") {
        slots.extend(rule(row, city, &mut ids, &mut definitions));
    }
    top.close();
    let horizon = horizon.map_or(HORIZON, Span::from_s);
    definitions.push(format!("reorder_horizon_s {}", horizon.whole_s()));
    let version = digest(&definitions.join("\n"));
    let mut rules = RuleSet::new(version, slots, &city.sensors, horizon);
    rules.bearing = Bearing::of(city);
    rules
}

/// One rule on all its subjects; nothing of it where something is wrong.
fn rule(row: Row<'_>, city: &City, ids: &mut BTreeSet<String>, definitions: &mut Vec<String>) -> Vec<Slot> {
    let id = row.need("id", "an id").and_then(|cell| {
        let id = cell.id()?;
        if !ids.insert(id.to_owned()) {
            cell.note(format!("rule {id:?} is given twice"), "each id is allowed once");
        }
        Some(id)
    });
    let hazard = row.need("hazard", "a hazard").and_then(|cell| word::<Hazard>(&cell));
    let words = row.cell("words").and_then(|cell| cell.id());
    let from = row.cell("from").and_then(|cell| moment(&cell));
    let until = row.cell("until").and_then(|cell| moment(&cell));
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        row.note("until", "the rule ends before it begins", "allowed is a time after `from`");
    }
    let season = row.cell("season").and_then(|cell| season(&cell, city));
    let storm_pace = row.cell("storm_pace").and_then(|cell| cell.one_of(&STORM_PACES));
    let scopes = hazard.map(|hazard| scope::scopes(&row, hazard, city)).unwrap_or_default();
    let ladders: Vec<(Scope, Option<Vec<Level>>)> = scopes
        .into_iter()
        .map(|scope| {
            let levels = ladder::ladder(&row, city, &scope);
            (scope, levels)
        })
        .collect();
    if ladders.is_empty() {
        // The subject is wrong, and that is told; the ladder of nobody is not read.
        for key in ["level", "issue", "officer_within_s"] {
            row.cell(key);
        }
    }
    row.close();
    let Some((id, hazard)) = id.zip(hazard) else { return Vec::new() };
    let words = words.unwrap_or(hazard.as_str()).to_owned();
    let (from, until) = (from.unwrap_or(Timestamp::MIN), until.unwrap_or(Timestamp::MAX));
    let mut definition = format!("{id} {hazard} {words} {} {}", from.ms(), until.ms());
    if let Some((word, _)) = STORM_PACES.iter().find(|(_, pace)| Some(*pace) == storm_pace) {
        definition = format!("{definition} storm_pace {word}");
    }
    if let Some(season) = season {
        definition = format!("{definition} season {:?} {:?}", season.from, season.until);
    }
    for (scope, levels) in &ladders {
        let levels = levels.iter().flatten().map(|level| ladder::definition(level, city));
        let zones = scope.zones.iter().map(sensors::place::ZoneId::as_str);
        let parts = zones.map(str::to_owned).chain(levels).collect::<Vec<_>>().join(" ");
        definition = format!("{definition}\n{} {parts}", scope.subject);
    }
    let version = digest(&definition);
    definitions.push(definition);
    let rule =
        Arc::new(Rule { id: RuleId(Arc::from(id)), hazard, version, words, from, until, season, storm_pace });
    ladders
        .into_iter()
        .filter_map(|(scope, levels)| Some(Slot::new(Arc::clone(&rule), scope.subject, scope.zones, levels?)))
        .collect()
}

/// The first 12 hexadecimal digits of SHA-256: enough to tell versions apart, short enough to read.
pub(crate) fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(6).fold(String::with_capacity(12), |hex, byte| format!("{hex}{byte:02x}"))
}

/// A word of a closed list that knows how to refuse others.
fn word<T: std::str::FromStr<Err: std::fmt::Display>>(cell: &Cell<'_>) -> Option<T> {
    let text = cell.text()?;
    text.parse().map_err(|refusal: T::Err| note_refusal(cell, &refusal)).ok()
}

/// `season = { from = "09-01", until = "12-15" }`, both days included.
fn season(cell: &Cell<'_>, city: &City) -> Option<Season> {
    let row = cell.row()?;
    let day = |key: &str| {
        let cell = row.need(key, "a day of the year, as \"09-01\"")?;
        let text = cell.text()?;
        let day =
            text.split_once('-').and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
        // A leap year has every day.
        let real = |(month, day): &(u8, u8)| {
            chrono::NaiveDate::from_ymd_opt(2024, u32::from(*month), u32::from(*day)).is_some()
        };
        let day = day.filter(real);
        if day.is_none() {
            cell.note(format!("{text:?} is no day"), "allowed is month and day, as \"09-01\"");
        }
        day
    };
    let (from, until) = (day("from"), day("until"));
    row.close();
    Some(Season { from: from?, until: until?, utc_offset_min: city.utc_offset_min })
}

fn moment(cell: &Cell<'_>) -> Option<Timestamp> {
    let text = cell.text()?;
    Timestamp::parse_rfc3339(text).map_err(|refusal| note_refusal(cell, &refusal)).ok()
}

/// A refusal reads "what is wrong; what is allowed".
fn note_refusal(cell: &Cell<'_>, refusal: &impl std::fmt::Display) {
    let refusal = refusal.to_string();
    match refusal.split_once("; ") {
        Some((wrong, allowed)) => cell.note(wrong, allowed),
        None => cell.note(refusal, "see docs"),
    }
}

#[cfg(test)]
mod tests;

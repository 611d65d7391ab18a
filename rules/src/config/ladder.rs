//! Ladders: the levels of a rule, in order.

use sensors::city::City;
use sensors::sheet::Row;
use sensors::time::Span;

use super::condition::condition;
use super::sanity;
use super::scope::Scope;
use crate::hazard::Severity;
use crate::rule::{Catchment, Condition, IssuePolicy, LEVELS_MAX, Level, NONE};
use crate::threshold::Mark;

/// The bounds of `confirm_s`, `hold_s` and `officer_within_s`, seconds.
const DELAY_S: (i64, i64) = (0, 172_800);

/// The levels of a rule for one subject, lowest first; `None` where one of them is wrong.
pub(super) fn ladder(row: &Row<'_>, city: &City, scope: &Scope) -> Option<Vec<Level>> {
    let policy = issue(row);
    let rows = row.rows("level");
    if rows.is_empty() || rows.len() > LEVELS_MAX {
        let wrong = format!("{} levels are given", rows.len());
        row.note("level", wrong, format!("allowed are 1 to {LEVELS_MAX}"));
    }
    let mut levels: Vec<Option<Level>> = Vec::new();
    for row in rows {
        let level = level(&row, policy, city, scope);
        if let (Some(level), Some(Some(below))) = (&level, levels.last()) {
            order(&row, below, level);
        }
        if let Some(level) = &level {
            sanity::check(&row, level, city);
        }
        if let Some(level) = &level
            && levels.iter().flatten().any(|other| other.name == level.name)
        {
            row.note("name", format!("level {:?} is given twice", level.name), "each name is allowed once");
        }
        levels.push(level);
        row.close();
    }
    if levels.iter().flatten().any(|level| has_silence(&level.when)) {
        forbid_delays(row);
    }
    let mut levels: Vec<Level> = levels.into_iter().collect::<Option<Vec<_>>>()?;
    mark(&mut levels, city);
    Some(levels)
}

fn level(row: &Row<'_>, policy: Option<IssuePolicy>, city: &City, scope: &Scope) -> Option<Level> {
    let name = row.need("name", "a name").and_then(|cell| {
        let name = cell.text()?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+.-".contains(c);
        if name == NONE || name.len() > 24 || !name.chars().all(plain) {
            let allowed = "allowed are a-z, 0-9, '+', '.' and '-', at most 24 of them, and not \"none\"";
            cell.note(format!("{name:?} is no name of a level"), allowed);
            return None;
        }
        Some(name.to_owned())
    });
    let severity = row.need("severity", "a severity from 1 to 5").and_then(|cell| cell.whole(1, 5));
    let severity = severity.and_then(|step| Severity::new(step as u8));
    let when = row.need("when", "a condition").and_then(|cell| condition(&cell, city, scope, 1));
    let delay = |key: &str| row.cell(key).and_then(|cell| cell.whole(DELAY_S.0, DELAY_S.1)).map(Span::from_s);
    let (confirm, hold) = (delay("confirm_s").unwrap_or_default(), delay("hold_s").unwrap_or_default());
    let risk = row.cell("suggested_risk").and_then(|cell| cell.whole(1, 5)).map(|step| step as u8);
    let issue = issue(row).or(policy);
    if issue.is_none() {
        let allowed = "needed is issue = \"automatic\" or \"officer\", or officer_within_s";
        row.note("issue", "nobody is named who lets bulletins out", allowed);
    }
    Some(Level {
        name: name?,
        severity: severity?,
        when: when?,
        confirm,
        hold,
        issue: issue?,
        suggested_risk: risk,
        mark: None,
    })
}

/// The issue policy that a rule or level names, where it names one.
fn issue(row: &Row<'_>) -> Option<IssuePolicy> {
    let words = [("automatic", IssuePolicy::Automatic), ("officer", IssuePolicy::Officer)];
    let (issue, within) = (row.cell("issue"), row.cell("officer_within_s"));
    if issue.is_some() && within.is_some() {
        row.note("issue", "issue and officer_within_s are both given", "allowed is one of them");
    }
    let fuse = within.and_then(|cell| cell.whole(1, DELAY_S.1)).map(Span::from_s);
    fuse.map(IssuePolicy::OfficerWithin).or_else(|| issue?.one_of(&words))
}

/// A ladder with silence in it runs on the clock, where no reading ends a delay.
fn forbid_delays(row: &Row<'_>) {
    for level in row.rows("level") {
        for cell in ["confirm_s", "hold_s"].iter().filter_map(|key| level.cell(key)) {
            if cell.whole(0, DELAY_S.1).is_some_and(|s| s > 0) {
                let allowed = "allowed is none: a sensor's deadline confirms its silence";
                cell.note("a ladder with silence in it has a delay", allowed);
            }
        }
    }
}

fn has_silence(condition: &Condition) -> bool {
    let mut found = false;
    condition.leaves(false, &mut |leaf, _| found |= !leaf.awaits().is_empty());
    found
}

/// A level must be more than the one below it.
fn order(row: &Row<'_>, below: &Level, level: &Level) {
    if level.severity < below.severity {
        let wrong = format!("{} is less severe than {} below it", level.name, below.name);
        row.note("severity", wrong, format!("allowed is {} to 5", below.severity.step()));
    }
    if sanity::falls(&below.when, &level.when) {
        let wrong = format!("{} is raised or cleared lower than {} below it", level.name, below.name);
        row.note("when", wrong, "allowed are thresholds that climb with the ladder");
    }
}

/// Gives every level with one threshold the mark that people read: its own, or that of the level
/// that its name builds on (`bd3+0.5` speaks of `bd3`).
fn mark(levels: &mut [Level], city: &City) {
    let own: Vec<Option<Mark>> = levels
        .iter()
        .map(|level| {
            if matches!(level.when, Condition::Fills(_) | Condition::Outruns { .. }) {
                return None;
            }
            let sensor = city.sensor(*level.when.sensors().first()?)?;
            let raise = level.when.threshold()?.raise();
            Some(Mark { level: level.name.clone(), raise, parameter: sensor.id.parameter })
        })
        .collect();
    for (level, mark) in levels.iter_mut().zip(&own) {
        let base = level.name.split('+').next().unwrap_or_default();
        let built_on = own.iter().flatten().find(|mark| mark.level == base);
        level.mark = built_on.or(mark.as_ref()).cloned();
    }
}

/// A level's definition in one line, for the hash of its rule: names instead of indexes, so that
/// another station in the city does not make another rule.
pub(super) fn definition(level: &Level, city: &City) -> String {
    let mut text = format!(
        "[{} {} {} {} {:?}",
        level.name,
        level.severity.step(),
        level.confirm.ms(),
        level.hold.ms(),
        level.issue
    );
    text.push_str(&level.suggested_risk.map(|risk| format!(" risk {risk}")).unwrap_or_default());
    text.push_str(&describe(&level.when, city));
    text.push(']');
    text
}

fn describe(condition: &Condition, city: &City) -> String {
    let inside = |word: &str, parts: &[Condition]| {
        let parts: Vec<String> = parts.iter().map(|part| describe(part, city)).collect();
        format!(" {word}({})", parts.concat())
    };
    let kind = match condition {
        Condition::All(parts) => return inside("all", parts),
        Condition::Any(parts) => return inside("any", parts),
        Condition::Not(part) => return inside("not", std::slice::from_ref(part)),
        Condition::Exceeds { .. } => "exceeds",
        Condition::Rises { .. } => "rises",
        Condition::Accumulates { .. } => "accumulates",
        Condition::Releases { .. } => "releases",
        Condition::Silent { .. } => "silent",
        Condition::Falls { .. } => "falls",
        Condition::Outruns { .. } => "outruns",
        Condition::Fills(_) => "fills",
        Condition::StandsIn(_) => "stands_in",
    };
    let weights = match condition {
        Condition::Accumulates { over: Catchment::Basin(rain), .. } => rain.full_weights(),
        _ => Vec::new(),
    };
    let sensors = condition.sensors().into_iter().filter_map(|ix| city.sensor(ix));
    let names: Vec<String> = sensors.map(|sensor| sensor.id.to_string()).collect();
    let threshold = condition.threshold().map(|t| (t.raise().raw(), t.clear().raw()));
    let window = condition.window().map(Span::ms);
    let more = match condition {
        Condition::Fills(of) => format!(" {:?} {}", of.curve, of.full.mm()),
        Condition::StandsIn(of) => {
            let target = city.sensor(of.target).map(|sensor| sensor.id.to_string()).unwrap_or_default();
            format!(" {target} {:?} {}", of.offset, of.learn.ms())
        }
        _ => String::new(),
    };
    format!(" {kind} {} {weights:?} {threshold:?} {window:?}{more}", names.join(","))
}

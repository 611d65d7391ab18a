//! `duty.toml` as a person wrote it. A roster with a gap is a mistake, and so is a name that nobody has.

use rules::hazard::{Hazard, Severity};
use sensors::mistake::Mistake;
use sensors::sheet::{Cell, Log, Row, Sheet};
use sensors::time::Span;

use super::rota::{Bounds, Calling, DAY_MIN, Duty, Person, Post, Quiet, Shift};
use crate::notify::receiver::Receivers;
use crate::order::Officers;

const DAYS: [(&str, usize); 7] =
    [("mon", 0), ("tue", 1), ("wed", 2), ("thu", 3), ("fri", 4), ("sat", 5), ("sun", 6)];
const DAY_NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Hazards whose bulletins never wait for the morning (warning.md 11), besides our own blindness.
const NEVER_QUIET: [Hazard; 4] = [Hazard::Release, Hazard::FlashFlood, Hazard::Landslide, Hazard::Telemetry];

/// The names that the file may use; `None` where the file of them could not be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// Those of `officers.toml`.
    pub officers: Option<&'a Officers>,
    /// Those of `receivers.toml`.
    pub receivers: Option<&'a Receivers>,
}

impl Duty {
    /// Reads `duty.toml`; `file` is its name in mistakes.
    ///
    /// # Errors
    /// Every mistake at once, by line.
    pub fn parse(file: &str, text: &str, names: Names<'_>) -> Result<Self, Vec<Mistake>> {
        let log = Log::default();
        let duty = {
            let sheet = Sheet { file, text, log: &log };
            let (table, _) = sheet.parse();
            read(Row::top(sheet, &table), names)
        };
        let mistakes = log.into_sorted();
        if mistakes.is_empty() { Ok(duty) } else { Err(mistakes) }
    }
}

fn read(top: Row<'_>, names: Names<'_>) -> Duty {
    let persons: Vec<Person> = top.rows("person").into_iter().filter_map(|row| person(row, names)).collect();
    for (n, person) in persons.iter().enumerate() {
        if persons.iter().take(n).any(|before| before.officer == person.officer) {
            top.note(
                "person",
                format!("{:?} is given twice", person.officer),
                "each officer is allowed once",
            );
        }
    }
    let known = |cell: &Cell<'_>| {
        let id = cell.id()?;
        if !persons.iter().any(|person| person.officer == id) {
            cell.note(format!("there is no person {id:?}"), "allowed are the officers of [[person]]");
            return None;
        }
        Some(id.to_owned())
    };
    let posts = top.rows("post").into_iter().filter_map(|row| post(row, &known)).collect::<Vec<_>>();
    for (n, post) in posts.iter().enumerate() {
        if posts.iter().take(n).any(|before| before.id == post.id) {
            top.note("post", format!("{:?} is given twice", post.id), "each id is allowed once");
        }
    }
    let chief = top.need("chief", "the officer who is called last").and_then(|cell| known(&cell));
    if posts.is_empty() {
        top.note("post", "nobody is ever on duty", "needed is at least one [[post]]");
    }
    let table = |key| top.cell(key).and_then(|cell| cell.row());
    let duty = Duty {
        persons: persons.clone(),
        posts,
        chief,
        calling: table("calling").map(calling).unwrap_or_default(),
        quiet: table("quiet_hours").and_then(quiet),
        bounds: table("bounds").map(bounds).unwrap_or_default(),
    };
    top.close();
    duty
}

fn person(row: Row<'_>, names: Names<'_>) -> Option<Person> {
    let officer = row.need("officer", "an officer of officers.toml").and_then(|cell| {
        let id = cell.id()?;
        if names.officers.is_some_and(|officers| officers.named(id).is_none()) {
            cell.note(format!("there is no officer {id:?}"), "allowed are the officers of officers.toml");
            return None;
        }
        Some(id.to_owned())
    });
    let webhooks = row.cell("webhooks").map(|cell| cell.list()).unwrap_or_default();
    let webhooks = webhooks.iter().filter_map(|cell| {
        let name = cell.id()?;
        if names.receivers.is_some_and(|receivers| receivers.webhook(name).is_none()) {
            cell.note(format!("there is no webhook {name:?}"), "allowed are the webhooks of receivers.toml");
            return None;
        }
        Some(name.to_owned())
    });
    let webhooks = webhooks.collect();
    row.close();
    Some(Person { officer: officer?, webhooks })
}

fn post(row: Row<'_>, known: &impl Fn(&Cell<'_>) -> Option<String>) -> Option<Post> {
    let id = row.need("id", "an id").and_then(|cell| cell.id());
    let name = row.need("name", "the name that people know").and_then(|cell| cell.text());
    let given = row.rows("shift");
    let count = given.len();
    let shifts: Vec<Shift> = given.into_iter().filter_map(|row| shift(row, known)).collect();
    // A shift that can't be read is a mistake of its own, and no gap.
    if shifts.len() == count
        && let Some((wrong, allowed)) = uneven(&shifts)
    {
        row.note("shift", wrong, allowed);
    }
    row.close();
    Some(Post { id: id?.to_owned(), name: name?.to_owned(), shifts })
}

/// The first minute of the week that nobody holds, or that two do.
fn uneven(shifts: &[Shift]) -> Option<(String, &'static str)> {
    for (day, name) in DAY_NAMES.iter().enumerate() {
        for minute in 0..DAY_MIN {
            let at = || format!("on {name} at {:02}:{:02}", minute / 60, minute % 60);
            match shifts.iter().filter(|shift| shift.holds(day, minute)).count() {
                1 => {}
                0 => {
                    return Some((
                        format!("nobody holds the post {}", at()),
                        "needed is a shift for every minute of the week",
                    ));
                }
                n => return Some((format!("{n} hold the post {}", at()), "allowed is one at a time")),
            }
        }
    }
    None
}

fn shift(row: Row<'_>, known: &impl Fn(&Cell<'_>) -> Option<String>) -> Option<Shift> {
    let officer = row.need("officer", "an officer of [[person]]").and_then(|cell| known(&cell));
    let mut days = [true; 7];
    if let Some(cell) = row.cell("days") {
        let named: Vec<usize> = cell.list().iter().filter_map(|cell| cell.one_of(&DAYS)).collect();
        days = std::array::from_fn(|day| named.contains(&day));
    }
    let from = row.need("from", "a local time, as \"07:00\"").and_then(|cell| time(&cell));
    let to = row.need("to", "a local time, as \"19:00\"").and_then(|cell| time(&cell));
    row.close();
    Some(Shift { officer: officer?, days, from_min: from?, to_min: to? })
}

/// `HH:MM` as minutes of the day.
fn time(cell: &Cell<'_>) -> Option<i64> {
    let text = cell.text()?;
    let part = |text: &str, below: i64| {
        let number = text.parse::<i64>().ok()?;
        (text.len() == 2 && (0..below).contains(&number)).then_some(number)
    };
    let found = text.split_once(':').and_then(|(h, min)| Some(part(h, 24)? * 60 + part(min, 60)?));
    if found.is_none() {
        cell.note(format!("{text:?} is no time of day"), "allowed is \"00:00\" to \"23:59\"");
    }
    found
}

fn number(row: &Row<'_>, key: &str, least: i64, most: i64, default: i64) -> i64 {
    row.cell(key).and_then(|cell| cell.whole(least, most)).unwrap_or(default)
}

fn calling(row: Row<'_>) -> Calling {
    let mut calling = Calling::default();
    let least = number(&row, "severity_min", 1, 5, calling.severity_min.step().into());
    calling.severity_min = severity(least).unwrap_or(calling.severity_min);
    if let Some(table) = row.cell("acknowledge_within_s").and_then(|cell| cell.row()) {
        for (step, within) in ["1", "2", "3", "4", "5"].into_iter().zip(&mut calling.within) {
            *within = Span::from_s(number(&table, step, 30, 86_400, within.whole_s()));
        }
        table.close();
    }
    calling.remind_every =
        Span::from_s(number(&row, "remind_every_s", 60, 86_400, calling.remind_every.whole_s()));
    let most = number(&row, "reminders_max", 0, 100, calling.reminders_max.into());
    calling.reminders_max = u32::try_from(most).unwrap_or(calling.reminders_max);
    row.close();
    calling
}

fn quiet(row: Row<'_>) -> Option<Quiet> {
    let from = row.need("from", "a local time, as \"22:00\"").and_then(|cell| time(&cell));
    let to = row.need("to", "a local time, as \"05:00\"").and_then(|cell| time(&cell));
    let most = number(&row, "severity_max", 1, 2, 2);
    let words = Hazard::ALL.map(|hazard| (hazard.as_str(), hazard));
    let cells = row.need("hazards", "the hazards that may wait").map(|cell| cell.list()).unwrap_or_default();
    let allowed = || {
        let may = Hazard::ALL.into_iter().filter(|hazard| !NEVER_QUIET.contains(hazard));
        format!("allowed are {}", may.map(Hazard::as_str).collect::<Vec<_>>().join(", "))
    };
    let hazards = cells.iter().filter_map(|cell| {
        let hazard = cell.one_of(&words)?;
        if NEVER_QUIET.contains(&hazard) {
            cell.note(format!("{hazard} never waits for the morning"), allowed());
            return None;
        }
        Some(hazard)
    });
    let hazards = hazards.collect();
    if from.is_some() && from == to {
        row.note("to", "the quiet hours would last all day", "allowed is another time than from");
    }
    row.close();
    Some(Quiet { from_min: from?, to_min: to?, severity_max: severity(most)?, hazards })
}

fn bounds(row: Row<'_>) -> Bounds {
    let default = Bounds::default();
    let count = |key, least, default: usize| {
        usize::try_from(number(&row, key, least, 1000, default as i64)).unwrap_or(default)
    };
    let bounds = Bounds {
        alarms_max: count("alarms_per_officer_10_min_max", 1, default.alarms_max),
        alarms_kept: count("alarms_kept_for_severe", 0, default.alarms_kept),
        pushes_max: count("pushes_per_resident_day_max", 1, default.pushes_max),
        silence_max: Span::from_h(number(&row, "silence_h_max", 1, 72, default.silence_max.whole_s() / 3600)),
        maintenance_max: Span::from_h(number(
            &row,
            "maintenance_h_max",
            1,
            24 * 90,
            default.maintenance_max.whole_s() / 3600,
        )),
    };
    if bounds.alarms_kept >= bounds.alarms_max {
        row.note(
            "alarms_kept_for_severe",
            "nothing would be left for the others",
            "allowed is less than alarms_per_officer_10_min_max",
        );
    }
    row.close();
    bounds
}

fn severity(step: i64) -> Option<Severity> {
    u8::try_from(step).ok().and_then(Severity::new)
}

#[cfg(test)]
mod tests;

//! Hours and dates as Vietnamese bulletins write them: `15 giờ 30 phút ngày 17 tháng 11 năm 2025`,
//! `15h30 ngày 17/11/2025`. What is not written is not made up, but a year that is left out is taken
//! from the day of reading and said to be so.

use sensors::time::{Span, Timestamp};

use super::scan::Page;

/// A day of the calendar; the year may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    day: i64,
    month: i64,
    year: Option<i64>,
}

/// An hour that was found, with its day where one stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) from: usize,
    pub(super) to: usize,
    minutes: i64,
    pub(super) day: Option<Date>,
}

/// An hour at a place.
pub(super) fn hour_at(page: &Page, at: usize) -> Option<Moment> {
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '/' | ',' | '.');
    if at.checked_sub(1).and_then(|before| page.lower(before)).is_some_and(is_inside) {
        return None;
    }
    let (hour, end) = page.number(at, 2)?;
    let sign = page.after_spaces(end);
    let (after, needs_minutes) = match page.word_at(sign, "giờ") {
        Some(after) => (after, false),
        None if page.lower(end) == Some('h') => (end + 1, false),
        None if page.lower(end) == Some(':') => (end + 1, true),
        None => return None,
    };
    let minute = page.number(page.after_spaces(after), 2);
    if needs_minutes && minute.is_none_or(|(_, end)| end != after + 2) {
        return None;
    }
    // `16 giờ 17/11` has no minutes: the number belongs to the day.
    let minute =
        minute.filter(|(_, end)| day_at(page, page.after_spaces(after)).is_none_or(|(_, to)| to <= *end));
    let (minute, mut to) = minute.unwrap_or((0, after));
    if let Some(end) = page.word_at(page.after_spaces(to), "phút") {
        to = end;
    }
    if hour > 24 || minute > 59 || (hour == 24 && minute > 0) {
        return None;
    }
    let mut next = page.after_spaces(to);
    if page.lower(next) == Some(',') {
        next = page.after_spaces(next + 1);
    }
    let day = dated_at(page, next).or_else(|| day_at(page, next));
    if let Some((_, end)) = day {
        to = end;
    }
    Some(Moment { from: at, to, minutes: hour * 60 + minute, day: day.map(|(day, _)| day) })
}

/// `ngày 17 tháng 11 năm 2025`, and where it ends.
pub(super) fn dated_at(page: &Page, at: usize) -> Option<(Date, usize)> {
    day_at(page, page.after_spaces(page.word_at(at, "ngày")?))
}

/// `17/11/2025`, `17 tháng 11`, and where it ends.
fn day_at(page: &Page, at: usize) -> Option<(Date, usize)> {
    let between = |at: usize, word: &str| {
        let at = page.after_spaces(at);
        match page.lower(at) {
            Some('/' | '-') => Some(page.after_spaces(at + 1)),
            _ => page.word_at(at, word).map(|end| page.after_spaces(end)),
        }
    };
    let (day, end) = page.number(at, 2)?;
    let (month, end) = page.number(between(end, "tháng")?, 2)?;
    let year = between(end, "năm").and_then(|at| page.number(at, 4)).filter(|(year, _)| *year >= 2000);
    let to = year.map_or(end, |(_, end)| end);
    let fits = (1..=31).contains(&day) && (1..=12).contains(&month);
    fits.then_some((Date { day, month, year: year.map(|(year, _)| year) }, to))
}

impl Moment {
    /// The moment on the city's clocks, and whether its year was taken from `now`; `None` on a day that no
    /// calendar has.
    pub(super) fn on(&self, day: Date, utc_offset_min: i32, now: Timestamp) -> Option<(Timestamp, bool)> {
        let in_year = |year: i64| {
            let (year, month, day) =
                (i32::try_from(year).ok()?, u32::try_from(day.month).ok()?, u32::try_from(day.day).ok()?);
            let midnight = chrono::NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(0, 0, 0)?;
            let ms = midnight.and_utc().timestamp_millis();
            let minutes = self.minutes - i64::from(utc_offset_min);
            Some(Timestamp::from_ms(ms).plus(Span::from_min(minutes)))
        };
        if let Some(year) = day.year {
            return Some((in_year(year)?, false));
        }
        let local = now.plus(Span::from_min(i64::from(utc_offset_min))).to_chrono()?;
        let year: i64 = local.format("%Y").to_string().parse().ok()?;
        let near = (year - 1..=year + 1).filter_map(in_year).min_by_key(|at| at.since(now).ms().abs());
        near.map(|at| (at, true))
    }
}

//! Reads the fields of a bulletin of the national service out of its Vietnamese text.
//!
//! It proposes and never guesses: every field names the words that it was read from; what stands in
//! two ways is proposed in neither, and what is not found is asked for. An officer looks at all of it.

mod moment;
mod place;
mod scan;
#[cfg(test)]
mod tests;

use sensors::city::City;
use sensors::place::ZoneId;
use sensors::station::StationId;
use sensors::time::Timestamp;

use crate::hazard::Hazard;
use moment::{Date, Moment, dated_at, hour_at};
use scan::Page;

/// A longer text is read to here.
pub const LETTERS_MAX: usize = 20_000;

/// What a field was read to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// Words as they stand.
    Text(String),
    /// A number.
    Number(i64),
    /// A moment.
    Moment(Timestamp),
    /// A hazard.
    Hazard(Hazard),
    /// A ward.
    Zone(ZoneId),
    /// A stage, mm, at a station.
    Stage(StationId, i64),
}

/// A field that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The field, as `number`; of wards, rivers and stages there may be many.
    pub field: &'static str,
    /// What it says.
    pub meant: Meant,
    /// The words that it was read from.
    pub quote: String,
    /// Where they begin, in letters from 0.
    pub from: usize,
    /// Where they end.
    pub to: usize,
    /// What the words do not say and was taken from elsewhere: `year`, `day`.
    pub assumed: Option<&'static str>,
}

/// A text as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What was found, in the order of the fields.
    pub found: Vec<Found>,
    /// Fields that stand in more than one way: proposed is none of them.
    pub unclear: Vec<Found>,
    /// Fields that were not found and are asked for.
    pub missing: Vec<&'static str>,
}

/// What an officer is asked for where it is not found.
const ASKED: [&str; 7] = ["issuer", "number", "issued_at", "hazard", "risk_level", "zones", "valid_until"];

/// Who issues: the beginnings of their names.
const OFFICES: [&str; 8] = [
    "đài khí tượng thủy văn",
    "đài khí tượng thuỷ văn",
    "đài kttv",
    "trung tâm dự báo khí tượng",
    "trung tâm dự báo kttv",
    "cục khí tượng thủy văn",
    "cục khí tượng thuỷ văn",
    "tổng cục khí tượng",
];

/// What a bulletin's title calls the hazard; the first that stands in it counts.
const HAZARDS: [(&str, Hazard); 9] = [
    ("lũ quét", Hazard::FlashFlood),
    ("sạt lở", Hazard::Landslide),
    ("ngập", Hazard::StreetFlood),
    ("mưa lớn", Hazard::HeavyRain),
    ("mưa to", Hazard::HeavyRain),
    ("bão", Hazard::Wind),
    ("áp thấp nhiệt đới", Hazard::Wind),
    ("gió mạnh", Hazard::Wind),
    ("lũ", Hazard::Flood),
];

/// Reads a text; `now` gives the year where a date leaves it out.
pub fn read(text: &str, city: &City, now: Timestamp) -> Reading {
    let text: String = text.chars().take(LETTERS_MAX).collect();
    let reader = Reader { page: Page::new(&text), city, now };
    let mut reading = Reading::default();
    let number = reader.number();
    let head = number.as_ref().map_or(reader.page.len(), |found| found.to);
    reading.found.extend(reader.issuer(head));
    reading.found.extend(number);
    reader.times(&mut reading);
    reader.one("hazard", reader.hazards(), &mut reading);
    reader.one("risk_level", reader.levels(), &mut reading);
    reader.one("beaufort", reader.forces(&["gió mạnh nhất", "mạnh cấp"]), &mut reading);
    reader.one("gust", reader.forces(&["giật"]), &mut reading);
    reading.found.extend(reader.storm());
    reader.places(&mut reading);
    let has = |field: &str| reading.found.iter().any(|found| found.field == field);
    reading.missing = ASKED.into_iter().filter(|field| !has(field)).collect();
    reading
}

struct Reader<'a> {
    page: Page,
    city: &'a City,
    now: Timestamp,
}

impl Reader<'_> {
    fn found(&self, field: &'static str, meant: Meant, (from, to): (usize, usize)) -> Found {
        Found { field, meant, quote: self.page.text(from, to), from, to, assumed: None }
    }

    /// Takes what all places agree on; what they say differently is unclear.
    #[expect(clippy::unused_self, reason = "reads as the others do")]
    fn one(&self, field: &'static str, said: Vec<Found>, reading: &mut Reading) {
        let first = said.first().map(|found| found.meant.clone());
        if said.iter().all(|found| Some(&found.meant) == first.as_ref()) {
            reading.found.extend(said.into_iter().next());
        } else {
            reading.unclear.extend(said.into_iter().filter(|found| found.field == field));
        }
    }

    /// `Số: 12/LU-HUE`.
    fn number(&self) -> Option<Found> {
        let mut at = 0;
        while let Some((from, end)) = self.page.find(&["số"], at, self.page.len()) {
            let colon = self.page.after_spaces(end);
            if self.page.lower(colon) == Some(':') {
                let begin = self.page.after_spaces(colon + 1);
                let is_of = |at: &usize| {
                    self.page.lower(*at).is_some_and(|c| !c.is_whitespace() && !matches!(c, ',' | ';'))
                };
                let to = begin + (begin..self.page.len()).take_while(is_of).count();
                let value = self.page.text(begin, to);
                let is_number = value.chars().any(|c| c.is_ascii_digit());
                return is_number.then(|| self.found("number", Meant::Text(value), (from, to)));
            }
            at = end;
        }
        None
    }

    /// The last office of the letterhead: the one above it comes first.
    fn issuer(&self, head: usize) -> Option<Found> {
        let (mut at, mut last) = (0, None);
        while let Some((from, end)) = self.page.find(&OFFICES, at, head) {
            let (_, line) = self.page.line(from);
            let gap = (end..line).find(|at| {
                matches!(self.page.text(*at, at + 2).as_str(), "  ") || self.page.lower(*at) == Some('\t')
            });
            let stop = |at: &usize| matches!(self.page.lower(*at), Some(',' | ':' | ';' | '('));
            let to = (end..gap.unwrap_or(line)).find(stop).or(gap).unwrap_or(line);
            last = Some((from, to));
            at = line;
        }
        let (from, to) = last?;
        let name = self.page.text(from, to).trim().to_owned();
        Some(self.found("issuer", Meant::Text(name), (from, to)))
    }

    fn hours(&self) -> Vec<Moment> {
        let (mut hours, mut at) = (Vec::new(), 0);
        while at < self.page.len() {
            match hour_at(&self.page, at) {
                Some(moment) => {
                    at = moment.to;
                    hours.push(moment);
                }
                None => at += 1,
            }
        }
        hours
    }

    /// The day in the head of the bulletin: `Huế, ngày 17 tháng 11 năm 2025`.
    fn head_day(&self) -> Option<Date> {
        let (from, _) = self.page.find(&["ngày"], 0, self.page.len())?;
        dated_at(&self.page, from).map(|(day, _)| day)
    }

    /// When it was issued, until when it holds, when the next one comes: by the words before the hour.
    fn times(&self, reading: &mut Reading) {
        const ISSUED: [&str; 6] = ["phát lúc", "phát tin lúc", "ban hành lúc", "tin phát", "hồi", "huế,"];
        const VALID: [&str; 3] = ["hiệu lực đến", "có giá trị đến", "hiệu lực tới"];
        const NEXT: [&str; 2] = ["tiếp theo", "tin kế tiếp"];
        let hours = self.hours();
        let first = |words: &[&str], but: &[&str]| {
            hours.iter().find(|hour| {
                let (line, _) = self.page.line(hour.from);
                let before = hour.from.saturating_sub(50).max(line);
                let says = |words: &[&str]| self.page.find(words, before, hour.from).is_some();
                says(words) && !says(but)
            })
        };
        let issued = first(&ISSUED, &[&VALID[..], &NEXT[..]].concat());
        let head = self.head_day();
        for (field, hour) in
            [("issued_at", issued), ("valid_until", first(&VALID, &[])), ("next_at", first(&NEXT, &[]))]
        {
            let Some(hour) = hour else { continue };
            let Some(day) = hour.day.or(head) else { continue };
            let Some((at, year)) = hour.on(day, self.city.utc_offset_min, self.now) else { continue };
            let assumed = if hour.day.is_none() { Some("day") } else { year.then_some("year") };
            reading
                .found
                .push(Found { assumed, ..self.found(field, Meant::Moment(at), (hour.from, hour.to)) });
        }
    }

    /// What the title says: the first line that begins with `tin`.
    fn hazards(&self) -> Vec<Found> {
        let (mut line, mut found) = (0, Vec::new());
        while line < self.page.len() && found.is_empty() {
            let (_, end) = self.page.line(line);
            let begin = self.page.after_spaces(line);
            if self.page.word_at(begin, "tin").or(self.page.word_at(begin, "bản tin")).is_some() {
                let named = HAZARDS.iter().find_map(|(word, hazard)| {
                    Some(self.found("hazard", Meant::Hazard(*hazard), self.page.find(&[word], begin, end)?))
                });
                found.extend(named);
            }
            line = end + 1;
        }
        found
    }

    /// Every `rủi ro thiên tai …: cấp 2`.
    fn levels(&self) -> Vec<Found> {
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some((from, end)) = self.page.find(&["rủi ro thiên tai", "rủi ro"], at, self.page.len())
        {
            let (_, line) = self.page.line(end);
            let numbered = (end..line.min(end + 80)).find_map(|at| self.step(at));
            if let Some(numbers) = numbered {
                found.extend(
                    numbers
                        .into_iter()
                        .map(|(step, to)| self.found("risk_level", Meant::Number(step), (from, to))),
                );
            }
            at = end;
        }
        found.retain(|found| matches!(found.meant, Meant::Number(1..=5)));
        found
    }

    /// `cấp 12` or `cấp 11-12` at a place: one number or both.
    fn step(&self, at: usize) -> Option<Vec<(i64, usize)>> {
        let first = self.page.number(self.page.after_spaces(self.page.word_at(at, "cấp")?), 2)?;
        let dash = self.page.after_spaces(first.1);
        let next = match self.page.lower(dash) {
            Some('-' | '–') => Some(dash + 1),
            _ => self.page.word_at(dash, "đến"),
        };
        let next = next.map(|at| self.page.after_spaces(at));
        let next = next.map(|at| self.page.word_at(at, "cấp").map_or(at, |end| self.page.after_spaces(end)));
        Some([Some(first), next.and_then(|at| self.page.number(at, 2))].into_iter().flatten().collect())
    }

    /// Beaufort after one of these words: the first place counts.
    fn forces(&self, words: &[&str]) -> Vec<Found> {
        let field = if words.contains(&"giật") { "gust" } else { "beaufort" };
        let Some((from, _)) = self.page.find(words, 0, self.page.len()) else { return Vec::new() };
        let (_, line) = self.page.line(from);
        let numbers = (from..line.min(from + 90)).find_map(|at| self.step(at)).unwrap_or_default();
        let found =
            numbers.into_iter().map(|(force, to)| self.found(field, Meant::Number(force), (from, to)));
        found.filter(|found| matches!(found.meant, Meant::Number(1..=17))).collect()
    }

    /// `bão số 13`.
    fn storm(&self) -> Option<Found> {
        let (from, end) = self.page.find(&["bão số"], 0, self.page.len())?;
        let (number, to) = self.page.number(self.page.after_spaces(end), 2)?;
        Some(self.found("storm", Meant::Text(format!("Bão số {number}")), (from, to)))
    }
}

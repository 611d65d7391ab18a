//! Texts as they are said aloud: numbers in words, metres and centimetres, no abbreviations.
//!
//! The words are all of the configuration; the code knows digits and nothing of any language.

use sensors::sheet::{Cell, Row};

use super::Template;
use super::number::Signs;

/// A number of more digits than this is read digit by digit, as a telephone number is.
const DIGITS_MAX: usize = 6;

/// How a language says numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Speech {
    /// 0 to 99.
    small: Vec<String>,
    /// By how many digits the rest has: none, one, two.
    hundred: [Template; 3],
    /// By how many digits the rest has: none, one, two, three.
    thousand: [Template; 4],
    decimal: String,
    minus: String,
    /// Whole metres, metres and centimetres, centimetres.
    metre: [Template; 3],
    /// What is said instead, longest first.
    words: Vec<(String, String)>,
}

impl Speech {
    pub(super) fn read(row: &Row<'_>, words_max: usize) -> Option<Self> {
        let small = row.need("below_hundred", "the numbers from 0 to 99 in words").and_then(|cell| {
            let words: Vec<String> = cell.list().iter().filter_map(Cell::text).map(str::to_owned).collect();
            if words.len() != 100 {
                cell.note(format!("{} words are given", words.len()), "needed are 100, from 0 to 99");
                return None;
            }
            Some(words)
        });
        let hundred = templates(row, "hundred", [&["n"], &["n", "rest"], &["n", "rest"]]);
        let rest: &[&str] = &["n", "rest"];
        let thousand = templates(row, "thousand", [&["n"], rest, rest, rest]);
        let metre = templates(row, "metre", [&["n"], &["n", "part"], &["part"]]);
        let decimal = row.need("decimal", "how the decimal sign is said").and_then(|cell| cell.text());
        let minus = row.need("minus", "how the minus sign is said").and_then(|cell| cell.text());
        let mut words: Vec<(String, String)> = Vec::new();
        if let Some(table) = row.cell("word").and_then(|cell| cell.row()) {
            let entries = table.entries();
            if entries.len() > words_max {
                table.note(
                    "",
                    format!("{} words are given", entries.len()),
                    format!("allowed are {words_max}"),
                );
            }
            words.extend(
                entries.into_iter().filter_map(|(k, cell)| Some((k.to_owned(), cell.text()?.to_owned()))),
            );
        }
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.chars().count()));
        Some(Self {
            small: small?,
            hundred: hundred?,
            thousand: thousand?,
            decimal: decimal?.to_owned(),
            minus: minus?.to_owned(),
            metre: metre?,
            words,
        })
    }

    /// The text in words.
    pub(super) fn say(&self, text: &str, signs: &Signs) -> String {
        let text = self.expanded(text);
        let mut said = String::with_capacity(text.len() * 2);
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            if !first.is_ascii_digit() {
                let negative = first == '-'
                    && rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit())
                    && !said.ends_with(char::is_alphanumeric);
                if negative {
                    said.push_str(&self.minus);
                    said.push(' ');
                } else {
                    said.push(first);
                }
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                continue;
            }
            let number = Number::read(rest, signs);
            rest = rest.get(number.len..).unwrap_or_default();
            if said.ends_with(char::is_alphabetic) {
                said.push(' ');
            }
            rest = self.number(&number, rest, &mut said);
        }
        said
    }

    /// Abbreviations in full, where they stand as words.
    fn expanded(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, full) in &self.words {
            if text.contains(word) {
                text = replaced(&text, word, full);
            }
        }
        text
    }

    /// Says a number and gives what stands behind it and its unit.
    fn number<'a>(&self, number: &Number<'_>, behind: &'a str, said: &mut String) -> &'a str {
        let after_unit = behind.strip_prefix(' ').unwrap_or(behind).strip_prefix('m');
        let metres =
            after_unit.filter(|after| !after.starts_with(|c: char| c.is_alphanumeric() || "³²/".contains(c)));
        if let Some(after) = metres {
            self.metres(number, said);
            return after;
        }
        said.push_str(&self.whole(&number.whole));
        if let Some(part) = number.part {
            said.push(' ');
            said.push_str(&self.decimal);
            said.push(' ');
            said.push_str(&self.digits(part));
        }
        if behind.starts_with(char::is_alphabetic) {
            said.push(' ');
        } else if let Some(after) =
            behind.strip_prefix([':', '/']).filter(|a| a.starts_with(|c: char| c.is_ascii_digit()))
        {
            said.push(' ');
            return after;
        }
        behind
    }

    fn metres(&self, number: &Number<'_>, said: &mut String) {
        let part: String = format!("{:0<2}", number.part.unwrap_or_default()).chars().take(2).collect();
        let [whole, both, small] = &self.metre;
        let none = number.whole.chars().all(|digit| digit == '0');
        let text = match (none, part.as_str()) {
            (_, "00") => whole.fill(&[("n", &self.whole(&number.whole))]),
            (true, part) => small.fill(&[("part", &self.whole(part.trim_start_matches('0')))]),
            (false, part) => both.fill(&[("n", &self.whole(&number.whole)), ("part", &self.whole(part))]),
        };
        said.push_str(&text);
    }

    /// A whole number in words; one with leading zeros or too many digits is read digit by digit.
    fn whole(&self, digits: &str) -> String {
        let leading = digits.len() > 1 && digits.starts_with('0');
        match digits.parse::<u32>() {
            Ok(number) if !leading && digits.len() <= DIGITS_MAX => self.words(number),
            _ => self.digits(digits),
        }
    }

    fn digits(&self, digits: &str) -> String {
        let word = |digit: char| self.small.get(digit.to_digit(10)? as usize).map(String::as_str);
        digits.chars().filter_map(word).collect::<Vec<_>>().join(" ")
    }

    /// Below a million.
    fn words(&self, number: u32) -> String {
        let (step, forms): (u32, &[Template]) = match number {
            0..100 => return self.small.get(number as usize).cloned().unwrap_or_default(),
            100..1000 => (100, &self.hundred),
            _ => (1000, &self.thousand),
        };
        let rest = number % step;
        let form = match rest {
            0 => 0,
            1..10 => 1,
            10..100 => 2,
            _ => 3,
        };
        let values = [("n", self.words(number / step)), ("rest", self.words(rest))];
        let values = values.each_ref().map(|(place, words)| (*place, words.as_str()));
        forms.get(form).map(|form| form.fill(&values)).unwrap_or_default()
    }
}

/// A number as it is written.
struct Number<'a> {
    /// Its digits before the decimal sign, without the signs between thousands.
    whole: String,
    /// Its digits behind it.
    part: Option<&'a str>,
    /// How many bytes it takes.
    len: usize,
}

impl<'a> Number<'a> {
    /// Reads the number that a text begins with.
    fn read(text: &'a str, signs: &Signs) -> Self {
        let mut len = run(text);
        let mut whole = text.get(..len).unwrap_or_default().to_owned();
        // Four digits and more before the first sign are no group: `2025.`
        let begins = if len <= 3 { text.get(len..) } else { None };
        let mut rest = begins.and_then(|rest| rest.strip_prefix(signs.thousands.as_str()));
        while let Some(group) = rest.filter(|group| run(group) == 3 && whole.len() <= DIGITS_MAX) {
            whole.push_str(group.get(..3).unwrap_or_default());
            len += signs.thousands.len() + 3;
            rest = text.get(len..).and_then(|rest| rest.strip_prefix(signs.thousands.as_str()));
        }
        let part = text.get(len..).and_then(|rest| rest.strip_prefix(signs.decimal.as_str()));
        let part = part.and_then(|rest| rest.get(..run(rest))).filter(|part| !part.is_empty());
        len += part.map_or(0, |part| signs.decimal.len() + part.len());
        Self { whole, part, len }
    }
}

/// How many digits a text begins with.
fn run(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Puts `full` wherever `word` stands by itself.
fn replaced(text: &str, word: &str, full: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    let begins = word.starts_with(char::is_alphanumeric);
    let ends = word.ends_with(char::is_alphanumeric);
    while let Some((before, after)) = rest.split_once(word) {
        out.push_str(before);
        let inside =
            begins && out.ends_with(char::is_alphabetic) || ends && after.starts_with(char::is_alphabetic);
        out.push_str(if inside { word } else { full });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn templates<const N: usize>(row: &Row<'_>, key: &str, places: [&[&str]; N]) -> Option<[Template; N]> {
    let cell = row.need(key, "a list of texts")?;
    let read =
        cell.list().into_iter().zip(places).filter_map(|(cell, must)| Template::read(&cell, must, must));
    let read: Option<[Template; N]> = read.collect::<Vec<_>>().try_into().ok();
    if read.is_none() || cell.list().len() != N {
        cell.note("the texts are not all there", format!("needed are {N} texts"));
        return None;
    }
    read
}

#[cfg(test)]
mod tests;

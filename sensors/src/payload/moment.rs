//! How payloads write the time.

use chrono::NaiveDateTime;
use chrono::format::{Item, StrftimeItems};

use super::number::{Number, number_of_text};
use crate::time::{Span, Timestamp};

/// Where numbers begin to count milliseconds instead of seconds since the epoch.
const MILLISECONDS_FROM: f64 = 1e11;

/// How a time is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TimeForm {
    /// A text is RFC 3339 with an offset; a number counts from the epoch, in milliseconds from
    /// 10^11 on (March 1973) and in seconds below (before the year 5138).
    #[default]
    Told,
    /// The device's clock without an offset, by a pattern of `strftime`.
    Local {
        /// The pattern, as `%Y-%m-%d %H:%M:%S`.
        pattern: String,
        /// How far the device's clock is ahead of UTC.
        offset: Span,
    },
}

impl TimeForm {
    /// A local time by a pattern; `None` where that is no pattern of a date and a time.
    pub fn local(pattern: &str, offset: Span) -> Option<Self> {
        let plain = StrftimeItems::new(pattern).all(|item| !matches!(item, Item::Error));
        let form = Self::Local { pattern: pattern.to_owned(), offset };
        // A pattern that can't read back what it wrote lacks the hour, or the year.
        let midnight = chrono::DateTime::from_timestamp_millis(0)?.naive_utc();
        let written = plain.then(|| midnight.format(pattern).to_string())?;
        form.of_text(&written).map(|_| form)
    }

    /// The moment that a text writes.
    pub(super) fn of_text(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim_ascii();
        match self {
            Self::Told => Timestamp::parse_rfc3339(text).ok().or_else(|| match number_of_text(text)? {
                Number::Some(number) => self.of_number(number),
                Number::None => None,
            }),
            Self::Local { pattern, offset } => {
                let local = NaiveDateTime::parse_from_str(text, pattern).ok()?;
                Some(Timestamp::from_ms(local.and_utc().timestamp_millis()).minus(*offset))
            }
        }
    }

    /// The moment that a number counts.
    pub(super) fn of_number(&self, number: f64) -> Option<Timestamp> {
        if *self != Self::Told {
            return None;
        }
        let ms = if number.abs() < MILLISECONDS_FROM { number * 1000.0 } else { number };
        let t = Timestamp::from_ms(ms.round() as i64);
        // NaN would be the epoch.
        (ms.is_finite() && t.to_chrono().is_some()).then_some(t)
    }

    /// What is allowed, for a word of fault.
    pub(super) fn allowed(&self) -> String {
        match self {
            Self::Told => "RFC 3339 with an offset, or seconds or milliseconds since the epoch".to_owned(),
            Self::Local { pattern, .. } => format!("texts of the pattern {pattern:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_needs_its_offset_and_a_whole_pattern() {
        let form = TimeForm::local("%d/%m/%Y %H:%M:%S", Span::from_min(420)).unwrap();
        let at = form.of_text(" 16/11/2025 21:00:00").unwrap();
        assert_eq!(at.to_string(), "2025-11-16T14:00:00Z");
        for wrong in ["%d/%m/%Y", "%Q", "noon"] {
            assert_eq!(TimeForm::local(wrong, Span::ZERO), None, "{wrong}");
        }
        assert_eq!((form.of_text("2025-11-16T14:00:00Z"), form.of_number(1e9)), (None, None));
    }
}

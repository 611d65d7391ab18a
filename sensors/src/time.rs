//! Moments and spans in whole milliseconds.
//!
//! A [`Timestamp`] is UTC and has no calendar; the calendar (time zones, the rain day) enters at
//! the edge through `chrono`. Nothing here reads a clock.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A length of time in milliseconds; negative where a later moment was subtracted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Timestamp {
    /// The earliest moment that can be told, for "since ever".
    pub const MIN: Self = Self(i64::MIN / 4);
    /// The latest moment that can be told, for "never".
    pub const MAX: Self = Self(i64::MAX / 4);

    /// A moment from milliseconds since the Unix epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The moment `span` later.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The moment `span` earlier.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this moment is; negative when it is before.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Reads RFC 3339 with an offset; digits finer than a millisecond are cut off.
    ///
    /// # Errors
    /// Says what was read when it is no such time.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        DateTime::parse_from_rfc3339(text)
            .map(|t| Self(t.timestamp_millis()))
            .map_err(|_| TimeError { text: text.chars().take(40).collect() })
    }

    /// The calendar moment, or `None` outside the years that `chrono` knows.
    pub fn to_chrono(self) -> Option<DateTime<Utc>> {
        Utc.timestamp_millis_opt(self.0).single()
    }
}

/// RFC 3339 in UTC; milliseconds are written only when there are some.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_chrono() {
            Some(t) if self.0 % 1000 == 0 => f.write_str(&t.to_rfc3339_opts(SecondsFormat::Secs, true)),
            Some(t) => f.write_str(&t.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of milliseconds.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// A span of seconds.
    pub const fn from_s(s: i64) -> Self {
        Self(s.saturating_mul(1000))
    }

    /// A span of minutes.
    pub const fn from_min(min: i64) -> Self {
        Self(min.saturating_mul(60_000))
    }

    /// A span of hours.
    pub const fn from_h(h: i64) -> Self {
        Self(h.saturating_mul(3_600_000))
    }

    /// In milliseconds.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// In whole seconds, cut off.
    pub const fn whole_s(self) -> i64 {
        self.0 / 1000
    }
}

/// A text that is no RFC 3339 time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no time; write RFC 3339 with an offset, as 2025-11-16T21:00:00+07:00")]
pub struct TimeError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_is_kept_as_the_same_moment_in_utc() {
        let t = Timestamp::parse_rfc3339("2025-11-16T21:00:00+07:00").unwrap();
        assert_eq!(t.to_string(), "2025-11-16T14:00:00Z");
        assert_eq!(t.plus(Span::from_ms(5)).to_string(), "2025-11-16T14:00:00.005Z");
    }

    #[test]
    fn a_time_without_an_offset_is_refused() {
        let refusal = Timestamp::parse_rfc3339("2025-11-16T21:00:00").unwrap_err();
        assert!(refusal.to_string().contains("with an offset"));
    }
}

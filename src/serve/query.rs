//! What a question asks for, read strictly: unknown keys, doubled keys and nonsense are refused,
//! all at once and by name.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use sensors::time::Timestamp;

use super::problem::{FieldError, Problem};

/// The keys of one question, with every mistake found so far.
#[derive(Debug)]
pub(crate) struct Query {
    given: BTreeMap<String, String>,
    mistakes: Vec<FieldError>,
}

impl Query {
    /// Reads the query string of a route that knows these keys.
    pub(crate) fn read(raw: Option<&str>, known: &[&str]) -> Self {
        let mut query = Self { given: BTreeMap::new(), mistakes: Vec::new() };
        for (key, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            let mistake = if !known.contains(&key.as_ref()) {
                let allowed = if known.is_empty() {
                    "this route takes no query".to_owned()
                } else {
                    format!("allowed are {}", known.join(", "))
                };
                Some(FieldError::new(&key, "is no key of this route", allowed))
            } else if query.given.contains_key(key.as_ref()) {
                Some(FieldError::new(&key, "is given twice", "give it once"))
            } else {
                query.given.insert(key.into_owned(), value.into_owned());
                None
            };
            query.mistakes.extend(mistake);
            if query.mistakes.len() >= MISTAKES_MAX {
                break;
            }
        }
        query
    }

    /// The text of a key.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.given.get(key).map(String::as_str)
    }

    /// Reads a key with its own meaning; what can't be read is noted and gives `None`.
    pub(crate) fn parsed<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, (String, String)>,
    ) -> Option<T> {
        match parse(self.given.get(key)?) {
            Ok(value) => Some(value),
            Err((wrong, allowed)) => {
                self.refuse(key, wrong, allowed);
                None
            }
        }
    }

    /// A moment, RFC 3339 with an offset.
    pub(crate) fn time(&mut self, key: &str) -> Option<Timestamp> {
        self.parsed(key, |text| {
            Timestamp::parse_rfc3339(&plus_restored(text)).map_err(|_| {
                let shown: String = text.chars().take(40).collect();
                let allowed = "write RFC 3339 with an offset, as 2025-11-16T21:00:00%2B07:00";
                (format!("{shown:?} is no time"), allowed.to_owned())
            })
        })
    }

    /// A whole number inside its bounds.
    pub(crate) fn number(&mut self, key: &str, min: u64, max: u64) -> Option<u64> {
        self.parsed(key, |text| {
            let shown: String = text.chars().take(40).collect();
            match text.parse() {
                Ok(number) if (min..=max).contains(&number) => Ok(number),
                _ => {
                    Err((format!("{shown:?} is not allowed"), format!("a whole number from {min} to {max}")))
                }
            }
        })
    }

    /// Whether `state` asks for what is closed as well: `open`, which is meant without it, or `all`.
    pub(crate) fn wants_all(&mut self) -> bool {
        let all = self.parsed("state", |text| match text {
            "open" => Ok(false),
            "all" => Ok(true),
            _ => Err(("is no state".to_owned(), "allowed are open, all".to_owned())),
        });
        all.unwrap_or(false)
    }

    /// Notes a mistake.
    pub(crate) fn refuse(&mut self, key: &str, wrong: impl Into<String>, allowed: impl Into<String>) {
        self.mistakes.push(FieldError::new(key, wrong, allowed));
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Every mistake that was noted, as one problem.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(Problem::fields(self.mistakes)) }
    }
}

/// So many mistakes are told at most.
const MISTAKES_MAX: usize = 20;

/// A bare `+` in a query string means a space; in an offset it can only have been meant as `+`.
fn plus_restored(text: &str) -> String {
    match text.len().checked_sub("+07:00".len()) {
        Some(at) if text.as_bytes().get(at) == Some(&b' ') => {
            let (head, tail) = (text.get(..at), text.get(at + 1..));
            format!("{}+{}", head.unwrap_or_default(), tail.unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

/// The raw query of a request; what it means is the route's business.
#[derive(Debug)]
pub(crate) struct Raw(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Raw {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parts.uri.query().map(str::to_owned)))
    }
}

/// A route that takes no query; every key is refused by name.
#[derive(Debug)]
pub(crate) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::read(parts.uri.query(), &[]).finish().map(|()| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_of_a_question_is_told_at_once() {
        let mut query = Query::read(Some("from=yesterday&limit=0&colour=red&limit=5"), &["from", "limit"]);
        assert_eq!((query.time("from"), query.number("limit", 1, 10)), (None, None));
        let refused: Vec<String> = query.mistakes.iter().map(|m| m.field.clone()).collect();
        assert_eq!(refused, ["colour", "limit", "from", "limit"]);
        assert!(query.finish().is_err());
    }

    #[test]
    fn an_offset_survives_a_bare_plus() {
        let bare = Query::read(Some("from=2025-11-16T21:00:00+07:00"), &["from"]).time("from");
        let escaped = Query::read(Some("from=2025-11-16T21:00:00%2B07:00"), &["from"]).time("from");
        assert!(bare.is_some() && bare == escaped);
        assert_eq!(Query::read(Some("from=ngày%20mai%20nhé"), &["from"]).time("from"), None);
    }
}

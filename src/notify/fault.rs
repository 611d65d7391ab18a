//! What a try that did not succeed means: whose fault it is decides whether to try again.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::clock::Clock;

/// Why a try did not succeed. The words are for officers; they hold no secret and no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No whole answer: not connected, cut, timed out. Tried again; counts for the breaker.
    #[error("{why}")]
    Line {
        /// What failed.
        why: String,
    },
    /// The other side is alive and asks for patience (429, 500, 503, or our credentials are refused).
    #[error("{why}")]
    Later {
        /// What it said.
        why: String,
        /// How long it asks to wait (`Retry-After`, RFC 9110 section 10.2.3).
        after: Option<Duration>,
    },
    /// The receiver exists no more; nothing is ever to be sent there again.
    #[error("{why}")]
    Gone {
        /// What it said.
        why: String,
    },
    /// It will never be accepted as it stands.
    #[error("{why}")]
    Refused {
        /// What it said.
        why: String,
    },
}

impl Fault {
    /// A fault of the line. The address is taken out: it can hold a secret.
    pub fn of_line(error: reqwest::Error) -> Self {
        let what = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "not connected"
        } else {
            "the connection broke"
        };
        Self::Line { why: format!("{what} ({})", root_cause(&error.without_url())) }
    }

    /// The label of metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Line { .. } => "line",
            Self::Later { .. } => "later",
            Self::Gone { .. } => "gone",
            Self::Refused { .. } => "refused",
        }
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string().chars().take(160).collect()
}

/// How long an answer asks to wait: whole seconds or an HTTP date; `None` when it says neither.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let moment = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let now = Duration::from_millis(u64::try_from(Clock::real_now().ms()).ok()?);
    Some(moment.saturating_sub(now))
}

/// At most `limit` bytes of an answer's body, so that no answer fills the memory.
///
/// # Errors
/// [`Fault::Line`] when the body breaks off.
pub async fn body_of(mut answer: reqwest::Response, limit: usize) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(Fault::of_line)? {
        let room = limit.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if room <= chunk.len() {
            break;
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn asked(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        let in_a_minute = UNIX_EPOCH
            + Duration::from_millis(Clock::real_now().ms().unsigned_abs())
            + Duration::from_mins(1);
        let wait = asked(&httpdate::fmt_http_date(in_a_minute)).unwrap();
        assert!(wait > Duration::from_secs(57) && wait <= Duration::from_mins(1), "{wait:?}");
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("-5"), None);
    }
}

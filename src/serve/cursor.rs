//! Cursors: opaque to whoever gives them back, and refused when they are not ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rules::alert::AlertId;
use sensors::time::Timestamp;

use crate::store::commit::Seq;
use crate::store::read::AlertCursor;

/// The longest text that is looked at.
const TEXT_MAX: usize = 400;

/// Where a page of a series ended, and what was known for it: later pages show the same knowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeriesCursor {
    /// The last event time on the page.
    pub measured_at: Timestamp,
    /// The commit whose knowledge is shown.
    pub known_at: Seq,
}

impl SeriesCursor {
    /// As it is given out.
    pub(crate) fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(format!("s {} {}", self.measured_at.ms(), self.known_at.0))
    }

    /// As it comes back; `None` when it is not ours.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let text = plain(text)?;
        let (ms, seq) = text.strip_prefix("s ")?.split_once(' ')?;
        Some(Self { measured_at: Timestamp::from_ms(ms.parse().ok()?), known_at: Seq(seq.parse().ok()?) })
    }
}

/// Where a page of alerts ended, as it is given out.
pub(crate) fn alert_text(cursor: &AlertCursor) -> String {
    URL_SAFE_NO_PAD.encode(format!("a {} {}", cursor.began_at.ms(), cursor.alert))
}

/// Where a page of alerts ended, as it comes back; `None` when it is not ours.
pub(crate) fn alert_from_text(text: &str) -> Option<AlertCursor> {
    let text = plain(text)?;
    let (ms, alert) = text.strip_prefix("a ")?.split_once(' ')?;
    Some(AlertCursor { began_at: Timestamp::from_ms(ms.parse().ok()?), alert: AlertId(alert.into()) })
}

fn plain(text: &str) -> Option<String> {
    if text.len() > TEXT_MAX {
        return None;
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_and_a_foreign_one_is_none() {
        let series = SeriesCursor { measured_at: Timestamp::from_ms(-5), known_at: Seq(9) };
        assert_eq!(SeriesCursor::from_text(&series.to_text()), Some(series));
        let alert = AlertCursor { began_at: Timestamp::from_ms(7), alert: AlertId("kim long.x".into()) };
        assert_eq!(alert_from_text(&alert_text(&alert)), Some(alert));
        assert_eq!(
            SeriesCursor::from_text(&alert_text(&AlertCursor {
                began_at: Timestamp::from_ms(7),
                alert: AlertId("x".into())
            })),
            None
        );
        for foreign in ["", "%%%", "cyAx", &"A".repeat(9999)] {
            assert_eq!(SeriesCursor::from_text(foreign), None, "{foreign:.9}");
        }
    }
}

//! Numbers as texts write them, and the beginnings of payloads that are shown in a word of fault.

/// A number as it was written, or the word that there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Some(f64),
    None,
}

/// The number that a text writes, NaN and infinity included; an empty one says that there is none.
pub(super) fn number_of_text(text: &str) -> Option<Number> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Some(Number::None);
    }
    text.parse().ok().map(Number::Some)
}

/// The first 60 bytes, readable.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..60).unwrap_or(bytes)).into_owned()
}

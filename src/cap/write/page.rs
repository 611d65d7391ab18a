//! Canonical XML on a page: fixed order, no declaration, no empty-element tags, LF, nothing optional.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

/// A document in the making.
pub(super) struct Page(Writer<Vec<u8>>);

impl Page {
    pub(super) fn new() -> Self {
        Self(Writer::new(Vec::with_capacity(64 * 1024)))
    }

    /// Writes an event; a vector takes everything.
    pub(super) fn put(&mut self, event: Event<'_>) {
        if let Err(error) = self.0.write_event(event) {
            tracing::error!(%error, "a page in memory refused what was written");
        }
    }

    pub(super) fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.put(Event::Start(BytesStart::new(name).with_attributes(attributes.iter().copied())));
    }

    pub(super) fn close(&mut self, name: &str) {
        self.put(Event::End(BytesEnd::new(name)));
    }

    /// An element with a text; none where there is no text.
    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        self.open(name, &[]);
        self.text(text);
        self.close(name);
    }

    pub(super) fn leaf_if(&mut self, name: &str, text: Option<&str>) {
        self.leaf(name, text.unwrap_or_default());
    }

    pub(super) fn text(&mut self, text: &str) {
        let clean = clean(text);
        self.put(Event::Text(BytesText::from_escaped(partial_escape(clean.as_ref()))));
    }

    /// A `valueName` and a `value` in an element.
    pub(super) fn pair(&mut self, name: &str, key: &str, value: &str) {
        self.open(name, &[]);
        self.leaf("valueName", key);
        self.leaf("value", value);
        self.close(name);
    }

    /// What was written on a page of its own.
    pub(super) fn paste(&mut self, written: &str) {
        self.0.get_mut().extend_from_slice(written.as_bytes());
    }

    pub(super) fn into_text(self) -> String {
        // Only texts were put on it, and they go in as they were.
        String::from_utf8(self.0.into_inner()).unwrap_or_default()
    }
}

/// A text that XML 1.0 can carry (section 2.2), with LF as its only end of line.
fn clean(text: &str) -> Cow<'_, str> {
    let fits = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(fits) {
        return Cow::Borrowed(text);
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(lines.chars().map(|c| if fits(c) { c } else { '\u{fffd}' }).collect())
}

//! A message once more with another time and place in its chain, because its condition is still true.
//!
//! Nothing of what it says is changed. A text of ours never has a bare `<`, so that an element is
//! found by its tag alone.

use std::borrow::Cow;

use quick_xml::escape::unescape;
use sensors::time::Timestamp;

use super::message::{Head, head, renewed};
use super::out::Out;
use super::page::Page;
use super::{after, identifier, moment, second};
use crate::cap::Message;
use crate::cap::chain::Reference;

/// Renews a message that says of itself what still holds.
pub fn renew(message: &Message, before: &[Reference], out: &Out, now: Timestamp) -> Message {
    let sent = second(now);
    let id = identifier(out, sent, message.exercise, &format!("renews {}", message.identifier));
    let mut page = Page::new();
    let (identifier, exercise) = (id.as_str(), message.exercise);
    head(&mut page, out, &Head { identifier, sent, msg_type: "Update", before, exercise });
    let told = message.xml.find("<info>").and_then(|at| message.xml.get(at..)).unwrap_or("</alert>");
    let told = replaced(told, "effective", &moment(sent, out.utc_offset_min));
    page.paste(&replaced(&told, "expires", &moment(after(sent, out.valid), out.utc_offset_min)));
    renewed(message, out, sent, page.into_text(), id)
}

/// The text of the first element of a name, as it was before it was written; empty where there is none.
pub fn first<'a>(xml: &'a str, name: &str) -> Cow<'a, str> {
    unescape(first_written(xml, name)).unwrap_or_default()
}

/// The same as it is written.
pub(super) fn first_written<'a>(xml: &'a str, name: &str) -> &'a str {
    let after = xml.split_once(&format!("<{name}>")).map_or("", |(_, after)| after);
    after.split_once("</").map_or("", |(text, _)| text)
}

/// Every element of a name with another text.
fn replaced(xml: &str, name: &str, text: &str) -> String {
    let open = format!("<{name}>");
    let mut parts = xml.split(&open);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole.push_str(&open);
        whole.push_str(text);
        whole.push_str(part.find("</").and_then(|end| part.get(end..)).unwrap_or_default());
    }
    whole
}

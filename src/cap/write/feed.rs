//! Our messages as an Atom feed (RFC 4287): those in force first, each group with the newest first.
//!
//! It names messages and never repeats what they say.

use sensors::time::Timestamp;

use super::out::Out;
use super::page::Page;
use super::renew::first_written;

/// A message as a feed names it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// `identifier`.
    pub identifier: &'a str,
    /// `sent`.
    pub sent: Timestamp,
    /// The message, canonical XML.
    pub xml: &'a str,
}

/// How a reader comes from the feed to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The service serves both under `/cap/`.
    Served,
    /// Both lie in one folder.
    Folder,
}

/// Writes the real feed or that of exercises.
pub fn feed(out: &Out, messages: &[Named<'_>], exercise: bool, place: Place) -> String {
    let base = match (place, exercise) {
        (Place::Folder, _) => String::new(),
        (Place::Served, false) => format!("{}/cap/", out.base_url.as_deref().unwrap_or_default()),
        (Place::Served, true) => format!("{}/cap/exercise/", out.base_url.as_deref().unwrap_or_default()),
    };
    let title = if exercise { "CAP 1.2, exercises" } else { "CAP 1.2" };
    let name = out.voices.values().next().map_or(out.sender.as_str(), |voice| &voice.sender_name);
    // A feed that never said anything is as old as the format's own time.
    let updated = messages.iter().map(|message| message.sent).max().unwrap_or(Timestamp::from_ms(0));
    let mut page = Page::new();
    page.open("feed", &[("xmlns", "http://www.w3.org/2005/Atom")]);
    page.leaf("id", &tag(out, if exercise { "exercise.feed" } else { "feed" }));
    page.leaf("title", &format!("{name}: {title}"));
    page.leaf("updated", &updated.to_string());
    page.open("author", &[]);
    page.leaf("name", name);
    page.close("author");
    let href = format!("{base}feed.atom");
    page.open("link", &[("href", &href), ("rel", "self"), ("type", "application/atom+xml")]);
    page.close("link");
    for message in messages {
        entry(&mut page, out, message, &base);
    }
    page.close("feed");
    page.into_text()
}

fn entry(page: &mut Page, out: &Out, message: &Named<'_>, base: &str) {
    page.open("entry", &[]);
    page.leaf("id", &tag(out, message.identifier));
    // It stands in the message as it has to stand here.
    page.open("title", &[]);
    page.paste(first_written(message.xml, "headline"));
    page.close("title");
    page.leaf("updated", &message.sent.to_string());
    let href = format!("{base}{}.xml", message.identifier);
    page.open("link", &[("href", &href), ("type", "application/cap+xml")]);
    page.close("link");
    page.open("summary", &[]);
    let kind = |name| first_written(message.xml, name);
    let words = ["msgType", "urgency", "severity", "certainty", "expires"].map(kind);
    page.text(&words.join(" "));
    page.close("summary");
    page.close("entry");
}

/// A tag URI (RFC 4151) under our own name, which the identifier makes unique.
fn tag(out: &Out, what: &str) -> String {
    format!("tag:{},2025:cap/{what}", out.sender)
}

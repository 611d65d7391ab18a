//! What a feed answered with: a message, or an Atom or RSS list of messages and of links to them.
//!
//! The list is read as strictly as a message. A message that stands inside an entry is held against the
//! same rules as one that comes alone; one that is only text there, as in a CDATA section, is not read.

use sha2::{Digest as _, Sha256};

use super::finding::Finding;
use super::rule;
use super::xml::{self, Node, Space};
use super::{Verdict, judge};

/// Entries of one list; further ones are older.
const ENTRIES_MAX: usize = 512;

/// What an answer is.
#[derive(Clone, Debug)]
pub enum Listed {
    /// A CAP message itself, or something that wants to be one.
    Message,
    /// The entries, in the order of the list.
    Entries(Vec<Entry>),
}

/// An entry of a list; it has at least one of both.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The message that stands in it.
    pub inside: Option<Inside>,
    /// The address of the message.
    pub link: Option<String>,
}

/// A message that stands in an entry.
#[derive(Clone, Debug)]
pub struct Inside {
    /// SHA-256 over it, as it is written there.
    pub hash: [u8; 32],
    /// What was found in it; lines are counted in the list.
    pub verdict: Verdict,
}

/// Looks what an answer of at most `bytes_max` is; a message inside has at most `message_bytes_max`.
///
/// # Errors
/// When it is neither, or hostile.
pub fn listed(bytes: &[u8], bytes_max: usize, message_bytes_max: usize) -> Result<Listed, Finding> {
    let root = xml::read(bytes, bytes_max)?;
    let text = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    let entry = |node: &Node, link: Option<String>| {
        let inside = inside(node).map(|alert| stands(alert, text, message_bytes_max));
        (inside.is_some() || link.is_some()).then_some(Entry { inside, link })
    };
    match root.name.as_str() {
        "alert" => Ok(Listed::Message),
        "feed" => {
            let entries = root.all("entry").filter_map(|node| entry(node, atom(node)));
            Ok(Listed::Entries(entries.take(ENTRIES_MAX).collect()))
        }
        "rss" => {
            let items = root.all("channel").flat_map(|channel| channel.all("item"));
            let link = |item: &Node| Some(item.said("link").to_owned()).filter(|link| !link.is_empty());
            let entries = items.filter_map(|item| entry(item, link(item)));
            Ok(Listed::Entries(entries.take(ENTRIES_MAX).collect()))
        }
        _ => Err(Finding::new(&rule::ROOT, root.line, &root.name, &root.name)),
    }
}

/// The message in an Atom entry's `content` (RFC 4287, section 4.1.3.3), or in an item itself.
fn inside(entry: &Node) -> Option<&Node> {
    let is_cap = |node: &&Node| {
        node.name == "alert" && matches!(node.space, Space::Cap12 | Space::Cap11 | Space::Cap10)
    };
    let content = entry.all("content").flat_map(|content| &content.children);
    content.chain(&entry.children).find(is_cap)
}

fn stands(alert: &Node, text: &[u8], bytes_max: usize) -> Inside {
    let written = text.get(alert.span.0..alert.span.1).unwrap_or_default();
    let verdict = if written.len() > bytes_max {
        let said = format!("{} > {bytes_max}", written.len());
        Verdict { findings: vec![Finding::new(&rule::SIZE, alert.line, "alert", &said)], message: None }
    } else {
        judge(alert, None)
    };
    Inside { hash: Sha256::digest(written).into(), verdict }
}

/// The link of an entry: the one to CAP, or else the entry itself (RFC 4287, section 4.2.7).
fn atom(entry: &Node) -> Option<String> {
    let of = |link: &Node, key: &str| {
        link.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    };
    let is_cap = |link: &&Node| of(link, "type").is_some_and(|kind| kind.starts_with("application/cap+xml"));
    let is_entry = |link: &&Node| of(link, "rel").is_none_or(|rel| rel == "alternate");
    let link = entry.all("link").find(is_cap).or_else(|| entry.all("link").find(is_entry))?;
    of(link, "href")
}

#[cfg(test)]
mod tests {
    use super::super::tests::GOOD;
    use super::super::{BYTES_MAX, check};
    use super::*;

    /// The links of a list, and the numbers of the messages inside it.
    fn entries(text: &str) -> (Vec<String>, Vec<Option<String>>) {
        let Listed::Entries(entries) = listed(text.as_bytes(), 90_000, 9000).unwrap() else {
            panic!("{text}")
        };
        let number =
            |entry: &Entry| entry.inside.as_ref()?.verdict.message.as_ref().map(|m| m.identifier.clone());
        (
            entries.iter().filter_map(|entry| entry.link.clone()).collect(),
            entries.iter().map(number).collect(),
        )
    }

    #[test]
    fn a_feed_is_a_list_of_links_or_a_message() {
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/other"/><link type="application/cap+xml" href="a.cap"/></entry><entry><link rel="self" href="x"/></entry></feed>"#;
        let rss = r"<rss><channel><item><link> https://h/b.cap </link></item></channel></rss>";
        assert_eq!(entries(atom), (vec!["a.cap".to_owned()], vec![None]));
        assert_eq!(entries(rss), (vec!["https://h/b.cap".to_owned()], vec![None]));
        assert!(matches!(listed(GOOD.as_bytes(), 9000, 9000), Ok(Listed::Message)));
        let odd = |bytes: &[u8]| listed(bytes, 1000, 1000).is_err();
        assert!(odd(b"<html/>") && odd(b"<!DOCTYPE html><html/>"));
    }

    #[test]
    fn a_message_that_stands_inside_an_entry_is_read_and_judged_as_one_that_comes_alone() {
        let alert = GOOD.split_once("?>").map_or(GOOD, |(_, alert)| alert);
        let alone = check(GOOD.as_bytes(), BYTES_MAX, None);
        let number = Some(alone.message.as_ref().unwrap().identifier.clone());
        let atom = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><title>x</title>\
         <content type=\"application/cap+xml\">{alert}</content></entry></feed>"
        );
        let Listed::Entries(found) = listed(atom.as_bytes(), 90_000, 9000).unwrap() else { panic!() };
        assert_eq!(found[0].inside.as_ref().unwrap().verdict.message, alone.message);
        // Under a prefix that the list declares, beside a link.
        let prefixed = alert.replace("</", "\0").replace('<', "<cap:").replace('\0', "</cap:");
        let prefixed = prefixed.replace("<cap:!--", "<!--").replace("xmlns=", "xmlns:cap=");
        let rss =
            format!("<rss version=\"2.0\"><channel><item><link>a</link>{prefixed}</item></channel></rss>");
        assert_eq!(entries(&rss), (vec!["a".to_owned()], vec![number]));
        // What a list says around it makes no broken message whole, and a long one is refused by its own length.
        let broken = atom.replace("<scope>Public</scope>", "");
        assert_eq!(entries(&broken).1, [None]);
        let Listed::Entries(long) = listed(atom.as_bytes(), 90_000, 100).unwrap() else { panic!() };
        assert_eq!(long[0].inside.as_ref().unwrap().verdict.findings[0].rule.id, "size");
    }
}

//! What a feed answered with: a message, or an Atom or RSS list of links to messages.
//!
//! The list is read as strictly as a message. Messages that stand inside a list are not read: their
//! bytes could not be kept as their issuer wrote them.

use super::finding::Finding;
use super::rule;
use super::xml::{self, Node};

/// Entries of one list; further ones are older.
const ENTRIES_MAX: usize = 512;

/// What an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// A CAP message itself, or something that wants to be one.
    Message,
    /// Addresses of messages, in the order of the list.
    Links(Vec<String>),
}

/// Looks what an answer of at most `bytes_max` is.
///
/// # Errors
/// When it is neither, or hostile.
pub fn listed(bytes: &[u8], bytes_max: usize) -> Result<Listed, Finding> {
    let root = xml::read(bytes, bytes_max)?;
    match root.name.as_str() {
        "alert" => Ok(Listed::Message),
        "feed" => Ok(Listed::Links(root.all("entry").filter_map(atom).take(ENTRIES_MAX).collect())),
        "rss" => {
            let items = root.all("channel").flat_map(|channel| channel.all("item"));
            let links = items.map(|item| item.said("link").to_owned()).filter(|link| !link.is_empty());
            Ok(Listed::Links(links.take(ENTRIES_MAX).collect()))
        }
        _ => Err(Finding::new(&rule::ROOT, root.line, &root.name, &root.name)),
    }
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

//! `officers.toml`: who may sign an order, and whether a name in a header is believed.
//!
//! Until identities come, a header from a program on the same machine can be accepted as a signature;
//! the file must say so. Without the file nobody may order anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::rule::IssuePolicy;
use sensors::mistake::Mistake;
use sensors::sheet::{Cell, Known, Log, Row, Sheet};
use sensors::time::Span;

/// Who signs: lower-case letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfficerId(Arc<str>);

impl OfficerId {
    /// Takes an id as it is written.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for OfficerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody who may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// The id that an order names.
    pub id: OfficerId,
    /// The name that people know.
    pub name: String,
}

/// Who may sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Officers {
    /// Whether a header from this machine is taken as a signature.
    pub header_from_loopback: bool,
    /// The roster, in the order of the file.
    pub roster: Vec<Officer>,
    /// Who lets out what is typed, by kind.
    typed: BTreeMap<String, IssuePolicy>,
}

/// What can be typed.
const TYPED: [&str; 5] = ["national", "storm_approach", "school_closing", "free", "release_order"];

/// A second officer may be waited for so long, seconds: a day.
const WITHIN_MAX_S: i64 = 86_400;

fn policy(cell: &Cell<'_>) -> Option<IssuePolicy> {
    if cell.is_text() {
        return cell.one_of(&[("one", IssuePolicy::Automatic), ("two", IssuePolicy::Officer)]);
    }
    Some(IssuePolicy::OfficerWithin(Span::from_s(cell.whole(60, WITHIN_MAX_S)?)))
}

impl Officers {
    /// Reads `officers.toml`; `file` is its name in mistakes.
    ///
    /// # Errors
    /// Every mistake at once, by line.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        let log = Log::default();
        let sheet = Sheet { file, text, log: &log };
        let (table, _) = sheet.parse();
        let top = Row::top(sheet, &table);
        let signed = top.need("signed_by", "one of header_from_loopback, nobody");
        let signed =
            signed.and_then(|cell| cell.one_of(&[("header_from_loopback", true), ("nobody", false)]));
        let mut known: Known<()> = Known::new("officer", "officers.toml", true);
        let mut roster = Vec::new();
        for row in top.rows("officer") {
            let id = row.need("id", "an id").and_then(|cell| Some((cell.id()?, cell)));
            let name = row.need("name", "the name that people know").and_then(|cell| cell.text());
            row.close();
            if let (Some((id, cell)), Some(name)) = (id, name)
                && known.add(&cell, id, None)
            {
                roster.push(Officer { id: OfficerId::new(id), name: name.to_owned() });
            }
        }
        if signed == Some(true) && roster.is_empty() {
            top.note("officer", "nobody is listed who could sign", "needed is at least one [[officer]]");
        }
        let mut typed = BTreeMap::new();
        if let Some(row) = top.cell("typed").and_then(|cell| cell.row()) {
            let given = TYPED.iter().filter_map(|kind| Some(((*kind).to_owned(), policy(&row.cell(kind)?)?)));
            typed.extend(given);
            row.close();
        }
        top.close();
        let mistakes = log.into_sorted();
        let officers = Self { header_from_loopback: signed.unwrap_or_default(), roster, typed };
        if mistakes.is_empty() { Ok(officers) } else { Err(mistakes) }
    }

    /// Who lets out what an officer typed: the officer alone, a second one, or the second one within a
    /// time after which it goes out by itself. Two, where nothing is said.
    pub fn lets_out(&self, kind: &str) -> IssuePolicy {
        self.typed.get(kind).copied().unwrap_or(IssuePolicy::Officer)
    }

    /// Somebody of the roster.
    pub fn named(&self, id: &str) -> Option<&Officer> {
        self.roster.iter().find(|officer| officer.id.as_str() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_signs_unless_the_file_says_how_and_who() {
        assert!(!Officers::default().header_from_loopback);
        let wrong = "signed_by = \"anybody\"\n[[officer]]\nid = \"a\"\nname = \"A\"\n[[officer]]\nid = \"a\"\nname = \"B\"\n";
        let mistakes = Officers::parse("officers.toml", wrong).unwrap_err();
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        let empty = Officers::parse("officers.toml", "signed_by = \"header_from_loopback\"\n").unwrap_err();
        assert!(empty[0].to_string().contains("[[officer]]"), "{empty:?}");
        let right =
            "signed_by = \"header_from_loopback\"\n[[officer]]\nid = \"truc-ban\"\nname = \"Trực ban\"\n";
        let officers = Officers::parse("officers.toml", right).unwrap();
        assert_eq!(officers.lets_out("free"), IssuePolicy::Officer, "two, where nothing is said");
        let typed = |line: &str| Officers::parse("officers.toml", &format!("{right}[typed]\n{line}\n"));
        assert_eq!(typed("free = \"one\"").unwrap().lets_out("free"), IssuePolicy::Automatic);
        let within = IssuePolicy::OfficerWithin(Span::from_min(10));
        assert_eq!(typed("release_order = 600").unwrap().lets_out("release_order"), within);
        for line in ["free = \"three\"", "free = 1", "rumour = \"one\""] {
            assert_eq!(typed(line).unwrap_err().len(), 1, "{line}");
        }
        assert!(officers.named("truc-ban").is_some() && officers.named("ai-do").is_none());
    }
}

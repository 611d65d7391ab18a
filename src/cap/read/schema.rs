//! The form of CAP 1.2 as a table, and a message held against it: which elements, in which order,
//! how often, and what may stand in them (`cap12.xsd`, standard section 3.4).
//!
//! Nothing of the standard's prose is judged here.

use super::finding::Finding;
use super::form;
use super::rule::{self, Rule};
use super::xml::{Node, Space, is_space};

/// Findings that are listed; whoever has more mends these first.
const FINDINGS_MAX: usize = 200;

/// What may stand in an element.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Words(&'static [&'static str]),
    Time,
    Language,
    Uri,
    Whole,
    Decimal,
    Group(&'static [Child]),
}

/// An element in its group.
struct Child {
    name: &'static str,
    needed: bool,
    many: bool,
    kind: Kind,
}

const fn one(name: &'static str, kind: Kind) -> Child {
    Child { name, needed: true, many: false, kind }
}

const fn maybe(name: &'static str, kind: Kind) -> Child {
    Child { name, needed: false, many: false, kind }
}

const fn any(name: &'static str, kind: Kind) -> Child {
    Child { name, needed: false, many: true, kind }
}

const ALERT: &[Child] = &[
    one("identifier", Kind::Text),
    one("sender", Kind::Text),
    one("sent", Kind::Time),
    one("status", Kind::Words(&["Actual", "Exercise", "System", "Test", "Draft"])),
    one("msgType", Kind::Words(&["Alert", "Update", "Cancel", "Ack", "Error"])),
    maybe("source", Kind::Text),
    one("scope", Kind::Words(&["Public", "Restricted", "Private"])),
    maybe("restriction", Kind::Text),
    maybe("addresses", Kind::Text),
    any("code", Kind::Text),
    maybe("note", Kind::Text),
    maybe("references", Kind::Text),
    maybe("incidents", Kind::Text),
    any("info", Kind::Group(INFO)),
];

const CATEGORIES: &[&str] = &[
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
];

const RESPONSES: &[&str] =
    &["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"];

const INFO: &[Child] = &[
    maybe("language", Kind::Language),
    Child { name: "category", needed: true, many: true, kind: Kind::Words(CATEGORIES) },
    one("event", Kind::Text),
    any("responseType", Kind::Words(RESPONSES)),
    one("urgency", Kind::Words(&["Immediate", "Expected", "Future", "Past", "Unknown"])),
    one("severity", Kind::Words(&["Extreme", "Severe", "Moderate", "Minor", "Unknown"])),
    one("certainty", Kind::Words(&["Observed", "Likely", "Possible", "Unlikely", "Unknown"])),
    maybe("audience", Kind::Text),
    any("eventCode", Kind::Group(NAMED)),
    maybe("effective", Kind::Time),
    maybe("onset", Kind::Time),
    maybe("expires", Kind::Time),
    maybe("senderName", Kind::Text),
    maybe("headline", Kind::Text),
    maybe("description", Kind::Text),
    maybe("instruction", Kind::Text),
    maybe("web", Kind::Uri),
    maybe("contact", Kind::Text),
    any("parameter", Kind::Group(NAMED)),
    any("resource", Kind::Group(RESOURCE)),
    any("area", Kind::Group(AREA)),
];

const NAMED: &[Child] = &[one("valueName", Kind::Text), one("value", Kind::Text)];

const RESOURCE: &[Child] = &[
    one("resourceDesc", Kind::Text),
    one("mimeType", Kind::Text),
    maybe("size", Kind::Whole),
    maybe("uri", Kind::Text),
    maybe("derefUri", Kind::Text),
    maybe("digest", Kind::Text),
];

const AREA: &[Child] = &[
    one("areaDesc", Kind::Text),
    any("polygon", Kind::Text),
    any("circle", Kind::Text),
    any("geocode", Kind::Group(NAMED)),
    maybe("altitude", Kind::Decimal),
    maybe("ceiling", Kind::Decimal),
];

/// Where findings are gathered.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn note(&mut self, rule: &'static Rule, node: &Node, path: &str, said: &str) {
        self.more(rule, node.line, path, said, String::new());
    }

    pub(super) fn more(&mut self, rule: &'static Rule, line: usize, path: &str, said: &str, allowed: String) {
        // What can't be read must be told, however much else could be better.
        let listed = self.0.iter().filter(|known| known.rule.level == rule.level).count();
        if listed < FINDINGS_MAX {
            self.0.push(Finding { allowed, ..Finding::new(rule, line, path, said) });
        } else if listed == FINDINGS_MAX {
            let last = Finding::new(&rule::MANY, line, path, "");
            self.0.retain(|known| known.rule != &rule::MANY);
            self.0.push(last);
        }
    }

    pub(super) fn into_sorted(self) -> Vec<Finding> {
        let mut found = self.0;
        found.sort_by_key(|finding| (finding.rule.level, finding.line));
        found
    }
}

/// Holds a document against the schema.
pub(super) fn check(root: &Node, found: &mut Findings) {
    let is_alert = root.name == "alert";
    match root.space {
        Space::Cap12 if is_alert => group(root, ALERT, "alert", found),
        Space::Cap12 => found.note(&rule::ROOT, root, &root.name, &root.name),
        Space::Cap11 => found.note(&rule::NAMESPACE, root, &root.name, "CAP 1.1"),
        Space::Cap10 => found.note(&rule::NAMESPACE, root, &root.name, "CAP 1.0"),
        _ => found.note(&rule::NAMESPACE, root, &root.name, &root.name),
    }
}

fn group(node: &Node, children: &'static [Child], path: &str, found: &mut Findings) {
    bare(node, path, found);
    if node.cdata || !node.text.chars().all(is_space) {
        found.note(&rule::STRAY_TEXT, node, path, &node.text);
    }
    let (mut at, mut signed) = (0, false);
    let mut counts = vec![0_usize; children.len()];
    for child in &node.children {
        if path == "alert" && child.space == Space::Signature {
            signed = true;
            continue;
        }
        let place = children.iter().position(|known| known.name == child.name && child.space == Space::Cap12);
        let Some((place, known)) = place.and_then(|place| Some((place, children.get(place)?))) else {
            let names = children.iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
            found.more(&rule::UNKNOWN, child.line, &format!("{path}/{}", child.name), &child.name, names);
            continue;
        };
        let count = counts.get_mut(place).map_or(1, |count| {
            *count += 1;
            *count
        });
        let here = if known.many {
            format!("{path}/{}[{count}]", child.name)
        } else {
            format!("{path}/{}", child.name)
        };
        if place < at || signed {
            let next = children.get(at).filter(|_| !signed).map_or("Signature", |next| next.name);
            found.more(&rule::ORDER, child.line, &here, "", format!("<{next}>"));
        } else if place == at {
            if count > 1 && !known.many {
                found.note(&rule::REPEATED, child, &here, "");
            }
        } else {
            at = place;
        }
        value(child, known, &here, found);
    }
    for (known, count) in children.iter().zip(&counts) {
        if known.needed && *count == 0 {
            found.more(&rule::MISSING, node.line, path, "", format!("<{}>", known.name));
        }
    }
}

fn bare(node: &Node, path: &str, found: &mut Findings) {
    if let Some((name, _)) = node.attributes.first() {
        found.note(&rule::ATTRIBUTE, node, path, name);
    }
}

fn value(node: &Node, known: &Child, path: &str, found: &mut Findings) {
    if let Kind::Group(children) = known.kind {
        return group(node, children, path, found);
    }
    bare(node, path, found);
    if let Some(child) = node.children.first() {
        found.note(&rule::STRAY_ELEMENT, child, path, &child.name);
        return;
    }
    let text = node.text.as_str();
    let trimmed = text.trim_matches(is_space);
    let broken = match known.kind {
        Kind::Words(words) if !words.contains(&text) => {
            found.more(&rule::WORD, node.line, path, text, words.join(", "));
            None
        }
        Kind::Text | Kind::Group(_) | Kind::Words(_) => None,
        Kind::Time if form::moment(trimmed).is_some() => None,
        Kind::Time if form::zulu(trimmed).is_some() => Some(&rule::ZULU),
        Kind::Time => Some(&rule::TIME),
        Kind::Language => (!text.is_empty() && !form::is_language(trimmed)).then_some(&rule::LANGUAGE),
        Kind::Uri => (!form::is_absolute_uri(trimmed)).then_some(&rule::URI_FORM),
        Kind::Whole => (!form::is_whole(trimmed)).then_some(&rule::WHOLE),
        Kind::Decimal => (!form::is_decimal(trimmed)).then_some(&rule::DECIMAL),
    };
    if let Some(rule) = broken {
        found.note(rule, node, path, text);
    }
}

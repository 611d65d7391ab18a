//! What the standard says in prose and a schema can't: who may be addressed, what must be referred
//! to, how addresses and contents are written; and what could be better in the message as a whole.

use super::form;
use super::rule;
use super::schema::Findings;
use super::shape;
use super::text::is_hidden;
use super::xml::{Node, is_space};

/// `info` blocks of one message.
const INFOS_MAX: usize = 32;
/// `area` blocks of one message.
const AREAS_MAX: usize = 256;
/// `resource` blocks of one message.
const RESOURCES_MAX: usize = 64;
/// Points of all polygons of one message.
const POINTS_MAX: usize = 20_000;

/// Whether the message is of a size that may be looked at closer.
pub(super) fn is_bounded(root: &Node, found: &mut Findings) -> bool {
    let infos: Vec<&Node> = root.all("info").collect();
    let count = |name: &str| infos.iter().map(|info| info.all(name).count()).sum::<usize>();
    let polygons = infos.iter().flat_map(|info| info.all("area")).flat_map(|area| area.all("polygon"));
    let points = polygons.map(|polygon| polygon.text.matches(',').count()).sum::<usize>();
    let counts = [
        (&rule::INFOS, infos.len(), INFOS_MAX),
        (&rule::AREAS, count("area"), AREAS_MAX),
        (&rule::RESOURCES, count("resource"), RESOURCES_MAX),
        (&rule::POINTS, points, POINTS_MAX),
    ];
    let large: Vec<_> = counts.into_iter().filter(|(_, given, most)| given > most).collect();
    for (rule, given, _) in &large {
        found.note(rule, root, "alert", &given.to_string());
    }
    large.is_empty()
}

/// Holds the message against the prose.
pub(super) fn check(root: &Node, found: &mut Findings) {
    alert(root, found);
    texts(root, "alert", found);
    for (n, info) in (1..).zip(root.all("info")) {
        let path = format!("alert/info[{n}]");
        self::info(root, info, &path, found);
        for (n, resource) in (1..).zip(info.all("resource")) {
            self::resource(resource, &format!("{path}/resource[{n}]"), found);
        }
        for (n, area) in (1..).zip(info.all("area")) {
            shape::check(area, &format!("{path}/area[{n}]"), found);
        }
    }
}

fn alert(root: &Node, found: &mut Findings) {
    let is_plain = |text: &str| {
        !text.is_empty() && !text.contains([',', '<', '&']) && !text.contains(char::is_whitespace)
    };
    for (name, rule) in [("identifier", &rule::IDENTIFIER), ("sender", &rule::SENDER)] {
        let Some(node) = root.first(name) else { continue };
        if !is_plain(&node.text) {
            found.note(rule, node, &format!("alert/{name}"), &node.text);
        }
    }
    let (scope, kind, status) = (root.said("scope"), root.said("msgType"), root.said("status"));
    if scope == "Restricted" && root.said("restriction").is_empty() {
        found.note(&rule::RESTRICTION, root, "alert", "");
    }
    if scope != "Restricted" && !root.said("restriction").is_empty() {
        found.note(&rule::NEEDLESS, root, "alert/restriction", root.said("restriction"));
    }
    if scope == "Private" && root.said("addresses").is_empty() {
        found.note(&rule::ADDRESSES, root, "alert", "");
    }
    let references = root.said("references");
    if kind != "Alert" && references.is_empty() {
        found.note(&rule::REFERENCES_MISSING, root, "alert", kind);
    }
    if kind == "Alert" && !references.is_empty() {
        found.note(&rule::EARLY_REFERENCE, root, "alert/references", references);
    }
    if let Some(node) = root.first("references") {
        for wrong in form::references(&node.text).filter_map(Result::err) {
            found.note(&rule::REFERENCE, node, "alert/references", wrong);
        }
    }
    if let Some(node) = root.first("incidents")
        && node.text.matches('"').count() % 2 == 1
    {
        found.note(&rule::INCIDENTS, node, "alert/incidents", &node.text);
    }
    if (status == "Exercise" || kind == "Error") && root.said("note").is_empty() {
        found.note(&rule::NO_NOTE, root, "alert", if kind == "Error" { kind } else { status });
    }
    let infos: Vec<&Node> = root.all("info").collect();
    if infos.is_empty() && matches!(kind, "Alert" | "Update") {
        found.note(&rule::NO_INFO, root, "alert", "");
    }
    twice(&infos, found);
}

/// Two infos of one language on the same event.
fn twice(infos: &[&Node], found: &mut Findings) {
    for (n, info) in infos.iter().enumerate() {
        let same = |other: &&&Node| {
            other.said("language").eq_ignore_ascii_case(info.said("language"))
                && other.said("event") == info.said("event")
        };
        let Some(before) = infos.iter().take(n).find(same) else { continue };
        let path = format!("alert/info[{}]", n + 1);
        found.note(&rule::SAME_LANGUAGE, info, &path, info.said("language"));
        if before.said("severity") != info.said("severity") {
            found.note(&rule::CONFLICT, info, &path, info.said("severity"));
        }
    }
}

fn info(root: &Node, info: &Node, path: &str, found: &mut Findings) {
    let wanted = [
        ("headline", &rule::NO_HEADLINE),
        ("description", &rule::NO_DESCRIPTION),
        ("instruction", &rule::NO_INSTRUCTION),
        ("expires", &rule::NO_EXPIRES),
        ("language", &rule::NO_LANGUAGE),
        ("senderName", &rule::NO_SENDER_NAME),
    ];
    for (_, rule) in wanted.into_iter().filter(|(name, _)| info.said(name).is_empty()) {
        found.note(rule, info, path, "");
    }
    if info.said("headline").chars().count() > 160 {
        found.note(&rule::LONG_HEADLINE, info, &format!("{path}/headline"), info.said("headline"));
    }
    if let Some(expires) = info.time("expires") {
        let here = format!("{path}/expires");
        if root.time("sent").is_some_and(|sent| expires < sent) {
            found.note(&rule::ENDS_BEFORE_SENT, info, &here, info.said("expires"));
        }
        if ["effective", "onset"].iter().filter_map(|name| info.time(name)).any(|start| expires < start) {
            found.note(&rule::ENDS_BEFORE_START, info, &here, info.said("expires"));
        }
    }
    for name in ["urgency", "severity", "certainty"].into_iter().filter(|name| info.said(name) == "Unknown") {
        found.note(&rule::UNKNOWN_WORD, info, &format!("{path}/{name}"), "");
    }
    if info.first("area").is_none() {
        found.note(&rule::NO_AREA, info, path, "");
    }
}

fn resource(node: &Node, path: &str, found: &mut Findings) {
    let here = |name: &str| format!("{path}/{name}");
    let (uri, content) = (node.said("uri"), node.said("derefUri"));
    if !form::is_media_type(node.said("mimeType")) {
        found.note(&rule::MIME, node, &here("mimeType"), node.said("mimeType"));
    }
    if node.said("size").starts_with('-') {
        found.note(&rule::SIZE_SIGN, node, &here("size"), node.said("size"));
    }
    if node.first("uri").is_some() && !form::is_absolute_uri(uri) {
        if !form::is_relative_uri(uri) {
            found.note(&rule::URI_FORM, node, &here("uri"), uri);
        } else if content.is_empty() {
            found.note(&rule::RELATIVE, node, &here("uri"), uri);
        }
    }
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/= \n\r\t".contains(&byte);
    if !content.bytes().all(is_base64) {
        found.note(&rule::DEREF, node, &here("derefUri"), "");
    }
    let digest = node.said("digest");
    let is_digest = digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if node.first("digest").is_some() && !is_digest {
        found.note(&rule::DIGEST, node, &here("digest"), digest);
    }
    if uri.is_empty() && content.is_empty() {
        found.note(&rule::NO_CONTENT, node, path, "");
    }
}

/// Empty texts, and texts with what can't be seen in them.
fn texts(node: &Node, path: &str, found: &mut Findings) {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for child in &node.children {
        let count = counts.entry(&child.name).or_default();
        *count += 1;
        let here = format!("{path}/{}[{count}]", child.name);
        if child.children.is_empty() && child.text.chars().all(is_space) {
            found.note(&rule::EMPTY, child, &here, "");
        }
        if child.text.chars().any(is_hidden) {
            found.note(&rule::HIDDEN, child, &here, &child.text);
        }
        texts(child, &here, found);
    }
}

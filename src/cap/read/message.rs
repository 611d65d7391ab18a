//! A message of another authority in our words: plain, bounded, harmless to show.
//!
//! Made from a document that has the schema's form. What its form keeps from being understood (a
//! polygon that is not closed) is left out here and named by the findings.

use geo::Polygon;
use sensors::place::Position;
use sensors::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::form;
use super::text::{shown, shown_lines};
use super::xml::{Node, is_space};

/// A name or a headline, characters.
const LINE_MAX: usize = 300;
/// A description or an instruction, characters.
const TEXT_MAX: usize = 8000;
/// Earlier messages that one may refer to.
const REFERENCES_MAX: usize = 256;

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// `identifier`.
    pub identifier: String,
    /// `sender`.
    pub sender: String,
    /// `sent`.
    pub sent: Timestamp,
    /// `status`: Actual, Exercise, System, Test, Draft.
    pub status: String,
    /// `msgType`: Alert, Update, Cancel, Ack, Error.
    pub kind: String,
    /// `scope`: Public, Restricted, Private.
    pub scope: String,
    /// `note`.
    pub note: Option<String>,
    /// `references`: the messages before it.
    pub references: Vec<Reference>,
    /// `info`, in their order.
    pub infos: Vec<Info>,
}

/// An earlier message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// Its sender.
    pub sender: String,
    /// Its identifier.
    pub identifier: String,
}

/// What a message says in one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// `language`; en-US where none is named.
    pub language: String,
    /// `event`.
    pub event: String,
    /// `category`.
    pub categories: Vec<String>,
    /// `responseType`.
    pub responses: Vec<String>,
    /// `urgency`.
    pub urgency: String,
    /// `severity`.
    pub severity: String,
    /// `certainty`.
    pub certainty: String,
    /// `effective`.
    pub effective: Option<Timestamp>,
    /// `onset`.
    pub onset: Option<Timestamp>,
    /// `expires`.
    pub expires: Option<Timestamp>,
    /// `senderName`.
    pub sender_name: Option<String>,
    /// `headline`.
    pub headline: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `instruction`.
    pub instruction: Option<String>,
    /// `web`, only where it is http or https.
    pub web: Option<String>,
    /// `area`, in their order.
    pub areas: Vec<Area>,
}

/// Where.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// `areaDesc`.
    pub name: String,
    /// `polygon`, those that can be understood.
    pub polygons: Vec<Polygon<f64>>,
    /// `circle`: middle and radius in km.
    pub circles: Vec<(Position, f64)>,
    /// `geocode`: valueName and value.
    pub geocodes: Vec<(String, String)>,
    /// Whether a shape stands there that can't be understood.
    pub is_unclear: bool,
}

impl Node {
    /// The children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of a name.
    pub(super) fn first(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name, without the white space around it.
    pub(super) fn said(&self, name: &str) -> &str {
        self.first(name).map(|child| child.text.trim_matches(is_space)).unwrap_or_default()
    }

    /// The time in the first child of a name.
    pub(super) fn time(&self, name: &str) -> Option<Timestamp> {
        let said = self.said(name);
        form::moment(said).or_else(|| form::zulu(said))
    }

    fn line(&self, name: &str) -> Option<String> {
        Some(shown(self.said(name), LINE_MAX)).filter(|line| !line.is_empty())
    }

    fn lines(&self, name: &str) -> Option<String> {
        Some(shown_lines(self.said(name), TEXT_MAX)).filter(|lines| !lines.is_empty())
    }

    fn words(&self, name: &str) -> Vec<String> {
        self.all(name).take(16).map(|child| shown(&child.text, LINE_MAX)).collect()
    }
}

/// The message of a document without broken form; nothing where it has no time.
pub(super) fn of(root: &Node) -> Option<Message> {
    let known = |(sender, identifier, _): (&str, &str, Timestamp)| Reference {
        sender: shown(sender, LINE_MAX),
        identifier: shown(identifier, LINE_MAX),
    };
    let references = form::references(root.said("references")).flatten().take(REFERENCES_MAX);
    Some(Message {
        identifier: root.line("identifier")?,
        sender: root.line("sender")?,
        sent: root.time("sent")?,
        status: shown(root.said("status"), LINE_MAX),
        kind: shown(root.said("msgType"), LINE_MAX),
        scope: shown(root.said("scope"), LINE_MAX),
        note: root.line("note"),
        references: references.map(known).collect(),
        infos: root.all("info").map(info).collect(),
    })
}

fn info(node: &Node) -> Info {
    let language = node.line("language").unwrap_or_else(|| "en-US".to_owned());
    let is_web = |uri: &String| uri.starts_with("https://") || uri.starts_with("http://");
    Info {
        language,
        event: shown(node.said("event"), LINE_MAX),
        categories: node.words("category"),
        responses: node.words("responseType"),
        urgency: shown(node.said("urgency"), LINE_MAX),
        severity: shown(node.said("severity"), LINE_MAX),
        certainty: shown(node.said("certainty"), LINE_MAX),
        effective: node.time("effective"),
        onset: node.time("onset"),
        expires: node.time("expires"),
        sender_name: node.line("senderName"),
        headline: node.line("headline"),
        description: node.lines("description"),
        instruction: node.lines("instruction"),
        web: node.line("web").filter(is_web),
        areas: node.all("area").map(area).collect(),
    }
}

fn area(node: &Node) -> Area {
    let polygons: Vec<_> = node.all("polygon").map(|shape| form::polygon(&shape.text)).collect();
    let circles: Vec<_> = node.all("circle").map(|shape| form::circle(&shape.text)).collect();
    let is_unclear = polygons.iter().any(Result::is_err) || circles.iter().any(Option::is_none);
    let geocode =
        |code: &Node| (shown(code.said("valueName"), LINE_MAX), shown(code.said("value"), LINE_MAX));
    Area {
        name: shown(node.said("areaDesc"), LINE_MAX),
        polygons: polygons.into_iter().flatten().collect(),
        circles: circles.into_iter().flatten().collect(),
        geocodes: node.all("geocode").take(64).map(geocode).collect(),
        is_unclear,
    }
}

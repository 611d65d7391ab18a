//! Hostile XML refused, the rest as a small tree: bounded in bytes, depth, elements and attributes.
//!
//! No document type, no entity but the five of XML, UTF-8 only. It follows no reference and knows
//! nothing of CAP. The tokens are `quick-xml`'s, which is lenient: what XML 1.0 (fifth edition)
//! demands beyond them is checked here.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::finding::Finding;
use super::rule::{self, Rule};

/// How deep elements may stand in each other; CAP needs five.
const DEPTH_MAX: usize = 32;
/// Attributes of one element; CAP needs none but namespaces.
const ATTRIBUTES_MAX: usize = 32;
/// Elements of one message.
const ELEMENTS_MAX: usize = 20_000;
/// Namespaces that may be declared in one message.
const NAMESPACES_MAX: usize = 256;

/// The vocabulary of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// CAP 1.2.
    Cap12,
    /// CAP 1.1.
    Cap11,
    /// CAP 1.0.
    Cap10,
    /// XML signatures.
    Signature,
    /// None at all.
    Bare,
    /// Another one.
    Other,
}

impl Space {
    fn of(uri: &str) -> Self {
        match uri {
            "urn:oasis:names:tc:emergency:cap:1.2" => Self::Cap12,
            "urn:oasis:names:tc:emergency:cap:1.1" => Self::Cap11,
            "http://www.incident.com/cap/1.0" => Self::Cap10,
            "http://www.w3.org/2000/09/xmldsig#" => Self::Signature,
            "" => Self::Bare,
            _ => Self::Other,
        }
    }
}

/// An element.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) space: Space,
    /// Its name without the prefix.
    pub(super) name: String,
    /// Counted from 1.
    pub(super) line: usize,
    /// Its first byte in the text, and the one behind its last.
    pub(super) span: (usize, usize),
    /// Its attributes, without the declarations of namespaces and the schema's place.
    pub(super) attributes: Vec<(String, String)>,
    /// Its own text, as XML understands it.
    pub(super) text: String,
    /// Whether anything in it stood in a CDATA section.
    pub(super) cdata: bool,
    pub(super) children: Vec<Node>,
}

/// Reads bytes as XML.
///
/// # Errors
/// The first thing that no peaceful message has.
pub(super) fn read(bytes: &[u8], bytes_max: usize) -> Result<Node, Finding> {
    let whole = |rule, said: &str| Finding::new(rule, 1, "document", said);
    if bytes.len() > bytes_max {
        return Err(whole(&rule::SIZE, &format!("{} > {bytes_max}", bytes.len())));
    }
    if matches!(bytes, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, ..] | [_, 0, ..]) {
        return Err(whole(&rule::ENCODING, "UTF-16/UTF-32"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|why| Finding::new(&rule::ENCODING, line_at(bytes, why.valid_up_to()), "document", ""))?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if let Some((at, wrong)) = text.char_indices().find(|(_, c)| !is_char(*c)) {
        let said = format!("U+{:04X}", wrong as u32);
        return Err(Finding::new(&rule::CHARACTER, line_at(text.as_bytes(), at), "document", &said));
    }
    Builder { text, line: 1, counted: 0, elements: 0, scopes: vec![(0, String::new(), String::new())] }
        .build()
}

fn line_at(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count()
}

/// `Char` of XML 1.0.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// White space of XML.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Names of ASCII letters only: CAP has no others.
fn is_name(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// What `&name;` stands for.
fn referred(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => {
            let digits = name.strip_prefix('#')?;
            let plain = |text: &str, radix| {
                let all = !text.is_empty() && text.len() <= 8 && text.chars().all(|c| c.is_digit(radix));
                all.then(|| u32::from_str_radix(text, radix).ok()).flatten()
            };
            let code = digits.strip_prefix('x').map_or_else(|| plain(digits, 10), |hex| plain(hex, 16));
            code.and_then(char::from_u32).filter(|c| is_char(*c))
        }
    }
}

struct Builder<'a> {
    text: &'a str,
    line: usize,
    /// Bytes whose lines are counted.
    counted: usize,
    elements: usize,
    /// Depth, prefix, vocabulary; the innermost last.
    scopes: Vec<(usize, String, String)>,
}

/// An element that is still open, under its name as it was written.
type Open = (String, Node);

impl Builder<'_> {
    fn wrong(&self, rule: &'static Rule, said: &str) -> Finding {
        Finding::new(rule, self.line, "document", said)
    }

    fn build(mut self) -> Result<Node, Finding> {
        let mut reader = Reader::from_str(self.text);
        let config = reader.config_mut();
        config.check_comments = true;
        config.expand_empty_elements = false;
        let mut open: Vec<Open> = Vec::new();
        let mut root: Option<Node> = None;
        let mut is_first = true;
        loop {
            self.count_to(reader.buffer_position() as usize);
            let event =
                reader.read_event().map_err(|why| self.wrong(&rule::WELL_FORMED, &why.to_string()))?;
            let is_outside = open.is_empty();
            match event {
                Event::Start(tag) => {
                    if is_outside && root.is_some() {
                        return Err(self.wrong(&rule::WELL_FORMED, "a second root"));
                    }
                    let name = tag.name().as_ref().to_owned();
                    let node = self.element(&name, tag.attributes_raw(), open.len() + 1)?;
                    open.push((name, node));
                }
                Event::Empty(tag) => {
                    if is_outside && root.is_some() {
                        return Err(self.wrong(&rule::WELL_FORMED, "a second root"));
                    }
                    let node = self.element(tag.name().as_ref(), tag.attributes_raw(), open.len() + 1)?;
                    self.leave(open.len() + 1);
                    put(node, &mut open, &mut root);
                }
                Event::End(tag) => {
                    self.leave(open.len());
                    let Some((name, mut node)) = open.pop().filter(|(name, _)| name == tag.name().as_ref())
                    else {
                        return Err(self.wrong(&rule::WELL_FORMED, tag.name().as_ref()));
                    };
                    let _ = name;
                    node.span.1 = reader.buffer_position() as usize;
                    put(node, &mut open, &mut root);
                }
                Event::Text(text) => {
                    if text.contains("]]>") {
                        return Err(self.wrong(&rule::WELL_FORMED, "]]>"));
                    }
                    self.say(&text.xml10_content(), false, &mut open)?;
                }
                Event::CData(text) => self.say(&text.xml10_content(), true, &mut open)?,
                Event::GeneralRef(name) => {
                    let said = referred(&name).ok_or_else(|| self.wrong(&rule::ENTITY, &name))?;
                    if is_outside {
                        return Err(self.wrong(&rule::WELL_FORMED, &name));
                    }
                    self.say(said.encode_utf8(&mut [0; 4]), false, &mut open)?;
                }
                Event::DocType(_) => return Err(self.wrong(&rule::DOCTYPE, "")),
                Event::Decl(decl) => self.declared(&decl, is_first)?,
                Event::PI(told) => {
                    if !is_name(told.target()) || told.target().eq_ignore_ascii_case("xml") {
                        return Err(self.wrong(&rule::WELL_FORMED, told.target()));
                    }
                }
                Event::Comment(_) => {}
                Event::Eof => break,
            }
            is_first = false;
        }
        match root {
            Some(root) if open.is_empty() => Ok(root),
            _ => Err(self.wrong(&rule::WELL_FORMED, "the document breaks off")),
        }
    }

    fn count_to(&mut self, at: usize) {
        let passed = self.text.as_bytes().get(self.counted..at).unwrap_or_default();
        self.line += line_at(passed, passed.len()) - 1;
        self.counted = self.counted.max(at);
    }

    fn say(&self, text: &str, cdata: bool, open: &mut [Open]) -> Result<(), Finding> {
        match open.last_mut() {
            Some((_, node)) => {
                node.text.push_str(text);
                node.cdata |= cdata;
                Ok(())
            }
            None if !cdata && text.chars().all(is_space) => Ok(()),
            None => Err(self.wrong(&rule::WELL_FORMED, text)),
        }
    }

    /// `<?xml version encoding standalone?>`, in this order and at the very beginning.
    fn declared(&self, decl: &str, is_first: bool) -> Result<(), Finding> {
        if !is_first {
            return Err(self.wrong(&rule::WELL_FORMED, decl));
        }
        let mut wanted = ["version", "encoding", "standalone"].into_iter();
        let pairs = attributes(decl.strip_prefix("xml").unwrap_or(decl))
            .map_err(|said| self.wrong(&rule::WELL_FORMED, &said))?;
        if pairs.first().is_none_or(|(name, _)| name != "version") {
            return Err(self.wrong(&rule::WELL_FORMED, decl));
        }
        for (name, value) in pairs {
            let known = wanted.any(|key| key == name);
            let right = match name.as_str() {
                "version" => value == "1.0",
                "encoding" if !value.eq_ignore_ascii_case("utf-8") => {
                    return Err(self.wrong(&rule::ENCODING, &value));
                }
                "standalone" => value == "yes" || value == "no",
                _ => true,
            };
            if !known || !right {
                return Err(self.wrong(&rule::WELL_FORMED, &format!("{name}={value}")));
            }
        }
        Ok(())
    }

    fn element(&mut self, written: &str, raw: &str, depth: usize) -> Result<Node, Finding> {
        self.elements += 1;
        if depth > DEPTH_MAX {
            return Err(self.wrong(&rule::DEPTH, &depth.to_string()));
        }
        if self.elements > ELEMENTS_MAX {
            return Err(self.wrong(&rule::ELEMENTS, &self.elements.to_string()));
        }
        let pairs = attributes(raw).map_err(|said| self.wrong(&rule::WELL_FORMED, &said))?;
        if pairs.len() > ATTRIBUTES_MAX || self.scopes.len() + pairs.len() > NAMESPACES_MAX + ATTRIBUTES_MAX {
            return Err(self.wrong(&rule::ATTRIBUTES, &pairs.len().to_string()));
        }
        self.declare(&pairs, depth)?;
        let mut names = Vec::new();
        for (name, value) in &pairs {
            let (prefix, local) = name.split_once(':').unwrap_or(("", name));
            if prefix == "xmlns" || name == "xmlns" {
                continue;
            }
            if !prefix.is_empty() && prefix != "xml" && self.bound(prefix).is_none() {
                return Err(self.wrong(&rule::PREFIX, prefix));
            }
            let instance = self.bound(prefix) == Some("http://www.w3.org/2001/XMLSchema-instance");
            let place = matches!(local, "schemaLocation" | "noNamespaceSchemaLocation");
            if prefix.is_empty() || !instance || !place {
                names.push((name.clone(), value.clone()));
            }
        }
        let (prefix, name) = written.split_once(':').unwrap_or(("", written));
        if !is_name(name) || !(prefix.is_empty() || is_name(prefix)) {
            return Err(self.wrong(&rule::WELL_FORMED, written));
        }
        let uri = self.bound(prefix).ok_or_else(|| self.wrong(&rule::PREFIX, prefix))?;
        let space = Space::of(uri);
        let (text, children) = (String::new(), Vec::new());
        Ok(Node {
            space,
            name: name.to_owned(),
            line: self.line,
            span: (self.counted, self.counted),
            attributes: names,
            text,
            cdata: false,
            children,
        })
    }

    /// Takes the namespaces in that an element declares.
    fn declare(&mut self, pairs: &[(String, String)], depth: usize) -> Result<(), Finding> {
        for (name, uri) in pairs {
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) if rest.starts_with(':') => rest.trim_start_matches(':'),
                _ => continue,
            };
            let reserved = prefix == "xml" || prefix == "xmlns" || uri.contains("w3.org/XML/1998/namespace");
            if reserved || uri.contains("w3.org/2000/xmlns") || (uri.is_empty() && !prefix.is_empty()) {
                return Err(self.wrong(&rule::PREFIX, name));
            }
            self.scopes.push((depth, prefix.to_owned(), uri.clone()));
        }
        Ok(())
    }

    /// Forgets what an element at this depth declared.
    fn leave(&mut self, depth: usize) {
        while self.scopes.last().is_some_and(|(at, _, _)| *at >= depth) {
            self.scopes.pop();
        }
    }

    fn bound(&self, prefix: &str) -> Option<&str> {
        let found = self.scopes.iter().rev().find(|(_, known, _)| known == prefix);
        found.map(|(_, _, uri)| uri.as_str())
    }
}

fn put(node: Node, open: &mut [Open], root: &mut Option<Node>) {
    match open.last_mut() {
        Some((_, parent)) => parent.children.push(node),
        None => *root = Some(node),
    }
}

/// The attributes of a tag, strictly: white space before each, quotes around the value, no name twice.
fn attributes(raw: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut rest = raw;
    loop {
        let next = rest.trim_start_matches(is_space);
        if next.is_empty() {
            return Ok(pairs);
        }
        let broken = || next.chars().take(40).collect::<String>();
        if next.len() == rest.len() {
            return Err(broken());
        }
        let (name, after) = next.split_once('=').ok_or_else(broken)?;
        let name = name.trim_end_matches(is_space);
        let after = after.trim_start_matches(is_space);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(broken)?;
        let (value, behind) = after.get(1..).and_then(|value| value.split_once(quote)).ok_or_else(broken)?;
        let parts: Vec<&str> = name.split(':').collect();
        let twice = pairs.iter().any(|(known, _)| known == name);
        if parts.len() > 2 || !parts.iter().all(|part| is_name(part)) || twice || value.contains('<') {
            return Err(broken());
        }
        pairs.push((name.to_owned(), expanded(value).ok_or_else(broken)?));
        if pairs.len() > ATTRIBUTES_MAX + 1 {
            return Ok(pairs);
        }
        rest = behind;
    }
}

/// An attribute's value with its references resolved.
fn expanded(value: &str) -> Option<String> {
    let mut parts = value.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';')?;
        text.push(referred(name)?);
        text.push_str(rest);
    }
    Some(text)
}

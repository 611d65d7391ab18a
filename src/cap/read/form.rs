//! The forms of single values: times, languages, addresses, numbers, shapes.
//!
//! Plain functions from a text to what it means, or nothing.

use geo::{Coord, LineString, Polygon};
use sensors::place::Position;
use sensors::time::Timestamp;

use super::xml::is_space;

/// A date and time of CAP 1.2 (section 3.3.2): whole seconds, an offset of hours and minutes, no `Z`.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:ddsdd:dd";
    let fits = |(byte, kind): (&u8, &u8)| match kind {
        b'd' => byte.is_ascii_digit(),
        b's' => matches!(byte, b'+' | b'-'),
        _ => byte == kind,
    };
    if bytes.len() != shape.len() || !bytes.iter().zip(shape).all(fits) || text.starts_with("0000") {
        return None;
    }
    let number = |from: usize| text.get(from..from + 2)?.parse::<u32>().ok();
    let (second, hours, minutes) = (number(17)?, number(20)?, number(23)?);
    // XML Schema allows offsets up to 14:00 and knows no leap seconds.
    if second > 59 || minutes > 59 || hours * 60 + minutes > 14 * 60 {
        return None;
    }
    Timestamp::parse_rfc3339(text).ok()
}

/// As [`moment`], with the forbidden `Z`.
pub(super) fn zulu(text: &str) -> Option<Timestamp> {
    let plain = text.strip_suffix('Z')?;
    moment(&format!("{plain}-00:00"))
}

/// `xs:language`, RFC 3066.
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let fits = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = parts.next().is_some_and(|part| fits(part) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    first && parts.all(fits)
}

/// An absolute URI of RFC 3986, with something behind its scheme.
pub(super) fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let named = scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    begins && named && !rest.is_empty() && is_uri_rest(rest)
}

/// A relative reference of RFC 3986: no colon in its first segment, which would be a scheme.
pub(super) fn is_relative_uri(text: &str) -> bool {
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    !text.is_empty() && !first.contains(':') && is_uri_rest(text)
}

/// What may follow a scheme.
fn is_uri_rest(rest: &str) -> bool {
    let (before, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (hierarchy, query) = before.split_once('?').unwrap_or((before, ""));
    let (authority, path) = match hierarchy.strip_prefix("//") {
        Some(named) => named.find('/').map_or((named, ""), |at| named.split_at(at)),
        None => ("", hierarchy),
    };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let bracketed = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
    let literal = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let host = match literal {
        Some((address, port)) => {
            let port = port.strip_prefix(':').unwrap_or(port);
            address.parse::<std::net::Ipv6Addr>().is_ok()
                && address.chars().all(bracketed)
                && port.len() <= 5
                && port.bytes().all(|b| b.is_ascii_digit())
        }
        None => is_uri_text(host, "") && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()),
    };
    host && is_uri_text(path, ":@/") && is_uri_text(query, ":@/?") && is_uri_text(fragment, ":@/?")
}

fn is_uri_text(text: &str, more: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let plain = byte.is_ascii_alphanumeric()
            || b"-._~!$&'()*+,;=@".contains(&byte)
            || more.as_bytes().contains(&byte);
        let coded = byte == b'%' && (0..2).all(|_| bytes.next().is_some_and(|b| b.is_ascii_hexdigit()));
        if !plain && !coded {
            return false;
        }
    }
    true
}

/// `xs:integer` of at most 18 digits.
pub(super) fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `xs:decimal` of at most 18 digits.
pub(super) fn is_decimal(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = whole.len() + part.len();
    (1..=18).contains(&digits) && whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit())
}

/// `type/subtype` of RFC 2046, parameters allowed.
pub(super) fn is_media_type(text: &str) -> bool {
    let named = text.split(';').next().unwrap_or_default().trim();
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    named.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// What is wrong with a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crooked {
    Pair,
    Short,
    Open,
}

/// A pair of latitude and longitude in degrees.
fn pair(text: &str) -> Option<Position> {
    let (lat, lon) = text.split_once(',')?;
    Position::new(degrees(lat)?, degrees(lon)?)
}

/// Digits and a point, with a sign: `inf`, `nan` and exponents are numbers for Rust and not for CAP.
fn degrees(text: &str) -> Option<f64> {
    if is_decimal(text) { text.parse().ok() } else { None }
}

/// The polygon of a text, the last point as the first.
pub(super) fn polygon(text: &str) -> Result<Polygon<f64>, Crooked> {
    let pairs = text.split(is_space).filter(|part| !part.is_empty());
    let points: Vec<Position> = pairs.map(pair).collect::<Option<_>>().ok_or(Crooked::Pair)?;
    if points.len() < 4 {
        return Err(Crooked::Short);
    }
    if points.first() != points.last() {
        return Err(Crooked::Open);
    }
    let coords = points.iter().map(|at| Coord { x: at.lon(), y: at.lat() }).collect();
    Ok(Polygon::new(LineString(coords), Vec::new()))
}

/// A circle: its middle and its radius in km.
pub(super) fn circle(text: &str) -> Option<(Position, f64)> {
    let mut parts = text.split(is_space).filter(|part| !part.is_empty());
    let (middle, radius) = (pair(parts.next()?)?, degrees(parts.next()?)?);
    (parts.next().is_none() && (0.0..=20_040.0).contains(&radius)).then_some((middle, radius))
}

/// The triples of `references`: sender, identifier, sent.
pub(super) fn references(text: &str) -> impl Iterator<Item = Result<(&str, &str, Timestamp), &str>> {
    let triples = text.split(is_space).filter(|part| !part.is_empty());
    triples.map(|triple| {
        let mut parts = triple.split(',');
        let three = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(sender), Some(identifier), Some(sent), None) = three else { return Err(triple) };
        let sent = moment(sent).or_else(|| zulu(sent)).ok_or(triple)?;
        if sender.is_empty() || identifier.is_empty() { Err(triple) } else { Ok((sender, identifier, sent)) }
    })
}

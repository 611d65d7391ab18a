//! What a city demands of a message beyond the standard.

use geo::{Contains as _, Intersects, Point, Rect};

use super::form;
use super::rule;
use super::schema::Findings;
use super::xml::Node;

/// A city's demands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Languages that must be spoken, as `vi`; `vi-VN` speaks it.
    pub languages: Vec<String>,
    /// The `valueName` of the event code that must be there.
    pub event_code: Option<String>,
    /// The `valueName` of the geocode that every area must have.
    pub geocode: Option<String>,
    /// The box of interest, degrees east and north: a shape that lies outside is probably turned around.
    pub bounds: Option<Rect<f64>>,
}

/// Whether a language tag speaks a language.
pub(super) fn speaks(tag: &str, language: &str) -> bool {
    let main = tag.split('-').next().unwrap_or_default();
    tag.eq_ignore_ascii_case(language) || main.eq_ignore_ascii_case(language)
}

/// Holds a message against a city's demands.
pub(super) fn check(root: &Node, profile: &Profile, found: &mut Findings) {
    let tag = |info: &Node| {
        let said = info.said("language").to_owned();
        if said.is_empty() { "en-US".to_owned() } else { said }
    };
    for language in &profile.languages {
        if root.first("info").is_some() && !root.all("info").any(|info| speaks(&tag(info), language)) {
            found.more(&rule::PROFILE_LANGUAGE, root.line, "alert", "", language.clone());
        }
    }
    for (n, info) in (1..).zip(root.all("info")) {
        let path = format!("alert/info[{n}]");
        if let Some(wanted) = &profile.event_code
            && !info.all("eventCode").any(|code| code.said("valueName") == wanted)
        {
            found.more(&rule::PROFILE_EVENT, info.line, &path, "", wanted.clone());
        }
        for (n, area) in (1..).zip(info.all("area")) {
            self::area(area, profile, &format!("{path}/area[{n}]"), found);
        }
    }
}

fn area(area: &Node, profile: &Profile, path: &str, found: &mut Findings) {
    if let Some(wanted) = &profile.geocode
        && !area.all("geocode").any(|code| code.said("valueName") == wanted)
    {
        found.more(&rule::PROFILE_GEOCODE, area.line, path, "", wanted.clone());
    }
    let Some(bounds) = profile.bounds else { return };
    let (low, high) = (bounds.min(), bounds.max());
    let allowed = format!("{},{} {},{}", low.y, low.x, high.y, high.x);
    for (n, node) in (1..).zip(area.all("polygon")) {
        if form::polygon(&node.text).is_ok_and(|polygon| !polygon.intersects(&bounds)) {
            let here = format!("{path}/polygon[{n}]");
            found.more(&rule::PROFILE_BOUNDS, node.line, &here, &node.text, allowed.clone());
        }
    }
    for (n, node) in (1..).zip(area.all("circle")) {
        let outside = |(middle, radius_km): (sensors::place::Position, f64)| {
            let degrees = radius_km / 100.0;
            let wide = Rect::new((low.x - degrees, low.y - degrees), (high.x + degrees, high.y + degrees));
            !wide.contains(&Point::new(middle.lon(), middle.lat()))
        };
        if form::circle(&node.text).is_some_and(outside) {
            let here = format!("{path}/circle[{n}]");
            found.more(&rule::PROFILE_BOUNDS, node.line, &here, &node.text, allowed.clone());
        }
    }
}

//! Areas held against the standard: polygons, circles, heights; and what a polygon should not do.

use geo::{BoundingRect, Polygon, Validation};

use super::form::{self, Crooked};
use super::rule;
use super::schema::Findings;
use super::xml::Node;

/// A shape that is wider than this was probably not meant so, degrees.
const WIDE_DEG: f64 = 20.0;
/// Polygons of more points are not searched for crossings.
const POINTS_SEARCHED_MAX: usize = 1000;

/// Holds an area against the rules.
pub(super) fn check(area: &Node, path: &str, found: &mut Findings) {
    for (n, node) in (1..).zip(area.all("polygon")) {
        let here = format!("{path}/polygon[{n}]");
        match form::polygon(&node.text) {
            Ok(polygon) => judge(&polygon, node, &here, found),
            Err(crooked) => {
                let rule = match crooked {
                    Crooked::Pair => &rule::PAIR,
                    Crooked::Short => &rule::POLYGON_SHORT,
                    Crooked::Open => &rule::POLYGON_OPEN,
                };
                found.note(rule, node, &here, &node.text);
            }
        }
    }
    for (n, node) in (1..).zip(area.all("circle")) {
        let here = format!("{path}/circle[{n}]");
        match form::circle(&node.text) {
            None => found.note(&rule::CIRCLE, node, &here, &node.text),
            // A degree of latitude is about 111 km.
            Some((_, radius_km)) if radius_km * 2.0 > WIDE_DEG * 111.0 => {
                found.note(&rule::HUGE, node, &here, &node.text);
            }
            Some(_) => {}
        }
    }
    let shaped = ["polygon", "circle", "geocode"].iter().any(|name| area.first(name).is_some());
    if !shaped {
        found.note(&rule::NO_SHAPE, area, path, area.said("areaDesc"));
    }
    let height = |name: &str| area.said(name).parse::<f64>().ok();
    if area.first("ceiling").is_some() && area.first("altitude").is_none() {
        found.note(&rule::CEILING, area, &format!("{path}/ceiling"), area.said("ceiling"));
    }
    if height("altitude").zip(height("ceiling")).is_some_and(|(low, high)| high < low) {
        found.note(&rule::UNDER, area, &format!("{path}/ceiling"), area.said("ceiling"));
    }
}

fn judge(polygon: &Polygon<f64>, node: &Node, path: &str, found: &mut Findings) {
    let is_searched = polygon.exterior().0.len() <= POINTS_SEARCHED_MAX;
    if is_searched && !polygon.is_valid() {
        found.note(&rule::CROSSING, node, path, "");
    }
    if polygon.bounding_rect().is_some_and(|rect| rect.width() > WIDE_DEG || rect.height() > WIDE_DEG) {
        found.note(&rule::HUGE, node, path, "");
    }
}

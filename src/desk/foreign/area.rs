//! Where another authority's alert holds, for maps: bounded, and drawn with fewer points where it has many.
//!
//! Whether an alert touches the city is never decided from this: that is asked of the whole shapes.

use geo::{BoundingRect as _, Polygon, Simplify as _};
use serde::{Deserialize, Serialize};

use crate::cap::read::{Area, Message};

/// Areas that are kept of one alert.
const AREAS_MAX: usize = 64;
/// Polygons and circles that are kept of one area.
const SHAPES_MAX: usize = 64;
/// Geocodes that are kept of one area.
const CODES_MAX: usize = 64;
/// Points of all polygons of one alert.
pub const POINTS_MAX: usize = 1000;
/// The first distance by which a line may be moved so that it has fewer points, degrees: about 100 m.
const MOVED_DEG: f64 = 0.001;

/// An area of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Closed rings of longitude and latitude, degrees with five digits.
    pub polygons: Vec<Vec<[f64; 2]>>,
    /// Longitude and latitude of the middle, and the radius in km.
    pub circles: Vec<[f64; 3]>,
    /// What names it in lists of its issuer: the list's name and the value.
    pub geocodes: Vec<(String, String)>,
    /// Whether something of it was left out or is drawn with fewer points.
    pub is_simplified: bool,
}

/// The areas of a message, each once although every language names it.
pub fn places(message: &Message) -> Vec<Place> {
    let mut areas: Vec<&Area> = Vec::new();
    for area in message.infos.iter().flat_map(|info| &info.areas) {
        let is_shape = |known: &&&Area| {
            (&known.polygons, &known.circles, &known.geocodes)
                == (&area.polygons, &area.circles, &area.geocodes)
        };
        let is_shaped = !(area.polygons.is_empty() && area.circles.is_empty() && area.geocodes.is_empty());
        let is_known = is_shaped && areas.iter().any(|known| is_shape(&known));
        if !is_known && areas.len() < AREAS_MAX {
            areas.push(area);
        }
    }
    let points = areas.iter().flat_map(|area| area.polygons.iter().take(SHAPES_MAX));
    let points: usize = points.map(|polygon| polygon.exterior().0.len()).sum();
    let mut moved = (points > POINTS_MAX).then_some(MOVED_DEG);
    loop {
        let drawn: Vec<Place> = areas.iter().map(|area| place(area, moved)).collect();
        let points: usize = drawn.iter().flat_map(|place| &place.polygons).map(Vec::len).sum();
        match moved {
            // As coarse as the globe: what is left is too many rings, not too many points of one.
            Some(deg) if points > POINTS_MAX && deg > 180.0 => return few(drawn),
            Some(deg) if points > POINTS_MAX => moved = Some(deg * 2.0),
            _ => return drawn,
        }
    }
}

fn place(area: &Area, moved: Option<f64>) -> Place {
    let drawn = |polygon: &Polygon<f64>| moved.map_or_else(|| polygon.clone(), |deg| polygon.simplify(deg));
    let ring = |polygon: &Polygon<f64>| {
        let line = drawn(polygon);
        let line = if line.exterior().0.len() < 4 { boxed(polygon) } else { line };
        line.exterior().0.iter().map(|at| [digits(at.x), digits(at.y)]).collect()
    };
    let circle = |(middle, km): &(sensors::place::Position, f64)| {
        [digits(middle.lon()), digits(middle.lat()), digits(*km)]
    };
    let left_out = area.polygons.len() > SHAPES_MAX
        || area.circles.len() > SHAPES_MAX
        || area.geocodes.len() > CODES_MAX;
    Place {
        name: area.name.clone(),
        polygons: area.polygons.iter().take(SHAPES_MAX).map(ring).collect(),
        circles: area.circles.iter().take(SHAPES_MAX).map(circle).collect(),
        geocodes: area.geocodes.iter().take(CODES_MAX).cloned().collect(),
        is_simplified: left_out || moved.is_some(),
    }
}

/// The first rings of them, as many as may be kept.
fn few(drawn: Vec<Place>) -> Vec<Place> {
    let mut left = POINTS_MAX;
    let keep = |mut place: Place| {
        place.polygons.retain(|ring| {
            let fits = ring.len() <= left;
            left = left.saturating_sub(ring.len());
            fits
        });
        place
    };
    drawn.into_iter().map(keep).collect()
}

/// Five digits of a degree are about a metre.
fn digits(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

/// The box around a shape, for one that is too small to be drawn with fewer points.
fn boxed(polygon: &Polygon<f64>) -> Polygon<f64> {
    polygon.bounding_rect().map_or_else(|| polygon.clone(), geo::Rect::to_polygon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::read::{BYTES_MAX, check};

    fn message(areas: &str) -> Message {
        let info = |lang: &str| {
            format!(
                "<info><language>{lang}</language><category>Met</category><event>x</event>\
                 <urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>{areas}</info>"
            )
        };
        let text = format!(
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>a</identifier>\
             <sender>a@b</sender><sent>2025-11-16T21:00:00+07:00</sent><status>Actual</status>\
             <msgType>Alert</msgType><scope>Public</scope>{}{}</alert>",
            info("vi"),
            info("en"),
        );
        check(text.as_bytes(), BYTES_MAX, None).message.unwrap()
    }

    fn round(points: u32, lat: f64) -> String {
        let at = |n: u32| {
            let angle = f64::from(n % points) / f64::from(points) * std::f64::consts::TAU;
            format!("{:.6},{:.6}", lat + 0.2 * angle.sin(), 107.5 + 0.2 * angle.cos())
        };
        let ring: Vec<String> = (0..=points).map(at).collect();
        format!("<area><areaDesc>x</areaDesc><polygon>{}</polygon></area>", ring.join(" "))
    }

    #[test]
    fn an_area_is_kept_once_although_two_languages_name_it_and_small_ones_stay_as_they_are() {
        let area = "<area><areaDesc>Huế</areaDesc><polygon>16.4,107.5 16.5,107.5 16.5,107.6 16.4,107.5</polygon>\
                    <circle>16.45,107.6 5</circle><geocode><valueName>ward</valueName><value>1</value></geocode></area>";
        let kept = places(&message(area));
        let [place] = &kept[..] else { panic!("{kept:?}") };
        assert_eq!(place.polygons, [vec![[107.5, 16.4], [107.5, 16.5], [107.6, 16.5], [107.5, 16.4]]]);
        assert_eq!(place.circles, [[107.6, 16.45, 5.0]]);
        assert_eq!(place.geocodes, [("ward".to_owned(), "1".to_owned())]);
        assert!(!place.is_simplified);
    }

    #[test]
    fn shapes_of_many_points_are_kept_within_the_bound_closed_and_near_what_they_were() {
        let kept = places(&message(&(0..5).map(|n| round(1500, 16.0 + f64::from(n))).collect::<String>()));
        assert_eq!(kept.len(), 5);
        let rings: Vec<&Vec<[f64; 2]>> = kept.iter().flat_map(|place| &place.polygons).collect();
        assert!(rings.iter().map(|ring| ring.len()).sum::<usize>() <= POINTS_MAX);
        assert!(kept.iter().all(|place| place.is_simplified));
        for (n, ring) in rings.iter().enumerate() {
            assert!(ring.len() > 20 && ring.first() == ring.last());
            let off = |at: &[f64; 2]| (at[0] - 107.5).hypot(at[1] - 16.0 - n as f64) - 0.2;
            assert!(ring.iter().all(|at| off(at).abs() < 1e-4));
        }
        // More rings than could ever be drawn.
        let area = |n: u32| {
            let at = 10.0 + f64::from(n) / 10.0;
            let ring = format!("<polygon>{at},107.5 {at},107.6 {}.5,107.6 {at},107.5</polygon>", n + 20);
            format!("<area><areaDesc>{n}</areaDesc>{}</area>", ring.repeat(12))
        };
        let many = places(&message(&(0..60).map(area).collect::<String>()));
        assert!(many.iter().flat_map(|place| &place.polygons).map(Vec::len).sum::<usize>() <= POINTS_MAX);
    }
}

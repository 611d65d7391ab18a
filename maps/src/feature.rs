//! What a tile shows: shapes in WGS 84 with attributes. Says nothing about where they come from.

use std::sync::Arc;

use geo::Geometry;

/// One thing on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Stable over restarts and over tiles, unique in its layer; clients keep a feature's state by it.
    pub id: u64,
    /// Degrees: x = longitude, y = latitude.
    pub shape: Geometry<f64>,
    /// In one order for all features of a layer.
    pub attributes: Vec<(&'static str, Value)>,
    /// The first zoom at which it is shown.
    pub zoom_min: u8,
}

/// What an attribute may be; a thing that is not known has no attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Words, names, times (RFC 3339 UTC).
    Text(Arc<str>),
    /// A count, or milliseconds since 1970.
    Int(i64),
    /// A measurement in the unit that another attribute names; finite.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

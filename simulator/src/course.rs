//! A number that changes along the storm: points joined by straight lines.
//!
//! It holds the first value before its first point and the last value after its last one.

/// Points `(hour of the storm, value)`, hours strictly increasing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Course(Vec<(f64, f64)>);

impl Course {
    /// Takes points; `None` when an hour does not come after the one before it.
    pub(crate) fn new(points: &[[f64; 2]]) -> Option<Self> {
        let ordered = points.windows(2).all(|pair| matches!(pair, [a, b] if a[0] < b[0]));
        let finite = points.iter().flatten().all(|n| n.is_finite());
        (ordered && finite).then(|| Self(points.iter().map(|p| (p[0], p[1])).collect()))
    }

    /// The value at an hour; 0 without points.
    pub(crate) fn at(&self, hour: f64) -> f64 {
        let next = self.0.partition_point(|(h, _)| *h <= hour);
        let before = next.checked_sub(1).and_then(|n| self.0.get(n));
        match (before, self.0.get(next)) {
            (Some((h0, v0)), Some((h1, v1))) => v0 + (v1 - v0) * (hour - h0) / (h1 - h0),
            (Some((_, v)), None) | (None, Some((_, v))) => *v,
            (None, None) => 0.0,
        }
    }
}

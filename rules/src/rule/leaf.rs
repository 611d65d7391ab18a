//! What conditions without parts stand on: sensors, thresholds, windows.

use sensors::station::SensorIx;
use sensors::time::Span;

use super::{Catchment, Condition};
use crate::threshold::Threshold;

impl Condition {
    /// Calls `visit` with every condition of the tree that has no parts, and whether an odd number
    /// of `not` stands over it.
    pub fn leaves<'a>(&'a self, negated: bool, visit: &mut impl FnMut(&'a Condition, bool)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|p| p.leaves(negated, visit)),
            Self::Not(part) => part.leaves(!negated, visit),
            leaf => visit(leaf, negated),
        }
    }

    /// The sensors of a condition without parts.
    pub(crate) fn sensors(&self) -> Vec<SensorIx> {
        match self {
            Self::Exceeds { sensor, .. }
            | Self::Rises { sensor, .. }
            | Self::Falls { sensor, .. }
            | Self::Releases { sensor, .. }
            | Self::Accumulates { over: Catchment::Gauge(sensor), .. } => vec![*sensor],
            Self::Accumulates { over: Catchment::Basin(rain), .. } => rain.gauges().to_vec(),
            Self::Silent { sensors } => sensors.to_vec(),
            Self::Outruns { sensor, over, .. } => vec![*sensor, *over],
            Self::Fills(of) => vec![of.pool, of.inflow, of.release],
            Self::StandsIn(of) => vec![of.by],
            Self::All(_) | Self::Any(_) | Self::Not(_) => Vec::new(),
        }
    }

    /// Every sensor of the tree, as often as it is named.
    pub(crate) fn all_sensors(&self) -> Vec<SensorIx> {
        let mut sensors = Vec::new();
        self.leaves(false, &mut |leaf, _| sensors.extend(leaf.sensors()));
        sensors
    }

    /// The sensors whose silence it waits for.
    pub(crate) fn awaits(&self) -> &[SensorIx] {
        match self {
            Self::Silent { sensors } => sensors,
            Self::StandsIn(of) => std::slice::from_ref(&of.target),
            _ => &[],
        }
    }

    /// The threshold of a condition without parts.
    pub fn threshold(&self) -> Option<Threshold> {
        match self {
            Self::Exceeds { threshold, .. }
            | Self::Rises { threshold, .. }
            | Self::Accumulates { threshold, .. }
            | Self::Releases { threshold, .. }
            | Self::Falls { threshold, .. }
            | Self::Outruns { threshold, .. } => Some(*threshold),
            Self::Fills(of) => Some(of.threshold),
            Self::StandsIn(of) => Some(of.threshold),
            _ => None,
        }
    }

    /// Whether two conditions over a window compare the same number, maybe with other thresholds.
    pub(crate) fn measures_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rises { sensor, window, .. }, Self::Rises { sensor: s, window: w, .. })
            | (Self::Falls { sensor, window, .. }, Self::Falls { sensor: s, window: w, .. }) => {
                (sensor, window) == (s, w)
            }
            (Self::Accumulates { over, window, .. }, Self::Accumulates { over: o, window: w, .. }) => {
                window == w && over == o
            }
            _ => false,
        }
    }

    /// The window that a condition without parts looks back over.
    pub fn window(&self) -> Option<Span> {
        match self {
            Self::Rises { window, .. } | Self::Falls { window, .. } | Self::Accumulates { window, .. } => {
                Some(*window)
            }
            _ => None,
        }
    }
}

//! Stations and their sensors as the city configured them.
//!
//! Names and limits only: what a sensor said lives in [`crate::reading`], how it is reached in
//! [`crate::line`].

use std::fmt;
use std::sync::Arc;

use crate::parameter::Parameter;
use crate::place::{BasinId, Position, ZoneId};
use crate::quality::Checks;
use crate::quantity::{Datum, Value};
use crate::time::Span;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Takes the id as it is written; configuration has checked its letters.
            pub fn new(text: &str) -> Self {
                Self(text.into())
            }

            /// The id as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text_id;

text_id!(
    /// A station: lower-case letters, digits and `-`.
    StationId
);

/// A sensor: one per (station, parameter) unless a name tells two apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SensorId {
    /// Where it hangs.
    pub station: StationId,
    /// What it measures.
    pub parameter: Parameter,
    /// Set where a station measures the parameter twice.
    pub name: Option<Arc<str>>,
}

/// `kim-long/stage`, or `kim-long/stage/radar` where a name tells sensors apart.
impl fmt::Display for SensorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.station, self.parameter)?;
        match &self.name {
            Some(name) => write!(f, "/{name}"),
            None => Ok(()),
        }
    }
}

/// A sensor's place in [`crate::city::City::sensors`]; valid for one loaded configuration only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SensorIx(pub u32);

/// A station's place in [`crate::city::City::stations`]; valid for one loaded configuration only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StationIx(pub u32);

impl SensorIx {
    /// As an index.
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

impl StationIx {
    /// As an index.
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// What a station is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StationKind {
    /// A tipping-bucket rain gauge.
    RainGauge,
    /// A river, canal, lagoon or tide stage.
    Stage,
    /// A post that measures depth over the road.
    Street,
    /// Wind and weather.
    Wind,
    /// A dam or barrage with its telemetry.
    Reservoir,
}

impl StationKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::RainGauge, Self::Stage, Self::Street, Self::Wind, Self::Reservoir];

    /// The spelling in configuration and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RainGauge => "rain_gauge",
            Self::Stage => "stage",
            Self::Street => "street",
            Self::Wind => "wind",
            Self::Reservoir => "reservoir",
        }
    }
}

/// A station.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Its id.
    pub id: StationId,
    /// What it is for.
    pub kind: StationKind,
    /// Its name as residents know it, Vietnamese with diacritics.
    pub name: String,
    /// Where it stands.
    pub position: Position,
    /// Elevation of the gauge's zero, where levelled.
    pub datum: Option<Datum>,
    /// The river or water body, as residents call it.
    pub river: Option<String>,
    /// The basin whose rain or water it measures.
    pub basin: Option<BasinId>,
    /// The zones that a warning from this station is for, when nothing else names them.
    pub zones: Vec<ZoneId>,
    /// Its sensors, in the order of configuration.
    pub sensors: Vec<SensorIx>,
}

/// A sensor with the limits that its readings are judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensor {
    /// Its id.
    pub id: SensorId,
    /// Its station.
    pub station: StationIx,
    /// The instrument's span; a value outside is rejected. Up to half the span over the end that
    /// means more water, rain or wind, it is kept at that end as suspect: "at least". For a depth,
    /// the upper end is of the usual interval; over a longer one as much more.
    pub span: (Value, Value),
    /// The narrower range of what is plausible; outside it a value is suspect. For a depth, of the
    /// usual interval, as with the span.
    pub plausible: Option<(Value, Value)>,
    /// The fastest plausible change; a faster one is suspect until the next reading stands by it,
    /// never rejected. For a depth, the greatest plausible rain rate; for a counter, the most that
    /// it is believed to add (436 mm/h where this is not set).
    pub rate_max: Option<Rate>,
    /// A single value that stands out from both neighbours by more is suspect.
    pub spike_max: Option<Value>,
    /// The limits of the further checks.
    pub checks: Checks,
    /// The counter's modulus in finest steps, for cumulative counters that roll over.
    pub rollover: Option<Value>,
    /// The sensor that this one feeds: a counter `rain_total` feeds the station's `rainfall`.
    pub feeds: Option<SensorIx>,
    /// How long it may be quiet.
    pub deadline: Deadline,
}

/// A change per time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The change in finest steps.
    pub change: Value,
    /// The time it takes.
    pub per: Span,
}

/// When a sensor counts as silent: `interval + jitter + patience` after its last contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The usual time between two readings.
    pub interval: Span,
    /// How late a reading usually is at most.
    pub jitter: Span,
    /// How much longer nobody needs to be told.
    pub patience: Span,
}

impl Deadline {
    /// The silence after which the sensor counts as silent.
    pub fn total(&self) -> Span {
        Span::from_ms(self.interval.ms() + self.jitter.ms() + self.patience.ms())
    }
}

//! A storm: what falls, blows and is let out, from when, and which instruments fail.
//!
//! Read from `simulator/storms/*.toml`. It names gauges and reservoirs of its rivers and knows no
//! thresholds: a reservoir's control stage stands in the storm file.

use sensors::mistake::Mistake;
use sensors::place::Position;
use sensors::time::{Span, Timestamp};

use crate::course::Course;
use crate::fault::Fault;
use crate::rain::{Cell, Field};
use crate::river::Rivers;
use crate::source::Source;
use crate::tide::Tide;
use crate::water::reservoir::Plan;
use crate::wind::Wind;

mod section;

/// A storm, checked.
#[derive(Clone, Debug)]
pub struct Storm {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) begins: Timestamp,
    pub(crate) duration: Span,
    pub(crate) seed: u64,
    pub(crate) background: Course,
    pub(crate) cells: Vec<Cell>,
    pub(crate) tide: Tide,
    pub(crate) wind: Wind,
    pub(crate) soils: Vec<Soil>,
    pub(crate) plans: Vec<Plan>,
    pub(crate) levels_m: Vec<f64>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) rivers: Rivers,
    /// Where the street posts of the rivers stand; the city knows, see [`crate::chart`].
    pub(crate) post_positions: Vec<Option<Position>>,
}

/// How wet a sub-basin is when the storm begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Soil {
    pub(crate) wetness: f64,
    pub(crate) baseflow_m3s: f64,
}

/// A storm that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What `--storm` calls it.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// The storms that come with the program, in the order of their names.
pub fn storms() -> &'static [Listed] {
    &[
        Listed {
            name: "2025-11",
            about: "The flood of 16-18 November 2025 in Huế: Phú Ốc crests at 4.96 m, Kim Long at 3.01 m (60 h)",
            text: include_str!("../storms/2025-11.toml"),
        },
        Listed {
            name: "drizzle",
            about: "A day of light rain and an ordinary tide: nothing happens (24 h)",
            text: include_str!("../storms/drizzle.toml"),
        },
    ]
}

/// The rivers that come with the program.
fn rivers_named(name: &str) -> Option<(&'static str, &'static str)> {
    (name == "hue").then_some(("rivers/hue.toml", include_str!("../rivers/hue.toml")))
}

impl Storm {
    /// Finds a storm that comes with the program.
    ///
    /// # Errors
    /// Says which storms there are when there is none of that name.
    pub fn named(name: &str) -> Result<Self, Vec<Mistake>> {
        let Some(listed) = storms().iter().find(|listed| listed.name == name) else {
            let known: Vec<&str> = storms().iter().map(|listed| listed.name).collect();
            return Err(vec![Mistake {
                file: "storms".to_owned(),
                line: 0,
                key: "storm".to_owned(),
                wrong: format!("no storm is named {name:?}"),
                allowed: format!("storms are {}", known.join(", ")),
            }]);
        };
        Self::parse(&format!("{name}.toml"), listed.text)
    }

    /// Reads a storm file; `file` is its name in mistakes.
    ///
    /// # Errors
    /// Every mistake, with file, line and key.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        section::storm(Source::open(file, text)?)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One line about it.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// When it begins.
    pub fn begins(&self) -> Timestamp {
        self.begins
    }

    /// When its file ends.
    pub fn ends(&self) -> Timestamp {
        self.begins.plus(self.duration)
    }

    /// The seed that its file gives.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The rain over the city.
    pub(crate) fn field(&self) -> Field<'_> {
        Field { background: &self.background, cells: &self.cells, ridges: &self.rivers.ridges }
    }

    /// The hour of the storm at a moment.
    pub(crate) fn hour(&self, at: Timestamp) -> f64 {
        at.since(self.begins).ms() as f64 / 3_600_000.0
    }
}

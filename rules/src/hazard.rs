//! Hazards, and how severe a level of one is.

use std::fmt;
use std::str::FromStr;

/// What endangers people. One bulletin speaks of one hazard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hazard {
    /// A river over its alarm stages.
    Flood,
    /// Water let out of a dam; never muted by an alarm stage, and never muting one.
    Release,
    /// Rain heavy enough for warnings of its own.
    HeavyRain,
    /// Water on the streets.
    StreetFlood,
    /// A torrent in a small steep basin.
    FlashFlood,
    /// A slope that may fail.
    Landslide,
    /// Storm wind.
    Wind,
    /// Our own blindness: silent gauges, dead lines. For staff.
    Telemetry,
}

impl Hazard {
    /// Every hazard.
    pub const ALL: [Self; 8] = [
        Self::Flood,
        Self::Release,
        Self::HeavyRain,
        Self::StreetFlood,
        Self::FlashFlood,
        Self::Landslide,
        Self::Wind,
        Self::Telemetry,
    ];

    /// The spelling in configuration, topics and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Release => "release",
            Self::HeavyRain => "heavy-rain",
            Self::StreetFlood => "street-flood",
            Self::FlashFlood => "flash-flood",
            Self::Landslide => "landslide",
            Self::Wind => "wind",
            Self::Telemetry => "telemetry",
        }
    }

    /// Whether residents are told of it; telemetry is for staff.
    pub fn is_public(self) -> bool {
        self != Self::Telemetry
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Hazard {
    type Err = UnknownHazard;

    fn from_str(text: &str) -> Result<Self, UnknownHazard> {
        Self::ALL
            .into_iter()
            .find(|hazard| hazard.as_str() == text)
            .ok_or_else(|| UnknownHazard { text: text.chars().take(40).collect() })
    }
}

/// A word that names no hazard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no hazard; allowed are {}", Hazard::ALL.map(Hazard::as_str).join(", "))]
pub struct UnknownHazard {
    text: String,
}

/// How severe a level is, 1 to 5; the colours of Decision 18/2021/QĐ-TTg belong to the same five
/// steps, but a severity is ours and is never called a disaster-risk level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Severity(u8);

impl Severity {
    /// The least.
    pub const MIN: Self = Self(1);
    /// The greatest.
    pub const MAX: Self = Self(5);

    /// A severity, or `None` outside 1 to 5.
    pub const fn new(step: u8) -> Option<Self> {
        if matches!(step, 1..=5) { Some(Self(step)) } else { None }
    }

    /// 1 to 5.
    pub const fn step(self) -> u8 {
        self.0
    }
}

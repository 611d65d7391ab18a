//! The open sea at the lagoon's mouths: a mean level and harmonic constituents.

/// The tide of a storm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tide {
    pub(crate) mean_m: f64,
    pub(crate) parts: Vec<Constituent>,
}

/// One harmonic constituent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constituent {
    pub(crate) amplitude_m: f64,
    pub(crate) period_h: f64,
    /// An hour of the storm at which it is high.
    pub(crate) high_h: f64,
}

impl Tide {
    /// Level of the sea over its zero, m.
    pub(crate) fn level_m(&self, hour: f64) -> f64 {
        let part = |c: &Constituent| {
            c.amplitude_m * libm::cos(2.0 * std::f64::consts::PI * (hour - c.high_h) / c.period_h)
        };
        self.mean_m + self.parts.iter().map(part).sum::<f64>()
    }
}

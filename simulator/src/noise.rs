//! Seeded noise: one stream for each name, so that one more sensor changes no other's.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of seeded numbers.
pub(crate) struct Noise(ChaCha8Rng);

impl Noise {
    /// The stream of a name under a seed.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // FNV-1a, 64 bits: names become streams the same way on every machine.
        let hash = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        rng.set_stream(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash));
        Self(rng)
    }

    /// A number in `0..1`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// A number around 0 with a standard deviation of 1 (Irwin-Hall of twelve).
    pub(crate) fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

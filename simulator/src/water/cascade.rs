//! Linear storages in series (Nash; for a reach, Kalinin and Milyukov): delay and attenuation.
//!
//! Each storage is solved exactly over a step, so that no water appears or vanishes.

/// Storages that empty into the next one.
#[derive(Clone, Debug)]
pub(crate) struct Cascade {
    stores_m3: Vec<f64>,
    k_s: f64,
}

impl Cascade {
    /// `stores` storages with the time constant `k_h` each, at rest under a steady `discharge_m3s`.
    pub(crate) fn new(stores: u8, k_h: f64, discharge_m3s: f64) -> Self {
        let k_s = k_h * 3600.0;
        Self { stores_m3: vec![discharge_m3s * k_s; usize::from(stores)], k_s }
    }

    /// Takes a volume in over a step and gives the volume that leaves, both in m³.
    pub(crate) fn step(&mut self, inflow_m3: f64, dt_s: f64) -> f64 {
        let keep = libm::exp(-dt_s / self.k_s);
        let pass = self.k_s / dt_s * (1.0 - keep);
        let mut through = inflow_m3;
        for store in &mut self.stores_m3 {
            let after = *store * keep + through * pass;
            through = *store + through - after;
            *store = after;
        }
        through
    }

    /// What it holds, m³.
    #[cfg(test)]
    pub(crate) fn storage_m3(&self) -> f64 {
        self.stores_m3.iter().sum()
    }
}

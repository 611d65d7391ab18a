//! A sub-basin: rain becomes runoff over a soil that fills (variable contributing area).
//!
//! The wetter the soil, the more of the rain runs off at once; the rest percolates and comes
//! back slowly. Evaporation is left out: a storm lasts days. No gauge is known here.

use super::cascade::Cascade;

/// What a sub-basin is like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BasinShape {
    pub(crate) area_km2: f64,
    /// Water that the soil can hold, mm.
    pub(crate) soil_mm: f64,
    /// The share of rain that runs off is wetness to this power.
    pub(crate) exponent: f64,
    /// Time constants: soil to groundwater, groundwater to river, h.
    pub(crate) percolate_h: f64,
    pub(crate) base_h: f64,
    /// Storages of the surface runoff and their time constant, h.
    pub(crate) stores: u8,
    pub(crate) store_h: f64,
}

/// The water in a sub-basin; volumes in m³.
#[derive(Clone, Debug)]
pub(crate) struct Basin {
    shape: BasinShape,
    soil_m3: f64,
    ground: Cascade,
    surface: Cascade,
}

impl Basin {
    /// A basin with its soil filled to `wetness` (0 to 1) that gives `baseflow_m3s`.
    pub(crate) fn new(shape: &BasinShape, wetness: f64, baseflow_m3s: f64) -> Self {
        Self {
            soil_m3: wetness * shape.soil_mm * shape.area_km2 * 1000.0,
            ground: Cascade::new(1, shape.base_h, baseflow_m3s),
            surface: Cascade::new(shape.stores, shape.store_h, 0.0),
            shape: shape.clone(),
        }
    }

    /// Takes the areal rain of a step in mm and gives the runoff of the step in m³.
    pub(crate) fn step(&mut self, rain_mm: f64, dt_s: f64) -> f64 {
        let rain_m3 = rain_mm * self.shape.area_km2 * 1000.0;
        let room_m3 = self.shape.soil_mm * self.shape.area_km2 * 1000.0;
        let wetness = (self.soil_m3 / room_m3).clamp(0.0, 1.0);
        let excess_m3 = rain_m3 * libm::pow(wetness, self.shape.exponent);
        let soil_m3 = self.soil_m3 + rain_m3 - excess_m3;
        let percolated_m3 = soil_m3 * (1.0 - libm::exp(-dt_s / (self.shape.percolate_h * 3600.0)));
        self.soil_m3 = soil_m3 - percolated_m3;
        self.ground.step(percolated_m3, dt_s) + self.surface.step(excess_m3, dt_s)
    }

    /// What it holds, m³.
    #[cfg(test)]
    pub(crate) fn storage_m3(&self) -> f64 {
        self.soil_m3 + self.ground.storage_m3() + self.surface.storage_m3()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_basin_neither_makes_nor_loses_water(
            rain in prop::collection::vec(0.0_f64..3.0, 1..400),
            wetness in 0.0_f64..1.0,
            baseflow in 0.0_f64..200.0,
            exponent in 0.5_f64..6.0,
        ) {
            let shape = BasinShape {
                area_km2: 700.0, soil_mm: 200.0, exponent, percolate_h: 90.0, base_h: 60.0, stores: 3, store_h: 1.5,
            };
            let mut basin = Basin::new(&shape, wetness, baseflow);
            let before = basin.storage_m3();
            let (mut came, mut went) = (0.0, 0.0);
            for mm in rain {
                came += mm * shape.area_km2 * 1000.0;
                went += basin.step(mm, 60.0);
            }
            let off = came - went - (basin.storage_m3() - before);
            prop_assert!(off.abs() <= 1e-9 * (before + came), "{off} m³ too many");
        }
    }
}

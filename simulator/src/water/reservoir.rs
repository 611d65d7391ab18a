//! A reservoir: pool by its elevation-storage curve, release by its plan and its control stage.
//!
//! The control stage comes from the storm file; what an alarm stage is, nobody here knows.

use crate::course::Course;

/// What a reservoir is like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReservoirShape {
    pub(crate) station: String,
    /// (pool level m, storage Mm³), both strictly increasing, at least two.
    pub(crate) curve: Vec<(f64, f64)>,
    pub(crate) dead_m: f64,
    pub(crate) normal_m: f64,
    pub(crate) turbine_m3s: f64,
    pub(crate) gates: u8,
    /// Discharge of one gate at normal pool level, m³/s.
    pub(crate) gate_m3s: f64,
    /// Tailwater = zero + scale * release^exponent, m.
    pub(crate) tail: (f64, f64, f64),
}

/// How a reservoir is run in one storm.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) pool_m: f64,
    /// The total release as ordered, m³/s by hour of the storm.
    pub(crate) orders: Course,
    /// While the stage at this gauge is above this many metres, the release stays below the crest
    /// of the inflow times the share.
    pub(crate) control: Option<Control>,
}

/// See [`Plan::control`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Control {
    pub(crate) gauge: usize,
    pub(crate) stage_m: f64,
    pub(crate) share: f64,
}

/// The water in a reservoir and how it is let out.
#[derive(Clone, Debug)]
pub(crate) struct Reservoir {
    shape: ReservoirShape,
    plan: Plan,
    storage_m3: f64,
    inflow_m3s: f64,
    release_m3s: f64,
    inflow_crest_m3s: f64,
}

/// Gates are moved gradually: the fastest change of the release, m³/s in an hour.
const RELEASE_CHANGE_M3S_PER_H: f64 = 900.0;
/// The inflow's crest is forgotten with this time constant.
const CREST_MEMORY_S: f64 = 12.0 * 3600.0;

impl Reservoir {
    /// A reservoir at its initial pool level, releasing its first order.
    pub(crate) fn new(shape: &ReservoirShape, plan: &Plan, inflow_m3s: f64) -> Self {
        let release_m3s = plan.orders.at(0.0);
        Self {
            storage_m3: interpolate(&shape.curve, plan.pool_m) * 1e6,
            shape: shape.clone(),
            plan: plan.clone(),
            inflow_m3s,
            release_m3s,
            inflow_crest_m3s: inflow_m3s,
        }
    }

    /// Takes the inflow of a step and gives the release of the step, both in m³.
    pub(crate) fn step(&mut self, hour: f64, inflow_m3: f64, control_stage_m: Option<f64>, dt_s: f64) -> f64 {
        self.inflow_m3s = inflow_m3 / dt_s;
        let faded = self.inflow_crest_m3s * libm::exp(-dt_s / CREST_MEMORY_S);
        self.inflow_crest_m3s = faded.max(self.inflow_m3s);
        let wanted = self.wanted_m3s(hour, control_stage_m);
        let change = RELEASE_CHANGE_M3S_PER_H * dt_s / 3600.0;
        self.release_m3s += (wanted - self.release_m3s).clamp(-change, change);
        let release_m3 = (self.release_m3s * dt_s).min(self.storage_m3 + inflow_m3);
        self.storage_m3 += inflow_m3 - release_m3;
        release_m3
    }

    fn wanted_m3s(&self, hour: f64, control_stage_m: Option<f64>) -> f64 {
        let ordered = self.plan.orders.at(hour);
        let held = match (&self.plan.control, control_stage_m) {
            (Some(control), Some(stage)) if stage > control.stage_m => {
                ordered.min(control.share * self.inflow_crest_m3s)
            }
            _ => ordered,
        };
        let pool = self.pool_m();
        if pool >= self.shape.normal_m {
            held.max(self.inflow_m3s)
        } else if pool <= self.shape.dead_m {
            held.min(self.inflow_m3s)
        } else {
            held
        }
    }

    /// Pool level, m.
    pub(crate) fn pool_m(&self) -> f64 {
        let turned: Vec<(f64, f64)> = self.shape.curve.iter().map(|(m, v)| (*v, *m)).collect();
        interpolate(&turned, self.storage_m3 / 1e6)
    }

    /// Tailwater, m.
    pub(crate) fn tailwater_m(&self) -> f64 {
        let (zero, scale, exponent) = self.shape.tail;
        zero + scale * libm::pow(self.release_m3s.max(0.0), exponent)
    }

    /// Through the turbines, a part of the release, m³/s.
    pub(crate) fn turbine_m3s(&self) -> f64 {
        self.release_m3s.min(self.shape.turbine_m3s)
    }

    /// Over the spillway, the other part, m³/s.
    pub(crate) fn spill_m3s(&self) -> f64 {
        self.release_m3s - self.turbine_m3s()
    }

    /// How many gates are open.
    pub(crate) fn gates_open(&self) -> f64 {
        let needed = libm::ceil(self.spill_m3s() / (0.5 * self.shape.gate_m3s));
        needed.min(f64::from(self.shape.gates))
    }

    /// How far each open gate is open, m, of the 14 m that a large radial gate has.
    pub(crate) fn gate_opening_m(&self) -> f64 {
        let open = self.gates_open();
        if open > 0.0 { 14.0 * (self.spill_m3s() / (open * self.shape.gate_m3s)).min(1.0) } else { 0.0 }
    }

    /// What it holds, m³.
    pub(crate) fn storage_m3(&self) -> f64 {
        self.storage_m3
    }

    /// Into it, m³/s.
    pub(crate) fn inflow_m3s(&self) -> f64 {
        self.inflow_m3s
    }

    /// The total to the river, m³/s.
    pub(crate) fn release_m3s(&self) -> f64 {
        self.release_m3s
    }
}

/// Straight lines between the points and beyond the last ones: a pool may rise above its table.
fn interpolate(points: &[(f64, f64)], x: f64) -> f64 {
    let last = points.len().saturating_sub(2);
    let place = points.partition_point(|(at, _)| *at <= x).saturating_sub(1).min(last);
    match (points.get(place), points.get(place + 1)) {
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape() -> ReservoirShape {
        ReservoirShape {
            station: "dam".into(),
            curve: vec![(46.0, 450.0), (53.0, 661.0), (58.0, 820.7), (61.0, 925.0)],
            dead_m: 46.0,
            normal_m: 58.0,
            turbine_m3s: 200.0,
            gates: 6,
            gate_m3s: 900.0,
            tail: (4.0, 0.05, 0.6),
        }
    }

    proptest! {
        #[test]
        fn a_reservoir_neither_makes_nor_loses_water(
            inflow in prop::collection::vec(0.0_f64..6000.0, 1..600),
            pool_m in 46.5_f64..58.5,
            ordered in 0.0_f64..4000.0,
            control_m in 0.0_f64..5.0,
        ) {
            let plan = Plan {
                pool_m,
                orders: Course::new(&[[0.0, 50.0], [2.0, ordered]]).unwrap(),
                control: Some(Control { gauge: 0, stage_m: 3.0, share: 0.9 }),
            };
            let mut dam = Reservoir::new(&shape(), &plan, 50.0);
            let before = dam.storage_m3();
            let (mut came, mut went) = (0.0, 0.0);
            for (minute, m3s) in inflow.iter().enumerate() {
                came += m3s * 60.0;
                went += dam.step(minute as f64 / 60.0, m3s * 60.0, Some(control_m), 60.0);
            }
            let off = came - went - (dam.storage_m3() - before);
            prop_assert!(off.abs() <= 1e-9 * (before + came), "{off} m³ too many");
        }
    }

    #[test]
    fn above_the_control_stage_the_release_stays_below_the_inflow() {
        let orders = Course::new(&[[0.0, 3000.0]]).unwrap();
        let control = Some(Control { gauge: 0, stage_m: 2.0, share: 0.95 });
        let mut dam = Reservoir::new(&shape(), &Plan { pool_m: 55.0, orders, control }, 1000.0);
        for minute in 0..600 {
            dam.step(f64::from(minute) / 60.0, 1000.0 * 60.0, Some(2.5), 60.0);
        }
        assert!(dam.release_m3s() <= 950.0 + 1e-6, "{} m³/s", dam.release_m3s());
    }

    #[test]
    fn spill_and_turbine_discharge_are_the_parts_of_the_release() {
        let orders = Course::new(&[[0.0, 1500.0]]).unwrap();
        let dam = Reservoir::new(&shape(), &Plan { pool_m: 55.0, orders, control: None }, 0.0);
        assert_eq!((dam.turbine_m3s(), dam.spill_m3s()), (200.0, 1300.0));
        assert!(dam.gates_open() >= 2.0);
    }
}

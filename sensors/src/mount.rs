//! A distance sensor over the water becomes a stage: the height of its mount over the gauge's zero,
//! less the air gap down to the water.
//!
//! The doubt of the gap goes over to the stage. Steps are judged anew there, with the stage's own
//! limits: the same doubt twice could never be taken back.

use crate::counter::Fed;
use crate::parameter::Parameter;
use crate::quality::{Check, Quality};
use crate::quantity::Value;
use crate::reading::{Observation, Observed, Reading};
use crate::station::Sensor;

/// The stage of a judged air gap, for the sensor that it feeds.
pub(crate) fn stage_of(sensor: &Sensor, gap: &Reading) -> Option<Fed> {
    let (feeds, mount) = sensor.feeds.zip(sensor.mount)?;
    if sensor.id.parameter != Parameter::AirGap {
        return None;
    }
    let known = gap.value.filter(|_| gap.quality.is_usable());
    let value = known.map_or(Observed::Missing, |gap| {
        Observed::Value(Value::from_raw(mount.raw().saturating_sub(gap.raw())))
    });
    let doubt = match gap.quality {
        Quality::Suspect(Check::RateOfChange | Check::Spike) => None,
        quality => quality.check().filter(|_| quality.is_usable()),
    };
    let observation = Observation {
        sensor: feeds,
        measured_at: gap.measured_at,
        from: None,
        arrived_at: gap.arrived_at,
        value,
    };
    Some(Fed { observation, doubt })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::SensorIx;
    use crate::time::{Span, Timestamp};
    use crate::track::Track;
    use crate::track::tests::sensor;

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_ms(1_763_300_000_000).plus(Span::from_min(n))
    }

    /// A bridge 8 m over the gauge's zero, with a sensor that sees from 0.3 to 15 m.
    struct Bridge {
        gap: (Sensor, Track),
        stage: (Sensor, Track),
    }

    impl Bridge {
        fn new() -> Self {
            let gap = Sensor {
                feeds: Some(SensorIx(1)),
                mount: Some(Value::from_raw(8000)),
                span: (Value::from_raw(300), Value::from_raw(15_000)),
                plausible: None,
                rate_max: None,
                spike_max: None,
                ..sensor(Parameter::AirGap)
            };
            let stage = sensor(Parameter::Stage);
            let track = |sensor: &Sensor| Track::new(sensor, Span::from_h(72));
            Self { gap: (gap.clone(), track(&gap)), stage: (stage.clone(), track(&stage)) }
        }

        /// The stages that a gap in millimetres leads to.
        fn sees(&mut self, n: i64, gap: Observed) -> Vec<Reading> {
            let at = minute(n);
            let said =
                Observation { sensor: SensorIx(0), measured_at: at, from: None, arrived_at: at, value: gap };
            let judged = self.gap.1.judge(&self.gap.0, &said, at);
            let stages = judged.fed.iter().map(|fed| self.stage.1.judge_fed(&self.stage.0, fed, at).reading);
            stages.collect()
        }
    }

    fn gap(mm: i64) -> Observed {
        Observed::Value(Value::from_raw(mm))
    }

    #[test]
    fn an_air_gap_under_a_mount_is_a_stage() {
        let mut bridge = Bridge::new();
        let stage = bridge.sees(0, gap(6750))[0];
        assert_eq!((stage.value, stage.quality), (Some(Value::from_raw(1250)), Quality::Good));
        assert_eq!((stage.sensor, stage.measured_at), (SensorIx(1), minute(0)));
        assert_eq!(bridge.sees(0, gap(6750)), [], "the same again feeds nothing");
        // Another value for the same time is a revision of the stage too.
        assert_eq!(bridge.sees(0, gap(6740))[0].value, Some(Value::from_raw(1260)));
        assert_eq!(bridge.stage.1.series().len(), 1);
    }

    #[test]
    fn the_doubt_of_a_gap_is_the_doubt_of_its_stage() {
        let mut bridge = Bridge::new();
        let doubtful = Observed::Doubtful(Value::from_raw(6750));
        assert_eq!(bridge.sees(0, doubtful)[0].quality, Quality::Suspect(Check::Device));
        // Water closer than the sensor can see: at least so much, never less.
        let flooded = bridge.sees(10, gap(200))[0];
        assert_eq!(flooded.value, Some(Value::from_raw(7700)));
        assert_eq!(flooded.quality, Quality::Suspect(Check::GrossRange));
    }

    #[test]
    fn a_rejected_or_missing_gap_is_no_stage_and_no_sign_of_life() {
        let mut bridge = Bridge::new();
        bridge.sees(0, gap(6750));
        for (n, nothing) in [(10, Observed::Missing), (20, Observed::Nonsense), (30, gap(90_000))] {
            let stage = bridge.sees(n, nothing)[0];
            assert_eq!((stage.value, stage.quality), (None, Quality::Missing));
        }
        assert_eq!(bridge.stage.1.last_contact(), Some(minute(0)));
    }
}

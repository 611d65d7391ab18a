//! Promises of the division: nothing is lost, nobody gains but the neighbours of who is missing.

use geo::{LineString, polygon};
use proptest::prelude::*;

use super::*;

/// A box of about 33 km by 32 km.
fn outline() -> Polygon<f64> {
    polygon![
        (x: 107.4, y: 16.0), (x: 107.7, y: 16.0), (x: 107.7, y: 16.3), (x: 107.4, y: 16.3), (x: 107.4, y: 16.0),
    ]
}

fn gauge(ix: u32, lon: f64, lat: f64) -> (SensorIx, Position) {
    (SensorIx(ix), Position::new(lat, lon).unwrap())
}

fn somewhere() -> impl Strategy<Value = Vec<(SensorIx, Position)>> {
    prop::collection::vec((107.3_f64..107.8, 15.9_f64..16.4), 1..12)
        .prop_map(|places| (0..).zip(places).map(|(ix, (lon, lat))| gauge(ix, lon, lat)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_parts_are_the_whole_basin_whoever_speaks(gauges in somewhere(), mask in any::<u64>()) {
        let cut = Tessellation::over(&outline(), &gauges);
        let present: Present = (0..gauges.len()).filter(|i| mask >> i & 1 == 1).collect();
        let sum: u32 = cut.weights(present).iter().sum();
        let anybody = (0..gauges.len()).any(|i| present.has(i));
        prop_assert_eq!(sum, if anybody { cut.total() } else { 0 });
    }

    #[test]
    fn who_is_missing_is_as_if_the_gauge_had_never_stood_there(gauges in somewhere(), mask in any::<u64>()) {
        let present: Present = (0..gauges.len()).filter(|i| mask >> i & 1 == 1).collect();
        let speaking: Vec<_> =
            gauges.iter().enumerate().filter(|(i, _)| present.has(*i)).map(|(_, g)| *g).collect();
        let cut = Tessellation::over(&outline(), &gauges).weights(present);
        let alone = Tessellation::over(&outline(), &speaking).full_weights();
        let of_speaking: Vec<u32> =
            cut.iter().enumerate().filter(|(i, _)| present.has(*i)).map(|(_, w)| *w).collect();
        prop_assert_eq!(of_speaking, alone);
    }

    #[test]
    fn a_missing_gauge_takes_nothing_from_anybody(gauges in somewhere(), which in 0_usize..12) {
        let cut = Tessellation::over(&outline(), &gauges);
        let (all, lost) = (cut.full_weights(), which % gauges.len());
        let left = cut.weights((0..gauges.len()).filter(|i| *i != lost).collect());
        for (place, (before, after)) in all.iter().zip(&left).enumerate() {
            prop_assert!(place == lost || after >= before);
        }
        prop_assert_eq!(left[lost], 0);
    }

    #[test]
    fn missing_gauges_never_lower_the_mean_of_equal_rain(gauges in somewhere(), mask in 1_u64..) {
        let cut = Tessellation::over(&outline(), &gauges);
        let present: Present = (0..gauges.len()).filter(|i| mask >> i & 1 == 1).collect();
        let (mut sum, mut weight) = (0_u64, 0_u64);
        cut.share_out(present, &mut |_, part| {
            sum += 86_200 * u64::from(part);
            weight += u64::from(part);
        });
        prop_assert!(weight == 0 || sum / weight == 86_200);
    }
}

#[test]
fn each_gauge_has_what_lies_nearest() {
    // Two gauges side by side halve the box; a third beyond the second one's side has nothing.
    let gauges = [gauge(7, 107.45, 16.15), gauge(8, 107.65, 16.15), gauge(9, 107.95, 16.15)];
    let cut = Tessellation::over(&outline(), &gauges);
    let weights = cut.full_weights();
    let half = f64::from(cut.total()) / 2.0;
    assert!((f64::from(weights[0]) - half).abs() < half * 0.02, "{weights:?}");
    assert_eq!((weights[2], cut.gauges()[0]), (0, SensorIx(7)));
    // It takes over what nobody nearer speaks for.
    assert_eq!(cut.weights([2].into_iter().collect())[2], cut.total());
}

#[test]
fn given_weights_are_kept_and_nobody_takes_them_over() {
    let cut = Tessellation::weighted(&[(SensorIx(1), 3.0), (SensorIx(2), 1.0)]);
    assert_eq!((cut.full_weights(), cut.total()), (vec![750_000, 250_000], 1_000_000));
    assert_eq!(cut.weights([1].into_iter().collect()), [0, 250_000]);
}

#[test]
fn without_gauges_or_without_an_inside_there_is_nothing_to_share() {
    assert_eq!(Tessellation::over(&outline(), &[]).total(), 0);
    let flat =
        Polygon::new(LineString::from(vec![(1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]), Vec::new());
    let cut = Tessellation::over(&flat, &[gauge(0, 1.0, 1.0)]);
    assert_eq!((cut.total(), cut.full_weights()), (0, vec![0]));
    assert_eq!(Tessellation::weighted(&[]).full_weights(), Vec::<u32>::new());
}

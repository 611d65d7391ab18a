//! Promises of the curves. The curves here are made up.

use proptest::prelude::*;

use super::*;

fn point(mm: i64, m3_s: i64) -> (Stage, Discharge) {
    (Stage::from_mm(mm), Discharge::from_l_per_s(m3_s * 1000))
}

fn then(day: i64) -> Timestamp {
    Timestamp::from_ms(day * 86_400_000)
}

fn table(points: &[(i64, i64)], between: Between) -> Result<RatingCurve, RatingError> {
    RatingCurve::table(then(0), points.iter().map(|(mm, q)| point(*mm, *q)).collect(), between)
}

fn power(from: i64, to: i64, a: f64, b: f64) -> Power {
    Power { from: Stage::from_mm(from), to: Stage::from_mm(to), a, b, h0: Stage::from_mm(0) }
}

#[test]
fn a_curve_never_goes_beyond_its_ends_silently() {
    let curve = table(&[(500, 20), (1000, 50), (3500, 1200)], Between::Straight).unwrap();
    let rated = |mm| curve.rate(Stage::from_mm(mm));
    assert_eq!(rated(750), Rated { discharge: point(0, 35).1, bound: Bound::Estimate });
    assert_eq!(rated(500), Rated { discharge: point(0, 20).1, bound: Bound::Estimate });
    assert_eq!(rated(3500), Rated { discharge: point(0, 1200).1, bound: Bound::Estimate });
    assert_eq!(rated(5000), Rated { discharge: point(0, 1200).1, bound: Bound::AtLeast });
    assert_eq!(rated(499), Rated { discharge: point(0, 20).1, bound: Bound::AtMost });
}

#[test]
fn a_curve_that_stands_still_or_falls_is_refused_by_the_name_of_its_point() {
    let refused = table(&[(500, 20), (1000, 50), (1500, 50)], Between::Straight).unwrap_err();
    assert_eq!(refused, RatingError::NotIncreasing { place: 3, stage_mm: 1500, discharge_l_s: 50_000 });
    assert!(table(&[(500, 20), (500, 50)], Between::Straight).is_err());
    assert_eq!(table(&[(500, 20)], Between::Straight), Err(RatingError::TooFew { given: 1 }));
    let log = Between::Logarithmic(Stage::from_mm(500));
    let refused = table(&[(500, 20), (900, 50)], log).unwrap_err();
    assert_eq!(refused, RatingError::NoLogarithm { place: 1, zero_mm: 500 });
}

#[test]
fn parts_that_do_not_join_are_refused() {
    let parts = |second: Power| RatingCurve::powers(then(0), vec![power(0, 1000, 50.0, 1.5), second]);
    assert!(parts(power(1000, 4000, 50.0, 2.0)).is_ok());
    assert_eq!(parts(power(1100, 4000, 50.0, 2.0)), Err(RatingError::NotJoined { place: 2 }));
    assert_eq!(parts(power(1000, 4000, 45.0, 2.0)), Err(RatingError::NotJoined { place: 2 }));
    assert_eq!(parts(power(1000, 4000, 80.0, 2.0)), Err(RatingError::NotJoined { place: 2 }));
    assert_eq!(parts(power(1000, 1000, 50.0, 2.0)), Err(RatingError::NoLaw { place: 2 }));
    assert_eq!(parts(power(1000, 4000, f64::NAN, 2.0)), Err(RatingError::NoLaw { place: 2 }));
    assert_eq!(parts(power(1000, 4000, 50.0, 1e9)), Err(RatingError::NoLaw { place: 2 }));
}

#[test]
fn a_logarithmic_table_through_a_power_law_is_that_law() {
    let law = RatingCurve::powers(then(0), vec![power(100, 5000, 60.0, 1.7)]).unwrap();
    let points = (1..=50).map(|n| Stage::from_mm(n * 100)).map(|h| (h, law.rate(h).discharge)).collect();
    let log = RatingCurve::table(then(0), points, Between::Logarithmic(Stage::from_mm(0))).unwrap();
    for mm in 100..=5000 {
        let (a, b) = (law.rate(Stage::from_mm(mm)), log.rate(Stage::from_mm(mm)));
        assert!((a.discharge.l_per_s() - b.discharge.l_per_s()).abs() <= 2, "{mm}");
    }
}

#[test]
fn the_curve_of_the_day_is_used() {
    let mut ratings = Ratings::default();
    let curve = |day| RatingCurve {
        valid_from: then(day),
        ..table(&[(0, day), (9, 99)], Between::Straight).unwrap()
    };
    for day in [20, 10] {
        ratings.add(curve(day)).unwrap();
    }
    assert!(ratings.add(curve(10)).is_err());
    assert_eq!(ratings.at(then(9)), None);
    assert_eq!(ratings.at(then(10)), Some(&curve(10)));
    assert_eq!(ratings.at(then(30)), Some(&curve(20)));
}

proptest! {
    #[test]
    fn more_stage_is_never_less_discharge(
        steps in prop::collection::vec((1_i64..2000, 1_i64..500_000), 2..12),
        (a, b) in (-500_i64..20_000, 0_i64..3000),
        log in any::<bool>(),
    ) {
        let (mut mm, mut l_s) = (0, 0);
        let points = steps.iter().map(|(dh, dq)| {
            (mm, l_s) = (mm + dh, l_s + dq);
            (Stage::from_mm(mm), Discharge::from_l_per_s(l_s))
        }).collect();
        let between = if log { Between::Logarithmic(Stage::from_mm(0)) } else { Between::Straight };
        let curve = RatingCurve::table(then(0), points, between).unwrap();
        let (low, high) = (curve.rate(Stage::from_mm(a)), curve.rate(Stage::from_mm(a + b)));
        prop_assert!(low.discharge <= high.discharge);
        let (foot, top) = curve.range();
        prop_assert_eq!(low.bound == Bound::Estimate, (foot..=top).contains(&Stage::from_mm(a)));
    }
}

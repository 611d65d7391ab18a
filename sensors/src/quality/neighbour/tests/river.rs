//! Promises of stages beside rain, releases and each other.

use super::*;

/// A grid with a river whose stages are compared.
fn with_river(tidal: bool) -> Town {
    let city = grid(3, 3);
    let ix = |id: &str, parameter| {
        city.sensor_named(&SensorId { station: StationId::new(id), parameter, name: None }).unwrap()
    };
    let gauges = (0..9).map(SensorIx).collect();
    let reach = Reach {
        stage: ix("down", Parameter::Stage),
        gauges,
        releases: [ix("dam", Parameter::Release)].into(),
        beside: [ix("up", Parameter::Stage), ix("between", Parameter::Stage)].into(),
        lag_max: Span::from_h(6),
        tidal,
    };
    let known = Neighbours::new(&city, RainLimits::default(), StageLimits::default(), vec![reach], &[]);
    Town::new(city, known, Span::from_h(96))
}

fn stage(town: &Town, id: &str, n: i64, mm: i64) -> Observation {
    let parameter = if id == "dam" { Parameter::Release } else { Parameter::Stage };
    let (sensor, value) = (town.ix(id, parameter), Observed::Value(Value::from_raw(mm)));
    Observation { sensor, measured_at: hour(n), from: None, arrived_at: hour(n), value }
}

/// Rain in millimetres, the stage and the release by hour; the stages beside it as `beside` says.
fn flows(
    town: &Town,
    hours: i64,
    rain: impl Fn(i64) -> f64,
    own: impl Fn(i64) -> i64,
    release: impl Fn(i64) -> i64,
    beside: impl Fn(i64) -> i64,
) -> Vec<Observation> {
    let mut said = rained(town, (3, 3), hours, |_, _, n| rain(n));
    for n in 1..=hours {
        said.push(stage(town, "down", n, own(n)));
        said.push(stage(town, "dam", n, release(n)));
        said.push(stage(town, "up", n, beside(n)));
        said.push(stage(town, "between", n, beside(n)));
    }
    said.sort_by_key(|word| word.measured_at);
    said
}

#[test]
fn a_river_that_lies_still_under_hours_of_heavy_rain_is_doubtful_until_it_moves() {
    let mut town = with_river(false);
    let rain = |n: i64| if (2..=10).contains(&n) { 15.0 } else { 0.0 };
    let own = |n: i64| if n < 20 { 1_000 } else { 1_000 + (n - 19) * 200 };
    let said = flows(&town, 24, rain, own, |_| 100_000, |n| 1_000 + 20 * n);
    town.run(&said);
    let case = *town.inspection.cases_of(town.ix("down", Parameter::Stage)).next().unwrap();
    assert_eq!((case.check, case.is_open()), (Check::MultiVariate, false));
    assert!(hour(12) <= case.shown_at && case.shown_at <= hour(16), "{case:?}");
    assert_eq!(case.until, Some(hour(19)), "it moves again: {case:?}");
}

#[test]
fn a_rise_without_rain_or_release_is_doubtful_and_a_rise_with_a_cause_is_a_fact() {
    let step = |n: i64| if n < 30 { 1_000 } else { 1_900 };
    let run = |tidal, rain: f64, release: i64, beside: i64| {
        let mut town = with_river(tidal);
        let turned = |n: i64, by: i64| if n >= 27 { by } else { 0 };
        let said = flows(
            &town,
            34,
            |n| if n >= 22 { rain } else { 0.0 },
            step,
            |n| 100_000 + turned(n, release),
            |n| 1_000 + turned(n, beside),
        );
        town.run(&said);
        town.accused()
    };
    assert_eq!(run(false, 0.0, 0, 0), [("down".to_owned(), Check::MultiVariate)]);
    assert_eq!(run(true, 0.0, 0, 0), [], "the tide moves it");
    assert_eq!(run(false, 4.0, 0, 0), [], "it rained");
    assert_eq!(run(false, 0.0, 900_000, 0), [], "the dam let water go");
    assert_eq!(run(false, 0.0, 0, 800), [], "the stages beside it rose as well");
}

#[test]
fn a_stage_that_lies_still_while_those_beside_it_rise_is_doubtful() {
    let mut town = with_river(false);
    let said = flows(&town, 30, |_| 1.0, |_| 1_000, |_| 100_000, |n| 1_000 + 250 * n);
    town.run(&said);
    assert_eq!(town.accused(), [("down".to_owned(), Check::Neighbour)]);
}

#[test]
fn a_stage_that_a_person_trusts_is_not_doubted_again_for_what_it_showed_before() {
    let mut town = with_river(false);
    let rain = |n: i64| if (2..=10).contains(&n) { 15.0 } else { 0.0 };
    let said = flows(&town, 15, rain, |_| 1_000, |_| 100_000, |n| 1_000 + 20 * n);
    town.run(&said);
    let down = town.ix("down", Parameter::Stage);
    let open = |town: &Town| town.inspection.cases_of(down).filter(|case| case.is_open()).count();
    assert_eq!(open(&town), 1, "{:?}", town.cases());
    town.inspection.release(down, hour(15)).unwrap();
    // Something comes late, and its steps are judged again.
    town.take(&depth(&town, "g00", 12, 300));
    town.inspect();
    assert_eq!(open(&town), 0, "{:?}", town.cases());
    // The next hours look back over the time before the release as well.
    let later = flows(&town, 17, rain, |_| 1_000, |_| 100_000, |n| 1_000 + 20 * n);
    let later: Vec<Observation> = later.into_iter().filter(|word| word.measured_at > hour(15)).collect();
    town.run(&later);
    assert_eq!(open(&town), 0, "{:?}", town.cases());
}

//! Rule 5: silence is news, once for each cause, and so is the first word after it.

use rules::hazard::Hazard;
use sensors::reading::{Observation, Observed};
use sensors::station::SensorIx;
use sensors::time::Span;

use crate::event::Event;

use super::rig::{Town, hue, line, min, reading, sensor, switch};

/// A town in which everybody has spoken for a while, and nothing was told.
fn awake() -> Town {
    let mut town = Town::new();
    town.all_speak(&[]);
    town.go_on(10, &[]);
    assert_eq!(town.notices(), Vec::<String>::new());
    town.forget();
    town
}

#[test]
fn rule_05_a_deadline_is_told_at_its_moment_and_the_state_asks_to_be_looked_at_then() {
    let mut town = awake();
    let quiet = [sensor(&town.plan, "phu-oc/stage")];
    let due = town.state.due[quiet[0].at()];
    town.go_on(30, &quiet);
    assert!(town.notices().is_empty(), "{:?}", town.notices());
    town.go_on(30, &quiet);
    let told = town.transitions();
    assert_eq!((told.len(), told[0].at, told[0].hazard), (1, due, Hazard::Telemetry));
    assert_eq!(town.notices(), ["Mất tín hiệu: Phú Ốc"]);
}

#[test]
fn rule_05_a_gauge_that_came_back_has_a_deadline_again_however_long_the_others_have() {
    let mut town = Town::new();
    let gauge = sensor(&town.plan, "phu-oc/stage");
    // Only a dam with a long deadline is awake, so nobody's moment is near.
    town.pass(Span::from_h(12));
    for id in ["ta-trach/release", "ta-trach/pool_level"] {
        let event = reading(&town.plan, sensor(&town.plan, id), town.now, 40_000);
        town.decide(&[event]);
    }
    town.pass(min(1));
    let event = reading(&town.plan, gauge, town.now, 500);
    town.decide(&[event]);
    let due = town.state.due[gauge.at()];
    assert!(town.state.wake_at.is_some_and(|at| at <= due), "{:?} {due}", town.state.wake_at);
    town.forget();
    town.pass(min(60));
    assert_eq!(town.transitions().first().map(|t| t.at), Some(due));
}

#[test]
fn rule_05_thirty_gauges_lost_with_one_line_are_one_notice_and_one_when_it_is_back() {
    let mut town = awake();
    let posts = line(&town.plan, "city-posts");
    let behind = town.behind(posts);
    let stations = 33;
    let down = switch(posts, town.now, false);
    town.decide(&[down]);
    town.go_on(180, &behind);
    let raised = town.transitions().len();
    assert!(raised >= 30, "{raised} stations are silent");
    assert_eq!(town.notices().len(), 1, "{:?}", town.notices());
    assert!(town.notices()[0].contains("city-posts"), "{:?}", town.notices());
    let staff: Vec<_> = town.deliveries().into_iter().filter(|d| d.hazard == Hazard::Telemetry).collect();
    assert_eq!(staff.len(), 1);
    assert!(raised >= stations - 3, "{raised}");

    town.forget();
    let up = switch(posts, town.now, true);
    town.decide(&[up]);
    town.go_on(600, &[]);
    assert_eq!(town.notices(), ["Có đường truyền lại: city-posts"]);
    assert_eq!(town.transitions().len(), raised, "all of them are back");
}

#[test]
fn rule_05_without_a_known_cause_three_together_are_one_notice_and_two_are_two() {
    let rain = |town: &Town, ids: &[&str]| -> Vec<SensorIx> {
        ids.iter().map(|id| sensor(&town.plan, &format!("{id}/rainfall"))).collect()
    };
    let mut town = awake();
    let quiet = rain(&town, &["228005", "677851", "681524"]);
    // They are lost together, but said their last words some seconds apart.
    for (n, ix) in quiet.iter().enumerate() {
        town.pass(Span::from_s(4));
        let event = reading(&town.plan, *ix, town.now, 200 * n as i64);
        town.decide(&[event]);
    }
    town.go_on(120, &quiet);
    assert_eq!(town.notices(), ["Mất tín hiệu 3 trạm"]);

    let mut town = awake();
    let quiet = rain(&town, &["228005", "677851"]);
    town.go_on(120, &quiet);
    assert_eq!(town.notices().len(), 2, "{:?}", town.notices());
}

#[test]
fn rule_05_those_that_stay_silent_when_their_line_is_back_are_told_once() {
    let mut town = awake();
    let gateway = line(&town.plan, "gateway-a-luoi");
    let behind = town.behind(gateway);
    let down = switch(gateway, town.now, false);
    town.decide(&[down]);
    town.go_on(60, &behind);
    assert_eq!(town.notices().len(), 1, "{:?}", town.notices());
    town.forget();
    let up = switch(gateway, town.now, true);
    town.decide(&[up]);
    let dead = &behind[..2];
    town.go_on(15, dead);
    assert_eq!(town.notices(), ["Có đường truyền lại: gateway-a-luoi"], "they have their deadline");
    town.go_on(600, dead);
    assert_eq!(town.notices()[1..], ["Mất tín hiệu 2 trạm"]);
    // And they are told of when they come back, as all whose silence was told.
    town.forget();
    town.go_on(60, &[]);
    assert_eq!(town.notices().len(), 2, "{:?}", town.notices());
}

#[test]
fn rule_05_a_line_that_never_speaks_again_is_told_of_once_more_and_not_for_ever() {
    let mut town = awake();
    let gateway = line(&town.plan, "gateway-a-luoi");
    let behind = town.behind(gateway);
    for minutes in [60, 5, 5, 5] {
        // It flaps; only the last time does it stay up.
        let down = switch(gateway, town.now, false);
        town.decide(&[down]);
        town.go_on(minutes, &behind);
        let up = switch(gateway, town.now, true);
        town.decide(&[up]);
        town.go_on(5, &behind);
    }
    town.go_on(600, &behind);
    assert_eq!(town.notices().len(), 2, "{:?}", town.notices());
    assert_eq!(town.notices()[1], "Mất tín hiệu 7 trạm");
}

#[test]
fn rule_05_a_gauge_that_only_says_that_it_has_no_value_is_told_of_as_blind() {
    let mut town = awake();
    let gauge = sensor(&town.plan, "kim-long/stage");
    for _ in 0..6 {
        town.go_on(10, &[gauge]);
        let Event::Observed(said) = reading(&town.plan, gauge, town.now, 0) else { unreachable!() };
        town.decide(&[Event::Observed(Observation { value: Observed::Missing, ..said })]);
    }
    assert_eq!(town.notices(), ["Mất tín hiệu: Kim Long"], "it speaks, and we see nothing");
}

#[test]
fn rule_05_stations_that_lost_one_feeder_are_one_notice_whatever_lines_they_hang_on() {
    let mut plan = crate::watch::snapshot::Plan::load(None).unwrap();
    plan.receivers = hue().receivers.clone();
    // Two posts of the broker and two radars behind a gateway.
    let posts = ["74647403", "751118", "74647705", "74647404"];
    for id in posts {
        let station = plan.city.stations.iter_mut().find(|station| station.id.as_str() == id).unwrap();
        station.power = Some("lộ 471".to_owned());
    }
    let mut town = Town::of(std::sync::Arc::new(plan), super::rig::evening());
    town.all_speak(&[]);
    town.go_on(10, &[]);
    town.forget();
    let quiet: Vec<SensorIx> = posts.iter().map(|id| sensor(&town.plan, &format!("{id}/stage"))).collect();
    town.go_on(60, &quiet);
    assert_eq!(town.notices(), ["Mất tín hiệu 4 trạm"]);
    let body = town.bulletins()[0].texts[0].body.clone();
    assert!(body.contains("chung nguồn điện lộ 471"), "{body}");
}

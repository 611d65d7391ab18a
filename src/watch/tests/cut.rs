//! Stations that say themselves, or by the gateway before them, that they are cut off.

use rules::hazard::Hazard;
use sensors::station::{SensorIx, StationIx};

use crate::event::{Event, StationHealth, StationState};
use crate::watch::silence::CUT_PATIENCE;

use super::rig::{Town, line, min, reading, sensor};

const GATEWAY: &str = "gateway/status";

/// The first stations behind the posts' broker, with all of their sensors on it.
fn behind_gateway(town: &Town, count: usize) -> (Vec<StationIx>, Vec<SensorIx>) {
    let behind = town.behind(line(&town.plan, "city-posts"));
    let mut stations: Vec<StationIx> = Vec::new();
    for ix in &behind {
        let station = town.plan.city.sensor(*ix).unwrap().station;
        if !stations.contains(&station) && stations.len() < count {
            stations.push(station);
        }
    }
    let sensors =
        behind.into_iter().filter(|ix| stations.contains(&town.plan.city.sensor(*ix).unwrap().station));
    (stations.clone(), sensors.collect())
}

fn said(town: &Town, stations: &[StationIx], online: bool, is_news: bool) -> Event {
    let why = GATEWAY.to_owned();
    let state = if online { StationState::Online } else { StationState::Offline { why } };
    let (line, stations) = (line(&town.plan, "city-posts"), stations.to_vec());
    Event::Station(StationHealth { line, stations, at: town.now, state, is_news })
}

/// A town in which everybody has just spoken.
fn awake() -> Town {
    let mut town = Town::new();
    town.all_speak(&[]);
    town.forget();
    town
}

#[test]
fn whoever_is_cut_off_is_told_without_waiting_for_a_deadline_and_once_for_one_cause() {
    let mut town = awake();
    let (stations, sensors) = behind_gateway(&town, 2);
    let event = said(&town, &stations, false, true);
    town.decide(&[event]);
    assert_eq!(town.commits[0].stations.len(), 1, "it is seen at once");
    assert_eq!(town.notices(), Vec::<String>::new());
    town.pass(CUT_PATIENCE);
    town.decide(&[]);
    let told: Vec<_> = town.bulletins().into_iter().filter(|b| b.hazard == Hazard::Telemetry).collect();
    assert_eq!(told.len(), 1, "{:?}", town.notices());
    let body = &told[0].texts[0].body;
    assert!(body.contains("Thiết bị đã mất kết nối (gateway/status)."), "{body}");
    assert!(sensors.iter().all(|ix| town.state.silent[ix.at()].is_some()));
    assert!(town.transitions().iter().all(|t| t.at == town.now));

    // A word from one of them says more than the will that nobody took back.
    town.forget();
    town.pass(min(5));
    let event = reading(&town.plan, sensors[0], town.now, 100);
    town.decide(&[event]);
    assert!(matches!(town.state.stations[stations[0].at()], Some((_, StationState::Online))));
    assert!(town.state.silent[sensors[0].at()].is_none());
}

#[test]
fn a_modem_that_dials_again_is_no_news_and_hides_no_silence() {
    let mut town = awake();
    let (stations, sensors) = behind_gateway(&town, 1);
    let due = town.state.due[sensors[0].at()];
    // It comes and goes every minute and never says a number.
    while town.now < due {
        let event = said(&town, &stations, false, true);
        town.decide(&[event]);
        town.pass(sensors::time::Span::from_s(10));
        let event = said(&town, &stations, true, true);
        town.decide(&[event]);
        assert!(town.now >= due || town.state.silent[sensors[0].at()].is_none());
        town.pass(sensors::time::Span::from_s(50));
    }
    town.pass(min(1));
    let fell = town.state.silent[sensors[0].at()];
    assert_eq!(fell, Some(due), "its own deadline holds");
}

#[test]
fn what_a_broker_kept_is_a_state_that_names_the_cause_and_no_news() {
    let mut town = awake();
    let (stations, sensors) = behind_gateway(&town, 1);
    let due = town.state.due[sensors[0].at()];
    let event = said(&town, &stations, false, false);
    town.decide(&[event]);
    town.pass(min(1));
    assert_eq!(town.notices(), Vec::<String>::new());
    assert_eq!(town.state.due[sensors[0].at()], due);
    assert!(town.state.cut[sensors[0].at()].is_none());
    // The same once more changes nothing.
    town.forget();
    let event = said(&town, &stations, false, false);
    town.decide(&[event]);
    assert!(town.commits[0].is_empty());
    // Its deadline tells of it with the cause.
    town.go_on(60, &sensors);
    let bodies: Vec<String> = town.bulletins().iter().map(|b| b.texts[0].body.clone()).collect();
    assert!(bodies.iter().any(|body| body.contains("(gateway/status)")), "{bodies:?}");
}

#[test]
fn a_gateway_cuts_only_what_stands_behind_it() {
    let mut town = awake();
    let (stations, _) = behind_gateway(&town, 1);
    let elsewhere = sensor(&town.plan, "ta-trach/release");
    let other = town.plan.city.sensor(elsewhere).unwrap().station;
    let event = said(&town, &[other], false, true);
    town.decide(&[event]);
    assert!(town.state.cut[elsewhere.at()].is_none(), "it is reached over another line");
    assert_ne!(stations, [other]);
}

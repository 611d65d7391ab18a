//! What the API answers to those who ask well.

use baolu::serve::route::{Access, routes};
use baolu::store::commit::Commit;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY};

use super::house::{House, rain, suspect};
use crate::store::town::{ended, minute, of_readings, raise, reading, tick};

#[tokio::test(flavor = "multi_thread")]
async fn a_station_shows_its_latest_reading_exactly_and_since_when_it_is_silent() {
    let mut house = House::open().await;
    house.commit(of_readings(vec![reading(0, minute(0), 1200), rain(0, 86_200)]));
    house.change(|state| state.silent[1] = Some(minute(7)));
    let seq = house.commit(of_readings(vec![suspect(1, 9_001)]));
    house.shows(seq).await;

    let list = house.json("/api/v1/stations").await;
    assert_eq!((&list["seq"], list["stations"].as_array().unwrap().len()), (&seq.0.into(), 2));
    assert_eq!(list["exercise"], true);
    assert!(list["generated_at"].as_str().unwrap().ends_with('Z'));
    let text = house.ask("/api/v1/stations/rain-0").await.text().await.unwrap();
    assert!(text.contains(r#""value":86.2,"unit":"mm""#), "{text}");
    let gauge = house.json("/api/v1/stations/gauge-0").await;
    let latest = &gauge["sensors"][0]["latest"];
    assert_eq!(latest["quality"], "suspect");
    assert_eq!((&latest["check"], &latest["qartod"]), (&"spike".into(), &3.into()));
    assert_eq!(latest["measured_at"], minute(1).to_string());
    assert_eq!(gauge["sensors"][0]["silent_since"], serde_json::Value::Null);
    let rain = house.json("/api/v1/stations/rain-0").await;
    assert_eq!(rain["sensors"][0]["silent_since"], minute(7).to_string());
    assert_eq!(rain["sensors"][0]["latest"]["from"], minute(-10).to_string());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_is_paged_without_loss_or_doubles_also_while_readings_arrive() {
    let mut house = House::open().await;
    for n in 0..25 {
        house.commit(tick(n));
    }
    let range = format!("from={}&to={}", minute(0), minute(100));
    let mut path = format!("/api/v1/stations/gauge-0/series?parameter=stage&{range}&limit=10");
    let (first, mut seen) = (path.clone(), Vec::new());
    loop {
        let page = house.json(&path).await;
        assert!(page["readings"].as_array().unwrap().len() <= 10);
        seen.extend(page["readings"].as_array().unwrap().iter().map(|r| r["measured_at"].clone()));
        // Late data and new data: pages go on with what was known on the first.
        house.commit(of_readings(vec![reading(0, minute(3).plus(sensors::time::Span::from_s(30)), 5)]));
        house.commit(tick(60 + seen.len() as i64));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{first}&cursor={next}");
    }
    assert_eq!(seen, (0..25).map(|n| minute(n).to_string()).collect::<Vec<_>>());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_can_be_read_as_it_was_known_then() {
    let mut house = House::open().await;
    let before = house.commit(of_readings(vec![reading(0, minute(0), 1000)]));
    house.commit(Commit { at: minute(30), ..of_readings(vec![reading(0, minute(0), 1500)]) });
    let path = |known: &str| {
        format!("/api/v1/stations/gauge-0/series?parameter=stage&from={}&to={}{known}", minute(0), minute(1))
    };
    assert_eq!(house.json(&path("")).await["readings"][0]["value"], 1.5);
    for then in [format!("&known_at={}", before.0), format!("&known_at={}", minute(29))] {
        let known = house.json(&path(&then)).await;
        assert_eq!(
            (&known["readings"][0]["value"], &known["known_at"]),
            (&1.into(), &before.0.into()),
            "{then}"
        );
    }
    let nothing = house.json(&path(&format!("&known_at={}", minute(-100)))).await;
    assert_eq!(nothing["readings"].as_array().unwrap().len(), 0);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rainfall_rows_carry_the_start_of_their_interval_and_the_end_of_a_range_is_outside() {
    let mut house = House::open().await;
    house.commit(of_readings(vec![rain(0, 200), rain(10, 400), rain(20, 600)]));
    let path =
        format!("/api/v1/stations/rain-0/series?parameter=rainfall&from={}&to={}", minute(0), minute(20));
    let page = house.json(&path).await;
    let rows = page["readings"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[1]["from"], &rows[1]["value"]), (&minute(0).to_string().into(), &0.4.into()));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn latest_since_a_commit_gives_what_changed_after_it_and_nothing_else() {
    let mut house = House::open().await;
    house.commit(of_readings(vec![reading(0, minute(0), 1200), rain(0, 200)]));
    let seq = house.commit(tick(1));
    house.shows(seq).await;
    let all = house.json("/api/v1/latest").await;
    assert_eq!(all["sensors"].as_array().unwrap().len(), 2);
    let newer = house.commit(of_readings(vec![rain(10, 400)]));
    house.shows(newer).await;
    let changed = house.json(&format!("/api/v1/latest?since={}", seq.0)).await;
    let sensors = changed["sensors"].as_array().unwrap();
    assert_eq!(
        (sensors.len(), &sensors[0]["station"], &changed["seq"]),
        (1, &"rain-0".into(), &newer.0.into())
    );
    let nothing = house.json(&format!("/api/v1/latest?since={}", newer.0)).await;
    assert_eq!(nothing["sensors"].as_array().unwrap().len(), 0);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_explains_itself_to_the_end_of_its_deliveries() {
    let mut house = House::open().await;
    let raised = raise(5);
    let ends: Vec<_> =
        raised.deliveries.iter().map(|d| ended(d, 6, baolu::notify::delivery::End::Sent)).collect();
    let id = raised.transitions[0].alert.to_string();
    house.commit(raised);
    for end in ends {
        house.commit(end);
    }
    let open = house.json("/api/v1/alerts").await;
    assert_eq!(
        (&open["alerts"][0]["alert"], &open["alerts"][0]["level"]),
        (&id.clone().into(), &"bd1".into())
    );
    let story = house.json(&format!("/api/v1/alerts/{id}")).await;
    let cause = &story["transitions"][0]["because"][0];
    assert_eq!(
        (&cause["station"], &cause["value"], &cause["unit"]),
        (&"gauge-0".into(), &2.01.into(), &"m".into())
    );
    assert!(story["transitions"][0]["rule_version"].is_string());
    assert_eq!(story["bulletins"][0]["texts"][0]["lang"], "vi");
    let ends: Vec<_> = story["deliveries"].as_array().unwrap().iter().map(|d| &d["outcome"]).collect();
    assert_eq!(ends, ["sent", "sent"]);
    assert!(!story.to_string().contains("duty-desk"), "a receiver is named in public");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_paged_from_the_newest_without_loss() {
    let mut house = House::open().await;
    for n in 0..7 {
        house.commit(raise(n * 10));
    }
    let (mut path, mut seen) = ("/api/v1/alerts?state=all&limit=3".to_owned(), Vec::new());
    loop {
        let page = house.json(&path).await;
        seen.extend(page["alerts"].as_array().unwrap().iter().map(|a| a["began_at"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/alerts?state=all&limit=3&cursor={next}");
    }
    assert_eq!(seen, (0..7).rev().map(|n| minute(n * 10).to_string()).collect::<Vec<_>>());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_change_is_not_sent_again() {
    let mut house = House::open().await;
    let seq = house.commit(tick(0));
    house.shows(seq).await;
    for path in
        ["/api/v1/stations", "/api/v1/stations/gauge-0", "/api/v1/latest", "/api/v1/alerts", "/openapi.json"]
    {
        let first = house.ask(path).await;
        let tag = first.headers()[ETAG].clone();
        let again = house.client.get(house.url(path)).header(IF_NONE_MATCH, &tag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), again.headers().get(ETAG)), (304, Some(&tag)), "{path}");
        assert!(again.bytes().await.unwrap().is_empty());
        let head = house.client.head(house.url(path)).send().await.unwrap();
        assert_eq!((head.status().as_u16(), head.headers().get(ETAG)), (200, Some(&tag)), "{path}");
        assert!(head.bytes().await.unwrap().is_empty());
    }
    let tag = house.ask("/api/v1/stations").await.headers()[ETAG].clone();
    let seq = house.commit(tick(1));
    house.shows(seq).await;
    let changed =
        house.client.get(house.url("/api/v1/stations")).header(IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_compressed_for_those_who_can_read_it_and_for_nobody_else() {
    let house = House::open().await;
    let ask = |codings: &'static str| {
        let request = house.client.get(house.url("/api/v1/stations")).header(ACCEPT_ENCODING, codings);
        async { request.send().await.unwrap() }
    };
    let packed = ask("br;q=0.1, gzip").await;
    assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
    assert_eq!(packed.headers()[VARY], "accept-encoding");
    for odd in ["identity", "gzip;q=0", "snappy", ";;;=,"] {
        let plain = ask(odd).await;
        assert_eq!((plain.status().as_u16(), plain.headers().get(CONTENT_ENCODING)), (200, None), "{odd}");
        assert!(plain.json::<serde_json::Value>().await.is_ok());
    }
    super::house::assert_problem(ask("*;q=0").await, 406, "no coding at all").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_a_dead_line_from_a_store_that_refuses() {
    let mut house = House::open().await;
    let seq = house.commit(raise(0));
    house.shows(seq).await;
    let ready = house.json("/health/ready").await;
    assert_eq!((&ready["ready"], &ready["lines_down"][0]["line"]), (&true.into(), &"gateway-upper".into()));
    house.pulse.unwritable("the disk is full");
    let response = house.ask("/health/ready").await;
    assert_eq!(response.status(), 503);
    let unready: serde_json::Value = response.json().await.unwrap();
    assert_eq!(unready["obstacles"][0]["why"], "the disk is full");
    assert_eq!(house.ask("/health/live").await.status(), 200);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_stands_still_is_not_alive() {
    let bounds = baolu::serve::Bounds { pulse_silence: std::time::Duration::ZERO, ..Default::default() };
    let house = House::bounded(bounds).await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(house.ask(path).await.status(), 503, "{path}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_answer_programs_on_this_machine_and_nobody_behind_a_proxy() {
    let mut house = House::open().await;
    let seq = house.commit(tick(0));
    house.shows(seq).await;
    let loopback: Vec<_> = routes().filter(|route| route.access == Access::Loopback).collect();
    assert!(!loopback.is_empty());
    for route in loopback {
        let status = house.ask(route.path).await.status();
        let is_whole = route.method == "GET" && !route.path.contains('{');
        assert!(!is_whole || status == 200, "{}: {status}", route.path);
        for header in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
            let method = reqwest::Method::from_bytes(route.method.as_bytes()).unwrap();
            let request = house.client.request(method, house.url(route.path)).header(header, "203.0.113.7");
            super::house::assert_problem(request.send().await.unwrap(), 403, header).await;
        }
    }
    let text = house.ask("/metrics").await.text().await.unwrap();
    for line in
        ["baolu_seq ", "baolu_line_up{line=\"broker\"} 0", "baolu_sensor_silent{sensor=\"rain-0/rainfall\"}"]
    {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn latest_tells_an_alert_while_it_runs_and_since_tells_that_it_ended() {
    let mut house = House::open().await;
    let before = house.commit(tick(0));
    house.change(|state| {
        let alert = std::sync::Arc::make_mut(&mut state.alerts[0]);
        alert.level = 1;
    });
    let raised = house.commit(tick(1));
    house.shows(raised).await;
    for path in ["/api/v1/latest".to_owned(), format!("/api/v1/latest?since={}", before.0)] {
        let alerts = house.json(&path).await["alerts"].clone();
        assert_eq!(
            (&alerts[0]["rule"], &alerts[0]["level"]),
            (&"silence".into(), &"silent".into()),
            "{path}"
        );
        assert_eq!((&alerts[0]["subject"], &alerts[0]["severity"]), (&"gauge-0".into(), &1.into()));
    }
    house.change(|state| std::sync::Arc::make_mut(&mut state.alerts[0]).level = 0);
    let ended = house.commit(tick(2));
    house.shows(ended).await;
    assert_eq!(house.json("/api/v1/latest").await["alerts"].as_array().unwrap().len(), 0);
    let since = house.json(&format!("/api/v1/latest?since={}", raised.0)).await;
    assert_eq!((&since["alerts"][0]["level"], &since["alerts"][0]["severity"]), (&"none".into(), &().into()));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_a_station_tells_what_came_how_late_and_what_was_wrong_with_it() {
    let mut house = House::open().await;
    let late = |n: i64| sensors::reading::Reading {
        arrived_at: minute(n).plus(sensors::time::Span::from_min(40)),
        ..reading(0, minute(n), 1_200)
    };
    // Two intervals of ten minutes, one of them twice; the clock of the house says minute 60.
    house.commit(of_readings(vec![late(1), late(2), late(11)]));
    let seq = house.commit(of_readings(vec![suspect(12, 9_001)]));
    house.shows(seq).await;
    let health = house.json("/api/v1/health/stations").await;
    let station = health["stations"].as_array().unwrap().iter().find(|s| s["id"] == "gauge-0").unwrap();
    let sensor = &station["sensors"][0];
    assert_eq!((&sensor["readings"], &sensor["missing"]), (&4.into(), &0.into()));
    assert_eq!(sensor["flags"]["spike"], 1, "{sensor}");
    assert_eq!(sensor["delay_s"], 2400.0);
    assert_eq!(sensor["clock_offset_s"], -2400.0, "no way takes forty minutes again and again");
    assert!(sensor["completeness"].as_f64().is_some_and(|share| share > 0.0 && share < 0.1), "{sensor}");
    let rain = health["stations"].as_array().unwrap().iter().find(|s| s["id"] == "rain-0").unwrap();
    assert_eq!(rain["sensors"][0]["blind"], "never_heard");
    assert_eq!(health["false_silence_rate"], serde_json::Value::Null);
    house.stop().await;
}

//! A warning whose evidence was revised: shown in the lists, in its story and in the stream.

use baolu::store::commit::Commit;
use rules::alert::{AlertId, EvidenceRevised};
use sensors::quality::{Check, Quality};
use sensors::quantity::Value;
use sensors::station::SensorIx;
use serde_json::json;

use super::events::Listener;
use super::house::House;
use crate::store::town::{minute, raise, tick};

fn doubted(alert: &AlertId) -> Commit {
    let revised = EvidenceRevised {
        alert: alert.clone(),
        at: minute(9),
        sensor: SensorIx(0),
        measured_at: minute(5),
        value: Some(Value::from_raw(2_010)),
        quality: Quality::Suspect(Check::Neighbour),
    };
    Commit { at: minute(9), revised: vec![revised], ..Commit::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_whose_evidence_was_revised_says_when_by_which_station_and_check() {
    let mut house = House::open().await;
    let seq = house.commit(tick(0));
    house.shows(seq).await;
    let raised = raise(5);
    let alert = raised.transitions[0].alert.clone();
    let before = house.commit(raised);
    let fresh = house.json("/api/v1/alerts").await;
    assert_eq!(fresh["alerts"][0]["evidence_revised"], json!([]));

    let seq = house.commit(doubted(&alert));
    house.shows(seq).await;
    let expected = json!({
        "at": minute(9).to_string(), "station": "gauge-0", "parameter": "stage", "sensor": null,
        "measured_at": minute(5).to_string(), "value": 2.01, "unit": "m", "quality": "suspect",
        "check": "neighbour",
    });
    let open = house.json("/api/v1/alerts").await;
    assert_eq!(open["alerts"][0]["evidence_revised"], json!([expected]));
    assert_eq!(open["alerts"][0]["level"], "bd1", "the warning stands");
    let story = house.json(&format!("/api/v1/alerts/{alert}")).await;
    assert_eq!(story["evidence_revised"], json!([expected]));

    // A peer that was away hears the same from the store.
    let mut late = Listener::open(&house, Some(&before.0.to_string())).await;
    let told = late.next().await.unwrap();
    assert_eq!(told.name, "alert");
    let content = json!({ "seq": seq.0, "alert": alert.to_string(), "evidence_revised": expected });
    assert_eq!(told.data, content);
    house.stop().await;
}

//! An officer lowers BĐ2 at Kim Long: proposed, backtested over what was recorded and the simulator's storm,
//! approved, in force.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value as Json, json};

use super::draft::{get, post_to};
use crate::peer::baolu::{City, PATIENCE, Service};

/// Asks until a backtest has ended.
fn ended(service: &Service, id: &str) -> Json {
    let began = Instant::now();
    loop {
        let (status, _, job) = get(service, &format!("/api/v1/backtests/{id}"));
        assert_eq!(status, 200, "{job}");
        if !["waiting", "running"].contains(&job["state"].as_str().unwrap()) {
            return job;
        }
        assert!(began.elapsed() < 4 * PATIENCE, "{job}");
        std::thread::yield_now();
    }
}

fn draft(service: &Service) -> String {
    let edit = r#"{"edits":[
        {"rule":"stage-kim-long","level":"bd2","key":"raise_m","value":1.8},
        {"rule":"stage-kim-long","level":"bd2","key":"clear_m","value":1.6}]}"#;
    let (status, _, answer) = post_to(service, "rules/drafts", "truc-ban", "p1", "", edit);
    assert_eq!(status, 200, "{answer}");
    answer["paper"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_draft_is_backtested_over_the_storms_at_hand_and_then_a_second_officer_may_approve_it() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hue/storm_2025-11-16_observed_stage.csv");
    let Ok(csv) = std::fs::read_to_string(&file) else {
        assert!(std::env::var_os("CI").is_none(), "{} is absent", file.display());
        println!("skipped: {} is absent", file.display());
        return;
    };
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let id = draft(&service);
    let question = json!({
        "draft": id, "storms": ["drizzle"], "recorded": [{ "name": "2025-11 recorded", "csv": csv }],
    });
    let (status, _, job) = post_to(&service, "backtests", "truc-ban", "b1", "", &question.to_string());
    assert_eq!((status, &job["draft"]), (202, &Json::from(id.as_str())), "{job}");
    let job_id = job["id"].as_str().unwrap().to_owned();
    let (_, _, again) = post_to(&service, "backtests", "truc-ban", "b2", "", &question.to_string());
    assert_eq!(again["id"], job["id"], "the same question is the same job");
    let job = ended(&service, &job_id);
    assert_eq!((&job["state"], &job["filed"]), (&"done".into(), &"filed".into()), "{job}");
    let truths = job["report"]["sum"]["truths"].as_array().unwrap();
    let bd2 = truths.iter().find(|t| t["truth"] == "kim-long" && t["step"] == "bd2").unwrap();
    assert_eq!(bd2["difference"]["lead_crossing_s"], 7200, "{bd2}");
    // The tests of the rules speak of 2.0 m; whoever approves takes that upon them by name.
    let failed = job["report"]["tests_failed"].as_array().unwrap();
    let name = |line: &Json| line.as_str().unwrap().split('"').nth(1).unwrap().to_owned();
    let failed: std::collections::BTreeSet<String> = failed.iter().map(name).collect();
    assert!(!failed.is_empty());

    let (_, head, kept) = get(&service, &format!("/api/v1/rules/drafts/{id}"));
    assert!(head.contains("etag: \"v2\"") && kept["state"] == "backtested", "{head} {kept}");
    let approve = format!("rules/drafts/{id}/approve");
    let (status, _, answer) =
        post_to(&service, &approve, "truc-ban-thuy-van", "a1", "If-Match: \"v2\"\r\n", "{}");
    assert!(
        status == 409 && answer["detail"].as_str().unwrap().contains("tests of the city fail"),
        "{answer}"
    );
    let body = json!({ "accepts_failing": failed, "note": "Các phép thử cũ nói 2,0 m." }).to_string();
    let (status, _, answer) =
        post_to(&service, &approve, "truc-ban-thuy-van", "a2", "If-Match: \"v2\"\r\n", &body);
    assert_eq!(status, 200, "{answer}");
    let in_force = get(&service, "/api/v1/rules").2;
    assert_eq!(in_force["version"], job["version"]);
    assert_eq!(in_force["version"], job["report"]["rules"]["new"]);
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn what_cannot_be_backtested_is_told_and_a_stop_of_the_service_ends_what_runs() {
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let ask = |key: &str, body: &str| post_to(&service, "backtests", "truc-ban", key, "", body);
    assert_eq!(ask("1", r#"{"draft":"nobody-knows","storms":["drizzle"]}"#).0, 404);
    let wrong = [
        r#"{"storms":["drizzle"]}"#,
        r#"{"rules":"[[rule]]","storms":["drizzle"]}"#,
        r#"{"rules":"","colour":1}"#,
    ];
    for (nth, body) in wrong.iter().enumerate() {
        assert_eq!(ask(&format!("w{nth}"), body).0, 400, "{body}");
    }
    let rules = city.read("rules.toml");
    for (key, question) in [
        ("2", json!({ "rules": rules })),
        ("3", json!({ "rules": rules, "storms": ["tsunami"] })),
        ("4", json!({ "rules": rules, "history": { "from": "yesterday" } })),
    ] {
        let (status, _, answer) = ask(key, &question.to_string());
        assert_eq!(status, 400, "{answer}");
    }
    assert_eq!(get(&service, "/api/v1/backtests/b-0").0, 404);
    assert_eq!(post_to(&service, "backtests/b-0/cancel", "truc-ban", "5", "", "{}").0, 404);
    let question = json!({ "rules": rules, "storms": ["2025-11"] });
    let (status, _, job) = ask("6", &question.to_string());
    assert_eq!(status, 202, "{job}");
    let cancel = format!("backtests/{}/cancel", job["id"].as_str().unwrap());
    assert_eq!(post_to(&service, &cancel, "truc-ban", "7", "", "{}").0, 200);
    let job = ended(&service, job["id"].as_str().unwrap());
    assert!(job["state"] == "cancelled" || job["filed"].as_str().unwrap().starts_with("not_filed"), "{job}");
    assert_eq!(ask("8", &json!({ "rules": rules, "storms": ["2025-11", "drizzle"] }).to_string()).0, 202);
    assert_eq!(service.terminate(), Some(0));
}

//! Officers change the rules over the keyboard and over HTTP, and the folder is not asked twice.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value as Json;

use crate::peer::baolu::{City, Ended, PATIENCE, Service, run};

/// An order as another program sends it; the status, the headers and the body of the answer.
fn post(service: &Service, path: &str, who: &str, key: &str, more: &str, body: &str) -> (u16, String, Json) {
    post_to(service, &format!("rules/{path}"), who, key, more, body)
}

/// The same to any path.
pub(super) fn post_to(
    service: &Service,
    path: &str,
    who: &str,
    key: &str,
    more: &str,
    body: &str,
) -> (u16, String, Json) {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\
         Content-Type: application/json\r\nBaolu-Officer: {who}\r\nIdempotency-Key: {key}\r\n{more}\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    told(stream)
}

pub(super) fn get(service: &Service, path: &str) -> (u16, String, Json) {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    told(stream)
}

fn told(mut stream: TcpStream) -> (u16, String, Json) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or(Json::Null))
}

fn rules(service: &Service, arguments: &[&str]) -> Ended {
    let server = service.address.to_string();
    run(&[&["rules"], arguments, &["--server", &server]].concat())
}

#[test]
fn an_officer_proposes_rules_reads_what_changes_and_nobody_approves_them_without_a_backtest() {
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let in_force = get(&service, "/api/v1/rules").2;
    assert_eq!(in_force["folder_differs"], Json::Array(Vec::new()));
    assert!(in_force["rules"].to_string().contains("\"raise_m\":3.5"), "{in_force}");

    let edit =
        r#"{"edits":[{"rule":"stage-kim-long","level":"bd2","key":"raise_m","value":1.9}],"note":"sau lũ"}"#;
    let (status, _, answer) = post(&service, "drafts", "truc-ban", "1", "", edit);
    assert_eq!((status, &answer["four_eyes"]), (200, &Json::from("not_enforced")), "{answer}");
    let id = answer["paper"]["id"].as_str().unwrap().to_owned();
    let (_, _, again) = post(&service, "drafts", "truc-ban", "1", "", edit);
    assert_eq!(again["outcome"], "repeated");
    let (_, head, draft) = get(&service, &format!("/api/v1/rules/drafts/{id}"));
    assert!(head.contains("etag: \"v1\""), "{head}");
    assert_eq!(draft["diff"][0]["key"], "when.raise_m");
    assert_eq!((&draft["diff"][0]["from"], &draft["diff"][0]["to"]), (&"2.0".into(), &"1.9".into()));

    let approve = format!("drafts/{id}/approve");
    assert_eq!(
        post(&service, &approve, "truc-ban-thuy-van", "2", "", "{}").0,
        428,
        "what was seen must be named"
    );
    let (status, _, refused) =
        post(&service, &approve, "truc-ban-thuy-van", "3", "If-Match: \"v1\"\r\n", "{}");
    assert_eq!(status, 409);
    assert!(refused["detail"].as_str().unwrap().contains("no backtest of this very version"), "{refused}");
    assert_eq!(post(&service, &approve, "truc-ban-thuy-van", "4", "If-Match: \"v7\"\r\n", "{}").0, 412);
    let withdraw = format!("drafts/{id}/withdraw");
    assert_eq!(post(&service, &withdraw, "truc-ban", "5", "If-Match: \"v1\"\r\n", "{}").0, 200);
    assert_eq!(get(&service, &format!("/api/v1/rules/drafts/{id}")).2["state"], "withdrawn");

    let wrong = r#"{"edits":[{"rule":"stage-kim-long","level":"bd2","key":"raise_m","value":2000},
        {"rule":"wind","level":"bft8","key":"hold_h","value":1}]}"#;
    let (status, _, refused) = post(&service, "drafts", "truc-ban", "6", "", wrong);
    let detail = refused["detail"].as_str().unwrap();
    assert!(status == 400 && detail.contains("is it mm?") && detail.contains("hold_h"), "{detail}");
    assert!(refused["errors"][0]["field"].as_str().unwrap().starts_with("rules.toml:"), "{refused}");
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn what_is_exported_is_byte_for_byte_what_was_imported_and_a_file_is_proposed_from_the_keyboard() {
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    assert_eq!(rules(&service, &["export"]).out, city.read("rules.toml"));
    let folder = city.beside("export");
    let folder = folder.to_str().unwrap();
    assert_eq!(rules(&service, &["export", "--to", folder]).code, Some(0));
    for file in ["rules.toml", "phrases.vi.toml", "phrases.en.toml"] {
        assert_eq!(std::fs::read_to_string(format!("{folder}/{file}")).unwrap(), city.read(file));
    }
    let same = rules(&service, &["import", folder, "--by", "truc-ban"]);
    assert!(same.out.contains("in force already"), "{} {}", same.out, same.err);
    let path = format!("{folder}/rules.toml");
    let text =
        city.read("rules.toml").replacen("raise_m = 3.5, clear_m = 3.3", "raise_m = 3.4, clear_m = 3.3", 1);
    std::fs::write(&path, text).unwrap();
    let said = "rules.toml stage-kim-long bd3 when.raise_m: 3.5 -> 3.4";
    assert_eq!(rules(&service, &["diff", "current", &path]).out.trim(), said);
    let proposed = rules(&service, &["import", &path, "--by", "truc-ban", "--note", "hạ BĐ3"]);
    assert!(proposed.code == Some(0) && proposed.out.contains(said), "{} {}", proposed.out, proposed.err);
    let nobody = rules(&service, &["import", &path, "--by", "ai-do"]);
    assert!(nobody.code == Some(1) && nobody.err.contains("truc-ban"), "{}", nobody.err);
    assert_eq!(rules(&service, &["history"]).out.lines().count(), 1);
}

#[test]
fn a_folder_that_differs_from_the_rules_in_force_is_named_at_the_start_and_taken_only_by_name() {
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let version = get(&service, "/api/v1/rules").2["version"].clone();
    assert_eq!(service.terminate(), Some(0));
    city.edit("rules.toml", "raise_m = 3.5, clear_m = 3.3", "raise_m = 3.6, clear_m = 3.3");
    let service = Service::start(&city, &data, &[]);
    let in_force = get(&service, "/api/v1/rules").2;
    assert_eq!((&in_force["version"], &in_force["folder_differs"][0]), (&version, &"rules.toml".into()));
    assert_eq!(get(&service, "/health/ready").2["rules_differ"][0], "rules.toml");
    assert!(service.log().contains("differ from the folder's"), "{}", service.log());
    assert_eq!(service.terminate(), Some(0));
    let service = Service::start(&city, &data, &["--rules-from-folder", "Lê Văn A"]);
    let history = get(&service, "/api/v1/rules/history").2;
    assert_eq!(history["versions"][0]["approved_by"], "Lê Văn A", "{history}");
    assert_eq!(history["versions"][0]["before"], version);
    assert_eq!(service.terminate(), Some(0));
}

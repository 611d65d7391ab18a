//! TLS with Mosquitto: who is let in, who is believed, and what is told of it.

use std::path::Path;

use baolu::clock::Clock;
use baolu::event::LineState;

use super::place::place;
use crate::peer::authority::{Authority, Issued, text};
use crate::peer::collector::Collector;
use crate::peer::mosquitto::Mosquitto;
use crate::peer::{free_port, skip};

/// A broker with a plain listener for the publishers and one for TLS, where it wants certificates.
fn broker(ca: &Path, server: &Issued, port: u16, more: &str) -> Option<Mosquitto> {
    Mosquitto::start_with(&format!(
        "allow_anonymous true\nlistener {port} 127.0.0.1\ncafile {}\ncertfile {}\nkeyfile {}\n\
         require_certificate true\n{more}",
        ca.display(),
        server.certificate.display(),
        server.key.display()
    ))
}

fn line(version: &str, ca: &Path, ours: &Issued, name: &str) -> String {
    let expiry = if version == "5" { "" } else { "version = \"3.1.1\"\n" };
    format!(
        "{expiry}tls = {{ ca = \"{}\", certificate = \"{}\", key = \"{}\", server_name = \"{name}\" }}\n\
         subscription = [{{ topic = \"a\", station = \"a\", type = \"post\" }}]",
        text(ca),
        text(&ours.certificate),
        text(&ours.key)
    )
}

fn start(port: u16, line: &str) -> Collector {
    Collector::start(&place(&[("a", "[\"stage\"]")], port, line), Clock::wall(), 64)
}

async fn why(collector: &mut Collector) -> String {
    match collector.change().await {
        LineState::Down { why } => why,
        LineState::Up => panic!("it is up"),
    }
}

#[tokio::test]
async fn both_versions_speak_over_tls_with_a_client_certificate() {
    let mut authority = Authority::new();
    let (server, ours) =
        (authority.issue("server", "broker.hue", 300), authority.issue("ours", "baolu", 300));
    for version in ["5", "3.1.1"] {
        let port = free_port();
        let Some(broker) = broker(&authority.ca(), &server, port, "") else { return skip("mosquitto") };
        let mut collector = start(port, &line(version, &authority.ca(), &ours, "broker.hue"));
        collector.up().await;
        let sent: Vec<String> = (1..=3000).map(|n| format!("{:.3}", f64::from(n) / 1000.0)).collect();
        broker.publish("a", sent.iter().map(String::as_str));
        for n in 1..=3000 {
            assert_eq!(collector.raw().await, n, "MQTT {version}");
        }
        let rest = collector.stop().await;
        assert!(rest.is_empty(), "nothing is warned of: {rest:?}");
    }
}

#[tokio::test]
async fn a_broker_that_is_not_the_right_one_is_not_believed() {
    let (mut authority, other) = (Authority::new(), Authority::new());
    let (server, ours) =
        (authority.issue("server", "broker.hue", 300), authority.issue("ours", "baolu", 300));
    let port = free_port();
    let Some(_broker) = broker(&authority.ca(), &server, port, "") else { return skip("mosquitto") };
    for (ca, name, expected) in [
        (other.ca(), "broker.hue", "not signed by an authority of our ca file"),
        (authority.ca(), "another.hue", "is for another name"),
    ] {
        let mut collector = start(port, &line("5", &ca, &ours, name));
        let why = why(&mut collector).await;
        assert!(why.starts_with("TLS: ") && why.contains(expected), "{why}");
        collector.stop().await;
    }
}

#[tokio::test]
async fn a_broker_whose_certificate_has_expired_is_not_believed() {
    let mut authority = Authority::new();
    let (server, ours) = (authority.issue("server", "broker.hue", -2), authority.issue("ours", "baolu", 300));
    let port = free_port();
    let Some(_broker) = broker(&authority.ca(), &server, port, "") else { return skip("mosquitto") };
    let mut collector = start(port, &line("5", &authority.ca(), &ours, "broker.hue"));
    assert_eq!(why(&mut collector).await, "TLS: the broker's certificate has expired");
    collector.stop().await;
}

#[tokio::test]
async fn our_own_certificate_may_be_missing_expired_or_of_another_key_and_is_renewed_without_a_restart() {
    let mut authority = Authority::new();
    let server = authority.issue("server", "broker.hue", 300);
    let other = authority.issue("other", "other", 300);
    let expired = authority.issue("ours", "baolu", -2);
    let port = free_port();
    let Some(broker) = broker(&authority.ca(), &server, port, "") else { return skip("mosquitto") };

    let nowhere = Issued { certificate: authority.path("nowhere.pem"), key: other.key.clone(), serial: 0 };
    let mut collector = start(port, &line("5", &authority.ca(), &nowhere, "broker.hue"));
    let told = why(&mut collector).await;
    assert!(told.contains("nowhere.pem") && told.contains("No such file"), "{told}");
    collector.stop().await;

    let mixed = Issued { certificate: expired.certificate.clone(), key: other.key.clone(), serial: 0 };
    let mut collector = start(port, &line("5", &authority.ca(), &mixed, "broker.hue"));
    let told = why(&mut collector).await;
    assert!(told.contains("other.key") && told.contains("is not the key of"), "{told}");
    collector.stop().await;

    let mut collector = start(port, &line("5", &authority.ca(), &expired, "broker.hue"));
    let told = why(&mut collector).await;
    // OpenSSL may say it a moment before we read it, and then only cut us.
    assert!(told.contains("has expired") || told.contains("cut") || told.contains("reset"), "{told}");
    authority.issue("ours", "baolu", 300);
    assert_eq!(collector.change().await, LineState::Up, "the new files were read");
    broker.publish("a", ["1.5"]);
    assert_eq!(collector.raw().await, 1500);
    collector.stop().await;
}

#[tokio::test]
async fn a_revoked_certificate_is_told() {
    let mut authority = Authority::new();
    let (server, ours) =
        (authority.issue("server", "broker.hue", 300), authority.issue("ours", "baolu", 300));
    let list = format!("crlfile {}", authority.revoke(&ours).display());
    let port = free_port();
    let Some(_broker) = broker(&authority.ca(), &server, port, &list) else { return skip("mosquitto") };
    let mut collector = start(port, &line("5", &authority.ca(), &ours, "broker.hue"));
    let told = why(&mut collector).await;
    assert!(told.contains("revoked") || told.contains("cut") || told.contains("reset"), "{told}");
    collector.stop().await;
}

#[tokio::test]
async fn certificates_that_end_within_two_weeks_are_told_once_each() {
    let mut authority = Authority::new();
    let (server, ours) = (authority.issue("server", "broker.hue", 12), authority.issue("ours", "baolu", 5));
    let port = free_port();
    let Some(_broker) = broker(&authority.ca(), &server, port, "") else { return skip("mosquitto") };
    let mut collector = start(port, &line("5", &authority.ca(), &ours, "broker.hue"));
    let mut told = [collector.stray().await, collector.stray().await].map(|stray| stray.why);
    told.sort();
    assert!(told[0].starts_with("our client certificate ends at 20"), "{told:?}");
    assert!(told[1].starts_with("the broker's certificate ends at 20"), "{told:?}");
    collector.stop().await;
}

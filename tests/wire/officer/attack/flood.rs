//! More and larger than anybody can mean: refused at a bound, while everything else goes on.

use std::time::{Duration, Instant};

use super::{Line, ONE, OTHER, draft, free, ledger_holds};
use crate::peer::baolu::{City, Service};

#[test]
fn bodies_of_ten_megabytes_and_cap_bombs_are_refused() {
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let signed = format!("Baolu-Officer: {ONE}\r\nIdempotency-Key: big\r\nConnection: close\r\n");
    let ten = vec![b' '; 10 * 1024 * 1024];
    for path in ["bulletins", "release-orders", "rules/drafts", "warnings/x/approve", "foreign-alerts/check"]
    {
        let (status, _) = Line::to(&service, ONE).ask("POST", &format!("/api/v1/{path}"), &signed, &ten);
        assert_eq!(status, 413, "{path}");
    }
    let laugh = |n: u32| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    let laughs = (1..12).map(laugh).collect::<Vec<_>>().concat();
    let crowd = (0..50_000).map(|n| format!("a{n}=\"\" ")).collect::<Vec<_>>().concat();
    let bombs = [
        format!("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY l0 \"ha\">{laughs}]><alert>&l11;</alert>"),
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><alert>&x;</alert>".to_owned(),
        "<a>".repeat(200_000),
        format!("<alert {crowd}/>"),
        format!("<alert>{}", "<info/>".repeat(100_000)),
        "\u{0}\u{1}".repeat(1000),
    ];
    let began = Instant::now();
    for bomb in &bombs {
        let mut line = Line::to(&service, ONE);
        let (status, why) = line.ask("POST", "/api/v1/foreign-alerts/check", "", bomb.as_bytes());
        assert!(status != 200 || why["valid"] == false, "{status} {why}");
        assert!([200, 400, 413].contains(&status), "{status} {why}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(Line::to(&service, ONE).ask("GET", "/health/live", "", b"").0, 200);
    assert_eq!(service.terminate(), Some(0));
}

/// Resident memory of a process, kB.
fn resident_kb(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn ten_thousand_proposals_are_refused_beyond_the_bound_and_reads_go_on() {
    const TYPED: u32 = 10_000;
    const DRAFTS: u32 = 80;
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let mut line = Line::to(&service, ONE);
    let mut reads = Line::to(&service, OTHER);
    let (mut taken, mut drafts, mut slowest) = (0, 0, Duration::ZERO);
    let mut at_bound = 0;
    for n in 0..TYPED {
        let (status, why) = line.order("/api/v1/bulletins", None, &free(&format!("Tin số {n}.")));
        match status {
            200 => taken += 1,
            409 => assert!(why["detail"].as_str().unwrap().contains("which is the most"), "{why}"),
            _ => panic!("{status} {why}"),
        }
        if n == 1000 {
            at_bound = resident_kb(service.id());
        }
        if n % 100 == 0 {
            let began = Instant::now();
            assert_eq!(reads.ask("GET", "/api/v1/latest", "", b"").0, 200);
            slowest = slowest.max(began.elapsed());
        }
    }
    let grown = resident_kb(service.id()).saturating_sub(at_bound);
    assert_eq!(taken, 200);
    assert!(grown < 100_000, "9,000 refusals took {grown} kB");
    for n in 0..DRAFTS {
        let (status, why) = line.order("/api/v1/rules/drafts", None, &draft(1.81 + f64::from(n) / 1000.0));
        match status {
            200 => drafts += 1,
            409 => assert!(why["detail"].as_str().unwrap().contains("drafts are open"), "{why}"),
            _ => panic!("{status} {why}"),
        }
        let began = Instant::now();
        assert_eq!(reads.ask("GET", "/api/v1/latest", "", b"").0, 200);
        slowest = slowest.max(began.elapsed());
    }
    assert_eq!(drafts, 64);
    assert!(slowest < Duration::from_secs(1), "a read took {slowest:?}");
    println!("grown {grown} kB, slowest read {slowest:?}");
    assert_eq!(service.terminate(), Some(0));
    ledger_holds(&data);
}

//! The promises of the outbox.

use rules::alert::AlertId;
use rules::bulletin::{Act, Author};
use sensors::time::Timestamp;

use super::*;
use crate::notify::token::Tokens;

fn receivers() -> Receivers {
    let text = "[[webhook]]\nname = \"duty\"\nurl = \"https://duty.example/\"\nsecret_env = \"S\"\nlang = \"en\"\n\
                [[webhook]]\nname = \"radio\"\nurl = \"https://radio.example/\"\nsecret_env = \"S\"\n\
                carries = [\"flood\", \"release\"]\nseverity_min = 4\n";
    let phones = [("p1", "phu-vang", "vi"), ("p2", "thuan-hoa", "vi"), ("p3", "thuan-hoa", "en")]
        .map(|(receiver, zone, lang)| {
            format!("{{\"receiver\":\"{receiver}\",\"token\":\"t-{receiver}\",\"zone\":\"{zone}\",\"lang\":\"{lang}\"}}")
        })
        .join("\n");
    Receivers::parse("receivers.toml", text)
        .unwrap()
        .with_fcm("http://127.0.0.1:1", "baolu-test", "{}")
        .with_tokens(Tokens::parse("phones.jsonl", &phones).unwrap())
}

fn text(lang: &str, title: &str) -> Text {
    Text::push(Lang(lang.into()), title.to_owned(), "…".to_owned())
}

fn bulletin(hazard: Hazard, severity: u8, severity_max: u8) -> Bulletin {
    let zones =
        if hazard.is_public() { vec![ZoneId::new("thuan-hoa"), ZoneId::new("phu-vang")] } else { vec![] };
    Bulletin {
        id: BulletinId("b-1".into()),
        alert: AlertId("a-1".into()),
        hazard,
        act: Act::Raised,
        severity: Severity::new(severity).unwrap(),
        severity_max: Severity::new(severity_max).unwrap(),
        zones,
        at: Timestamp::from_ms(1_763_300_000_000),
        automatic: true,
        author: Author::Rule,
        texts: vec![text("vi", "Lũ"), text("en", "Flood")],
    }
}

fn told(bulletin: &Bulletin) -> Vec<(String, String, String)> {
    let name = |target| match target {
        Target::Topic { severity_max } => format!("s1..s{}", severity_max.step()),
        Target::Token { receiver } | Target::Webhook { receiver } => receiver,
    };
    intend(bulletin, &receivers())
        .into_iter()
        .map(|d| {
            (d.zone.map_or(String::new(), |zone| zone.to_string()), d.lang.0.to_string(), name(d.target))
        })
        .collect()
}

fn row(zone: &str, lang: &str, target: &str) -> (String, String, String) {
    (zone.to_owned(), lang.to_owned(), target.to_owned())
}

#[test]
fn a_lesser_bulletin_goes_to_the_topics_of_each_zone_and_language() {
    assert_eq!(
        told(&bulletin(Hazard::Flood, 2, 2)),
        [
            row("thuan-hoa", "vi", "s1..s2"),
            row("thuan-hoa", "en", "s1..s2"),
            row("phu-vang", "vi", "s1..s2"),
            row("phu-vang", "en", "s1..s2"),
        ]
    );
}

#[test]
fn a_severe_bulletin_goes_to_registered_phones_too_in_the_order_of_its_zones() {
    let told = told(&bulletin(Hazard::Flood, 3, 3));
    assert_eq!(
        told[4..],
        [row("thuan-hoa", "vi", "p2"), row("thuan-hoa", "en", "p3"), row("phu-vang", "vi", "p1")]
    );
}

#[test]
fn whoever_was_told_of_the_worst_is_told_of_the_easing() {
    let easing = told(&bulletin(Hazard::Flood, 2, 4));
    assert_eq!(easing[0], row("thuan-hoa", "vi", "s1..s4"));
    for phone in ["p1", "p2", "p3", "radio"] {
        assert!(easing.iter().any(|(_, _, target)| target == phone), "{phone}");
    }
}

#[test]
fn telemetry_goes_to_staff_and_never_to_the_public() {
    assert_eq!(told(&bulletin(Hazard::Telemetry, 5, 5)), [row("", "en", "duty")]);
}

#[test]
fn a_proposal_goes_to_nobody() {
    let proposal = Bulletin { automatic: false, ..bulletin(Hazard::Flood, 5, 5) };
    assert!(intend(&proposal, &receivers()).is_empty());
}

#[test]
fn an_empty_area_is_never_everyone() {
    let nowhere = Bulletin { zones: vec![], ..bulletin(Hazard::Flood, 5, 5) };
    assert!(intend(&nowhere, &receivers()).iter().all(|d| matches!(d.target, Target::Webhook { .. })));
}

#[test]
fn ids_are_the_same_in_every_life_and_different_for_every_delivery() {
    let ids =
        |b: &Bulletin| intend(b, &receivers()).into_iter().map(|d| d.id.0.to_string()).collect::<Vec<_>>();
    let flood = bulletin(Hazard::Flood, 4, 4);
    let mut all = ids(&flood);
    assert_eq!(all, ids(&flood));
    // Kept from the first release on: another value would show warnings twice after an upgrade.
    assert_eq!(all[0], "f17721bd5d0e7aa5f11ce294589ca2e7");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 2 * 2 + 3 + 1);
    assert!(all.iter().all(|id| id.len() == 32));
}

#[test]
fn the_topic_and_the_token_of_a_phone_carry_one_notice() {
    let deliveries = intend(&bulletin(Hazard::Flood, 4, 4), &receivers());
    let of = |target: &str| {
        deliveries
            .iter()
            .find(|d| match &d.target {
                Target::Topic { .. } => target == "topic" && d.lang.0.as_ref() == "vi",
                Target::Token { receiver } => receiver == target,
                Target::Webhook { .. } => false,
            })
            .unwrap()
    };
    assert_ne!(of("topic").id, of("p2").id);
    assert_eq!(notice_id(of("topic")), notice_id(of("p2")));
    assert_eq!(notice_id(of("topic")), of("topic").id.0.as_ref());
    assert_ne!(notice_id(of("topic")), notice_id(of("p1")), "another ward");
}

#[test]
fn a_topic_names_hazard_zone_minimum_severity_and_language() {
    let topics = topics(
        "hue",
        Hazard::HeavyRain,
        &ZoneId::new("thuan-hoa"),
        Severity::new(2).unwrap(),
        &Lang("vi".into()),
    );
    assert_eq!(topics, ["hue.heavy-rain.thuan-hoa.s1.vi", "hue.heavy-rain.thuan-hoa.s2.vi"]);
}

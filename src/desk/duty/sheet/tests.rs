//! The roster and the mistakes of `duty.toml`.

use super::*;
use sensors::time::Timestamp;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn hue() -> Duty {
    let officers =
        Officers::parse("officers.toml", include_str!("../../../../config/hue/officers.toml")).unwrap();
    let names = Names { officers: Some(&officers), receivers: None };
    Duty::parse("duty.toml", include_str!("../../../../config/hue/duty.toml"), names).unwrap()
}

#[test]
fn the_file_of_hue_has_somebody_on_duty_at_every_minute() {
    let duty = hue();
    let chain = duty.chain(at("2025-11-17T03:00:00+07:00"), 420);
    assert_eq!(chain, ["truc-ban", "truc-ban-thuy-van", "chi-huy-truong"]);
    assert_eq!((duty.bounds, duty.calling), (Bounds::default(), Calling::default()));
    assert!(duty.quiet.is_none());
}

#[test]
fn a_roster_with_a_gap_is_a_mistake_that_names_the_minute() {
    let text = "chief = \"b\"\n[[person]]\nofficer = \"a\"\n[[person]]\nofficer = \"b\"\n[[post]]\nid = \"p\"\nname = \"P\"\n\
        shift = [{ officer = \"a\", days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"], from = \"07:00\", to = \"07:00\" },\n\
        { officer = \"b\", days = [\"sat\"], from = \"07:00\", to = \"07:00\" }]\n";
    let mistakes = Duty::parse("duty.toml", text, Names::default()).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].wrong.contains("nobody holds the post on Monday at 00:00"), "{mistakes:?}");
    let whole = text.replace("[\"sat\"]", "[\"sat\", \"sun\"]");
    let duty = Duty::parse("duty.toml", &whole, Names::default()).unwrap();
    let post = &duty.posts[0];
    // Monday before seven belongs to the night of Sunday.
    assert_eq!(post.holder(at("2025-11-17T06:59:00+07:00"), 420), Some("b"));
    assert_eq!(post.holder(at("2025-11-17T07:00:00+07:00"), 420), Some("a"));
    let next = post.next(at("2025-11-17T06:30:00+07:00"), 420);
    assert_eq!(next, Some((at("2025-11-17T07:00:00+07:00"), "a")));
    assert_eq!(post.next(at("2025-11-17T07:00:00+07:00"), 420), Some((at("2025-11-22T07:00:00+07:00"), "b")));
    let twice = whole.replace("[\"sat\", \"sun\"]", "[\"fri\", \"sat\", \"sun\"]");
    let mistakes = Duty::parse("duty.toml", &twice, Names::default()).unwrap_err();
    assert!(mistakes[0].wrong.contains("2 hold the post on Friday at 07:00"), "{mistakes:?}");
}

#[test]
fn names_that_nobody_has_and_hours_that_would_hide_danger_are_mistakes_told_at_once() {
    let officers = Officers::default();
    let receivers = Receivers::default();
    let names = Names { officers: Some(&officers), receivers: Some(&receivers) };
    let text = "chief = \"c\"\n[[person]]\nofficer = \"a\"\nwebhooks = [\"x\"]\n[[post]]\nid = \"p\"\nname = \"P\"\n\
        shift = [{ officer = \"z\", from = \"25:00\", to = \"7:00\" }]\n[quiet_hours]\nfrom = \"22:00\"\nto = \"05:00\"\n\
        severity_max = 3\nhazards = [\"flood\", \"release\", \"flash-flood\", \"landslide\"]\n[bounds]\nalarms_per_officer_10_min_max = 2\n";
    let mistakes = Duty::parse("duty.toml", text, names).unwrap_err();
    let keys: Vec<&str> = mistakes.iter().map(|mistake| mistake.key.as_str()).collect();
    for key in [
        "chief",
        "person[0].officer",
        "person[0].webhooks[0]",
        "post[0].shift[0].officer",
        "post[0].shift[0].from",
        "post[0].shift[0].to",
        "quiet_hours.severity_max",
        "quiet_hours.hazards[1]",
        "quiet_hours.hazards[2]",
        "quiet_hours.hazards[3]",
        "bounds.alarms_kept_for_severe",
    ] {
        assert!(keys.contains(&key), "{key} in {mistakes:#?}");
    }
}

#[test]
fn quiet_hours_over_midnight_end_in_the_morning() {
    let quiet = Quiet {
        from_min: 22 * 60,
        to_min: 5 * 60,
        severity_max: Severity::MIN,
        hazards: vec![Hazard::Flood],
    };
    let morning = at("2025-11-17T05:00:00+07:00");
    assert_eq!(quiet.end_of(at("2025-11-16T22:00:30+07:00"), 420), Some(morning));
    assert_eq!(quiet.end_of(at("2025-11-17T04:59:59+07:00"), 420), Some(morning));
    assert_eq!(quiet.end_of(morning, 420), None);
}

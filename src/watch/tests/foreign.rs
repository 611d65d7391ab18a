//! Other authorities' alerts: they follow, repeat, contradict each other, go back in time, and end.

use std::sync::Arc;

use sensors::time::Timestamp;

use super::rig::{Town, min};
use crate::cap::read::{BYTES_MAX, check};
use crate::desk::foreign::{self, Foreign, Frame, Heard, OPEN_MAX, Standing, Touch, places};
use crate::desk::paper::Kind;
use crate::desk::typed::Moment;
use crate::desk::{Act, warning};
use crate::event::Event;
use crate::order::{Act as Ordering, Answer, Done, OfficerId, Order, Refusal};
use crate::watch::decide::decide;

/// A message of an issuer: its number, how many minutes after the evening it was sent, what it is.
struct Word<'a> {
    number: &'a str,
    minutes: i64,
    kind: &'a str,
    status: &'a str,
    severity: &'a str,
    refers: &'a str,
    headline: &'a str,
}

impl Default for Word<'_> {
    fn default() -> Self {
        let (kind, status, severity) = ("Alert", "Actual", "Severe");
        Self { number: "N1", minutes: 0, kind, status, severity, refers: "", headline: "Lũ khẩn cấp" }
    }
}

fn stamp(at: Timestamp) -> String {
    at.to_string().replace('Z', "-00:00")
}

fn heard(word: &Word<'_>) -> Event {
    let sent = super::rig::evening().plus(min(word.minutes));
    let refers = |number: &str| format!("kttv@example.vn,{number},2025-11-16T11:00:00-00:00");
    let references = match word.refers {
        "" => String::new(),
        number => format!("<references>{}</references>", refers(number)),
    };
    let xml = format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{}</identifier><sender>kttv@example.vn</sender>\
         <sent>{}</sent><status>{}</status><msgType>{}</msgType><scope>Public</scope>{references}\
         <info><language>vi</language><category>Met</category><event>Lũ</event><urgency>Expected</urgency>\
         <severity>{}</severity><certainty>Likely</certainty><expires>{}</expires><senderName>Đài KTTV</senderName>\
         <headline>{}</headline><area><areaDesc>Huế</areaDesc></area></info></alert>",
        word.number,
        stamp(sent),
        word.status,
        word.kind,
        word.severity,
        stamp(sent.plus(min(600))),
        word.headline,
    );
    let verdict = check(xml.as_bytes(), BYTES_MAX, None);
    assert!(verdict.is_valid(), "{:?}", verdict.findings);
    let message = verdict.message.unwrap();
    Event::Foreign(Box::new(Heard {
        source: "folder".to_owned(),
        places: places(&message),
        message,
        touch: Touch::Unclear,
        breaches: Vec::new(),
    }))
}

fn open(town: &Town) -> Vec<&Foreign> {
    town.state.desk.foreign.iter().map(|(_, filed)| &filed.record).collect()
}

fn standing(town: &Town, number: &str) -> Vec<Standing> {
    open(town).iter().filter(|one| one.identifier == number).map(|one| one.standing).collect()
}

/// The titles of everything that officers were told.
fn told(town: &Town) -> Vec<String> {
    let bulletins = town.commits.iter().flat_map(|commit| &commit.bulletins);
    bulletins
        .map(|bulletin| bulletin.texts.first().map(|text| text.title.clone()).unwrap_or_default())
        .collect()
}

#[test]
fn a_severe_alert_is_told_once_its_repetition_never_and_it_closes_at_its_end() {
    let mut town = Town::new();
    town.decide(&[heard(&Word::default())]);
    town.pass(min(5));
    let commit = town.decide(&[heard(&Word::default())]);
    assert!(commit.papers.is_empty(), "the same message again is nothing");
    assert_eq!(
        told(&town).iter().filter(|title| title.contains("Lũ khẩn cấp")).count(),
        1,
        "{:?}",
        told(&town)
    );
    assert!(
        town.commits.iter().flat_map(|commit| &commit.bulletins).all(|bulletin| !bulletin.hazard.is_public())
    );
    town.pass(min(600));
    assert!(open(&town).is_empty());
    let last = town.commits.iter().flat_map(|commit| &commit.papers).last().unwrap();
    assert!(!last.is_open && last.record.contains("expired"));
    // What a feed still lists after its end changes nothing.
    assert!(town.decide(&[heard(&Word::default())]).papers.is_empty());
}

#[test]
fn an_update_takes_the_place_of_what_it_refers_to_and_a_cancel_ends_it() {
    let mut town = Town::new();
    town.decide(&[heard(&Word::default())]);
    town.pass(min(10));
    town.decide(&[heard(&Word {
        number: "N2",
        minutes: 10,
        kind: "Update",
        refers: "N1",
        ..Word::default()
    })]);
    assert_eq!(standing(&town, "N1"), [Standing::Superseded]);
    assert_eq!(standing(&town, "N2"), [Standing::InForce]);
    town.pass(min(10));
    // A feed that lists the old one again does not bring it back.
    town.decide(&[heard(&Word::default())]);
    assert_eq!(standing(&town, "N1"), [Standing::Superseded]);
    town.decide(&[heard(&Word {
        number: "N3",
        minutes: 20,
        kind: "Cancel",
        refers: "N2",
        ..Word::default()
    })]);
    assert_eq!(standing(&town, "N2"), [Standing::Cancelled]);
    assert!(!open(&town).iter().any(|one| one.is_in_force(town.now)));
    assert!(told(&town).iter().any(|title| title.contains("hủy")), "{:?}", told(&town));
}

#[test]
fn an_exercise_never_ends_a_real_alert_and_tells_nobody() {
    let mut town = Town::new();
    town.decide(&[heard(&Word::default())]);
    let before = told(&town).len();
    let exercise =
        Word { number: "E1", minutes: 1, kind: "Cancel", status: "Test", refers: "N1", ..Word::default() };
    town.pass(min(1));
    town.decide(&[heard(&exercise)]);
    town.decide(&[heard(&Word { number: "E2", minutes: 1, status: "Test", ..Word::default() })]);
    assert_eq!(standing(&town, "N1"), [Standing::InForce]);
    let strange = told(&town).len() - before;
    assert!(strange <= 1, "only that it speaks of what nobody heard: {:?}", told(&town));
}

#[test]
fn the_same_number_with_another_content_is_kept_apart_and_told() {
    let mut town = Town::new();
    town.decide(&[heard(&Word::default())]);
    for n in 0..5 {
        town.decide(&[heard(&Word { headline: &format!("Khác {n}"), ..Word::default() })]);
    }
    let mut all = standing(&town, "N1");
    all.sort_by_key(|one| *one != Standing::InForce);
    assert_eq!(all[0], Standing::InForce);
    assert!(all.len() == 6 && all[1..].iter().all(|one| *one == Standing::Contradiction), "{all:?}");
    let titles = told(&town);
    assert_eq!(
        titles.iter().filter(|title| title.contains("cùng số")).count(),
        1,
        "once an hour: {titles:?}"
    );
}

#[test]
fn what_goes_back_in_time_or_comes_from_the_future_or_from_nowhere_is_not_followed_and_told() {
    let mut town = Town::new();
    town.decide(&[heard(&Word { minutes: -10, ..Word::default() })]);
    town.decide(&[heard(&Word {
        number: "N0",
        minutes: -20,
        kind: "Update",
        refers: "N1",
        ..Word::default()
    })]);
    assert_eq!(standing(&town, "N1"), [Standing::InForce]);
    assert_eq!(standing(&town, "N0"), [Standing::Backwards]);
    town.decide(&[heard(&Word { number: "F", minutes: 120, ..Word::default() })]);
    assert_eq!(standing(&town, "F"), [Standing::Backwards]);
    town.decide(&[heard(&Word { number: "U", kind: "Update", refers: "never", ..Word::default() })]);
    assert_eq!(standing(&town, "U"), [Standing::InForce]);
    let titles = told(&town).join("\n");
    assert!(titles.contains("sai thời gian") && titles.contains("nối tiếp lạ"), "{titles}");
}

#[test]
fn the_newest_first_ends_as_the_oldest_first_does() {
    let mut town = Town::new();
    let update = Word { number: "N2", minutes: -1, kind: "Update", refers: "N1", ..Word::default() };
    town.decide(&[heard(&update), heard(&Word { minutes: -5, ..Word::default() })]);
    assert_eq!(
        (standing(&town, "N1"), standing(&town, "N2")),
        (vec![Standing::Superseded], vec![Standing::InForce])
    );
}

#[test]
fn a_flood_of_alerts_keeps_the_severe_ones_and_tells_it_once() {
    let mut town = Town::new();
    let names: Vec<String> = (0..OPEN_MAX + 50).map(|n| format!("M{n}")).collect();
    let minor: Vec<Event> =
        names.iter().map(|number| heard(&Word { number, severity: "Minor", ..Word::default() })).collect();
    town.decide(&minor);
    assert_eq!(town.state.desk.foreign.len(), OPEN_MAX);
    let before = town.commits.len();
    town.decide(&[heard(&Word::default())]);
    assert_eq!(standing(&town, "N1"), [Standing::InForce]);
    assert!(town.state.desk.foreign.len() == OPEN_MAX && town.commits[before].papers.len() <= 4);
    assert_eq!(
        told(&town).iter().filter(|title| title.contains("Quá nhiều")).count(),
        1,
        "{:?}",
        told(&town)
    );
}

/// A town where a quotation needs two officers, as in Huế.
fn give(town: &mut Town, by: &str, if_match: Option<u64>, act: Act) -> Answer {
    let key = format!("{by}-{}-{}", town.now.ms(), town.commits.len());
    let order =
        Order { actor: OfficerId::new(by), key: key.into(), note: None, if_match, act: Ordering::Desk(act) };
    let decision = decide(&town.state, town.now, &[Event::Ordered(Arc::new(order))]);
    town.state = decision.next;
    town.commits.push(decision.commit);
    decision.answers.into_iter().next().unwrap()
}

fn quote(id: &str) -> Act {
    let frame = Frame {
        hazard: "flood".to_owned(),
        zones: vec!["kim-long".to_owned()],
        whole_city: false,
        severity: None,
        valid_until: None,
        next_at: None,
    };
    Act::Foreign(foreign::Act::Quote { id: id.to_owned(), frame: Box::new(frame) })
}

fn dismiss(id: &str) -> Act {
    Act::Foreign(foreign::Act::Dismiss {
        id: id.to_owned(), reason: "Không phải vùng của ta".to_owned()
    })
}

fn approve(id: &str) -> Act {
    Act::Warning(warning::Act::Approve { id: id.to_owned(), zones: None, texts: Vec::new() })
}

fn why(answer: Answer) -> String {
    let Answer::Refused(why) = answer else { panic!("{answer:?}") };
    why.to_string()
}

fn id_of(town: &Town, number: &str) -> String {
    open(town).iter().find(|one| one.identifier == number).unwrap().id.clone()
}

#[test]
fn a_quotation_says_issuer_number_hour_and_words_and_waits_for_a_second_officer() {
    let mut town = Town::new();
    town.decide(&[heard(&Word::default())]);
    let id = id_of(&town, "N1");
    assert!(matches!(
        give(&mut town, "truc-ban", Some(9), quote(&id)),
        Answer::Refused(Refusal::Stale { .. })
    ));
    let Answer::Done(Done::Filed { kind: Kind::Typed, id: typed, .. }) =
        give(&mut town, "truc-ban", Some(1), quote(&id))
    else {
        panic!()
    };
    let fields = &town.state.desk.typed.find(&typed).unwrap().record.fields;
    assert_eq!(
        (fields.issuer.as_deref(), fields.number.as_deref(), fields.text.as_deref()),
        (Some("Đài KTTV"), Some("N1"), Some("Lũ khẩn cấp"))
    );
    assert_eq!((fields.issued_at, fields.severity), (Some(Moment(super::rig::evening())), Some(4)));
    let public = |town: &Town| {
        town.bulletins().into_iter().filter(|b| b.hazard.is_public() && b.automatic).collect::<Vec<_>>()
    };
    assert!(public(&town).is_empty(), "one officer is not enough");
    assert!(why(give(&mut town, "truc-ban", None, approve(&typed))).contains("another officer"));
    assert!(why(give(&mut town, "truc-ban", None, quote(&id))).contains("quoted in"), "once at a time");
    assert!(why(give(&mut town, "truc-ban", None, dismiss(&id))).contains("withdraw that bulletin first"));
    assert!(matches!(give(&mut town, "truong-ca", None, approve(&typed)), Answer::Done(_)));
    let told = public(&town);
    let full = &told[0].texts[0].full;
    for word in ["Đài KTTV", "N1", "18:00", "Lũ khẩn cấp"] {
        assert!(full.contains(word), "{word}: {full}");
    }
    // Its issuer goes on: whoever quoted it hears so, however mild it is by now.
    let before = town.bulletins().len();
    town.pass(min(10));
    town.decide(&[heard(&Word {
        number: "N2",
        minutes: 10,
        kind: "Update",
        severity: "Minor",
        refers: "N1",
        ..Word::default()
    })]);
    assert!(town.bulletins().len() > before);
}

#[test]
fn nothing_is_quoted_that_is_an_exercise_over_or_put_aside_and_an_empty_area_is_refused() {
    let mut town = Town::new();
    town.decide(&[heard(&Word { status: "Exercise", ..Word::default() })]);
    let id = id_of(&town, "N1");
    assert!(why(give(&mut town, "truc-ban", None, quote(&id))).contains("status Exercise"));
    town.decide(&[heard(&Word { number: "N2", ..Word::default() })]);
    let id = id_of(&town, "N2");
    let Act::Foreign(foreign::Act::Quote { mut frame, .. }) = quote(&id) else { panic!() };
    frame.zones.clear();
    let nowhere = Act::Foreign(foreign::Act::Quote { id: id.clone(), frame });
    assert!(why(give(&mut town, "truc-ban", None, nowhere)).contains("zones: is missing"));
    assert!(town.state.desk.typed.is_empty() && town.state.desk.foreign.find(&id).unwrap().version == 1);
    assert!(matches!(give(&mut town, "truc-ban", Some(1), dismiss(&id)), Answer::Done(_)));
    assert!(why(give(&mut town, "truc-ban", None, quote(&id))).contains("put it aside"));
    assert!(matches!(
        give(&mut town, "truc-ban", None, quote("nothing")),
        Answer::Refused(Refusal::Absent { .. })
    ));
}

#[test]
fn what_is_put_aside_stays_so_when_it_is_repeated_and_its_update_is_news() {
    let mut town = Town::new();
    town.decide(&[heard(&Word::default())]);
    let id = id_of(&town, "N1");
    let bare = Act::Foreign(foreign::Act::Dismiss { id: id.clone(), reason: " ".to_owned() });
    assert!(why(give(&mut town, "truc-ban", Some(1), bare)).contains("reason"));
    assert!(matches!(give(&mut town, "truc-ban", Some(1), dismiss(&id)), Answer::Done(_)));
    let papers = town.decide(&[heard(&Word::default())]).papers.len();
    assert_eq!((papers, standing(&town, "N1")), (0, vec![Standing::Dismissed]));
    let filed = town.state.desk.foreign.find(&id).unwrap();
    assert_eq!(filed.record.dismissed.as_ref().map(|given| given.by.as_str()), Some("truc-ban"));
    assert!(why(give(&mut town, "truc-ban", None, dismiss(&id))).contains("put aside already"));
    town.pass(min(10));
    town.decide(&[heard(&Word {
        number: "N2",
        minutes: 10,
        kind: "Update",
        refers: "N1",
        ..Word::default()
    })]);
    assert_eq!(standing(&town, "N2"), [Standing::InForce]);
}

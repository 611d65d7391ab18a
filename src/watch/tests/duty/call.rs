//! Escalation: whoever does not answer is followed by the next one, and nobody is called twice.

use sensors::time::{Span, Timestamp};

use super::super::rig::{Town, min};
use super::rig::{desk_told, kinds, morning, order, papers, plan, rang, restart};
use crate::desk::duty::Act;
use crate::desk::duty::call::About;
use crate::desk::warning::{Phase, Warning};
use crate::event::Event;
use crate::order::{Answer, Refusal};

/// A warning that was issued and that nobody has seen.
fn warning(severity: u8, since: Timestamp) -> Warning {
    Warning {
        id: "stage-kim-long.kim-long.1".to_owned(),
        phase: Phase::Issued,
        running: true,
        slot: Some("stage-kim-long.kim-long".to_owned()),
        hazard: "flood".to_owned(),
        level: "bd2".to_owned(),
        severity,
        began_ms: since.ms(),
        proposal: None,
        doubt: None,
        lapsed: false,
        told: None,
        steps: Vec::new(),
        acknowledged: Vec::new(),
        unacknowledged_ms: Some(since.ms()),
        reminded_ms: None,
        assigned: None,
        comments: Vec::new(),
        superseded_by: None,
    }
}

/// Files the warning as the life of warnings does.
fn put(town: &mut Town, warning: Warning) {
    let paper = town.state.desk.warnings.file(warning, None, town.now).unwrap();
    let commit = town.decide(&[]).clone();
    town.commits.pop();
    let mut commit = commit;
    commit.papers.insert(0, paper);
    town.commits.push(commit);
}

fn waiting() -> Town {
    let mut town = Town::of(plan(""), morning());
    let since = town.now;
    put(&mut town, warning(3, since));
    town
}

fn called(town: &Town) -> Vec<String> {
    let calls = papers(town);
    let waiting = calls.iter().find_map(|call| match &call.about {
        About::Warning(waiting) => Some(waiting.clone()),
        _ => None,
    });
    waiting.unwrap().called.into_iter().map(|called| called.officer).collect()
}

#[test]
fn a_warning_that_nobody_acknowledges_goes_along_the_roster_to_the_chief_and_each_is_called_once() {
    let mut town = waiting();
    assert_eq!(kinds(&town), ["warning"]);
    town.pass(min(9));
    assert!(called(&town).is_empty(), "ten minutes are given");
    town.pass(min(1));
    assert_eq!(called(&town), ["a"]);
    town.pass(min(10));
    assert_eq!(called(&town), ["a", "b"]);
    town.pass(min(600));
    assert_eq!(called(&town), ["a", "b", "chief"]);
    let since = morning();
    assert_eq!(rang(&town, "phone-a", since), [10, 40, 55], "one call, two reminders");
    assert_eq!(rang(&town, "phone-chief", since), [30, 40, 55]);
    let desk = rang(&town, "duty", since);
    assert!(
        [10, 20, 30, 40, 55].iter().all(|at| desk.contains(at)),
        "the desk hears of every step: {desk:?}"
    );
    let chief = desk_told(&town).into_iter().find(|d| d.lang.0.as_ref() == "en").unwrap();
    assert!(chief.title.starts_with("Unacknowledged"), "in the language that it reads: {}", chief.title);
}

#[test]
fn an_acknowledgement_stops_the_calls() {
    let mut town = waiting();
    town.pass(min(10));
    let acknowledged = Warning { unacknowledged_ms: None, ..warning(3, morning()) };
    put(&mut town, acknowledged);
    assert!(papers(&town).is_empty());
    town.forget();
    town.pass(min(120));
    assert!(desk_told(&town).is_empty(), "{:?}", desk_told(&town));
}

#[test]
fn whoever_takes_a_call_stops_it_and_a_second_one_is_told_who_was_faster() {
    let mut town = waiting();
    town.pass(min(10));
    let id = papers(&town)[0].id.clone();
    let seen = town.state.desk.calls.find(&id).unwrap().version;
    assert!(matches!(order(&mut town, "a", Some(seen), Act::TakeCall { id: id.clone() }), Answer::Done(_)));
    let late = order(&mut town, "b", Some(seen), Act::TakeCall { id: id.clone() });
    assert!(matches!(&late, Answer::Refused(Refusal::Stale { by, .. }) if by == "a"), "{late:?}");
    town.forget();
    town.pass(min(120));
    assert!(desk_told(&town).is_empty());
    // More water is another matter: everybody is called anew, and sooner.
    let now = town.now;
    put(&mut town, warning(4, now));
    town.pass(min(5));
    assert_eq!(called(&town), ["a"]);
}

#[test]
fn a_restart_calls_nobody_twice_and_forgets_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = waiting();
    town.pass(min(10));
    let before = papers(&town);
    restart(&mut town, dir.path());
    assert_eq!(papers(&town), before);
    town.decide(&[]);
    assert!(desk_told(&town).is_empty(), "a was called before the restart");
    town.pass(min(10));
    assert_eq!(called(&town), ["a", "b"]);
}

#[test]
fn after_a_long_stop_the_calls_go_on_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = waiting();
    town.now = town.now.plus(Span::from_h(5));
    restart(&mut town, dir.path());
    town.decide(&[]);
    assert_eq!(called(&town).len(), 1, "nobody has had the time to answer");
    town.pass(min(10));
    assert_eq!(called(&town).len(), 2);
}

#[test]
fn a_clock_that_was_set_changes_nobodys_time_to_answer() {
    let mut town = waiting();
    town.pass(min(9));
    let by = Span::from_h(3);
    town.now = town.now.plus(by);
    town.decide(&[Event::Stepped(by)]);
    assert!(called(&town).is_empty(), "one minute is left");
    town.pass(min(1));
    assert_eq!(called(&town).len(), 1);
    town.now = town.now.minus(Span::from_h(9));
    town.decide(&[Event::Stepped(Span::from_h(-9))]);
    town.pass(min(9));
    assert_eq!(called(&town).len(), 1);
    town.pass(min(1));
    assert_eq!(called(&town).len(), 2, "nor backwards");
}

#[test]
fn what_is_less_severe_than_the_roster_says_calls_nobody() {
    let mut town = Town::of(plan(""), morning());
    put(&mut town, warning(2, morning()));
    town.pass(min(600));
    assert!(papers(&town).is_empty() && desk_told(&town).is_empty());
}

#[test]
fn until_a_hand_over_is_accepted_the_old_post_stays_responsible_too() {
    let mut town = waiting();
    let hand = |to: &str| Act::HandOver {
        to: to.to_owned(), note: "Phú Ốc mất sóng, gọi trạm".to_owned()
    };
    assert!(
        matches!(order(&mut town, "chief", None, hand("b")), Answer::Refused(_)),
        "who is not on duty has nothing to give"
    );
    assert!(matches!(order(&mut town, "a", None, hand("nobody")), Answer::Refused(_)));
    assert!(matches!(order(&mut town, "a", None, hand("b")), Answer::Done(_)));
    let call = papers(&town).into_iter().find(|call| matches!(call.about, About::HandOver(_))).unwrap();
    let About::HandOver(given) = &call.about else { unreachable!() };
    assert_eq!((given.open, given.warnings.as_slice()), (1, &["stage-kim-long.kim-long.1".to_owned()][..]));
    // At nine in the evening the roster says b alone.
    town.pass(Span::from_h(11));
    assert_eq!(crate::watch::responsible(&town.state, town.now), ["b", "a"]);
    let accept = || Act::AcceptHandOver { id: call.id.clone() };
    assert!(matches!(order(&mut town, "a", Some(1), accept()), Answer::Refused(_)), "b alone accepts it");
    assert!(matches!(order(&mut town, "b", Some(1), accept()), Answer::Done(_)));
    assert_eq!(crate::watch::responsible(&town.state, town.now), ["b"]);
}

#[test]
fn the_shift_decides_who_is_called() {
    let mut town = Town::of(plan(""), morning().plus(Span::from_h(12)));
    let now = town.now;
    put(&mut town, warning(3, now));
    town.pass(min(60));
    assert_eq!(called(&town), ["b", "chief"], "b holds both posts at night and is called once");
    assert!(rang(&town, "phone-a", now).is_empty());
}

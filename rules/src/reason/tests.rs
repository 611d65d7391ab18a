//! What is sent follows from what was sent.

use sensors::place::ZoneId;

use super::{Reason, Sent, Standing, Why, mutes, reason};
use crate::alert::{Subject, Transition};
use crate::bulletin::Act;
use crate::hazard::{Hazard, Severity};
use crate::small::{Site, level, rules};

fn severity(step: u8) -> Severity {
    Severity::new(step).unwrap()
}

/// Raised to bd2, and eased to bd1.
fn pair() -> (Transition, Transition) {
    let stage = |name, step, raise: f64| {
        let when = format!("{{ exceeds = \"stage\", raise_m = {raise}, clear_m = {} }}", raise - 0.2);
        level(name, step, &when, "")
    };
    let mut site = Site::new(rules(&(stage("bd1", 2, 1.0) + &stage("bd2", 3, 2.0))));
    (site.stage(0, 2100).remove(0), site.stage(10, 1500).remove(0))
}

fn sent(level: &str, step: u8, zones: &[ZoneId]) -> Sent {
    Sent { level: level.to_owned(), severity: severity(step), zones: zones.to_vec() }
}

fn standing(of: &Transition, step: u8) -> Standing {
    let (subject, zones) = (of.subject.clone(), of.zones.clone());
    Standing { subject, hazard: of.hazard, severity: severity(step), zones }
}

#[test]
fn a_raise_is_sent_once() {
    let (up, _) = pair();
    let all = up.zones.clone();
    let send = |act| Reason::Send { act, zones: all.clone() };
    assert_eq!(reason(&up, None, &[]), send(Act::Issued));
    assert_eq!(reason(&up, Some(&sent("bd1", 2, &all)), &[]), send(Act::Raised));
    assert_eq!(reason(&up, Some(&sent("none", 2, &all)), &[]), send(Act::Issued));
    assert_eq!(reason(&up, Some(&sent("bd2", 3, &all)), &[]), Reason::Nothing(Why::SaidAlready));
}

#[test]
fn easing_goes_to_everybody_who_was_told_and_to_nobody_else() {
    let (_, down) = pair();
    let told = vec![down.zones[1].clone()];
    assert_eq!(
        reason(&down, Some(&sent("bd2", 3, &told)), &[]),
        Reason::Send { act: Act::Eased, zones: told.clone() }
    );
    assert_eq!(reason(&down, None, &[]), Reason::Nothing(Why::NobodyWasTold));
    assert_eq!(reason(&down, Some(&sent("bd1", 2, &told)), &[]), Reason::Nothing(Why::SaidAlready));
    let doubted = Transition { corroborated: false, ..down };
    assert_eq!(reason(&doubted, Some(&sent("bd1", 2, &told)), &[]), Reason::Nothing(Why::NotCorroborated));
    assert_eq!(reason(&doubted, None, &[]), Reason::Nothing(Why::NotCorroborated));
}

#[test]
fn what_an_officer_told_of_a_doubtful_level_is_taken_back() {
    let (up, down) = pair();
    let all = up.zones.clone();
    let doubted = Transition { corroborated: false, ..down };
    let eased = Reason::Send { act: Act::Eased, zones: all.clone() };
    assert_eq!(reason(&doubted, Some(&sent("bd2", 3, &all)), &[]), eased);
    // A trusted reading that shows less than what was told raises nothing anew.
    assert_eq!(reason(&up, Some(&sent("bd3", 4, &all)), &[]), Reason::Nothing(Why::SaidAlready));
}

#[test]
fn rule_10_a_higher_level_mutes_a_lower_one_only_at_the_same_station_hazard_and_zone() {
    let (up, _) = pair();
    let (here, elsewhere) = (&up.zones[0], ZoneId::new("elsewhere"));
    let higher = standing(&up, 4);
    assert!(mutes(&higher, &up, here));
    assert!(!mutes(&higher, &up, &elsewhere), "another zone");
    assert!(!mutes(&standing(&up, 3), &up, here), "not higher");
    let other =
        Standing { subject: Subject::Station(sensors::station::StationId::new("phu-oc")), ..higher.clone() };
    assert!(!mutes(&other, &up, here), "another station");
    assert_eq!(reason(&up, None, std::slice::from_ref(&higher)), Reason::Nothing(Why::Muted));
    let half = Standing { zones: vec![here.clone()], ..higher };
    assert_eq!(
        reason(&up, None, &[half]),
        Reason::Send { act: Act::Issued, zones: vec![up.zones[1].clone()] }
    );
}

#[test]
fn rule_10_a_release_never_mutes_an_alarm_stage() {
    let (up, _) = pair();
    let release = Standing { hazard: Hazard::Release, ..standing(&up, 5) };
    assert!(!up.zones.iter().any(|zone| mutes(&release, &up, zone)));
    assert!(matches!(reason(&up, None, &[release]), Reason::Send { .. }));
}

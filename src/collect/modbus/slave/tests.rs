//! Promises of one device: its rhythm, its storms, its silences and what it empties.

use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::Observed;
use sensors::register::{Kind, Place, RegisterField, Table};
use sensors::time::Span;

use super::*;

const TEN: Duration = Duration::from_secs(10);

fn slave_of(due: Instant, map: RegisterMap) -> Slave {
    let device = ModbusDevice::new(1, StationIx(0), Span::from_s(10), map);
    let storm = Some(Duration::from_secs(2));
    let pace = Pace { usual: TEN, storm, pause_max: Duration::from_mins(1), late_max: Duration::ZERO };
    Slave::new(&device, due, pace)
}

fn slave(due: Instant) -> Slave {
    slave_of(due, RegisterMap::default())
}

#[tokio::test]
async fn polls_that_were_missed_are_not_caught_up() {
    let start = Instant::now();
    let mut slave = slave(start);
    assert_eq!(slave.answered(start + Duration::from_millis(20)), 0);
    assert_eq!(slave.due, start + TEN);
    assert_eq!(slave.answered(start + Duration::from_secs(45)), 3);
    assert_eq!(slave.due, start + 5 * TEN);
}

#[tokio::test]
async fn a_dead_device_is_asked_ever_more_seldom_within_a_bound() {
    let now = Instant::now();
    let mut slave = slave(now);
    let pauses: Vec<_> = (0..6)
        .map(|_| {
            slave.silent(now, "silent");
            (slave.due - now).as_secs()
        })
        .collect();
    assert_eq!(pauses, [10, 20, 40, 60, 60, 60]);
    slave.answered(slave.due);
    assert!(slave.is_well());
    slave.silent(now, "silent");
    assert_eq!(slave.due - now, TEN);
}

#[tokio::test]
async fn the_same_ailment_is_news_once() {
    let now = Instant::now();
    let mut slave = slave(now);
    assert!(slave.refused(now, "illegal data address"));
    assert!(!slave.refused(now, "illegal data address"));
    assert!(slave.silent(now, "silent"));
    slave.answered(now);
    assert!(slave.refused(now, "illegal data address"));
}

#[tokio::test]
async fn a_device_that_has_no_time_is_asked_again_a_bounded_number_of_times() {
    let now = Instant::now();
    let mut slave = slave(now);
    for _ in 0..AGAIN_MAX {
        assert!(slave.may_ask_again());
        slave.busy(now);
        assert_eq!(slave.due, now + AGAIN_PAUSE);
    }
    assert!(!slave.may_ask_again());
    slave.refused(now, "busy");
    assert!(slave.may_ask_again(), "the next poll begins anew");
}

#[tokio::test]
async fn a_hurried_device_is_asked_at_once_and_then_at_the_pace_of_the_storm() {
    let start = Instant::now();
    let mut slave = slave(start);
    slave.answered(start);
    let storm = start + Duration::from_secs(3);
    slave.hurry(true, storm);
    assert_eq!(slave.due, storm);
    slave.answered(storm);
    slave.hurry(true, storm);
    assert_eq!(slave.due, storm + Duration::from_secs(2), "hurried once more it is asked no faster");
    slave.hurry(false, storm);
    slave.answered(slave.due);
    assert_eq!(slave.due, storm + Duration::from_secs(2) + TEN);
}

#[tokio::test]
async fn a_silent_device_is_not_hurried_back() {
    let now = Instant::now();
    let mut slave = slave(now);
    slave.silent(now, "silent");
    let due = slave.due;
    slave.hurry(true, now);
    assert_eq!(slave.due, due);
}

#[tokio::test]
async fn what_a_lost_answer_carried_is_never_taken_for_no_rain() {
    let field = RegisterField {
        sensor: SensorIx(0),
        parameter: Parameter::Rainfall,
        place: Place::new(Table::Input, 0, Kind::U16),
        scale: 0.2,
        offset: 0.0,
        sentinels: Vec::new(),
        destructive: true,
    };
    let mut slave = slave_of(Instant::now(), RegisterMap::of(vec![field]));
    let mut said = |words: Option<u16>, s: i64| {
        let (request, question) = (slave.reads[0].request, slave.reads[0].question);
        match words {
            Some(word) => slave.reads[0].kept.fill(question, &word.to_be_bytes()),
            None => slave.lost(request),
        }
        let poll = if words.is_some() { slave.poll() } else { Poll::default() };
        let told: Vec<_> = slave.observations(poll, Timestamp::from_ms(s * 1000)).collect();
        told.first().map(|o| (o.from.map(Timestamp::ms), o.value))
    };
    let tips = |n: i64| Value::from_raw(n * 200);
    assert_eq!(said(Some(9), 0), None, "nobody knows since when");
    assert_eq!(said(Some(3), 60), Some((Some(0), Observed::Value(tips(3)))));
    assert_eq!(said(None, 120), None);
    assert_eq!(said(Some(0), 180), Some((Some(60_000), Observed::Missing)));
    assert_eq!(said(None, 240), None);
    assert_eq!(said(Some(2), 300), Some((Some(180_000), Observed::Doubtful(tips(2)))));
}

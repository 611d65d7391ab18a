//! A small town with gauges, and commits as a flood would make them.

use std::path::Path;
use std::sync::Arc;

use baolu::event::{LineEvent, LineState, Stray};
use baolu::notify::delivery::{Delivery, DeliveryId, End, Outcome, Target};
use baolu::store::commit::{Commit, Epoch, Seq};
use baolu::store::record::Restored;
use baolu::store::{Options, Store};
use rules::alert::{AlertId, Evidence, Measure, RuleId, SlotIx, Subject, Transition};
use rules::bulletin::{Act, Author, Bulletin, BulletinId, Lang, Text};
use rules::engine::AlertRecord;
use rules::hazard::{Hazard, Severity};
use rules::reason::Sent;
use rules::rule::IssuePolicy;
use rules::threshold::Mark;
use sensors::city::{City, Parts};
use sensors::line::{Line, MqttLine, Protocol};
use sensors::parameter::Parameter;
use sensors::place::{Position, ZoneId};
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::station::{Deadline, Sensor, SensorId, SensorIx, Station, StationId, StationIx, StationKind};
use sensors::time::{Span, Timestamp};

/// 2025-11-16T14:00:00Z.
pub(crate) const NOON: i64 = 1_763_301_600_000;

pub(crate) fn minute(n: i64) -> Timestamp {
    Timestamp::from_ms(NOON + n * 60_000)
}

pub(crate) fn stage_at(station: &str) -> SensorId {
    SensorId { station: StationId::new(station), parameter: Parameter::Stage, name: None }
}

/// A town with one stage gauge at each station, all on one line.
pub(crate) fn town(stations: &[String]) -> City {
    let deadline = Deadline { interval: Span::from_min(5), jitter: Span::ZERO, patience: Span::ZERO };
    let parts = Parts {
        stations: stations.iter().map(|id| station(id)).collect(),
        sensors: (0_u32..)
            .zip(stations)
            .map(|(ix, id)| Sensor {
                id: stage_at(id),
                station: StationIx(ix),
                span: (Value::from_raw(-5_000), Value::from_raw(15_000)),
                plausible: None,
                rate_max: None,
                spike_max: None,
                checks: sensors::quality::Checks::default(),
                rollover: None,
                feeds: None,
                mount: None,
                deadline,
            })
            .collect(),
        lines: vec![line("gateway-upper"), line("broker")],
        ..Parts::default()
    };
    City::assemble("town", "Thị trấn", 420, parts).unwrap()
}

pub(crate) fn gauges(count: usize) -> City {
    town(&(0..count).map(|n| format!("gauge-{n}")).collect::<Vec<_>>())
}

fn station(id: &str) -> Station {
    Station {
        id: StationId::new(id),
        kind: StationKind::Stage,
        name: format!("Trạm {id}"),
        position: Position::new(16.46, 107.58).unwrap(),
        datum: None,
        river: None,
        basin: None,
        carrier: None,
        power: None,
        zones: Vec::new(),
        sensors: Vec::new(),
    }
}

fn line(name: &str) -> Line {
    let protocol = Protocol::Mqtt(MqttLine {
        client_id: "baolu".to_owned(),
        session_expiry: Span::from_h(1),
        ..MqttLine::default()
    });
    Line { name: name.to_owned(), address: "127.0.0.1:1883".to_owned(), protocol }
}

pub(crate) fn reading(sensor: u32, at: Timestamp, mm: i64) -> Reading {
    Reading {
        sensor: SensorIx(sensor),
        measured_at: at,
        from: None,
        arrived_at: at.plus(Span::from_s(2)),
        value: Some(Value::from_raw(mm)),
        quality: Quality::Good,
    }
}

pub(crate) fn of_readings(readings: Vec<Reading>) -> Commit {
    Commit { at: readings.first().map_or(minute(0), |r| r.arrived_at), readings, ..Commit::default() }
}

/// One reading of the first gauge, `n` minutes after noon.
pub(crate) fn tick(n: i64) -> Commit {
    of_readings(vec![reading(0, minute(n), n)])
}

/// A raise of the first gauge with its bulletin and two deliveries.
pub(crate) fn raise(n: i64) -> Commit {
    let at = minute(n);
    let severity = Severity::new(2).unwrap();
    let alert = AlertId(format!("flood-stage.gauge-0.{at}").into());
    let bulletin = BulletinId(format!("{alert}.bd1").into());
    let zone = ZoneId::new("phu-xuan");
    let texts = [("vi", "Lũ lên trên báo động 1"), ("en", "River above alarm stage 1")];
    let delivery = |target: Target, zone| Delivery {
        id: DeliveryId(format!("{bulletin}.{target:?}").into()),
        bulletin: bulletin.clone(),
        hazard: Hazard::Flood,
        severity,
        zone,
        lang: Lang("vi".into()),
        target,
        title: "Lũ".to_owned(),
        body: "Mực nước đang lên.".to_owned(),
        at,
    };
    let webhook = Target::Webhook { receiver: "duty-desk".to_owned() };
    Commit {
        at,
        readings: vec![reading(0, at, 2_010)],
        transitions: vec![transition(&alert, "none", "bd1", at)],
        told: vec![(alert.clone(), Sent { level: "bd1".to_owned(), severity, zones: vec![zone.clone()] })],
        alerts: vec![("flood-stage.gauge-0".to_owned(), AlertRecord::default())],
        deliveries: vec![
            delivery(Target::Topic { severity_max: severity }, Some(zone.clone())),
            delivery(webhook, None),
        ],
        bulletins: vec![Bulletin {
            id: bulletin.clone(),
            alert,
            hazard: Hazard::Flood,
            act: Act::Issued,
            severity,
            severity_max: severity,
            zones: vec![zone],
            at,
            automatic: true,
            author: Author::Rule,
            texts: texts
                .iter()
                .map(|(lang, title)| Text::push(Lang(Arc::from(*lang)), (*title).to_owned(), "…".to_owned()))
                .collect(),
        }],
        lines: vec![LineEvent {
            line: 0,
            at,
            state: LineState::Down { why: "không trả lời trong 3 s".to_owned() },
        }],
        ..Commit::default()
    }
}

pub(crate) fn transition(alert: &AlertId, from: &str, to: &str, at: Timestamp) -> Transition {
    let severity = Severity::new(2).unwrap();
    Transition {
        alert: alert.clone(),
        slot: SlotIx(0),
        rule: RuleId("flood-stage".into()),
        rule_version: "v1".to_owned(),
        hazard: Hazard::Flood,
        words: "flood".to_owned(),
        subject: Subject::Station(StationId::new("gauge-0")),
        zones: vec![ZoneId::new("phu-xuan")],
        from: from.to_owned(),
        to: to.to_owned(),
        severity,
        severity_max: severity,
        raised: to != "none",
        corroborated: true,
        issue: IssuePolicy::OfficerWithin(Span::from_min(10)),
        at,
        measured_at: at.minus(Span::from_s(2)),
        measure: Some(Measure {
            parameter: Parameter::Stage,
            value: Value::from_raw(2_010),
            at_least: false,
            window: Some(Span::from_h(1)),
            mark: Some(Mark {
                level: "bd1".to_owned(),
                raise: Value::from_raw(2_000),
                parameter: Parameter::Stage,
            }),
        }),
        because: vec![Evidence {
            sensor: SensorIx(0),
            parameter: Parameter::Stage,
            measured_at: at.minus(Span::from_s(2)),
            value: Value::from_raw(2_010),
            quality: Quality::Good,
            window: Some(Span::from_h(6)),
        }],
    }
}

pub(crate) fn ended(delivery: &Delivery, n: i64, end: End) -> Commit {
    let outcome = Outcome { delivery: delivery.id.clone(), at: minute(n), tries: 2, end };
    Commit { at: minute(n), outcomes: vec![outcome], ..Commit::default() }
}

pub(crate) fn stray(n: i64) -> Stray {
    Stray { line: 1, at: minute(n), place: format!("hue/{n}"), why: "no JSON".to_owned() }
}

/// A store without a reserve, so that tests don't depend on the machine's disk.
pub(crate) fn options() -> Options {
    Options { reserve_bytes: 0, ..Options::default() }
}

pub(crate) fn open(dir: &Path, city: &City) -> (Store, Restored) {
    Store::open(dir, city, "config-1", minute(0), &options()).unwrap()
}

/// A store with its newest commit, as the writer thread holds it.
pub(crate) struct Writer {
    pub(crate) store: Store,
    pub(crate) epoch: Epoch,
    pub(crate) seq: Seq,
}

impl Writer {
    pub(crate) fn open(dir: &Path, city: &City) -> Self {
        let (store, restored) = open(dir, city);
        Self { store, epoch: restored.epoch, seq: restored.seq }
    }

    pub(crate) fn commit(&mut self, commit: &Commit) -> Seq {
        self.seq = self.store.commit(self.epoch, self.seq, commit).unwrap();
        self.seq
    }
}

//! A served town: a real store, a snapshot after every commit, a real socket.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use baolu::clock::Clock;
use baolu::notify::receiver::Receivers;
use baolu::serve::{Bounds, ServeError, Shared, metric};
use baolu::store::commit::{Commit, Seq};
use baolu::watch::feed::{Committed, FEED_CAPACITY, Feed};
use baolu::watch::pulse::Pulse;
use baolu::watch::restore::restore;
use baolu::watch::snapshot::{Plan, Snapshot, State};
use metrics_exporter_prometheus::PrometheusHandle;
use rules::phrase::Phrases;
use rules::rule::RuleSet;
use sensors::city::{City, Parts};
use sensors::line::{Line, MqttLine, MqttSubscription, Protocol};
use sensors::parameter::Parameter;
use sensors::payload::{PayloadField, PayloadFormat, PayloadMap};
use sensors::place::Position;
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::station::{Deadline, Sensor, SensorId, SensorIx, Station, StationId, StationIx, StationKind};
use sensors::time::Span;
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::store::town::{Writer, minute, reading};

/// A test waits so long for anything at most.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

const RULES: &str = r#"
[[rule]]
id = "silence"
hazard = "telemetry"
stations = ["gauge-0"]
issue = "automatic"

[[rule.level]]
name = "silent"
severity = 1
when = { silent = "stage" }
"#;

pub(super) struct House {
    pub(super) address: SocketAddr,
    pub(super) client: reqwest::Client,
    pub(super) cancel: CancellationToken,
    pub(super) served: JoinHandle<Result<(), ServeError>>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) feed: Feed,
    pub(super) writer: Writer,
    state: State,
    snapshots: watch::Sender<Arc<Snapshot>>,
    _dir: TempDir,
}

impl House {
    pub(super) async fn open() -> Self {
        Self::bounded(Bounds::default()).await
    }

    pub(super) async fn bounded(bounds: Bounds) -> Self {
        Self::of(city(), bounds).await
    }

    pub(super) async fn of(city: City, bounds: Bounds) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let (store, restored) = crate::store::town::open(dir.path(), &city);
        let first = restore(&store, &restored, Arc::new(plan(city)), minute(0), true).unwrap();
        let writer = Writer { store, epoch: restored.epoch, seq: restored.seq };
        let state = first.state.clone();
        let (snapshots, seen) = watch::channel(Arc::new(first));
        let feed = broadcast::channel(FEED_CAPACITY).0;
        let pulse = Arc::new(Pulse::default());
        let shared = Shared {
            cap_sources: Arc::default(),
            snapshots: seen,
            feed: feed.clone(),
            reader: writer.store.reader(4).unwrap(),
            orders: mpsc::channel(1).0,
            clock: Clock::exercise(minute(60), 1.0),
            metrics: metrics(),
            pulse: pulse.clone(),
            bounds,
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cancel = CancellationToken::new();
        let served = tokio::spawn(baolu::serve::run(listener, shared, cancel.clone()));
        let client = reqwest::Client::builder().no_gzip().timeout(PATIENCE).build().unwrap();
        Self { address, client, cancel, served, pulse, feed, writer, state, snapshots, _dir: dir }
    }

    /// Commits, and lets everybody see it afterwards, as the writer does.
    pub(super) fn commit(&mut self, commit: Commit) -> Seq {
        let seq = self.commit_untold(&commit);
        let told = Committed { seq, at: commit.at, commit: Arc::new(commit) };
        let _ = self.feed.send(Arc::new(told));
        seq
    }

    /// Commits and shows, but the live feed carries nothing.
    pub(super) fn commit_untold(&mut self, commit: &Commit) -> Seq {
        let seq = self.writer.commit(commit);
        let plan = self.state.plan.clone();
        for reading in &commit.readings {
            if let Some(sensor) = plan.city.sensor(reading.sensor) {
                Arc::make_mut(&mut self.state.tracks[reading.sensor.at()]).restore(sensor, reading);
            }
        }
        for event in &commit.lines {
            self.state.lines[event.line as usize] = Some((event.at, event.state.clone()));
        }
        let snapshot = Snapshot { seq, at: commit.at, state: self.state.clone() };
        self.snapshots.send_replace(Arc::new(snapshot));
        seq
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut State)) {
        change(&mut self.state);
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) async fn ask(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(super) async fn json(&self, path: &str) -> Json {
        let response = self.ask(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Waits until the API shows a commit.
    pub(super) async fn shows(&self, seq: Seq) {
        let shown = async { while self.json("/health/live").await["seq"] != seq.0 {} };
        tokio::time::timeout(PATIENCE, shown).await.unwrap();
    }

    pub(super) async fn problem(&self, path: &str, status: u16) -> Json {
        let response = self.ask(path).await;
        assert_problem(response, status, path).await
    }

    pub(super) async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(PATIENCE, self.served).await.unwrap().unwrap().unwrap();
    }
}

pub(super) async fn assert_problem(response: reqwest::Response, status: u16, what: &str) -> Json {
    assert_eq!(response.status(), status, "{what}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{what}");
    let problem: Json = response.json().await.unwrap();
    assert_eq!(problem["status"], status, "{what}");
    for key in ["type", "title", "detail"] {
        assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{what} has no {key}");
    }
    problem
}

pub(super) fn rain(n: i64, um: i64) -> Reading {
    Reading {
        sensor: SensorIx(1),
        from: Some(minute(n - 10)),
        value: Some(Value::from_raw(um)),
        ..reading(1, minute(n), 0)
    }
}

pub(super) fn suspect(n: i64, mm: i64) -> Reading {
    Reading { quality: Quality::Suspect(sensors::quality::Check::Spike), ..reading(0, minute(n), mm) }
}

/// The recorder belongs to the process, and so to every test.
fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| metric::install().unwrap()).clone()
}

/// The town with one rule: its stage gauge may not be silent.
fn plan(city: City) -> Plan {
    let rules = RuleSet::parse("rules.toml", RULES, &city).unwrap();
    let (phrases, receivers) = (Phrases::default(), Receivers::default());
    Plan {
        city,
        rules,
        phrases,
        receivers,
        officers: baolu::order::Officers::default(),
        duty: baolu::desk::duty::Duty::default(),
        cap_in: baolu::cap::read::config::Sources::default(),
        cap: baolu::cap::config::Cap::default(),
        version: "config-1".to_owned(),
        governed: baolu::plan::governed::Governed::default(),
        rule_tests: baolu::rule_test::RuleTests::default(),
    }
}

/// One stage gauge on a line that is polled, one rain gauge on a broker.
pub(super) fn city() -> City {
    let station = |id: &str, kind, name: &str| Station {
        id: StationId::new(id),
        kind,
        name: name.to_owned(),
        position: Position::new(16.46, 107.58).unwrap(),
        datum: None,
        river: Some("Sông Hương".to_owned()),
        carrier: None,
        power: None,
        basin: None,
        zones: Vec::new(),
        sensors: Vec::new(),
    };
    let sensor = |station: u32, id: &str, parameter| Sensor {
        id: SensorId { station: StationId::new(id), parameter, name: None },
        station: StationIx(station),
        span: (Value::from_raw(-5_000), Value::from_raw(150_000)),
        plausible: None,
        rate_max: None,
        spike_max: None,
        checks: sensors::quality::Checks::default(),
        rollover: None,
        feeds: None,
        mount: None,
        deadline: Deadline { interval: Span::from_min(5), jitter: Span::ZERO, patience: Span::ZERO },
    };
    let line = |name: &str, station: u32| Line {
        name: name.to_owned(),
        address: "127.0.0.1:1883".to_owned(),
        protocol: Protocol::Mqtt(MqttLine {
            client_id: "baolu".to_owned(),
            session_expiry: Span::from_h(1),
            subscriptions: vec![MqttSubscription {
                topic: format!("town/{station}"),
                station: StationIx(station),
                map: PayloadMap::new(
                    PayloadFormat::Plain,
                    None,
                    vec![PayloadField::new(SensorIx(station), "")],
                ),
            }],
            ..MqttLine::default()
        }),
    };
    let parts = Parts {
        stations: vec![
            station("gauge-0", StationKind::Stage, "Trạm Phú Ốc"),
            station("rain-0", StationKind::RainGauge, "Trạm Thượng Nhật"),
        ],
        sensors: vec![sensor(0, "gauge-0", Parameter::Stage), sensor(1, "rain-0", Parameter::Rainfall)],
        lines: vec![line("gateway-upper", 0), line("broker", 1)],
        ..Parts::default()
    };
    City::assemble("town", "Thị trấn", 420, parts).unwrap()
}

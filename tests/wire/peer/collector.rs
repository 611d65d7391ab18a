//! The collector under test: a small city, its lines running, and a writer in the test's hand.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use baolu::clock::Clock;
use baolu::collect;
use baolu::event::{Envelope, Event, LineState, Receipt, Stray};
use sensors::city::{City, Parts};
use sensors::line::{Line, Protocol};
use sensors::parameter::Parameter;
use sensors::place::Position;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::{Deadline, Sensor, SensorId, Station, StationId, StationIx, StationKind};
use sensors::time::Span;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Nothing in these tests takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A city with one station and one line; sensors in the order of the parameters.
pub(crate) fn city(parameters: &[Parameter], address: String, protocol: Protocol) -> Arc<City> {
    city_of(parameters, vec![Line { name: String::from("line"), address, protocol }])
}

/// The same with these lines.
pub(crate) fn city_of(parameters: &[Parameter], lines: Vec<Line>) -> Arc<City> {
    let id = StationId::new("kim-long");
    let station = Station {
        id: id.clone(),
        kind: StationKind::Stage,
        name: String::from("Kim Long"),
        position: Position::new(16.459, 107.565).unwrap(),
        datum: None,
        river: None,
        carrier: None,
        power: None,
        basin: None,
        zones: Vec::new(),
        sensors: Vec::new(),
    };
    let sensor = |(n, parameter): (usize, &Parameter)| Sensor {
        id: SensorId { station: id.clone(), parameter: *parameter, name: Some(n.to_string().into()) },
        station: StationIx(0),
        span: (Value::from_raw(i64::MIN), Value::from_raw(i64::MAX)),
        plausible: None,
        rate_max: None,
        spike_max: None,
        checks: sensors::quality::Checks::default(),
        rollover: None,
        feeds: None,
        mount: None,
        deadline: Deadline { interval: Span::from_min(10), jitter: Span::ZERO, patience: Span::ZERO },
    };
    let sensors = parameters.iter().enumerate().map(sensor).collect();
    let parts = Parts { stations: vec![station], sensors, lines, ..Parts::default() };
    Arc::new(City::assemble("hue", "Huế", 420, parts).unwrap())
}

/// Running collectors, and what they said. They live in a runtime of their own, which is what
/// dies in a crash.
pub(crate) struct Collector {
    runtime: Option<Runtime>,
    inbox: mpsc::Receiver<Envelope>,
    cancel: CancellationToken,
    tracker: TaskTracker,
    hurried: watch::Sender<Arc<BTreeSet<StationIx>>>,
    waiting: VecDeque<Event>,
    withheld: Vec<Receipt>,
    /// Whether receipts are given as soon as an envelope is taken.
    pub(crate) commits: bool,
}

impl Collector {
    /// Starts the lines of a city, with a queue of this many envelopes.
    pub(crate) fn start(city: &Arc<City>, clock: Clock, room: usize) -> Self {
        let (sender, inbox) = mpsc::channel(room);
        let (cancel, tracker) = (CancellationToken::new(), TaskTracker::new());
        let (hurried, hurries) = watch::channel(Arc::default());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        {
            let _inside = runtime.enter();
            collect::run(city, clock, &sender, &hurries, &cancel, &tracker);
        }
        tracker.close();
        let runtime = Some(runtime);
        Self {
            runtime,
            inbox,
            cancel,
            tracker,
            hurried,
            waiting: VecDeque::new(),
            withheld: Vec::new(),
            commits: true,
        }
    }

    /// From now on these stations are hurried, and no others.
    pub(crate) fn hurry(&self, stations: &[StationIx]) {
        self.hurried.send_replace(Arc::new(stations.iter().copied().collect()));
    }

    /// The next envelope; receipts are given or kept.
    pub(crate) async fn envelope(&mut self) -> Vec<Event> {
        let Envelope { events, receipt } =
            timeout(PATIENCE, self.inbox.recv()).await.expect("nothing came").expect("the lines ended");
        match receipt {
            Some(receipt) if self.commits => receipt.give(),
            receipt => self.withheld.extend(receipt),
        }
        events
    }

    /// The next envelope, if one is there already.
    pub(crate) fn envelope_at_hand(&mut self) -> Option<Vec<Event>> {
        let Envelope { events, receipt } = self.inbox.try_recv().ok()?;
        self.withheld.extend(receipt);
        Some(events)
    }

    /// Gives every receipt that was kept.
    pub(crate) fn commit(&mut self) {
        self.withheld.drain(..).for_each(|receipt| receipt.give());
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return event;
            }
            let events = self.envelope().await;
            self.waiting.extend(events);
        }
    }

    /// The next observation; strays and changes of the line are passed over.
    pub(crate) async fn observation(&mut self) -> Observation {
        loop {
            if let Event::Observed(observation) = self.event().await {
                return observation;
            }
        }
    }

    /// The next observed value in finest steps.
    pub(crate) async fn raw(&mut self) -> i64 {
        match self.observation().await.value {
            Observed::Value(value) => value.raw(),
            other => panic!("{other:?} is no value"),
        }
    }

    /// The next stray.
    pub(crate) async fn stray(&mut self) -> Stray {
        loop {
            if let Event::Stray(stray) = self.event().await {
                return stray;
            }
        }
    }

    /// The next change of the line.
    pub(crate) async fn change(&mut self) -> LineState {
        loop {
            if let Event::Line(line) = self.event().await {
                return line.state;
            }
        }
    }

    /// Waits until the line is up.
    pub(crate) async fn up(&mut self) {
        while self.change().await != LineState::Up {}
    }

    /// Whether a line's task still lives.
    pub(crate) fn is_running(&self) -> bool {
        !self.tracker.is_empty()
    }

    /// Ends as a killed process does: nothing more is said or acknowledged.
    pub(crate) fn crash(self) {
        drop(self);
    }

    /// Stops as the service does: asks, waits, and commits what still comes.
    pub(crate) async fn stop(mut self) -> Vec<Event> {
        self.cancel.cancel();
        let mut events: Vec<Event> = self.waiting.drain(..).collect();
        while let Some(Envelope { events: more, receipt }) =
            timeout(PATIENCE, self.inbox.recv()).await.expect("the lines don't stop")
        {
            events.extend(more);
            receipt.iter().for_each(Receipt::give);
        }
        self.tracker.wait().await;
        events
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits until something holds; panics when it does not in time.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(PATIENCE, waited).await.is_ok(), "{what} did not come about");
}

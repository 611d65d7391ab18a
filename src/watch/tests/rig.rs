//! A city that decides in virtual time: what is said to it, and what it then commits.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use rules::alert::Transition;
use rules::bulletin::Bulletin;
use rules::hazard::Hazard;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::event::{Event, LineEvent, LineState};
use crate::notify::delivery::{Delivery, End, Outcome};
use crate::notify::receiver::Receivers;
use crate::store::commit::{Commit, Epoch, Seq};
use crate::store::{Options, Store};
use crate::watch::decide::decide;
use crate::watch::restore::restore;
use crate::watch::snapshot::{Plan, State};

/// Staff who hear of every silence.
const STAFF: &str = "[[webhook]]\nname = \"duty\"\nurl = \"https://duty.example/\"\nsecret_env = \"S\"\ncarries = [\"telemetry\"]\n";

/// The city of Huế with phones and a duty officer.
pub(super) fn hue() -> Arc<Plan> {
    static HUE: LazyLock<Arc<Plan>> = LazyLock::new(|| {
        let mut plan = Plan::load(None).unwrap();
        // Who is called out has tests of its own.
        plan.duty.posts.clear();
        plan.duty.chief = None;
        let staff = Receivers::parse("receivers.toml", STAFF).unwrap();
        plan.receivers = staff.with_fcm("https://phones.example", "hue", "{}");
        Arc::new(plan)
    });
    Arc::clone(&HUE)
}

/// The evening before the flood.
pub(super) fn evening() -> Timestamp {
    Timestamp::parse_rfc3339("2025-11-16T18:00:00+07:00").unwrap()
}

pub(super) fn min(n: i64) -> Span {
    Span::from_min(n)
}

/// A place in the city, by what it is called: `kim-long/stage`.
pub(super) fn sensor(plan: &Plan, id: &str) -> SensorIx {
    let place = plan.city.sensors.iter().position(|sensor| sensor.id.to_string() == id);
    SensorIx(place.unwrap_or_else(|| panic!("no sensor {id}")) as u32)
}

pub(super) fn line(plan: &Plan, name: &str) -> u32 {
    plan.city.lines.iter().position(|line| line.name == name).unwrap() as u32
}

/// A reading in the finest steps of its parameter that arrives as it is measured.
pub(super) fn reading(plan: &Plan, sensor: SensorIx, at: Timestamp, raw: i64) -> Event {
    let parameter = plan.city.sensor(sensor).unwrap().id.parameter;
    let from = (parameter == Parameter::Rainfall).then(|| at.minus(min(10)));
    let value = Observed::Value(Value::from_raw(raw));
    Event::Observed(Observation { sensor, measured_at: at, from, arrived_at: at, value })
}

pub(super) fn switch(line: u32, at: Timestamp, up: bool) -> Event {
    let state = if up { LineState::Up } else { LineState::Down { why: "no route".to_owned() } };
    Event::Line(LineEvent { line, at, state })
}

/// A city, its clock, and everything that it has committed.
#[derive(Clone)]
pub(super) struct Town {
    pub(super) plan: Arc<Plan>,
    pub(super) state: State,
    pub(super) now: Timestamp,
    /// How far the gauges' clocks are ahead of ours.
    pub(super) ahead: Span,
    pub(super) commits: Vec<Commit>,
}

impl Town {
    pub(super) fn new() -> Self {
        Self::of(hue(), evening())
    }

    pub(super) fn of(plan: Arc<Plan>, now: Timestamp) -> Self {
        let state = State::new(Arc::clone(&plan), now, false);
        Self { plan, state, now, ahead: Span::ZERO, commits: Vec::new() }
    }

    /// Decides at the present moment.
    pub(super) fn decide(&mut self, events: &[Event]) -> &Commit {
        let decision = decide(&self.state, self.now, events);
        self.state = decision.next;
        self.commits.push(decision.commit);
        self.commits.last().unwrap()
    }

    /// Lets time pass as the writer would: it looks again whenever the state asks for it.
    pub(super) fn pass(&mut self, span: Span) {
        let end = self.now.plus(span);
        while let Some(at) = self.state.wake_at.filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.decide(&[]);
        }
        self.now = end;
    }

    /// A stage in metres, said now.
    pub(super) fn stage(&mut self, id: &str, metres: f64) -> &Commit {
        let sensor = sensor(&self.plan, &format!("{id}/stage"));
        let event = reading(&self.plan, sensor, self.now, (metres * 1000.0).round() as i64);
        self.decide(&[event])
    }

    /// Everybody but those behind `quiet` says something harmless now.
    pub(super) fn all_speak(&mut self, quiet: &[SensorIx]) {
        let fed: Vec<SensorIx> = self.plan.city.sensors.iter().filter_map(|sensor| sensor.feeds).collect();
        let all = (0..self.plan.city.sensors.len() as u32).map(SensorIx);
        let speaking = all.filter(|ix| !quiet.contains(ix) && !fed.contains(ix));
        let word = |ix| {
            let lowest = self.plan.city.sensor(ix).unwrap().span.0.raw();
            reading(&self.plan, ix, self.now.plus(self.ahead), lowest.max(0))
        };
        let words: Vec<Event> = speaking.map(word).collect();
        self.decide(&words);
    }

    /// Time passes while everybody but `quiet` speaks every five minutes.
    pub(super) fn go_on(&mut self, minutes: i64, quiet: &[SensorIx]) {
        for _ in 0..minutes / 5 {
            self.pass(min(5));
            self.all_speak(quiet);
        }
    }

    pub(super) fn behind(&self, line: u32) -> Vec<SensorIx> {
        self.plan.city.lines[line as usize].sensors()
    }

    /// The level of an alert by its key.
    pub(super) fn level(&self, key: &str) -> String {
        let slot = self.plan.rules.slot_named(key).unwrap();
        let level = self.state.alerts[slot.at()].level;
        self.plan.rules.slot(slot).unwrap().level_name(level).to_owned()
    }

    pub(super) fn transitions(&self) -> Vec<Transition> {
        self.commits.iter().flat_map(|commit| commit.transitions.clone()).collect()
    }

    pub(super) fn bulletins(&self) -> Vec<Bulletin> {
        self.commits.iter().flat_map(|commit| commit.bulletins.clone()).collect()
    }

    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        self.commits.iter().flat_map(|commit| commit.deliveries.clone()).collect()
    }

    /// The Vietnamese titles that staff were told.
    pub(super) fn notices(&self) -> Vec<String> {
        let telemetry = self.bulletins().into_iter().filter(|b| b.hazard == Hazard::Telemetry);
        telemetry.map(|bulletin| bulletin.texts[0].title.clone()).collect()
    }

    /// Every delivery that waits ends well.
    pub(super) fn deliver_all(&mut self) {
        let ends: Vec<Event> = self.state.outbox.iter().map(|d| ended(d, self.now, End::Sent)).collect();
        self.decide(&ends);
    }

    /// Forgets what was committed so far, so that a test looks at what follows.
    pub(super) fn forget(&mut self) {
        self.commits.clear();
    }
}

pub(super) fn ended(delivery: &Delivery, at: Timestamp, end: End) -> Event {
    Event::Delivered(Outcome { delivery: delivery.id.clone(), at, tries: 1, end })
}

/// A store with the state that it holds, as the writer has them.
pub(super) struct Book {
    pub(super) store: Store,
    pub(super) epoch: Epoch,
    pub(super) seq: Seq,
}

impl Book {
    /// Opens the store of a data folder, and gives the state that a service would begin with.
    pub(super) fn open(dir: &Path, plan: &Arc<Plan>, now: Timestamp) -> (Self, State) {
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let (store, restored) = Store::open(dir, &plan.city, &plan.version, now, &options).unwrap();
        let snapshot = restore(&store, &restored, Arc::clone(plan), now, false).unwrap();
        (Self { store, epoch: restored.epoch, seq: restored.seq }, snapshot.state)
    }

    pub(super) fn keep(&mut self, commit: &Commit) {
        if !commit.is_empty() {
            self.seq = self.store.commit(self.epoch, self.seq, commit).unwrap();
        }
    }
}

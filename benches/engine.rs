//! How many readings a second one core judges in memory: checks, rules, whole decisions.
//!
//! `cargo bench --bench engine`. The readings are those of the built-in storms over Huế, in the
//! order of arrival, played again and again later in time. It opens no socket and no file.
#![expect(clippy::unwrap_used, reason = "a measurement that can't be made says so and ends")]

#[expect(dead_code, reason = "each measurement uses a part of it")]
#[path = "peer/machine.rs"]
mod machine;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use baolu::event::Event;
use baolu::plan::Texts;
use baolu::watch::decide::{advance, decide};
use baolu::watch::snapshot::{Plan, State};
use rules::engine::{AlertState, Change, View};
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed, Reading};
use sensors::series::{Inserted, Series};
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};
use sensors::track::Track;
use simulator::offline::offline;
use simulator::storm::Storm;

/// The rules of Huế that look at the gauge that speaks; the others look over whole basins.
const TEN: [&str; 10] = [
    "stage-kim-long",
    "stage-phu-oc",
    "rise",
    "release",
    "rain-street",
    "rain-24h",
    "flash-flood",
    "landslide",
    "street",
    "wind",
];
/// Each figure is measured for so long.
const LASTS: Duration = Duration::from_secs(3);

/// The city with some of its rules, or with all.
fn plan(wanted: Option<&[&str]>) -> Arc<Plan> {
    let mut texts = Texts::read(None).unwrap();
    for (_, text) in texts.files.iter_mut().filter(|(name, _)| name == "rules.toml") {
        let (head, rest) = text.split_once("[[rule]]").unwrap();
        let keep = |rule: &&str| {
            wanted.is_none_or(|ids| ids.iter().any(|id| rule.contains(&format!("\nid = \"{id}\"\n"))))
        };
        *text =
            rest.split("[[rule]]").filter(keep).fold(head.to_owned(), |all, rule| all + "[[rule]]" + rule);
    }
    Arc::new(Plan::join(&texts).unwrap())
}

/// A storm as observations, to be played again `lasts` later.
struct Trace {
    observations: Vec<Observation>,
    lasts: Span,
}

impl Trace {
    fn of(storm: &str, plan: &Plan) -> Self {
        let storm = Storm::named(storm).unwrap();
        let rows = offline(&plan.city, &storm, storm.seed()).unwrap();
        let observations: Vec<Observation> = rows
            .iter()
            .map(|row| Observation {
                sensor: row.sensor,
                measured_at: row.measured_at,
                from: row.period.map(|period| row.measured_at.minus(period)),
                arrived_at: row.arrives_at,
                value: row.value.map_or(Observed::Missing, Observed::Value),
            })
            .collect();
        let first = observations.iter().map(|o| o.measured_at).min().unwrap();
        let last = observations.iter().map(|o| o.arrived_at).max().unwrap();
        Self { observations, lasts: last.plus(Span::from_min(10)).since(first) }
    }

    /// The same storm once more, so much later.
    fn later(&mut self) {
        for observation in &mut self.observations {
            observation.measured_at = observation.measured_at.plus(self.lasts);
            observation.arrived_at = observation.arrived_at.plus(self.lasts);
            observation.from = observation.from.map(|from| from.plus(self.lasts));
        }
    }

    fn since(&self) -> Timestamp {
        self.observations.first().unwrap().arrived_at
    }
}

/// Everything in one piece, changed in place: what the two pure crates cost by themselves.
struct Bare {
    plan: Arc<Plan>,
    tracks: Tracks,
    alerts: Vec<AlertState>,
    transitions: usize,
}

struct Tracks(Vec<Track>);

impl View for Tracks {
    fn series(&self, sensor: SensorIx) -> Option<&Series> {
        self.0.get(sensor.at()).map(Track::series)
    }

    fn is_silent(&self, _sensor: SensorIx) -> bool {
        false
    }
}

impl Bare {
    fn new(plan: &Arc<Plan>) -> Self {
        let retention = plan.rules.retention();
        let tracks = Tracks(plan.city.sensors.iter().map(|s| Track::new(s, retention)).collect());
        let alerts = plan.rules.slots().iter().map(|_| AlertState::default()).collect();
        Self { plan: Arc::clone(plan), tracks, alerts, transitions: 0 }
    }

    fn take(&mut self, observation: &Observation, by_rules: bool) {
        let plan = Arc::clone(&self.plan);
        let sensor = plan.city.sensor(observation.sensor).unwrap();
        let track = self.tracks.0.get_mut(observation.sensor.at()).unwrap();
        let judged = track.judge(sensor, observation, observation.arrived_at);
        self.rule(&judged.reading, judged.inserted, by_rules);
        judged.revised.iter().for_each(|revised| self.rule(revised, Inserted::Revised, by_rules));
        for fed in &judged.fed {
            let ix = sensor.feeds.unwrap();
            let track = self.tracks.0.get_mut(ix.at()).unwrap();
            let judged = track.judge_fed(plan.city.sensor(ix).unwrap(), fed, observation.arrived_at);
            self.rule(&judged.reading, judged.inserted, by_rules);
        }
    }

    fn rule(&mut self, reading: &Reading, inserted: Inserted, by_rules: bool) {
        if !by_rules || !inserted.changed() {
            black_box(reading);
            return;
        }
        let change = Change::of(reading, inserted);
        for slot in self.plan.rules.touched_by(reading.sensor) {
            let alert = self.alerts.get_mut(slot.at()).unwrap();
            let verdict = self.plan.rules.judge(*slot, alert, &change, reading.arrived_at, &self.tracks);
            self.transitions += verdict.transitions.len();
        }
    }
}

/// Nanoseconds per reading: CPU time over all playings, and wall time of the best one.
struct Figures {
    cpu: f64,
    best: f64,
}

/// Plays the storm again and again, each time later, until the time is over.
fn measure(trace: &mut Trace, mut play: impl FnMut(&[Observation])) -> Figures {
    // Once unmeasured: windows fill.
    play(&trace.observations);
    let own = std::process::id();
    let (began, cpu, mut best, mut readings) = (Instant::now(), machine::cpu_of(own), f64::INFINITY, 0);
    while began.elapsed() < LASTS {
        trace.later();
        let playing = Instant::now();
        play(&trace.observations);
        readings += trace.observations.len();
        best = best.min(playing.elapsed().as_secs_f64() * 1e9 / trace.observations.len() as f64);
    }
    let cpu = machine::cpu_of(own).saturating_sub(cpu);
    Figures { cpu: cpu.as_secs_f64() * 1e9 / readings as f64, best }
}

fn row(what: &str, Figures { cpu, best }: &Figures) {
    println!("| {what:<45} | {cpu:>5.0} | {best:>5.0} | {:>5.2} | {:>5.2} |", 1e3 / cpu, 1e3 / best);
}

fn in_place(what: &str, storm: &str, plan: &Arc<Plan>, by_rules: bool) {
    let mut trace = Trace::of(storm, plan);
    let mut bare = Bare::new(plan);
    let figures = measure(&mut trace, |all| all.iter().for_each(|one| bare.take(one, by_rules)));
    row(&format!("{storm}: {what}"), &figures);
    black_box(bare.transitions);
}

/// Whole decisions, with the state before each still held by a snapshot, as the writer has it.
fn deciding(what: &str, storm: &str, plan: &Arc<Plan>, batch: usize) {
    let mut trace = Trace::of(storm, plan);
    let mut state = State::new(Arc::clone(plan), trace.since(), false);
    let figures = measure(&mut trace, |all| {
        for some in all.chunks(batch) {
            let events: Vec<Event> = some.iter().copied().map(Event::Observed).collect();
            let now = some.iter().map(|o| o.arrived_at).max().unwrap();
            let decision = decide(&state, now, &events);
            let shown = std::mem::replace(&mut state, decision.next);
            black_box((decision.commit, shown));
        }
    });
    row(&format!("{storm}: {what}"), &figures);
}

/// Half-minute readings of every rain gauge, each over the ten minutes before it, so that they
/// overlap: half a day of them is known, and then as many come that were measured in between.
fn late(plan: &Arc<Plan>, batch: usize) {
    const READINGS: usize = 50_000;
    let gauge = |ix: &u32| plan.city.sensor(SensorIx(*ix)).unwrap().id.parameter == Parameter::Rainfall;
    let gauges: Vec<u32> = (0..plan.city.sensors.len() as u32).filter(gauge).collect();
    let newest = Timestamp::parse_rfc3339("2025-11-17T08:00:00+07:00").unwrap();
    let moments = (READINGS / gauges.len()) as i64;
    let rain = |ix: u32, moment: i64, before: Span| {
        let measured_at = newest.minus(Span::from_s(30 * (moments - 1 - moment))).minus(before);
        // A shower every two hours, heavier at some gauges.
        let value = Value::from_raw((moment % 240 - 120).max(0) * 200 * i64::from(ix % 5));
        let from = Some(measured_at.minus(Span::from_min(10)));
        let value = Observed::Value(value);
        Event::Observed(Observation { sensor: SensorIx(ix), measured_at, from, arrived_at: newest, value })
    };
    let all = |before: Span| -> Vec<Event> {
        (0..moments).flat_map(|moment| gauges.iter().map(move |ix| rain(*ix, moment, before))).collect()
    };
    let mut state = decide(&State::new(Arc::clone(plan), newest, false), newest, &all(Span::ZERO)).next;
    let backlog = all(Span::from_s(15));
    let own = std::process::id();
    let (began, cpu, mut slowest, mut transitions) = (Instant::now(), machine::cpu_of(own), 0.0_f64, 0);
    for some in backlog.chunks(batch) {
        let deciding = Instant::now();
        let decision = decide(&state, newest, some);
        slowest = slowest.max(deciding.elapsed().as_secs_f64());
        transitions += decision.commit.transitions.len();
        state = decision.next;
    }
    let cpu = machine::cpu_of(own).saturating_sub(cpu).as_secs_f64();
    println!(
        "{} late overlapping readings, {batch} at a time: {cpu:.1} s CPU, {:.1} s, slowest decision {slowest:.3} s, {transitions} transitions",
        backlog.len(),
        began.elapsed().as_secs_f64(),
    );
}

/// Whole decisions, a moment at a time, from a state that nobody else looks at: as `replay` decides.
fn replaying(storm: &str, plan: &Arc<Plan>) {
    let mut trace = Trace::of(storm, plan);
    trace.observations.sort_by_key(|observation| observation.measured_at);
    let mut state = Some(State::new(Arc::clone(plan), trace.since(), false));
    let figures = measure(&mut trace, |all| {
        for some in all.chunk_by(|a, b| a.measured_at == b.measured_at) {
            let events: Vec<Event> = some.iter().copied().map(Event::Observed).collect();
            let now = some.iter().map(|o| o.arrived_at).max().unwrap();
            let decision = advance(state.take().unwrap(), now, &events);
            black_box(&decision.commit);
            state = Some(decision.next);
        }
    });
    row(&format!("{storm}: all rules, moment by moment, in place"), &figures);
}

fn main() {
    println!("{}\n", machine::describe());
    if std::env::args().any(|argument| argument == "late") {
        for batch in [2048, 256, 64] {
            late(&plan(None), batch);
        }
        return;
    }
    let (ten, all) = (plan(Some(&TEN)), plan(None));
    let slots = |plan: &Plan| plan.rules.slots().len();
    println!(
        "{} sensors; ten rules on {} subjects, all rules on {}; drizzle {} readings, 2025-11 {}\n",
        ten.city.sensors.len(),
        slots(&ten),
        slots(&all),
        Trace::of("drizzle", &ten).observations.len(),
        Trace::of("2025-11", &ten).observations.len(),
    );
    println!("| one core | ns CPU | ns best | M/s CPU | M/s best |\n|---|---|---|---|---|");
    for storm in ["drizzle", "2025-11"] {
        in_place("checks alone", storm, &ten, false);
        in_place("checks and ten rules", storm, &ten, true);
        in_place("checks and all rules of Huế", storm, &all, true);
        replaying(storm, &all);
        for batch in [256, 2048] {
            deciding(&format!("decide, ten rules, {batch} at a time"), storm, &ten, batch);
            deciding(&format!("decide, all rules, {batch} at a time"), storm, &all, batch);
        }
    }
    println!("\n{}", machine::describe());
}

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
use baolu::watch::decide::decide;
use baolu::watch::snapshot::{Plan, State};
use rules::engine::{AlertState, Change, View};
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

/// Plays the storm until the time is over: nanoseconds per reading, the median and the best of the
/// playings.
fn measure(trace: &mut Trace, mut play: impl FnMut(&[Observation])) -> (f64, f64) {
    // Once unmeasured: windows fill.
    play(&trace.observations);
    let (began, mut each) = (Instant::now(), Vec::new());
    while began.elapsed() < LASTS {
        trace.later();
        let playing = Instant::now();
        play(&trace.observations);
        each.push(playing.elapsed().as_secs_f64() * 1e9 / trace.observations.len() as f64);
    }
    each.sort_by(f64::total_cmp);
    (machine::quantile(&each, 0.5), machine::quantile(&each, 0.0))
}

fn row(what: &str, (median, best): (f64, f64)) {
    println!("| {what:<58} | {median:>8.0} | {best:>8.0} | {:>6.2} | {:>6.2} |", 1e3 / median, 1e3 / best);
}

fn in_place(what: &str, storm: &str, plan: &Arc<Plan>, by_rules: bool) {
    let mut trace = Trace::of(storm, plan);
    let mut bare = Bare::new(plan);
    let figures = measure(&mut trace, |all| all.iter().for_each(|one| bare.take(one, by_rules)));
    row(&format!("{storm}: {what}"), figures);
    black_box(bare.transitions);
}

/// Whole decisions, with the state before each still held by a snapshot, as the writer has it.
fn deciding(what: &str, storm: &str, plan: &Arc<Plan>, batch: usize) {
    let mut trace = Trace::of(storm, plan);
    let mut state = State::new(Arc::clone(plan), trace.since(), false);
    let (mut commits, mut spent) = (0, Vec::new());
    let began = Instant::now();
    while began.elapsed() < LASTS {
        let batches: Vec<Vec<Event>> = trace
            .observations
            .chunks(batch)
            .map(|some| some.iter().copied().map(Event::Observed).collect())
            .collect();
        let playing = Instant::now();
        for (events, some) in batches.iter().zip(trace.observations.chunks(batch)) {
            let now = some.last().unwrap().arrived_at;
            let decision = decide(&state, now, events);
            let shown = Arc::new(decision.next.clone());
            commits += decision.commit.readings.len();
            state = decision.next;
            black_box(shown);
        }
        spent.push(playing.elapsed().as_secs_f64() * 1e9 / trace.observations.len() as f64);
        trace.later();
    }
    black_box(commits);
    spent.sort_by(f64::total_cmp);
    row(&format!("{storm}: {what}"), (machine::quantile(&spent, 0.5), machine::quantile(&spent, 0.0)));
}

fn main() {
    println!("{}\n", machine::describe());
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
    println!("| one core | ns median | ns best | M/s median | M/s best |\n|---|---|---|---|---|");
    for storm in ["drizzle", "2025-11"] {
        in_place("checks alone", storm, &ten, false);
        in_place("checks and ten rules", storm, &ten, true);
        in_place("checks and all rules of Huế", storm, &all, true);
        for batch in [256, 2048] {
            deciding(&format!("decide, ten rules, {batch} at a time"), storm, &ten, batch);
            deciding(&format!("decide, all rules, {batch} at a time"), storm, &all, batch);
        }
    }
    println!("\n{}", machine::describe());
}

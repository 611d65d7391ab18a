//! Reads each source once and lets both sets of rules judge it, each on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sensors::reading::Observation;
use sensors::time::Timestamp;

use super::event::Gauge;
use super::feed::{Feed, Source};
use super::play::Play;
use super::report::{Pair, Part, Report};
use super::tally::Tally;
use super::truth::Truth;
use super::{BacktestError, write};
use crate::store::commit::Commit;
use crate::table::map::Map;
use crate::watch::snapshot::Plan;

/// Handfuls that may wait for a judge.
const HANDFULS: usize = 8;

/// What is to be judged by what.
#[derive(Clone, Debug)]
pub struct Backtest {
    /// The city with the old rules.
    pub old: Arc<Plan>,
    /// The city with the new ones; its sensors are the same.
    pub new: Arc<Plan>,
    /// What counts as having happened.
    pub truths: Vec<Truth>,
    /// The readings; each source is a run of its own.
    pub sources: Vec<Source>,
    /// The words of recorded tables for stations, parameters and units of ours.
    pub(crate) map: Arc<Map>,
}

/// How far a backtest is, and whether it shall go on. Shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    readings: AtomicU64,
    at_ms: AtomicI64,
    source: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// Ends the backtest soon; nothing of it is kept.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether somebody ended it.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Readings that were read so far.
    pub fn readings(&self) -> u64 {
        self.readings.load(Ordering::Relaxed)
    }

    /// The event time that is being read; `None` before the first reading.
    pub fn at(&self) -> Option<Timestamp> {
        let at = self.at_ms.load(Ordering::Relaxed);
        (at != 0).then(|| Timestamp::from_ms(at))
    }

    /// Which source is being read, counted from 1; 0 before the first.
    pub fn source(&self) -> u64 {
        self.source.load(Ordering::Relaxed)
    }

    fn read(&self, handful: &[Observation]) {
        self.readings.fetch_add(handful.len() as u64, Ordering::Relaxed);
        if let Some(last) = handful.last() {
            self.at_ms.store(last.measured_at.ms(), Ordering::Relaxed);
        }
    }
}

impl Backtest {
    /// Checks that both plans speak of the same sensors.
    ///
    /// # Errors
    /// Names the first sensor that differs, or what is missing.
    pub fn new(
        old: Arc<Plan>,
        new: Arc<Plan>,
        truths: Vec<Truth>,
        sources: Vec<Source>,
    ) -> Result<Self, BacktestError> {
        let ids = |plan: &Arc<Plan>| -> Vec<String> {
            plan.city.sensors.iter().map(|sensor| sensor.id.to_string()).collect()
        };
        let (ours, theirs) = (ids(&old), ids(&new));
        if ours != theirs {
            let differs = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
            let sensor = differs.map_or_else(|| "the last ones".to_owned(), |(ours, _)| ours.clone());
            return Err(BacktestError::OtherSensors { sensor });
        }
        if sources.is_empty() {
            return Err(BacktestError::Input(
                "no readings are named; allowed are recorded tables, storms and the stored history"
                    .to_owned(),
            ));
        }
        Ok(Self { old, new, truths, sources, map: Arc::new(Map::default()) })
    }

    /// The same with the words of recorded tables for stations, parameters and units of ours.
    #[must_use]
    pub(crate) fn with_map(self, map: Map) -> Self {
        Self { map: Arc::new(map), ..self }
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When a source can't be read, a bound is passed, or it was cancelled.
    pub fn run(&self, progress: &Progress) -> Result<Report, BacktestError> {
        let mut parts = Vec::new();
        let mut sums = write::Sums::default();
        for source in &self.sources {
            progress.source.fetch_add(1, Ordering::Relaxed);
            parts.push(self.play(source, progress, &mut sums)?);
        }
        let rules = Pair { old: self.old.governed.version.clone(), new: self.new.governed.version.clone() };
        let tests_failed = self.old.rule_tests.run(&self.new).iter().map(ToString::to_string).collect();
        Ok(Report::seal(rules, parts, sums.close(self), tests_failed))
    }

    fn play(
        &self,
        source: &Source,
        progress: &Progress,
        sums: &mut write::Sums,
    ) -> Result<Part, BacktestError> {
        let mut feed = source.open(&self.old.city, &self.map)?;
        let (old, new) = std::thread::scope(|scope| {
            let (to_old, for_old) = sync_channel(HANDFULS);
            let (to_new, for_new) = sync_channel(HANDFULS);
            let old = scope.spawn(move || Judge::new(&self.old, &self.truths, true).take_all(&for_old));
            let new = scope.spawn(move || Judge::new(&self.new, &self.truths, false).take_all(&for_new));
            let read = read(&mut feed, &to_old, &to_new, progress);
            drop((to_old, to_new));
            let broke = |_| BacktestError::Broken;
            let (old, new) = (old.join().map_err(broke)?, new.join().map_err(broke)?);
            read?;
            Ok::<_, BacktestError>((old?, new?))
        })?;
        Ok(sums.part(self, source.name(), feed.notes(), old, new))
    }
}

/// Reads to the end; a judge who stopped listening says itself why.
fn read(
    feed: &mut Feed<'_>,
    old: &SyncSender<Arc<[Observation]>>,
    new: &SyncSender<Arc<[Observation]>>,
    progress: &Progress,
) -> Result<(), BacktestError> {
    loop {
        if progress.is_cancelled() {
            return Err(BacktestError::Cancelled);
        }
        let handful: Arc<[Observation]> = feed.next()?.into();
        if handful.is_empty() {
            return Ok(());
        }
        progress.read(&handful);
        if old.send(Arc::clone(&handful)).is_err() || new.send(handful).is_err() {
            return Ok(());
        }
    }
}

/// One set of rules going through the readings.
pub(super) struct Judge<'a> {
    plan: &'a Arc<Plan>,
    truths: &'a [Truth],
    play: Play,
    pub(super) tally: Tally,
    /// The reference gauges; read beside the old rules only.
    pub(super) gauges: Vec<Gauge>,
    /// Which truths a sensor is the gauge of, by its place.
    of_sensor: Vec<Vec<usize>>,
    pub(super) readings: u64,
    pub(super) lasts: Option<(Timestamp, Timestamp)>,
}

impl<'a> Judge<'a> {
    fn new(plan: &'a Arc<Plan>, truths: &'a [Truth], reads_truth: bool) -> Self {
        let settle = plan.rules.horizon();
        let mut of_sensor = vec![Vec::new(); plan.city.sensors.len()];
        for (nth, truth) in truths.iter().enumerate().filter(|_| reads_truth) {
            if let Some(list) = of_sensor.get_mut(truth.sensor.at()) {
                list.push(nth);
            }
        }
        Self {
            plan,
            truths,
            play: Play::new(plan, false),
            tally: Tally::new(&plan.rules, truths),
            gauges: truths.iter().map(|truth| Gauge::new(truth, settle)).collect(),
            of_sensor,
            readings: 0,
            lasts: None,
        }
    }

    fn take_all(mut self, receive: &Receiver<Arc<[Observation]>>) -> Result<Self, BacktestError> {
        while let Ok(handful) = receive.recv() {
            for observation in handful.iter() {
                if let Some(commit) = self.play.take(*observation) {
                    self.note(&commit)?;
                }
            }
        }
        if let Some(commit) = self.play.decide() {
            self.note(&commit)?;
        }
        for (gauge, truth) in self.gauges.iter_mut().zip(self.truths) {
            gauge.finish(truth)?;
        }
        Ok(self)
    }

    fn note(&mut self, commit: &Commit) -> Result<(), BacktestError> {
        self.readings += commit.readings.len() as u64;
        let first = self.lasts.map_or(commit.at, |(first, _)| first);
        self.lasts = Some((first, commit.at));
        for reading in &commit.readings {
            for nth in self.of_sensor.get(reading.sensor.at()).into_iter().flatten() {
                if let Some(gauge) = self.gauges.get_mut(*nth) {
                    gauge.read(reading);
                }
            }
        }
        for (gauge, truth) in self.gauges.iter_mut().zip(self.truths) {
            gauge.settle(truth, commit.at)?;
        }
        self.tally.take(&self.plan.rules, self.truths, commit)
    }
}

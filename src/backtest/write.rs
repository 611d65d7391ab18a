//! Writes what two judges found as a part of the report, and adds the parts up.

use std::collections::{BTreeMap, BTreeSet};

use sensors::time::{Span, Timestamp};

use super::event::Event;
use super::report::{
    Difference, EventLine, LevelTime, Pair, Part, Score, Sum, TellingCounts, Verdict, WarnedLine,
};
use super::run::{Backtest, Judge};
use super::score::{Counts, Warned, judge};
use super::tally::{Said, Tally, Told};
use super::truth::{Step, Truth};

/// Events of one stage that a part lists; the others are counted.
const EVENTS_LISTED: usize = 1000;

/// By alert and level.
type Stood = BTreeMap<(String, String), Span>;

/// The parts so far, added up.
#[derive(Default)]
pub(super) struct Sums {
    readings: u64,
    /// By truth and step.
    counts: BTreeMap<(usize, usize), Pair<Counts>>,
    told: Pair<TellingCounts>,
    stood: Pair<Stood>,
}

impl Sums {
    /// Writes a part and adds it.
    pub(super) fn part(
        &mut self,
        test: &Backtest,
        source: String,
        notes: Vec<String>,
        mut old: Judge<'_>,
        mut new: Judge<'_>,
    ) -> Part {
        let end = old.lasts.map_or(Timestamp::MIN, |(_, last)| last);
        let mut truths = Vec::new();
        for (nth, truth) in test.truths.iter().enumerate() {
            for (place, step) in truth.steps.iter().enumerate() {
                let seen = Seen { test, truth, step, nth, place };
                let (verdict, counts) = seen.verdict(&old, &new);
                let sum = self.counts.entry((nth, place)).or_default();
                *sum = Pair { old: sum.old.and(counts.old), new: sum.new.and(counts.new) };
                truths.push(verdict);
            }
        }
        let told = Pair { old: telling(&old.tally), new: telling(&new.tally) };
        add(&mut self.told.old, &told.old);
        add(&mut self.told.new, &told.new);
        let stood =
            Pair { old: old.tally.stood(&test.old.rules, end), new: new.tally.stood(&test.new.rules, end) };
        gather(&mut self.stood.old, &stood.old);
        gather(&mut self.stood.new, &stood.new);
        self.readings += old.readings;
        Part {
            source,
            from: old.lasts.map(|(first, _)| first.to_string()),
            to: old.lasts.map(|(_, last)| last.to_string()),
            readings: old.readings,
            truths,
            told,
            levels: levels(&stood),
            notes,
        }
    }

    /// All parts together.
    pub(super) fn close(self, test: &Backtest) -> Sum {
        let verdict = |(&(nth, place), counts): (&(usize, usize), &Pair<Counts>)| {
            let truth = test.truths.get(nth)?;
            let step = truth.steps.get(place)?;
            Some(Seen { test, truth, step, nth, place }.write(counts, Vec::new(), 0))
        };
        Sum {
            readings: self.readings,
            truths: self.counts.iter().filter_map(verdict).collect(),
            told: self.told,
            levels: levels(&self.stood),
        }
    }
}

/// A step of a truth that is being written.
struct Seen<'a> {
    test: &'a Backtest,
    truth: &'a Truth,
    step: &'a Step,
    nth: usize,
    place: usize,
}

impl Seen<'_> {
    fn verdict(&self, old: &Judge<'_>, new: &Judge<'_>) -> (Verdict, Pair<Counts>) {
        // The gauges stand beside the old rules, and both are judged by them.
        let Some(gauge) = old.gauges.get(self.nth) else {
            return (self.write(&Pair::default(), Vec::new(), 0), Pair::default());
        };
        let events = gauge.steps.get(self.place).map(|events| events.all.as_slice()).unwrap_or_default();
        let said = |judge: &Judge<'_>| -> (Counts, Vec<Warned>) {
            let warnings = judge.tally.said.get(self.nth).and_then(|said| said.warnings.get(self.place));
            self::judge(self.truth, gauge, events, warnings.map(Vec::as_slice).unwrap_or_default())
        };
        let ((old_counts, old_warned), (new_counts, new_warned)) = (said(old), said(new));
        let listed = events.iter().zip(old_warned.iter().zip(&new_warned)).take(EVENTS_LISTED);
        let lines = listed.map(|(event, (was, is))| {
            let warned = Pair {
                old: self.warned(event, *was, old.tally.said.get(self.nth)),
                new: self.warned(event, *is, new.tally.said.get(self.nth)),
            };
            self.line(event, warned)
        });
        let lines: Vec<EventLine> = lines.collect();
        let unlisted = (events.len() - lines.len()) as u64;
        let counts = Pair { old: old_counts, new: new_counts };
        (self.write(&counts, lines, unlisted), counts)
    }

    fn write(&self, counts: &Pair<Counts>, events: Vec<EventLine>, events_unlisted: u64) -> Verdict {
        let score = Pair { old: Score::of(&counts.old), new: Score::of(&counts.new) };
        let sensor = self.test.old.city.sensor(self.truth.sensor);
        Verdict {
            truth: self.truth.name.to_string(),
            sensor: sensor.map(|sensor| sensor.id.to_string()).unwrap_or_default(),
            step: self.step.name.to_string(),
            raise: self.value(self.step.raise),
            severity: self.step.severity,
            difference: Difference::of(&score),
            score,
            events,
            events_unlisted,
        }
    }

    fn value(&self, value: sensors::quantity::Value) -> String {
        format!("{} {}", value.display(self.truth.parameter), self.truth.parameter.unit())
    }

    fn line(&self, event: &Event, warned: Pair<WarnedLine>) -> EventLine {
        EventLine {
            crossing: event.crossing.to_string(),
            blind_s: event.blind.map(Span::whole_s),
            crest: self.value(event.crest.1),
            crest_at: event.crest.0.to_string(),
            ended: event.ended.map(|at| at.to_string()),
            warned,
        }
    }

    fn warned(&self, event: &Event, warned: Warned, said: Option<&Said>) -> WarnedLine {
        let (from, to) = (event.crossing.minus(self.truth.lead), event.ended.unwrap_or(Timestamp::MAX));
        let told = said.map(|said| said.told.as_slice()).unwrap_or_default();
        let first = told.partition_point(|(at, _)| *at < from);
        let during = told.iter().skip(first).take_while(|(at, _)| *at <= to);
        let told = during.fold(Told::default(), |sum, (_, told)| sum.and(*told));
        WarnedLine {
            at: warned.raised.map(|at| at.to_string()),
            hit: warned.hit,
            lead_crossing_s: warned.raised.map(|at| event.crossing.since(at).whole_s()),
            lead_crest_s: warned.raised.map(|at| event.crest.0.since(at).whole_s()),
            bulletins: told.bulletins,
            proposals: told.proposals,
            pushes: told.pushes,
        }
    }
}

fn telling(tally: &Tally) -> TellingCounts {
    TellingCounts {
        transitions: tally.transitions,
        doubted: tally.doubted,
        bulletins: tally.told.bulletins,
        proposals: tally.told.proposals,
        notices: tally.notices,
        pushes: tally.told.pushes,
        pushes_by: tally.pushes_by.clone(),
    }
}

fn add(sum: &mut TellingCounts, part: &TellingCounts) {
    sum.transitions += part.transitions;
    sum.doubted += part.doubted;
    sum.bulletins += part.bulletins;
    sum.proposals += part.proposals;
    sum.notices += part.notices;
    sum.pushes += part.pushes;
    for (who, pushes) in &part.pushes_by {
        *sum.pushes_by.entry(who.clone()).or_default() += pushes;
    }
}

fn gather(sum: &mut Stood, part: &Stood) {
    for (level, span) in part {
        let sum = sum.entry(level.clone()).or_default();
        *sum = Span::from_ms(sum.ms().saturating_add(span.ms()));
    }
}

fn levels(stood: &Pair<Stood>) -> Vec<LevelTime> {
    let names: BTreeSet<&(String, String)> = stood.old.keys().chain(stood.new.keys()).collect();
    let line = |name: &(String, String)| {
        let minutes = |stood: &Stood| stood.get(name).map_or(0, |span| span.ms() / 60_000);
        let minutes = Pair { old: minutes(&stood.old), new: minutes(&stood.new) };
        let (alert, level) = name.clone();
        LevelTime { alert, level, difference: minutes.new - minutes.old, minutes }
    };
    names.into_iter().map(line).collect()
}

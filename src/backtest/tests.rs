//! Whole backtests over what was recorded, simulated and made up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::{SensorId, StationId};
use sensors::time::{Span, Timestamp};

use super::jobs::{Jobs, Refused, Standing};
use super::play::Play;
use super::report::{Difference, Report, Score, Verdict};
use super::{Backtest, BacktestError, History, Made, Progress, Recorded, Source, plan_with, truths_of};
use crate::plan::Texts;
use crate::store::commit::{Commit, Seq};
use crate::store::{Options, Store};
use crate::table::map::Map;
use crate::watch::snapshot::Plan;

fn hue() -> Arc<Plan> {
    Arc::new(Plan::join(&Texts::embedded()).unwrap())
}

/// Huế under its own rules with some words replaced, each of which must be there.
fn changed(plan: &Plan, changes: &[(&str, &str)]) -> Arc<Plan> {
    let texts = Texts::embedded();
    let mut rules = texts.text("rules.toml").unwrap().to_owned();
    for (from, to) in changes {
        assert!(rules.contains(from), "the rules say nothing of {from:?}");
        rules = rules.replacen(from, to, 1);
    }
    Arc::new(plan_with(plan, "rules.toml", &rules).unwrap())
}

const BD2: &str = "raise_m = 2.0, clear_m = 1.8";

/// The recorded flood, or `None` where it is absent.
fn recorded() -> Option<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hue");
    let names = ["storm_2025-11-16_observed_stage.csv", "storm_2025-11-16_recorded.csv"];
    let files: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    if let Some(absent) = files.iter().find(|file| !file.exists()) {
        assert!(std::env::var_os("CI").is_none(), "{} is absent", absent.display());
        println!("skipped: {} is absent", absent.display());
        return None;
    }
    Some(Source::Recorded(files.into_iter().map(Recorded::File).collect()))
}

fn run(old: &Arc<Plan>, new: &Arc<Plan>, source: Source) -> Report {
    let test = Backtest::new(Arc::clone(old), Arc::clone(new), truths_of(old), vec![source]).unwrap();
    test.run(&Progress::default()).unwrap()
}

fn sent(rows: &str) -> Source {
    let text = format!("measured_at,station,parameter,value,unit\n{rows}");
    Source::Recorded(vec![Recorded::Sent("rows".into(), text.into_bytes().into())])
}

/// Stages at Kim Long in mm, ten minutes apart.
fn stages(mm: &[i64]) -> String {
    let began = Timestamp::parse_rfc3339("2025-11-16T00:00:00+07:00").unwrap();
    let row = |(nth, mm): (usize, &i64)| {
        let at = began.plus(Span::from_min(10 * nth as i64));
        format!("{at},kim-long,stage,{}.{:03},m\n", mm / 1000, mm % 1000)
    };
    mm.iter().enumerate().map(row).collect()
}

/// Up from 1.0 m to a crest and down again.
fn flood(crest: i64) -> Vec<i64> {
    let up = (0..).map(|n| 1000 + n * 20).take_while(|mm| *mm < crest);
    let down = (0..).map(|n| crest - n * 20).take_while(|mm| *mm > 1000);
    up.chain(down).collect()
}

fn verdict<'a>(report: &'a Report, truth: &str, step: &str) -> &'a Verdict {
    report.sum.truths.iter().find(|v| v.truth == truth && v.step == step).unwrap()
}

#[test]
fn lowering_bd2_at_kim_long_warns_two_hours_earlier_in_the_recorded_flood() {
    let (old, Some(source)) = (hue(), recorded()) else { return };
    let new = changed(&old, &[(BD2, "raise_m = 1.8, clear_m = 1.6")]);
    let report = run(&old, &new, source);
    let bd2 = verdict(&report, "kim-long", "bd2");
    assert_eq!((bd2.score.old.hits, bd2.score.new.hits), (1, 1));
    assert_eq!((bd2.score.new.misses, bd2.score.new.false_alarms), (0, 0));
    // The stage was 2.01 m at 19:00Z and above 1.8 m at 17:00Z; the record has no 18:00Z.
    let mean = |score: &Score| score.lead_crossing.as_ref().unwrap().mean_s;
    assert_eq!((mean(&bd2.score.old), mean(&bd2.score.new)), (0, 7200));
    assert_eq!(bd2.difference.lead_crossing_s, Some(7200));
    assert_eq!(bd2.difference.lead_crest_s, Some(7200));
    let events = &report.sources[0].truths.iter().find(|v| v.step == "bd2").unwrap().events;
    assert_eq!((events[0].crossing.as_str(), events[0].crest.as_str()), ("2025-11-16T19:00:00Z", "3.01 m"));
}

#[test]
fn the_same_rules_give_no_difference_and_the_same_digest_again() {
    let (old, Some(source)) = (hue(), recorded()) else { return };
    let report = run(&old, &old, source.clone());
    for verdict in &report.sum.truths {
        assert_eq!(verdict.score.old, verdict.score.new);
        let Difference { hits, misses, false_alarms, .. } = verdict.difference;
        assert_eq!((hits, misses, false_alarms), (0, 0, 0));
    }
    assert_eq!(report.sum.told.old, report.sum.told.new);
    assert!(report.sum.levels.iter().all(|level| level.difference == 0) && !report.sum.levels.is_empty());
    let again = run(&old, &old, source);
    assert_eq!(again, report);
    let kept: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(kept.digested(), report.digest, "what was kept as text is read back as it was");
}

#[test]
fn a_threshold_that_is_too_low_gives_false_alarms_and_one_that_is_too_high_misses() {
    let old = hue();
    let low = changed(&old, &[(BD2, "raise_m = 1.5, clear_m = 1.3")]);
    let high = changed(&old, &[(BD2, "raise_m = 2.9, clear_m = 2.7")]);
    // A flood that stays below BĐ2, a quiet day, and one that does not.
    let rows =
        stages(&[flood(1700), vec![990; 30], (0..80).map(|n| 950 - n % 9).collect(), flood(2400)].concat());
    // And a quiet day after it, so that every warning can be judged.
    let low = run(&old, &low, sent(&rows));
    let bd2 = verdict(&low, "kim-long", "bd2");
    assert_eq!((bd2.score.old.hits, bd2.score.old.false_alarms), (1, 0));
    assert_eq!((bd2.score.new.hits, bd2.score.new.false_alarms), (1, 1));
    assert_eq!((bd2.score.new.far, bd2.difference.csi), (Some(0.5), Some(-0.5)));
    let high = run(&old, &high, sent(&rows));
    let bd2 = verdict(&high, "kim-long", "bd2");
    assert_eq!((bd2.score.new.hits, bd2.score.new.misses), (0, 1));
    assert_eq!((bd2.score.new.pod, bd2.score.new.far), (Some(0.0), None));
}

#[test]
fn rows_out_of_order_and_holes_give_the_same_events() {
    let old = hue();
    let flood = flood(2400);
    let rows: Vec<String> = stages(&flood).lines().map(str::to_owned).collect();
    let straight = run(&old, &old, sent(&(rows.join("\n") + "\n")));
    let mut mixed = rows.clone();
    for pair in mixed.chunks_mut(4) {
        pair.reverse();
    }
    let mixed = run(&old, &old, sent(&(mixed.join("\n") + "\n")));
    assert_eq!(mixed.sum.truths, straight.sum.truths);
    let holed: Vec<&str> =
        rows.iter().enumerate().filter(|(n, _)| n % 5 != 3).map(|(_, row)| row.as_str()).collect();
    let holed = run(&old, &old, sent(&(holed.join("\n") + "\n")));
    assert_eq!(verdict(&holed, "kim-long", "bd2").score.old.hits, 1);
}

#[test]
fn a_spike_is_no_flood() {
    let old = hue();
    let mut stages_mm: Vec<i64> = (0..200).map(|n| 900 + n % 7).collect();
    stages_mm[100] = 4000;
    let report = run(&old, &old, sent(&stages(&stages_mm)));
    assert!(report.sources[0].truths.iter().all(|verdict| verdict.events.is_empty()));
    assert!(report.sum.truths.iter().all(|verdict| verdict.score.old.false_alarms == 0));
}

/// Quiet water at Kim Long for ever.
fn quiet(city: &City, nth: u64) -> Option<Observation> {
    let id = SensorId { station: StationId::new("kim-long"), parameter: Parameter::Stage, name: None };
    let measured_at = Timestamp::from_ms(1_700_000_000_000).plus(Span::from_min(10 * nth as i64));
    let value = Observed::Value(Value::from_raw(500 + (nth % 13) as i64));
    Some(Observation {
        sensor: city.sensor_named(&id)?,
        measured_at,
        from: None,
        arrived_at: measured_at,
        value,
    })
}

fn endless(plan: &Arc<Plan>) -> Backtest {
    let source = Source::Made(Made { name: "quiet".into(), nth: quiet });
    Backtest::new(Arc::clone(plan), Arc::clone(plan), truths_of(plan), vec![source]).unwrap()
}

/// Waits for a condition, within a bound.
fn wait(what: &str, mut met: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !met() {
        assert!(began.elapsed() < std::time::Duration::from_mins(1), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_cancelled_backtest_ends_without_a_result() {
    let test = endless(&hue());
    let progress = Progress::default();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| test.run(&progress));
        wait("it never began", || progress.readings() > 10_000);
        progress.cancel();
        assert!(matches!(running.join().unwrap(), Err(BacktestError::Cancelled)));
    });
}

#[test]
fn one_runs_four_wait_and_the_others_are_refused() {
    let (jobs, plan) = (Arc::new(Jobs::default()), hue());
    let take = |id: &str| jobs.take(id.to_owned(), None, endless(&plan), Box::new(|_| String::new()));
    let first = take("a").unwrap();
    wait("it never began", || first.progress.readings() > 0);
    for id in ["b", "c", "d", "e"] {
        assert!(matches!(take(id).unwrap().standing(), Standing::Waiting));
    }
    assert_eq!(take("f").err(), Some(Refused::Crowded));
    assert_eq!(take("a").unwrap().id, "a", "the same question is the same job");
    assert_eq!((jobs.cancel("c"), jobs.cancel("a"), jobs.cancel("z")), (Some(true), Some(true), None));
    wait("it was not cancelled", || matches!(first.standing(), Standing::Cancelled));
    assert!(take("f").is_ok());
    let last = jobs.find("e").unwrap();
    jobs.stop();
    assert_eq!(take("g").err(), Some(Refused::Stopped));
    wait("the service could not stop", || !jobs.find("b").unwrap().standing().is_open());
    assert!(!last.standing().is_open());
}

#[test]
fn a_result_is_found_by_the_version_that_it_judged() {
    let (jobs, old) = (Arc::new(Jobs::default()), hue());
    let new = changed(&old, &[(BD2, "raise_m = 1.9, clear_m = 1.7")]);
    let source = sent(&stages(&flood(2400)));
    let test = Backtest::new(Arc::clone(&old), Arc::clone(&new), truths_of(&old), vec![source]).unwrap();
    let job = jobs.take("a".to_owned(), None, test, Box::new(|_| "filed".to_owned())).unwrap();
    wait("it never ended", || !job.standing().is_open());
    assert!(matches!(job.standing(), Standing::Done(_, filed) if filed == "filed"));
    wait("it is not found", || jobs.result_for(&new.governed.version).is_some());
    assert!(jobs.result_for(&old.governed.version).is_none());
}

#[test]
fn the_stored_history_gives_what_the_rows_gave_and_stays_as_it_was_known() {
    let old = hue();
    let new = changed(&old, &[(BD2, "raise_m = 1.8, clear_m = 1.6")]);
    // More than a page of one sensor.
    let mm: Vec<i64> =
        (0..6).flat_map(|_| [flood(2400), (0..40).map(|n| 950 - n % 9).collect()].concat()).collect();
    assert!(mm.len() > 600);
    let rows = stages(&mm);
    let dir = tempfile::tempdir().unwrap();
    let options = Options { exercise: false, ..Options::default() };
    let (mut store, restored) =
        Store::open(dir.path(), &old.city, &old.version, Timestamp::from_ms(0), &options).unwrap();
    let mut seq = store.reader(1).unwrap().newest().unwrap().0;
    let mut play = Play::new(&old, false);
    let Source::Recorded(tables) = sent(&rows) else { unreachable!() };
    let map = Map::default();
    let mut feed = Source::Recorded(tables).open(&old.city, &map).unwrap();
    let mut keep = |commit: Option<Commit>| {
        let readings =
            commit.map(|commit| Commit { at: commit.at, readings: commit.readings, ..Commit::default() });
        if let Some(commit) = readings {
            seq = store.commit(restored.epoch, seq, &commit).unwrap();
        }
        seq
    };
    for observation in feed.next().unwrap() {
        keep(play.take(observation));
    }
    let known_at = keep(play.decide());
    // What becomes known later is not in what was known then.
    let last = Timestamp::parse_rfc3339("2025-11-16T00:00:00+07:00").unwrap();
    let late = play.take(quiet_at(&old.city, last.plus(Span::from_min(10 * mm.len() as i64))));
    keep(late);
    keep(play.decide());
    let reader = store.reader(1).unwrap();
    let history = |known_at| {
        Source::History(History { reader: reader.clone(), span: (Timestamp::MIN, Timestamp::MAX), known_at })
    };
    let (from_rows, from_store) = (run(&old, &new, sent(&rows)), run(&old, &new, history(known_at)));
    assert_eq!(from_store.sum, from_rows.sum);
    assert_eq!(verdict(&from_store, "kim-long", "bd2").score.new.hits, 6);
    let newer = run(&old, &new, history(Seq(u64::from(u32::MAX))));
    assert_eq!(newer.sum.readings, from_store.sum.readings + 1);
}

fn quiet_at(city: &City, measured_at: Timestamp) -> Observation {
    Observation { measured_at, arrived_at: measured_at, ..quiet(city, 0).unwrap() }
}

//! Whole backtests over what was recorded, simulated and made up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::report::Report;
use super::{Backtest, BacktestError, Progress, Recorded, Source, plan_with, truths_of};
use crate::plan::Texts;
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

#[test]
fn lowering_bd2_at_kim_long_warns_earlier_in_the_recorded_flood() {
    let (old, Some(source)) = (hue(), recorded()) else { return };
    let new = changed(&old, &[(BD2, "raise_m = 1.8, clear_m = 1.6")]);
    let report = run(&old, &new, source);
    let bd2 = report.sum.truths.iter().find(|v| v.truth == "kim-long" && v.step == "bd2").unwrap();
    eprintln!("{}", serde_json::to_string_pretty(bd2).unwrap());
    eprintln!("{}", serde_json::to_string_pretty(&report.sources[0]).unwrap());
}

//! The promises of the simulator; what they share.

mod beside;
mod file;
mod flood;
mod rows;
mod wire;

use std::path::{Path, PathBuf};

use sensors::city::City;
use sensors::time::{Span, Timestamp};

use crate::chart::{Chart, Truth};
use crate::storm::Storm;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The first deployment, as its files stand in the repository.
fn hue() -> City {
    let mut files = Vec::new();
    for (folder, prefix) in [("config/hue", ""), ("config/devices", "devices/")] {
        let mut names: Vec<_> =
            std::fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        for path in names.into_iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if prefix.is_empty()
                && !["basins.toml", "city.toml", "lines.toml", "quality.toml", "stations.toml", "zones.toml"]
                    .contains(&name.as_str())
            {
                continue;
            }
            files.push((format!("{prefix}{name}"), std::fs::read_to_string(&path).unwrap()));
        }
    }
    City::parse(&files).unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn storm(name: &str) -> Storm {
    Storm::named(name).unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn local(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("{text}:00+07:00")).unwrap()
}

/// What is really there, every ten minutes.
fn truths(chart: &Chart) -> Vec<Truth> {
    let (begins, ends) = chart.lasts();
    let tens = ends.since(begins).ms() / Span::from_min(10).ms();
    (0..=tens).map(|n| chart.truth(begins.plus(Span::from_min(10 * n)))).collect()
}

/// The stage of a station in metres.
fn stage_m(truth: &Truth, station: &str) -> f64 {
    truth.stages.iter().find(|(id, _)| id.as_str() == station).unwrap().1.raw() as f64 / 1000.0
}

fn crest(truths: &[Truth], station: &str) -> (Timestamp, f64) {
    let all = truths.iter().map(|truth| (truth.at, stage_m(truth, station)));
    all.fold((Timestamp::MIN, f64::MIN), |crest, now| if now.1 > crest.1 { now } else { crest })
}

fn first_above(truths: &[Truth], station: &str, stage: f64) -> Option<Timestamp> {
    truths.iter().find(|truth| stage_m(truth, station) >= stage).map(|truth| truth.at)
}

/// Whether a test may be left out here: an absent tool or file is a failure where CI is set.
fn skipped(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what} is needed here");
    println!("skipped: {what} is not here");
}

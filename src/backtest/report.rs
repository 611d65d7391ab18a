//! The result as it is shown and kept: old beside new, by source and in sum.
//!
//! There is no clock in it: the same rules over the same data give the same bytes and the same digest
//! on every machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::score::{Counts, Leads};

/// A value of the old rules beside that of the new ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pair<T> {
    /// Under the old rules.
    pub old: T,
    /// Under the new ones.
    pub new: T,
}

/// The whole result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The versions of the rules.
    pub rules: Pair<String>,
    /// What each source gave.
    pub sources: Vec<Part>,
    /// All sources together.
    pub sum: Sum,
    /// Tests of rules.test.toml that the new rules fail; whoever approves them takes that upon them.
    pub tests_failed: Vec<String>,
    /// SHA-256 over everything above, as it is written in JSON.
    pub digest: String,
}

/// What one source gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// Its name: `storm 2025-11`, `history`, the names of files.
    pub source: String,
    /// The first event time, RFC 3339; null without any reading.
    pub from: Option<String>,
    /// The last one.
    pub to: Option<String>,
    /// Readings that were judged.
    pub readings: u64,
    /// By gauge and stage.
    pub truths: Vec<Verdict>,
    /// What people would have been told.
    pub told: Pair<TellingCounts>,
    /// How long each level of each alert stood, where it stood at all.
    pub levels: Vec<LevelTime>,
    /// What is to be known of the source: rows that are no readings, strangers.
    pub notes: Vec<String>,
}

/// All sources together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sum {
    /// Readings that were judged.
    pub readings: u64,
    /// By gauge and stage, without their events.
    pub truths: Vec<Verdict>,
    /// What people would have been told.
    pub told: Pair<TellingCounts>,
    /// How long each level of each alert stood.
    pub levels: Vec<LevelTime>,
}

/// A gauge and a stage, and how they were warned of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// The name of the truth.
    pub truth: String,
    /// The reference gauge's sensor.
    pub sensor: String,
    /// The stage's name.
    pub step: String,
    /// Its value, as `2.000 m`.
    pub raise: String,
    /// The least severity of a warning of it.
    pub severity: u8,
    /// The table.
    pub score: Pair<Score>,
    /// New less old.
    pub difference: Difference,
    /// The events, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventLine>,
    /// Events that are counted and not listed.
    pub events_unlisted: u64,
}

/// How well warnings met events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Score {
    /// Events with a warning in time.
    pub hits: u64,
    /// Events without.
    pub misses: u64,
    /// Warnings without an event.
    pub false_alarms: u64,
    /// Warnings of which the blind gauge can't say whether they were false.
    pub unverified: u64,
    /// Warnings whose event may come after the end of the data.
    pub unfinished: u64,
    /// Probability of detection, hits / (hits + misses); null is undefined.
    pub pod: Option<f64>,
    /// False alarm ratio, false / (hits + false); null is undefined.
    pub far: Option<f64>,
    /// Critical success index, hits / (hits + misses + false); null is undefined.
    pub csi: Option<f64>,
    /// Lead time before the crossings that were hit.
    pub lead_crossing: Option<LeadTime>,
    /// Lead time before their crests.
    pub lead_crest: Option<LeadTime>,
}

/// Lead times; negative is afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeadTime {
    /// The shortest, seconds.
    pub least_s: i64,
    /// The mean, seconds, cut off.
    pub mean_s: i64,
    /// The longest, seconds.
    pub most_s: i64,
}

/// New less old.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Of hits.
    pub hits: i64,
    /// Of misses.
    pub misses: i64,
    /// Of false alarms.
    pub false_alarms: i64,
    /// Of the probability of detection.
    pub pod: Option<f64>,
    /// Of the false alarm ratio.
    pub far: Option<f64>,
    /// Of the critical success index.
    pub csi: Option<f64>,
    /// Of the mean lead time before crossings, seconds.
    pub lead_crossing_s: Option<i64>,
    /// Of the mean lead time before crests, seconds.
    pub lead_crest_s: Option<i64>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventLine {
    /// The first trusted reading at the stage or above.
    pub crossing: String,
    /// How long nothing trusted had been read before, seconds; null where the data begin with it:
    /// such an event is neither hit nor missed.
    pub blind_s: Option<i64>,
    /// The crest, as `3.010 m`.
    pub crest: String,
    /// When it was read first.
    pub crest_at: String,
    /// When it was over; null while it ran at the end of the data.
    pub ended: Option<String>,
    /// What was said of it.
    pub warned: Pair<WarnedLine>,
}

/// What a set of rules said of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WarnedLine {
    /// When the first warning was raised.
    pub at: Option<String>,
    /// Whether that was in time.
    pub hit: Option<bool>,
    /// Before the crossing, seconds; negative is afterwards.
    pub lead_crossing_s: Option<i64>,
    /// Before the crest, seconds.
    pub lead_crest_s: Option<i64>,
    /// Bulletins of the rules concerned, from the lead before the crossing to the end of the event.
    pub bulletins: u64,
    /// Proposals to officers in that time.
    pub proposals: u64,
    /// Pushes in that time.
    pub pushes: u64,
}

/// What people would have been told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TellingCounts {
    /// Changes of level that trusted readings made.
    pub transitions: u64,
    /// Changes that only officers are told of, because the readings are suspect.
    pub doubted: u64,
    /// Bulletins that went out.
    pub bulletins: u64,
    /// Bulletins that waited for an officer.
    pub proposals: u64,
    /// Notices to staff about our own troubles.
    pub notices: u64,
    /// Pushes to the public, one for each bulletin, zone and language.
    pub pushes: u64,
    /// The same by `zone.language`.
    pub pushes_by: BTreeMap<String, u64>,
}

/// How long a level stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LevelTime {
    /// `{rule}.{subject}`.
    pub alert: String,
    /// The level.
    pub level: String,
    /// Minutes.
    pub minutes: Pair<i64>,
    /// New less old.
    pub difference: i64,
}

impl Report {
    /// A report with its digest.
    pub(crate) fn seal(rules: Pair<String>, sources: Vec<Part>, sum: Sum, tests_failed: Vec<String>) -> Self {
        let mut report = Self { rules, sources, sum, tests_failed, digest: String::new() };
        report.digest = report.digested();
        report
    }

    /// The result in one line, for the draft that it is filed with.
    pub fn summary(&self) -> String {
        let add = |of: fn(&Score) -> u64| {
            let truths = self.sum.truths.iter();
            truths.fold((0, 0), |(old, new), v| (old + of(&v.score.old), new + of(&v.score.new)))
        };
        let (hits, misses) = (add(|score| score.hits), add(|score| score.misses));
        let (false_alarms, told) = (add(|score| score.false_alarms), &self.sum.told);
        format!(
            "{} readings of {} source(s), old -> new: hits {} -> {}, misses {} -> {}, false alarms {} -> {}, bulletins {} -> {}, pushes {} -> {}; {} test(s) of the rules fail",
            self.sum.readings,
            self.sources.len(),
            hits.0,
            hits.1,
            misses.0,
            misses.1,
            false_alarms.0,
            false_alarms.1,
            told.old.bulletins,
            told.new.bulletins,
            told.old.pushes,
            told.new.pushes,
            self.tests_failed.len(),
        )
    }

    /// What the digest has to be.
    pub fn digested(&self) -> String {
        let content = (&self.rules, &self.sources, &self.sum, &self.tests_failed);
        // Plain data with text keys can't fail to be written.
        let bytes = serde_json::to_vec(&content).unwrap_or_default();
        format!("{:x}", Sha256::digest(bytes))
    }
}

impl Score {
    pub(crate) fn of(counts: &Counts) -> Self {
        Self {
            hits: counts.hits,
            misses: counts.misses,
            false_alarms: counts.false_alarms,
            unverified: counts.unverified,
            unfinished: counts.unfinished,
            pod: counts.pod().map(rounded),
            far: counts.far().map(rounded),
            csi: counts.csi().map(rounded),
            lead_crossing: LeadTime::of(&counts.to_crossing),
            lead_crest: LeadTime::of(&counts.to_crest),
        }
    }
}

impl LeadTime {
    fn of(leads: &Leads) -> Option<Self> {
        let mean = leads.sum.ms().checked_div(leads.count)?;
        Some(Self { least_s: leads.least.whole_s(), mean_s: mean / 1000, most_s: leads.most.whole_s() })
    }
}

impl Difference {
    pub(crate) fn of(pair: &Pair<Score>) -> Self {
        let Pair { old, new } = pair;
        let less = |new: u64, old: u64| new as i64 - old as i64;
        let ratio = |new: Option<f64>, old: Option<f64>| Some(rounded(new? - old?));
        let mean = |lead: &Option<LeadTime>| lead.as_ref().map(|lead| lead.mean_s);
        let lead = |new: &Option<LeadTime>, old: &Option<LeadTime>| Some(mean(new)? - mean(old)?);
        Self {
            hits: less(new.hits, old.hits),
            misses: less(new.misses, old.misses),
            false_alarms: less(new.false_alarms, old.false_alarms),
            pod: ratio(new.pod, old.pod),
            far: ratio(new.far, old.far),
            csi: ratio(new.csi, old.csi),
            lead_crossing_s: lead(&new.lead_crossing, &old.lead_crossing),
            lead_crest_s: lead(&new.lead_crest, &old.lead_crest),
        }
    }
}

/// To four decimals, so that a report that was kept as text is read back as it was.
fn rounded(ratio: f64) -> f64 {
    (ratio * 1e4).round() / 1e4
}

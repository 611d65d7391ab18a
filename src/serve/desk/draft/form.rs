//! What the rules and their drafts look like in JSON.

use std::collections::BTreeMap;

use sensors::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::desk::draft::diff::Change;
use crate::desk::draft::edit::Edit;
use crate::desk::draft::{BacktestDone, Draft, File, InForce};
use crate::desk::paper::Kept;
use crate::serve::desk::paper::record;
use crate::serve::form::Time;
use crate::watch::snapshot::Plan;

/// The rules in force.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesInForce {
    /// A hash over every governed text.
    version: String,
    /// The version of the whole configuration, which commits name.
    config_version: String,
    /// When it came into force; null before the first commit.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Time>,
    /// Who approved it; null where a folder brought it.
    approved_by: Option<String>,
    /// Files of which the configuration folder says something else; what is in force counts.
    folder_differs: Vec<String>,
    /// The governed files.
    files: Vec<FileForm>,
    /// Every rule as it is written.
    rules: Vec<RuleForm>,
}

/// A governed file without its text.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileForm {
    name: String,
    bytes: usize,
    sha256: String,
}

/// A rule.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleForm {
    /// Its id.
    id: String,
    /// A hash of its definition, which transitions name.
    version: Option<String>,
    /// Alerts that it makes: one for each subject.
    alerts: usize,
    /// Everything that its table says: subjects, zones, policy, levels with their thresholds.
    #[schema(value_type = Object)]
    definition: serde_json::Value,
}

/// A governed file with its text.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextForm {
    /// `rules.toml`, `phrases.<lang>.toml`, `impacts.toml`.
    #[schema(examples("rules.toml"))]
    pub(super) name: String,
    /// Every byte of it.
    pub(super) text: String,
}

/// Every governed file.
#[derive(Serialize, ToSchema)]
pub(crate) struct Export {
    pub(super) version: String,
    pub(super) files: Vec<TextForm>,
}

/// Versions that were in force, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    pub(super) versions: Vec<VersionForm>,
}

/// A version that was in force.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionForm {
    /// A hash over every governed text; what restore names.
    version: String,
    /// The version before.
    before: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
    /// The draft that brought it.
    draft: Option<String>,
    proposed_by: Option<String>,
    approved_by: Option<String>,
    note: Option<String>,
}

/// Drafts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Drafts {
    pub(super) drafts: Vec<DraftForm>,
    /// Give it back as `cursor` for the next page; null on the last one.
    pub(super) next: Option<String>,
}

/// A draft.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftForm {
    id: String,
    /// Its newest version as a paper; If-Match names it.
    paper_version: u64,
    /// proposed, backtested, approved, declined, withdrawn or overtaken.
    state: &'static str,
    /// The version that it changes.
    base: String,
    /// The version that it makes; a backtest and an approval are of it.
    version: String,
    proposed_by: String,
    #[schema(value_type = String, format = DateTime)]
    proposed_at: Time,
    note: Option<String>,
    /// What changes, by rule, level and key.
    diff: Vec<Change>,
    /// The backtest of this version.
    backtest: Option<BacktestForm>,
    closed_by: Option<String>,
    closed_because: Option<String>,
    /// Files that become others; none in lists, and none once it is closed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<TextForm>,
}

/// A backtest that ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct BacktestForm {
    /// The version that was run.
    version: String,
    /// A hash over the whole result.
    digest: String,
    /// The result in one line.
    summary: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// A proposal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposalForm {
    /// Keys that get another value.
    #[serde(default)]
    pub(super) edits: Vec<Edit>,
    /// Whole files, at most 256 kB together.
    #[serde(default)]
    pub(super) files: Vec<TextForm>,
    /// Hazards whose last rule may go.
    #[serde(default)]
    pub(super) confirm_removal: Vec<String>,
    /// The version that it was written on; refused where another one is in force.
    pub(super) base: Option<String>,
    /// What for, in the officer's words.
    pub(super) note: Option<String>,
}

/// A decision about a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionForm {
    /// Why, in the officer's words.
    pub(super) note: Option<String>,
}

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalForm {
    /// Why, in the officer's words; needed where tests fail.
    pub(super) note: Option<String>,
    /// The tests of the city that fail under the draft, each by its name; without them it is refused.
    #[serde(default)]
    pub(super) accepts_failing: Vec<String>,
}

/// An older version, proposed again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreForm {
    /// A version of the history, or its first twelve digits or more.
    pub(super) version: String,
    /// Hazards whose last rule may go.
    #[serde(default)]
    pub(super) confirm_removal: Vec<String>,
    /// What for, in the officer's words.
    pub(super) note: Option<String>,
}

pub(super) fn sha256(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

impl From<File> for TextForm {
    fn from(file: File) -> Self {
        Self { name: file.name, text: file.text }
    }
}

impl From<TextForm> for File {
    fn from(form: TextForm) -> Self {
        Self { name: form.name, text: form.text }
    }
}

impl RulesInForce {
    pub(super) fn of(plan: &Plan, since: Option<Timestamp>, in_force: Option<&InForce>) -> Self {
        let governed = &plan.governed;
        let files = governed.texts.governed().into_iter().map(|file| FileForm {
            bytes: file.text.len(),
            sha256: sha256(&file.text),
            name: file.name,
        });
        Self {
            version: governed.version.clone(),
            config_version: plan.version.clone(),
            since: since.map(Time),
            approved_by: in_force.and_then(|in_force| in_force.approved_by.clone()),
            folder_differs: governed.differing().into_iter().map(str::to_owned).collect(),
            files: files.collect(),
            rules: rules(plan),
        }
    }
}

fn rules(plan: &Plan) -> Vec<RuleForm> {
    let mut versions: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for slot in plan.rules.slots() {
        versions.entry(&slot.rule.id.0).or_insert((&slot.rule.version, 0)).1 += 1;
    }
    let text = plan.governed.texts.text("rules.toml").unwrap_or_default();
    let table: toml::Table = text.parse().unwrap_or_default();
    let rules = table.get("rule").and_then(toml::Value::as_array).into_iter().flatten();
    let form = |rule: &toml::Value| {
        let id = rule.get("id").and_then(toml::Value::as_str)?.to_owned();
        let known = versions.get(id.as_str());
        Some(RuleForm {
            version: known.map(|(version, _)| (*version).to_owned()),
            alerts: known.map_or(0, |(_, alerts)| *alerts),
            definition: serde_json::to_value(rule).ok()?,
            id,
        })
    };
    rules.filter_map(form).collect()
}

impl VersionForm {
    pub(super) fn of(kept: &Kept) -> Option<Self> {
        let in_force: InForce = record(kept)?;
        let InForce { version, before, draft, proposed_by, approved_by, note, .. } = in_force;
        Some(Self { version, before, since: Time(kept.at), draft, proposed_by, approved_by, note })
    }
}

impl DraftForm {
    /// A draft; lists leave its texts out.
    pub(super) fn of(kept: &Kept, with_texts: bool) -> Option<Self> {
        let draft: Draft = record(kept)?;
        let backtest = draft.backtest.map(|done| {
            let BacktestDone { draft_version_hash: version, digest, summary, at } = done;
            BacktestForm { version, digest, summary, at: Time(Timestamp::from_ms(at)) }
        });
        let files = draft.files.into_iter().filter(|_| with_texts).map(TextForm::from).collect();
        Some(Self {
            id: draft.id,
            paper_version: kept.version,
            state: draft.standing.as_str(),
            base: draft.base,
            version: draft.version,
            proposed_by: draft.proposed_by,
            proposed_at: Time(Timestamp::from_ms(draft.proposed_at)),
            note: draft.note,
            diff: draft.diff,
            backtest,
            closed_by: draft.closed_by,
            closed_because: draft.closed_because,
            files,
        })
    }
}

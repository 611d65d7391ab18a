//! Warnings as JSON.

use sensors::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::warning::{Audience, Proposal, Warning, Words};
use crate::serve::form::{Time, exact};
use crate::watch::{area, preflight};

/// A text in one language.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordsForm {
    /// BCP 47.
    #[schema(examples("vi"))]
    lang: String,
    /// At most 50 characters.
    title: String,
    /// At most 160 characters.
    body: String,
    /// The whole bulletin, as it is read on a page.
    #[serde(default)]
    full: String,
    /// For a text message.
    #[serde(default)]
    sms: String,
    /// For loudspeakers.
    #[serde(default)]
    spoken: String,
}

impl WordsForm {
    /// As the desk keeps it.
    pub(super) fn words(&self) -> Words {
        let Self { lang, title, body, full, sms, spoken } = self.clone();
        Words { lang, title, body, full, sms, spoken }
    }

    fn of(words: &Words) -> Self {
        let Words { lang, title, body, full, sms, spoken } = words.clone();
        Self { lang, title, body, full, sms, spoken }
    }
}

/// What waits for a signature.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProposalForm {
    /// The bulletin that it is kept as.
    bulletin: String,
    /// The level that it tells of.
    level: String,
    /// 1 to 5.
    severity: u8,
    /// Where it would go.
    zones: Vec<String>,
    /// What it would say.
    texts: Vec<WordsForm>,
    /// Whether trusted readings made it.
    corroborated: bool,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
    /// When it goes out by itself; null where it never does.
    #[schema(value_type = Option<String>, format = DateTime)]
    goes_out_at: Option<Time>,
    /// By how much that was put off.
    extended_s: i64,
    /// The more severe warning that it goes out with.
    joins: Option<String>,
    /// Whether an officer wrote it anew.
    edited: bool,
}

/// Who was told.
#[derive(Serialize, ToSchema)]
pub(crate) struct AudienceForm {
    /// Every zone, in the whole life of the warning.
    zones: Vec<String>,
    /// Every language.
    langs: Vec<String>,
    /// The greatest severity.
    severity_max: u8,
    /// The newest bulletins, oldest first; /api/v1/alerts/{id} has all of them.
    bulletins: Vec<String>,
    /// What they said last.
    said: Vec<WordsForm>,
}

/// Something that was done, said or seen.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepForm {
    /// In one word.
    what: String,
    /// Who; null for the clock or the engine.
    by: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Why, or what was said.
    why: Option<String>,
}

/// A warning.
#[derive(Serialize, ToSchema)]
pub(crate) struct WarningForm {
    /// Its id.
    warning: String,
    /// The version, which an order names in If-Match as `"v{version}"`.
    version: u64,
    /// Who made this version; null for the clock or the engine.
    by: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// proposed, issued, updated, eased, `all_cleared`, cancelled, superseded, declined or withdrawn.
    state: &'static str,
    /// The hazard.
    hazard: String,
    /// The level now.
    level: String,
    /// 1 to 5.
    severity: u8,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    began_at: Time,
    /// What waits for a signature.
    proposal: Option<ProposalForm>,
    /// Who was told.
    told: Option<AudienceForm>,
    /// What happened, oldest first; older steps stand in older versions.
    steps: Vec<StepForm>,
    /// Who has seen its present level.
    acknowledged: Vec<StepForm>,
    /// Since when nobody has.
    #[schema(value_type = Option<String>, format = DateTime)]
    unacknowledged_since: Option<Time>,
    /// Whose it is.
    assigned: Option<String>,
    /// What officers said of it.
    comments: Vec<StepForm>,
    /// The warning that speaks in its place.
    superseded_by: Option<String>,
}

fn time(ms: i64) -> Time {
    Time(Timestamp::from_ms(ms))
}

fn step(what: &str, by: Option<&str>, at_ms: i64, why: Option<&str>) -> StepForm {
    let (by, why) = (by.map(str::to_owned), why.map(str::to_owned));
    StepForm { what: what.to_owned(), by, at: time(at_ms), why }
}

impl WarningForm {
    /// A version of it.
    pub(super) fn of(warning: &Warning, version: u64, by: Option<&str>, at: Timestamp) -> Self {
        let steps = warning.steps.iter();
        let seen = warning.acknowledged.iter();
        let said = warning.comments.iter();
        Self {
            warning: warning.id.clone(),
            version,
            by: by.map(str::to_owned),
            at: Time(at),
            state: warning.phase.as_str(),
            hazard: warning.hazard.clone(),
            level: warning.level.clone(),
            severity: warning.severity,
            began_at: time(warning.began_ms),
            proposal: warning.proposal.as_ref().map(ProposalForm::of),
            told: warning.told.as_ref().map(AudienceForm::of),
            steps: steps.map(|s| step(&s.what, s.by.as_deref(), s.at_ms, s.why.as_deref())).collect(),
            acknowledged: seen.map(|a| step("acknowledged", Some(&a.by), a.at_ms, None)).collect(),
            unacknowledged_since: warning.unacknowledged_since().map(Time),
            assigned: warning.assigned.clone(),
            comments: said.map(|c| step("commented", Some(&c.by), c.at_ms, Some(&c.text))).collect(),
            superseded_by: warning.superseded_by.clone(),
        }
    }
}

impl ProposalForm {
    fn of(proposal: &Proposal) -> Self {
        Self {
            bulletin: proposal.bulletin.clone(),
            level: proposal.level.clone(),
            severity: proposal.severity,
            zones: proposal.zones.clone(),
            texts: proposal.texts.iter().map(WordsForm::of).collect(),
            corroborated: proposal.corroborated,
            since: time(proposal.since_ms),
            goes_out_at: proposal.fuse_ms.map(time),
            extended_s: proposal.extended_s,
            joins: proposal.joins.clone(),
            edited: proposal.edited,
        }
    }
}

impl AudienceForm {
    fn of(told: &Audience) -> Self {
        Self {
            zones: told.zones.clone(),
            langs: told.langs.clone(),
            severity_max: told.severity_max,
            bulletins: told.bulletins.clone(),
            said: told.said.iter().map(WordsForm::of).collect(),
        }
    }
}

/// A ward that a warning would go to.
#[derive(Serialize, ToSchema)]
pub(crate) struct WardForm {
    /// Its id.
    zone: String,
    /// Its name.
    name: String,
    /// People who live there.
    people: u32,
}

/// Where a warning would go, and to how many people.
#[derive(Serialize, ToSchema)]
pub(crate) struct AreaForm {
    /// The warning.
    warning: String,
    /// The wards.
    wards: Vec<WardForm>,
    /// People who live there.
    people: u64,
    /// Of so many in the city.
    people_in_city: u64,
    /// That is so many of a hundred, to a tenth.
    share_percent: f64,
    /// Wards that the rule names and it would not go to.
    left_out: Vec<String>,
    /// Wards that it would go to and the rule does not name.
    added: Vec<String>,
    /// Languages in which nobody wrote a text: the pre-approved one goes.
    languages_missing: Vec<String>,
    /// What stands against a signature.
    errors: Vec<String>,
}

impl AreaForm {
    /// As it was found.
    pub(super) fn of(warning: &str, area: area::Area) -> Self {
        let wards = area.wards.into_iter();
        let per_mille = (area.people * 1000).checked_div(area.people_in_city).unwrap_or(0);
        Self {
            warning: warning.to_owned(),
            wards: wards.map(|w| WardForm { zone: w.zone, name: w.name, people: w.people }).collect(),
            people: area.people,
            people_in_city: area.people_in_city,
            share_percent: f64::from(u32::try_from(per_mille).unwrap_or(1000)) / 10.0,
            left_out: area.left_out,
            added: area.added,
            languages_missing: area.languages_missing,
            errors: area.errors,
        }
    }
}

/// A number behind a check.
#[derive(Serialize, ToSchema)]
pub(crate) struct FactForm {
    /// Whose: a station, a rule on a station, a paper.
    subject: String,
    /// What was measured.
    parameter: Option<&'static str>,
    /// The value; null where none is fresh.
    #[schema(value_type = Option<f64>)]
    value: Option<serde_json::Number>,
    /// What it must not exceed.
    #[schema(value_type = Option<f64>)]
    limit: Option<serde_json::Number>,
    /// The unit of both.
    unit: Option<&'static str>,
    /// When it was measured.
    #[schema(value_type = Option<String>, format = DateTime)]
    measured_at: Option<Time>,
    /// ok, `not_ok` or unknown.
    verdict: &'static str,
}

/// One check before an all-clear.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckForm {
    /// condition, gauges, rain, pools, releases, forecast or lagoon.
    check: &'static str,
    /// ok, `not_ok` or unknown.
    verdict: &'static str,
    /// The numbers behind it, the worst first.
    facts: Vec<FactForm>,
}

/// What an officer looks at before an all-clear.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreflightForm {
    /// The warning.
    warning: String,
    /// The order names it; another one means that a check came to something else.
    preflight: String,
    /// Hours of rain upstream that are looked at.
    rain_window_s: i64,
    /// The checks.
    checks: Vec<CheckForm>,
}

impl PreflightForm {
    /// As it was found.
    pub(super) fn of(warning: &str, flight: preflight::Preflight) -> Self {
        let check = |check: preflight::Check| CheckForm {
            check: check.name,
            verdict: check.verdict.as_str(),
            facts: check.facts.iter().map(FactForm::of).collect(),
        };
        Self {
            warning: warning.to_owned(),
            preflight: flight.version,
            rain_window_s: Span::from_h(6).whole_s(),
            checks: flight.checks.into_iter().map(check).collect(),
        }
    }
}

impl FactForm {
    fn of(fact: &preflight::Fact) -> Self {
        let number = |value: Option<sensors::quantity::Value>| exact(value?, fact.parameter?);
        Self {
            subject: fact.subject.clone(),
            parameter: fact.parameter.map(sensors::parameter::Parameter::as_str),
            value: number(fact.value),
            limit: number(fact.limit),
            unit: fact.parameter.map(sensors::parameter::Parameter::unit),
            measured_at: fact.measured_at.map(Time),
            verdict: fact.verdict.as_str(),
        }
    }
}

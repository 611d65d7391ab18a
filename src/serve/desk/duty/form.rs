//! What the duty looks like in JSON.

use std::collections::BTreeSet;

use sensors::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::duty::call::{About, Gathered};
use crate::desk::duty::{Call, Peace, Scope, Silence};
use crate::serve::form::Time;
use crate::watch::responsible;
use crate::watch::snapshot::State;

/// Wards that are listed with their pushes, those with the most first.
const WARDS_MAX: usize = 100;

/// Papers.
#[derive(Serialize, ToSchema)]
pub(crate) struct PapersForm<T> {
    /// By id.
    pub(super) papers: Vec<T>,
}

/// A silence or a maintenance window.
#[derive(Serialize, ToSchema)]
pub(crate) struct SilenceForm {
    /// Its id.
    id: String,
    /// Its version, for If-Match.
    version: u64,
    /// `silence` or `maintenance`.
    kind: &'static str,
    /// What a silence is about: `rule`, `subject`, `hazard` or `zone`.
    scope: Option<&'static str>,
    /// The name of what it is about.
    of: Option<String>,
    /// The alerts that it mutes for staff, each up to the severity that was known.
    mutes: Vec<MutedForm>,
    /// The stations of a maintenance window.
    stations: Vec<String>,
    /// The lines that it names.
    lines: Vec<String>,
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    from: Time,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    until: Time,
    /// Why.
    reason: String,
    /// Who asked for it.
    by: String,
    /// Why it is over: `until`, `officer`, `level_rose`; null while it is open.
    ended: Option<String>,
}

/// An alert that is muted for staff.
#[derive(Serialize, ToSchema)]
pub(crate) struct MutedForm {
    /// `{rule}.{subject}`.
    alert: String,
    /// Up to this severity.
    severity: u8,
}

/// A paper of the duty.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallForm {
    /// Its id.
    id: String,
    /// Its version, for If-Match.
    version: u64,
    /// `warning`, `hand_over`, `gathered`, `delayed` or `withheld`, with what it says; times in
    /// milliseconds.
    #[schema(value_type = Object)]
    about: About,
    /// How it ended; null while it is open.
    ended: Option<String>,
}

impl SilenceForm {
    pub(super) fn of(version: u64, silence: &Silence) -> Self {
        let mut form = Self {
            id: silence.id.clone(),
            version,
            kind: if silence.is_maintenance() { "maintenance" } else { "silence" },
            scope: None,
            of: None,
            mutes: Vec::new(),
            stations: Vec::new(),
            lines: Vec::new(),
            from: Time(Timestamp::from_ms(silence.made_ms)),
            until: Time(Timestamp::from_ms(silence.until_ms)),
            reason: silence.reason.clone(),
            by: silence.by.clone(),
            ended: silence.ended.clone(),
        };
        match &silence.peace {
            Peace::Silence { scope, seen } => {
                let (word, of) = match scope {
                    Scope::Rule(of) => ("rule", of),
                    Scope::Subject(of) => ("subject", of),
                    Scope::Hazard(of) => ("hazard", of),
                    Scope::Zone(of) => ("zone", of),
                };
                (form.scope, form.of) = (Some(word), Some(of.clone()));
                let muted = |(alert, severity): (&String, &u8)| MutedForm {
                    alert: alert.clone(),
                    severity: *severity,
                };
                form.mutes = seen.iter().map(muted).collect();
            }
            Peace::Maintenance { stations, lines, from_ms } => {
                (form.stations, form.lines) = (stations.clone(), lines.clone());
                form.from = Time(Timestamp::from_ms(*from_ms));
            }
        }
        form
    }
}

impl CallForm {
    pub(super) fn of(version: u64, call: &Call) -> Self {
        Self { id: call.id.clone(), version, about: call.about.clone(), ended: call.ended.clone() }
    }
}

/// The duty.
#[derive(Serialize, ToSchema)]
pub(crate) struct DutyForm {
    /// The posts in the order in which they are called.
    posts: Vec<PostForm>,
    /// Who is called last.
    chief: Option<String>,
    /// Who is responsible now: the holders, and those whose hand-over nobody has accepted.
    responsible: Vec<String>,
    /// Open calls, hand-overs, and what was held back.
    calls: Vec<CallForm>,
    /// The webhooks of staff.
    webhooks: Vec<WebhookForm>,
    /// Alarms to one webhook in ten minutes at most.
    alarms_max: usize,
    /// Pushes to a ward in 24 hours, severity 5 not counted; those with the most first, at most 100.
    wards: Vec<WardForm>,
    /// Pushes to a resident in 24 hours at most.
    pushes_max: usize,
    /// Bulletins of the last 24 hours of which pushes were withheld.
    withheld_24h: usize,
}

/// A post.
#[derive(Serialize, ToSchema)]
pub(crate) struct PostForm {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Who holds it now.
    officer: Option<String>,
    /// Who takes it next; null where one holds it all week.
    next: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Time>,
}

/// A webhook of staff.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookForm {
    /// Its name.
    name: String,
    /// Whose it is; empty for the general ones.
    officers: Vec<String>,
    /// Alarms in the last ten minutes.
    alarms_10min: usize,
    /// Notices that wait to be told in one.
    gathered: u32,
}

/// The residents of a zone who read one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct WardForm {
    /// The zone.
    zone: String,
    /// The language.
    lang: String,
    /// Pushes in the last 24 hours.
    pushes_24h: usize,
}

pub(super) fn duty_form(state: &State, now: Timestamp) -> DutyForm {
    let (duty, offset) = (&state.plan.duty, state.plan.city.utc_offset_min);
    let posts = duty.posts.iter().map(|post| {
        let next = post.next(now, offset);
        PostForm {
            id: post.id.clone(),
            name: post.name.clone(),
            officer: post.holder(now, offset).map(str::to_owned),
            next: next.map(|(_, officer)| officer.to_owned()),
            next_at: next.map(|(at, _)| Time(at)),
        }
    });
    let mut wards: Vec<WardForm> = state
        .sendings
        .pushes_by_ward(now)
        .into_iter()
        .map(|((zone, lang), pushes_24h)| WardForm {
            zone: zone.to_string(),
            lang: lang.0.to_string(),
            pushes_24h,
        })
        .collect();
    wards.sort_by_key(|ward| std::cmp::Reverse(ward.pushes_24h));
    wards.truncate(WARDS_MAX);
    let withheld = |about: &About| matches!(about, About::Withheld(_));
    let calls = state.desk.calls.iter();
    DutyForm {
        posts: posts.collect(),
        chief: duty.chief.clone(),
        responsible: responsible(state, now),
        calls: calls.map(|(_, filed)| CallForm::of(filed.version, &filed.record)).collect(),
        webhooks: webhooks(state, now),
        alarms_max: duty.bounds.alarms_max,
        wards,
        pushes_max: duty.bounds.pushes_max,
        withheld_24h: state.desk.calls.iter().filter(|(_, filed)| withheld(&filed.record.about)).count(),
    }
}

fn webhooks(state: &State, now: Timestamp) -> Vec<WebhookForm> {
    let gathered = |webhook: &str| -> Option<&Gathered> {
        state.desk.calls.iter().find_map(|(_, filed)| match &filed.record.about {
            About::Gathered(gathered) if gathered.webhook == webhook => Some(gathered),
            _ => None,
        })
    };
    let hooks = state.plan.receivers.webhooks.iter().map(|hook| WebhookForm {
        name: hook.name.clone(),
        officers: officers(state, &hook.name).into_iter().collect(),
        alarms_10min: state.sendings.alarms(&hook.name, now),
        gathered: gathered(&hook.name).map_or(0, |gathered| gathered.count),
    });
    hooks.collect()
}

fn officers(state: &State, webhook: &str) -> BTreeSet<String> {
    let theirs =
        state.plan.duty.persons.iter().filter(|person| person.webhooks.iter().any(|hook| hook == webhook));
    theirs.map(|person| person.officer.clone()).collect()
}

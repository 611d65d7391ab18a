//! The engine once more over the stored readings of an episode, compared byte by byte with the ledger.

use std::sync::Arc;

use rules::alert::{AlertId, Transition};
use sensors::city::City;
use sensors::reading::Reading;
use sensors::station::SensorId;
use sensors::time::Timestamp;

use super::plans::Plans;
use crate::command::cli::Failure;
use crate::store::Reader;
use crate::store::commit::Seq;
use crate::store::ledger::transition_body;
use crate::store::record::{Change, StoredReading};
use crate::watch::rerun::Rerun;
use crate::watch::snapshot::Plan;

/// Commits that are read at once.
const PAGE: usize = 500;

/// What running again gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// So many transitions, each with the bytes of the ledger.
    Same(usize),
    /// What the ledger has and what came out, where they first differ.
    Differs {
        /// As it was chained; `None` where there is no such entry.
        ledger: Option<String>,
        /// As it came out; `None` where nothing did.
        again: Option<String>,
    },
    /// It can't be judged again, and why.
    Impossible(String),
}

/// Runs the engine again over what was known from well before the episode until `upto`, turning to
/// other rules where the service did.
pub(super) fn again(
    reader: &Reader,
    plans: &mut Plans,
    alert: &AlertId,
    began_at: Timestamp,
    (ledger, upto): (&[String], Seq),
) -> Result<Again, Failure> {
    let plan = plans.newest();
    let slot = plan.rules.slot_named(slot_key(alert));
    if slot.is_some_and(|slot| plan.rules.runs_on_the_clock(slot)) {
        return Ok(Again::Impossible(
            "it is judged by the clock, which leaves no readings behind".to_owned(),
        ));
    }
    let mut longest = plan.rules.retention();
    for version in plans.since(began_at) {
        longest = plans.of(&version)?.map_or(longest, |plan| longest.max(plan.rules.retention()));
    }
    let mut since = reader.seq_at(began_at.minus(longest))?;
    let mut rerun: Option<(Rerun, Arc<Plan>)> = None;
    let mut said: Vec<String> = Vec::new();
    while since < upto {
        let page = reader.changes(since, PAGE)?;
        for change in page.items.iter().filter(|change| change.seq <= upto) {
            let Some(plan) = plans.of(&change.config_version)? else {
                return Ok(Again::Impossible(absent(change)));
            };
            let (rerun, under) = rerun
                .get_or_insert_with(|| (Rerun::remembering(Arc::clone(&plan), longest), Arc::clone(&plan)));
            let mut its = Vec::new();
            if under.version != plan.version {
                if plans.was_approved(&plan.version, change.at) {
                    its = rerun.adopt(&plan, change.at);
                } else {
                    rerun.restart(&plan);
                }
                *under = Arc::clone(&plan);
            }
            let readings: Vec<Reading> =
                change.readings.iter().filter_map(|(id, stored)| reading(&plan.city, id, stored)).collect();
            its.extend(rerun.commit(change.at, &readings));
            its.retain(|transition| transition.alert == *alert);
            said.extend(its.iter().filter_map(|transition| body(&plan, transition)));
        }
        let Some(next) = page.next else { break };
        since = next;
    }
    Ok(compared(ledger, &said))
}

fn absent(change: &Change) -> String {
    let version = change.config_version.get(..12).unwrap_or(&change.config_version);
    format!("the configuration {version} of commit {} is not at hand; give it with -c", change.seq.0)
}

/// `{rule}.{subject}` of an episode's id.
fn slot_key(alert: &AlertId) -> &str {
    alert.0.rsplit_once('.').map_or(&*alert.0, |(key, _)| key)
}

fn reading(city: &City, id: &SensorId, stored: &StoredReading) -> Option<Reading> {
    let sensor = city.sensor_named(id)?;
    let StoredReading { measured_at, from, arrived_at, value, quality, .. } = *stored;
    Some(Reading { sensor, measured_at, from, arrived_at, value, quality })
}

fn body(plan: &Plan, transition: &Transition) -> Option<String> {
    let ids: Vec<String> = transition
        .because
        .iter()
        .map(|because| plan.city.sensor(because.sensor).map(|s| s.id.to_string()).unwrap_or_default())
        .collect();
    transition_body(transition, &ids.iter().map(String::as_str).collect::<Vec<_>>()).ok()
}

fn compared(ledger: &[String], said: &[String]) -> Again {
    let most = ledger.len().max(said.len());
    let first = (0..most).find(|place| ledger.get(*place) != said.get(*place));
    match first {
        None => Again::Same(said.len()),
        Some(place) => Again::Differs { ledger: ledger.get(place).cloned(), again: said.get(place).cloned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named_also_where_one_side_ended() {
        let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(compared(&text(&["a", "b"]), &text(&["a", "b"])), Again::Same(2));
        let missing = Again::Differs { ledger: Some("b".to_owned()), again: None };
        assert_eq!(compared(&text(&["a", "b"]), &text(&["a"])), missing);
    }

    #[test]
    fn an_episodes_rule_and_subject_are_read_off_its_id() {
        let id = AlertId("stage-phu-oc.phu-oc.20251116T140000Z".into());
        assert_eq!(slot_key(&id), "stage-phu-oc.phu-oc");
    }
}

//! Where a warning that waits would go, and to how many people: what an officer sees before a signature.

use sensors::place::ZoneId;

use super::{in_order, zone_ids};
use crate::desk::warning::Warning;
use crate::watch::snapshot::Plan;

/// A ward that it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ward {
    /// Its id.
    pub zone: String,
    /// Its name.
    pub name: String,
    /// People who live there.
    pub people: u32,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// The wards.
    pub wards: Vec<Ward>,
    /// People who live there.
    pub people: u64,
    /// Of so many in the city.
    pub people_in_city: u64,
    /// Wards that the rule names and the warning does not go to.
    pub left_out: Vec<String>,
    /// Wards that it goes to and the rule does not name.
    pub added: Vec<String>,
    /// Languages in which nobody wrote a text: the pre-approved one goes.
    pub languages_missing: Vec<String>,
    /// What stands against a signature; each is an error.
    pub errors: Vec<String>,
}

/// The area of what waits, or of other zones that an officer thinks of; `None` where nothing waits.
pub fn area(plan: &Plan, warning: &Warning, zones: Option<&[String]>) -> Option<Area> {
    let proposal = warning.proposal.as_ref()?;
    let asked = zone_ids(zones.unwrap_or(&proposal.zones));
    let zones = in_order(plan, &asked);
    let slot = warning.slot.as_deref().and_then(|key| plan.rules.slot(plan.rules.slot_named(key)?));
    let configured = slot.map_or_else(|| zones.clone(), |slot| slot.zones.clone());
    let without = |these: &[ZoneId], those: &[ZoneId]| {
        these.iter().filter(|zone| !those.contains(zone)).map(ToString::to_string).collect::<Vec<_>>()
    };
    let wards: Vec<Ward> = zones
        .iter()
        .filter_map(|id| plan.city.zone(id))
        .map(|zone| Ward { zone: zone.id.to_string(), name: zone.name.clone(), people: zone.population })
        .collect();
    let missing = plan.phrases.languages.iter().map(|language| language.lang.0.to_string());
    let languages_missing = missing.filter(|lang| proposal.texts.iter().all(|text| text.lang != *lang));
    let mut errors = Vec::new();
    if zones.is_empty() {
        errors.push("it goes nowhere: name the wards; nobody is never everybody".to_owned());
    }
    for strange in asked.iter().filter(|id| plan.city.zone(id).is_none()) {
        errors.push(format!("{strange} is no zone of the city"));
    }
    Some(Area {
        people: wards.iter().map(|ward| u64::from(ward.people)).sum(),
        people_in_city: plan.city.zones.iter().map(|zone| u64::from(zone.population)).sum(),
        left_out: without(&configured, &zones),
        added: without(&zones, &configured),
        languages_missing: languages_missing.collect(),
        wards,
        errors,
    })
}

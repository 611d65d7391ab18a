//! What would be told of what an officer types: the bulletin in every form, to whom, and what it lacks.
//!
//! Nothing of it is kept or sent.

use rules::hazard::Hazard;
use rules::typed::national::{Meant, Reading};
use rules::typed::{Composed, compose_typed};
use sensors::place::ZoneId;
use sensors::station::StationId;
use sensors::time::Timestamp;

use super::{
    Fields, Kind, Lack, Moment, ReleaseTerms, check, check_order, say, say_release, severity,
    severity_of_release, zones,
};
use crate::watch::snapshot::Plan;

/// What would be told.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What it lacks, field by field; nothing where it can go.
    pub lacks: Vec<Lack>,
    /// 1 to 5.
    pub severity: u8,
    /// The wards that would be told.
    pub zones: Vec<ZoneId>,
    /// How many people live there.
    pub people: u64,
    /// The texts, and what was too long.
    pub composed: Composed,
}

impl Preview {
    /// Of a bulletin.
    pub fn of(fields: &Fields, plan: &Plan, now: Timestamp, exercise: bool) -> Self {
        let said = say(fields, &plan.city, false);
        Self::new(
            plan,
            check(fields, &plan.city, &plan.phrases, now),
            severity(fields, &plan.rules).step(),
            zones(fields, &plan.city),
            compose_typed(&said, &plan.city, &plan.phrases, exercise),
        )
    }

    /// Of a release order.
    pub fn of_order(terms: &ReleaseTerms, plan: &Plan, now: Timestamp, exercise: bool) -> Self {
        let dam = plan.city.station_named(&StationId::new(&terms.dam));
        let said = say_release(terms, &plan.city);
        Self::new(
            plan,
            check_order(terms, &plan.city, now),
            severity_of_release(terms, &plan.rules).step(),
            dam.map(|(_, dam)| dam.zones.clone()).unwrap_or_default(),
            compose_typed(&said, &plan.city, &plan.phrases, exercise),
        )
    }

    fn new(plan: &Plan, lacks: Vec<Lack>, severity: u8, zones: Vec<ZoneId>, composed: Composed) -> Self {
        let people = zones.iter().filter_map(|zone| plan.city.zone(zone));
        let people = people.map(|zone| u64::from(zone.population)).sum();
        Self { lacks, severity, zones, people, composed }
    }
}

/// The fields of a quotation, as far as they were found in `text`; what is unclear is left out.
pub fn proposed(reading: &Reading, text: String) -> Fields {
    let meant =
        |field: &str| reading.found.iter().find(|found| found.field == field).map(|found| &found.meant);
    let words = |field: &str| match meant(field) {
        Some(Meant::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let moment = |field: &str| match meant(field) {
        Some(Meant::Moment(at)) => Some(Moment(*at)),
        _ => None,
    };
    let hazard = match meant("hazard") {
        Some(Meant::Hazard(hazard)) => Some(Hazard::as_str(*hazard).to_owned()),
        _ => None,
    };
    let risk_level = match meant("risk_level") {
        Some(Meant::Number(level)) => u8::try_from(*level).ok(),
        _ => None,
    };
    let zones = reading.found.iter().filter_map(|found| match &found.meant {
        Meant::Zone(zone) => Some(zone.to_string()),
        _ => None,
    });
    Fields {
        hazard,
        risk_level,
        zones: zones.collect(),
        issuer: words("issuer"),
        number: words("number"),
        issued_at: moment("issued_at"),
        valid_until: moment("valid_until"),
        next_at: moment("next_at"),
        text: Some(text),
        ..Fields::empty(Kind::National)
    }
}

/// What a part of a pasted text was read to be, as JSON has it.
pub fn meant(meant: &Meant) -> serde_json::Value {
    match meant {
        Meant::Text(text) => text.clone().into(),
        Meant::Number(number) => (*number).into(),
        Meant::Moment(at) => at.to_string().into(),
        Meant::Hazard(hazard) => hazard.as_str().into(),
        Meant::Zone(zone) => zone.as_str().into(),
        Meant::Stage(station, mm) => {
            serde_json::json!({ "station": station.as_str(), "stage_mm": mm })
        }
    }
}

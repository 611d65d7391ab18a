//! Officers are told of what sensors show of each other: once when a sensor begins to be doubted,
//! once per warning and cause when its reason is worth less than it was. The public is not told.

use rules::alert::{AlertId, EvidenceRevised, Subject};
use rules::bulletin::{Lessened, compose_doubt, compose_lessened};
use rules::hazard::Severity;
use rules::reason::Sent;
use rules::rule::NONE;
use sensors::quality::neighbour::Case;
use sensors::station::{SensorIx, StationId};

use super::{note, publish_to_staff};
use crate::watch::decide::Turn;
use crate::watch::desk::duty;

pub(super) fn tell(turn: &mut Turn) {
    for (sensor, cases) in turn.commit.suspicions.iter().cloned().chain(still_open(turn)).collect::<Vec<_>>()
    {
        let Some(id) = turn.plan.city.sensor(sensor).map(|sensor| sensor.id.clone()) else { continue };
        // Whoever repairs a gauge makes it say strange things.
        let is_open = cases.last().is_some_and(Case::is_open);
        if is_open && duty::is_repaired(turn, &Subject::Station(id.station.clone())) {
            continue;
        }
        let id = id.to_string();
        let key = AlertId(format!("doubt.{}", id.replace('/', ".")).into());
        tell_case(turn, key, cases.last().filter(|case| case.is_open()));
    }
    for revised in turn.commit.revised.clone() {
        tell_revised(turn, &revised);
    }
}

/// What is still doubted of stations whose maintenance ended now.
fn still_open(turn: &Turn) -> Vec<(SensorIx, Vec<Case>)> {
    let city = &turn.plan.city;
    let stations = turn.repaired.iter().filter_map(|id| city.station_named(&StationId::new(id)));
    let sensors = stations.flat_map(|(_, station)| station.sensors.iter().copied());
    sensors.map(|ix| (ix, turn.next.inspection.cases_of(ix).copied().collect())).collect()
}

/// A doubt is told when it begins and when its cause gets another name; its end is no news.
fn tell_case(turn: &mut Turn, key: AlertId, open: Option<&Case>) {
    let told = turn.next.told.of(&key).cloned();
    let Some(case) = open else {
        if let Some(sent) = told {
            note(turn, &key, Sent { level: NONE.to_owned(), ..sent });
        }
        return;
    };
    let level = case.check.as_str().to_owned();
    if told.is_some_and(|sent| sent.level == level) {
        return;
    }
    note(turn, &key, Sent { level, severity: Severity::MIN, zones: Vec::new() });
    let (city, phrases) = (&turn.plan.city, &turn.plan.phrases);
    let bulletin = compose_doubt(key, case, city, phrases, turn.now, turn.next.exercise);
    publish_to_staff(turn, bulletin);
}

fn tell_revised(turn: &mut Turn, revised: &EvidenceRevised) {
    let plan = &turn.plan;
    let mut slots = plan.rules.slots().iter().zip(&turn.next.alerts);
    let Some((slot, episode)) = slots.find_map(|(slot, alert)| {
        let episode = alert.episode.as_ref().filter(|episode| episode.id == revised.alert)?;
        Some((slot, episode))
    }) else {
        return;
    };
    let subject = match &slot.subject {
        Subject::Station(id) => plan.city.station_named(id).map(|(_, station)| station.name.as_str()),
        Subject::Basin(id) => plan.city.basin(id).map(|basin| basin.name.as_str()),
        Subject::Line(name) => Some(name.as_str()),
    };
    let check = revised.quality.check();
    let case = turn.next.inspection.cases_of(revised.sensor).filter(|case| Some(case.check) == check).last();
    let lessened = Lessened {
        alert: &revised.alert,
        subject: subject.unwrap_or_default(),
        sensor: revised.sensor,
        measured_at: revised.measured_at,
        value: revised.value,
        quality: revised.quality,
        case,
    };
    let (city, phrases) = (&plan.city, &plan.phrases);
    let bulletin =
        compose_lessened(&lessened, episode.severity_max, city, phrases, turn.now, turn.next.exercise);
    publish_to_staff(turn, bulletin);
}

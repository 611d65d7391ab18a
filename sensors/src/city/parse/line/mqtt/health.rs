//! Topics that say who is there: several subscriptions may name the same one.

use std::collections::BTreeMap;

use super::{Draft, topic_of};
use crate::line::MqttHealth;
use crate::line::topic::{Names, TopicTemplate};
use crate::payload::HealthMap;
use crate::sheet::{Cell, Row};
use crate::station::StationIx;

/// Reads `health_topic` of a subscription whose sources are these: names, stations, and what their
/// type says of health.
pub(super) fn read<'a>(
    row: &Row<'a>,
    draft: &mut Draft<'a>,
    names: Names,
    sources: &[(String, StationIx, Option<HealthMap>)],
) {
    let Some(cell) = row.cell("health_topic") else { return };
    let Some(topic) = topic_of(&cell) else { return };
    if topic.names() != Names::Nobody && topic.names() != names {
        cell.note(
            format!("{topic} names somebody that the subscription does not"),
            "allowed is the same placeholder as in topic, or none for one gateway before all",
        );
        return;
    }
    for (name, station, map) in sources {
        let Some(map) = map else {
            let wrong = "the type says nothing of health";
            cell.note(wrong, "needed is [health] in devices/<type>.toml");
            return;
        };
        let name = if topic.names() == Names::Nobody { "" } else { name };
        add(draft, &topic, &cell, map, (name, *station));
    }
}

fn add<'a>(
    draft: &mut Draft<'a>,
    topic: &TopicTemplate,
    cell: &Cell<'a>,
    map: &HealthMap,
    (name, station): (&str, StationIx),
) {
    if let Some(known) = draft.health.iter_mut().find(|known| known.topic == *topic) {
        if known.map != *map {
            cell.note(format!("{topic} is read in two ways"), "one health topic is allowed one type's words");
            return;
        }
        let stations = known.stations.entry(name.to_owned()).or_default();
        if !stations.contains(&station) {
            stations.push(station);
        }
    } else if draft.take(topic, cell) {
        let stations = BTreeMap::from([(name.to_owned(), vec![station])]);
        draft.health.push(MqttHealth { topic: topic.clone(), map: map.clone(), stations });
    }
}

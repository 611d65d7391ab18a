//! Subscriptions of a broker: one topic of one station, or one filter for many.

use std::collections::BTreeMap;

use super::{Draft, Join, health, topic_of};
use crate::city::parse::device::DeviceType;
use crate::line::topic::{Names, TopicTemplate};
use crate::line::{MqttSource, MqttSubscription, MqttTemplate, Naming};
use crate::sheet::{Cell, Known, Row};
use crate::station::StationIx;

/// Stations with the name they have in topic or payload.
type Sources = Vec<(String, MqttSource)>;

impl Join<'_, '_> {
    pub(super) fn subscription<'a>(&mut self, row: Row<'a>, draft: &mut Draft<'a>) {
        let topic = row.need("topic", "the topic").and_then(|cell| Some((topic_of(&cell)?, cell)));
        let in_payload = row.cell("device_pointer").and_then(|cell| Some((pointer_of(&cell)?, cell)));
        let names = match (&topic, &in_payload) {
            (_, Some(_)) => Names::Device,
            (Some((topic, _)), None) => topic.names(),
            (None, None) => Names::Nobody,
        };
        if let (Some((topic, _)), Some((_, cell))) = (&topic, &in_payload)
            && topic.names() != Names::Nobody
        {
            cell.note(format!("{topic} names somebody already"), "allowed is one place for the name");
        }
        let sources = match names {
            Names::Nobody => self.one(&row),
            Names::Station => self.stations(&row),
            Names::Device => self.devices(&row),
        };
        let of_health: Vec<_> = sources
            .iter()
            .map(|(name, source)| (name.clone(), source.station, source.map.health.clone()))
            .collect();
        if let Some((topic, cell)) = topic
            && draft.take(&topic, &cell)
        {
            let naming = in_payload.map_or(Naming::Topic, |(pointer, _)| Naming::Payload(pointer));
            put(draft, topic, naming, sources);
        }
        health::read(&row, draft, names, &of_health);
        row.close();
    }

    /// The one station of a topic that names nobody.
    fn one(&mut self, row: &Row<'_>) -> Sources {
        let found = self.station_and_type(row);
        let source = found.and_then(|(station, cell, device)| {
            Some((String::new(), MqttSource { station, map: self.payload(station, &cell, &device)? }))
        });
        source.into_iter().collect()
    }

    /// The stations whose ids stand at `{station}`.
    fn stations(&mut self, row: &Row<'_>) -> Sources {
        let device = self.type_of(row);
        let mut known: Known<()> = Known::new("station", "stations.toml", true);
        let cells = row.need("stations", "the ids that {station} may be").map(|cell| cell.list());
        let mut sources = Sources::new();
        for cell in cells.unwrap_or_default() {
            let Some(id) = cell.id() else { continue };
            let Some(station) = self.network.ids.find(&cell, id) else { continue };
            let is_new = known.add(&cell, id, None);
            match &device {
                None => {
                    self.unclear.insert(station);
                }
                Some((type_cell, device)) if is_new => {
                    let map = self.payload(station, type_cell, device);
                    sources.extend(map.map(|map| (id.to_owned(), MqttSource { station, map })));
                }
                Some(_) => {}
            }
        }
        sources
    }

    fn type_of<'a>(&self, row: &Row<'a>) -> Option<(Cell<'a>, DeviceType)> {
        let cell = row.need("type", "a device type, the name of a file in devices/")?;
        let device = self.types.find(&cell, cell.id()?)?;
        Some((cell, device))
    }

    /// The devices whose names stand at `{device}` or in the payload.
    fn devices(&mut self, row: &Row<'_>) -> Sources {
        let mut known: Known<()> = Known::new("device", "lines.toml", true);
        let mut sources = Sources::new();
        if row.cell("device").is_none() {
            row.note("device", "the key is missing", "needed are { dev_eui or id, station, type }");
        }
        for row in row.rows("device") {
            let name = device_name(&row);
            let found = self.station_and_type(&row);
            row.close();
            let source = found.and_then(|(station, cell, device)| {
                Some(MqttSource { station, map: self.payload(station, &cell, &device)? })
            });
            let Some((name, cell)) = name else { continue };
            if known.add(&cell, &name, None) {
                sources.extend(source.map(|source| (name, source)));
            }
        }
        sources
    }

    /// The station and type of a row, for those beside this file.
    pub(super) fn source(&mut self, row: &Row<'_>) -> Option<MqttSource> {
        let (station, cell, device): (StationIx, _, _) = self.station_and_type(row)?;
        Some(MqttSource { station, map: self.payload(station, &cell, &device)? })
    }
}

fn put(draft: &mut Draft<'_>, topic: TopicTemplate, naming: Naming, sources: Sources) {
    if topic.is_exact() && naming == Naming::Topic {
        let topic = topic.to_string();
        draft.subscriptions.extend(
            sources.into_iter().map(|(_, MqttSource { station, map })| MqttSubscription {
                topic: topic.clone(),
                station,
                map,
            }),
        );
    } else {
        let sources: BTreeMap<_, _> = sources.into_iter().collect();
        draft.templates.push(MqttTemplate { topic, naming, sources });
    }
}

/// `dev_eui`, 16 hexadecimal digits, or `id`, the network server's own name of a device; in lower case.
fn device_name<'a>(row: &Row<'a>) -> Option<(String, Cell<'a>)> {
    if let Some(cell) = row.cell("dev_eui") {
        let text = cell.text()?;
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            cell.note(format!("{text:?} is no device EUI"), "allowed are 16 hexadecimal digits");
            return None;
        }
        return Some((text.to_ascii_lowercase(), cell));
    }
    let cell = row.need("id", "dev_eui, or the id that the network server uses")?;
    Some((cell.text()?.to_ascii_lowercase(), cell))
}

/// A JSON pointer of RFC 6901, section 3.
fn pointer_of(cell: &Cell<'_>) -> Option<String> {
    let text = cell.text()?;
    if !text.starts_with('/') {
        cell.note(format!("{text:?} is no JSON pointer"), "allowed is a path, as \"/deviceInfo/devEui\"");
        return None;
    }
    Some(text.to_owned())
}

//! Edge nodes of Sparkplug B on a broker.

use super::{Draft, Join};
use crate::line::MqttSparkplug;
use crate::line::topic::TopicTemplate;
use crate::payload::PayloadFormat;
use crate::payload::sparkplug::SparkplugSource;
use crate::sheet::{Cell, Known, Row};

impl Join<'_, '_> {
    pub(super) fn sparkplug<'a>(&mut self, row: Row<'a>, draft: &Draft<'a>) -> MqttSparkplug {
        let group = row.need("group", "the group of the nodes").and_then(|cell| name_of(&cell));
        let host = row.cell("host").and_then(|cell| name_of(&cell));
        let mut known: Known<()> = Known::new("source", "lines.toml", true);
        let (mut sources, mut stations) = (Vec::new(), Vec::new());
        for row in row.rows("source") {
            let node = row.need("node", "the edge node's id").and_then(|cell| Some((name_of(&cell)?, cell)));
            let device = row.cell("device").and_then(|cell| name_of(&cell));
            let kind = row.cell("type");
            let source = self.source(&row);
            row.close();
            let (Some((node, cell)), Some(source), Some(group)) = (node, source, &group) else { continue };
            if source.map.format != PayloadFormat::Sparkplug {
                let cell = kind.as_ref().unwrap_or(&cell);
                cell.note("the type is none of Sparkplug", "needed is a type with format = \"sparkplug\"");
                continue;
            }
            let id = device.as_ref().map_or_else(|| node.clone(), |device| format!("{node}/{device}"));
            if known.add(&cell, &id, None) {
                sources.push(SparkplugSource { group: group.clone(), node, device, map: source.map });
                stations.push(source.station);
            }
        }
        if sources.is_empty() {
            row.note("source", "no node is named", "needed are { node, device, station, type }");
        }
        row.close();
        refuse_others(draft);
        MqttSparkplug { host, sources, stations }
    }
}

/// Sparkplug's topics are read by Sparkplug's rules alone.
fn refuse_others(draft: &Draft<'_>) {
    let sparkplug: Vec<TopicTemplate> = ["spBv1.0/{_}/{_}/{_}", "spBv1.0/{_}/{_}/{_}/{_}", "spBv1.0/{_}/{_}"]
        .iter()
        .filter_map(|topic| TopicTemplate::parse(topic).ok())
        .collect();
    for (topic, cell) in &draft.topics {
        if sparkplug.iter().any(|own| own.overlaps(topic)) {
            cell.note(format!("{topic} overlaps the topics of sparkplug"), "allowed are other topics");
        }
    }
}

/// The id of a group, node, device or host (Sparkplug 3.0.0, section 4.1: no `+`, `/` and `#`).
fn name_of(cell: &Cell<'_>) -> Option<String> {
    let text = cell.text()?;
    if text.contains(['+', '/', '#', '\0']) || text.len() > 100 {
        cell.note(
            format!("{text:?} is no name of Sparkplug"),
            "allowed are at most 100 bytes without '/', '+', '#'",
        );
        return None;
    }
    Some(text.to_owned())
}

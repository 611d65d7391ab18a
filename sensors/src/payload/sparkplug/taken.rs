//! What one message does to its node, and what it says.

use super::message::{Metric, Payload};
use super::node::{Birth, Known, Node, SeqStep};
use super::{
    SparkplugFault, SparkplugHost, SparkplugKind, SparkplugPresence, SparkplugSaid, SparkplugSource,
    SparkplugTopic,
};
use crate::parameter::Parameter;
use crate::payload::{Period, Presence, Said, excerpt};
use crate::station::SensorIx;
use crate::time::{Span, Timestamp};

/// A message that came, and among whom.
pub(super) struct Message<'h> {
    pub(super) sources: &'h [SparkplugSource],
    pub(super) topic: &'h SparkplugTopic<'h>,
    pub(super) now: Timestamp,
}

impl Message<'_> {
    /// Whether the node's birth is to be asked for.
    pub(super) fn take(
        &self,
        node: &mut Node,
        payload: &Payload<'_>,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
        said: &mut SparkplugSaid,
    ) -> bool {
        if self.topic.kind == SparkplugKind::NodeDeath {
            self.node_dies(node, payload, said);
            return false;
        }
        let Some(seq) = payload.seq.and_then(|seq| u8::try_from(seq).ok()) else {
            said.note(SparkplugFault::NoSeq);
            return true;
        };
        if self.topic.kind == SparkplugKind::NodeBirth {
            node.is_born(payload.bd_seq(), seq);
        } else {
            match node.count(seq) {
                SeqStep::Next => {}
                SeqStep::Gap { expected } => said.note(SparkplugFault::Gap { expected, seq }),
                SeqStep::Unborn => {
                    said.note(SparkplugFault::Unborn);
                    return true;
                }
            }
        }
        // A device of the node that nobody reads only counts.
        let mut asks = node.is_torn();
        for place in self.places() {
            asks |= self.take_for(place, node, payload, &parameter, said);
        }
        asks
    }

    /// The same for one source that the topic names.
    fn take_for(
        &self,
        place: usize,
        node: &mut Node,
        payload: &Payload<'_>,
        parameter: &impl Fn(SensorIx) -> Option<Parameter>,
        said: &mut SparkplugSaid,
    ) -> bool {
        let at = moment(payload.timestamp, None, self.now);
        match self.topic.kind {
            SparkplugKind::NodeBirth | SparkplugKind::DeviceBirth => {
                if let Some(source) = self.sources.get(place) {
                    node.births.insert(place, birth(source, payload));
                }
                said.presence.push(SparkplugPresence { source: place, presence: Presence::Online, at });
            }
            SparkplugKind::DeviceDeath => {
                node.births.remove(&place);
                said.presence.push(SparkplugPresence { source: place, presence: Presence::Offline, at });
                return false;
            }
            SparkplugKind::NodeData | SparkplugKind::DeviceData | SparkplugKind::NodeDeath => {}
        }
        self.measured(place, node, payload, parameter, said)
    }

    fn node_dies(&self, node: &mut Node, payload: &Payload<'_>, said: &mut SparkplugSaid) {
        match node.dies(payload.bd_seq()) {
            None => {}
            Some(false) => said.note(SparkplugFault::OldDeath),
            Some(true) => {
                // A will was written when the node connected: only its arrival says when.
                let gone =
                    |(source, _)| SparkplugPresence { source, presence: Presence::Offline, at: self.now };
                let of_node = |(_, source): &(usize, &SparkplugSource)| {
                    source.group == self.topic.group && source.node == self.topic.node
                };
                said.presence.extend(self.sources.iter().enumerate().filter(of_node).map(gone));
            }
        }
    }

    /// The places of the sources that the topic names.
    fn places(&self) -> impl Iterator<Item = usize> {
        let is_named = |source: &SparkplugSource| {
            source.group == self.topic.group
                && source.node == self.topic.node
                && source.device.as_deref() == self.topic.device
        };
        let named = self.sources.iter().enumerate().filter(move |(_, source)| is_named(source));
        named.map(|(place, _)| place)
    }

    /// Reads the metrics; says whether one of them needs a birth to be understood.
    fn measured(
        &self,
        place: usize,
        node: &Node,
        payload: &Payload<'_>,
        parameter: &impl Fn(SensorIx) -> Option<Parameter>,
        said: &mut SparkplugSaid,
    ) -> bool {
        let Some(source) = self.sources.get(place) else { return false };
        let Some(birth) = node.births.get(&place) else {
            said.note(SparkplugFault::Unborn);
            return true;
        };
        let mut asks = false;
        for metric in &payload.metrics {
            let (known, by_alias) = match (metric.name, metric.alias) {
                (Some(name), _) => {
                    let Some(field) = field_of(source, name) else { continue };
                    let datatype = metric.datatype.or_else(|| birth.named.get(&field).copied());
                    let is_known = birth.named.contains_key(&field);
                    (
                        datatype.filter(|_| is_known).map(|datatype| Known { field: Some(field), datatype }),
                        false,
                    )
                }
                (None, Some(alias)) => (birth.aliases.get(&alias).copied(), true),
                (None, None) => (None, false),
            };
            let Some(Known { field, datatype }) = known else {
                said.note(match (metric.name, metric.alias) {
                    (None, Some(alias)) => SparkplugFault::UnknownAlias { alias },
                    (name, _) => {
                        SparkplugFault::UnknownMetric { name: excerpt(name.unwrap_or_default().as_bytes()) }
                    }
                });
                asks = true;
                continue;
            };
            let field = field.and_then(|field| source.map.fields.get(field));
            let Some((field, parameter)) = field.and_then(|field| Some((field, parameter(field.sensor)?)))
            else {
                continue;
            };
            let Some(number) = metric.number(datatype) else {
                said.note(SparkplugFault::NoNumber { name: field.pointer.clone(), datatype });
                continue;
            };
            let doubt = if by_alias && node.is_torn() { Said::Doubtful } else { Said::Good };
            let value = doubt.on(quality(metric).on(field.observed(number, parameter, None)));
            let measured_at = moment(metric.timestamp, payload.timestamp, self.now);
            let period = match &field.period {
                Some(Period::Seconds(s)) => Some(Span::from_s(i64::from(*s))),
                Some(Period::Pointer(_)) | None => None,
            };
            said.observations.push(field.observation(value, measured_at, self.now, period));
        }
        asks
    }
}

/// The payload, bounded; what was left of it is told.
pub(super) fn read<'p>(payload: &'p [u8], said: &mut SparkplugSaid) -> Result<Payload<'p>, SparkplugFault> {
    if payload.len() > SparkplugHost::BYTES_MAX {
        return Err(SparkplugFault::TooLong { bytes: payload.len() });
    }
    let read = Payload::read(payload, SparkplugHost::METRICS_MAX);
    let payload = read.map_err(|_| SparkplugFault::NoPayload)?;
    if payload.left > 0 {
        said.note(SparkplugFault::TooMany { metrics: payload.metrics.len() + payload.left });
    }
    Ok(payload)
}

fn birth(source: &SparkplugSource, payload: &Payload<'_>) -> Birth {
    let mut birth = Birth::default();
    for metric in &payload.metrics {
        let (Some(name), Some(datatype)) = (metric.name, metric.datatype) else { continue };
        let field = field_of(source, name);
        if let Some(alias) = metric.alias {
            birth.aliases.insert(alias, Known { field, datatype });
        }
        if let Some(field) = field {
            birth.named.insert(field, datatype);
        }
    }
    birth
}

fn field_of(source: &SparkplugSource, name: &str) -> Option<usize> {
    source.map.fields.iter().position(|field| field.pointer == name)
}

/// The first time that is told, in milliseconds since the epoch, or else the arrival.
fn moment(own: Option<u64>, whole: Option<u64>, arrived_at: Timestamp) -> Timestamp {
    let told = own.or(whole).and_then(|ms| i64::try_from(ms).ok()).map(Timestamp::from_ms);
    told.filter(|t| t.to_chrono().is_some()).unwrap_or(arrived_at)
}

/// Section 6.4.17: 192 good, 0 bad, 500 stale; a publisher's own codes are not good.
fn quality(metric: &Metric<'_>) -> Said {
    match metric.quality {
        None | Some(192) => Said::Good,
        Some(0) => Said::Bad,
        Some(_) => Said::Doubtful,
    }
}

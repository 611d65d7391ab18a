//! Types that are asked, over Modbus TCP and with RTU frames over TCP.

use std::sync::Arc;
use std::time::Duration;

use baolu::clock::Clock;
use baolu::event::Event;
use sensors::city::City;
use sensors::city::parse::ModbusType;
use sensors::line::{Line, ModbusDevice, ModbusLine, Protocol, Transport};
use sensors::parameter::Parameter;
use sensors::reading::Observed;
use sensors::register::{Recording, RegisterMap, Said};
use sensors::station::{SensorIx, StationIx};
use sensors::time::Span;

use super::device::{Device, Feed};
use super::{Differences, shipped};
use crate::peer::collector::{Collector, city_of};

/// The quiet that a device server keeps between two frames.
const GAP_US: u32 = 2000;

/// One recording on a line of its own, and what came of it.
struct Stage {
    what: String,
    recording: Recording,
    device: Device,
    /// Its first sensor; the others follow in the order of the type's registers.
    first: u32,
    polls: Vec<Vec<(u32, Observed)>>,
    strays: Vec<String>,
}

impl Stage {
    /// The values that the first poll must bring, then those of the second.
    ///
    /// What empties a register says nothing at the first contact, for nobody knows since when it counted.
    fn expected(&self) -> Vec<Vec<(u32, Observed)>> {
        let said = &self.recording.poll.said;
        let of = |said: &Said| (self.first + said.sensor.0, said.value);
        let whole: Vec<_> = said.iter().map(of).collect();
        let first: Vec<_> = said.iter().filter(|said| !said.emptied).map(of).collect();
        let mut polls = vec![first, whole];
        polls.dedup();
        polls.retain(|poll| !poll.is_empty());
        polls
    }

    /// Whether something of the recording is no plain answer, so that it must be told.
    fn must_be_told(&self) -> bool {
        let refused = |answer: &[u8]| answer.is_empty() || answer.get(1).is_some_and(|f| f & 0x80 != 0);
        self.recording.poll.busy || self.recording.exchanges.iter().any(|e| refused(&e.answer))
    }

    fn is_over(&self) -> bool {
        self.polls.len() >= self.expected().len() && (!self.must_be_told() || !self.strays.is_empty())
    }

    fn compare(&self, differences: &mut Differences) {
        let expected = self.expected();
        let came: Vec<_> = self.polls.iter().take(expected.len().max(1)).cloned().collect();
        differences.compare(&self.what, &came, &expected);
        let what = format!("{}: told {:?}", self.what, self.strays);
        differences.compare(&what, &!self.strays.is_empty(), &self.must_be_told());
        let (known, strange) = self.device.asked();
        differences.compare(&format!("{}: other questions", self.what), &strange, &vec![]);
        differences.compare(&format!("{}: asked {known:?}", self.what), &(known[0] > 0), &true);
    }
}

/// The map for sensors that begin at `first`.
fn bound(map: &RegisterMap, first: u32) -> RegisterMap {
    let mut map = map.clone();
    map.fields.iter_mut().for_each(|field| field.sensor.0 += first);
    let rules = map.statuses.iter_mut().flat_map(|status| &mut status.rules);
    rules.flat_map(|rule| &mut rule.of).for_each(|sensor| sensor.0 += first);
    map
}

/// A line with patience for a slow machine, save where a recording is silent.
fn line(stage: &Stage, map: &RegisterMap, is_rtu: bool) -> Line {
    let is_silent = stage.recording.exchanges.iter().any(|exchange| exchange.answer.is_empty());
    let empties = map.fields.iter().any(|field| field.destructive);
    let poll_interval = if empties { Span::from_ms(300) } else { Span::from_h(1) };
    let device = ModbusDevice::new(stage.device.unit, StationIx(0), poll_interval, bound(map, stage.first));
    let transport = if is_rtu { Transport::RtuTcp { gap_us: GAP_US } } else { Transport::Tcp };
    let timeout = if is_silent { Span::from_ms(700) } else { Span::from_s(10) };
    let modbus = ModbusLine { transport, timeout, ..ModbusLine::tcp(vec![device]) };
    let (name, address) = (stage.what.clone(), stage.device.address.to_string());
    Line { name, address, protocol: Protocol::Modbus(modbus) }
}

/// Every recording of every type on a line of its own, all of them in one city.
async fn staged(is_rtu: bool) -> (Arc<City>, Vec<Stage>) {
    let (mut parameters, mut lines, mut stages): (Vec<Parameter>, _, Vec<Stage>) = (vec![], vec![], vec![]);
    for (name, text) in shipped("modbus") {
        let ModbusType { registers, map, recordings } = ModbusType::parse(&name, &text).unwrap();
        assert!(!recordings.is_empty(), "{name} shows no bytes");
        let ways = recordings.iter().flat_map(|r| Feed::all(is_rtu).into_iter().map(move |feed| (r, feed)));
        for (recording, feed) in ways {
            let device = Device::listen(recording, feed).await;
            let (first, recording) = (parameters.len() as u32, recording.clone());
            parameters.extend(registers.iter().map(|(parameter, _)| *parameter));
            let what = format!("{name}, {:?}, {feed:?}", recording.title);
            let stage = Stage { what, recording, device, first, polls: vec![], strays: vec![] };
            lines.push(line(&stage, &map, is_rtu));
            stages.push(stage);
        }
    }
    (city_of(&parameters, lines), stages)
}

async fn every_recording_arrives(is_rtu: bool) {
    let (city, mut stages) = staged(is_rtu).await;
    assert!(stages.len() >= 150, "{} were staged", stages.len());
    let mut collector = Collector::start(&city, Clock::wall(), 64);
    let play = async {
        while !stages.iter().all(Stage::is_over) {
            take(&mut stages, &collector.envelope().await);
        }
    };
    // Also when envelopes come without end.
    let is_over = tokio::time::timeout(Duration::from_mins(1), play).await.is_ok();
    take(&mut stages, &collector.stop().await);
    let mut differences = Differences::default();
    for stage in &stages {
        stage.compare(&mut differences);
    }
    differences.none();
    assert!(is_over, "not every recording came to its end");
}

/// An envelope is one poll of one line.
fn take(stages: &mut [Stage], events: &[Event]) {
    let of = |sensor: SensorIx| move |stage: &Stage| stage.first <= sensor.0;
    let mut poll: Vec<(u32, Observed)> = Vec::new();
    for event in events {
        match event {
            Event::Observed(seen) => poll.push((seen.sensor.0, seen.value)),
            // An echo is told too, but of the line and not of the device.
            Event::Stray(stray) if stray.place.starts_with("unit ") => {
                stages[stray.line as usize].strays.push(format!("{}: {}", stray.place, stray.why));
            }
            _ => {}
        }
    }
    if let Some((first, _)) = poll.first() {
        let place = stages.partition_point(of(SensorIx(*first))) - 1;
        stages[place].polls.push(poll);
    }
}

#[tokio::test]
async fn every_shipped_device_means_over_modbus_tcp_what_was_recorded_of_it() {
    every_recording_arrives(false).await;
}

#[tokio::test]
async fn every_shipped_device_means_with_rtu_frames_over_tcp_what_was_recorded_of_it() {
    every_recording_arrives(true).await;
}

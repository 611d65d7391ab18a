//! What is said when: every message of every MQTT line, in the order in which it is handed over.
//!
//! Marks are whole multiples of a station's interval on the storm's clock; a message is said a
//! few seconds after its mark. A cut line hands over what it kept when it is back.

use sensors::city::City;
use sensors::line::{MqttSubscription, Protocol};
use sensors::parameter::Parameter;
use sensors::payload::{PayloadMap, Period};
use sensors::reading::Observation;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::chart::Chart;

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    /// When it is handed to the broker, by the storm's clock.
    pub(crate) at: Timestamp,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) observations: Vec<Observation>,
}

/// The interval of a sensor; configuration gives it with its deadline.
pub(crate) fn interval_of(city: &City, sensor: SensorIx) -> Span {
    let interval = city.sensor(sensor).map_or(Span::ZERO, |sensor| sensor.deadline.interval);
    if interval.ms() > 0 { interval } else { Span::from_min(10) }
}

/// The marks of an interval in `(begins, ends]`.
pub(crate) fn marks(lasts: (Timestamp, Timestamp), interval: Span) -> impl Iterator<Item = Timestamp> {
    let step = interval.ms().max(1000);
    let first = (lasts.0.ms() / step + 1) * step;
    (0..).map(move |n| Timestamp::from_ms(first + n * step)).take_while(move |at| *at <= lasts.1)
}

/// Every message of a line, in the order of its handing over.
pub(crate) fn messages(city: &City, chart: &Chart, line: usize) -> Vec<Message> {
    let Some(line) = city.lines.get(line) else { return Vec::new() };
    let Protocol::Mqtt(mqtt) = &line.protocol else { return Vec::new() };
    let mut messages = Vec::new();
    for (nth, subscription) in mqtt.subscriptions.iter().enumerate() {
        let Some(first) = subscription.map.fields.first() else { continue };
        let interval = interval_of(city, first.sensor);
        // Stations don't speak at once: up to 19 s after the mark, the same every time.
        let lag = Span::from_s(1 + nth as i64 % 19);
        for mark in marks(chart.lasts(), interval) {
            if let Some(message) = message(city, chart, &line.name, subscription, mark, lag) {
                messages.push(message);
            }
        }
    }
    messages.sort_by_key(|message| message.at);
    messages
}

fn message(
    city: &City,
    chart: &Chart,
    line: &str,
    subscription: &MqttSubscription,
    mark: Timestamp,
    lag: Span,
) -> Option<Message> {
    let station = city.station(subscription.station)?;
    let (late, off) = chart.delay(&station.id, mark);
    let at = mark.plus(lag).plus(late);
    let at = chart.cut_until(line, at).unwrap_or(at);
    // A line that never comes back takes what it kept with it.
    let at = (at < Timestamp::MAX).then_some(at)?;
    let measured_at = mark.plus(off);
    let mut observations = Vec::new();
    for field in &subscription.map.fields {
        let period = period(&subscription.map, field.sensor, interval_of(city, field.sensor));
        let Some(value) = chart.said(field.sensor, mark, period) else { continue };
        let parameter = parameter(city, field.sensor)?;
        let from = parameter.is_depth_over_interval().then(|| measured_at.minus(period));
        observations.push(Observation { sensor: field.sensor, measured_at, from, arrived_at: at, value });
    }
    if observations.is_empty() {
        return None;
    }
    let payload = subscription.map.encode(&observations, |sensor| parameter(city, sensor));
    Some(Message { at, topic: subscription.topic.clone(), payload, observations })
}

fn period(map: &PayloadMap, sensor: SensorIx, interval: Span) -> Span {
    let field = map.fields.iter().find(|field| field.sensor == sensor);
    match field.and_then(|field| field.period.as_ref()) {
        Some(Period::Seconds(s)) => Span::from_s(i64::from(*s)),
        Some(Period::Pointer(_)) | None => interval,
    }
}

fn parameter(city: &City, sensor: SensorIx) -> Option<Parameter> {
    city.sensor(sensor).map(|sensor| sensor.id.parameter)
}

//! What a message means: its topic names the subscription, whose map reads the payload.
//!
//! Whatever can't be read becomes a stray with at most 80 bytes of what came; it is never taken
//! for a number and never dropped in silence.

use std::collections::HashMap;

use sensors::city::City;
use sensors::line::MqttLine;
use sensors::time::Timestamp;

use super::link::Message;
use crate::collect::post::Post;
use crate::event::Event;

/// The largest payload that is read. A telemetry message has hundreds of bytes.
const PAYLOAD_MAX_BYTES: usize = 64 * 1024;
/// How much of a stray is shown.
const SHOWN_MAX_BYTES: usize = 80;

/// The topics of a line.
pub(super) struct Topics<'a> {
    city: &'a City,
    line: &'a MqttLine,
    by_name: HashMap<&'a [u8], Vec<usize>>,
}

impl<'a> Topics<'a> {
    /// Indexes the subscriptions of a line.
    pub(super) fn new(city: &'a City, line: &'a MqttLine) -> Self {
        let mut by_name: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (place, subscription) in line.subscriptions.iter().enumerate() {
            by_name.entry(subscription.topic.as_bytes()).or_default().push(place);
        }
        Self { city, line, by_name }
    }

    /// Reads a message into events.
    pub(super) fn read(&self, message: &Message, now: Timestamp, post: &mut Post, events: &mut Vec<Event>) {
        if let Err(why) = self.observe(message, now, events) {
            let topic = String::from_utf8_lossy(&message.topic);
            events.extend(post.stray(&topic, format!("{why}: {}", shown(&message.payload))));
        }
    }

    fn observe(&self, message: &Message, now: Timestamp, events: &mut Vec<Event>) -> Result<(), String> {
        let Some(places) = self.by_name.get(message.topic.as_ref()) else {
            return Err(String::from("no station publishes this topic"));
        };
        if message.payload.len() > PAYLOAD_MAX_BYTES {
            let size = message.payload.len();
            return Err(format!("{size} bytes are too many; at most {PAYLOAD_MAX_BYTES} are read"));
        }
        for subscription in places.iter().filter_map(|place| self.line.subscriptions.get(*place)) {
            if message.retained && subscription.map.time.is_none() {
                return Err(String::from("a retained message without a time may be of any age"));
            }
            let parameter = |ix| self.city.sensor(ix).map(|sensor| sensor.id.parameter);
            let observations = subscription.map.decode(&message.payload, parameter, now);
            events.extend(observations.map_err(|e| e.to_string())?.into_iter().map(Event::Observed));
        }
        Ok(())
    }
}

/// The beginning of a payload, fit for a line of text.
fn shown(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload.get(..SHOWN_MAX_BYTES).unwrap_or(payload));
    let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // A letter that was cut, or is none, became three bytes.
    while text.len() > SHOWN_MAX_BYTES {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_80_bytes_of_a_stray_are_shown_and_none_that_break_a_line() {
        assert_eq!(shown(b"{\n"), "{ ");
        assert!(shown(&[0xff; 1000]).len() <= SHOWN_MAX_BYTES);
        assert!(shown("đ".repeat(1000).as_bytes()).len() <= SHOWN_MAX_BYTES);
    }
}

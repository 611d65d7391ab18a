//! What a message means: its topic names the subscription, whose map reads the payload.
//!
//! Whatever can't be read becomes a stray with at most 80 bytes of what came; it is never taken
//! for a number and never dropped in silence.

use std::collections::HashMap;

use sensors::city::City;
use sensors::line::MqttLine;
use sensors::payload::Decoded;
use sensors::time::Timestamp;

use super::link::Message;
use crate::collect::post::Post;
use crate::event::Event;

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
        let Message { topic, payload, retained, .. } = message;
        let mut stray = |events: &mut Vec<Event>, why: String| {
            events.extend(post.stray(&String::from_utf8_lossy(topic), why));
        };
        let Some(places) = self.by_name.get(topic.as_ref()) else {
            return stray(events, format!("no station publishes this topic: {:?}", shown(payload)));
        };
        for subscription in places.iter().filter_map(|place| self.line.subscriptions.get(*place)) {
            if *retained && !subscription.map.tells_time() {
                let why = "a retained message without a time may be of any age";
                stray(events, format!("{why}: {:?}", shown(payload)));
                continue;
            }
            let parameter = |ix| self.city.sensor(ix).map(|sensor| sensor.id.parameter);
            match subscription.map.decode(payload, now, parameter) {
                Ok(Decoded { observations, faults, .. }) => {
                    events.extend(observations.into_iter().map(Event::Observed));
                    for fault in faults {
                        stray(events, fault.to_string());
                    }
                }
                Err(fault) => stray(events, fault.to_string()),
            }
        }
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

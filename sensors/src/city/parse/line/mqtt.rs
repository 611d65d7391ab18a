//! MQTT lines of `lines.toml`: brokers, topics and their types. Opens nothing.

use super::Join;
use crate::city::parse::device::{DeviceType, Measured, PayloadType};
use crate::line::{MqttLine, MqttSubscription, MqttUser};
use crate::payload::PayloadMap;
use crate::sheet::{Cell, Known, Row};
use crate::station::StationIx;
use crate::time::Span;

fn topic_of<'a>(cell: &Cell<'a>) -> Option<&'a str> {
    let text = cell.text()?;
    // MQTT 5.0, section 4.7: wildcards, the null character and `$` have meanings of their own.
    if text.contains(['#', '+', '\0']) || text.starts_with('$') || text.len() > 200 {
        cell.note(
            format!("{text:?} is no exact topic"),
            "allowed are at most 200 bytes without '#', '+' and a leading '$'",
        );
        return None;
    }
    Some(text)
}

impl Join<'_, '_> {
    pub(super) fn mqtt(&mut self, row: &Row<'_>) -> Option<MqttLine> {
        let mut topics: Known<()> = Known::new("topic", "lines.toml", true);
        let client_id = row.need("client_id", "a client id").and_then(|cell| cell.text());
        let expiry = row.need("session_expiry_s", "how long the broker keeps the session");
        let expiry = expiry.and_then(|cell| cell.whole(1, i64::from(u32::MAX) - 1));
        let user = row.cell("user").and_then(|cell| cell.text());
        let password = row.cell("password_env").and_then(|cell| cell.text());
        if user.is_some() != password.is_some() {
            row.note("user", "a user has a name and a password", "needed are both user and password_env");
        }
        let mut subscriptions = Vec::new();
        for row in row.rows("subscription") {
            let topic = row.need("topic", "the exact topic").and_then(|cell| Some((topic_of(&cell)?, cell)));
            let found = self.station_and_type(&row);
            row.close();
            let map = found
                .and_then(|(station, cell, device)| Some((station, self.payload(station, &cell, &device)?)));
            let Some((topic, cell)) = topic else { continue };
            topics.add(&cell, topic, None);
            let Some((station, map)) = map else { continue };
            subscriptions.push(MqttSubscription { topic: topic.to_owned(), station, map });
        }
        let pair = user.zip(password);
        let user = pair.map(|(name, env)| MqttUser { name: name.to_owned(), password_env: env.to_owned() });
        let session_expiry = Span::from_s(expiry?);
        Some(MqttLine { client_id: client_id?.to_owned(), session_expiry, user, subscriptions })
    }

    fn payload(&mut self, station: StationIx, cell: &Cell<'_>, device: &DeviceType) -> Option<PayloadMap> {
        let DeviceType::Mqtt(PayloadType { map, measured }) = device else {
            self.unclear.insert(station);
            cell.note("the type is asked over Modbus", "allowed are types with protocol = \"mqtt\"");
            return None;
        };
        let mut sensors = Vec::with_capacity(measured.len());
        for Measured { of, optional } in measured {
            let id = self.network.id_of(station, of.parameter, of.sensor.as_deref())?;
            let is_left_out = *optional && self.network.sensor(&id).is_none();
            sensors.push(if is_left_out { None } else { self.reach(station, cell, of) });
        }
        Some(map.bound(|ix| sensors.get(ix.at()).copied().flatten()))
    }
}

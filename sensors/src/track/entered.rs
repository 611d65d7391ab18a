//! What a person read in a sensor's place: judged like every reading, but neither a word of the sensor
//! nor under what is held against it.

use super::{Judged, Track};
use crate::reading::Observation;
use crate::station::Sensor;
use crate::time::Timestamp;

/// The most times that are remembered; the newest push out the oldest.
pub const ENTERED_MAX: usize = 256;

impl Track {
    /// Judges what a person read and entered. The staff is not the instrument: a doubt that lasts until
    /// somebody looks after it does not touch what somebody saw, and it is no contact with the sensor.
    pub fn judge_entered(&mut self, sensor: &Sensor, entered: &Observation, now: Timestamp) -> Judged {
        let contact = self.last_contact;
        self.note_entered(entered.measured_at);
        let judged = self.judge(sensor, entered, now);
        self.last_contact = contact;
        judged
    }

    /// Remembers before a restart's readings are taken in at which times a person read.
    pub fn note_entered(&mut self, measured_at: Timestamp) {
        self.entered.insert(measured_at);
        if self.entered.len() > ENTERED_MAX {
            self.entered.pop_first();
        }
    }
}

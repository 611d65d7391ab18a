//! What is remembered of one publisher between its messages: the counter of its radio frames, and
//! which of its oddities were told already.

use std::collections::BTreeSet;

use super::{Decoded, PayloadError, PayloadMap};
use crate::parameter::Parameter;
use crate::station::SensorIx;
use crate::time::Timestamp;

/// One subscription as heard so far. Bounded: it remembers one counter and at most
/// [`Listener::TOLD_MAX`] oddities.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    frame: Option<u32>,
    told: BTreeSet<String>,
}

/// How a frame follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameStep {
    /// The first one heard, or the next one.
    Next,
    /// The same again. Its observations are given all the same: twice the same changes nothing.
    Repeated,
    /// So many frames were lost on the air before it.
    Gap {
        /// Frames that never came.
        missed: u32,
    },
    /// The counter began anew: the device joined again.
    Restarted,
}

impl Listener {
    /// Oddities that are remembered as told; further ones are not told at all.
    pub const TOLD_MAX: usize = 64;

    /// Reads a payload as [`PayloadMap::decode`] does, tells what a device always says beside its
    /// numbers (an unknown channel, an unknown name) only once, and says how the frame follows the
    /// last one.
    ///
    /// # Errors
    /// As [`PayloadMap::decode`].
    pub fn hear(
        &mut self,
        map: &PayloadMap,
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<(Decoded, FrameStep), PayloadError> {
        let mut decoded = map.decode(payload, arrived_at, parameter)?;
        decoded.faults.retain(|fault| fault.once().is_none_or(|key| self.is_news(key)));
        let step = decoded.frame.map_or(FrameStep::Next, |frame| self.step(frame));
        Ok((decoded, step))
    }

    fn is_news(&mut self, key: String) -> bool {
        (self.told.len() < Self::TOLD_MAX || self.told.contains(&key)) && self.told.insert(key)
    }

    fn step(&mut self, frame: u32) -> FrameStep {
        match self.frame.replace(frame) {
            None => FrameStep::Next,
            Some(last) if frame == last => FrameStep::Repeated,
            Some(last) if frame < last => FrameStep::Restarted,
            Some(last) => match frame - last - 1 {
                0 => FrameStep::Next,
                missed => FrameStep::Gap { missed },
            },
        }
    }
}

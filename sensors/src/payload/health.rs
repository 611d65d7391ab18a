//! What a publisher's will, birth or state message says of it: online or offline.

use serde_json::Value as Json;

use super::json::word_of;
use super::{PayloadError, PayloadMap, excerpt};

/// Whether a publisher is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It says that it is there.
    Online,
    /// It said good-bye, or the broker says so for it (its last will).
    Offline,
}

/// The words by which a publisher says that it comes and goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthMap {
    /// JSON pointer of the word; absent: the payload is the word.
    pub pointer: Option<String>,
    /// Words for online: texts, or numbers, `true`, `false` as JSON writes them.
    pub online: Vec<String>,
    /// Words for offline.
    pub offline: Vec<String>,
}

impl HealthMap {
    /// What a payload says.
    ///
    /// # Errors
    /// A payload without any of the words says nothing: neither that the publisher is there nor
    /// that it is gone.
    pub fn read(&self, payload: &[u8]) -> Result<Presence, PayloadError> {
        if payload.len() > PayloadMap::BYTES_MAX {
            return Err(PayloadError::TooLong { bytes: payload.len() });
        }
        let no_word = || PayloadError::NoHealth {
            allowed: self.online.iter().chain(&self.offline).cloned().collect::<Vec<_>>().join(", "),
            excerpt: excerpt(payload),
        };
        let word = match &self.pointer {
            None => std::str::from_utf8(payload).ok().map(|text| text.trim_ascii().to_owned()),
            Some(pointer) => {
                let json: Option<Json> = serde_json::from_slice(payload).ok();
                json.as_ref().and_then(|json| json.pointer(pointer)).and_then(word_of)
            }
        };
        let word = word.ok_or_else(no_word)?;
        match (self.online.contains(&word), self.offline.contains(&word)) {
            (true, _) => Ok(Presence::Online),
            (false, true) => Ok(Presence::Offline),
            (false, false) => Err(no_word()),
        }
    }
}

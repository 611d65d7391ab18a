//! `cap.toml`: how our warnings become CAP messages, and whose messages are taken in.
//!
//! It names no secret and decides nothing. Without the file no message is written.

use std::sync::Arc;

use rules::bulletin::Lang;
use sensors::city::City;
use sensors::mistake::Mistake;
use sensors::sheet::{Log, Row, Sheet};

use super::write::area::Areas;
use super::write::out::Out;

/// What `cap.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Cap {
    /// How our messages are written; `None` where none are.
    pub out: Option<Arc<Out>>,
}

impl Cap {
    /// Reads `cap.toml`, which `file` names in mistakes. Every one of `languages` needs its words.
    ///
    /// # Errors
    /// Every mistake at once, by line.
    pub fn parse(file: &str, text: &str, languages: &[Lang]) -> Result<Self, Vec<Mistake>> {
        let log = Log::default();
        let sheet = Sheet { file, text, log: &log };
        let (table, _) = sheet.parse();
        let top = Row::top(sheet, &table);
        let out = top.cell("out").and_then(|cell| cell.row()).and_then(|row| Out::read(row, languages));
        // Whose messages are taken in is read by `read::config`.
        top.cell("in");
        top.close();
        let mistakes = log.into_sorted();
        if mistakes.is_empty() { Ok(Self { out: out.map(Arc::new) }) } else { Err(mistakes) }
    }

    /// The same with the outlines of the city's zones, written once.
    ///
    /// # Errors
    /// When the outlines are too long for a message; they are never simplified.
    pub fn with_city(mut self, file: &str, city: &City) -> Result<Self, Vec<Mistake>> {
        if let Some(out) = &mut self.out {
            let out = Arc::make_mut(out);
            out.areas = Areas::write(file, city, &out.geocode_name)?;
            out.utc_offset_min = city.utc_offset_min;
        }
        Ok(self)
    }
}

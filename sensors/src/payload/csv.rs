//! Payloads that are lines of separated values (RFC 4180).

use csv::{ByteRecord, ReaderBuilder};

use super::field::{Moment, Raw, Reading, time_at};
use super::number::{Number, number_of_text};
use super::{Decoded, PayloadError, PayloadMap, excerpt};
use crate::parameter::Parameter;
use crate::station::SensorIx;
use crate::time::Timestamp;

/// How the lines are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvForm {
    /// Between two values.
    pub separator: u8,
    /// Whether numbers are written with a decimal comma.
    pub decimal_comma: bool,
    /// Where the names of the columns come from.
    pub head: CsvHead,
}

/// Where the names of the columns come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsvHead {
    /// The first line of every payload.
    Line,
    /// They are always these, in this order; an empty name is a column that nobody reads.
    Order(Vec<String>),
}

/// One line with the names of its columns.
struct Line<'a> {
    names: &'a [String],
    cells: &'a ByteRecord,
    decimal_comma: bool,
}

impl Line<'_> {
    fn cell(&self, column: &str) -> Option<&[u8]> {
        self.cells.get(self.names.iter().position(|name| name == column)?)
    }
}

impl Reading for Line<'_> {
    fn at(&self, place: &str) -> Option<Raw<'_>> {
        let cell = self.cell(place)?;
        Some(std::str::from_utf8(cell).map_or(Raw::Other, |text| Raw::Text(text.trim_ascii())))
    }

    fn shown(&self, place: &str) -> String {
        self.cell(place).map(excerpt).unwrap_or_default()
    }

    fn beginning(&self) -> String {
        excerpt(self.cells.as_slice())
    }

    fn number_of(&self, text: &str) -> Option<Number> {
        if !self.decimal_comma {
            return number_of_text(text);
        }
        // A point beside a decimal comma would part thousands: 1.234 is not 1,234.
        (!text.contains('.')).then(|| number_of_text(&text.replacen(',', ".", 1))).flatten()
    }
}

impl PayloadMap {
    pub(super) fn decode_csv(
        &self,
        form: &CsvForm,
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        let no_line = |line: usize, why: &str, bytes: &[u8]| PayloadError::NoLine {
            line,
            why: why.to_owned(),
            excerpt: excerpt(bytes),
        };
        // A quote that never ends would swallow the lines after it.
        if payload.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
            return Err(no_line(1, "a quote is not closed", payload));
        }
        let mut builder = ReaderBuilder::new();
        let mut reader =
            builder.has_headers(false).flexible(true).delimiter(form.separator).from_reader(payload);
        let mut cells = ByteRecord::new();
        let (mut decoded, mut lines) = (Decoded::default(), 0_usize);
        let mut names = match &form.head {
            CsvHead::Line => None,
            CsvHead::Order(names) => Some(names.clone()),
        };
        // Bytes in memory can't fail to be read, and lines of any length are allowed.
        while reader.read_byte_record(&mut cells).unwrap_or(false) {
            let Some(names) = &names else {
                names =
                    Some(cells.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect());
                continue;
            };
            lines += 1;
            if lines > Self::READINGS_MAX {
                continue;
            }
            if cells.len() != names.len() {
                let why = format!("{} values for {} columns", cells.len(), names.len());
                let line = cells.position().map_or(lines, |position| position.line() as usize);
                decoded.note(no_line(line, &why, cells.as_slice()));
                continue;
            }
            let line = Line { names, cells: &cells, decimal_comma: form.decimal_comma };
            if let Err(fault) = self.read_line(&line, arrived_at, &parameter, &mut decoded) {
                decoded.note(fault);
            }
        }
        if lines == 0 {
            return Err(no_line(1, "there is no line of values", payload));
        }
        if lines > Self::READINGS_MAX {
            decoded.note(PayloadError::TooMany { readings: lines });
        }
        Ok(decoded)
    }

    fn read_line(
        &self,
        line: &Line<'_>,
        arrived_at: Timestamp,
        parameter: &impl Fn(SensorIx) -> Option<Parameter>,
        decoded: &mut Decoded,
    ) -> Result<(), PayloadError> {
        let measured_at = match &self.time {
            None => arrived_at,
            Some(column) => time_at(line, column, &self.time_form)?,
        };
        let moment = Moment { measured_at, arrived_at, form: &self.time_form };
        for field in &self.fields {
            let Some(parameter) = parameter(field.sensor) else { continue };
            field.read(line, parameter, moment, decoded);
        }
        Ok(())
    }
}

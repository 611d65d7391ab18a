//! Readings as CSV: rows of the contract's header, read one at a time, refused with their line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::{SensorId, SensorIx, StationId};
use sensors::time::{Span, Timestamp};

/// The columns that must be there.
const COLUMNS: [&str; 5] = ["measured_at", "station", "parameter", "value", "unit"];

/// Why a file can't be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum TableError {
    /// The file itself.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A row.
    #[error("{file}:{line}: {column}: {wrong}; {allowed}")]
    Row {
        /// Which file.
        file: String,
        /// Counted from 1, the header included.
        line: u64,
        /// Which column.
        column: &'static str,
        /// What is wrong.
        wrong: String,
        /// What is allowed.
        allowed: String,
    },
}

/// One file of readings.
pub(super) struct Table<'a> {
    file: String,
    rows: csv::Reader<Box<dyn Read>>,
    record: csv::StringRecord,
    columns: Columns,
    city: &'a City,
    renamed: &'a BTreeMap<String, String>,
    known: BTreeMap<(String, String, String), Option<SensorIx>>,
    /// Stations that the configuration does not know.
    pub(super) unknown: BTreeSet<String>,
}

#[derive(Clone, Copy)]
struct Columns {
    required: [usize; 5],
    sensor: Option<usize>,
    period: Option<usize>,
    quality: Option<usize>,
}

impl<'a> Table<'a> {
    /// Opens a file (`-` is standard input), recognises gzip and checks the header.
    ///
    /// # Errors
    /// Names the file, or the column that is missing.
    pub(super) fn open(
        path: &Path,
        city: &'a City,
        renamed: &'a BTreeMap<String, String>,
    ) -> Result<Self, TableError> {
        let file = path.display().to_string();
        let at_file = |source| TableError::File { file: file.clone(), source };
        let raw: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).map_err(at_file)?)
        };
        let mut buffered = BufReader::with_capacity(1 << 16, raw);
        let gzip = buffered.fill_buf().map_err(at_file)?.starts_with(&[0x1f, 0x8b]);
        let plain: Box<dyn Read> =
            if gzip { Box::new(MultiGzDecoder::new(buffered)) } else { Box::new(buffered) };
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(plain);
        let columns = Columns::find(&file, rows.headers().map_err(|e| refused(&file, &e))?)?;
        let (record, known, unknown) = (csv::StringRecord::new(), BTreeMap::new(), BTreeSet::new());
        Ok(Self { file, rows, record, columns, city, renamed, known, unknown })
    }

    /// The next reading of a known sensor; rows of unknown stations are noted and passed over.
    ///
    /// # Errors
    /// Names file, line and column of a row that is no reading.
    pub(super) fn next_observation(&mut self) -> Result<Option<Observation>, TableError> {
        while self.rows.read_record(&mut self.record).map_err(|e| refused(&self.file, &e))? {
            if let Some(observation) = self.observation()? {
                return Ok(Some(observation));
            }
        }
        Ok(None)
    }

    fn observation(&mut self) -> Result<Option<Observation>, TableError> {
        let [at, station, parameter, value, unit] =
            self.columns.required.map(|c| self.record.get(c).unwrap_or(""));
        let optional = |column: Option<usize>| column.and_then(|c| self.record.get(c)).unwrap_or("");
        let (sensor, period, quality) =
            (optional(self.columns.sensor), optional(self.columns.period), optional(self.columns.quality));
        let row = |column, wrong: String, allowed: &str| TableError::Row {
            file: self.file.clone(),
            line: self.record.position().map_or(0, csv::Position::line),
            column,
            wrong,
            allowed: allowed.to_owned(),
        };
        let measured_at = Timestamp::parse_rfc3339(at)
            .map_err(|_| row("measured_at", format!("{at:?} is no time"), "RFC 3339 with an offset"))?;
        let meant: Parameter = parameter
            .parse()
            .map_err(|_| row("parameter", format!("{parameter:?} is none"), "a parameter of docs/api.md"))?;
        if unit != meant.unit() {
            return Err(row("unit", format!("{unit:?} for {meant}"), meant.unit()));
        }
        let value = match (value, quality) {
            ("", _) | (_, "missing" | "rejected") => Observed::Missing,
            (text, _) => {
                let number: f64 =
                    text.parse().map_err(|_| row("value", format!("{text:?}"), "a decimal number"))?;
                Value::from_unit(meant, number).map_or(Observed::Nonsense, Observed::Value)
            }
        };
        let period_s: Option<i64> = match period {
            "" => None,
            text => Some(
                text.parse()
                    .ok()
                    .filter(|s| (1..=864_000).contains(s))
                    .ok_or_else(|| row("period_s", format!("{text:?}"), "whole seconds, 1 to 864000"))?,
            ),
        };
        let key = (station.to_owned(), parameter.to_owned(), sensor.to_owned());
        let Some(sensor) = self.sensor(key, meant) else { return Ok(None) };
        let from = period_s.map(|s| measured_at.minus(Span::from_s(s)));
        Ok(Some(Observation { sensor, measured_at, from, arrived_at: measured_at, value }))
    }

    fn sensor(&mut self, key: (String, String, String), parameter: Parameter) -> Option<SensorIx> {
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let station = self.renamed.get(&key.0).unwrap_or(&key.0);
        let name: Option<Arc<str>> = (!key.2.is_empty()).then(|| key.2.as_str().into());
        let id = SensorId { station: StationId::new(station), parameter, name };
        let found = self.city.sensor_named(&id);
        if found.is_none() {
            self.unknown.insert(station.clone());
        }
        self.known.insert(key, found);
        found
    }
}

impl Columns {
    fn find(file: &str, header: &csv::StringRecord) -> Result<Self, TableError> {
        let find = |name: &str| header.iter().position(|column| column.trim() == name);
        let mut required = [0; 5];
        for (place, name) in required.iter_mut().zip(COLUMNS) {
            *place = find(name).ok_or_else(|| TableError::Row {
                file: file.to_owned(),
                line: 1,
                column: name,
                wrong: "the header has no such column".into(),
                allowed: format!("{}[,sensor][,period_s][,quality]", COLUMNS.join(",")),
            })?;
        }
        Ok(Self { required, sensor: find("sensor"), period: find("period_s"), quality: find("quality") })
    }
}

fn refused(file: &str, error: &csv::Error) -> TableError {
    TableError::Row {
        file: file.to_owned(),
        line: error.position().map_or(0, csv::Position::line),
        column: "row",
        wrong: error.to_string(),
        allowed: "RFC 4180 in UTF-8".into(),
    }
}

/// Reads the file that renames stations: two columns, `from,to`.
///
/// # Errors
/// Names the file and the row.
pub(super) fn renames(path: Option<&PathBuf>) -> Result<BTreeMap<String, String>, TableError> {
    let Some(path) = path else { return Ok(BTreeMap::new()) };
    let file = path.display().to_string();
    let source = File::open(path).map_err(|source| TableError::File { file: file.clone(), source })?;
    let mut rows = csv::Reader::from_reader(source);
    rows.deserialize::<(String, String)>().collect::<Result<_, _>>().map_err(|e| refused(&file, &e))
}

//! Readings as CSV: rows of the contract's header, read one at a time, refused with their line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::{SensorId, SensorIx, StationId};
use sensors::time::{Span, Timestamp};

/// What the column `quality` may say; a value is judged anew unless it is no measurement.
const QUALITIES: [&str; 7] = ["", "good", "unchecked", "estimated", "suspect", "rejected", "missing"];

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
    rows: csv::Reader<BufReader<Box<dyn Read>>>,
    /// Lines that the reader is behind: it counts a line at its line feed, and takes a record to
    /// begin before the line feed of a CRLF.
    behind: u64,
    record: csv::StringRecord,
    columns: Columns,
    city: &'a City,
    renamed: &'a BTreeMap<String, String>,
    known: BTreeMap<(String, String, String), Option<SensorIx>>,
    /// Stations and sensors that the configuration does not know, with the first line of each.
    unknown: BTreeMap<Unknown, u64>,
}

/// What the configuration does not know.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Unknown {
    Station(String),
    Sensor(String),
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
        let mut plain = BufReader::new(plain);
        let first = plain.fill_buf().map_err(at_file)?.split(|byte| *byte == b'\n').next();
        let behind = u64::from(first.is_some_and(|line| line.ends_with(b"\r")));
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(plain);
        let columns = Columns::find(&file, rows.headers().map_err(|e| refused(&file, &e, 0))?)?;
        let (record, known, unknown) = (csv::StringRecord::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { file, rows, behind, record, columns, city, renamed, known, unknown })
    }

    /// The next reading of a known sensor; rows of unknown stations are noted and passed over.
    ///
    /// # Errors
    /// Names file, line and column of a row that is no reading.
    pub(super) fn next_observation(&mut self) -> Result<Option<Observation>, TableError> {
        while self.rows.read_record(&mut self.record).map_err(|e| refused(&self.file, &e, self.behind))? {
            if let Some(observation) = self.observation()? {
                return Ok(Some(observation));
            }
        }
        Ok(None)
    }

    /// The line of the present record, counted from 1.
    fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line) + self.behind
    }

    fn observation(&mut self) -> Result<Option<Observation>, TableError> {
        let [at, station, parameter, value, unit] =
            self.columns.required.map(|c| self.record.get(c).unwrap_or(""));
        let optional = |column: Option<usize>| column.and_then(|c| self.record.get(c)).unwrap_or("");
        let (sensor, period, quality) =
            (optional(self.columns.sensor), optional(self.columns.period), optional(self.columns.quality));
        let row = |column, wrong: String, allowed: &str| TableError::Row {
            file: self.file.clone(),
            line: self.line(),
            column,
            wrong,
            allowed: allowed.to_owned(),
        };
        let measured_at = Timestamp::parse_rfc3339(at).map_err(|_| {
            row(
                "measured_at",
                format!("{at:?} is no time"),
                "allowed is RFC 3339 with an offset, as 2025-11-16T21:00:00+07:00",
            )
        })?;
        let meant: Parameter = parameter
            .parse()
            .map_err(|_| row("parameter", format!("{parameter:?} is no parameter"), &allowed_parameters()))?;
        if unit != meant.unit() {
            let allowed = format!("allowed is {}", meant.unit());
            return Err(row("unit", format!("{unit:?} is not the unit of {meant}"), &allowed));
        }
        if !QUALITIES.contains(&quality) {
            let allowed = format!("allowed are {}, or nothing", QUALITIES[1..].join(", "));
            return Err(row("quality", format!("{quality:?} is no quality"), &allowed));
        }
        let value = match (value, quality) {
            ("", _) | (_, "missing" | "rejected") => Observed::Missing,
            (text, _) => {
                let number: f64 = text.parse().map_err(|_| {
                    row("value", format!("{text:?} is no number"), "allowed is a decimal number")
                })?;
                Value::from_unit(meant, number).map_or(Observed::Nonsense, Observed::Value)
            }
        };
        let period_s: Option<i64> = match period {
            "" => None,
            text => Some(text.parse().ok().filter(|s| (1..=864_000).contains(s)).ok_or_else(|| {
                row("period_s", format!("{text:?} is no period"), "allowed are whole seconds, 1 to 864000")
            })?),
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
            let known = self.city.station_named(&id.station).is_some();
            let what =
                if known { Unknown::Sensor(id.to_string()) } else { Unknown::Station(station.clone()) };
            let line = self.line();
            self.unknown.entry(what).or_insert(line);
        }
        self.known.insert(key, found);
        found
    }
}

impl Table<'_> {
    /// Stations of this file that the configuration does not know.
    pub(super) fn unknown_stations(&self) -> impl Iterator<Item = &str> {
        self.unknown.keys().filter_map(|what| match what {
            Unknown::Station(id) => Some(id.as_str()),
            Unknown::Sensor(_) => None,
        })
    }

    /// What was passed over in this file, a line for each.
    pub(super) fn passed_over(&self) -> impl Iterator<Item = String> {
        self.unknown.iter().map(|(what, line)| match what {
            Unknown::Station(id) => format!(
                "{}:{line}: station: {id:?} is not in the configuration; its rows were passed over (--map renames stations)",
                self.file
            ),
            Unknown::Sensor(id) => format!(
                "{}:{line}: parameter: the configuration has no sensor {id}; its rows were passed over",
                self.file
            ),
        })
    }
}

fn allowed_parameters() -> String {
    format!("allowed are {}", Parameter::all().map(Parameter::as_str).collect::<Vec<_>>().join(", "))
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
                allowed: format!("needed is {}[,sensor][,period_s][,quality]", COLUMNS.join(",")),
            })?;
        }
        Ok(Self { required, sensor: find("sensor"), period: find("period_s"), quality: find("quality") })
    }
}

fn refused(file: &str, error: &csv::Error, behind: u64) -> TableError {
    if let csv::ErrorKind::Io(source) = error.kind() {
        let source = io::Error::new(source.kind(), source.to_string());
        return TableError::File { file: file.to_owned(), source };
    }
    TableError::Row {
        file: file.to_owned(),
        line: error.position().map_or(0, csv::Position::line) + behind,
        column: "row",
        wrong: error.to_string(),
        allowed: "allowed is RFC 4180 in UTF-8".into(),
    }
}

/// Reads the file that renames stations: two columns, `from,to`, to stations of the configuration.
///
/// # Errors
/// Names the file and the row.
pub(super) fn renames(path: Option<&Path>, city: &City) -> Result<BTreeMap<String, String>, TableError> {
    let Some(path) = path else { return Ok(BTreeMap::new()) };
    let file = path.display().to_string();
    let row = |line, column, wrong: String, allowed: &str| TableError::Row {
        file: file.clone(),
        line,
        column,
        wrong,
        allowed: allowed.to_owned(),
    };
    let source = File::open(path).map_err(|source| TableError::File { file: file.clone(), source })?;
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(source);
    if rows.headers().map_err(|e| refused(&file, &e, 0))? != vec!["from", "to"] {
        return Err(row(1, "row", "this is not the header".into(), "needed is from,to"));
    }
    let mut renamed = BTreeMap::new();
    for record in rows.into_records() {
        let record = record.map_err(|e| refused(&file, &e, 0))?;
        let line = record.position().map_or(0, csv::Position::line);
        let (Some(from), Some(to), 2) = (record.get(0), record.get(1), record.len()) else {
            let wrong = format!("{} columns", record.len());
            return Err(row(line, "row", wrong, "needed are two, from,to"));
        };
        if city.station_named(&StationId::new(to)).is_none() {
            let wrong = format!("there is no station {to:?}");
            return Err(row(line, "to", wrong, "allowed are the stations of the configuration"));
        }
        renamed.insert(from.to_owned(), to.to_owned());
    }
    Ok(renamed)
}

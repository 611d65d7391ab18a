//! Readings as CSV: rows of the contract's header, read one at a time. A row that is no reading is
//! counted and passed over; the first ones are told with their line.

pub(crate) mod coverage;
pub(crate) mod map;
pub(crate) mod order;
mod row;
mod spacing;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use self::coverage::Coverage;
use self::map::Map;
use self::row::{Meaning, Names, Refusal, Times, Unknown, Words};
use self::spacing::Spacing;

/// The columns that must be there.
const COLUMNS: [&str; 5] = ["measured_at", "station", "parameter", "value", "unit"];
/// What the column `quality` may say. A value is judged anew; what was no measurement stays none.
const QUALITIES: &str = "allowed are good, unchecked, estimated, suspect, rejected, missing, or nothing";
/// Refused rows that are told with their line; the others are counted.
const TOLD_MAX: u64 = 10;
/// What is read from a file at once.
const BUFFER: usize = 1 << 18;

/// Why a file can't be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// The file itself.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// Its header.
    #[error("{file}:1: {column}: the header has no such column; needed is {}[,sensor][,period_s][,quality]", COLUMNS.join(","))]
    Header {
        /// Which file.
        file: String,
        /// Which column.
        column: &'static str,
    },
    /// A column stands there twice.
    #[error("{file}:1: {column}: the header has this column twice; allowed is once")]
    Twice {
        /// Which file.
        file: String,
        /// Which column.
        column: &'static str,
    },
}

/// One file of readings.
pub(crate) struct Table<'a> {
    file: String,
    rows: csv::Reader<BufReader<Box<dyn Read + Send>>>,
    /// Lines that the reader is behind: it counts a line at its line feed, and takes a record to
    /// begin before the line feed of a CRLF.
    behind: u64,
    columns: Columns,
    words: Words<'a>,
    times: Times,
    spacing: Spacing<'a>,
    pub(crate) coverage: Coverage,
    refused: u64,
    told: Vec<String>,
}

/// A reader that fails beyond a bound: a little of gzip may hold a whole disk, and a row may be as long
/// as its file.
struct Bounded {
    plain: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.plain.read(into)?;
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or_else(|| io::Error::other("unpacked it is longer than a file may be"))?;
        Ok(read)
    }
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
    pub(crate) fn open(path: &Path, city: &'a City, map: &'a Map) -> Result<Self, TableError> {
        let file = path.display().to_string();
        let raw: Box<dyn Read + Send> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).map_err(|source| TableError::File { file: file.clone(), source })?)
        };
        Self::read(file, raw, u64::MAX, city, map)
    }

    /// Reads what is open already, as [`Self::open`] does; unpacked it may have at most so many bytes.
    ///
    /// # Errors
    /// Names the file, or the column that is missing.
    pub(crate) fn read(
        file: String,
        raw: Box<dyn Read + Send>,
        most: u64,
        city: &'a City,
        map: &'a Map,
    ) -> Result<Self, TableError> {
        let at_file = |source| TableError::File { file: file.clone(), source };
        let mut buffered = BufReader::with_capacity(BUFFER, raw);
        let gzip = buffered.fill_buf().map_err(at_file)?.starts_with(&[0x1f, 0x8b]);
        let plain: Box<dyn Read + Send> =
            if gzip { Box::new(MultiGzDecoder::new(buffered)) } else { Box::new(buffered) };
        let plain: Box<dyn Read + Send> = Box::new(Bounded { plain, left: most });
        let mut plain = BufReader::with_capacity(BUFFER, plain);
        let first = plain.fill_buf().map_err(at_file)?.split(|byte| *byte == b'\n').next();
        let behind = u64::from(first.is_some_and(|line| line.ends_with(b"\r")));
        let mut rows = csv::ReaderBuilder::new().flexible(true).buffer_capacity(BUFFER).from_reader(plain);
        let header = rows.byte_headers().map_err(|error| at_file(as_io(error)))?;
        let columns = Columns::find(&file, header)?;
        Ok(Self {
            file,
            rows,
            behind,
            columns,
            words: Words::new(city, map),
            times: Times::default(),
            spacing: Spacing::new(city),
            coverage: Coverage::new(city.sensors.len()),
            refused: 0,
            told: Vec::new(),
        })
    }

    /// The next reading of a known sensor. Rows of unknown stations, and rows that are no readings,
    /// are noted and passed over; `record` is room to read into.
    ///
    /// # Errors
    /// When the file can't be read on.
    pub(crate) fn next(&mut self, record: &mut csv::ByteRecord) -> Result<Option<Observation>, TableError> {
        loop {
            let more = self.rows.read_byte_record(record);
            if !more.map_err(|e| TableError::File { file: self.file.clone(), source: as_io(e) })? {
                return Ok(None);
            }
            match self.observation(record) {
                Ok(Some(observation)) => {
                    self.coverage.take(&observation);
                    return Ok(Some(observation));
                }
                Ok(None) => {}
                Err(refusal) => self.refuse(record, &refusal),
            }
        }
    }

    fn refuse(&mut self, record: &csv::ByteRecord, refusal: &Refusal) {
        self.refused += 1;
        if self.refused <= TOLD_MAX {
            let (line, Refusal { column, wrong, allowed }) = (self.line(record), refusal);
            self.told.push(format!("{}:{line}: {column}: {wrong}; {allowed}", self.file));
        }
    }

    /// The line of a record, counted from 1.
    fn line(&self, record: &csv::ByteRecord) -> u64 {
        record.position().map_or(0, csv::Position::line) + self.behind
    }

    fn observation(&mut self, record: &csv::ByteRecord) -> Result<Option<Observation>, Refusal> {
        let [at, station, parameter, value, unit] =
            self.columns.required.map(|column| record.get(column).unwrap_or_default());
        let optional = |column: Option<usize>| column.and_then(|c| record.get(c)).unwrap_or_default();
        let measured_at = self.times.read(at).ok_or_else(|| {
            let allowed = "allowed is RFC 3339 with an offset, as 2025-11-16T21:00:00+07:00";
            refusal("measured_at", at, "is no time", allowed)
        })?;
        let names = Names { station, parameter, sensor: optional(self.columns.sensor), unit };
        let line = record.position().map_or(0, csv::Position::line) + self.behind;
        let (ix, parameter, times) = match self.words.meaning(names, line) {
            Meaning::Sensor { ix, parameter, times } => (*ix, *parameter, *times),
            Meaning::Unknown => return Ok(None),
            Meaning::Wrong(refusal) => return Err(refusal.clone()),
        };
        let value = observed(parameter, times, value, optional(self.columns.quality))?;
        let from = self.interval(ix, measured_at, parameter, optional(self.columns.period))?;
        Ok(Some(Observation { sensor: ix, measured_at, from, arrived_at: measured_at, value }))
    }

    /// Where the interval of a depth begins, where the row says so.
    fn interval(
        &mut self,
        ix: SensorIx,
        measured_at: Timestamp,
        parameter: Parameter,
        period: &[u8],
    ) -> Result<Option<Timestamp>, Refusal> {
        if period.is_empty() {
            if parameter.is_depth_over_interval() {
                self.spacing.look_at(ix, measured_at);
            }
            return Ok(None);
        }
        let seconds = text_of(period).and_then(|text| text.parse().ok());
        let seconds = seconds.filter(|s| (1..=864_000).contains(s));
        let allowed = "allowed are whole seconds, 1 to 864000";
        let seconds: i64 = seconds.ok_or_else(|| refusal("period_s", period, "is no period", allowed))?;
        Ok(Some(measured_at.minus(Span::from_s(seconds))))
    }
}

/// The value of a row with what the file itself says of it.
fn observed(parameter: Parameter, times: f64, value: &[u8], quality: &[u8]) -> Result<Observed, Refusal> {
    let doubtful = match quality {
        b"" | b"good" | b"unchecked" | b"estimated" => false,
        b"suspect" => true,
        b"rejected" | b"missing" => return Ok(Observed::Missing),
        _ => return Err(refusal("quality", quality, "is no quality", QUALITIES)),
    };
    if value.is_empty() {
        return Ok(Observed::Missing);
    }
    let number: Option<f64> = text_of(value).and_then(|text| text.parse().ok());
    let number =
        number.ok_or_else(|| refusal("value", value, "is no number", "allowed is a decimal number"))?;
    Ok(match Value::from_unit(parameter, number * times) {
        Ok(value) if doubtful => Observed::Doubtful(value),
        Ok(value) => Observed::Value(value),
        Err(_) => Observed::Nonsense,
    })
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn refusal(column: &'static str, said: &[u8], wrong: &str, allowed: &str) -> Refusal {
    let said = String::from_utf8_lossy(said);
    Refusal { column, wrong: format!("{said:?} {wrong}"), allowed: allowed.to_owned() }
}

impl Table<'_> {
    /// Stations of this file that the configuration does not know.
    pub(crate) fn unknown_stations(&self) -> impl Iterator<Item = &str> {
        self.words.unknown.keys().filter_map(|what| match what {
            Unknown::Station(id) => Some(id.as_str()),
            Unknown::Sensor(_) => None,
        })
    }

    /// Rows that are no readings.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// What is to be told of this file, a line for each: refused rows, strangers, depths whose
    /// interval had to be guessed and seems to be another one.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = self.told.clone();
        if self.refused > TOLD_MAX {
            notes.push(format!("{}: {} rows more are no readings", self.file, self.refused - TOLD_MAX));
        }
        notes.extend(self.words.unknown.iter().map(|(what, line)| match what {
            Unknown::Station(id) => format!(
                "{}:{line}: station: {id:?} is not in the configuration; its rows were passed over (--map renames stations)",
                self.file
            ),
            Unknown::Sensor(id) => format!(
                "{}:{line}: parameter: the configuration has no sensor {id}; its rows were passed over",
                self.file
            ),
        }));
        notes.extend(self.spacing.notes().map(|note| format!("{}: {note}", self.file)));
        notes
    }
}

impl Columns {
    fn find(file: &str, header: &csv::ByteRecord) -> Result<Self, TableError> {
        let find = |name: &'static str| {
            let mut places = header.iter().enumerate().filter(|(_, c)| c.trim_ascii() == name.as_bytes());
            let first = places.next().map(|(place, _)| place);
            match places.next() {
                Some(_) => Err(TableError::Twice { file: file.to_owned(), column: name }),
                None => Ok(first),
            }
        };
        let mut required = [0; 5];
        for (place, column) in required.iter_mut().zip(COLUMNS) {
            *place = find(column)?.ok_or_else(|| TableError::Header { file: file.to_owned(), column })?;
        }
        Ok(Self { required, sensor: find("sensor")?, period: find("period_s")?, quality: find("quality")? })
    }
}

fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => io::Error::other(format!("{other:?}")),
    }
}

//! The texts of `config/<city>/` become a city, or every mistake in them at once.
//!
//! Reads no disk: names and texts come in. `rules.toml` and other files that belong to other
//! crates are left alone.

mod basin;
mod check;
mod device;
mod head;
mod limits;
mod line;
mod quality;
mod rating;
mod reservoir;
mod station;
mod zone;

use toml::Spanned;
use toml::de::DeTable;

pub use self::device::{ModbusType, MqttType};
use super::{AssembleError, City, Parts};
use crate::mistake::Mistake;
use crate::sheet::{Log, Row, Sheet};
use crate::time::Span;

/// The files of a city that [`City::parse`] reads; each must be there. Device types stand beside
/// them as `devices/<type>.toml`.
pub const FILES: [&str; 5] = ["city.toml", "stations.toml", "zones.toml", "basins.toml", "lines.toml"];

/// Files of a city that it may do without: the checks between sensors, rating curves, and
/// reservoirs with travel times.
pub const FILES_OPTIONAL: [&str; 3] = [quality::FILE, "ratings.toml", "reservoirs.toml"];

/// A file whose notation was read.
struct Page<'a> {
    sheet: Sheet<'a>,
    table: Spanned<DeTable<'a>>,
    whole: bool,
}

impl<'a> Page<'a> {
    fn read(sheet: Sheet<'a>) -> Self {
        let (table, whole) = sheet.parse();
        Self { sheet, table, whole }
    }

    fn row(&'a self) -> Row<'a> {
        Row::top(self.sheet, &self.table)
    }

    /// A file that may be missing; then it reads as empty.
    fn optional(files: &'a [(String, String)], name: &'static str, log: &'a Log) -> Self {
        let text = files.iter().find(|(file, _)| file == name).map_or("", |(_, text)| text);
        Self::read(Sheet { file: name, text, log })
    }

    /// A file of the city; where it is missing, that is the mistake and it reads as empty.
    fn of_city(files: &'a [(String, String)], name: &'static str, log: &'a Log) -> Self {
        let Some((file, text)) = files.iter().find(|(file, _)| file == name) else {
            let (key, wrong) = (name.to_owned(), "the file is missing".to_owned());
            let allowed = format!("needed are {}", FILES.join(", "));
            log.note(Mistake { file: name.to_owned(), line: 0, key, wrong, allowed });
            return Self { whole: false, ..Self::read(Sheet { file: name, text: "", log }) };
        };
        Self::read(Sheet { file, text, log })
    }
}

impl City {
    /// Reads a city from the names and texts of its files, named as inside its folder:
    /// [`FILES`], [`FILES_OPTIONAL`] and `devices/<type>.toml`.
    ///
    /// # Errors
    /// Every mistake in every file, sorted by file and line.
    pub fn parse(files: &[(String, String)]) -> Result<Self, Vec<Mistake>> {
        match Self::read(files) {
            (Some(city), mistakes) if mistakes.is_empty() => Ok(city),
            (_, mistakes) => Err(mistakes),
        }
    }

    /// The same for whoever looks for mistakes elsewhere too: beside the mistakes, what could be
    /// read of the city, with something harmless standing in for what was wrong. Only a city
    /// without mistakes may be used for more than that.
    pub fn read(files: &[(String, String)]) -> (Option<Self>, Vec<Mistake>) {
        let log = Log::default();
        let city = read(files, &log);
        let mut mistakes = log.into_sorted();
        // The log names all that can be wrong; what assembling still refuses was overlooked there.
        if let Some(Err(error)) = city.as_ref().filter(|_| mistakes.is_empty()) {
            let (file, key) = ("city.toml".to_owned(), "city".to_owned());
            let allowed = "allowed is a whole city".to_owned();
            mistakes.push(Mistake { file, line: 0, key, wrong: error.to_string(), allowed });
        }
        (city.and_then(Result::ok), mistakes)
    }
}

/// The city, or `None` where a file can't be read as TOML and so hides whom others name.
fn read(files: &[(String, String)], log: &Log) -> Option<Result<City, AssembleError>> {
    let [city, stations, zones, basins, lines] = FILES.map(|name| Page::of_city(files, name, log));
    let [quality, ratings, reservoirs] = FILES_OPTIONAL.map(|name| Page::optional(files, name, log));
    let devices: Vec<(&str, Page<'_>)> = files
        .iter()
        .filter_map(|(file, text)| Some((device_of(file)?, Sheet { file, text, log })))
        .map(read_device)
        .collect();
    let whole = [&city, &stations, &zones, &basins].iter().all(|page| page.whole);

    let head = head::read(city.row());
    let types = device::read_all(&devices);
    let (zones, zone_ids) = zone::read(zones.row(), zones.whole, head.bounds);
    let basin_ids = basin::ids(&basins);
    let offset = Span::from_min(i64::from(head.utc_offset_min));
    let mut network = station::read(&stations, (head.bounds, offset), &zone_ids, &basin_ids);
    let basins = basin::read(basins.row(), &network, head.bounds);
    let lines = line::read(&lines, &types, &mut network);
    let quality = quality::read(quality.row(), &network, &basin_ids);

    let ratings = rating::read(ratings.row(), &network);
    let (reservoirs, travels, release_terms) = reservoir::read(reservoirs.row(), &network);

    let station::Network { stations, sensors, .. } = network;
    let parts = Parts { stations, sensors, zones, basins, lines };
    let whole_city = || {
        let mut city = City::assemble(&head.slug, &head.name, head.utc_offset_min, parts)?;
        city.neighbours = quality::join(quality, &city);
        Ok(City { ratings, reservoirs, travels, release_terms, ..city })
    };
    whole.then(whole_city)
}

/// The device type that a file describes.
fn device_of(file: &str) -> Option<&str> {
    file.strip_prefix("devices/")?.strip_suffix(".toml")
}

fn read_device<'a>((name, sheet): (&'a str, Sheet<'a>)) -> (&'a str, Page<'a>) {
    (name, Page::read(sheet))
}

#[cfg(test)]
mod tests;

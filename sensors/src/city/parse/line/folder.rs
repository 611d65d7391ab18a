//! Drop folders of `lines.toml`: whose readings come as files. Opens nothing.

use super::Join;
use crate::line::FolderLine;
use crate::sheet::Row;
use crate::time::Span;

impl Join<'_, '_> {
    /// Every sensor of the listed stations that no counter feeds is reached by the folder.
    pub(super) fn folder(&mut self, row: &Row<'_>) -> FolderLine {
        let interval = row.cell("scan_interval_s").and_then(|cell| cell.whole(1, 3600)).unwrap_or(10);
        let listed = row.need("stations", "the stations whose readings come as files");
        let mut sensors = Vec::new();
        for cell in listed.map(|cell| cell.list()).unwrap_or_default() {
            let Some(station) = cell.id().and_then(|id| self.network.ids.find(&cell, id)) else { continue };
            let fed: Vec<_> = self.network.sensors.iter().filter_map(|sensor| sensor.feeds).collect();
            let of = |ix: &crate::station::SensorIx| !fed.contains(ix);
            let all = (0_u32..).map(crate::station::SensorIx).zip(&self.network.sensors);
            let own: Vec<_> =
                all.filter(|(_, s)| s.station == station).map(|(ix, _)| ix).filter(of).collect();
            for ix in own {
                if let Some(line) = self.reached.insert(ix, cell.line()) {
                    let id = self.network.sensors.get(ix.at()).map(|s| s.id.to_string()).unwrap_or_default();
                    let wrong = format!("{id} is reached twice, first in line {line}");
                    cell.note(wrong, "each sensor is allowed on one line");
                }
                sensors.push(ix);
            }
        }
        FolderLine { interval: Span::from_s(interval), sensors }
    }
}

#[cfg(test)]
mod tests {
    use crate::city::City;
    use crate::city::parse::tests::{mistake, with};
    use crate::line::Protocol;
    use crate::time::Span;

    const BROKER: &str = "[[line]]\nname = \"broker\"";
    const TOPIC: &str = "{ topic = \"tk/stage\", station = \"cau-tam-ky\", type = \"post\" }";

    fn folder(address: &str, more: &str) -> String {
        format!(
            "[[line]]\nname = \"files\"\nprotocol = \"csv_folder\"\naddress = \"{address}\"\n{more}\n{BROKER}"
        )
    }

    #[test]
    fn a_folder_speaks_for_the_stations_that_it_lists_and_for_no_sensor_of_another_line() {
        let told = mistake("lines.toml", BROKER, &folder("/drop", "stations = [\"cau-tam-ky\"]"));
        assert!(told.contains("is reached twice, first in line"), "{told}");
        let said = folder("drop", "stations = []");
        assert!(mistake("lines.toml", BROKER, &said).contains("no whole path"));
        let said = folder("/drop", "stations = [\"nowhere\"]");
        assert!(mistake("lines.toml", BROKER, &said).contains("there is no station \"nowhere\""));
        assert!(mistake("lines.toml", BROKER, &folder("/drop", "")).contains("stations"));
    }

    #[test]
    fn a_folder_takes_the_place_of_a_topic() {
        let mut files = with("lines.toml", BROKER, &folder("/drop", "stations = [\"cau-tam-ky\"]"));
        for (name, text) in &mut files {
            if name == "lines.toml" {
                *text = text.replace(TOPIC, "");
            }
        }
        let city = City::parse(&files).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        let line = city.lines.iter().find(|line| line.name == "files").unwrap();
        let Protocol::Folder(folder) = &line.protocol else { panic!("no folder") };
        assert_eq!((folder.interval, line.address.as_str()), (Span::from_s(10), "/drop"));
        assert_eq!(folder.sensors, line.sensors());
        assert_eq!(folder.sensors.len(), 1);
    }
}

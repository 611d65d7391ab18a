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

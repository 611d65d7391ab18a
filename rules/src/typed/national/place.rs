//! Wards, rivers and stages that a bulletin names.

use sensors::parameter::Parameter;

use super::{Found, Meant, Reader, Reading};

impl Reader<'_> {
    /// Wards after `phường` or `xã`, rivers, and stages at stations of the city.
    pub(super) fn places(&self, reading: &mut Reading) {
        self.wards(reading);
        self.rivers(reading);
        self.stages(reading);
    }

    /// A ward is read only where its kind stands before it or before the list that it is in: `Kim Long`
    /// alone may be a gauge.
    fn wards(&self, reading: &mut Reading) {
        let mut zones: Vec<(String, &sensors::place::Zone)> =
            self.city.zones.iter().map(|zone| (bare(&zone.name), zone)).collect();
        zones.sort_by_key(|(name, _)| std::cmp::Reverse(name.chars().count()));
        let mut at = 0;
        while let Some((_, end)) = self.page.find(&["phường", "xã"], at, self.page.len()) {
            at = end;
            loop {
                let begin = self.page.after_spaces(at);
                let kind = self.page.word_at(begin, "phường").or(self.page.word_at(begin, "xã"));
                let begin = kind.map_or(begin, |end| self.page.after_spaces(end));
                let named =
                    zones.iter().find_map(|(name, zone)| Some((zone, self.page.word_at(begin, name)?)));
                let end = if let Some((zone, end)) = named {
                    let is_new = |found: &Found| found.meant != Meant::Zone(zone.id.clone());
                    if reading.found.iter().all(is_new) {
                        reading.found.push(self.found("zones", Meant::Zone(zone.id.clone()), (begin, end)));
                    }
                    end
                } else {
                    let Some(strange) = self.strange(begin) else { break };
                    let end = strange.to;
                    reading.unclear.push(strange);
                    end
                };
                at = end;
                let Some(next) = self.next(end) else { break };
                at = next;
            }
        }
    }

    /// Where the next name of a list begins.
    fn next(&self, end: usize) -> Option<usize> {
        let at = self.page.after_spaces(end);
        let end = match self.page.lower(at) {
            Some(',' | ';') => at + 1,
            _ => self.page.word_at(at, "và")?,
        };
        Some(self.page.word_at(self.page.after_spaces(end), "các").unwrap_or(end))
    }

    /// A name with capitals in such a list that the city does not have.
    fn strange(&self, begin: usize) -> Option<Found> {
        let is_name = |at: usize| self.page.text(at, at + 1).chars().next().is_some_and(char::is_uppercase);
        let (mut word, mut end) = (begin, begin);
        while is_name(word) && end < begin + 30 {
            end = word
                + (word..self.page.len())
                    .take_while(|at| self.page.lower(*at).is_some_and(char::is_alphanumeric))
                    .count();
            word = self.page.after_spaces(end);
        }
        // `Cộng hòa xã hội` is no place.
        let is_place = end > begin && self.page.word_at(begin, "hội").is_none();
        is_place.then(|| self.found("zones", Meant::Text(self.page.text(begin, end)), (begin, end)))
    }

    fn rivers(&self, reading: &mut Reading) {
        let mut rivers: Vec<&str> =
            self.city.stations.iter().filter_map(|station| station.river.as_deref()).collect();
        rivers.sort_unstable();
        rivers.dedup();
        for river in rivers {
            if let Some(at) = self.page.find(&[&river.to_lowercase()], 0, self.page.len()) {
                reading.found.push(self.found("rivers", Meant::Text(river.to_owned()), at));
            }
        }
    }

    /// `tại Phú Ốc 4,20 m`: a number in metres soon after the name of a station with a stage. Where the text
    /// says `dưới BĐ3 0,30 m` the number after it is a difference and is left.
    fn stages(&self, reading: &mut Reading) {
        let measures = |station: &&sensors::station::Station| {
            let sensors = station.sensors.iter().filter_map(|ix| self.city.sensor(*ix));
            sensors.into_iter().any(|sensor| sensor.id.parameter == Parameter::Stage)
        };
        for station in self.city.stations.iter().filter(measures) {
            let name = bare(&station.name);
            let mut at = 0;
            while let Some((from, end)) = self.page.find(&[&name], at, self.page.len()) {
                at = end;
                let (_, line) = self.page.line(end);
                let stop =
                    self.page.find(&["bđ1", "bđ2", "bđ3", "báo động"], end, line).map_or(line, |(at, _)| at);
                let digit = |at: &usize| self.page.lower(*at).is_some_and(|c| c.is_ascii_digit());
                let Some(begin) = (end..stop.min(end + 30)).find(digit) else { continue };
                let Some((mm, after)) = self.page.decimal(begin) else { continue };
                let Some(to) = self.page.word_at(self.page.after_spaces(after), "m") else { continue };
                reading.found.push(self.found("stages", Meant::Stage(station.id.clone(), mm), (from, to)));
                break;
            }
        }
    }
}

/// A name in lower case, without the kind of place before it and what stands in brackets.
fn bare(name: &str) -> String {
    let name = name.split_once(" (").map_or(name, |(bare, _)| bare);
    let bare = ["Phường ", "Xã "].iter().find_map(|kind| name.strip_prefix(kind));
    bare.unwrap_or(name).to_lowercase()
}

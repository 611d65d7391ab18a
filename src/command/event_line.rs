//! Events as people and programs read them: JSON Lines, or one readable line each.
//!
//! The shapes are those of the contract; the texts of readable lines are for a terminal, not for
//! residents.

use rules::alert::{Evidence, Measure, Subject, Transition};
use rules::hazard::Hazard;
use rules::phrase::Language;
use rules::rule::NONE;
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quality::neighbour::Case;
use sensors::quality::{Check, Quality, why};
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::station::StationId;
use sensors::time::Timestamp;
use serde_json::{Number, Value as Json, json};

use crate::command::cli::{self, OutputArgs};
use crate::command::replay::Missing;
use crate::store::commit::Commit;
use crate::watch::snapshot::Plan;

/// Writes commits as lines.
#[derive(Clone, Copy, Debug)]
pub struct EventLines<'a> {
    city: &'a City,
    /// The city's words in the language of readable lines.
    words: Option<&'a Language>,
    output: OutputArgs,
}

/// What a run counted; the last line of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Readings that were stored.
    pub readings: u64,
    /// Of these, good or unchecked or estimated.
    pub good: u64,
    /// Of these, suspect.
    pub suspect: u64,
    /// Of these, rejected.
    pub rejected: u64,
    /// Transitions that went up.
    pub alerts_raised: u64,
    /// Messages that phones showed.
    pub pushes: u64,
    /// Stations that the configuration does not know.
    pub unknown_stations: u64,
    /// First and last event time.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Real seconds that it took.
    pub seconds: f64,
    /// What only a replay has to say.
    pub replayed: Option<Replayed>,
}

/// What a replay says of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Rows that are no readings.
    pub refused: u64,
    /// Stations of the configuration without any row: not in the file, which is not silence.
    pub not_in_file: Vec<StationId>,
    /// Holes between the rows of those that have some.
    pub(crate) missing: Vec<Missing>,
    /// Whether silence was judged.
    pub silence_judged: bool,
}

impl Summary {
    /// Counts one commit.
    pub fn count(&mut self, commit: &Commit) {
        for reading in &commit.readings {
            self.readings += 1;
            match reading.quality {
                Quality::Suspect(_) => self.suspect += 1,
                Quality::Rejected(_) => self.rejected += 1,
                Quality::Missing => {}
                _ => self.good += 1,
            }
            let at = reading.measured_at;
            self.span = Some(self.span.map_or((at, at), |(from, to)| (from.min(at), to.max(at))));
        }
        self.alerts_raised += commit.transitions.iter().filter(|t| t.raised).count() as u64;
    }
}

/// Whether other sensors give this check.
fn is_outside(check: Check) -> bool {
    matches!(check, Check::Neighbour | Check::MultiVariate | Check::Clogged | Check::DeadOnZero)
}

/// An exact decimal, as the wire of our own formats has it.
pub fn number(parameter: Parameter, value: Value) -> Json {
    let text = value.display(parameter).to_string();
    text.parse::<Number>().map_or(Json::Null, Json::Number)
}

impl<'a> EventLines<'a> {
    /// Lines about a city in the form that was asked for.
    pub fn new(plan: &'a Plan, output: OutputArgs) -> Self {
        Self { city: &plan.city, words: plan.phrases.language(output.lang.tag()), output }
    }

    /// The lines of one commit, in order: qualities, then alerts. People read of a doubt that other
    /// sensors raise when it begins and when it ends, and not with every reading.
    pub fn of_commit(&self, commit: &Commit) -> Vec<String> {
        let told = |r: &&Reading| self.output.json || !r.quality.check().is_some_and(is_outside);
        let doubtful = commit.readings.iter().filter(|r| r.quality != Quality::Good).filter(told);
        let qualities = doubtful.filter_map(|reading| self.quality(commit, reading));
        let cases = commit.suspicions.iter().filter(|_| !self.output.json);
        let doubts = cases.filter_map(|(_, cases)| self.doubt(commit.at, cases.last()?));
        let alerts = commit.transitions.iter().map(|t| self.alert(t));
        qualities.chain(doubts).chain(alerts).collect()
    }

    /// When a sensor begins to be doubted beside others, and when that is over.
    fn doubt(&self, at: Timestamp, case: &Case) -> Option<String> {
        let sensor = self.city.sensor(case.sensor)?;
        let station = self.city.station(sensor.station)?;
        let said = if case.is_open() {
            let doubted = self.in_language("nghi ngờ", "doubted");
            format!("{doubted} ({})", self.words?.doubt(case, sensor.id.parameter))
        } else {
            self.in_language("hết nghi ngờ", "no longer doubted").to_owned()
        };
        Some(format!("{}  {}: {said}", self.local(at), station.name))
    }

    fn quality(&self, commit: &Commit, reading: &Reading) -> Option<String> {
        let at = commit.at;
        let sensor = self.city.sensor(reading.sensor)?;
        let parameter = sensor.id.parameter;
        let value = reading.value.map_or(Json::Null, |value| number(parameter, value));
        let check = reading.quality.check();
        let said = || why(sensor, reading, None).map(|why| why.of(self.output.lang.tag()).to_owned());
        let why = self.shown(commit, reading).or_else(said);
        if self.output.json {
            let line = json!({
                "event": "quality", "at": at.to_string(), "station": sensor.id.station.as_str(),
                "parameter": parameter.as_str(), "measured_at": reading.measured_at.to_string(),
                "value": value, "unit": parameter.unit(), "quality": reading.quality.as_str(),
                "check": check.map(Check::as_str), "why": why,
            });
            return Some(line.to_string());
        }
        let said = reading.value.map_or_else(String::new, |v| format!(" {}", self.quantity(parameter, v)));
        let judged = self.judged(reading.quality);
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        let station = self.city.station_named(&sensor.id.station);
        let station = station.map_or(sensor.id.station.as_str(), |(_, station)| &station.name);
        let what = self.words.map_or(parameter.as_str(), |words| words.parameter(parameter));
        Some(format!("{}  {station}: {what}{said}, {judged}{why}", self.local(at)))
    }

    /// The figures behind a doubt that other sensors raised in this commit.
    fn shown(&self, commit: &Commit, reading: &Reading) -> Option<String> {
        let (_, cases) = commit.suspicions.iter().find(|(sensor, _)| *sensor == reading.sensor)?;
        let covers = |case: &&Case| {
            Some(case.check) == reading.quality.check()
                && case.suspicion().is_some_and(|suspicion| suspicion.covers(reading.measured_at))
        };
        let case = cases.iter().rfind(covers)?;
        Some(self.words?.doubt(case, self.city.sensor(reading.sensor)?.id.parameter))
    }

    /// A value as people read it.
    pub fn quantity(&self, parameter: Parameter, value: Value) -> String {
        let plain = || format!("{} {}", value.display(parameter), parameter.unit());
        self.words.map_or_else(plain, |words| words.quantity(parameter, value))
    }

    fn in_language(&self, vi: &'static str, en: &'static str) -> &'static str {
        match self.output.lang {
            cli::Language::Vi => vi,
            cli::Language::En => en,
        }
    }

    fn judged(&self, quality: Quality) -> &'static str {
        match quality {
            Quality::Good => self.in_language("tốt", "good"),
            Quality::Unchecked => self.in_language("chưa kiểm tra", "unchecked"),
            Quality::Estimated => self.in_language("ước tính", "estimated"),
            Quality::Suspect(_) => self.in_language("nghi ngờ", "suspect"),
            Quality::Rejected(_) => self.in_language("loại", "rejected"),
            Quality::Missing => self.in_language("không có giá trị", "missing"),
        }
    }

    fn hazard(&self, hazard: Hazard) -> &'static str {
        match hazard {
            Hazard::Flood => self.in_language("Lũ", "Flood"),
            Hazard::Release => self.in_language("Xả lũ", "Release"),
            Hazard::HeavyRain => self.in_language("Mưa lớn", "Heavy rain"),
            Hazard::StreetFlood => self.in_language("Ngập đường", "Street flood"),
            Hazard::FlashFlood => self.in_language("Lũ quét", "Flash flood"),
            Hazard::Landslide => self.in_language("Sạt lở đất", "Landslide"),
            Hazard::Wind => self.in_language("Gió mạnh", "Wind"),
            Hazard::Telemetry => self.in_language("Tín hiệu", "Telemetry"),
        }
    }

    /// The subject as people call it, with its river where it stands on one.
    fn subject(&self, subject: &Subject) -> String {
        let (own, river) = match subject {
            Subject::Station(id) => {
                let station = self.city.station_named(id).map(|(_, station)| station);
                (station.map(|s| s.name.as_str()), station.and_then(|s| s.river.as_deref()))
            }
            Subject::Basin(id) => (self.city.basin(id).map(|basin| basin.name.as_str()), None),
            Subject::Line(name) => (Some(name.as_str()), None),
        };
        let Some(own) = own else { return subject.to_string() };
        let name = |own| self.words.map_or(own, |words| words.name(own));
        match river {
            Some(river) => format!("{} ({})", name(own), name(river)),
            None => name(own).to_owned(),
        }
    }

    /// The change of level in words.
    fn change(&self, transition: &Transition) -> String {
        let level = |name: &str| self.words.map_or(name, |words| words.level(name)).to_owned();
        let (from, to) = (level(&transition.from), level(&transition.to));
        match (transition.hazard, transition.raised, transition.to.as_str()) {
            (Hazard::Telemetry, true, _) => self.in_language("im lặng", "silent").into(),
            (Hazard::Telemetry, false, _) => self.in_language("có lại", "heard again").into(),
            // A threshold is passed, a degree is reached.
            (_, true, _) if to.starts_with("mức") => format!("tới {to}"),
            (_, true, _) => format!("{} {to}", self.in_language("vượt", "reaches")),
            (_, false, NONE) => format!("{} {from}", self.in_language("xuống dưới", "below")),
            (_, false, _) => format!(
                "{} {from}, {} {to}",
                self.in_language("xuống dưới", "below"),
                self.in_language("còn trên", "still at")
            ),
        }
    }

    /// The deciding quantity, and over which time it was taken.
    fn measured(&self, measure: &Measure) -> String {
        let quantity = self.quantity(measure.parameter, measure.value);
        let at_least = if measure.at_least { self.in_language("ít nhất ", "at least ") } else { "" };
        let window = measure.window.map_or_else(String::new, |window| {
            let minutes = window.whole_s() / 60;
            let (count, unit) = match (minutes % 60, minutes / 60) {
                (0, hours) => (hours, self.in_language("giờ", "h")),
                _ => (minutes, self.in_language("phút", "min")),
            };
            format!(" {} {count} {unit}", self.in_language("trong", "in"))
        });
        format!("{at_least}{quantity}{window}")
    }

    fn alert(&self, transition: &Transition) -> String {
        let station = match &transition.subject {
            Subject::Station(id) => Some(id.as_str()),
            _ => None,
        };
        let deciding = transition.measure.as_ref();
        if self.output.json {
            let line = json!({
                "event": "alert", "at": transition.at.to_string(), "alert": transition.alert.to_string(),
                "rule": transition.rule.to_string(), "hazard": transition.hazard.as_str(),
                "subject": transition.subject.to_string(), "station": station,
                "zones": transition.zones.iter().map(sensors::place::ZoneId::as_str).collect::<Vec<_>>(),
                "from": transition.from, "to": transition.to, "severity": transition.severity.step(),
                "value": deciding.map(|e| number(e.parameter, e.value)),
                "unit": deciding.map(|e| e.parameter.unit()),
                "corroborated": transition.corroborated,
                "because": transition.because.iter().filter_map(|e| self.evidence(e)).collect::<Vec<_>>(),
                "rule_version": transition.rule_version,
            });
            return line.to_string();
        }
        let value = deciding.map_or_else(String::new, |measure| format!(" {}", self.measured(measure)));
        format!(
            "{}  {}  {}{value}: {}{}",
            self.local(transition.at),
            self.hazard(transition.hazard),
            self.subject(&transition.subject),
            self.change(transition),
            // Only suspect readings make this level, or too few gauges.
            if transition.corroborated { "" } else { self.in_language(" (chưa chắc)", " (unsure)") },
        )
    }

    fn evidence(&self, evidence: &Evidence) -> Option<Json> {
        let sensor = self.city.sensor(evidence.sensor)?;
        Some(json!({
            "station": sensor.id.station.as_str(), "parameter": evidence.parameter.as_str(),
            "measured_at": evidence.measured_at.to_string(),
            "value": number(evidence.parameter, evidence.value), "unit": evidence.parameter.unit(),
            "quality": evidence.quality.as_str(),
        }))
    }

    /// What comes at the end: who was not in the files, where there were files, and the summary.
    pub fn last(&self, summary: &Summary) -> Vec<String> {
        let replayed = summary.replayed.as_ref().filter(|_| !self.output.json);
        let holes = replayed.iter().flat_map(|r| &r.missing).filter_map(|missing| self.hole(missing));
        let absent = replayed.filter(|r| !r.not_in_file.is_empty()).map(|replayed| {
            let name = |id| self.city.station_named(id).map_or(id.as_str(), |(_, station)| &station.name);
            let names: Vec<&str> = replayed.not_in_file.iter().map(name).collect();
            let said = match (replayed.silence_judged, self.output.lang) {
                (false, cli::Language::Vi) => "Không có trong tệp (không phải mất tín hiệu)",
                (true, cli::Language::Vi) => "Không có trong tệp",
                (false, cli::Language::En) => "Not in the file (which is not silence)",
                (true, cli::Language::En) => "Not in the file",
            };
            format!("{said}: {} ({})", names.join(", "), names.len())
        });
        holes.chain(absent).chain([self.summary(summary)]).collect()
    }

    fn hole(&self, missing: &Missing) -> Option<String> {
        let sensor = self.city.sensor(missing.sensor)?;
        let station = self.city.station(sensor.station).map_or("", |station| &station.name);
        let what =
            self.words.map_or(sensor.id.parameter.as_str(), |words| words.parameter(sensor.id.parameter));
        let (from, to) = missing.longest;
        let hours = (to.since(from).ms() as f64 / 360_000.0).round() / 10.0;
        let (from, to) = (self.local(from), self.local(to));
        let (rows, missing_to_the_end) = (missing.rows, missing.to_the_end);
        let (missing, longest, hour, on) = match self.output.lang {
            cli::Language::Vi => ("thiếu", "dài nhất", "giờ", "đến hết tệp"),
            cli::Language::En => ("missing", "longest", "h", "to the end of the file"),
        };
        let hours = if self.output.lang == cli::Language::Vi {
            hours.to_string().replace('.', ",")
        } else {
            hours.to_string()
        };
        let end = if missing_to_the_end { format!(", {on}") } else { String::new() };
        Some(format!("{station}: {what} {missing} {rows}, {longest} {hours} {hour} ({from} – {to}{end})"))
    }

    /// The last line.
    pub fn summary(&self, summary: &Summary) -> String {
        let (from, to) = summary.span.map_or((None, None), |(from, to)| (Some(from), Some(to)));
        if self.output.json {
            let mut line = json!({
                "event": "summary", "readings": summary.readings, "good": summary.good,
                "suspect": summary.suspect, "rejected": summary.rejected,
                "alerts_raised": summary.alerts_raised, "pushes": summary.pushes,
                "unknown_stations": summary.unknown_stations,
                "from": from.map(|t| t.to_string()), "to": to.map(|t| t.to_string()),
                "seconds": (summary.seconds * 1000.0).round() / 1000.0,
            });
            if let (Some(fields), Some(replayed)) = (line.as_object_mut(), &summary.replayed) {
                let absent: Vec<&str> = replayed.not_in_file.iter().map(StationId::as_str).collect();
                fields.insert("refused_rows".to_owned(), replayed.refused.into());
                fields.insert("not_in_file".to_owned(), absent.into());
            }
            return line.to_string();
        }
        let s = summary;
        let strange = match (s.unknown_stations, self.output.lang) {
            (0, _) => String::new(),
            (n, cli::Language::Vi) => format!(", {n} trạm lạ"),
            (n, cli::Language::En) => format!(", {n} unknown stations"),
        };
        match self.output.lang {
            cli::Language::Vi => format!(
                "{} số đo ({} tốt, {} nghi ngờ, {} loại){strange}, {} lần nâng mức cảnh báo, {} tin đến điện thoại, {:.1} giây",
                s.readings, s.good, s.suspect, s.rejected, s.alerts_raised, s.pushes, s.seconds
            ),
            cli::Language::En => format!(
                "{} readings ({} good, {} suspect, {} rejected){strange}, {} raises, {} pushes shown, {:.1} s",
                s.readings, s.good, s.suspect, s.rejected, s.alerts_raised, s.pushes, s.seconds
            ),
        }
    }

    /// A moment on the city's clocks, as `17/11 08:00`.
    pub fn local(&self, at: Timestamp) -> String {
        let offset = sensors::time::Span::from_min(i64::from(self.city.utc_offset_min));
        at.plus(offset).to_chrono().map_or_else(|| at.to_string(), |t| t.format("%d/%m %H:%M").to_string())
    }
}

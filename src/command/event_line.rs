//! Events as people and programs read them: JSON Lines, or one readable line each.
//!
//! The shapes are those of the contract; the texts of readable lines are for a terminal, not for
//! residents.

use rules::alert::{Evidence, Subject, Transition};
use rules::hazard::Hazard;
use rules::phrase::Language;
use rules::rule::NONE;
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quality::neighbour::Case;
use sensors::quality::{Check, Quality, why};
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::time::Timestamp;
use serde_json::{Number, Value as Json, json};

use crate::command::cli::{self, OutputArgs};
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

    /// The lines of one commit, in order: qualities, then alerts.
    pub fn of_commit(&self, commit: &Commit) -> Vec<String> {
        let doubtful = commit.readings.iter().filter(|r| r.quality != Quality::Good);
        let qualities = doubtful.filter_map(|reading| self.quality(commit, reading));
        qualities.chain(commit.transitions.iter().map(|t| self.alert(t))).collect()
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

    fn subject(&self, subject: &Subject) -> String {
        let own = match subject {
            Subject::Station(id) => self.city.station_named(id).map(|(_, station)| station.name.as_str()),
            Subject::Basin(id) => self.city.basin(id).map(|basin| basin.name.as_str()),
            Subject::Line(name) => Some(name.as_str()),
        };
        let Some(own) = own else { return subject.to_string() };
        self.words.map_or(own, |words| words.name(own)).to_owned()
    }

    /// The change of level in words.
    fn change(&self, transition: &Transition) -> String {
        let level = |name: &str| self.words.map_or(name, |words| words.level(name)).to_owned();
        let (from, to) = (level(&transition.from), level(&transition.to));
        match (transition.hazard, transition.raised, transition.from.as_str(), transition.to.as_str()) {
            (Hazard::Telemetry, true, _, _) => self.in_language("im lặng", "silent").into(),
            (Hazard::Telemetry, false, _, _) => self.in_language("có lại", "heard again").into(),
            (_, _, NONE, _) => to,
            (_, _, _, NONE) => format!("{} {from}", self.in_language("dưới", "below")),
            _ => format!("{from} → {to}"),
        }
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
        let value =
            deciding.map_or_else(String::new, |m| format!(", {}", self.quantity(m.parameter, m.value)));
        format!(
            "{}  {}  {}: {}{value}{}",
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

    /// The last line.
    pub fn summary(&self, summary: &Summary) -> String {
        let (from, to) = summary.span.map_or((None, None), |(from, to)| (Some(from), Some(to)));
        if self.output.json {
            let line = json!({
                "event": "summary", "readings": summary.readings, "good": summary.good,
                "suspect": summary.suspect, "rejected": summary.rejected,
                "alerts_raised": summary.alerts_raised, "pushes": summary.pushes,
                "unknown_stations": summary.unknown_stations,
                "from": from.map(|t| t.to_string()), "to": to.map(|t| t.to_string()),
                "seconds": (summary.seconds * 1000.0).round() / 1000.0,
            });
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

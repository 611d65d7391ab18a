//! What a typed bulletin or a release order lacks, field by field: all of it at once, nothing corrected.

use std::collections::BTreeSet;

use rules::hazard::Hazard;
use rules::phrase::Phrases;
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::place::ZoneId;
use sensors::quantity::Discharge;
use sensors::station::{Station, StationId};
use sensors::time::{Span, Timestamp};

use super::bulletin::{FIELD_MAX, Fields, Kind, TEXT_MAX};
use super::moment::Moment;
use super::release::Order;
use crate::desk::hidden::hidden;

/// How far back an hour may lie that is typed now.
pub const PAST_MAX: Span = Span::from_h(48);
/// How far back an order may say that a release began: later than that it is no news.
const STARTED_MAX: Span = Span::from_h(24);
/// How far ahead an hour may lie.
const AHEAD_MAX: Span = Span::from_h(7 * 24);
/// How far clocks of two offices may differ.
const SKEW_MAX: Span = Span::from_min(5);
/// The most letters of a quoted number: identifiers of CAP messages are long.
const NUMBER_MAX: usize = 120;
/// Zones that may be named.
const ZONES_MAX: usize = 500;

/// A field that can't stay as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What is allowed.
    pub allowed: String,
}

/// Everything that a bulletin lacks.
pub fn check(fields: &Fields, city: &City, phrases: &Phrases, now: Timestamp) -> Vec<Lack> {
    let mut checker = Checker { now, lacks: Vec::new() };
    checker.strangers(fields);
    checker.texts(fields, phrases);
    checker.area(fields, city);
    checker.weight(fields);
    checker.times(fields);
    match fields.kind {
        Kind::National => {
            checker.quoted(fields);
            checker.text("text", fields.text.as_deref(), TEXT_MAX);
        }
        Kind::StormApproach => {
            checker.quoted(fields);
            checker.text("storm", fields.storm.as_deref(), 60);
            checker.text("position", fields.position.as_deref(), FIELD_MAX);
            checker.force("beaufort", fields.beaufort, 6);
            if fields.gust.is_some() {
                checker.force("gust", fields.gust, fields.beaufort.unwrap_or(6));
            }
        }
        Kind::SchoolClosing => {
            checker.text("decided_by", fields.decided_by.as_deref(), FIELD_MAX);
            checker.text("schools", fields.schools.as_deref(), FIELD_MAX);
        }
        Kind::Free => checker.text("text", fields.text.as_deref(), TEXT_MAX),
    }
    checker.lacks
}

/// Everything that is wrong with a release order.
pub fn check_order(order: &Order, city: &City, now: Timestamp) -> Vec<Lack> {
    let mut checker = Checker { now, lacks: Vec::new() };
    let station = city.station_named(&StationId::new(&order.dam)).map(|(_, station)| station);
    if let Some(station) = station.filter(|station| is_dam(station, city)) {
        checker.discharges(order, station, city);
    } else {
        let dams: Vec<&str> =
            city.stations.iter().filter(|s| is_dam(s, city)).map(|s| s.id.as_str()).collect();
        let allowed = format!("allowed are {}", dams.join(", "));
        checker.lack("dam", format!("there is no dam {:?}", short(&order.dam)), allowed);
    }
    checker.between("starts_at", Some(order.starts_at), now.minus(STARTED_MAX), now.plus(AHEAD_MAX));
    if order.received_at.is_some() {
        checker.between("received_at", order.received_at, now.minus(PAST_MAX), now.plus(SKEW_MAX));
    }
    checker.text("authority", Some(&order.authority), FIELD_MAX);
    checker.text("number", Some(&order.number), 60);
    if let Some(note) = &order.note {
        checker.text("note", Some(note), FIELD_MAX);
        checker.no_risk_level("note", note);
    }
    checker.lacks
}

/// What is wrong with the reason of a correction or an end, which people read.
pub fn check_reason(reason: &str) -> Vec<Lack> {
    let mut checker = Checker { now: Timestamp::MIN, lacks: Vec::new() };
    checker.text("reason", Some(reason), FIELD_MAX);
    checker.no_risk_level("reason", reason);
    checker.lacks
}

/// A station that lets water out.
fn is_dam(station: &Station, city: &City) -> bool {
    city.release_terms.largest.contains_key(&station.id) || releases(station, city).is_some()
}

/// The most that the instrument of its release can tell.
fn releases(station: &Station, city: &City) -> Option<Discharge> {
    let sensors = station.sensors.iter().filter_map(|ix| city.sensor(*ix));
    let release = sensors.into_iter().find(|sensor| sensor.id.parameter == Parameter::Release)?;
    Some(Discharge::from_l_per_s(release.span.1.raw()))
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

struct Checker {
    now: Timestamp,
    lacks: Vec<Lack>,
}

impl Checker {
    fn lack(&mut self, field: &str, wrong: impl Into<String>, allowed: impl Into<String>) {
        self.lacks.push(Lack { field: field.to_owned(), wrong: wrong.into(), allowed: allowed.into() });
    }

    fn missing(&mut self, field: &str, needed: &str) {
        self.lack(field, "is missing", format!("needed is {needed}"));
    }

    /// A text that must be there, not too long and without signs that nobody sees.
    fn text(&mut self, field: &str, text: Option<&str>, most: usize) {
        match text.filter(|text| !text.trim().is_empty()) {
            None => self.missing(field, "a text"),
            Some(text) => self.plain(field, text, most),
        }
    }

    fn plain(&mut self, field: &str, text: &str, most: usize) {
        let letters = text.chars().count();
        if letters > most {
            self.lack(field, format!("has {letters} letters"), format!("at most {most}"));
        }
        if let Some((place, sign)) = hidden(text) {
            let wrong = format!(
                "letter {place} is U+{:04X}, which nobody sees or which turns text around",
                u32::from(sign)
            );
            self.lack(field, wrong, "type the text again, or paste it as plain text");
        }
    }

    /// A disaster-risk level is the national service's to give (warning.md 15).
    fn no_risk_level(&mut self, field: &str, text: &str) {
        const WORDS: [&str; 5] =
            ["rủi ro thiên tai", "cấp độ rủi ro", "rủi ro cấp", "disaster-risk level", "risk level"];
        let text = text.to_lowercase();
        if WORDS.iter().any(|word| text.contains(word)) {
            let allowed = "a level is only quoted: kind national with issuer, number and issued_at";
            self.lack(field, "names a disaster-risk level, which only the national service gives", allowed);
        }
    }

    /// Fields of another kind are a mistake, never dropped silently.
    fn strangers(&mut self, fields: &Fields) {
        use Kind::{Free, National, SchoolClosing, StormApproach};
        let given: [(&str, bool, &[Kind]); 12] = [
            ("text", fields.text.is_some(), &Kind::ALL),
            ("issuer", fields.issuer.is_some(), &[National, StormApproach]),
            ("number", fields.number.is_some(), &[National, StormApproach]),
            ("issued_at", fields.issued_at.is_some(), &[National, StormApproach]),
            ("risk_level", fields.risk_level.is_some(), &[National]),
            ("storm", fields.storm.is_some(), &[StormApproach]),
            ("position", fields.position.is_some(), &[StormApproach]),
            ("beaufort", fields.beaufort.is_some(), &[StormApproach]),
            ("gust", fields.gust.is_some(), &[StormApproach]),
            ("wind_from", fields.wind_from.is_some(), &[StormApproach]),
            ("decided_by", fields.decided_by.is_some(), &[SchoolClosing]),
            ("schools", fields.schools.is_some(), &[SchoolClosing]),
        ];
        for (field, _, kinds) in
            given.iter().filter(|(_, given, kinds)| *given && !kinds.contains(&fields.kind))
        {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            self.lack(field, "does not belong to this kind", format!("allowed with {}", kinds.join(", ")));
        }
        let dated = fields.from.is_some() || fields.until.is_some();
        if dated && matches!(fields.kind, National | StormApproach | Free) {
            self.lack(
                "from",
                "does not belong to this kind",
                "from and until are allowed with school_closing",
            );
        }
    }

    /// Texts that people read in other languages, and what no field may say.
    fn texts(&mut self, fields: &Fields, phrases: &Phrases) {
        if fields.kind != Kind::National {
            let own = [&fields.text, &fields.position, &fields.storm, &fields.schools, &fields.decided_by];
            let names = ["text", "position", "storm", "schools", "decided_by"];
            for (name, text) in names.into_iter().zip(own) {
                if let Some(text) = text {
                    self.no_risk_level(name, text);
                }
            }
            if let Some(text) = fields.text.as_ref().filter(|_| fields.kind != Kind::Free) {
                self.plain("text", text, TEXT_MAX);
            }
        }
        let others: Vec<&str> = phrases.languages.iter().skip(1).map(|language| &*language.lang.0).collect();
        for (lang, texts) in fields.translations.iter().take(20) {
            if !others.contains(&lang.as_str()) {
                let allowed = format!("allowed are {}", others.join(", "));
                self.lack(
                    "translations",
                    format!("{:?} is no other language of the city", short(lang)),
                    allowed,
                );
            }
            for (name, text) in texts.iter().take(20) {
                if !["text", "position", "storm", "schools"].contains(&name.as_str()) {
                    let allowed = "allowed are text, position, storm, schools";
                    self.lack("translations", format!("{:?} is not translated", short(name)), allowed);
                }
                let most = if name == "text" { TEXT_MAX } else { FIELD_MAX };
                self.text(&format!("translations.{}.{}", short(lang), short(name)), Some(text), most);
                if fields.kind != Kind::National {
                    self.no_risk_level("translations", text);
                }
            }
        }
    }

    /// An area that is empty is an error, never everybody (warning.md 14).
    fn area(&mut self, fields: &Fields, city: &City) {
        match (fields.whole_city, fields.zones.len()) {
            (false, 0) => self.missing("zones", "one ward at least, or whole_city"),
            (true, 1..) => self.lack("zones", "are named beside whole_city", "give one of both"),
            (false, n) if n > ZONES_MAX => self.lack("zones", "are too many", format!("at most {ZONES_MAX}")),
            _ => {}
        }
        let mut seen = BTreeSet::new();
        for zone in fields.zones.iter().take(ZONES_MAX) {
            if city.zone(&ZoneId::new(zone)).is_none() {
                self.lack(
                    "zones",
                    format!("there is no zone {:?}", short(zone)),
                    "allowed are the ids of zones.toml",
                );
            } else if !seen.insert(zone) {
                self.lack("zones", format!("{zone} is named twice"), "name each once");
            }
        }
    }

    fn weight(&mut self, fields: &Fields) {
        let hazard = fields.hazard.as_deref().map(str::parse::<Hazard>);
        let public = || Hazard::ALL.into_iter().filter(|hazard| hazard.is_public()).map(Hazard::as_str);
        let allowed = || format!("allowed are {}", public().collect::<Vec<_>>().join(", "));
        match hazard {
            Some(Ok(hazard)) if hazard.is_public() => {}
            Some(_) => self.lack("hazard", "is none that people are told of", allowed()),
            None if fields.kind == Kind::StormApproach => {}
            None => self.missing("hazard", &allowed()),
        }
        if fields.risk_level.is_some_and(|level| !(1..=5).contains(&level)) {
            self.lack("risk_level", "is no disaster-risk level", "allowed is 1 to 5");
        }
        let follows = fields.kind == Kind::StormApproach || fields.risk_level.is_some();
        match fields.severity {
            Some(1..=5) => {}
            Some(_) => self.lack("severity", "is none", "allowed is 1 to 5"),
            None if follows => {}
            None => self.missing("severity", "1 to 5: how severe it is by our own steps"),
        }
    }

    fn times(&mut self, fields: &Fields) {
        let (now, latest) = (self.now, self.now.plus(AHEAD_MAX));
        if fields.kind == Kind::SchoolClosing {
            self.between("until", fields.until, now, now.plus(Span::from_h(30 * 24)));
            self.between("from", fields.from, now.minus(AHEAD_MAX), now.plus(Span::from_h(30 * 24)));
            if let (Some(from), Some(until)) = (fields.from, fields.until)
                && from >= until
            {
                self.lack("until", "is not after from", "the end comes after the start");
            }
        }
        if fields.valid_until.is_some() || fields.kind != Kind::SchoolClosing {
            self.between("valid_until", fields.valid_until, now, latest);
        }
        for (field, at) in [("next_at", fields.next_at), ("wind_from", fields.wind_from)] {
            if at.is_some() {
                self.between(field, at, now.minus(SKEW_MAX), latest);
            }
        }
    }

    /// A moment that must lie after one and not after another.
    fn between(&mut self, field: &str, at: Option<Moment>, after: Timestamp, until: Timestamp) {
        let Some(Moment(at)) = at else { return self.missing(field, "an hour with its day") };
        if at <= after || at > until {
            self.lack(
                field,
                format!("{at} is too far off"),
                format!("allowed is after {after} and until {until}"),
            );
        }
    }

    /// Who said it, under which number and when.
    fn quoted(&mut self, fields: &Fields) {
        self.text("issuer", fields.issuer.as_deref(), FIELD_MAX);
        self.text("number", fields.number.as_deref(), NUMBER_MAX);
        self.between("issued_at", fields.issued_at, self.now.minus(PAST_MAX), self.now.plus(SKEW_MAX));
    }

    fn force(&mut self, field: &str, force: Option<u8>, least: u8) {
        match force {
            None => self.missing(field, "a force of the Beaufort scale"),
            Some(force) if !(least..=17).contains(&force) => {
                self.lack(field, format!("{force} is out of range"), format!("allowed is {least} to 17"));
            }
            Some(_) => {}
        }
    }

    fn discharges(&mut self, order: &Order, station: &Station, city: &City) {
        if order.from_m3_s > order.to_m3_s {
            self.lack(
                "to_m3_s",
                "is less than from_m3_s",
                "an order names the first release, then the greatest",
            );
        }
        if order.to_m3_s == 0 {
            self.lack("to_m3_s", "is 0", "allowed is a release; one that ends is completed");
        }
        let most = city.release_terms.most(&station.id).or_else(|| releases(station, city));
        let most = most.map_or(i64::from(u32::MAX), |most| most.l_per_s() / 1000);
        for (field, given) in [("from_m3_s", order.from_m3_s), ("to_m3_s", order.to_m3_s)] {
            if i64::from(given) > most {
                let wrong = format!("{given} m³/s is more than {} could let out", station.name);
                self.lack(field, wrong, format!("allowed is up to {most} m³/s"));
            }
        }
    }
}

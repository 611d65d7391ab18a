//! Fields become the words of a bulletin: what was typed, in its places, and how severe it counts.

use std::collections::BTreeMap;

use rules::alert::Subject;
use rules::hazard::{Hazard, Severity};
use rules::rule::{Condition, RuleSet};
use rules::typed::{Said, Word};
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::place::ZoneId;
use sensors::quantity::{Discharge, Value};
use sensors::station::{Station, StationId};
use sensors::time::Timestamp;
use sensors::travel;

use super::bulletin::{Fields, Kind};
use super::release::Order;

/// The upper ends of Beaufort forces 6 to 17, km/h, as Vietnamese bulletins count them.
const BEAUFORT_KM_H: [f64; 12] =
    [49.0, 61.0, 74.0, 88.0, 102.0, 117.0, 133.0, 149.0, 166.0, 183.0, 201.0, 220.0];

/// The zones of a bulletin, in the order of the configuration.
pub fn zones(fields: &Fields, city: &City) -> Vec<ZoneId> {
    let all = city.zones.iter().map(|zone| zone.id.clone());
    all.filter(|zone| fields.whole_city || fields.zones.iter().any(|named| named == zone.as_str())).collect()
}

/// How severe it counts: as typed; of a storm by the rules on wind, of a quotation as its level.
pub fn severity(fields: &Fields, rules: &RuleSet) -> Severity {
    let typed = fields.severity.or(fields.risk_level).and_then(Severity::new);
    let by_wind = || {
        let force = usize::from(fields.beaufort?).checked_sub(6)?;
        let wind = Value::from_unit(Parameter::WindSpeed, BEAUFORT_KM_H.get(force)? / 3.6).ok()?;
        let winds = rules.slots().iter().filter(|slot| slot.rule.hazard == Hazard::Wind);
        let levels = winds.flat_map(|slot| &slot.levels).filter(
            |level| matches!(&level.when, Condition::Exceeds { threshold, .. } if threshold.raise() <= wind),
        );
        levels.map(|level| level.severity).max()
    };
    typed.or_else(by_wind).unwrap_or(Severity::MIN)
}

/// How severe a release counts: by the ladder of the dam's own rule, else by that of any dam.
pub fn severity_of_release(order: &Order, rules: &RuleSet) -> Severity {
    let most = Value::from_raw(i64::from(order.to_m3_s) * 1000);
    let dam = Subject::Station(StationId::new(&order.dam));
    let releases = || rules.slots().iter().filter(|slot| slot.rule.hazard == Hazard::Release);
    let slot = releases().find(|slot| slot.subject == dam).or_else(|| releases().next());
    let levels = slot.iter().flat_map(|slot| &slot.levels).filter(
        |level| matches!(&level.when, Condition::Releases { threshold, .. } if threshold.raise() <= most),
    );
    levels.map(|level| level.severity).max().unwrap_or(Severity::MIN)
}

/// What a bulletin says.
pub fn say(fields: &Fields, city: &City, updated: bool) -> Said {
    let hazard = hazard(fields);
    let own = |name: &str, text: &Option<String>| {
        let others = fields.translations.iter();
        let others = others.filter_map(|(lang, texts)| Some((lang.clone(), texts.get(name)?.clone())));
        let text = text.clone().unwrap_or_default();
        if text.is_empty() {
            Word::Text(text)
        } else {
            Word::Own { text, others: others.collect::<BTreeMap<_, _>>() }
        }
    };
    let mut words = vec![
        ("who", Word::Piece("who", Vec::new())),
        ("hazard", Word::Hazard(hazard)),
        ("advice", Word::Advice(hazard)),
        ("where", Word::Where(zones(fields, city))),
        ("text", own("text", &fields.text)),
    ];
    let name = |text: &Option<String>| Word::Name(text.clone().unwrap_or_default());
    let number = Word::Text(fields.number.clone().unwrap_or_default());
    let piece = |key, place, at: Option<super::Moment>| {
        at.map(|at| Word::Piece(key, vec![(place, Word::When(at.0))]))
    };
    words.extend(piece("next", "hour", fields.next_at).map(|word| ("next", word)));
    words.extend(fields.valid_until.map(|at| ("until", Word::When(at.0))));
    match fields.kind {
        Kind::National => {
            words.extend([("issuer", name(&fields.issuer)), ("number", number)]);
            words.extend(fields.issued_at.map(|at| ("hour", Word::When(at.0))));
            let level = |level: u8| Word::Piece("risk", vec![("level", Word::Text(level.to_string()))]);
            words.extend(fields.risk_level.map(|step| ("risk", level(step))));
        }
        Kind::StormApproach => {
            let hour = fields.issued_at.map(|at| ("hour", Word::When(at.0)));
            let quoted = [("issuer", name(&fields.issuer)), ("number", number)].into_iter().chain(hour);
            let force = |force: u8| Word::Text(force.to_string());
            words.push(("source", Word::Piece("quoted", quoted.collect())));
            words.extend([
                ("storm", own("storm", &fields.storm)),
                ("position", own("position", &fields.position)),
            ]);
            words.extend(fields.beaufort.map(|step| ("force", force(step))));
            words.extend(fields.gust.map(|step| ("gust", Word::Piece("gust", vec![("force", force(step))]))));
            words.extend(piece("wind_from", "hour", fields.wind_from).map(|word| ("arrival", word)));
        }
        Kind::SchoolClosing => {
            words.extend([
                ("decided", name(&fields.decided_by)),
                ("schools", own("schools", &fields.schools)),
            ]);
            words.extend(fields.from.map(|at| ("from", Word::When(at.0))));
            words.extend(fields.until.map(|at| ("to", Word::When(at.0))));
        }
        Kind::Free => {}
    }
    Said { kind: fields.kind.as_str(), updated, words }
}

/// The hazard that it is about.
pub fn hazard(fields: &Fields) -> Hazard {
    fields.hazard.as_deref().and_then(|word| word.parse().ok()).unwrap_or(Hazard::Wind)
}

/// The stations below a dam of which it is known how long its water takes, each with the hour at the
/// earliest (warning.md 24).
pub fn arrivals<'a>(city: &'a City, dam: &str, opened: Timestamp) -> Vec<(&'a Station, Timestamp)> {
    let dam = StationId::new(dam);
    let below = stations_below(city, &dam).into_iter();
    let known = below.filter_map(|station| {
        let arrival = travel::arrival(&city.travels, &dam, &station.id, opened)?;
        Some((station, arrival.told_to_public()))
    });
    known.collect()
}

/// The stations to which a travel time from the dam is configured.
pub fn stations_below<'a>(city: &'a City, dam: &StationId) -> Vec<&'a Station> {
    let pairs = city.travels.iter().filter(|travel| travel.dam() == dam);
    pairs.filter_map(|travel| Some(city.station_named(travel.station())?.1)).collect()
}

/// What a release order says.
pub fn say_release(order: &Order, city: &City) -> Said {
    Said { kind: "release", updated: false, words: words(order, city) }
}

/// What was changed of a release order.
pub fn say_revised(was: &Order, order: &Order, city: &City) -> Said {
    let piece = |key| Word::Piece(key, Vec::new());
    let change =
        |what, was, now| Word::Piece("change", vec![("what", piece(what)), ("was", was), ("now", now)]);
    let pace = |gradually| piece(if gradually { "gradually" } else { "steadily" });
    let mut changes = Vec::new();
    if was.from_m3_s != order.from_m3_s {
        changes.push(change("least", discharge(was.from_m3_s), discharge(order.from_m3_s)));
    }
    if was.to_m3_s != order.to_m3_s {
        changes.push(change("most", discharge(was.to_m3_s), discharge(order.to_m3_s)));
    }
    if was.starts_at != order.starts_at {
        changes.push(change("start", Word::When(was.starts_at.0), Word::When(order.starts_at.0)));
    }
    if was.gradually != order.gradually {
        changes.push(change("pace", pace(was.gradually), pace(order.gradually)));
    }
    let mut words = words(order, city);
    words.push(("changes", Word::Each(changes)));
    Said { kind: "release_revised", updated: false, words }
}

/// What is said at the end of an order: that it was withdrawn, or carried out.
pub fn say_end(kind: &'static str, order: &Order, why: &str, city: &City) -> Said {
    let mut words = words(order, city);
    words.push(("why", Word::Own { text: why.to_owned(), others: BTreeMap::new() }));
    Said { kind, updated: false, words }
}

fn discharge(m3_s: u32) -> Word {
    Word::Discharge(Discharge::from_l_per_s(i64::from(m3_s) * 1000))
}

fn words(order: &Order, city: &City) -> Vec<(&'static str, Word)> {
    let dam = city.station_named(&StationId::new(&order.dam)).map(|(_, station)| station);
    let known = arrivals(city, &order.dam, order.starts_at.0);
    let at = |key, (station, at): &(&Station, Timestamp)| {
        Word::Piece(key, vec![("place", Word::Name(station.name.clone())), ("hour", Word::When(*at))])
    };
    let mut words = vec![
        ("who", Word::Piece("who", Vec::new())),
        ("advice", Word::Advice(Hazard::Release)),
        ("where", Word::Where(dam.map(|dam| dam.zones.clone()).unwrap_or_default())),
        ("dam", Word::Name(dam.map_or_else(|| order.dam.clone(), |dam| dam.name.clone()))),
        ("least", discharge(order.from_m3_s)),
        ("most", discharge(order.to_m3_s)),
        ("hour", Word::When(order.starts_at.0)),
        ("source", source(order)),
        ("arrivals", Word::Each(known.iter().map(|known| at("arrival_at", known)).collect())),
    ];
    // Which station it is must be said: wards nearer to the dam get the water sooner.
    let first = known.iter().min_by_key(|(_, at)| *at);
    words.extend(first.map(|known| ("arrival", at("arrival", known))));
    let river = dam.and_then(|dam| dam.river.clone());
    words.extend(river.map(|river| ("river", Word::Piece("river", vec![("river", Word::Name(river))]))));
    if order.gradually {
        words.push(("rising", Word::Piece("rising", Vec::new())));
    }
    let note = order.note.clone().filter(|note| !note.trim().is_empty());
    words.extend(note.map(|note| {
        let text = Word::Own { text: note, others: BTreeMap::new() };
        ("note", Word::Piece("note", vec![("text", text)]))
    }));
    words
}

fn source(order: &Order) -> Word {
    let (issuer, number) = (Word::Name(order.authority.clone()), Word::Text(order.number.clone()));
    Word::Piece("ordered", vec![("issuer", issuer), ("number", number)])
}

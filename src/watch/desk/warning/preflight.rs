//! What an officer sees before an all-clear (warning.md 12): each check well, not well, or unknown,
//! with the numbers behind it. It decides nothing: the order names the checks it saw.

use std::collections::BTreeSet;

use rules::alert::Subject;
use rules::hazard::Hazard;
use rules::rule::{Condition, Slot};
use sensors::parameter::Parameter;
use sensors::place::{BasinId, ZoneId};
use sensors::quantity::Value;
use sensors::rain::leaves;
use sensors::series::Point;
use sensors::station::{Sensor, SensorIx, Station, StationId, StationKind};
use sensors::time::{Span, Timestamp};
use sha2::{Digest, Sha256};

use super::{alert_of, eyes, zone_ids};
use crate::desk::typed::{self, Kind};
use crate::desk::warning::Warning;
use crate::notify::outbox::hex;
use crate::watch::snapshot::State;

/// Rain upstream is looked at over this time (warning.md 12).
const RAIN_WINDOW: Span = Span::from_h(6);
/// So much at one gauge in that time brings no second crest, µm: 20 mm [S].
const RAIN_QUIET_UM: i64 = 20_000;
/// The tide is compared with the day before: a lunar day.
const LUNAR_DAY: Span = Span::from_min(24 * 60 + 50);
/// The lagoon holds the flood back while it stands so much higher than the day before, mm [S].
const LAGOON_MM: i64 = 100;
/// Numbers behind one check.
const FACTS_MAX: usize = 100;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing stands against an all-clear.
    Ok,
    /// Nobody can say.
    Unknown,
    /// Something stands against it.
    NotOk,
}

/// A number behind a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Whose: a station, a rule on a station, a paper.
    pub subject: String,
    /// What was measured, where something was.
    pub parameter: Option<Parameter>,
    /// The value.
    pub value: Option<Value>,
    /// What it must not exceed.
    pub limit: Option<Value>,
    /// When it was measured.
    pub measured_at: Option<Timestamp>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// One of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `condition`, `gauges`, `rain`, `pools`, `releases`, `forecast`, `lagoon`.
    pub name: &'static str,
    /// The worst of its facts.
    pub verdict: Verdict,
    /// The numbers, at most 100.
    pub facts: Vec<Fact>,
}

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    /// Of what the checks came to; the numbers behind them may move. The order names it.
    pub version: String,
    /// In the order in which an officer goes through them.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// The spelling in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::NotOk => "not_ok",
        }
    }

    fn of(well: bool) -> Self {
        if well { Self::Ok } else { Self::NotOk }
    }
}

/// Looks at everything that an all-clear of this warning rests on.
pub fn preflight(state: &State, now: Timestamp, warning: &Warning) -> Preflight {
    let look = Look::new(state, now, warning);
    let checks = vec![
        look.condition(),
        look.gauges(),
        look.rain(),
        look.pools(),
        look.releases(),
        look.forecast(),
        look.lagoon(),
    ];
    let mut hasher = Sha256::new();
    hasher.update(&warning.id);
    for check in &checks {
        hasher.update(format!("\n{}={}", check.name, check.verdict.as_str()));
    }
    let version = hasher.finalize().get(..8).map(hex).unwrap_or_default();
    Preflight { version, checks }
}

struct Look<'a> {
    state: &'a State,
    now: Timestamp,
    warning: &'a Warning,
    zones: Vec<ZoneId>,
}

impl<'a> Look<'a> {
    fn new(state: &'a State, now: Timestamp, warning: &'a Warning) -> Self {
        let zones = warning.told.as_ref().map(|told| zone_ids(&told.zones)).unwrap_or_default();
        Self { state, now, warning, zones }
    }

    fn touches(&self, zones: &[ZoneId]) -> bool {
        zones.iter().any(|zone| self.zones.contains(zone))
    }

    /// The alert itself is over, also by readings that are doubted.
    fn condition(&self) -> Check {
        let plan = &self.state.plan;
        let level = alert_of(self.state, plan, self.warning).map_or(0, |(_, _, alert)| alert.doubted);
        let subject = self.warning.slot.clone().unwrap_or_else(|| self.warning.id.clone());
        let verdict = Verdict::of(level == 0);
        sum("condition", vec![bare(subject, verdict)], Verdict::Ok)
    }

    /// Every gauge of the hazard in the zones is below clear, and was for the hold.
    fn gauges(&self) -> Check {
        let hazard = self.warning.hazard();
        let slots = self.state.plan.rules.slots().iter().zip(&self.state.alerts);
        let of_zone = slots.filter(|(slot, _)| slot.rule.hazard == hazard && self.touches(&slot.zones));
        let facts = of_zone.map(|(slot, alert)| self.gauge(slot, alert.doubted)).collect();
        sum("gauges", facts, Verdict::Unknown)
    }

    fn gauge(&self, slot: &Slot, level: u8) -> Fact {
        let Some(first) = slot.levels.first() else { return bare(slot.key().to_owned(), Verdict::Unknown) };
        let leaf = leaf(&first.when);
        let sensor = leaf.and_then(|leaf| leaf.sensors().first().copied());
        let Some((ix, sensor)) = sensor.and_then(|ix| Some((ix, self.state.plan.city.sensor(ix)?))) else {
            return bare(slot.key().to_owned(), Verdict::Unknown);
        };
        let is_blind = slot.sensors().iter().all(|ix| self.fresh(*ix).is_none());
        let clear = leaf.and_then(Condition::threshold).map(rules::threshold::Threshold::clear);
        let stage = matches!(leaf, Some(Condition::Exceeds { .. } | Condition::Releases { .. }));
        let point = self.fresh(ix);
        let was_above = stage
            && clear.is_some_and(|clear| {
                let held = self.points(ix, first.hold);
                held.into_iter().any(|point| point.value.is_some_and(|value| value > clear))
            });
        let ix_of_slot = self.state.plan.rules.slot_named(slot.key());
        let stands =
            ix_of_slot.is_none_or(|ix| self.state.plan.rules.standing_step(ix, 1, &eyes(self.state)) > 0);
        let verdict = match () {
            () if level > 0 || was_above => Verdict::NotOk,
            () if is_blind => Verdict::Unknown,
            () => Verdict::of(!stands),
        };
        let measured = point.filter(|_| stage);
        Fact {
            subject: slot.key().to_owned(),
            parameter: Some(sensor.id.parameter),
            value: measured.and_then(|point| point.value),
            limit: clear,
            measured_at: measured.map(|point| point.measured_at),
            verdict,
        }
    }

    /// What fell in six hours in the basins of every station whose water comes to the zones.
    fn rain(&self) -> Check {
        let city = &self.state.plan.city;
        let stations = city.stations.iter().filter(|station| self.touches(&station.zones));
        let basins: BTreeSet<&BasinId> = stations.filter_map(|station| station.basin.as_ref()).collect();
        let gauges =
            basins.into_iter().filter_map(|id| city.basin(id)).flat_map(sensors::place::Basin::gauges);
        let gauges: BTreeSet<SensorIx> = gauges.copied().collect();
        let facts = gauges.into_iter().filter_map(|ix| self.fell(ix)).collect::<Vec<_>>();
        // A gauge or two are always silent; half of them is blindness.
        let silent = facts.iter().filter(|fact| fact.verdict == Verdict::Unknown).count();
        let mut check = sum("rain", facts, Verdict::Unknown);
        if check.verdict == Verdict::Unknown && silent * 2 < check.facts.len() {
            check.verdict = Verdict::Ok;
        }
        check
    }

    fn fell(&self, ix: SensorIx) -> Option<Fact> {
        let sensor = self.state.plan.city.sensor(ix)?;
        let newest = self.fresh(ix);
        let sum = newest.and_then(|newest| {
            let series = self.state.tracks.get(ix.at())?.series();
            Some(series.accumulation(newest.measured_at, RAIN_WINDOW))
        });
        let verdict = sum.map_or(Verdict::Unknown, |sum| match () {
            () if sum.at_least.raw() > RAIN_QUIET_UM => Verdict::NotOk,
            // A sum with gaps is at least so much, and never clears (warning.md 6).
            () if sum.at_most.raw() > RAIN_QUIET_UM || leaves(&sum, RAIN_WINDOW) => Verdict::Unknown,
            () => Verdict::Ok,
        });
        let sum = sum.map(|sum| sum.at_least);
        let (limit, at) = (Some(Value::from_raw(RAIN_QUIET_UM)), newest.map(|newest| newest.measured_at));
        Some(of(sensor, sum, limit, at, verdict))
    }

    /// The pools of the dams above the zones stand below their normal level.
    fn pools(&self) -> Check {
        let plan = &self.state.plan;
        let facts = self.dams().filter_map(|dam| {
            let ix = sensor_of(self.state, dam, Parameter::PoolLevel)?;
            let sensor = plan.city.sensor(ix)?;
            let normal = plan.city.reservoir(&dam.id).and_then(|reservoir| reservoir.normal);
            let limit = normal.map(|(level, _)| Value::from_raw(level.mm()));
            let point = self.fresh(ix);
            let value = point.and_then(|point| point.value);
            let well = value.zip(limit).map(|(value, limit)| value <= limit);
            let verdict = well.map_or(Verdict::Unknown, Verdict::of);
            Some(of(sensor, value, limit, point.map(|point| point.measured_at), verdict))
        });
        sum("pools", facts.collect(), Verdict::Ok)
    }

    /// No release runs or is announced.
    fn releases(&self) -> Check {
        let slots = self.state.plan.rules.slots().iter().zip(&self.state.alerts);
        let running = slots.filter(|(slot, alert)| {
            let from_above = match &slot.subject {
                Subject::Station(dam) => self.is_above(dam),
                Subject::Basin(_) | Subject::Line(_) => false,
            };
            slot.rule.hazard == Hazard::Release
                && alert.doubted > 0
                && (from_above || self.touches(&slot.zones))
        });
        let mut facts: Vec<Fact> =
            running.map(|(slot, _)| bare(slot.key().to_owned(), Verdict::NotOk)).collect();
        let orders = self.state.desk.release_orders.iter();
        let orders = orders.filter(|(_, filed)| self.is_above(&StationId::new(&filed.record.order.dam)));
        facts.extend(orders.map(|(id, _)| bare(format!("release_order {id}"), Verdict::NotOk)));
        sum("releases", facts, Verdict::Ok)
    }

    /// Whether the water of a dam comes to where the warning is: to its zones, its basin, or a station
    /// there below the dam. Of a dam that the city has no more nobody can say that it does not.
    fn is_above(&self, dam: &StationId) -> bool {
        let plan = &self.state.plan;
        let Some((_, station)) = plan.city.station_named(dam) else { return true };
        let slot = self.warning.slot.as_deref().and_then(|key| plan.rules.slot(plan.rules.slot_named(key)?));
        let own = |id: &StationId| slot.is_some_and(|slot| slot.subject == Subject::Station(id.clone()));
        let basin = slot.and_then(|slot| match &slot.subject {
            Subject::Basin(id) => Some(id.clone()),
            Subject::Station(id) => {
                plan.city.station_named(id).and_then(|(_, station)| station.basin.clone())
            }
            Subject::Line(_) => None,
        });
        self.touches(&station.zones)
            || basin.is_some() && basin == station.basin
            || typed::stations_below(&plan.city, dam)
                .iter()
                .any(|below| own(&below.id) || self.touches(&below.zones))
    }

    /// What the national service says; it is at hand only where an officer typed it.
    fn forecast(&self) -> Check {
        let (city, hazard) = (&self.state.plan.city, self.warning.hazard());
        let typed = self.state.desk.typed.iter().filter(|(_, filed)| {
            let fields = &filed.record.fields;
            let quoted = matches!(fields.kind, Kind::National | Kind::StormApproach);
            quoted && typed::hazard(fields) == hazard && self.touches(&typed::zones(fields, city))
        });
        let facts = typed.map(|(id, _)| bare(format!("typed {id}"), Verdict::NotOk)).collect();
        sum("forecast", facts, Verdict::Unknown)
    }

    /// The mouths of the lagoon stand no higher than a tide ago.
    fn lagoon(&self) -> Check {
        let city = &self.state.plan.city;
        let tidal = (0..).map(SensorIx).zip(&city.sensors).filter(|(_, sensor)| {
            sensor.id.parameter == Parameter::Stage && sensor.checks.attenuated.is_some()
        });
        let facts = tidal.map(|(ix, sensor)| {
            let newest = self.fresh(ix);
            let before = newest.and_then(|newest| {
                let at = newest.measured_at.minus(LUNAR_DAY);
                let series = self.state.tracks.get(ix.at())?.series();
                let point = series.at_or_before(at)?;
                point.value.filter(|_| at.since(point.measured_at) <= Span::from_h(1))
            });
            let limit = before.map(|before| Value::from_raw(before.raw() + LAGOON_MM));
            let value = newest.and_then(|newest| newest.value);
            let well = value.zip(limit).map(|(value, limit)| value <= limit);
            let verdict = well.map_or(Verdict::Unknown, Verdict::of);
            of(sensor, value, limit, newest.map(|newest| newest.measured_at), verdict)
        });
        sum("lagoon", facts.collect(), Verdict::Ok)
    }

    fn dams(&self) -> impl Iterator<Item = &'a Station> {
        let stations = self.state.plan.city.stations.iter();
        stations.filter(|station| station.kind == StationKind::Reservoir && self.is_above(&station.id))
    }

    /// The newest value of a sensor that is not silent.
    fn fresh(&self, ix: SensorIx) -> Option<&'a Point> {
        let is_silent = self.state.silent.get(ix.at()).is_some_and(Option::is_some);
        let newest = self.state.tracks.get(ix.at())?.series().newest()?;
        let patience = self.state.plan.city.sensor(ix)?.deadline.total();
        let is_old = self.now.since(newest.measured_at) > patience;
        (!is_silent && !is_old && newest.value.is_some()).then_some(newest)
    }

    fn points(&self, ix: SensorIx, held: Span) -> Vec<&'a Point> {
        let Some(track) = self.state.tracks.get(ix.at()) else { return Vec::new() };
        track.series().points(self.now.minus(held), self.now).collect()
    }
}

fn sensor_of(state: &State, station: &Station, parameter: Parameter) -> Option<SensorIx> {
    let is_it = |ix: &&SensorIx| state.plan.city.sensor(**ix).is_some_and(|s| s.id.parameter == parameter);
    station.sensors.iter().find(is_it).copied()
}

/// The first part of a condition that compares a number.
fn leaf(condition: &Condition) -> Option<&Condition> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(leaf),
        Condition::Not(part) => leaf(part),
        other => Some(other),
    }
}

fn of(
    sensor: &Sensor,
    value: Option<Value>,
    limit: Option<Value>,
    measured_at: Option<Timestamp>,
    verdict: Verdict,
) -> Fact {
    let (subject, parameter) = (sensor.id.station.to_string(), Some(sensor.id.parameter));
    Fact { subject, parameter, value, limit, measured_at, verdict }
}

fn bare(subject: String, verdict: Verdict) -> Fact {
    Fact { subject, parameter: None, value: None, limit: None, measured_at: None, verdict }
}

/// A check is as good as its worst fact; `otherwise` where there is none. The worst are shown first.
fn sum(name: &'static str, mut facts: Vec<Fact>, otherwise: Verdict) -> Check {
    facts.sort_by(|a, b| (b.verdict, &a.subject).cmp(&(a.verdict, &b.subject)));
    let verdict = facts.first().map_or(otherwise, |fact| fact.verdict);
    facts.truncate(FACTS_MAX);
    Check { name, verdict, facts }
}

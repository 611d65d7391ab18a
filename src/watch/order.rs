//! Officers' orders: checked against what is known now, carried out, entered into the ledger.
//!
//! An entered reading takes the way of every reading. It is no word of the gauge: a silent gauge
//! stays silent, though a person reads the staff beside it.

use std::sync::Arc;

use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::{Sensor, SensorIx};
use sensors::track::AHEAD_MAX;

use crate::order::{Act, Answer, Done, ENTRY_AGE_MAX, Entry, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::{desk, review};

/// Carries an order out, and says what became of it.
pub(crate) fn carry_out(turn: &mut Turn, order: &Arc<Order>) -> Answer {
    let digest = order.digest(&turn.plan.city);
    match turn.next.orders.digest(&order.key) {
        Some(known) if *known == digest => return Answer::Repeated,
        Some(_) => return Answer::Refused(Refusal::KeyTaken),
        None => {}
    }
    let done = match &order.act {
        Act::Enter(entry) => enter(turn, *entry),
        Act::Trust(sensor) => trust(turn, *sensor),
        Act::Desk(act) => desk::carry_out(turn, order, act),
    };
    match done {
        Ok(done) => {
            Arc::make_mut(&mut turn.next.orders).keep(Arc::clone(&order.key), digest);
            turn.commit.orders.push((Arc::clone(order), digest));
            Answer::Done(done)
        }
        Err(refusal) => Answer::Refused(refusal),
    }
}

fn enter(turn: &mut Turn, entry: Entry) -> Result<Done, Refusal> {
    let Entry { sensor: ix, measured_at, from, value } = entry;
    let plan = Arc::clone(&turn.plan);
    let sensor = plan.city.sensor(ix).ok_or(Refusal::Unknown)?;
    if is_derived(&plan.city.sensors, sensor, ix) {
        return Err(Refusal::Derived { sensor: sensor.id.to_string() });
    }
    if measured_at > turn.now.plus(AHEAD_MAX) || measured_at < turn.now.minus(ENTRY_AGE_MAX) {
        return Err(Refusal::Time { measured_at, now: turn.now });
    }
    let (low, high) = sensor.span;
    if value < low || value > high {
        let parameter = sensor.id.parameter;
        let number = |value: Value| value.display(parameter).to_string();
        return Err(Refusal::Span {
            value: number(value),
            sensor: sensor.id.to_string(),
            low: number(low),
            high: number(high),
            unit: parameter.unit(),
        });
    }
    let value = Observed::Value(value);
    let observation = Observation { sensor: ix, measured_at, from, arrived_at: turn.now, value };
    let track = turn.next.tracks.get_mut(ix.at()).ok_or(Refusal::Unknown)?;
    let judged = Arc::make_mut(track).judge_entered(sensor, &observation, turn.now);
    let quality = judged.reading.quality;
    turn.keep(ix, &judged);
    Ok(Done::Entered(quality))
}

/// A counter shows no number that a person could read off in its place, and what it feeds follows from it.
fn is_derived(sensors: &[Sensor], sensor: &Sensor, ix: SensorIx) -> bool {
    let counts = |sensor: &Sensor| sensor.id.parameter == Parameter::RainTotal;
    counts(sensor) || sensors.iter().any(|other| other.feeds == Some(ix) && counts(other))
}

fn trust(turn: &mut Turn, ix: SensorIx) -> Result<Done, Refusal> {
    let plan = Arc::clone(&turn.plan);
    let sensor = plan.city.sensor(ix).ok_or(Refusal::Unknown)?;
    let is_held = turn.next.inspection.cases_of(ix).any(sensors::quality::neighbour::Case::is_open);
    if !is_held {
        return Err(Refusal::Trusted { sensor: sensor.id.to_string() });
    }
    // What was doubted stays so; what is measured from now on is believed again.
    review::release(turn, ix);
    Ok(Done::Trusted)
}

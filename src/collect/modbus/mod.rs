//! A Modbus line: we ask its devices one after the other, each in its rhythm.
//!
//! The task owns the connection or port. It never asks two things at once, never takes a late or a
//! foreign answer for its own, never lets a dead device delay the others and never catches up
//! missed polls.

mod breaker;
mod connection;
mod fault;
mod frame;
mod kept;
mod meter;
mod slave;
mod stream;
mod turn;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use sensors::city::City;
use sensors::line::{Line, ModbusDevice, ModbusLine, Protocol};
use sensors::register::Poll;
use sensors::time::Span;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::event::Event;

use self::breaker::Breaker;
use self::connection::{Connection, Route};
use self::fault::{Fault, is_gateways};
use self::frame::Cause;
use self::meter::Meter;
use self::slave::{Pace, Slave};
use self::turn::Turn;
use super::Hurried;
use super::backoff::Backoff;
use super::post::{Post, WriterGone};

/// The first wait before a new connection; real time.
const RECONNECT_FIRST: Duration = Duration::from_millis(200);
/// Between the first questions to two neighbours, so that a start is no burst.
const STAGGER_MAX: Duration = Duration::from_millis(100);
/// A dead device is tried again after so many timeouts, or later.
const PAUSE_TIMEOUTS: u32 = 8;
/// Faults in a row, without an answer from anybody, after which a line counts as down even
/// though some of its devices have not been asked yet.
const FAULTS_MAX: usize = 8;
/// What was told of a line is told again when it has not been heard for so long.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// Polls the line until it is cancelled or the writer has gone.
pub(super) async fn run(
    city: Arc<City>,
    clock: Clock,
    post: Post,
    mut hurried: Hurried,
    cancel: CancellationToken,
) {
    let Some(line) = city.lines.get(post.line() as usize) else { return };
    let Protocol::Modbus(modbus) = &line.protocol else { return };
    let mut task = Task::new(clock, line, modbus, post);
    task.hurry(&hurried);
    tokio::select! {
        () = cancel.cancelled() => {}
        Err(gone) = task.keep(&mut hurried) => tracing::warn!(line = %line.name, "{gone}"),
    }
}

struct Task {
    clock: Clock,
    route: Route,
    closes: bool,
    slaves: Vec<Slave>,
    breaker: Breaker,
    post: Post,
    backoff: Backoff,
    faults: usize,
    heard: [Option<Instant>; Cause::ALL.len()],
    meter: Meter,
}

/// Why a connection is given up.
enum End {
    /// Nobody is due, and the line is to be closed then.
    Idle,
    /// It is of no more use.
    Broken(Fault),
}

impl Task {
    fn new(clock: Clock, line: &Line, modbus: &ModbusLine, post: Post) -> Self {
        let reconnect_max = real(modbus.reconnect_max, 1.0);
        let patience = real(modbus.timeout, 1.0);
        let pause_max = real(modbus.reconnect_max, clock.factor()).max(patience * PAUSE_TIMEOUTS);
        let late_max = if modbus.transport.is_rtu() { patience } else { Duration::ZERO };
        let begin = Instant::now();
        let slave = |(n, device): (u32, &ModbusDevice)| {
            let usual = real(device.poll_interval, clock.factor());
            let storm = device.storm_poll_interval.map(|interval| real(interval, clock.factor()));
            let stagger = STAGGER_MAX.min(usual / modbus.devices.len().max(1) as u32);
            Slave::new(device, begin + stagger * n, Pace { usual, storm, pause_max, late_max })
        };
        let settle = Duration::from_millis(u64::try_from(modbus.settle.ms()).unwrap_or(0));
        Self {
            clock,
            route: Route { address: line.address.clone(), transport: modbus.transport, patience, settle },
            closes: modbus.closes,
            slaves: (0_u32..).zip(&modbus.devices).map(slave).collect(),
            breaker: Breaker::new(begin, patience, pause_max),
            post,
            backoff: Backoff::new(&line.name, RECONNECT_FIRST, reconnect_max),
            faults: 0,
            heard: [None; Cause::ALL.len()],
            meter: Meter::new(&line.name),
        }
    }

    async fn keep(&mut self, hurried: &mut Hurried) -> Result<Infallible, WriterGone> {
        loop {
            if self.closes {
                self.due(hurried).await;
            }
            let mut connection = self.connected().await?;
            let End::Broken(fault) = self.polled(&mut connection, hurried).await? else { continue };
            drop(connection);
            tracing::debug!(line = self.post.name(), %fault, "connection dropped");
            // The neighbours of a dead device are not made to wait: only a dead line is.
            if self.is_dead() || matches!(fault, Fault::Noisy { .. }) {
                self.down(&fault).await?;
                sleep(self.backoff.after_failure()).await;
            }
        }
    }

    async fn connected(&mut self) -> Result<Connection, WriterGone> {
        loop {
            match Connection::open(&self.route).await {
                Ok(connection) => {
                    self.meter.connects.increment(1);
                    return Ok(connection);
                }
                Err(fault) => {
                    self.faults += 1;
                    self.down(&fault).await?;
                    sleep(self.backoff.after_failure()).await;
                }
            }
        }
    }

    async fn down(&mut self, fault: &Fault) -> Result<(), WriterGone> {
        let event = self.post.down(fault.to_string());
        self.post.send(event.into_iter().collect()).await
    }

    fn is_dead(&self) -> bool {
        self.faults >= FAULTS_MAX || self.slaves.iter().all(Slave::is_silent)
    }

    /// Who is asked next, and when.
    fn next(&self, now: Instant) -> Option<(usize, Instant)> {
        let first = |silent: bool| {
            let slaves = self.slaves.iter().enumerate().filter(|(_, slave)| slave.is_silent() == silent);
            slaves.min_by_key(|(_, slave)| slave.due).map(|(ix, slave)| (ix, slave.due))
        };
        self.breaker.next(now, first(false), first(true))
    }

    /// Waits until somebody is due; who that is changes when a station is hurried.
    async fn due(&mut self, hurried: &mut Hurried) -> usize {
        loop {
            if hurried.has_changed().unwrap_or(false) {
                hurried.mark_unchanged();
                self.hurry(hurried);
            }
            let now = Instant::now();
            let next = self.next(now);
            if let Some((ix, _)) = next.filter(|(_, due)| *due <= now) {
                return ix;
            }
            let wait = async {
                match next {
                    Some((_, due)) => sleep_until(due).await,
                    // A line without devices stays connected and silent.
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wait => {}
                Ok(()) = hurried.changed() => self.hurry(hurried),
            }
        }
    }

    fn hurry(&mut self, hurried: &Hurried) {
        let now = Instant::now();
        let stations = Arc::clone(&hurried.borrow());
        for slave in &mut self.slaves {
            slave.hurry(stations.contains(&slave.station), now);
        }
    }

    /// Asks whoever is due until the connection is given up.
    async fn polled(
        &mut self,
        connection: &mut Connection,
        hurried: &mut Hurried,
    ) -> Result<End, WriterGone> {
        loop {
            let now = Instant::now();
            if self.closes && self.next(now).is_some_and(|(_, due)| due > now) {
                return Ok(End::Idle);
            }
            let ix = self.due(hurried).await;
            let Some(slave) = self.slaves.get_mut(ix) else { continue };
            let (began, was_silent) = (Instant::now(), slave.is_silent());
            let turn = turn::take(slave, connection).await;
            let now = Instant::now();
            let mut events = Vec::new();
            let fault = self.told(ix, turn, now, &mut events);
            if was_silent && self.slaves.get(ix).is_some_and(Slave::is_silent) {
                self.breaker.spent(now - began, now);
                self.meter.fruitless(now - began);
            }
            self.overheard(connection, now, &mut events);
            self.post.send(events).await?;
            if let Some(fault) = fault {
                return Ok(End::Broken(fault));
            }
        }
    }

    /// Draws the consequences of a turn; gives the fault that ends the connection.
    fn told(&mut self, ix: usize, turn: Turn, now: Instant, events: &mut Vec<Event>) -> Option<Fault> {
        let at = self.clock.now();
        let slave = self.slaves.get_mut(ix)?;
        let mut say = |slave: &mut Slave, poll: Poll| {
            events.extend(slave.observations(poll, at).map(Event::Observed));
        };
        let (mut fault, mut why) = (None, None);
        match turn {
            Turn::Answered(poll) => {
                say(slave, poll);
                self.meter.missed.increment(slave.answered(now));
            }
            Turn::Busy => {
                self.meter.busy.increment(1);
                slave.busy(now);
            }
            Turn::NotReady(poll) => {
                say(slave, poll);
                why = Some(String::from("asked again and again, it is not ready"));
                why = why.filter(|why| slave.refused(now, why));
            }
            Turn::Refused { poll, why: refusal, code } => {
                say(slave, poll);
                self.meter.refusals.increment(1);
                let new = if is_gateways(code) {
                    slave.silent(now, &refusal)
                } else {
                    slave.refused(now, &refusal)
                };
                why = new.then_some(refusal);
            }
            Turn::Broken { poll, fault: broken, is_repeatable } => {
                if is_repeatable && slave.may_retry() {
                    if matches!(broken, Fault::Silent { .. }) {
                        slave.retry_late(now);
                    }
                } else {
                    say(slave, poll);
                    let text = broken.to_string();
                    why = slave.silent(now, &text).then_some(text);
                }
                fault = Some(broken);
            }
        }
        let unit = slave.unit;
        if fault.is_none() {
            self.faults = 0;
            self.backoff.worked();
            events.splice(0..0, self.post.up());
        } else {
            self.faults += 1;
            self.meter.faults.increment(1);
        }
        events.extend(why.and_then(|why| self.post.stray(&format!("unit {unit}"), why)));
        self.count_states();
        let is_rtu = self.route.transport.is_rtu();
        fault.filter(|fault| !is_rtu || !fault.leaves_the_bus() || self.is_dead())
    }

    fn count_states(&self) {
        let count = |of: fn(&Slave) -> bool| self.slaves.iter().filter(|slave| of(slave)).count() as f64;
        self.meter.unwell.set(count(|slave| !slave.is_well()));
        self.meter.open.set(count(Slave::is_silent));
    }

    /// Counts what was heard and refused; what nobody asked for is told once of the whole line.
    fn overheard(&mut self, connection: &mut Connection, now: Instant, events: &mut Vec<Event>) {
        let Some(refused) = connection.refused() else { return };
        self.meter.refused(&refused);
        for ((cause, count), heard) in Cause::ALL.iter().zip(refused).zip(&mut self.heard) {
            if count == 0 {
                continue;
            }
            let is_news = heard.replace(now).is_none_or(|last| now - last > FORGOTTEN);
            if is_news && cause.is_of_the_line() {
                events.extend(self.post.stray("the whole line", format!("heard {}", cause.words())));
            }
        }
    }
}

/// A configured span in real time, at least a millisecond.
fn real(span: Span, factor: f64) -> Duration {
    Duration::from_secs_f64((span.ms() as f64 / 1000.0 / factor).max(0.001))
}

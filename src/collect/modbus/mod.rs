//! A Modbus TCP line: we ask its devices one after the other, each in its rhythm.
//!
//! The task owns the connection. It never asks two things at once, never takes a late answer for
//! a new one (after any fault the connection is dropped) and never catches up missed polls.

mod connection;
mod slave;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, counter, gauge};
use sensors::city::City;
use sensors::line::{Line, ModbusLine, Protocol};
use sensors::time::Span;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_modbus::ExceptionCode;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::event::Event;

use self::connection::{Answer, Connection, Fault, refusal};
use self::slave::Slave;
use super::backoff::Backoff;
use super::post::{Post, WriterGone};

/// The first wait before a new connection; real time.
const RECONNECT_FIRST: Duration = Duration::from_millis(200);
/// Between the first questions to two neighbours, so that a start is no burst.
const STAGGER_MAX: Duration = Duration::from_millis(100);
/// A dead device may take one part in so many of the line's time.
const PAUSE_TIMEOUTS: u32 = 8;
/// Faults in a row, without an answer from anybody, after which a line counts as down even
/// though some of its devices have not been asked yet.
const FAULTS_MAX: usize = 8;

/// Polls the line until it is cancelled or the writer has gone.
pub(super) async fn run(city: Arc<City>, clock: Clock, post: Post, cancel: CancellationToken) {
    let Some(line) = city.lines.get(post.line() as usize) else { return };
    let Protocol::Modbus(modbus) = &line.protocol else { return };
    let mut task = Task::new(clock, line, modbus, post);
    tokio::select! {
        () = cancel.cancelled() => {}
        Err(gone) = task.keep() => tracing::warn!(line = %line.name, "{gone}"),
    }
}

struct Task {
    clock: Clock,
    address: String,
    patience: Duration,
    slaves: Vec<Slave>,
    post: Post,
    backoff: Backoff,
    faults: usize,
    meter: Meter,
}

struct Meter {
    unwell: Gauge,
    connects: Counter,
    faults: Counter,
    refusals: Counter,
    missed: Counter,
}

/// What became of one device's turn.
enum Turn {
    Answered,
    Refused { why: String, code: ExceptionCode },
    Broken(Fault),
}

impl Task {
    fn new(clock: Clock, line: &Line, modbus: &ModbusLine, post: Post) -> Self {
        let label = || line.name.clone();
        let meter = Meter {
            unwell: gauge!("baolu_collect_devices_unwell", "line" => label()),
            connects: counter!("baolu_collect_connects_total", "line" => label()),
            faults: counter!("baolu_collect_line_faults_total", "line" => label()),
            refusals: counter!("baolu_collect_refusals_total", "line" => label()),
            missed: counter!("baolu_collect_polls_missed_total", "line" => label()),
        };
        let reconnect_max = real(modbus.reconnect_max, 1.0);
        let patience = real(modbus.timeout, 1.0);
        let pause_max = real(modbus.reconnect_max, clock.factor()).max(patience * PAUSE_TIMEOUTS);
        let begin = Instant::now();
        let slaves = (0_u32..)
            .zip(&modbus.devices)
            .map(|(n, device)| {
                let interval = real(device.poll_interval, clock.factor());
                let stagger = STAGGER_MAX.min(interval / modbus.devices.len().max(1) as u32);
                Slave::new(device, begin + stagger * n, interval, pause_max)
            })
            .collect();
        Self {
            clock,
            address: line.address.clone(),
            patience,
            slaves,
            post,
            backoff: Backoff::new(&line.name, RECONNECT_FIRST, reconnect_max),
            faults: 0,
            meter,
        }
    }

    async fn keep(&mut self) -> Result<Infallible, WriterGone> {
        loop {
            let mut connection = self.connected().await?;
            let fault = self.polled(&mut connection).await?;
            drop(connection);
            self.meter.faults.increment(1);
            tracing::debug!(line = self.post.name(), %fault, "connection dropped");
            self.faults += 1;
            // The neighbours of a dead device are not made to wait: only a dead line is.
            if self.faults >= FAULTS_MAX || self.slaves.iter().all(Slave::is_silent) {
                self.down(&fault).await?;
                sleep(self.backoff.after_failure()).await;
            }
        }
    }

    async fn connected(&mut self) -> Result<Connection, WriterGone> {
        loop {
            match Connection::open(&self.address, self.patience).await {
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

    /// Asks whoever is due until the connection breaks.
    async fn polled(&mut self, connection: &mut Connection) -> Result<Fault, WriterGone> {
        loop {
            let next = self.slaves.iter().enumerate().min_by_key(|(_, slave)| slave.due);
            let Some((ix, due)) = next.map(|(ix, slave)| (ix, slave.due)) else {
                // A line without devices stays connected and silent.
                std::future::pending::<()>().await;
                continue;
            };
            sleep_until(due).await;
            let mut events = Vec::new();
            let turn = self.turn(ix, connection, &mut events).await;
            let fault = self.told(ix, turn, &mut events);
            let well = self.slaves.iter().filter(|slave| slave.is_well()).count();
            self.meter.unwell.set((self.slaves.len() - well) as f64);
            self.post.send(events).await?;
            if let Some(fault) = fault {
                return Ok(fault);
            }
        }
    }

    async fn turn(&mut self, ix: usize, connection: &mut Connection, events: &mut Vec<Event>) -> Turn {
        let Some(slave) = self.slaves.get(ix) else { return Turn::Answered };
        let mut turn = Turn::Answered;
        for read in &slave.reads {
            match connection.read(slave.unit, read.request).await {
                Ok(Answer::Words(words)) => {
                    events.extend(read.observations(&words, self.clock.now()).map(Event::Observed));
                }
                Ok(Answer::Refused(code)) => {
                    let sensors::register::ReadRequest { table, address, count, .. } = read.request;
                    let why = format!("{table:?} registers {address}+{count} refused: {}", refusal(code));
                    turn = Turn::Refused { why, code };
                    if is_gateways(code) {
                        break;
                    }
                }
                Err(fault) => return Turn::Broken(fault),
            }
        }
        turn
    }

    /// Draws the consequences of a turn; gives the fault that ends the connection.
    fn told(&mut self, ix: usize, turn: Turn, events: &mut Vec<Event>) -> Option<Fault> {
        let now = Instant::now();
        let slave = self.slaves.get_mut(ix)?;
        let place = format!("unit {}", slave.unit);
        let (fault, news) = match turn {
            Turn::Answered => {
                self.meter.missed.increment(slave.answered(now));
                (None, None)
            }
            Turn::Refused { why, code } => {
                self.meter.refusals.increment(1);
                let new = if is_gateways(code) { slave.silent(now, &why) } else { slave.refused(now, &why) };
                (None, new.then_some(why))
            }
            Turn::Broken(fault) if slave.may_retry() => (Some(fault), None),
            Turn::Broken(fault) => {
                let why = fault.to_string();
                let new = slave.silent(now, &why);
                (Some(fault), new.then_some(why))
            }
        };
        if fault.is_none() {
            self.faults = 0;
            self.backoff.worked();
            events.splice(0..0, self.post.up());
        }
        events.extend(news.and_then(|why| self.post.stray(&place, why)));
        fault
    }
}

/// Whether a refusal comes from the gateway because the device is silent.
fn is_gateways(code: ExceptionCode) -> bool {
    matches!(code, ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice)
}

/// A configured span in real time, at least a millisecond.
fn real(span: Span, factor: f64) -> Duration {
    Duration::from_secs_f64((span.ms() as f64 / 1000.0 / factor).max(0.001))
}

//! Modbus TCP: one gateway per line with its devices as slaves.
//!
//! A dead device is a gateway's exception 0x0B, as real gateways say it; a cut line is a closed
//! port. Writing is refused: gauges are read.

use std::collections::BTreeMap;
use std::future::Ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sensors::city::City;
use sensors::line::ModbusLine;
use sensors::parameter::Parameter;
use sensors::reading::Observed;
use sensors::register::{Place, RegisterField, Status, Table};
use sensors::time::{Span, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::Server;
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{PlayError, StormClock};
use crate::chart::Chart;
use crate::schedule::interval_of;

/// Connections that a gateway takes at once; real ones take fewer.
const CONNECTIONS_MAX: usize = 32;
/// Between two tries to have the port back after a cut.
const REBIND_PAUSE: Duration = Duration::from_millis(200);

/// The slaves of a line.
#[derive(Debug)]
pub(super) struct Slaves {
    line: String,
    chart: Arc<Chart>,
    clock: StormClock,
    units: BTreeMap<u8, Unit>,
}

/// A device: what it measures, and its status words, which always say that all is well.
#[derive(Debug, Default)]
struct Unit {
    fields: Vec<Field>,
    statuses: Vec<Status>,
}

#[derive(Debug)]
struct Field {
    registers: RegisterField,
    parameter: Parameter,
    interval: Span,
}

impl Slaves {
    pub(super) fn new(
        city: &City,
        line: &str,
        devices: &ModbusLine,
        chart: &Arc<Chart>,
        clock: StormClock,
    ) -> Self {
        let mut units: BTreeMap<u8, Unit> = BTreeMap::new();
        for device in &devices.devices {
            let known = |field: &RegisterField| {
                Some(Field {
                    parameter: city.sensor(field.sensor)?.id.parameter,
                    interval: interval_of(city, field.sensor),
                    registers: field.clone(),
                })
            };
            let unit = units.entry(device.unit).or_default();
            unit.fields.extend(device.map.fields.iter().filter_map(known));
            unit.statuses.extend(device.map.statuses.iter().cloned());
        }
        Self { line: line.to_owned(), chart: Arc::clone(chart), clock, units }
    }

    fn answer(&self, request: &SlaveRequest<'_>) -> Result<Response, ExceptionCode> {
        let (table, address, count) = match request.request {
            Request::ReadCoils(address, count) => (Table::Coil, address, count),
            Request::ReadDiscreteInputs(address, count) => (Table::Discrete, address, count),
            Request::ReadHoldingRegisters(address, count) => (Table::Holding, address, count),
            Request::ReadInputRegisters(address, count) => (Table::Input, address, count),
            _ => return Err(ExceptionCode::IllegalFunction),
        };
        if !(1..=table.request_max()).contains(&count) {
            return Err(ExceptionCode::IllegalDataValue);
        }
        let unit = self.units.get(&request.slave).ok_or(ExceptionCode::GatewayTargetDevice)?;
        let words = self.words(unit, table, (address, count), self.clock.now())?;
        let bits = || words.iter().map(|word| *word == 1).collect();
        Ok(match table {
            Table::Coil => Response::ReadCoils(bits()),
            Table::Discrete => Response::ReadDiscreteInputs(bits()),
            Table::Holding => Response::ReadHoldingRegisters(words),
            Table::Input => Response::ReadInputRegisters(words),
        })
    }

    fn words(
        &self,
        unit: &Unit,
        table: Table,
        (address, count): (u16, u16),
        now: Timestamp,
    ) -> Result<Vec<u16>, ExceptionCode> {
        let fields = || unit.fields.iter().filter(|field| field.registers.place.table == table);
        let statuses = || unit.statuses.iter().filter(|status| status.place.table == table);
        let places = || fields().map(|f| f.registers.place).chain(statuses().map(|status| status.place));
        let first = places().map(|place| place.address).min();
        let end = places().map(|place| place.end()).max();
        let asked_end = u32::from(address) + u32::from(count);
        match (first, end) {
            (Some(first), Some(end)) if first <= address && asked_end <= end => {}
            (None, _) if table.is_of_bits() => return Err(ExceptionCode::IllegalFunction),
            _ => return Err(ExceptionCode::IllegalDataAddress),
        }
        let mut words = vec![0; usize::from(count)];
        let mut put = |place: Place, shown: Vec<u16>| {
            for (word, at) in shown.into_iter().zip(place.address..) {
                if let Some(there) = at.checked_sub(address).and_then(|n| words.get_mut(usize::from(n))) {
                    // Numbers of a few bits each share a register.
                    *there |= word;
                }
            }
        };
        for status in statuses() {
            put(status.place, status.place.words(status.well().unwrap_or(0)));
        }
        for field in fields() {
            put(field.registers.place, self.shown(field, now)?);
        }
        Ok(words)
    }

    fn shown(&self, field: &Field, now: Timestamp) -> Result<Vec<u16>, ExceptionCode> {
        // A register of a depth keeps the last whole interval; all others show the minute.
        let depth = field.parameter.is_depth_over_interval();
        let step = if depth { field.interval.ms().max(1) } else { 1 };
        let at = Timestamp::from_ms(now.ms() - now.ms().rem_euclid(step));
        let said = self.chart.said(field.registers.sensor, at, field.interval);
        match said.ok_or(ExceptionCode::GatewayTargetDevice)? {
            Observed::Value(value) | Observed::Doubtful(value) => Ok(field.registers.encode(value)),
            Observed::Missing | Observed::Nonsense => {
                field.registers.encode_missing().ok_or(ExceptionCode::ServerDeviceFailure)
            }
        }
    }
}

/// One connection; it holds its place among [`CONNECTIONS_MAX`] as long as it lives.
struct Connection {
    slaves: Arc<Slaves>,
    _place: OwnedSemaphorePermit,
}

impl Service for Connection {
    type Request = SlaveRequest<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        std::future::ready(self.slaves.answer(&request))
    }
}

/// Listens and serves in the background until stopped; gives the address.
pub(super) async fn serve(
    slaves: Slaves,
    address: &str,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<SocketAddr, PlayError> {
    let refused =
        |source| PlayError::Listen { line: slaves.line.clone(), address: address.to_owned(), source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    let stop = stop.clone();
    tasks.spawn(async move {
        let serving = keep_serving(Arc::new(slaves), listener, bound);
        stop.run_until_cancelled(serving).await;
    });
    Ok(bound)
}

/// Serves between the cuts of the line. While it is cut the port is closed.
async fn keep_serving(slaves: Arc<Slaves>, listener: TcpListener, bound: SocketAddr) {
    let mut listener = Some(listener);
    for (from, to) in slaves.chart.cuts(&slaves.line) {
        tokio::select! {
            () = slaves.clock.reaches(from) => {}
            () = serve_on(&slaves, listener.take(), bound) => {}
        }
        slaves.clock.reaches(to).await;
    }
    serve_on(&slaves, listener, bound).await;
}

async fn serve_on(slaves: &Arc<Slaves>, mut listener: Option<TcpListener>, bound: SocketAddr) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let open = match listener.take() {
            Some(open) => Ok(open),
            None => TcpListener::bind(bound).await,
        };
        let ended = match open {
            Ok(open) => accept(slaves, &places, open).await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            tracing::warn!(line = slaves.line, %error, "simulated gateway can't listen; tries again");
        }
        tokio::time::sleep(REBIND_PAUSE).await;
    }
}

async fn accept(slaves: &Arc<Slaves>, places: &Arc<Semaphore>, open: TcpListener) -> std::io::Result<()> {
    let connected = |stream, _from| {
        let place = Arc::clone(places).try_acquire_owned();
        let slaves = Arc::clone(slaves);
        async move {
            // Answers are single small frames: they must not wait for a fuller packet.
            let stream: tokio::net::TcpStream = stream;
            stream.set_nodelay(true)?;
            Ok(place.ok().map(|place| (Connection { slaves, _place: place }, stream)))
        }
    };
    let line = slaves.line.clone();
    let failed = move |error| tracing::debug!(line, %error, "a connection to a simulated gateway broke");
    Server::new(open).serve(&connected, failed).await
}

//! The storm on real wires: Modbus TCP slaves and MQTT publishers, told by the storm's clock.
//!
//! Everything is scheduled at a moment of the storm and waits for it, so that nothing drifts
//! however fast it is played. It draws no number itself: it speaks from the charts.

mod modbus;
mod mqtt;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sensors::city::City;
use sensors::line::Protocol;
use sensors::time::{Span, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chart::{Chart, ChartError, Truth};
use crate::storm::Storm;

/// The storm's clock: the same reckoning as the service's exercise clock.
#[derive(Clone, Copy, Debug)]
pub struct StormClock {
    /// The real moment at which it shows `origin`.
    pub began: Began,
    /// What it showed then.
    pub origin: Timestamp,
    /// How many of its seconds pass in a real one; above 0.
    pub factor: f64,
}

/// The real moment at which a storm begins.
#[derive(Clone, Copy, Debug)]
pub enum Began {
    /// This one.
    At(Instant),
    /// When it is set; until then the clock stands, registers show the first minute, and nothing is
    /// published.
    Held(&'static OnceLock<Instant>),
}

impl Began {
    fn at(self) -> Option<Instant> {
        match self {
            Self::At(began) => Some(began),
            Self::Held(began) => began.get().copied(),
        }
    }
}

/// How often a clock that stands is looked at, real time.
const HELD_PAUSE: Duration = Duration::from_millis(10);

impl StormClock {
    /// What it shows now.
    pub fn now(&self) -> Timestamp {
        let elapsed = self.began.at().map_or(Duration::ZERO, |began| began.elapsed());
        let ms = elapsed.as_secs_f64() * 1000.0 * self.factor;
        self.origin.plus(Span::from_ms(ms as i64))
    }

    /// The real moment at which it shows `at`; not after 30 days, so that "never" can be waited for.
    fn real(&self, began: Instant, at: Timestamp) -> tokio::time::Instant {
        let s = at.since(self.origin).ms().max(0) as f64 / 1000.0 / self.factor;
        (began + Duration::from_secs_f64(s.min(30.0 * 86_400.0))).into()
    }

    /// Waits until it shows `at`.
    pub async fn reaches(&self, at: Timestamp) {
        loop {
            if let Some(began) = self.began.at() {
                return tokio::time::sleep_until(self.real(began, at)).await;
            }
            tokio::time::sleep(HELD_PAUSE).await;
        }
    }
}

/// Where Modbus slaves listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// On a free port of the loopback, told in [`Playing::modbus`].
    AnyPort,
    /// On the address that the city's line names.
    AsConfigured,
}

/// How a storm is to be played.
#[derive(Clone, Debug)]
pub struct Play {
    /// The storm's clock.
    pub clock: StormClock,
    /// Where Modbus slaves listen.
    pub modbus: Listen,
    /// The broker of an MQTT line, by the line's place in the city; a line that is not named here
    /// is reached at its configured address.
    pub mqtt: BTreeMap<usize, SocketAddr>,
}

/// A storm being played. Dropping it stops everything; [`Playing::stop`] also waits for it.
#[derive(Debug)]
pub struct Playing {
    /// The address of every Modbus line, by the line's place in the city.
    pub modbus: Vec<(usize, SocketAddr)>,
    /// What is really there, about every minute of the storm and at most ten times a real second.
    pub truth: watch::Receiver<Truth>,
    /// Set when the storm's file has ended, every message of it is acknowledged by its broker,
    /// and the registers have stood at its end for a poll of the slowest device.
    pub over: CancellationToken,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Why a storm could not be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The storm lacks water for the city.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// A Modbus line could not listen.
    #[error(
        "line {line:?} can't listen on {address}: {source}; free the port or give the line another address"
    )]
    Listen {
        /// The line's name.
        line: String,
        /// Where.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// An MQTT line has no usable address.
    #[error("line {line:?} has the address {address:?}; write host:port")]
    Address {
        /// The line's name.
        line: String,
        /// As configured.
        address: String,
    },
    /// An MQTT client could not be made.
    #[error("line {line:?} can't speak MQTT: {why}")]
    Client {
        /// The line's name.
        line: String,
        /// What the client said.
        why: String,
    },
}

impl Play {
    /// Starts every line of the city.
    ///
    /// # Errors
    /// Says what keeps a line from being played; nothing runs then.
    pub async fn start(self, city: &City, storm: &Storm, seed: u64) -> Result<Playing, PlayError> {
        self.start_drawn(city, Chart::draw(city, storm, seed)?).await
    }

    /// Starts every line of the city from a chart that is drawn already, since drawing takes its time
    /// and the storm's clock does not wait.
    ///
    /// # Errors
    /// Says what keeps a line from being played; nothing runs then.
    pub async fn start_drawn(self, city: &City, chart: Chart) -> Result<Playing, PlayError> {
        let chart = Arc::new(chart);
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let tasks = TaskTracker::new();
        let mut modbus = Vec::new();
        let mut publishing = JoinSet::new();
        let mut slowest = Span::ZERO;
        for (ix, line) in city.lines.iter().enumerate() {
            match &line.protocol {
                Protocol::Modbus(devices) => {
                    let slaves = modbus::Slaves::new(city, &line.name, devices, &chart, self.clock);
                    let address = match self.modbus {
                        Listen::AnyPort => "127.0.0.1:0",
                        Listen::AsConfigured => line.address.as_str(),
                    };
                    let served = modbus::serve(slaves, address, &stop, &tasks).await?;
                    modbus.push((ix, served));
                    slowest = devices.devices.iter().map(|d| d.poll_interval).fold(slowest, Span::max);
                }
                // Nobody listens at a folder: a storm has no files.
                Protocol::Folder(_) => {}
                Protocol::Mqtt(_) => {
                    let publisher = mqtt::Publisher::new(city, &chart, ix, self.mqtt.get(&ix).copied())?;
                    publishing.spawn_on(
                        tasks.track_future(publisher.publish(self.clock, stop.clone())),
                        &tokio::runtime::Handle::current(),
                    );
                }
            }
        }
        let (shown, truth) = watch::channel(chart.truth(self.clock.now()));
        tasks.spawn(show(Arc::clone(&chart), self.clock, shown, stop.clone()));
        let over = CancellationToken::new();
        let end = chart.lasts().1.plus(slowest).plus(Span::from_min(1));
        tasks.spawn(finish(publishing, self.clock, end, over.clone(), stop.clone()));
        tasks.close();
        Ok(Playing { modbus, truth, over, stop: guard.disarm(), tasks })
    }
}

impl Playing {
    /// Stops everything and waits until it has stopped.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn show(chart: Arc<Chart>, clock: StormClock, shown: watch::Sender<Truth>, stop: CancellationToken) {
    let pause = Duration::from_secs_f64((60.0 / clock.factor).max(0.1));
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        let now = clock.now();
        shown.send_replace(chart.truth(now));
        if now > chart.lasts().1 {
            return;
        }
    }
}

async fn finish(
    mut publishing: JoinSet<()>,
    clock: StormClock,
    end: Timestamp,
    over: CancellationToken,
    stop: CancellationToken,
) {
    let all = async {
        while publishing.join_next().await.is_some() {}
        clock.reaches(end).await;
    };
    if stop.run_until_cancelled(all).await.is_some() {
        over.cancel();
    }
}

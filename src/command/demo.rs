//! `baolu demo`: a storm over the city on real wires, in one process, to be watched.
//!
//! The service in it is the one of `serve`, to the letter: the gauges speak Modbus and MQTT to
//! it, and the phones are reached over HTTP.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use simulator::chart::Chart;
use simulator::phone::{Phones, Push};
use simulator::storm::Storm;
use simulator::wire::{Began, Listen, Play, Playing, StormClock};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::command::broker;
use crate::command::cli::{DemoArgs, Failure, Language};
use crate::command::event_line::{EventLines, Summary};
use crate::command::serve::asked_to_stop;
use crate::command::show::Show;
use crate::command::simulate;
use crate::event::LineState;
use crate::notify::channel::{self, Channels};
use crate::serve::metric;
use crate::service::{self, Running, Setup};
use crate::watch::feed::Committed;
use crate::watch::snapshot::{Plan, Snapshot};

/// Real time within which the service must have reached every line; only then the storm begins.
const CONNECT_MAX: Duration = Duration::from_mins(1);
/// When the storm of this process begins.
static BEGAN: OnceLock<Instant> = OnceLock::new();
/// Real time without a bulletin or a push after which everything has been told.
const CALM: Duration = Duration::from_millis(250);
/// Real time after the storm's end within which everything must have been told.
const DRAIN_MAX: Duration = Duration::from_mins(2);

/// Runs it.
///
/// # Errors
/// When the storm or the configuration is wrong, or a socket, the broker or the store can't be had.
pub async fn run(args: DemoArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let storm = simulate::named(&args.storm)?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::Running(format!("--listen {}: {error}; free the port or name another one", args.listen))
    })?;
    let folder = Folder::new(args.data.clone())?;
    let stage = Stage::set(&args, &storm, listener, folder.path.clone()).await?;
    let Stage { plan, mut running, playing, mut phones } = stage;
    let mut commits = running.feed.subscribe();
    connected(&running).await?;
    let _set_once = BEGAN.set(Instant::now());
    let lines = EventLines::new(&plan, args.output);
    let mut show = Show::new(&plan.city, lines, args.output);
    if !args.output.json {
        show.line(&format!("{}: http://{}/api/v1/stations", storm.about(), running.address));
    }
    let mut count = Summary::default();
    let told =
        watch(&args, &playing, &mut phones, &mut commits, &mut running, &mut show, &lines, &mut count).await;
    show.end();
    playing.stop().await;
    let stopped = running.stop().await.map_err(|error| Failure::Running(error.to_string()));
    count.seconds = began.elapsed().as_secs_f64();
    println!("{}", lines.summary(&count));
    told.and(stopped)
}

/// Everything that plays.
struct Stage {
    plan: Arc<Plan>,
    running: Running,
    playing: Playing,
    phones: Phones,
}

impl Stage {
    async fn set(
        args: &DemoArgs,
        storm: &Storm,
        listener: TcpListener,
        data: PathBuf,
    ) -> Result<Self, Failure> {
        let failed = |error: &dyn std::error::Error| Failure::Running(error.to_string());
        let mut plan = Plan::begin(args.config.config.as_deref(), &data, None).map_err(|e| failed(&e))?;
        let seed = args.seed.unwrap_or(storm.seed());
        let chart = Chart::draw(&plan.city, storm, seed).map_err(|error| failed(&error))?;
        let factor = f64::from(args.speed);
        let clock = Clock::exercise_held(&BEGAN, storm.begins(), factor);
        let storm_clock = StormClock { began: Began::Held(&BEGAN), origin: storm.begins(), factor };
        let broker = tokio::task::spawn_blocking(broker::start)
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?;
        let lines = plan.city.lines.len();
        let play = Play {
            clock: storm_clock,
            modbus: Listen::AnyPort,
            mqtt: (0..lines).map(|line| (line, broker)).collect::<BTreeMap<_, _>>(),
        };
        let playing = play.start_drawn(&plan.city, chart).await.map_err(|error| failed(&error))?;
        reach(&mut plan, &playing, broker);
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let phones = simulate::phones(anywhere, &plan.city, Arc::new(move || clock.now())).await?;
        plan.receivers =
            plan.receivers.with_fcm(&phones.endpoint(), phones.project(), &phones.service_account_json());
        let env = |name: &str| std::env::var(name).ok();
        let setup = channel::Setup { city: &plan.city.slug, exercise: true, env: &env, roots: Vec::new() };
        let channels = Channels::open(&plan.receivers, &setup).map_err(|error| failed(&error))?;
        let plan = Arc::new(plan);
        let running = service::start(Setup {
            plan: Arc::clone(&plan),
            clock,
            data,
            listener,
            channels: Arc::new(channels),
            metrics: metric::install().map_err(|error| failed(&error))?,
            heartbeat: None,
        });
        Ok(Self { plan, running: running.map_err(|error| failed(&error))?, playing, phones })
    }
}

/// Waits until the service has reached every line, so that no minute of the storm passes unheard.
async fn connected(running: &Running) -> Result<(), Failure> {
    let mut snapshots = running.snapshots.clone();
    let missing = |snapshot: &Snapshot| -> Vec<String> {
        let lines = snapshot.state.plan.city.lines.iter().zip(&snapshot.state.lines);
        let down = lines.filter(|(_, state)| !matches!(state, Some((_, LineState::Up))));
        down.map(|(line, _)| line.name.clone()).collect()
    };
    let all_up = snapshots.wait_for(|snapshot| missing(snapshot).is_empty());
    if let Ok(Ok(_)) = tokio::time::timeout(CONNECT_MAX, all_up).await {
        return Ok(());
    }
    let missing = missing(&running.snapshots.borrow()).join(", ");
    Err(Failure::Running(format!("the service did not reach {missing} within {} s", CONNECT_MAX.as_secs())))
}

/// Points the city's lines at the gauges that are being played.
fn reach(plan: &mut Plan, playing: &Playing, broker: SocketAddr) {
    for (ix, line) in plan.city.lines.iter_mut().enumerate() {
        let modbus = playing.modbus.iter().find(|(place, _)| *place == ix).map(|(_, address)| *address);
        line.address = modbus.unwrap_or(broker).to_string();
    }
}

/// Shows what happens until the storm is over and told, or somebody interrupts.
#[expect(clippy::too_many_arguments, reason = "the parts of one stage, watched in one loop")]
async fn watch(
    args: &DemoArgs,
    playing: &Playing,
    phones: &mut Phones,
    commits: &mut broadcast::Receiver<Arc<Committed>>,
    running: &mut Running,
    show: &mut Show<'_>,
    lines: &EventLines<'_>,
    count: &mut Summary,
) -> Result<(), Failure> {
    let mut truth = playing.truth.clone();
    let mut over_since: Option<Instant> = None;
    let mut stirred = Instant::now();
    let stop = asked_to_stop();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            ended = running.ended() => return ended.map_err(|error| Failure::Running(error.to_string())),
            committed = commits.recv() => match committed {
                Ok(committed) => {
                    if !committed.commit.bulletins.is_empty() {
                        stirred = Instant::now();
                    }
                    count.count(&committed.commit);
                    // After the storm the simulated gauges say nothing more, which is no news here.
                    if over_since.is_none() || args.until_over {
                        lines.of_commit(&committed.commit).iter().for_each(|line| show.line(line));
                    }
                }
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::error!(missed, "the display is too slow; some events were not shown");
                }
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            },
            Some(push) = phones.shown.recv() => {
                stirred = Instant::now();
                shown(&push, show, count);
            }
            Ok(()) = truth.changed() => show.truth(&truth.borrow_and_update().clone()),
            () = playing.over.cancelled(), if over_since.is_none() => {
                over_since = Some(Instant::now());
                if !args.until_over && !args.output.json {
                    show.line(&farewell(args.output.lang, running));
                }
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        let Some(over_since) = over_since.filter(|_| args.until_over) else { continue };
        let told = running.snapshots.borrow().state.outbox.is_empty();
        if told && stirred.elapsed() > CALM && over_since.elapsed() > CALM {
            return Ok(());
        }
        if over_since.elapsed() > DRAIN_MAX {
            let waiting = running.snapshots.borrow().state.outbox.len();
            return Err(Failure::Running(format!(
                "the storm is over, but {waiting} deliveries have not ended"
            )));
        }
    }
}

fn farewell(lang: Language, running: &Running) -> String {
    let api = format!("http://{}/api/v1/alerts", running.address);
    match lang {
        Language::Vi => format!("Hết trận lũ. Giao diện dữ liệu vẫn mở tại {api}; bấm Ctrl-C để dừng."),
        Language::En => format!("The storm is over. The API stays open at {api}; press Ctrl-C to stop."),
    }
}

fn shown(push: &Push, show: &mut Show<'_>, count: &mut Summary) {
    count.pushes += 1;
    show.push(push);
}

/// The data folder: the one that was named, or a temporary one that goes with the demo.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn new(named: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Ok(Self { path, temporary: false });
        }
        let path = std::env::temp_dir().join(format!("baolu-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path)
            .map_err(|error| Failure::Running(format!("{}: {error}", path.display())))?;
        Ok(Self { path, temporary: true })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, folder = %self.path.display(), "the demo's data could not be removed");
        }
    }
}

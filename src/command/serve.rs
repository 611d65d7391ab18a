//! `baolu serve`: watches the city until it is told to stop.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;

use crate::clock::Clock;
use crate::command::cli::{Failure, OutputArgs, ServeArgs};
use crate::command::event_line::EventLines;
use crate::notify::channel::{self, Channels};
use crate::serve::heartbeat::Heartbeat;
use crate::serve::metric;
use crate::service::{self, ServiceError, Setup};
use crate::watch::feed::Feed;
use crate::watch::snapshot::Plan;

/// Runs it.
///
/// # Errors
/// When the configuration is wrong, a socket or the store can't be had, or the writer is fenced.
pub async fn run(args: ServeArgs) -> Result<(), Failure> {
    let adopt = args.rules_from_folder.as_deref().filter(|name| !name.trim().is_empty());
    let plan = Plan::begin(args.config.config.as_deref(), &args.data, adopt);
    let plan = Arc::new(plan.map_err(|error| {
        if error.is_input() {
            Failure::Input(vec![error.to_string()])
        } else {
            Failure::Running(error.to_string())
        }
    })?);
    let clock = args.clock.unwrap_or_else(Clock::wall);
    admit_zones(&plan, clock, args.accept_approximate_zones.as_deref())?;
    let channels = channels(&plan, clock)?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| Failure::Running(format!("--listen {}: {error}", args.listen)))?;
    let setup = Setup {
        plan: Arc::clone(&plan),
        clock,
        data: args.data,
        listener,
        channels,
        metrics: metric::install().map_err(|error| Failure::Running(error.to_string()))?,
        heartbeat: Heartbeat::from_env().map_err(|error| Failure::Input(vec![error.to_string()]))?,
    };
    let mut running = service::start(setup).map_err(|error| match &error {
        ServiceError::Store(store) if store.is_input() => Failure::Input(vec![error.to_string()]),
        _ => Failure::Running(error.to_string()),
    })?;
    tracing::info!(address = %running.address, city = plan.city.name, exercise = clock.is_exercise(), "watching");
    if args.events {
        tokio::spawn(print_events(running.feed.clone(), Arc::clone(&plan), args.output));
    }
    let ended = tokio::select! {
        ended = running.ended() => Some(ended),
        () = asked_to_stop() => None,
    };
    match ended {
        Some(ended) => ended.map_err(|error| Failure::Running(error.to_string())),
        None => running.stop().await.map_err(|error| Failure::Running(error.to_string())),
    }
}

/// Zones that are only cells around centroids misplace people: nobody real is warned by them
/// unless an officer takes that upon them by name (warning.md 23).
fn admit_zones(plan: &Plan, clock: Clock, accepted_by: Option<&str>) -> Result<(), Failure> {
    if !plan.has_approximate_zones() || plan.receivers.fcm.is_none() || clock.is_exercise() {
        return Ok(());
    }
    let Some(name) = accepted_by.filter(|name| !name.trim().is_empty()) else {
        return Err(Failure::Input(vec![
            "zones.toml: boundary = \"approximate\": such zones misplace about a quarter of the people, and \
             receivers.toml names real phones; import official boundaries, run an exercise with --clock, or \
             take it upon you with --accept-approximate-zones NAME"
                .into(),
        ]));
    };
    tracing::warn!(name, "approximate zones are accepted for real warnings");
    Ok(())
}

fn channels(plan: &Plan, clock: Clock) -> Result<Arc<Channels>, Failure> {
    let env = |name: &str| std::env::var(name).ok();
    let setup =
        channel::Setup { city: &plan.city.slug, exercise: clock.is_exercise(), env: &env, roots: Vec::new() };
    let channels = Channels::open(&plan.receivers, &setup);
    channels.map(Arc::new).map_err(|error| Failure::Input(vec![format!("receivers.toml: {error}")]))
}

async fn print_events(feed: Feed, plan: Arc<Plan>, output: OutputArgs) {
    let mut commits = feed.subscribe();
    let lines = EventLines::new(&plan, output);
    loop {
        match commits.recv().await {
            Ok(committed) => lines.of_commit(&committed.commit).iter().for_each(|line| println!("{line}")),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "standard output is too slow; some events were not printed");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Waits for an interrupt, or on Unix for the signal of a service manager.
pub(crate) async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

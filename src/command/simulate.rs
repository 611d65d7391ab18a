//! `baolu simulate` and `baolu storms`: only the storm, for a service that runs elsewhere.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sensors::city::City;
use sensors::mistake::Mistake;
use simulator::chart::Chart;
use simulator::phone::{self, Phones};
use simulator::storm::{Storm, storms};
use simulator::wire::{Began, Listen, Play, StormClock};

use crate::clock::Clock;
use crate::command::cli::{Failure, SimulateArgs};
use crate::command::serve::asked_to_stop;
use crate::watch::snapshot::Plan;

/// Lists the storms.
///
/// # Errors
/// When standard output is closed.
pub fn list(out: &mut impl Write) -> Result<(), Failure> {
    for storm in storms() {
        writeln!(out, "{:12} {}", storm.name, storm.about)
            .map_err(|error| Failure::Running(format!("standard output: {error}")))?;
    }
    Ok(())
}

/// Plays a storm on the wires that the configuration names, until it is over.
///
/// # Errors
/// When the storm or the configuration is wrong, or a socket can't be had.
pub async fn run(args: SimulateArgs) -> Result<(), Failure> {
    let plan = Plan::load(args.config.config.as_deref())?;
    let storm = named(&args.storm)?;
    let seed = args.seed.unwrap_or(storm.seed());
    // Before the clock starts: drawing takes a while in a debug build.
    let chart = Chart::draw(&plan.city, &storm, seed).map_err(|error| failed(&error))?;
    let (began, really_began) = (Began::At(Instant::now()), Clock::real_now());
    let clock = StormClock { began, origin: storm.begins(), factor: f64::from(args.speed) };
    if let Some(address) = args.phones {
        let phones = phones(address, &plan.city, Arc::new(move || clock.now())).await?;
        let file = service_account_file(&phones)?;
        println!(
            "phones: endpoint {}, project {}, service account {file}",
            phones.endpoint(),
            phones.project()
        );
        tokio::spawn(print_pushes(phones));
    }
    let play = Play { clock, modbus: Listen::AsConfigured, mqtt: BTreeMap::new() };
    let playing = play.start_drawn(&plan.city, chart).await.map_err(|error| failed(&error))?;
    println!("{}: serve with --clock {},{},{really_began}", storm.name(), storm.begins(), args.speed);
    tokio::select! {
        () = playing.over.cancelled() => println!("{} is over", storm.name()),
        () = asked_to_stop() => {}
    }
    playing.stop().await;
    Ok(())
}

fn failed(error: &dyn std::error::Error) -> Failure {
    Failure::Running(error.to_string())
}

/// A storm by its name.
pub(super) fn named(name: &str) -> Result<Storm, Failure> {
    Storm::named(name).map_err(|found| Failure::Input(found.iter().map(Mistake::to_string).collect()))
}

/// One phone for each zone and language, on this machine.
pub(super) async fn phones(address: SocketAddr, city: &City, now: phone::Now) -> Result<Phones, Failure> {
    let zones: Vec<&str> = city.zones.iter().map(|zone| zone.id.as_str()).collect();
    let setup = phone::Setup {
        project: format!("{}-demo", city.slug),
        phones: phone::one_per_zone(&city.slug, &zones, &["vi", "en"], 1),
        now,
        real_now: Arc::new(Clock::real_now),
        token_life: Duration::from_hours(1),
    };
    Phones::start(address, setup).await.map_err(|error| Failure::Running(error.to_string()))
}

/// Writes the stand-in's made-up credential where a service can read it.
fn service_account_file(phones: &Phones) -> Result<String, Failure> {
    let file = std::env::temp_dir().join(format!("baolu-phones-{}.json", phones.addr.port()));
    std::fs::write(&file, phones.service_account_json())
        .map_err(|error| Failure::Running(format!("{}: {error}", file.display())))?;
    Ok(file.display().to_string())
}

async fn print_pushes(mut phones: Phones) {
    while let Some(push) = phones.shown.recv().await {
        println!("{}", push.to_json());
    }
}

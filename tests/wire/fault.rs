//! What goes wrong around a running service, with the real things that go wrong: brokers and
//! gateways that die and come back, nonsense on the wires, a disk that fills up.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::peer::baolu::{City, PATIENCE, Service, baolu, until};
use crate::peer::mosquitto::Mosquitto;
use crate::peer::{free_port, skip};

const ORIGIN: &str = "2025-11-16T12:00:00+07:00";
const KIM_LONG: &str = "hue/kim-long/stage";

/// Huế with its posts on a broker.
fn city_on(broker: &Mosquitto) -> City {
    let city = City::copy();
    city.connect("city-posts", &format!("127.0.0.1:{}", broker.port));
    city
}

/// A service on that city, once it has subscribed.
fn service_on(city: &City) -> Service {
    let service = Service::start(city, &city.beside("data"), &["--clock", &format!("{ORIGIN},1")]);
    until("the subscription", || service.line_is_up("city-posts"));
    service
}

fn publish(broker: &Mosquitto, minute: u32, stage: &str) {
    let line = format!("{{\"time\": \"2025-11-16T11:{minute:02}:00+07:00\", \"value\": {stage}}}");
    broker.publish(KIM_LONG, [line.as_str()]);
}

fn knows(service: &Service, stage: &str) -> bool {
    service.ask("/api/v1/stations/kim-long").contains(&format!("\"value\":{stage},"))
}

#[test]
fn nonsense_from_a_broker_is_kept_as_strays_and_the_next_reading_still_counts() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let city = city_on(&broker);
    let service = service_on(&city);
    let strays_before = service.metric("baolu_strays ", "");
    let large = vec![b'9'; 1 << 20];
    for nonsense in [
        &large[..],
        b"{\"time\": \"2025-11-16T11:00:00+07:00\", \"value\": ",
        b"{\"time\": \"2025-11-16T11:00:00+07:00\", \"value\": NaN}",
        b"{\"time\": \"soon\", \"value\": 1.0}",
        b"\xff\xfe",
        b"",
    ] {
        broker.publish_bytes(KIM_LONG, nonsense, &[]);
    }
    broker.publish_bytes(KIM_LONG, b"{\"value\": 7.0}", &["-r"]);
    broker.publish_bytes("hue/nobody/stage", b"{\"value\": 7.0}", &[]);
    publish(&broker, 10, "0.987");
    until("the reading after the nonsense", || knows(&service, "0.987"));
    until("a stray for each", || service.metric("baolu_strays ", "") >= strays_before + 6);
    assert!(service.line_is_up("city-posts"), "nonsense breaks no line");
    assert!(service.ask("/health/ready").starts_with("HTTP/1.1 200"));
    assert_eq!(service.metric("baolu_alert_level", "stage-kim-long"), 0, "nonsense raises nothing");
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn a_broker_that_goes_away_and_comes_back_is_heard_again_with_what_it_kept() {
    let Some(mut broker) = Mosquitto::start() else { return skip("mosquitto") };
    let city = city_on(&broker);
    let service = service_on(&city);
    publish(&broker, 10, "0.91");
    until("a reading", || knows(&service, "0.91"));
    broker.stop();
    until("a line that is down", || !service.line_is_up("city-posts"));
    assert!(service.ask("/health/ready").contains("city-posts"), "an officer is told which line is down");
    assert!(broker.start_again());
    until("the line that is up again", || service.line_is_up("city-posts"));
    publish(&broker, 20, "0.97");
    until("a reading after the outage", || knows(&service, "0.97"));

    // Away itself while the broker goes on: what the broker kept arrives.
    assert_eq!(service.terminate(), Some(0));
    publish(&broker, 30, "1.03");
    let service = service_on(&city);
    until("what the broker kept", || knows(&service, "1.03"));
    assert_eq!(service.metric("baolu_alert_level", "stage-kim-long"), 1);
    assert_eq!(service.terminate(), Some(0));
}

/// `simulate` in a process of its own; killed when dropped.
struct Storm {
    child: Child,
    /// What to give to `serve --clock`.
    clock: String,
}

impl Storm {
    fn start(city: &City) -> Self {
        let mut child = baolu(&["simulate", "--storm", "drizzle", "--speed", "600", "-c"])
            .arg(city.folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (said, heard) = mpsc::sync_channel(64);
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        let mut clock = None;
        while clock.is_none() {
            let line = heard.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("no clock: {e}"));
            clock = line.split("--clock ").nth(1).map(str::to_owned);
        }
        Self { child, clock: clock.unwrap() }
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn simulate_and_serve_share_a_clock_and_gateways_that_die_are_heard_again() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let city = city_on(&broker);
    let gateways =
        ["gateway-a-luoi", "gateway-nam-dong", "gateway-phu-loc", "gateway-rivers", "gateway-dams"];
    for line in gateways {
        city.connect(line, &format!("127.0.0.1:{}", free_port()));
    }
    let storm = Storm::start(&city);
    let events = ["--clock", storm.clock.as_str()];
    let service = Service::start(&city, &city.beside("data"), &events);
    let heard = |service: &Service| service.metric("baolu_readings_total", "");
    until("every line", || service.ask("/health/ready").contains("\"lines_down\":[]"));
    let before = heard(&service);
    until("readings of both wires", || heard(&service) > before + 300);
    let latest = service.ask("/api/v1/latest");
    assert!(latest.contains("\"quality\":\"good\""), "{latest}");
    assert!(!latest.contains("\"check\":\"time\""), "one clock: nothing comes from the future or the past");

    drop(storm);
    until("gateways that are down", || !gateways.iter().any(|line| service.line_is_up(line)));
    assert!(service.line_is_up("city-posts"), "the broker is still there");
    let storm = Storm::start(&city);
    until("gateways that are up again", || gateways.iter().all(|line| service.line_is_up(line)));
    let before = heard(&service);
    until("readings after the outage", || heard(&service) > before + 10);
    drop(storm);
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn a_full_disk_makes_the_service_unready_and_room_makes_it_ready_again() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let city = city_on(&broker);
    let small = city.beside("small");
    std::fs::create_dir(&small).unwrap();
    // A file system of its own that holds the reserve of 256 MiB and a little more.
    let mount = "mount -t tmpfs -o size=320m none \"$0\" && exec \"$@\"";
    let own = ["--mount", "--map-root-user", "sh", "-c"];
    let tried = Command::new("unshare").args(own).args([mount, small.to_str().unwrap(), "true"]).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        // Not a matter of a package: containers may forbid it. The store's own tests use a quota.
        println!("skipped: this system lets nobody mount a small file system");
        return;
    }
    let mut serve = Command::new("unshare");
    serve.args(own).args([mount, small.to_str().unwrap(), env!("CARGO_BIN_EXE_baolu")]);
    serve.args(["serve", "--listen", "127.0.0.1:0"]).stdin(Stdio::null());
    let service = Service::spawn(serve, &city, &small, &["--clock", &format!("{ORIGIN},1")]);
    until("the subscription", || service.line_is_up("city-posts"));
    publish(&broker, 10, "0.91");
    until("a reading", || knows(&service, "0.91"));

    let seen = Path::new("/proc").join(service.id().to_string()).join("root");
    let ballast = seen.join(small.strip_prefix("/").unwrap()).join("ballast");
    std::fs::write(&ballast, vec![1; 120 << 20]).unwrap();
    publish(&broker, 20, "0.92");
    until("an obstacle", || service.ask("/health/ready").starts_with("HTTP/1.1 503"));
    assert!(service.ask("/health/live").starts_with("HTTP/1.1 200"), "it lives and waits");
    assert!(!knows(&service, "0.92"), "what is not on the disk is not shown");
    std::fs::remove_file(&ballast).unwrap();
    until("room", || service.ask("/health/ready").starts_with("HTTP/1.1 200"));
    until("the reading that waited", || knows(&service, "0.92"));
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn a_stop_while_the_broker_is_gone_does_not_hang() {
    let Some(mut broker) = Mosquitto::start() else { return skip("mosquitto") };
    let city = city_on(&broker);
    let service = service_on(&city);
    broker.stop();
    let began = std::time::Instant::now();
    assert_eq!(service.terminate(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

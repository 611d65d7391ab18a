//! A service that is killed in the middle of a storm, again and again: nothing that a broker was
//! told to forget is lost, no alert is missing or doubled, and every phone shows a warning once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use baolu::clock::Clock;
use baolu::event::{Event, LineState};
use baolu::store::Reader;
use baolu::store::commit::{Commit, Seq};
use baolu::watch::decide::decide;
use baolu::watch::snapshot::{Plan, State};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rumqttc::mqttbytes::QoS;
use rumqttc::{AsyncClient, MqttOptions, PublishOptions};
use sensors::line::Protocol;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::SensorIx;
use sensors::time::Timestamp;
use simulator::offline::offline;
use simulator::phone::{self, Phones};
use simulator::storm::Storm;

use crate::peer::baolu::copy_configuration;
use crate::peer::mosquitto::Mosquitto;
use crate::peer::skip;

/// How often the service is killed.
const KILLS: u32 = 50;
/// Requests that may be out at once on a channel; so many may be repeated after each kill.
const IN_FLIGHT_MAX: u64 = 8;
/// Everything ends within this, or the test fails.
const PATIENCE: Duration = Duration::from_mins(4);

/// A message of the storm with what it says.
struct Message {
    topic: String,
    payload: Vec<u8>,
    observations: Vec<Observation>,
}

/// The messages of the recorded storm's steepest day, in the order of event time.
fn messages(plan: &Plan) -> Vec<Message> {
    let (from, to) = ("2025-11-16T12:00:00+07:00", "2025-11-17T12:00:00+07:00");
    let (from, to) = (Timestamp::parse_rfc3339(from).unwrap(), Timestamp::parse_rfc3339(to).unwrap());
    let storm = Storm::named("2025-11").unwrap();
    let rows = offline(&plan.city, &storm, storm.seed()).unwrap();
    let mqtt = plan.city.lines.iter().find_map(|line| match &line.protocol {
        Protocol::Mqtt(mqtt) => Some(mqtt),
        Protocol::Modbus(_) | Protocol::Folder(_) => None,
    });
    let mut said: BTreeMap<(Timestamp, usize), Vec<Observation>> = BTreeMap::new();
    for row in rows.iter().filter(|row| (from..to).contains(&row.measured_at)) {
        let topic = mqtt.unwrap().subscriptions.iter().position(|s| {
            // What a plain payload measured at is told by its arrival, which differs here.
            s.map.time.is_some() && s.map.fields.iter().any(|field| field.sensor == row.sensor)
        });
        let (Some(topic), Some(value)) = (topic, row.value) else { continue };
        said.entry((row.measured_at, topic)).or_default().push(Observation {
            sensor: row.sensor,
            measured_at: row.measured_at,
            from: row.period.map(|period| row.measured_at.minus(period)),
            arrived_at: row.measured_at,
            value: Observed::Value(value),
        });
    }
    let subscriptions = &mqtt.unwrap().subscriptions;
    let parameter = |ix: SensorIx| plan.city.sensor(ix).map(|sensor| sensor.id.parameter);
    said.into_iter()
        .map(|((_, place), observations)| Message {
            topic: subscriptions[place].topic.clone(),
            payload: subscriptions[place].map.encode(&observations, parameter),
            observations,
        })
        .collect()
}

/// The city of Huế with its broker and phones where they are now.
fn configure(folder: &Path, broker: u16, phones: &Phones) {
    copy_configuration(folder);
    let lines = std::fs::read_to_string(folder.join("hue/lines.toml")).unwrap();
    let lines = lines.replace("127.0.0.1:18830", &format!("127.0.0.1:{broker}"));
    std::fs::write(folder.join("hue/lines.toml"), lines).unwrap();
    std::fs::write(folder.join("account.json"), phones.service_account_json()).unwrap();
    let receivers = std::fs::read_to_string(folder.join("hue/receivers.toml")).unwrap();
    let receivers = receivers.replace("in_flight_max = 64", &format!("in_flight_max = {IN_FLIGHT_MAX}"));
    let fcm = format!(
        "[fcm]\nproject = \"{}\"\nendpoint = \"{}\"\nservice_account_file = \"{}\"\n\n",
        phones.project(),
        phones.endpoint(),
        folder.join("account.json").display()
    );
    std::fs::write(folder.join("hue/receivers.toml"), fcm + &receivers).unwrap();
}

/// The service as a process of its own, killed when dropped.
struct Service(Child);

impl Service {
    fn start(folder: &Path, origin: Timestamp) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_baolu"))
            .args(["serve", "--listen", "127.0.0.1:0", "--clock", &format!("{origin},1")])
            .arg("--config")
            .arg(folder.join("hue"))
            .arg("--data")
            .arg(folder.join("data"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The changes of alerts that this order of readings must make, whatever is killed meanwhile.
fn expected(plan: &Arc<Plan>, messages: &[Message], now: Timestamp) -> Vec<String> {
    let mut state = State::new(Arc::clone(plan), now, true);
    state.wake_at = Some(Timestamp::MAX);
    let mut told = Vec::new();
    for message in messages {
        let events: Vec<Event> = message.observations.iter().map(|o| Event::Observed(*o)).collect();
        let decision = decide(&state, now, &events);
        told.extend(transitions(&decision.commit));
        state = decision.next;
    }
    told.sort();
    told
}

fn transitions(commit: &Commit) -> Vec<String> {
    let line = |t: &rules::alert::Transition| {
        format!("{} {} {} -> {} measured {}", t.rule, t.subject, t.from, t.to, t.measured_at)
    };
    commit.transitions.iter().map(line).collect()
}

async fn until(what: &str, began: Instant, mut holds: impl FnMut() -> bool) {
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn stored(data: &Path, plan: &Plan, messages: &[Message]) -> usize {
    let Ok(reader) = Reader::open_dir(data, 1) else { return 0 };
    let sensors: BTreeSet<SensorIx> =
        messages.iter().flat_map(|m| m.observations.iter().map(|o| o.sensor)).collect();
    let ever = (Timestamp::from_ms(0), Timestamp::MAX);
    let known: BTreeMap<(SensorIx, Timestamp), Option<Value>> = sensors
        .iter()
        .flat_map(|ix| {
            let id = &plan.city.sensor(*ix).unwrap().id;
            let page = reader.series(id, ever, None, None, 10_000).unwrap();
            page.items
                .into_iter()
                .map(|reading| ((*ix, reading.measured_at), reading.value))
                .collect::<Vec<_>>()
        })
        .collect();
    let all = messages.iter().flat_map(|message| &message.observations);
    all.filter(|o| {
        known.get(&(o.sensor, o.measured_at)).is_some_and(|v| v.map(Observed::Value) == Some(o.value))
    })
    .count()
}

fn recorded(reader: &Reader) -> (Vec<String>, usize) {
    let (mut since, mut told, mut bulletins) = (Seq(0), Vec::new(), 0);
    loop {
        let page = reader.changes(since, 1_000).unwrap();
        for change in &page.items {
            since = change.seq;
            bulletins += change.bulletins.len();
            told.extend(change.transitions.iter().map(|t| {
                format!("{} {} {} -> {} measured {}", t.rule, t.subject, t.from, t.to, t.measured_at)
            }));
        }
        if page.next.is_none() {
            break;
        }
    }
    told.sort();
    (told, bulletins)
}

/// Publishes the storm in slices while the service is killed at random moments, each second time not before
/// it made something durable (on a slow machine none would); gives how many of its lives did.
async fn publish_and_kill(stage: &mut Stage, service: Service, messages: &[Message]) -> (Service, u32) {
    let options = MqttOptions::new("storm", ("127.0.0.1", stage.broker.port));
    let (client, mut events) = AsyncClient::builder(options).capacity(64).try_build().unwrap();
    let polling = tokio::spawn(async move { while events.poll().await.is_ok() {} });
    let mut random = ChaCha8Rng::seed_from_u64(20_251_116);
    let (mut service, mut kills, mut published, mut useful, mut newest) = (service, 0, 0, 0, Seq(0));
    let mut next_kill = Instant::now() + Duration::from_millis(300);
    let slice = messages.len() / KILLS as usize;
    while kills < KILLS || published < messages.len() {
        assert!(stage.began.elapsed() < PATIENCE, "{kills} kills took too long");
        if let Some(message) = messages.get(published).filter(|_| published <= (kills as usize + 1) * slice) {
            let options = PublishOptions::new(QoS::AtLeastOnce);
            client.publish(message.topic.clone(), message.payload.clone(), options).await.unwrap();
            published += 1;
        } else {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stage.look();
        if kills < KILLS && Instant::now() >= next_kill {
            let durable =
                || Reader::open_dir(&stage.data(), 1).and_then(|r| r.newest()).map_or(newest, |n| n.0);
            if kills % 2 == 0 && next_kill.elapsed() < Duration::from_secs(5) && durable() == newest {
                continue;
            }
            drop(service);
            let seq = durable();
            useful += u32::from(seq > newest);
            newest = seq;
            service = Service::start(stage.folder.path(), stage.now);
            kills += 1;
            next_kill = Instant::now() + Duration::from_millis(100 + u64::from(random.next_u32() % 500));
        }
    }
    until("the last acknowledgement", stage.began, || stored(&stage.data(), &stage.plan, messages) > 0).await;
    stage.polling = Some(polling);
    (service, useful)
}

/// Everything that survives the service.
struct Stage {
    broker: Mosquitto,
    phones: Phones,
    folder: tempfile::TempDir,
    plan: Arc<Plan>,
    now: Timestamp,
    began: Instant,
    shown: Vec<phone::Push>,
    polling: Option<tokio::task::JoinHandle<()>>,
}

impl Stage {
    async fn set() -> Option<Self> {
        let broker = Mosquitto::start()?;
        let plan = Arc::new(Plan::load(None).unwrap());
        let now = Timestamp::parse_rfc3339("2025-11-17T12:00:00+07:00").unwrap();
        let zones: Vec<&str> = plan.city.zones.iter().map(|zone| zone.id.as_str()).collect();
        let setup = phone::Setup {
            project: "restart".into(),
            phones: phone::one_per_zone("hue", &zones, &["vi", "en"], 1),
            now: Arc::new(move || now),
            real_now: Arc::new(Clock::real_now),
            token_life: Duration::from_hours(1),
        };
        let phones = Phones::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), setup).await.unwrap();
        // Slow answers: whoever is killed has requests in flight.
        phones.play(&phone::Trouble::Hang(Duration::from_millis(150)), 400);
        let folder = tempfile::tempdir().unwrap();
        configure(folder.path(), broker.port, &phones);
        let began = Instant::now();
        Some(Self { broker, phones, folder, plan, now, began, shown: Vec::new(), polling: None })
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Takes note of what the phones have shown meanwhile.
    fn look(&mut self) {
        while let Ok(push) = self.phones.shown.try_recv() {
            self.shown.push(push);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_in_a_storm_lose_nothing_and_ring_nobody_twice() {
    let Some(mut stage) = Stage::set().await else { return skip("mosquitto") };
    let (plan, data, began) = (Arc::clone(&stage.plan), stage.data(), stage.began);
    let messages = messages(&plan);
    let expected = expected(&plan, &messages, stage.now);
    assert!(expected.iter().any(|line| line.contains("-> bd3 ")), "the storm is worth it: {expected:#?}");

    // The broker keeps for us from the first subscription on; nothing is published before it.
    let service = Service::start(stage.folder.path(), stage.now);
    until("the first subscription", began, || {
        let up = Reader::open_dir(&data, 1).and_then(|reader| reader.changes(Seq(0), 100));
        up.is_ok_and(|page| page.items.iter().flat_map(|c| &c.lines).any(|l| l.state == LineState::Up))
    })
    .await;
    let (service, useful) = publish_and_kill(&mut stage, service, &messages).await;

    let all = messages.iter().map(|message| message.observations.len()).sum::<usize>();
    until("every reading in the store", began, || stored(&data, &plan, &messages) == all).await;
    until("an empty outbox", began, || {
        stage.look();
        Reader::open_dir(&data, 1).is_ok_and(|r| r.waiting_deliveries().is_ok_and(|waiting| waiting == 0))
    })
    .await;
    drop(service);
    stage.look();

    let reader = Reader::open_dir(&data, 1).unwrap();
    reader.verify_ledger().unwrap();
    let (told, bulletins) = recorded(&reader);
    assert_eq!(told, expected, "each change of an alert happened once");
    assert!(bulletins > 0 && useful >= KILLS / 4, "{useful} lives did something");
    let by_delivery = stage.phones.by_delivery();
    let repeats: u64 = by_delivery.values().map(|times| u64::from(*times) - 1).sum();
    assert!(repeats <= u64::from(KILLS) * IN_FLIGHT_MAX, "{repeats} repeats");
    let once: BTreeSet<_> = stage.shown.iter().map(|p| (&p.zone, &p.lang, &p.delivery)).collect();
    assert_eq!(once.len(), stage.shown.len(), "nothing is shown twice");
    assert_eq!(once.len(), by_delivery.len(), "every delivery was shown");
    println!(
        "{KILLS} kills in {useful} useful lives, {all} readings, {} changes of alerts, {} pushes, {repeats} repeats",
        told.len(),
        stage.shown.len()
    );
}

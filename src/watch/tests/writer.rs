//! The writer on a real disk and the wall clock: nothing is acknowledged before it is kept, and
//! nothing is lost while the disk refuses.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::{Deadline, SensorIx};
use sensors::time::{Span, Timestamp};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::rig::{Book, hue, sensor};
use crate::clock::Clock;
use crate::event::{Envelope, Event, Ordered, Receipt};
use crate::order::{Act, Answer, Entry, OfficerId, Order};
use crate::store::commit::Seq;
use crate::store::{DATABASE, Options, Store};
use crate::watch::feed::{FEED_CAPACITY, Feed};
use crate::watch::pulse::Pulse;
use crate::watch::restore::restore;
use crate::watch::snapshot::{Plan, Snapshot};
use crate::watch::writer::{Lanes, Writer, WriterError};

/// Everything ends within this, or the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A writer that runs, with the ends that others hold of it.
struct Desk {
    readings: mpsc::Sender<Envelope>,
    orders: mpsc::Sender<Ordered>,
    _outcomes: mpsc::Sender<Envelope>,
    durable: Arc<watch::Sender<u64>>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    feed: Feed,
    pulse: Arc<Pulse>,
    cancel: CancellationToken,
    running: JoinHandle<Result<(), WriterError>>,
    ticket: u64,
}

impl Desk {
    fn open(dir: &Path, plan: Arc<Plan>, options: &Options) -> Self {
        let clock = Clock::wall();
        let (store, restored) = Store::open(dir, &plan.city, &plan.version, clock.now(), options).unwrap();
        let snapshot = restore(&store, &restored, plan, clock.now(), false).unwrap();
        let (sender, snapshots) = watch::channel(Arc::new(snapshot));
        let feed: Feed = broadcast::channel(FEED_CAPACITY).0;
        let pulse = Arc::new(Pulse::default());
        let writer = Writer {
            store,
            epoch: restored.epoch,
            clock,
            snapshots: sender,
            feed: feed.clone(),
            pulse: Arc::clone(&pulse),
        };
        let (readings, reading_lane) = mpsc::channel(64);
        let (orders, order_lane) = mpsc::channel(4);
        let (outcomes, outcome_lane) = mpsc::channel(64);
        let cancel = CancellationToken::new();
        let lanes = Lanes { orders: order_lane, outcomes: outcome_lane, readings: reading_lane };
        let running = tokio::spawn(writer.run(lanes, cancel.clone()));
        let durable = Arc::new(watch::Sender::new(0));
        Self {
            readings,
            orders,
            _outcomes: outcomes,
            durable,
            snapshots,
            feed,
            pulse,
            cancel,
            running,
            ticket: 0,
        }
    }

    async fn say(&mut self, events: Vec<Event>) {
        self.ticket += 1;
        let receipt = Receipt { ticket: self.ticket, line: Arc::clone(&self.durable) };
        self.readings.send(Envelope { events, receipt: Some(receipt) }).await.unwrap();
    }

    fn acknowledged(&self) -> u64 {
        *self.durable.borrow()
    }
}

fn roomy() -> Options {
    Options { reserve_bytes: 0, ..Options::default() }
}

/// Many readings of one gauge, each of its own second of the past hours.
fn many(sensor: SensorIx, began: Timestamp, block: i64) -> Vec<Event> {
    let one = |n: i64| {
        let measured_at = began.plus(Span::from_s(block * 500 + n));
        let value = Observed::Value(Value::from_raw(100 + n % 7));
        Event::Observed(Observation { sensor, measured_at, from: None, arrived_at: measured_at, value })
    };
    (0..500).map(one).collect()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn while_the_store_refuses_nothing_is_acknowledged_and_nothing_is_lost_when_it_recovers() {
    let (dir, plan) = (tempfile::tempdir().unwrap(), hue());
    let stage = sensor(&plan, "74647403/stage");
    let began = Clock::real_now().minus(Span::from_h(5));
    drop(Book::open(dir.path(), &plan, Clock::real_now()));
    let pages = std::fs::metadata(dir.path().join(DATABASE)).unwrap().len() / 4096;
    let quota = Options { page_count_max: Some(pages as u32 + 24), ..roomy() };
    let mut desk = Desk::open(dir.path(), Arc::clone(&plan), &quota);
    let mut blocks = 0;
    while desk.pulse.refusal().is_none() {
        assert!(blocks < 30, "it never filled up");
        desk.say(many(stage, began, blocks)).await;
        blocks += 1;
        until("an answer", || desk.acknowledged() == desk.ticket || desk.pulse.refusal().is_some()).await;
    }
    let kept = desk.acknowledged();
    assert!(kept > 0 && kept < desk.ticket, "{kept} of {}", desk.ticket);
    // More arrives meanwhile; it waits with the rest, and the writer still shows its pulse.
    desk.say(many(stage, began, blocks)).await;
    blocks += 1;
    until("another turn", || desk.pulse.quiet_for() < Duration::from_millis(100)).await;
    assert_eq!(desk.acknowledged(), kept);
    assert!(desk.pulse.refusal().unwrap().contains("disk is nearly full"), "{:?}", desk.pulse.refusal());
    // A stop while it refuses ends, and acknowledges nothing.
    desk.cancel.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), desk.running).await.unwrap().unwrap();
    assert!(ended.is_ok());
    assert_eq!(*desk.durable.borrow(), kept);

    // With room again the senders repeat what was not acknowledged: all of it is there, once.
    let mut desk = Desk::open(dir.path(), Arc::clone(&plan), &roomy());
    for block in kept as i64..blocks {
        desk.say(many(stage, began, block)).await;
    }
    until("every receipt", || desk.acknowledged() == desk.ticket).await;
    desk.cancel.cancel();
    desk.running.await.unwrap().unwrap();
    let (book, _) = Book::open(dir.path(), &plan, Clock::real_now());
    assert_eq!(book.store.recent_readings(stage, began).unwrap().len() as i64, blocks * 500);
    book.store.reader(1).unwrap().verify_ledger().unwrap();
}

#[tokio::test]
async fn a_foreign_lock_is_waited_out_and_everything_is_acknowledged_afterwards() {
    let (dir, plan) = (tempfile::tempdir().unwrap(), hue());
    let stage = sensor(&plan, "kim-long/stage");
    let mut desk = Desk::open(dir.path(), Arc::clone(&plan), &roomy());
    let foreign = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Clock::real_now().minus(Span::from_h(1));
    let pulse = Arc::clone(&desk.pulse);
    desk.say(many(stage, began, 0)).await;
    // The writer blocks this one thread for its patience with the lock.
    until("a refusal", || pulse.refusal().is_some()).await;
    desk.say(many(stage, began, 1)).await;
    assert_eq!(desk.acknowledged(), 0);
    foreign.execute_batch("ROLLBACK").unwrap();
    until("every receipt", || desk.acknowledged() == 2).await;
    assert_eq!(pulse.refusal(), None, "it recovered by itself");
    assert_eq!(desk.snapshots.borrow().seq, Seq(1), "both went in one commit");
    desk.cancel.cancel();
    desk.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_writer_that_is_fenced_ends_and_says_why() {
    let (dir, plan) = (tempfile::tempdir().unwrap(), hue());
    let mut desk = Desk::open(dir.path(), Arc::clone(&plan), &roomy());
    let over = Options { take_over: true, ..roomy() };
    let other = Store::open(dir.path(), &plan.city, &plan.version, Clock::real_now(), &over).unwrap();
    desk.say(many(sensor(&plan, "kim-long/stage"), Clock::real_now().minus(Span::from_h(1)), 0)).await;
    let ended = tokio::time::timeout(PATIENCE, desk.running).await.unwrap().unwrap().unwrap_err();
    assert!(ended.to_string().contains("another process has taken over"), "{ended}");
    assert_eq!(*desk.durable.borrow(), 0, "what was not kept was not acknowledged");
    drop(other);
}

#[tokio::test]
async fn rule_05_a_telemetry_alert_comes_within_a_second_of_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = Plan::load(None).unwrap();
    let gauge = sensor(&plan, "kim-long/stage");
    let (interval, jitter, patience) = (Span::from_ms(900), Span::from_ms(100), Span::from_ms(500));
    plan.city.sensors[gauge.at()].deadline = Deadline { interval, jitter, patience };
    let mut desk = Desk::open(dir.path(), Arc::new(plan), &roomy());
    let mut commits = desk.feed.subscribe();
    // Nothing ever arrives before it but one word of the gauge, and afterwards nothing at all.
    let spoke_at = Clock::real_now();
    let value = Observed::Value(Value::from_raw(500));
    let word = Observation { sensor: gauge, measured_at: spoke_at, from: None, arrived_at: spoke_at, value };
    desk.say(vec![Event::Observed(word)]).await;
    let told = async {
        loop {
            let committed = commits.recv().await.unwrap();
            if let Some(transition) = committed.commit.transitions.first() {
                break (transition.rule.to_string(), Clock::real_now());
            }
        }
    };
    let (rule, seen_at) = tokio::time::timeout(PATIENCE, told).await.unwrap();
    let late = seen_at.since(spoke_at).ms() - 1_500;
    assert_eq!(rule, "silent-national");
    assert!((0..1_000).contains(&late), "{late} ms after its deadline");
    desk.cancel.cancel();
    desk.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_order_is_answered_when_it_is_durable_and_goes_before_the_readings_that_wait() {
    let (dir, plan) = (tempfile::tempdir().unwrap(), hue());
    let stage = sensor(&plan, "kim-long/stage");
    let desk = Desk::open(dir.path(), Arc::clone(&plan), &roomy());
    let now = Clock::real_now();
    let entry = Entry { sensor: stage, measured_at: now, from: None, value: Value::from_raw(1_200) };
    let order = Order {
        actor: OfficerId::new("truc-ban"),
        key: "k".into(),
        note: None,
        if_match: None,
        act: Act::Enter(entry),
    };
    let (reply, answer) = oneshot::channel();
    desk.orders.send(Ordered { order: Arc::new(order), reply }).await.unwrap();
    let answer = tokio::time::timeout(PATIENCE, answer).await.unwrap().unwrap();
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    let kept: i64 = rusqlite::Connection::open(dir.path().join(DATABASE))
        .and_then(|c| c.query_row("SELECT count(*) FROM officer_order", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(kept, 1, "it stands in the store when it is answered");
    desk.cancel.cancel();
    desk.running.await.unwrap().unwrap();
}

//! What the tests of pushes stand on: phones, a runner, and a writer that commits or does not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use baolu::clock::Clock;
use baolu::event::{Envelope, Event};
use baolu::notify::backoff::Backoff;
use baolu::notify::breaker::BreakerBounds;
use baolu::notify::channel::{Channels, Setup};
use baolu::notify::delivery::{Delivery, End, Outcome, Target};
use baolu::notify::outbox::delivery_id;
use baolu::notify::receiver::{Bounds, Receivers};
use baolu::notify::runner::{Pending, run};
use rules::bulletin::{BulletinId, Lang};
use rules::hazard::{Hazard, Severity};
use sensors::place::ZoneId;
use simulator::phone::{self, Phones, one_per_zone};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Nothing in these tests takes longer on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) const ZONE: &str = "thuan-hoa";

/// Phones of one ward in two languages, at any port.
pub(super) async fn phones() -> Phones {
    phones_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
}

pub(super) async fn phones_at(addr: SocketAddr) -> Phones {
    let setup = phone::Setup {
        project: "baolu-test".to_owned(),
        phones: one_per_zone("hue", &[ZONE, "phu-vang"], &["vi", "en"], 1),
        now: Arc::new(Clock::real_now),
        real_now: Arc::new(Clock::real_now),
        token_life: Duration::from_hours(1),
    };
    Phones::start(addr, setup).await.unwrap()
}

/// Short pauses, so that a test that waits for one is quick.
pub(super) fn bounds() -> Bounds {
    Bounds {
        tries_max: 8,
        backoff: Backoff { first: Duration::from_millis(20), longest: Duration::from_millis(200) },
        request_timeout: Duration::from_secs(2),
        ..Bounds::default()
    }
}

pub(super) fn receivers(phones: &Phones) -> Receivers {
    let calm = BreakerBounds { failures_max: 100, open_for: Duration::from_millis(200) };
    let default = Receivers { bounds: bounds(), breaker: calm, ..Receivers::default() };
    default.with_fcm(&phones.endpoint(), phones.project(), &phones.service_account_json())
}

pub(super) fn open(receivers: &Receivers) -> Channels {
    let env = |name: &str| (name == "DUTY_SECRET").then(|| "hush-webhook-key".to_owned());
    Channels::open(receivers, &Setup { city: "hue", exercise: false, env: &env, roots: Vec::new() }).unwrap()
}

/// Delivery number `n`: its own bulletin, for the topic of one ward.
pub(super) fn delivery(n: usize) -> Delivery {
    to(n, Target::Topic { severity_max: Severity::new(4).unwrap() })
}

pub(super) fn to(n: usize, target: Target) -> Delivery {
    let (bulletin, zone, lang) = (BulletinId(format!("b-{n}").into()), ZoneId::new(ZONE), Lang("vi".into()));
    Delivery {
        id: delivery_id(&bulletin, Some(&zone), &lang, &target),
        bulletin,
        hazard: Hazard::Flood,
        severity: Severity::new(4).unwrap(),
        zone: Some(zone),
        lang,
        target,
        title: format!("Lũ sông Hương, bản tin {n}"),
        body: "Mực nước tại Kim Long trên báo động 3; rời nơi trũng thấp ngay.".to_owned(),
        at: Clock::real_now(),
    }
}

/// An outbox as a snapshot shows it.
pub(super) struct Outbox(Vec<Arc<Delivery>>);

impl Pending for Outbox {
    fn pending(&self) -> &[Arc<Delivery>] {
        &self.0
    }
}

/// A running runner and its writer.
pub(super) struct Rig {
    outbox: watch::Sender<Arc<Outbox>>,
    envelopes: mpsc::Receiver<Envelope>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Rig {
    /// Starts with what a former life left in the outbox.
    pub(super) fn start(channels: Channels, left: Vec<Delivery>) -> Self {
        let left = left.into_iter().map(Arc::new).collect();
        let (outbox, snapshots) = watch::channel(Arc::new(Outbox(left)));
        let (sender, envelopes) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let running = run(snapshots, sender, Arc::new(channels), Clock::wall(), stop.clone());
        Self { outbox, envelopes, stop, task: tokio::spawn(running) }
    }

    /// Commits one more delivery.
    pub(super) fn intend(&self, delivery: Delivery) {
        self.outbox.send_modify(|outbox| {
            let mut next = outbox.0.clone();
            next.push(Arc::new(delivery));
            *outbox = Arc::new(Outbox(next));
        });
    }

    /// Commits outcomes as the writer does, until `count` deliveries have ended.
    pub(super) async fn ends(&mut self, count: usize) -> Vec<Outcome> {
        let mut ended = Vec::new();
        while ended.len() < count {
            let envelope = tokio::time::timeout(PATIENCE, self.envelopes.recv()).await.expect("an outcome");
            let envelope = envelope.expect("the runner lives");
            for event in envelope.events {
                if let Event::Delivered(outcome) = event {
                    ended.push(outcome);
                }
            }
            self.outbox.send_modify(|outbox| {
                let gone = |d: &Arc<Delivery>| ended.iter().any(|o| o.delivery == d.id);
                *outbox = Arc::new(Outbox(outbox.0.iter().filter(|d| !gone(d)).cloned().collect()));
            });
            envelope.receipt.expect("a receipt").give();
        }
        ended
    }

    /// The end of the only delivery.
    pub(super) async fn end(&mut self) -> Outcome {
        self.ends(1).await.remove(0)
    }

    /// Stops in peace; what was out is still reported.
    pub(super) async fn stop(mut self) -> usize {
        self.stop.cancel();
        let mut reported = 0;
        while let Some(envelope) = self.envelopes.recv().await {
            reported += envelope.events.len();
        }
        self.task.await.unwrap();
        reported
    }

    /// Dies at once, as by SIGKILL: nothing more is sent or reported.
    pub(super) async fn die(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Waits until `met`, without ever sleeping a fixed time and hoping.
pub(super) async fn until(what: &str, met: impl Fn() -> bool) {
    let wait = async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

pub(super) fn failed(outcome: &Outcome) -> &str {
    match &outcome.end {
        End::Failed { why } => why,
        End::Sent => panic!("{} was sent", outcome.delivery.0),
    }
}

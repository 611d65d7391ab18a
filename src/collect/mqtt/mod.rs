//! An MQTT line: they tell, we listen, and acknowledge what is durable.
//!
//! The broker keeps our session. A message is acknowledged after the writer's receipt and never
//! before, so what a crash takes from us the broker sends again. Messages that can't be read are
//! strays: told, made durable, and then acknowledged too, or they would come back for ever.

mod account;
mod cork;
mod hand;
mod link;
mod node;
mod route;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use metrics::{Counter, counter};
use sensors::city::City;
use sensors::line::{MqttLine, Protocol};
use sensors::time::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::event::Envelope;

use self::account::Account;
use self::hand::{BATCH_MAX, Hand};
use self::link::{Incoming, Link, LinkError, Said};
use self::route::{Desk, Routes};
use self::tls::Armour;
use super::backoff::Backoff;
use super::post::{Post, WriterGone};

/// The first and the longest wait before a new connection; real time.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// A connection that held so long counts as a good one.
const SETTLED: Duration = Duration::from_secs(10);
/// How long a stopping line waits for the last receipts.
const DRAIN_MAX: Duration = Duration::from_secs(2);
/// How often nodes that are not born, and the ends of certificates, are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// The least time between two warnings of a certificate that ends.
const WARN_AGAIN: Duration = Duration::from_hours(24);

/// Listens until the line is cancelled or the writer has gone.
pub(super) async fn run(city: Arc<City>, clock: Clock, post: Post, cancel: CancellationToken) {
    let Some(line) = city.lines.get(post.line() as usize) else { return };
    let Protocol::Mqtt(mqtt) = &line.protocol else { return };
    let routes = Routes::new(&city, mqtt, &line.name);
    let received = counter!("baolu_collect_messages_total", "line" => line.name.clone());
    let faults = counter!("baolu_collect_line_faults_total", "line" => line.name.clone());
    let (durable, inbox) = (post.durable(), post.inbox());
    let mut task = Task {
        clock,
        address: &line.address,
        line: mqtt,
        routes,
        post,
        hand: Hand::default(),
        inbox,
        durable,
        received,
        faults,
        warned: None,
    };
    if let Err(gone) = task.keep(&cancel).await {
        tracing::warn!(line = %line.name, "{gone}");
    }
}

struct Task<'a> {
    clock: Clock,
    address: &'a str,
    line: &'a MqttLine,
    routes: Routes<'a>,
    post: Post,
    hand: Hand,
    inbox: mpsc::Sender<Envelope>,
    durable: watch::Receiver<u64>,
    received: Counter,
    faults: Counter,
    /// When the end of a certificate was last told.
    warned: Option<Instant>,
}

/// A connection that stands, and what we say of ourselves on it.
struct Standing {
    link: Link,
    birth: Option<Said>,
    farewell: Option<Said>,
    armour: Option<Armour>,
    born: Timestamp,
    look: Interval,
}

/// How listening ended.
enum End {
    Cancelled(Box<Standing>),
    Lost(LinkError),
}

impl Task<'_> {
    async fn keep(&mut self, cancel: &CancellationToken) -> Result<(), WriterGone> {
        let mut backoff = Backoff::new(self.post.name(), RECONNECT.0, RECONNECT.1);
        loop {
            let opened = tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                opened = self.open() => opened,
            };
            let since = Instant::now();
            let why = match opened {
                Ok(standing) => match self.listen(standing, cancel).await? {
                    End::Cancelled(standing) => return self.drain(*standing).await,
                    End::Lost(error) => error.to_string(),
                },
                Err(why) => why,
            };
            self.faults.increment(1);
            if since.elapsed() >= SETTLED {
                backoff.worked();
            }
            self.hand.forget_acks();
            let event = self.post.down(why);
            self.hand.batch().events.extend(event);
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                sent = self.send_all() => sent?,
            }
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                () = sleep(backoff.after_failure()) => {}
            }
        }
    }

    async fn open(&self) -> Result<Standing, String> {
        let born = Clock::real_now();
        let account = Account::read(self.address, self.line, born).await;
        let Account { settings, birth } = account.map_err(|error| error.to_string())?;
        let link = Link::open(&settings).await.map_err(|error| error.to_string())?;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Standing { link, birth, farewell: settings.will, armour: settings.tls, born, look })
    }

    /// Takes up the session: who we are, what we want to hear.
    fn begin(&mut self, standing: &mut Standing) -> Result<(), LinkError> {
        let session_present = standing.link.session_present();
        if !session_present {
            tracing::info!(line = self.post.name(), "the broker kept no session of ours; a new one begins");
        }
        self.routes.nodes.connected(session_present, standing.born);
        // Also in a kept session: the configuration may have gained topics since.
        standing.link.subscribe(&self.routes.filters())?;
        if let Some(birth) = &standing.birth {
            standing.link.keep(birth)?;
        }
        let event = self.post.up();
        self.hand.batch().events.extend(event);
        Ok(())
    }

    async fn listen(
        &mut self,
        mut standing: Standing,
        cancel: &CancellationToken,
    ) -> Result<End, WriterGone> {
        if let Err(error) = self.begin(&mut standing) {
            return Ok(End::Lost(error));
        }
        let inbox = self.inbox.clone();
        loop {
            let step = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(End::Cancelled(Box::new(standing))),
                changed = self.durable.changed(), if self.hand.owes() => {
                    changed.map_err(|_| WriterGone)?;
                    self.acknowledge(&mut standing.link)
                }
                room = inbox.reserve(), if self.hand.has_full_batch() => {
                    self.send(room.map_err(|_| WriterGone)?);
                    self.acknowledge(&mut standing.link)
                }
                _ = standing.look.tick() => self.look(&mut standing),
                incoming = standing.link.next(), if self.hand.has_room() => {
                    incoming.and_then(|incoming| self.take_all(incoming, &mut standing))
                }
                room = inbox.reserve(), if self.hand.has_unsent() => {
                    self.send(room.map_err(|_| WriterGone)?);
                    self.acknowledge(&mut standing.link)
                }
            };
            if let Err(error) = step {
                return Ok(End::Lost(error));
            }
        }
    }

    /// Looks at what nobody sends a message about.
    fn look(&mut self, standing: &mut Standing) -> Result<(), LinkError> {
        let may_warn = self.warned.is_none_or(|told| told.elapsed() >= WARN_AGAIN);
        if let Some(armour) = &standing.armour {
            let warnings = armour.ends().tell(self.post.name(), Clock::real_now());
            for (whose, warning) in warnings.into_iter().filter(|_| may_warn) {
                tracing::warn!(line = self.post.name(), "{warning}");
                let event = self.post.stray(whose, warning);
                self.hand.batch().events.extend(event);
                self.warned = Some(Instant::now());
            }
        }
        self.routes.nodes.look(self.clock.now());
        self.answer(standing)
    }

    /// Publishes what the nodes are to be asked, and our own state where somebody denied it. Nothing
    /// here waits: it is put beside the acknowledgements, for which room is kept.
    fn answer(&mut self, standing: &mut Standing) -> Result<(), LinkError> {
        for request in self.routes.nodes.requests() {
            standing.link.request(&request)?;
        }
        if self.routes.nodes.was_contested()
            && let Some(birth) = &standing.birth
        {
            standing.link.keep(birth)?;
        }
        Ok(())
    }

    /// Takes what came and whatever else is already here.
    fn take_all(&mut self, first: Incoming, standing: &mut Standing) -> Result<(), LinkError> {
        self.take(first);
        for _ in 1..BATCH_MAX {
            match standing.link.next().now_or_never() {
                Some(incoming) => self.take(incoming?),
                None => break,
            }
        }
        self.answer(standing)
    }

    fn take(&mut self, incoming: Incoming) {
        let batch = self.hand.batch();
        match incoming {
            Incoming::Message(mut message) => {
                self.received.increment(1);
                let ack = message.ack.take();
                let (now, post, events) = (self.clock.now(), &mut self.post, &mut batch.events);
                self.routes.read(&mut Desk { message: &message, now, post, events });
                batch.acks.extend(ack);
            }
            Incoming::Refused(topics) => {
                self.faults.increment(topics.len() as u64);
                for (topic, why) in topics {
                    tracing::warn!(line = self.post.name(), topic, "{why}");
                    batch.events.extend(self.post.stray(&topic, why));
                }
            }
        }
    }

    fn send(&mut self, room: mpsc::Permit<'_, Envelope>) {
        let Some(batch) = self.hand.take_batch() else { return };
        // Strays that were only counted leave nothing to commit; their order among the
        // acknowledgements is kept all the same.
        let ticket = if batch.events.is_empty() {
            self.post.last_ticket()
        } else {
            self.post.fill(room, batch.events)
        };
        self.hand.owe(ticket, batch.acks);
    }

    fn acknowledge(&mut self, link: &mut Link) -> Result<(), LinkError> {
        let durable = *self.durable.borrow_and_update();
        self.hand.due(durable).try_for_each(|ack| link.acknowledge(ack))
    }

    async fn send_all(&mut self) -> Result<(), WriterGone> {
        let inbox = self.inbox.clone();
        while self.hand.has_unsent() {
            let room = inbox.reserve().await.map_err(|_| WriterGone)?;
            self.send(room);
        }
        Ok(())
    }

    /// The service stops: what is in hand goes to the writer and its receipts to the broker;
    /// what still comes is left to the broker.
    async fn drain(&mut self, standing: Standing) -> Result<(), WriterGone> {
        let Standing { mut link, farewell, .. } = standing;
        let deadline = Instant::now() + DRAIN_MAX;
        let inbox = self.inbox.clone();
        while self.hand.has_unsent() || self.hand.owes() {
            let acknowledged = tokio::select! {
                () = sleep_until(deadline) => break,
                changed = self.durable.changed(), if self.hand.owes() => {
                    changed.map_err(|_| WriterGone)?;
                    self.acknowledge(&mut link)
                }
                room = inbox.reserve(), if self.hand.has_unsent() => {
                    self.send(room.map_err(|_| WriterGone)?);
                    self.acknowledge(&mut link)
                }
                incoming = link.next() => incoming.map(drop),
            };
            if acknowledged.is_err() {
                return Ok(());
            }
        }
        link.close(farewell.as_ref()).await;
        Ok(())
    }
}

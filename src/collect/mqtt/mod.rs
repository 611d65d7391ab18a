//! An MQTT 5 line: they tell, we listen, and acknowledge what is durable.
//!
//! The broker keeps our session. A message is acknowledged after the writer's receipt and never
//! before, so what a crash takes from us the broker sends again. Messages that can't be read are
//! strays: told, made durable, and then acknowledged too, or they would come back for ever.

mod cork;
mod hand;
mod link;
mod session;
mod topics;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use metrics::{Counter, counter};
use sensors::city::City;
use sensors::line::{MqttLine, Protocol};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::event::Envelope;

use self::hand::{BATCH_MAX, Hand};
use self::link::{Incoming, Link, LinkError, Settings};
use self::topics::Topics;
use super::backoff::Backoff;
use super::post::{Post, WriterGone};

/// The first and the longest wait before a new connection; real time.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// A connection that held so long counts as a good one.
const SETTLED: Duration = Duration::from_secs(10);
/// How long a stopping line waits for the last receipts.
const DRAIN_MAX: Duration = Duration::from_secs(2);

/// Listens until the line is cancelled or the writer has gone.
pub(super) async fn run(city: Arc<City>, clock: Clock, post: Post, cancel: CancellationToken) {
    let Some(line) = city.lines.get(post.line() as usize) else { return };
    let Protocol::Mqtt(mqtt) = &line.protocol else { return };
    let settings = settings(&line.address, mqtt);
    let topics = Topics::new(&city, mqtt);
    let received = counter!("baolu_collect_messages_total", "line" => line.name.clone());
    let durable = post.durable();
    let inbox = post.inbox();
    let mut task = Task { clock, line: mqtt, topics, post, hand: Hand::default(), inbox, durable, received };
    if let Err(gone) = task.keep(settings, &cancel).await {
        tracing::warn!(line = %line.name, "{gone}");
    }
}

struct Task<'a> {
    clock: Clock,
    line: &'a MqttLine,
    topics: Topics<'a>,
    post: Post,
    hand: Hand,
    inbox: mpsc::Sender<Envelope>,
    durable: watch::Receiver<u64>,
    received: Counter,
}

/// How listening ended.
enum End {
    Cancelled(Link),
    Lost(LinkError),
}

impl Task<'_> {
    async fn keep(
        &mut self,
        settings: Result<Settings, String>,
        cancel: &CancellationToken,
    ) -> Result<(), WriterGone> {
        let settings = match settings {
            Ok(settings) => settings,
            Err(why) => {
                let event = self.post.down(why);
                return self.post.send(event.into_iter().collect()).await;
            }
        };
        let mut backoff = Backoff::new(self.post.name(), RECONNECT.0, RECONNECT.1);
        loop {
            let opened = tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                opened = Link::open(&settings) => opened,
            };
            let since = Instant::now();
            let error = match opened {
                Ok(link) => match self.listen(link, cancel).await? {
                    End::Cancelled(link) => return self.drain(link).await,
                    End::Lost(error) => error,
                },
                Err(error) => error,
            };
            if since.elapsed() >= SETTLED {
                backoff.worked();
            }
            self.hand.forget_acks();
            let event = self.post.down(error.to_string());
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

    async fn listen(&mut self, mut link: Link, cancel: &CancellationToken) -> Result<End, WriterGone> {
        if !link.session_present() {
            tracing::info!(line = self.post.name(), "the broker kept no session of ours; a new one begins");
        }
        // Also in a kept session: the configuration may have gained topics since.
        if let Err(error) = link.subscribe(self.line.subscriptions.iter().map(|s| s.topic.as_str())) {
            return Ok(End::Lost(error));
        }
        let event = self.post.up();
        self.hand.batch().events.extend(event);
        let inbox = self.inbox.clone();
        loop {
            let step = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(End::Cancelled(link)),
                changed = self.durable.changed(), if self.hand.owes() => {
                    changed.map_err(|_| WriterGone)?;
                    self.acknowledge(&link)
                }
                room = inbox.reserve(), if self.hand.has_full_batch() => {
                    self.send(room.map_err(|_| WriterGone)?);
                    self.acknowledge(&link)
                }
                incoming = link.next(), if self.hand.has_room() => {
                    incoming.and_then(|incoming| self.take_all(incoming, &mut link))
                }
                room = inbox.reserve(), if self.hand.has_unsent() => {
                    self.send(room.map_err(|_| WriterGone)?);
                    self.acknowledge(&link)
                }
            };
            if let Err(error) = step {
                return Ok(End::Lost(error));
            }
        }
    }

    /// Takes what came and whatever else is already here.
    fn take_all(&mut self, first: Incoming, link: &mut Link) -> Result<(), LinkError> {
        self.take(first);
        for _ in 1..BATCH_MAX {
            match link.next().now_or_never() {
                Some(incoming) => self.take(incoming?),
                None => break,
            }
        }
        Ok(())
    }

    fn take(&mut self, incoming: Incoming) {
        let batch = self.hand.batch();
        match incoming {
            Incoming::Message(message) => {
                self.received.increment(1);
                self.topics.read(&message, self.clock.now(), &mut self.post, &mut batch.events);
                batch.acks.extend(message.ack);
            }
            Incoming::Refused(topics) => {
                let strays = topics.into_iter().filter_map(|(topic, why)| {
                    self.post.stray(&topic, format!("the broker refused the subscription: {why}"))
                });
                batch.events.extend(strays);
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

    fn acknowledge(&mut self, link: &Link) -> Result<(), LinkError> {
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
    async fn drain(&mut self, mut link: Link) -> Result<(), WriterGone> {
        let deadline = Instant::now() + DRAIN_MAX;
        let inbox = self.inbox.clone();
        while self.hand.has_unsent() || self.hand.owes() {
            let acknowledged = tokio::select! {
                () = sleep_until(deadline) => break,
                changed = self.durable.changed(), if self.hand.owes() => {
                    changed.map_err(|_| WriterGone)?;
                    self.acknowledge(&link)
                }
                room = inbox.reserve(), if self.hand.has_unsent() => {
                    self.send(room.map_err(|_| WriterGone)?);
                    self.acknowledge(&link)
                }
                incoming = link.next() => incoming.map(drop),
            };
            if acknowledged.is_err() {
                return Ok(());
            }
        }
        link.close().await;
        Ok(())
    }
}

fn settings(address: &str, line: &MqttLine) -> Result<Settings, String> {
    let (host, port) = address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host.trim_matches(['[', ']']), port.parse().ok()?)))
        .ok_or_else(|| format!("{address:?} is no address; write host:port"))?;
    let credentials = match &line.user {
        None => None,
        Some(user) => {
            let password = std::env::var(&user.password_env)
                .map_err(|_| format!("the environment variable {} holds no password", user.password_env))?;
            Some((user.name.clone(), password))
        }
    };
    let session_expiry_s = u32::try_from(line.session_expiry.whole_s()).unwrap_or(u32::MAX);
    let client_id = line.client_id.clone();
    Ok(Settings { host: host.to_owned(), port, client_id, session_expiry_s, credentials })
}

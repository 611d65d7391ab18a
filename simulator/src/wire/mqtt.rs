//! MQTT 5: what stations publish, acknowledged (`QoS` 1), in the order of the schedule.
//!
//! Nothing is dropped: a message that the broker did not acknowledge is published again, and the
//! line is done when every one is acknowledged. The task that polls never publishes.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::mqttbytes::QoS;
use rumqttc::{AsyncClient, EventLoop, MqttOptions, PublishNotice, PublishNoticeError, PublishOptions};
use sensors::city::City;
use tokio_util::sync::CancellationToken;

use super::{PlayError, StormClock};
use crate::chart::Chart;
use crate::schedule::{Message, messages};

/// Messages that may wait for their acknowledgement at once.
const UNACKNOWLEDGED_MAX: usize = 128;
/// Between two tries to reach the broker, real time.
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);
/// Requests that one turn of the client takes; its default is slow on small brokers.
const BATCH: usize = 64;

/// The stations of an MQTT line.
pub(super) struct Publisher {
    line: String,
    messages: Vec<Message>,
    client: AsyncClient,
    events: EventLoop,
}

impl Publisher {
    pub(super) fn new(
        city: &City,
        chart: &Arc<Chart>,
        ix: usize,
        broker: Option<SocketAddr>,
    ) -> Result<Self, PlayError> {
        let (line, configured) =
            city.lines.get(ix).map(|l| (l.name.clone(), l.address.clone())).unwrap_or_default();
        let address = broker.map_or(configured, |broker| broker.to_string());
        let host_port = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let Some((host, port)) = host_port else {
            return Err(PlayError::Address { line, address });
        };
        let host: &str = host.trim_start_matches('[').trim_end_matches(']');
        let mut options = MqttOptions::new(format!("simulator-{line}"), (host, port));
        options.set_keep_alive(30).set_max_request_batch(BATCH).set_read_batch_size(BATCH);
        let client = AsyncClient::builder(options).capacity(UNACKNOWLEDGED_MAX).try_build();
        let (client, events) =
            client.map_err(|error| PlayError::Client { line: line.clone(), why: error.to_string() })?;
        Ok(Self { messages: messages(city, chart, ix), line, client, events })
    }

    /// Publishes everything when it is due; ends when the broker has acknowledged it all.
    pub(super) async fn publish(self, clock: StormClock, stop: CancellationToken) {
        let Self { line, messages, client, events } = self;
        let done = stop.child_token();
        let polling = tokio::spawn(done.clone().run_until_cancelled_owned(poll(line, events)));
        let publishing = async {
            let mut waiting = Waiting { client: &client, queue: VecDeque::new() };
            for message in messages {
                clock.reaches(message.at).await;
                waiting.hand_over(message).await;
            }
            waiting.until(0).await;
        };
        stop.run_until_cancelled(publishing).await;
        done.cancel();
        // The poller ends by itself; a panic in it has been told already.
        let _ = polling.await;
    }
}

/// What has been handed to the client and is not acknowledged yet, oldest first.
struct Waiting<'c> {
    client: &'c AsyncClient,
    queue: VecDeque<(Message, PublishNotice)>,
}

impl Waiting<'_> {
    async fn hand_over(&mut self, message: Message) {
        self.until(UNACKNOWLEDGED_MAX - 1).await;
        let notice = self.send(&message).await;
        self.queue.push_back((message, notice));
    }

    /// Waits until at most so many are unacknowledged; what failed is sent again.
    async fn until(&mut self, left: usize) {
        while self.queue.len() > left {
            let Some((message, notice)) = self.queue.pop_front() else { return };
            match notice.wait_async().await {
                Ok(_) => {}
                Err(PublishNoticeError::V5PubAck(reason)) => {
                    // The broker has it and refused it, or nobody listens: saying it again is no use.
                    tracing::warn!(
                        topic = message.topic,
                        ?reason,
                        "the broker took no interest in a message"
                    );
                }
                Err(_) => {
                    let notice = self.send(&message).await;
                    self.queue.push_front((message, notice));
                }
            }
        }
    }

    async fn send(&self, message: &Message) -> PublishNotice {
        loop {
            let options = PublishOptions::new(QoS::AtLeastOnce);
            let sent = self.client.publish_tracked(message.topic.clone(), message.payload.clone(), options);
            match sent.await {
                Ok(notice) => return notice,
                Err(error) => {
                    tracing::warn!(topic = message.topic, %error, "simulated station can't publish; tries again");
                    tokio::time::sleep(RECONNECT_PAUSE).await;
                }
            }
        }
    }
}

async fn poll(line: String, mut events: EventLoop) {
    loop {
        if let Err(error) = events.poll().await {
            tracing::warn!(line, %error, "simulated stations lost their broker; try again");
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
    }
}

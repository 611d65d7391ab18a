//! Collectors: one task owns one line (a gateway, a bus, a broker).
//!
//! A line's task speaks its protocol, gives what it hears a time of arrival and hands it to the
//! writer through one bounded queue. It judges no number, knows no threshold and keeps nothing:
//! what must survive a crash stays with the broker until the writer says that it is durable.

mod backoff;
pub mod cap;
mod folder;
mod modbus;
mod mqtt;
mod post;
mod stray;

use std::collections::BTreeSet;
use std::sync::Arc;

use sensors::city::City;
use sensors::line::Protocol;
use sensors::station::StationIx;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::event::Envelope;

use self::post::Post;

/// The stations that are polled at the pace of a storm; whoever feeds it decides which.
pub type Hurried = watch::Receiver<Arc<BTreeSet<StationIx>>>;

/// Starts one task for each line of the city.
///
/// The tasks end soon after `cancel`, or when the writer has dropped the other end of `inbox`.
/// A full `inbox` holds the lines back; nothing is dropped for it. The writer must take the
/// envelopes of a line in their order and give no receipt past one that it has not committed.
/// Devices of a station in `hurried` are polled at once and then at their `storm_poll_interval`.
pub fn run(
    city: &Arc<City>,
    clock: Clock,
    inbox: &mpsc::Sender<Envelope>,
    hurried: &Hurried,
    cancel: &CancellationToken,
    tracker: &TaskTracker,
) {
    for (ix, line) in (0_u32..).zip(&city.lines) {
        let post = Post::new(ix, &line.name, clock, inbox.clone());
        let (city, cancel) = (Arc::clone(city), cancel.clone());
        match &line.protocol {
            Protocol::Folder(_) => tracker.spawn(folder::run(city, clock, post, cancel)),
            Protocol::Modbus(_) => tracker.spawn(modbus::run(city, clock, post, hurried.clone(), cancel)),
            Protocol::Mqtt(_) => tracker.spawn(mqtt::run(city, clock, post, cancel)),
        };
    }
}

//! What is counted on a Modbus line, by its name. Decides nothing.

use std::time::Duration;

use metrics::{Counter, Gauge, counter, gauge};

use super::connection::Refused;
use super::frame::Cause;

/// The counters of one line.
pub(super) struct Meter {
    /// Devices that do not answer as they should.
    pub(super) unwell: Gauge,
    /// Devices that are tried seldom, for they are silent.
    pub(super) open: Gauge,
    /// Connections made.
    pub(super) connects: Counter,
    /// Questions without a usable answer.
    pub(super) faults: Counter,
    /// Exceptions.
    pub(super) refusals: Counter,
    /// Polls whose time passed.
    pub(super) missed: Counter,
    /// Devices asked again because they had no time.
    pub(super) busy: Counter,
    fruitless: Counter,
    fruitless_ms: Counter,
    frames: Vec<Counter>,
}

impl Meter {
    /// The counters of the line of this name.
    pub(super) fn new(line: &str) -> Self {
        let label = || line.to_owned();
        let frames = Cause::ALL.iter().map(|cause| {
            counter!("baolu_collect_frames_refused_total", "line" => label(), "cause" => cause.label())
        });
        Self {
            unwell: gauge!("baolu_collect_devices_unwell", "line" => label()),
            open: gauge!("baolu_collect_breakers_open", "line" => label()),
            connects: counter!("baolu_collect_connects_total", "line" => label()),
            faults: counter!("baolu_collect_line_faults_total", "line" => label()),
            refusals: counter!("baolu_collect_refusals_total", "line" => label()),
            missed: counter!("baolu_collect_polls_missed_total", "line" => label()),
            busy: counter!("baolu_collect_asked_again_total", "line" => label()),
            fruitless: counter!("baolu_collect_probes_total", "line" => label()),
            fruitless_ms: counter!("baolu_collect_probes_milliseconds_total", "line" => label()),
            frames: frames.collect(),
        }
    }

    /// A silent device was tried in vain.
    pub(super) fn fruitless(&self, took: Duration) {
        self.fruitless.increment(1);
        self.fruitless_ms.increment(took.as_millis() as u64);
    }

    /// What was heard and refused.
    pub(super) fn refused(&self, refused: &Refused) {
        for (counter, count) in self.frames.iter().zip(refused) {
            counter.increment(u64::from(*count));
        }
    }
}

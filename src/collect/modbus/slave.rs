//! One device on a line: when it is asked next, what its registers mean, whether it is well.
//!
//! A dead device is asked ever more seldom, within a bound, so that it never starves its
//! neighbours. Time here is real time: `interval` has already been divided by the clock's factor.

use std::time::Duration;

use sensors::line::ModbusDevice;
use sensors::reading::Observation;
use sensors::register::{ReadRequest, RegisterField, Words};
use sensors::time::Timestamp;
use tokio::time::Instant;

/// A device.
pub(super) struct Slave {
    /// Unit id.
    pub(super) unit: u8,
    /// When it is asked next.
    pub(super) due: Instant,
    /// What is asked, and what the answers mean.
    pub(super) reads: Vec<Read>,
    interval: Duration,
    pause_max: Duration,
    silences: u32,
    retried: bool,
    ailment: Option<String>,
}

/// One request and the numbers in its answer.
#[derive(Clone)]
pub(super) struct Read {
    /// The request.
    pub(super) request: ReadRequest,
    fields: Vec<RegisterField>,
}

impl Slave {
    /// A device that is asked first at `due`.
    pub(super) fn new(device: &ModbusDevice, due: Instant, interval: Duration, pause_max: Duration) -> Self {
        let reads = device.map.requests().into_iter().map(|request| Read::new(device, request)).collect();
        let unit = device.unit;
        Self { unit, due, reads, interval, pause_max, silences: 0, retried: false, ailment: None }
    }

    /// It answered every request: the next question keeps its rhythm. Gives the polls missed.
    pub(super) fn answered(&mut self, now: Instant) -> u64 {
        self.silences = 0;
        self.retried = false;
        self.ailment = None;
        self.keep_rhythm(now)
    }

    /// It refused: it lives, and is asked again in its rhythm. Whether that is news.
    pub(super) fn refused(&mut self, now: Instant, why: &str) -> bool {
        self.silences = 0;
        self.retried = false;
        self.keep_rhythm(now);
        self.ails(why)
    }

    /// Nothing usable came of it: it is asked ever more seldom. Whether that is news.
    pub(super) fn silent(&mut self, now: Instant, why: &str) -> bool {
        let pause = self.interval.saturating_mul(1 << self.silences.min(16));
        self.silences = self.silences.saturating_add(1);
        self.retried = false;
        self.due = now + pause.min(self.pause_max.max(self.interval));
        self.ails(why)
    }

    /// Whether a fault deserves one more try at once, on a new connection: it answered until now,
    /// and many gateways close a connection that is idle between two polls.
    pub(super) fn may_retry(&mut self) -> bool {
        self.silences == 0 && !std::mem::replace(&mut self.retried, true)
    }

    /// Whether nothing usable came of its last turn.
    pub(super) fn is_silent(&self) -> bool {
        self.silences > 0
    }

    /// Whether it answers as it should.
    pub(super) fn is_well(&self) -> bool {
        self.ailment.is_none()
    }

    fn ails(&mut self, why: &str) -> bool {
        let news = self.ailment.as_deref() != Some(why);
        if news {
            self.ailment = Some(why.to_owned());
        }
        news
    }

    /// The next moment of the rhythm after now; what was missed is not caught up.
    fn keep_rhythm(&mut self, now: Instant) -> u64 {
        self.due += self.interval;
        let behind = now.saturating_duration_since(self.due);
        let missed = behind.as_nanos().div_ceil(self.interval.as_nanos().max(1));
        let missed = u32::try_from(missed).unwrap_or(u32::MAX);
        self.due += self.interval.saturating_mul(missed);
        u64::from(missed)
    }
}

impl Read {
    fn new(device: &ModbusDevice, request: ReadRequest) -> Self {
        let fields = device.map.fields.iter().filter(|field| request.offset_of(&field.place).is_some());
        Self { request, fields: fields.cloned().collect() }
    }

    /// What an answer says.
    pub(super) fn observations(&self, words: &[u16], now: Timestamp) -> impl Iterator<Item = Observation> {
        self.fields.iter().filter_map(move |field| {
            let value = field.decode(field.words_of(&self.request, Words::Registers(words))?);
            Some(Observation { sensor: field.sensor, measured_at: now, from: None, arrived_at: now, value })
        })
    }
}

#[cfg(test)]
mod tests {
    use sensors::register::RegisterMap;
    use sensors::station::StationIx;
    use sensors::time::Span;

    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn slave(due: Instant) -> Slave {
        let map = RegisterMap::default();
        let device = ModbusDevice { unit: 1, station: StationIx(0), poll_interval: Span::from_s(10), map };
        Slave::new(&device, due, TEN, Duration::from_mins(1))
    }

    #[tokio::test]
    async fn polls_that_were_missed_are_not_caught_up() {
        let start = Instant::now();
        let mut slave = slave(start);
        assert_eq!(slave.answered(start + Duration::from_millis(20)), 0);
        assert_eq!(slave.due, start + TEN);
        assert_eq!(slave.answered(start + Duration::from_secs(45)), 3);
        assert_eq!(slave.due, start + 5 * TEN);
    }

    #[tokio::test]
    async fn a_dead_device_is_asked_ever_more_seldom_within_a_bound() {
        let now = Instant::now();
        let mut slave = slave(now);
        let pauses: Vec<_> = (0..6)
            .map(|_| {
                slave.silent(now, "silent");
                (slave.due - now).as_secs()
            })
            .collect();
        assert_eq!(pauses, [10, 20, 40, 60, 60, 60]);
        slave.answered(slave.due);
        assert!(slave.is_well());
        slave.silent(now, "silent");
        assert_eq!(slave.due - now, TEN);
    }

    #[tokio::test]
    async fn the_same_ailment_is_news_once() {
        let now = Instant::now();
        let mut slave = slave(now);
        assert!(slave.refused(now, "illegal data address"));
        assert!(!slave.refused(now, "illegal data address"));
        assert!(slave.silent(now, "silent"));
        slave.answered(now);
        assert!(slave.refused(now, "illegal data address"));
    }
}

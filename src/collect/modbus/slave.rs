//! One device on a line: when it is asked next, what its registers mean, whether it is well.
//!
//! A dead device is asked ever more seldom, within a bound, so that it never starves its
//! neighbours. Time here is real time: intervals have already been divided by the clock's factor.

use std::time::Duration;

use sensors::line::ModbusDevice;
use sensors::reading::Observation;
use sensors::register::{Answer, Emptied, Poll, ReadRequest, RegisterMap};
use sensors::station::{SensorIx, StationIx};
use sensors::time::Timestamp;
use tokio::time::Instant;

use super::frame::Question;
use super::kept::Kept;

/// How often a device that has no time is asked again before that is told.
const AGAIN_MAX: u32 = 3;
/// Between two such questions.
const AGAIN_PAUSE: Duration = Duration::from_millis(200);

/// A device.
pub(super) struct Slave {
    /// Unit id.
    pub(super) unit: u8,
    /// Whom it measures for.
    pub(super) station: StationIx,
    /// When it is asked next.
    pub(super) due: Instant,
    /// What is asked, in order.
    pub(super) reads: Vec<Read>,
    /// How long it is left alone between two requests.
    pub(super) pause: Duration,
    /// The question that wakes it, and how long that takes.
    pub(super) wake: Option<(Question, Duration)>,
    map: RegisterMap,
    emptied: Vec<(SensorIx, Emptied)>,
    pace: Pace,
    is_hurried: bool,
    silences: u32,
    is_retried: bool,
    again: u32,
    ailment: Option<String>,
}

/// How often a device is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Between two polls.
    pub(super) usual: Duration,
    /// The same while its station is hurried.
    pub(super) storm: Option<Duration>,
    /// Between two tries while it is silent, at most.
    pub(super) pause_max: Duration,
    /// An answer that was given up may still come for so long.
    pub(super) late_max: Duration,
}

/// One request and what was answered.
pub(super) struct Read {
    /// The request.
    pub(super) request: ReadRequest,
    /// The same as a question.
    pub(super) question: Question,
    /// Its answer in this poll.
    pub(super) kept: Kept,
}

impl Slave {
    /// A device that is asked first at `due`.
    pub(super) fn new(device: &ModbusDevice, due: Instant, pace: Pace) -> Self {
        let reads = device.map.requests().into_iter().map(|request| {
            let ReadRequest { table, address, count, .. } = request;
            let question = Question { unit: device.unit, function: table.function(), address, count };
            Read { request, question, kept: Kept::default() }
        });
        let reads: Vec<Read> = reads.collect();
        let real = |span: sensors::time::Span| Duration::from_millis(u64::try_from(span.ms()).unwrap_or(0));
        let harmless = reads.iter().find(|read| !read.request.destructive).map(|read| read.question);
        let emptied = device.map.fields.iter().filter(|field| field.destructive);
        Self {
            unit: device.unit,
            station: device.station,
            due,
            pause: real(device.pause),
            wake: harmless.zip(device.wake.map(real)),
            emptied: emptied.map(|field| (field.sensor, Emptied::default())).collect(),
            map: device.map.clone(),
            reads,
            pace,
            is_hurried: false,
            silences: 0,
            is_retried: false,
            again: 0,
            ailment: None,
        }
    }

    /// It answered every request: the next question keeps its rhythm. Gives the polls missed.
    pub(super) fn answered(&mut self, now: Instant) -> u64 {
        self.lives();
        self.ailment = None;
        self.keep_rhythm(now)
    }

    /// It refused: it lives, and is asked again in its rhythm. Whether that is news.
    pub(super) fn refused(&mut self, now: Instant, why: &str) -> bool {
        self.lives();
        self.keep_rhythm(now);
        self.ails(why)
    }

    /// It has no time: it is asked again shortly.
    pub(super) fn busy(&mut self, now: Instant) {
        self.lives();
        self.again += 1;
        self.due = now + AGAIN_PAUSE.min(self.interval());
    }

    /// Whether a device that has no time may be asked once more.
    pub(super) const fn may_ask_again(&self) -> bool {
        self.again < AGAIN_MAX
    }

    /// Nothing usable came of it: it is asked ever more seldom. Whether that is news.
    pub(super) fn silent(&mut self, now: Instant, why: &str) -> bool {
        let pause = self.interval().saturating_mul(1 << self.silences.min(16));
        self.silences = self.silences.saturating_add(1);
        self.is_retried = false;
        self.again = 0;
        self.due = now + pause.min(self.pace.pause_max.max(self.interval())).max(self.pace.late_max);
        self.ails(why)
    }

    /// Whether a fault deserves one more try: it answered until now, and many gateways close a
    /// connection that is idle between two polls.
    pub(super) fn may_retry(&mut self) -> bool {
        self.silences == 0 && !std::mem::replace(&mut self.is_retried, true)
    }

    /// That try comes when an answer that was given up can't come any more.
    pub(super) fn retry_late(&mut self, now: Instant) {
        self.due = now + self.pace.late_max;
    }

    /// Whether nothing usable came of its last turn.
    pub(super) const fn is_silent(&self) -> bool {
        self.silences > 0
    }

    /// Whether it answers as it should.
    pub(super) const fn is_well(&self) -> bool {
        self.ailment.is_none()
    }

    /// Its station is hurried, or no more: the next poll comes at once, or in the usual rhythm.
    pub(super) fn hurry(&mut self, hurried: bool, now: Instant) {
        let began = hurried && !self.is_hurried;
        self.is_hurried = hurried;
        if began && self.pace.storm.is_some() && !self.is_silent() && self.again == 0 {
            self.due = self.due.min(now);
        }
    }

    /// What the answers of this poll say so far.
    pub(super) fn poll(&self) -> Poll {
        let answers: Vec<Answer<'_>> =
            self.reads.iter().map(|read| (read.request, read.kept.words())).collect();
        self.map.observe(&answers)
    }

    /// A request that empties registers was sent and no answer came: their depths are unknown.
    pub(super) fn lost(&mut self, request: ReadRequest) {
        let fields = self.map.fields.iter().filter(|field| request.offset_of(&field.place).is_some());
        for field in fields.filter(|field| field.destructive) {
            let known = self.emptied.iter_mut().filter(|(sensor, _)| *sensor == field.sensor);
            known.for_each(|(_, emptied)| emptied.lost());
        }
    }

    /// What a poll says, as of its last answer.
    pub(super) fn observations(&mut self, poll: Poll, now: Timestamp) -> impl Iterator<Item = Observation> {
        poll.said.into_iter().filter_map(move |said| {
            let (mut from, mut value) = (None, said.value);
            if said.emptied {
                let (_, emptied) = self.emptied.iter_mut().find(|(sensor, _)| *sensor == said.sensor)?;
                let (since, depth) = emptied.answered(value, now)?;
                (from, value) = (Some(since), depth);
            }
            Some(Observation { sensor: said.sensor, measured_at: now, from, arrived_at: now, value })
        })
    }

    fn interval(&self) -> Duration {
        self.pace.storm.filter(|_| self.is_hurried).unwrap_or(self.pace.usual)
    }

    fn lives(&mut self) {
        self.silences = 0;
        self.is_retried = false;
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
        self.again = 0;
        let interval = self.interval();
        self.due += interval;
        let behind = now.saturating_duration_since(self.due);
        let missed = behind.as_nanos().div_ceil(interval.as_nanos().max(1));
        let missed = u32::try_from(missed).unwrap_or(u32::MAX);
        self.due += interval.saturating_mul(missed);
        u64::from(missed)
    }
}

#[cfg(test)]
mod tests;

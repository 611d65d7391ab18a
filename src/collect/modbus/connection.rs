//! A question, its answer, nothing else; on a bus also the quiet before and after.
//!
//! It never repeats a question. What was heard and is no answer is counted by its cause. After a
//! [`Fault`] over Modbus TCP the connection must be dropped, for a late answer would come with the
//! next one; on a bus, whoever asked must leave the same unit alone until its answer can't come
//! any more.

use std::mem;
use std::time::Duration;

use sensors::line::Transport;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_modbus::ExceptionCode;

use super::fault::Fault;
use super::frame::{Cause, FRAME_MAX, Framing, Heard, Question, overheard};
use super::kept::Kept;
use super::stream::Stream;

/// Where a line leads and how it is used.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// `host:port`, or the path of a serial port.
    pub(super) address: String,
    /// How its bytes travel.
    pub(super) transport: Transport,
    /// How long an answer may take.
    pub(super) patience: Duration,
    /// How long a new connection is left alone.
    pub(super) settle: Duration,
}

/// What a device said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// All that was asked for; it is kept.
    Whole,
    /// The device, or the gateway for it, refused (MODBUS Application Protocol V1.1b3, section 7).
    Refused(ExceptionCode),
}

/// How often something was heard that is no answer, by cause.
pub(super) type Refused = [u32; Cause::ALL.len()];

/// A way to the devices that is open.
pub(super) struct Connection {
    stream: Stream,
    is_rtu: bool,
    gap: Duration,
    character: Duration,
    patience: Duration,
    transaction: u16,
    passed: Option<u16>,
    heard: [u8; 2 * FRAME_MAX],
    length: usize,
    quiet_since: Instant,
    quiet_needed: Duration,
    spoilt: bool,
    refused: Refused,
}

impl Connection {
    /// Connects, within the route's patience, and lets the device settle.
    pub(super) async fn open(route: &Route) -> Result<Self, Fault> {
        let stream = Stream::open(&route.address, route.transport, route.patience).await?;
        if !route.settle.is_zero() {
            sleep(route.settle).await;
        }
        let gap = Duration::from_micros(u64::from(route.transport.gap_us()));
        let character = match route.transport {
            Transport::Serial(port) => Duration::from_micros(u64::from(port.character_us())),
            Transport::Tcp | Transport::RtuTcp { .. } => Duration::ZERO,
        };
        Ok(Self {
            stream,
            is_rtu: route.transport.is_rtu(),
            gap,
            character,
            patience: route.patience,
            transaction: 0,
            passed: None,
            heard: [0; 2 * FRAME_MAX],
            length: 0,
            quiet_since: Instant::now(),
            quiet_needed: gap,
            spoilt: false,
            refused: Refused::default(),
        })
    }

    /// Asks a unit and takes nothing but its answer.
    pub(super) async fn read(&mut self, question: Question, kept: &mut Kept) -> Result<Answer, Fault> {
        kept.clear();
        let patience = self.patience + self.character * question.travels();
        let answer = self.exchange(question, patience, kept).await;
        self.quiet_since = Instant::now();
        if let Err(Fault::Wrong { cause, .. }) = &answer {
            self.count(*cause);
            self.spoilt = true;
        }
        answer
    }

    /// Asks a device that may be asleep, and gives it time to wake; its answer is of no account.
    pub(super) async fn wake(&mut self, question: Question, within: Duration) -> Result<(), Fault> {
        match self.exchange(question, within, &mut Kept::default()).await {
            Ok(_) => {}
            Err(fault) if fault.leaves_the_bus() => self.passed = Some(self.transaction),
            Err(fault) => return Err(fault),
        }
        self.length = 0;
        self.quiet_since = Instant::now();
        Ok(())
    }

    /// What was heard since the last time and refused; nothing is counted twice.
    pub(super) fn refused(&mut self) -> Option<Refused> {
        let any = self.refused.iter().any(|count| *count > 0);
        any.then(|| mem::take(&mut self.refused))
    }

    async fn exchange(
        &mut self,
        question: Question,
        patience: Duration,
        kept: &mut Kept,
    ) -> Result<Answer, Fault> {
        let unit = question.unit;
        if self.is_rtu {
            self.hush(unit).await?;
        }
        self.transaction = self.transaction.wrapping_add(1);
        let framing = if self.is_rtu {
            Framing::Rtu
        } else {
            Framing::Tcp { transaction: self.transaction, passed: self.passed }
        };
        let (frame, length) = question.frame(framing);
        let asked = async {
            let sent = self.stream.write(frame.get(..length).unwrap_or_default()).await;
            sent.map_err(|_| Fault::Cut { unit })?;
            self.listen(question, framing, kept).await
        };
        match timeout_at(Instant::now() + patience, asked).await {
            Ok(answer) => answer,
            Err(_) if self.length > 0 => Err(Fault::Wrong { unit, cause: Cause::Part }),
            Err(_) => Err(Fault::Silent { unit, ms: patience.as_millis() }),
        }
    }

    async fn listen(
        &mut self,
        question: Question,
        framing: Framing,
        kept: &mut Kept,
    ) -> Result<Answer, Fault> {
        let unit = question.unit;
        loop {
            let heard = self.heard.get(..self.length).unwrap_or_default();
            match question.heard(framing, heard) {
                Heard::Part => self.hear(unit).await?,
                Heard::Answer(data, end) => {
                    kept.fill(question, data);
                    self.pass(end);
                    return Ok(Answer::Whole);
                }
                Heard::Refused(code, end) => {
                    self.pass(end);
                    return Ok(Answer::Refused(ExceptionCode::new(code)));
                }
                Heard::Others(end, cause) => {
                    self.pass(end);
                    self.count(cause);
                }
                Heard::Wrong(cause) => return Err(Fault::Wrong { unit, cause }),
            }
        }
    }

    /// Waits for more bytes.
    async fn hear(&mut self, unit: u8) -> Result<(), Fault> {
        let room = self.heard.get_mut(self.length..).unwrap_or_default();
        if room.is_empty() {
            return Err(Fault::Wrong { unit, cause: Cause::Noise });
        }
        match self.stream.read(room).await {
            Ok(0) | Err(_) => {
                if mem::take(&mut self.length) > 0 {
                    self.count(Cause::Part);
                }
                Err(Fault::Cut { unit })
            }
            Ok(more) => {
                self.length += more;
                Ok(())
            }
        }
    }

    /// Waits until a bus has been quiet for so long that a new frame may begin; what is heard
    /// until then is nobody's answer.
    async fn hush(&mut self, unit: u8) -> Result<(), Fault> {
        let (began, bound) = (Instant::now(), 3 * self.patience + self.gap);
        // The rest of a frame that was refused is no second one.
        let mut cause = None;
        let mut counted = mem::take(&mut self.spoilt);
        loop {
            if self.length > 0 {
                let now = overheard(self.heard.get(..self.length).unwrap_or_default());
                // Somebody will answer that question: what is heard until then is no answer to ours.
                self.quiet_needed = if now == Cause::Request { self.patience } else { self.gap };
                counted &= now != Cause::Request;
                cause = if cause == Some(Cause::Request) { cause } else { Some(now) };
                if began.elapsed() > bound {
                    self.count(now);
                    return Err(Fault::Noisy { ms: began.elapsed().as_millis(), cause: now });
                }
                self.pass(self.length.saturating_sub(FRAME_MAX));
            }
            match timeout_at(self.quiet_since + self.quiet_needed, self.hear(unit)).await {
                Ok(heard) => heard?,
                Err(_) => break,
            }
            self.quiet_since = Instant::now();
        }
        cause.filter(|_| !counted).into_iter().for_each(|cause| self.count(cause));
        self.quiet_needed = self.gap;
        self.length = 0;
        Ok(())
    }

    fn pass(&mut self, end: usize) {
        self.heard.copy_within(end.min(self.length)..self.length, 0);
        self.length = self.length.saturating_sub(end);
    }

    fn count(&mut self, cause: Cause) {
        if let Some(count) = self.refused.get_mut(cause as usize) {
            *count = count.saturating_add(1);
        }
    }
}

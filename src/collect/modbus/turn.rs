//! One device's turn: it is woken, asked for all that its type needs, and asked no more than that.
//!
//! What empties a register is asked last, once, and never of a device that says it is busy.

use sensors::register::{Poll, ReadRequest};
use tokio::time::sleep;
use tokio_modbus::ExceptionCode;

use super::connection::{Answer, Connection};
use super::fault::{Fault, is_busy, is_gateways, refusal};
use super::slave::Slave;

/// What became of it. Values that came before something else went wrong are values.
pub(super) enum Turn {
    /// Every request was answered.
    Answered(Poll),
    /// It has no time now and may be asked again shortly; nothing was lost.
    Busy,
    /// It says that it is not ready, again and again.
    NotReady(Poll),
    /// A request was refused.
    Refused { poll: Poll, why: String, code: ExceptionCode },
    /// The line broke, or nothing usable came.
    Broken { poll: Poll, fault: Fault, is_repeatable: bool },
}

/// Asks a device all that its type needs.
pub(super) async fn take(slave: &mut Slave, connection: &mut Connection) -> Turn {
    slave.reads.iter_mut().for_each(|read| read.kept.clear());
    if let Some((question, within)) = slave.wake
        && let Err(fault) = connection.wake(question, within).await
    {
        return Turn::Broken { poll: Poll::default(), fault, is_repeatable: true };
    }
    let (mut refused, mut emptied) = (None, false);
    for n in 0..slave.reads.len() {
        let may_ask_again = slave.may_ask_again() && !emptied;
        let empties = slave.reads.get(n).is_some_and(|read| read.request.destructive);
        if empties && may_ask_again && slave.poll().busy {
            return Turn::Busy;
        }
        if n > 0 && !slave.pause.is_zero() {
            sleep(slave.pause).await;
        }
        let Some(read) = slave.reads.get_mut(n) else { break };
        let request = read.request;
        emptied |= empties;
        match connection.read(read.question, &mut read.kept).await {
            Ok(Answer::Whole) => {}
            Ok(Answer::Refused(code)) if is_busy(code) && may_ask_again => return Turn::Busy,
            Ok(Answer::Refused(code)) => {
                refused = Some((request, code));
                if is_gateways(code) {
                    slave.lost(request);
                    break;
                }
            }
            Err(fault) => {
                slave.lost(request);
                return Turn::Broken { poll: slave.poll(), fault, is_repeatable: !emptied };
            }
        }
    }
    ended(slave, refused, emptied)
}

fn ended(slave: &Slave, refused: Option<(ReadRequest, ExceptionCode)>, emptied: bool) -> Turn {
    let poll = slave.poll();
    match refused {
        Some((ReadRequest { table, address, count, .. }, code)) => {
            let things = if table.is_of_bits() { "bits" } else { "registers" };
            let why = format!("{table:?} {things} {address}+{count} refused: {}", refusal(code));
            Turn::Refused { poll, why, code }
        }
        None if poll.busy && slave.may_ask_again() && !emptied => Turn::Busy,
        None if poll.busy => Turn::NotReady(poll),
        None => Turn::Answered(poll),
    }
}

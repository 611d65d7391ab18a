//! Our warnings written as CAP 1.2: plain functions from what is said to bytes that never vary.
//!
//! What is written is canonical XML (as exclusive canonicalisation gives it back), so that a digest of
//! the bytes proves the message. Nothing here reads a clock, opens a file or invents a number.

pub mod area;
pub mod feed;
pub mod message;
pub mod out;
pub mod renew;

mod page;

use chrono::SecondsFormat;
use sensors::time::{Span, Timestamp};
use sha2::{Digest, Sha256};

pub use message::{Said, write};
pub use renew::renew;

/// The namespace of CAP 1.2.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// A moment as CAP wants it: whole seconds with an offset, and `-00:00` in place of `Z`.
pub fn moment(at: Timestamp, utc_offset_min: i32) -> String {
    let offset = chrono::FixedOffset::east_opt(utc_offset_min * 60).filter(|_| utc_offset_min != 0);
    let Some(time) = at.to_chrono() else { return String::from("1970-01-01T00:00:00-00:00") };
    match offset {
        Some(offset) => time.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Secs, false),
        None => time.format("%Y-%m-%dT%H:%M:%S-00:00").to_string(),
    }
}

/// The whole second in which a moment lies, since messages know no finer time.
pub fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.ms().div_euclid(1000) * 1000)
}

/// The id of a message: derived from when it is sent and what it says, in letters that stand in any
/// address and file name.
fn identifier(out: &out::Out, sent: Timestamp, exercise: bool, what: &str) -> String {
    let digest = format!("{:.16}", format!("{:x}", Sha256::digest(what)));
    let time = sent.to_chrono().map(|time| time.format("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default();
    let exercise = if exercise { ".exercise" } else { "" };
    format!("{}{exercise}.{time}.{digest}", out.prefix)
}

fn hash(xml: &str) -> [u8; 32] {
    Sha256::digest(xml).into()
}

fn after(at: Timestamp, valid: Span) -> Timestamp {
    second(at.plus(valid))
}

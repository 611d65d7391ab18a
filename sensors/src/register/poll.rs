//! One poll of a device: answers to its requests become what its sensors said.
//!
//! A block that was refused or lost takes no other block's values with it, but a value whose
//! status word is unknown is never taken as good.

use super::RegisterMap;
use super::place::{Place, Words};
use super::request::ReadRequest;
use super::status::{Status, Verdict};
use crate::reading::Observed;
use crate::station::SensorIx;

/// The answer to a request; `None` where the device refused or nothing usable came.
pub type Answer<'a> = (ReadRequest, Option<Words<'a>>);

/// What came of a poll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Poll {
    /// What was said, in the order of the map's fields. A field without an answer says nothing.
    pub said: Vec<Said>,
    /// A ready/busy word says busy: the device should be asked again shortly, and this poll be
    /// dropped. Whoever has asked often enough takes it as it is: what is not ready is missing.
    pub busy: bool,
}

/// What one sensor said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub sensor: SensorIx,
    /// What.
    pub value: Observed,
    /// The register was emptied: its interval is known to [`super::Emptied`].
    pub emptied: bool,
}

impl RegisterMap {
    /// What the answers say. They may come in any order and be fewer than were asked for; an answer of
    /// another length than its request counts as none.
    pub fn observe(&self, answers: &[Answer<'_>]) -> Poll {
        let mut said = Vec::with_capacity(self.fields.len());
        let mut hint = 0;
        for field in &self.fields {
            if let Some(words) = words_at(answers, field.place, &mut hint) {
                let value = field.decode(words);
                said.push(Said { sensor: field.sensor, value, emptied: field.destructive });
            }
        }
        let mut poll = Poll { said, busy: false };
        for status in &self.statuses {
            poll.judge(status, words_at(answers, status.place, &mut hint));
        }
        poll
    }
}

/// The registers of a place among the answers. Fields stand in the order of addresses, so that
/// the search goes on where the last one ended.
fn words_at<'a>(answers: &[Answer<'a>], place: Place, hint: &mut usize) -> Option<Words<'a>> {
    let (before, after) = answers.split_at_checked(*hint)?;
    let first = *hint;
    for (n, (request, words)) in (first..).zip(after).chain((0..).zip(before)) {
        let Some(words) = words.filter(|words| words.len() == usize::from(request.count)) else { continue };
        if let Some(offset) = request.offset_of(&place) {
            *hint = n;
            return words.part(offset, usize::from(place.kind.registers()));
        }
    }
    None
}

impl Poll {
    fn judge(&mut self, status: &Status, words: Option<Words<'_>>) {
        let word = words.and_then(|words| status.place.bits(words));
        for rule in &status.rules {
            let verdict = match word {
                Some(word) if rule.when.holds(word) => rule.then,
                Some(_) => continue,
                None => Verdict::Doubtful,
            };
            self.busy |= verdict == Verdict::Busy;
            for said in self.said.iter_mut().filter(|said| rule.is_of(said.sensor)) {
                said.value = match (verdict, said.value) {
                    (Verdict::Doubtful, Observed::Value(value)) => Observed::Doubtful(value),
                    (Verdict::Doubtful, other) => other,
                    (Verdict::Missing | Verdict::Busy, _) => Observed::Missing,
                };
            }
        }
    }
}

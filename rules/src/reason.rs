//! Whether to send: a reason, computed from what was sent.
//!
//! What an alert was last said to be is taken from the record of bulletins that went out, never
//! from what was meant to go out.

use sensors::place::ZoneId;

use crate::alert::{Subject, Transition};
use crate::bulletin::Act;
use crate::hazard::{Hazard, Severity};
use crate::rule::NONE;

/// What was last sent to people of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The level that the bulletin told of, by its name; `none` when it told that it is over.
    pub level: String,
    /// The severity of that level.
    pub severity: Severity,
    /// The zones that were told in the episode.
    pub zones: Vec<ZoneId>,
}

/// A level that people have been told of and that still stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The subject.
    pub subject: Subject,
    /// The hazard.
    pub hazard: Hazard,
    /// The severity of the level.
    pub severity: Severity,
    /// The zones that were told.
    pub zones: Vec<ZoneId>,
}

/// Why something is sent, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// To be sent, as this act, to these zones.
    Send {
        /// What it does in the episode.
        act: Act,
        /// The zones it goes to; empty only for telemetry.
        zones: Vec<ZoneId>,
    },
    /// Nothing is sent.
    Nothing(Why),
}

/// Why nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The last bulletin told of this level already.
    SaidAlready,
    /// Nobody was told of the level that is over.
    NobodyWasTold,
    /// Only suspect readings say so, and people were told nothing that they could take back.
    NotCorroborated,
    /// A more severe level of the same station and hazard stands in every zone.
    Muted,
}

/// Whether a level that stands mutes another in a zone: only a more severe one of the same
/// station and hazard that the zone was told of. A release is another hazard than a flood, and so
/// neither mutes the other.
pub fn mutes(active: &Standing, candidate: &Transition, zone: &ZoneId) -> bool {
    active.hazard == candidate.hazard
        && active.subject == candidate.subject
        && active.severity > candidate.severity
        && active.zones.contains(zone)
}

/// Decides from what was sent of this episode and what stands of other alerts.
pub fn reason(transition: &Transition, sent: Option<&Sent>, others: &[Standing]) -> Reason {
    if !transition.raised {
        return ease(transition, sent);
    }
    let act = match sent {
        Some(sent) if sent.level == transition.to => return Reason::Nothing(Why::SaidAlready),
        // An officer told of a doubtful level that was higher still.
        Some(sent) if sent.level != NONE && sent.severity > transition.severity => {
            return Reason::Nothing(Why::SaidAlready);
        }
        Some(sent) if sent.level != NONE => Act::Raised,
        _ => Act::Issued,
    };
    let muted = |zone: &ZoneId| others.iter().any(|active| mutes(active, transition, zone));
    let zones: Vec<ZoneId> = transition.zones.iter().filter(|zone| !muted(zone)).cloned().collect();
    if zones.is_empty() && !transition.zones.is_empty() {
        return Reason::Nothing(Why::Muted);
    }
    Reason::Send { act, zones }
}

/// Easing goes to everybody who was told, and to nobody else.
fn ease(transition: &Transition, sent: Option<&Sent>) -> Reason {
    match sent {
        // What only suspect readings raised is taken back from people where an officer told them.
        sent if !transition.corroborated && sent.is_none_or(|sent| sent.level != transition.from) => {
            Reason::Nothing(Why::NotCorroborated)
        }
        None => Reason::Nothing(Why::NobodyWasTold),
        Some(sent) if sent.level == NONE => Reason::Nothing(Why::NobodyWasTold),
        Some(sent) if sent.level == transition.to => Reason::Nothing(Why::SaidAlready),
        // They were told less than what is left: to them nothing has eased.
        Some(sent) if transition.to != NONE && sent.severity < transition.severity => {
            Reason::Nothing(Why::NobodyWasTold)
        }
        Some(sent) => Reason::Send { act: Act::Eased, zones: sent.zones.clone() },
    }
}

#[cfg(test)]
mod tests;

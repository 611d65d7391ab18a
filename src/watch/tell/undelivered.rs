//! Staff are told when the public no longer is: one notice for each channel that fails, until it
//! delivers again. Deliveries to staff themselves and single phones, which die every day, are only
//! counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::AlertId;
use rules::bulletin::compose_undelivered;
use rules::reason::Sent;
use rules::rule::NONE;

use super::{note, publish_to_staff};
use crate::notify::delivery::{Delivery, End, Target};
use crate::watch::decide::Turn;

/// What became of the deliveries of one channel in one decision.
#[derive(Default)]
struct Ends {
    /// The most severe one that failed, and why.
    failed: Option<(Arc<Delivery>, String)>,
    /// Whether the latest one went out.
    works: bool,
}

pub(super) fn tell(turn: &mut Turn) {
    let mut channels: BTreeMap<String, Ends> = BTreeMap::new();
    for (delivery, end) in std::mem::take(&mut turn.ends) {
        let Some(channel) = channel(&delivery) else { continue };
        let ends = channels.entry(channel).or_default();
        ends.works = end == End::Sent;
        let worst = ends.failed.as_ref().map(|(worst, _)| worst.severity);
        if let End::Failed { why } = end
            && worst.is_none_or(|worst| worst < delivery.severity)
        {
            ends.failed = Some((delivery, why));
        }
    }
    for (channel, ends) in channels {
        tell_channel(turn, &channel, &ends);
    }
}

/// The channel to the public that a delivery took.
fn channel(delivery: &Delivery) -> Option<String> {
    match &delivery.target {
        _ if !delivery.hazard.is_public() => None,
        Target::Topic { .. } => Some("fcm".to_owned()),
        Target::Webhook { receiver } => Some(format!("webhook:{receiver}")),
        Target::Token { .. } => None,
    }
}

fn tell_channel(turn: &mut Turn, channel: &str, ends: &Ends) {
    let key = AlertId(format!("channel.{channel}").into());
    let told = turn.next.told.of(&key).map(|sent| sent.severity);
    if let Some((delivery, why)) = &ends.failed
        && told.is_none_or(|told| told < delivery.severity)
    {
        let sent = Sent { level: "failed".to_owned(), severity: delivery.severity, zones: Vec::new() };
        note(turn, &key, sent);
        let (city, phrases, said) =
            (&turn.plan.city, &turn.plan.phrases, (channel, delivery.title.as_str(), why.as_str()));
        let bulletin = compose_undelivered(key.clone(), said, delivery.severity, city, phrases, turn.now);
        publish_to_staff(turn, bulletin);
    }
    if ends.works
        && let Some(sent) = turn.next.told.of(&key).cloned()
    {
        note(turn, &key, Sent { level: NONE.to_owned(), ..sent });
    }
}

//! The end of a warning in an officer's word: the all-clear, and the correction of what was wrong.
//!
//! Both go to everybody who was told in its whole life, in every language that they were told in.

use std::sync::Arc;

use rules::alert::{AlertId, Subject};
use rules::bulletin::{
    Act, Bulletin, BulletinId, Issued, Lack, Word, compose_all_clear, compose_correction, lint,
};
use rules::reason::Sent;
use rules::rule::NONE;
use sensors::place::{BasinId, ZoneId};
use sensors::station::StationId;

use super::life::heard;
use super::out::severity;
use super::{in_order, next_version, zone_ids};
use crate::desk::warning::Warning;
use crate::notify::outbox::intend;
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::tell;

/// Says of a warning that it is over, or was an error. People read `reason`, the paper keeps `why`.
///
/// # Errors
/// Where the reason says what no bulletin may say; nothing is done then.
pub(super) fn close(
    turn: &mut Turn,
    mut warning: Warning,
    act: Act,
    (reason, why): (&str, &str),
    order: &Order,
) -> Result<Done, Refusal> {
    let plan = Arc::clone(&turn.plan);
    let told = warning.told.clone().unwrap_or_default();
    let zones = in_order(&plan, &zone_ids(&told.zones));
    let officer = order.actor.as_str();
    let word = Word { officer, name: super::name_of(turn, officer), reason };
    let last = Last::of(turn, &warning, act);
    let mut bulletin = last.say(turn, &zones, &word);
    let bare = last.say(turn, &zones, &Word { reason: "", ..word });
    let known = lint(&bare, &plan.city, &plan.phrases);
    let brought: Vec<Lack> = lint(&bulletin, &plan.city, &plan.phrases);
    let brought: Vec<String> =
        brought.into_iter().filter(|lack| !known.contains(lack)).map(|lack| lack.to_string()).collect();
    if !brought.is_empty() {
        let why = format!("people read the reason, and with it {}; write it otherwise", brought.join("; "));
        return Err(Refusal::Desk { why });
    }
    bulletin.id = BulletinId(format!("{}.v{}", warning.id, next_version(turn, &warning.id)).into());
    bulletin.texts.retain(|text| told.langs.contains(&text.lang.0.to_string()));
    let mut deliveries = intend(&bulletin, &plan.receivers);
    let mut local: Option<(ZoneId, Bulletin)> = None;
    for delivery in &mut deliveries {
        let Some(zone) = delivery.zone.clone() else { continue };
        if local.as_ref().is_none_or(|(named, _)| *named != zone) {
            local = Some((zone.clone(), last.say(turn, std::slice::from_ref(&zone), &word)));
        }
        let texts = local.iter().flat_map(|(_, said)| &said.texts);
        if let Some(text) = texts.into_iter().find(|text| text.lang == delivery.lang) {
            (delivery.title, delivery.body) = (text.title.clone(), text.body.clone());
        }
    }
    let alert = bulletin.alert.clone();
    if turn.next.told.of(&alert).is_some() {
        let sent = Sent { level: NONE.to_owned(), severity: bulletin.severity, zones: Vec::new() };
        tell::note(turn, &alert, sent);
    }
    tell::publish(turn, bulletin.clone(), deliveries);
    heard(&mut warning, &bulletin, true, turn.now);
    (warning.proposal, warning.doubt, warning.unacknowledged_ms) = (None, None, None);
    warning.step(act.as_str(), Some(officer), turn.now, Some(why.to_owned()));
    Ok(turn.file(|desk| &mut desk.warnings, warning, Some(order)))
}

/// The last word on a warning.
struct Last {
    alert: AlertId,
    words: String,
    subject: Subject,
    level: String,
    warning: Warning,
    act: Act,
}

impl Last {
    fn of(turn: &Turn, warning: &Warning, act: Act) -> Self {
        let rules = &turn.plan.rules;
        let slot = warning.slot.as_deref().and_then(|key| rules.slot(rules.slot_named(key)?));
        Self {
            alert: AlertId(warning.id.as_str().into()),
            words: slot.map_or_else(|| warning.hazard.clone(), |slot| slot.rule.words.clone()),
            subject: slot.map_or_else(|| subject(turn, warning), |slot| slot.subject.clone()),
            level: warning.level.clone(),
            warning: warning.clone(),
            act,
        }
    }

    fn say(&self, turn: &Turn, zones: &[ZoneId], word: &Word<'_>) -> Bulletin {
        let worst = self.warning.told.as_ref().map_or(self.warning.severity, |told| told.severity_max);
        let issued = Issued {
            alert: &self.alert,
            hazard: self.warning.hazard(),
            words: &self.words,
            subject: &self.subject,
            zones,
            level: &self.level,
            severity: self.warning.severity(),
            severity_max: severity(worst),
        };
        let (plan, now, exercise) = (&turn.plan, turn.now, turn.next.exercise);
        let compose = if self.act == Act::AllClear { compose_all_clear } else { compose_correction };
        compose(&issued, word, &plan.city, &plan.phrases, now, exercise)
    }
}

/// What a warning is about that no rule of today made: the dam of its order, the storm or the number of
/// its bulletin, the place of the rule that is no more; else the city.
fn subject(turn: &Turn, warning: &Warning) -> Subject {
    let desk = &turn.next.desk;
    if let Some((_, place)) = warning.slot.as_deref().and_then(|key| key.split_once('.')) {
        return match place.strip_prefix("basin:") {
            Some(basin) => Subject::Basin(BasinId::new(basin)),
            None => Subject::Station(StationId::new(place)),
        };
    }
    if let Some(order) = desk.release_orders.find(&warning.id) {
        return Subject::Station(StationId::new(&order.record.order.dam));
    }
    let typed = desk.typed.find(&warning.id).map(|filed| &filed.record.fields);
    let name = typed.and_then(|fields| {
        let quoted = || Some(format!("{} {}", fields.issuer.as_deref()?, fields.number.as_deref()?));
        fields.storm.clone().or_else(quoted)
    });
    Subject::Line(name.unwrap_or_else(|| turn.plan.city.name.clone()))
}

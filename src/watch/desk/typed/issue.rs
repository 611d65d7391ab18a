//! How what was typed reaches people: proposed to the life of warnings under the paper's own id.

use rules::alert::AlertId;
use rules::bulletin::{Act, Author, Bulletin, BulletinId};
use rules::hazard::{Hazard, Severity};
use rules::rule::IssuePolicy;
use rules::typed::{Said, compose_typed};
use sensors::place::ZoneId;

use crate::desk::warning;
use crate::order::{Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::desk::warning as life;

/// A bulletin with its words, without severity and zones.
pub(super) fn blank(turn: &Turn, id: &str, hazard: Hazard, said: &Said) -> Bulletin {
    let plan = &turn.plan;
    let texts = compose_typed(said, &plan.city, &plan.phrases, turn.next.exercise).texts;
    Bulletin {
        id: BulletinId(id.into()),
        alert: AlertId(id.into()),
        hazard,
        act: Act::Issued,
        severity: Severity::MIN,
        severity_max: Severity::MIN,
        zones: Vec::new(),
        at: turn.now,
        automatic: false,
        author: Author::Rule,
        texts,
    }
}

/// Proposes it, or lets it out where one officer is enough.
pub(super) fn propose(
    turn: &mut Turn,
    bulletin: Bulletin,
    level: &str,
    policy: IssuePolicy,
    order: &Order,
) -> Result<(), Refusal> {
    // Whoever was told before hears what it says now, also where it is no longer for them.
    let told = told_zones(turn, &bulletin.alert.0);
    let all = turn.plan.city.zones.iter().map(|zone| zone.id.clone());
    let zones = all.filter(|id| bulletin.zones.contains(id) || told.contains(id)).collect();
    let bulletin = Bulletin { severity_max: bulletin.severity, zones, ..bulletin };
    if bulletin.texts.is_empty() {
        let why = "no language has the words of typed bulletins; [typed] of phrases.<lang>.toml holds them";
        return Err(Refusal::Desk { why: why.to_owned() });
    }
    life::propose(turn, life::Draft { bulletin, level: level.to_owned(), policy }, Some(order)).map(|_| ())
}

fn told_zones(turn: &Turn, id: &str) -> Vec<ZoneId> {
    let told = turn.next.desk.warnings.find(id).and_then(|filed| filed.record.told.as_ref());
    told.iter().flat_map(|told| &told.zones).map(|zone| ZoneId::new(zone)).collect()
}

/// Whether its warning was ended by other means: declined, cancelled, all-cleared.
pub(super) fn is_closed(turn: &Turn, id: &str) -> bool {
    turn.next.desk.warnings.find(id).is_none_or(|filed| filed.record.phase.is_over())
}

/// Whether people were told anything of it.
pub(super) fn was_told(turn: &Turn, id: &str) -> bool {
    turn.next.desk.warnings.find(id).is_some_and(|filed| filed.record.told.is_some())
}

/// Whether something of it waits for a signature.
pub(super) fn waits(turn: &Turn, id: &str) -> bool {
    turn.next.desk.warnings.find(id).is_some_and(|filed| filed.record.proposal.is_some())
}

/// Says to everybody who was told that it was wrong; where nobody was, it is withdrawn silently.
pub(super) fn take_back(turn: &mut Turn, order: &Order, id: &str, reason: &str) -> Result<(), Refusal> {
    if !was_told(turn, id) {
        life::over(turn, id, None, reason);
        return Ok(());
    }
    // The officer has seen the paper; its warning has versions of its own.
    let order = Order { if_match: None, ..order.clone() };
    let act = warning::Act::Cancel { id: id.to_owned(), reason: reason.to_owned() };
    life::carry_out(turn, &order, &act).map(|_| ())
}

/// Says that it is over, in these words where people are to hear of it.
pub(super) fn end(turn: &mut Turn, id: &str, eased: Option<Bulletin>, why: &str) {
    life::over(turn, id, eased, why);
}

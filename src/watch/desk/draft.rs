//! Rules as decisions: proposed, backtested, approved by a second officer, in force in that commit.
//!
//! It compiles nothing: what comes into force was compiled before the order was given, and here it
//! is only compared with what was approved.

use rules::alert::{AlertId, Transition};
use rules::bulletin::Notice;
use rules::hazard::Severity;
use sensors::time::Timestamp;
use sha2::{Digest, Sha256};

use super::{duty, seen};
use crate::desk::draft::{
    Act, BacktestDone, Draft, IN_FORCE, InForce, OPEN_MAX, Prepared, Proposal, Standing,
};
use crate::order::{Done, Order, Refusal};
use crate::store::commit::Commit;
use crate::watch::decide::Turn;
use crate::watch::snapshot::{Plan, State};

/// The longest line of a backtest that is kept, bytes.
const SUMMARY_BYTES_MAX: usize = 2_000;
/// Failing tests that a refusal names.
const FAILING_TOLD_MAX: usize = 20;
/// Changes that a notice names.
const TOLD_MAX: usize = 3;

pub(super) fn carry_out(turn: &mut Turn, order: &Order, act: &Act) -> Result<Done, Refusal> {
    match act {
        Act::Propose(proposal) => propose(turn, order, proposal),
        Act::Backtested { id, done } => backtested(turn, order, id, done),
        Act::Approve { id, version, accepts_failing, prepared } => {
            let seen = Seen { version, accepts_failing };
            approve(turn, order, id, &seen, prepared.as_deref())
        }
        Act::Decline { id } => close(turn, order, id, Standing::Declined),
        Act::Withdraw { id } => {
            let draft = &seen(&turn.next.desk.drafts, id, order)?.record;
            if draft.proposed_by != order.actor.as_str() {
                let by = draft.proposed_by.clone();
                return Err(refuse(format!("{by} proposed it and alone may withdraw it; others decline it")));
            }
            close(turn, order, id, Standing::Withdrawn)
        }
    }
}

fn refuse(why: String) -> Refusal {
    Refusal::Desk { why }
}

/// Enough of a version to tell it from others.
fn short(version: &str) -> &str {
    version.get(..12).unwrap_or(version)
}

fn propose(turn: &mut Turn, order: &Order, proposal: &Proposal) -> Result<Done, Refusal> {
    let drafts = &turn.next.desk.drafts;
    let in_force = &turn.plan.governed.version;
    if proposal.base != *in_force {
        let (base, now) = (short(&proposal.base), short(in_force));
        return Err(refuse(format!(
            "it changes version {base}, but version {now} is in force now; propose it again on that"
        )));
    }
    if proposal.version == *in_force {
        return Err(refuse(format!("version {} is in force already; nothing would change", short(in_force))));
    }
    if let Some((id, _)) = drafts.iter().find(|(_, filed)| filed.record.version == proposal.version) {
        return Err(refuse(format!("{id} proposes the very same; approve or decline that one")));
    }
    if drafts.len() >= OPEN_MAX {
        return Err(refuse(format!(
            "{OPEN_MAX} drafts are open, and no more may be; decline or withdraw some of them"
        )));
    }
    let compact = turn.now.to_string().replace(['-', ':'], "");
    let key: String = format!("{:x}", Sha256::digest(format!("{} {}", order.actor.as_str(), order.key)));
    let draft = Draft {
        id: format!("rules-{compact}-{}", key.get(..8).unwrap_or_default()),
        standing: Standing::Proposed,
        base: proposal.base.clone(),
        version: proposal.version.clone(),
        files: proposal.files.to_vec(),
        diff: proposal.diff.to_vec(),
        proposed_by: order.actor.as_str().to_owned(),
        proposed_at: turn.now.ms(),
        note: order.note.clone(),
        backtest: None,
        accepted_failing: Vec::new(),
        closed_by: None,
        closed_because: None,
    };
    Ok(turn.file(|desk| &mut desk.drafts, draft, Some(order)))
}

fn backtested(turn: &mut Turn, order: &Order, id: &str, done: &BacktestDone) -> Result<Done, Refusal> {
    let draft = &seen(&turn.next.desk.drafts, id, order)?.record;
    if done.draft_version_hash != draft.version {
        let (run, wanted) = (short(&done.draft_version_hash), short(&draft.version));
        return Err(refuse(format!("version {run} was run, but {id} is version {wanted}; run that one")));
    }
    if done.summary.len() > SUMMARY_BYTES_MAX || done.digest.len() > 128 {
        return Err(refuse(format!(
            "the result is longer than {SUMMARY_BYTES_MAX} bytes; give it in one line"
        )));
    }
    let draft = Draft { standing: Standing::Backtested, backtest: Some(done.clone()), ..draft.clone() };
    Ok(turn.file(|desk| &mut desk.drafts, draft, Some(order)))
}

fn close(turn: &mut Turn, order: &Order, id: &str, standing: Standing) -> Result<Done, Refusal> {
    let draft = &seen(&turn.next.desk.drafts, id, order)?.record;
    let draft = draft.closed(standing, Some(order.actor.as_str()), order.note.clone());
    Ok(turn.file(|desk| &mut desk.drafts, draft, Some(order)))
}

/// What the officer who approves has seen of a draft.
struct Seen<'a> {
    version: &'a str,
    accepts_failing: &'a [String],
}

fn approve(
    turn: &mut Turn,
    order: &Order,
    id: &str,
    known: &Seen<'_>,
    prepared: Option<&Prepared>,
) -> Result<Done, Refusal> {
    let draft = seen(&turn.next.desk.drafts, id, order)?.record.clone();
    let prepared = admit(turn, order, &draft, known, prepared)?;
    let draft = Draft { accepted_failing: known.accepts_failing.to_vec(), ..draft };
    prepared.lengthen(&mut turn.next.tracks);
    let before = turn.plan.governed.version.clone();
    let withdrawn = turn.replan(&prepared.plan);
    let in_force = InForce {
        version: draft.version.clone(),
        before: Some(before),
        files: turn.plan.governed.texts.governed(),
        draft: Some(draft.id.clone()),
        proposed_by: Some(draft.proposed_by.clone()),
        approved_by: Some(order.actor.as_str().to_owned()),
        note: draft.note.clone(),
    };
    turn.file(|desk| &mut desk.rules, in_force, Some(order));
    let done = turn.file(
        |desk| &mut desk.drafts,
        draft.closed(Standing::Approved, Some(order.actor.as_str()), order.note.clone()),
        Some(order),
    );
    overtake(turn, &draft);
    tell(turn, order, &draft, &withdrawn);
    Ok(done)
}

/// Whether a draft may come into force as things are.
fn admit<'a>(
    turn: &Turn,
    order: &Order,
    draft: &Draft,
    known: &Seen<'_>,
    prepared: Option<&'a Prepared>,
) -> Result<&'a Prepared, Refusal> {
    if draft.proposed_by == order.actor.as_str() {
        let who = &draft.proposed_by;
        return Err(refuse(format!("{who} proposed it; a second officer approves")));
    }
    if draft.version != known.version {
        let (given, is) = (short(known.version), short(&draft.version));
        return Err(refuse(format!(
            "version {given} was approved, but the draft is version {is}; look at it"
        )));
    }
    let in_force = &turn.plan.governed.version;
    if draft.base != *in_force {
        let (base, now) = (short(&draft.base), short(in_force));
        return Err(refuse(format!(
            "it is overtaken: it changes version {base}, but version {now} is in force; propose it again on that"
        )));
    }
    if draft.backtest.as_ref().is_none_or(|done| done.draft_version_hash != draft.version) {
        return Err(refuse("there is no backtest of this very version; run one, then approve".to_owned()));
    }
    let ready = prepared.filter(|prepared| prepared.plan.governed.version == draft.version);
    let ready = ready.ok_or_else(|| refuse("it was not made ready in time; approve it again".to_owned()))?;
    tried(order, &ready.failing, known.accepts_failing)?;
    match wordless(turn, &ready.plan) {
        Some(words) => Err(refuse(format!(
            "an alert that stands is told with the words {words:?}, which a language would lose; keep them until it is over"
        ))),
        None => Ok(ready),
    }
}

/// A draft under which tests of the city fail needs an officer who names them all and says why.
fn tried(order: &Order, failing: &[String], accepted: &[String]) -> Result<(), Refusal> {
    let named = |names: &[&String]| {
        let more = names.len().saturating_sub(FAILING_TOLD_MAX);
        let mut told: Vec<String> =
            names.iter().take(FAILING_TOLD_MAX).map(|name| format!("{name:?}")).collect();
        told.extend((more > 0).then(|| format!("and {more} more")));
        told.join(", ")
    };
    let missing: Vec<&String> = failing.iter().filter(|name| !accepted.contains(name)).collect();
    if !missing.is_empty() {
        return Err(refuse(format!(
            "tests of the city fail under it: {}; change the draft, or name them all in accepts_failing with a note that says why",
            named(&missing)
        )));
    }
    let strange: Vec<&String> = accepted.iter().filter(|name| !failing.contains(name)).collect();
    if !strange.is_empty() {
        let told = named(&strange);
        return Err(refuse(format!(
            "no such test fails under it: {told}; accepts_failing names those that do"
        )));
    }
    if !failing.is_empty() && order.note.as_ref().is_none_or(|note| note.trim().is_empty()) {
        return Err(refuse("failing tests are accepted with a reason; give it as the note".to_owned()));
    }
    Ok(())
}

/// Words of an alert that stands, that ends with the new rules, and that could not be told any more.
fn wordless(turn: &Turn, plan: &Plan) -> Option<String> {
    let slots = turn.plan.rules.slots().iter().zip(&turn.next.alerts);
    let mut standing = slots.filter(|(slot, alert)| alert.episode.is_some() && slot.rule.hazard.is_public());
    let lost = |words: &str| plan.phrases.languages.iter().any(|language| language.warning(words).is_none());
    standing.find(|(slot, _)| lost(&slot.rule.words)).map(|(slot, _)| slot.rule.words.clone())
}

/// What was proposed on the rules before can't come into force any more.
fn overtake(turn: &mut Turn, by: &Draft) {
    let open: Vec<Draft> = turn.next.desk.drafts.iter().map(|(_, filed)| filed.record.clone()).collect();
    for draft in open {
        let because = Some(format!("{} came into force before it", by.id));
        turn.file(|desk| &mut desk.drafts, draft.closed(Standing::Overtaken, None, because), None);
    }
}

/// Tells officers what changed, and which alerts ended with their rule.
fn tell(turn: &mut Turn, order: &Order, draft: &Draft, withdrawn: &[Transition]) {
    let notice = |words, severity, values| Notice {
        key: format!("{}.{words}", draft.id),
        alert: AlertId(draft.id.as_str().into()),
        severity,
        words,
        values,
    };
    let some = |mut told: Vec<String>| {
        let more = told.len().saturating_sub(TOLD_MAX);
        told.truncate(TOLD_MAX);
        if more > 0 {
            told.push(format!("+{more}"));
        }
        told.join("; ")
    };
    let changes = some(draft.diff.iter().map(ToString::to_string).collect());
    let who = order.actor.as_str().to_owned();
    let severity = Severity::new(2).unwrap_or(Severity::MIN);
    duty::notify(turn, &notice("rules_changed", severity, vec![("what", changes), ("who", who)]));
    let Some(worst) = withdrawn.iter().map(|transition| transition.severity).max() else { return };
    let ended = some(withdrawn.iter().map(|t| format!("{} {} {}", t.rule, t.subject, t.from)).collect());
    let count = withdrawn.len().to_string();
    duty::notify(turn, &notice("rules_withdrawn", worst, vec![("count", count), ("what", ended)]));
}

/// What a start enters: the rules in force where the store has none, or has others than this plan.
pub(in crate::watch) fn seed(state: &mut State, now: Timestamp) -> Commit {
    let mut commit = Commit { at: now, ..Commit::default() };
    let governed = &state.plan.governed;
    let kept = state.desk.rules.find(IN_FORCE).map(|filed| filed.record.version.clone());
    if governed.version.is_empty() || kept.as_ref() == Some(&governed.version) {
        return commit;
    }
    let by = governed.adopted_by.clone();
    let in_force = InForce {
        version: governed.version.clone(),
        before: kept,
        files: governed.texts.governed(),
        draft: None,
        proposed_by: None,
        approved_by: by.as_deref().map(str::to_owned),
        note: Some("from the configuration folder".to_owned()),
    };
    let open: Vec<Draft> = state.desk.drafts.iter().map(|(_, filed)| filed.record.clone()).collect();
    let because = || Some("the configuration folder's rules came into force".to_owned());
    let filed = state.desk.rules.file(in_force, by, now);
    let overtaken = open
        .iter()
        .map(|draft| state.desk.drafts.file(draft.closed(Standing::Overtaken, None, because()), None, now));
    for filed in std::iter::once(filed).chain(overtaken) {
        match filed {
            Ok(paper) => commit.papers.push(paper),
            Err(error) => tracing::error!(%error, "a paper of the rules can't be written"),
        }
    }
    commit
}

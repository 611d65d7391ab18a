//! What officers write over what was composed: filled in where they left a form out, and looked through
//! for what a bulletin must say (warning.md 16).

use rules::bulletin::{Bulletin, Lack, Lang, Text, fill_missing, lint, place_anew, sign, sign_typed};
use sensors::place::ZoneId;

use super::{name_of, text_of};
use crate::desk::warning::{Proposal, Words};
use crate::order::Refusal;
use crate::watch::decide::Turn;

/// Puts the officer's name under what was composed, and counts the next bulletin from now; under what was
/// typed by hand only the name.
pub(super) fn signed(turn: &Turn, bulletin: &mut Bulletin, officer: &str, written: &[String], typed: bool) {
    let before = bulletin.texts.clone();
    let plan = &turn.plan;
    if typed {
        sign_typed(bulletin, name_of(turn, officer), &plan.phrases);
    } else {
        sign(bulletin, name_of(turn, officer), &plan.city, &plan.phrases, turn.now);
    }
    kept(bulletin, before, written);
}

/// Says of what was composed for these zones that it is for those of the bulletin.
pub(super) fn moved(turn: &Turn, bulletin: &mut Bulletin, was: &[ZoneId], written: &[String]) {
    let before = bulletin.texts.clone();
    for text in &mut bulletin.texts {
        place_anew(text, was, &bulletin.zones, &turn.plan.city, &turn.plan.phrases);
    }
    kept(bulletin, before, written);
}

/// What an officer wrote stays as it was.
fn kept(bulletin: &mut Bulletin, before: Vec<Text>, written: &[String]) {
    for (text, was) in bulletin.texts.iter_mut().zip(before) {
        let is_theirs = |form: &str| written.contains(&format!("{}.{form}", was.lang.0));
        for (form, now, was) in [
            ("title", &mut text.title, &was.title),
            ("body", &mut text.body, &was.body),
            ("full", &mut text.full, &was.full),
            ("sms", &mut text.sms, &was.sms),
            ("spoken", &mut text.spoken, &was.spoken),
        ] {
            if is_theirs(form) {
                now.clone_from(was);
            }
        }
    }
}

/// Notes which forms these words write.
pub(super) fn note(written: &mut Vec<String>, texts: &[Words]) {
    for words in texts {
        for (form, said) in forms(words) {
            let name = format!("{}.{form}", words.lang);
            if !said.trim().is_empty() && !written.contains(&name) {
                written.push(name);
            }
        }
    }
}

/// Languages in which the push is an officer's own.
pub(super) fn own(proposal: &Proposal) -> Vec<String> {
    let push = |name: &String| name.strip_suffix(".title").or(name.strip_suffix(".body")).map(str::to_owned);
    proposal.written.iter().filter_map(push).collect()
}

fn forms(words: &Words) -> [(&'static str, &String); 5] {
    let Words { title, body, full, sms, spoken, .. } = words;
    [("title", title), ("body", body), ("full", full), ("sms", sms), ("spoken", spoken)]
}

/// Puts what an officer wrote over the composed texts; a form that was left out stays as composed.
///
/// # Errors
/// Where what was written lacks what a bulletin must say, or says what none may: all of it is named.
pub(super) fn written(turn: &Turn, bulletin: &mut Bulletin, texts: &[Words]) -> Result<(), Refusal> {
    if texts.is_empty() {
        return Ok(());
    }
    let plan = &turn.plan;
    fill_missing(bulletin, &plan.city, &plan.phrases, turn.next.exercise);
    for words in texts {
        let own = text_of(words);
        match bulletin.texts.iter_mut().find(|text| text.lang == own.lang) {
            Some(text) => over(text, own),
            None => bulletin.texts.push(own),
        }
    }
    let lacks = lint(bulletin, &plan.city, &plan.phrases);
    let theirs: Vec<String> =
        lacks.iter().filter(|lack| is_theirs(lack, texts)).map(ToString::to_string).collect();
    if theirs.is_empty() {
        return Ok(());
    }
    let allowed = "a form that is left out is filled in as it was composed";
    Err(Refusal::Desk { why: format!("{}; {allowed}", theirs.join("; ")) })
}

fn over(text: &mut Text, own: Text) {
    let fill = |composed: &mut String, own: String| {
        if !own.trim().is_empty() {
            *composed = own;
        }
    };
    fill(&mut text.title, own.title);
    fill(&mut text.body, own.body);
    fill(&mut text.full, own.full);
    fill(&mut text.sms, own.sms);
    fill(&mut text.spoken, own.spoken);
}

/// Whether it is about a form that the officer wrote.
fn is_theirs(lack: &Lack, texts: &[Words]) -> bool {
    let Some(Lang(lang)) = &lack.lang else { return true };
    let Some(words) = texts.iter().find(|words| *words.lang == **lang) else { return false };
    let Some(form) = lack.form.map(|form| form.to_string()) else { return true };
    forms(words).iter().any(|(name, said)| *name == form && !said.trim().is_empty())
}

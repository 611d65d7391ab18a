//! What officers write over what was composed: filled in where they left a form out, and looked through
//! for what a bulletin must say (warning.md 16).

use rules::bulletin::{Bulletin, Form, Lack, Lang, Text, fill_missing, lint, place_anew, sign};
use sensors::place::ZoneId;

use super::{name_of, text_of};
use crate::desk::warning::Words;
use crate::order::Refusal;
use crate::watch::decide::Turn;

/// The composed texts of a bulletin as they are signed: for the zones that it goes to now, with the
/// officer's name. What was typed by hand says itself when the next one comes.
pub(super) fn signed(turn: &Turn, bulletin: &mut Bulletin, officer: &str, was: &[ZoneId], by_rule: bool) {
    moved(turn, bulletin, was);
    let plan = &turn.plan;
    if by_rule {
        sign(bulletin, name_of(turn, officer), &plan.city, &plan.phrases, turn.now);
    }
}

/// The composed texts, for the zones that the bulletin goes to now instead of these.
pub(super) fn moved(turn: &Turn, bulletin: &mut Bulletin, was: &[ZoneId]) {
    for text in &mut bulletin.texts {
        place_anew(text, was, &bulletin.zones, &turn.plan.city, &turn.plan.phrases);
    }
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
    let wrote = match lack.form {
        None => return true,
        Some(Form::Title) => &words.title,
        Some(Form::Body) => &words.body,
        Some(Form::Full) => &words.full,
        Some(Form::Sms) => &words.sms,
        Some(Form::Spoken) => &words.spoken,
    };
    !wrote.trim().is_empty()
}

//! An officer's name under a bulletin, and the hour of the next one counted from then.
//!
//! Changes the paragraphs that say so, and no other word.

use sensors::city::City;
use sensors::time::Timestamp;

use super::Bulletin;
use super::form::responsible;
use crate::phrase::{Language, Phrases, Voice};
use crate::typed::SPOKEN_MAX;

/// Puts the officer's name beside the post, and counts the next bulletin from `now`: the hour at
/// which it goes out. A bulletin that is the last of its episode keeps what it says of the next.
pub fn sign(bulletin: &mut Bulletin, officer: &str, city: &City, phrases: &Phrases, now: Timestamp) {
    let (severity, act) = (bulletin.severity, bulletin.act);
    let last = matches!(act, super::Act::AllClear | super::Act::Cancelled);
    for text in &mut bulletin.texts {
        let Some(language) = phrases.languages.iter().find(|l| l.lang == text.lang) else { continue };
        let next = |voice: Voice| {
            let at = now.plus(language.next_bulletin(severity));
            let at = language.moment(at, city.utc_offset_min, voice);
            let by = language.part("next_by", &[("when", &at)]);
            language.part("next", &[("next", &by)])
        };
        let by = responsible(language, officer);
        text.full = replaced(&text.full, language, "responsible", &by);
        text.spoken = replaced(&text.spoken, language, "responsible", &language.spoken(&by));
        if !last {
            text.full = replaced(&text.full, language, "next", &next(Voice::Page));
            let spoken = language.spoken(&next(Voice::Speaker));
            text.spoken = replaced(&text.spoken, language, "next", &spoken);
        }
    }
}

/// Puts the officer's name under what was typed by hand, beside the post. When the next bulletin comes was
/// typed as well, and stays.
pub fn sign_typed(bulletin: &mut Bulletin, officer: &str, phrases: &Phrases) {
    for text in &mut bulletin.texts {
        let Some(language) = phrases.languages.iter().find(|l| l.lang == text.lang) else { continue };
        let (by, label) = (responsible(language, officer), language.label("responsible"));
        for (form, by, most) in
            [(&mut text.full, by.clone(), usize::MAX), (&mut text.spoken, language.spoken(&by), SPOKEN_MAX)]
        {
            *form = if form.lines().any(|line| line.starts_with(label)) {
                replaced(form, language, "responsible", &by)
            } else if form.is_empty() || form.chars().count() + by.chars().count() >= most {
                continue;
            } else {
                format!("{form}\n{by}")
            };
        }
    }
}

/// The text with another paragraph of this part.
fn replaced(text: &str, language: &Language, part: &str, paragraph: &str) -> String {
    let label = language.label(part);
    let line = |line: &str| if line.starts_with(label) { paragraph.to_owned() } else { line.to_owned() };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

//! What officers may write: no character that hides another, nothing without end.

use rules::bulletin::{BODY_MAX, TITLE_MAX};

use super::{COMMENT_BYTES_MAX, Words};
use crate::desk::hidden::hidden;

/// The longest whole bulletin, bytes.
pub const FULL_BYTES_MAX: usize = 8_000;
/// Languages that an order may bring texts for.
pub const LANGS_MAX: usize = 8;

/// What is wrong with a text, and what is allowed; a comment or a reason.
///
/// # Errors
/// Too long, empty, or with a character that nobody sees.
pub fn remark(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty; say it in a few words".to_owned());
    }
    if text.len() > COMMENT_BYTES_MAX {
        return Err(format!("is {} bytes long; allowed are {COMMENT_BYTES_MAX}", text.len()));
    }
    visible(text)
}

/// What is wrong with the texts of an order, by field.
pub fn texts(texts: &[Words], langs: &[&str]) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    if texts.len() > LANGS_MAX {
        wrong.push(("texts".to_owned(), format!("are {}; allowed are {LANGS_MAX}", texts.len())));
        return wrong;
    }
    for (n, words) in texts.iter().enumerate() {
        let mut note = |part: &str, why: String| wrong.push((format!("texts[{n}].{part}"), why));
        if !langs.contains(&words.lang.as_str()) {
            note("lang", format!("is no language of the city; allowed are {}", langs.join(", ")));
        }
        if texts.iter().take(n).any(|other| other.lang == words.lang) {
            note("lang", "is named twice; give each language once".to_owned());
        }
        for (part, text, most) in [("title", &words.title, TITLE_MAX), ("body", &words.body, BODY_MAX)] {
            if text.trim().is_empty() {
                note(part, "is empty; people read it".to_owned());
            }
            let length = text.chars().count();
            if length > most {
                note(part, format!("has {length} characters; a locked phone shows {most}"));
            }
        }
        let parts = [("title", &words.title), ("body", &words.body), ("full", &words.full)];
        for (part, text) in parts.into_iter().chain([("sms", &words.sms), ("spoken", &words.spoken)]) {
            if text.len() > FULL_BYTES_MAX {
                note(part, format!("is {} bytes long; allowed are {FULL_BYTES_MAX}", text.len()));
            } else if let Err(why) = visible(text) {
                note(part, why);
            }
        }
    }
    wrong
}

/// Refuses what changes how the text around it is read, or can't be read at all.
///
/// # Errors
/// The first such character, and what is allowed.
pub fn visible(text: &str) -> Result<(), String> {
    match hidden(text) {
        Some((_, c)) => Err(format!(
            "holds the hidden character U+{:04X}; allowed is what a reader sees, without right-to-left marks and control characters",
            u32::from(c)
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(lang: &str, title: &str) -> Words {
        let (lang, title, body) = (lang.to_owned(), title.to_owned(), "Nước đang lên.".to_owned());
        Words { lang, title, body, full: String::new(), sms: String::new(), spoken: String::new() }
    }

    #[test]
    fn a_text_with_a_right_to_left_mark_is_refused_with_its_name() {
        for c in ['\u{202E}', '\u{2066}', '\u{200F}', '\u{0007}', '\u{FEFF}'] {
            let why = remark(&format!("mở cửa {c}xả")).unwrap_err();
            assert!(why.contains(&format!("U+{:04X}", u32::from(c))), "{why}");
        }
        assert_eq!(remark("Phú Ốc: 4,96 m\nđang xuống"), Ok(()));
        assert!(remark(" ").is_err() && remark(&"a".repeat(COMMENT_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn every_mistake_of_the_texts_is_named_by_its_field() {
        let long = "l".repeat(TITLE_MAX + 1);
        let mut third = words("vi", "x");
        third.full = "f".repeat(FULL_BYTES_MAX + 1);
        let wrong = texts(&[words("vi", &long), words("fr", ""), third], &["vi", "en"]);
        let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(
            fields,
            ["texts[0].title", "texts[1].lang", "texts[1].title", "texts[2].lang", "texts[2].full"]
        );
    }
}

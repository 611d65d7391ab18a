//! Text messages: as much as three of them hold, and how many a text takes.
//!
//! Sources: 3GPP TS 23.038 for the small alphabet (GSM 7 bit) and its escapes, 3GPP TS 23.040 for
//! the seven characters (three of UCS-2) that joining messages costs.

use sensors::city::City;
use sensors::place::ZoneId;

use super::compose::everywhere;
use super::form::{Facts, Story, zone_names};
use crate::phrase::Language;

/// The most messages that a text may take.
pub const SMS_MAX: usize = 3;

/// How a text message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sms {
    /// `gsm7` or `ucs2`.
    pub encoding: &'static str,
    /// How many messages the text takes.
    pub messages: usize,
}

/// The small alphabet without its national tables; `\x1b` and the escaped signs apart.
const SMALL: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Signs that take two places.
const ESCAPED: &str = "^{}\\[~]|€\x0c";

impl Sms {
    /// What a text takes: 160 or 153 characters a message in the small alphabet, else 70 or 67.
    pub fn of(text: &str) -> Self {
        let place = |c: char| match c {
            c if SMALL.contains(c) => Some(1),
            c if ESCAPED.contains(c) => Some(2),
            _ => None,
        };
        let small: Option<usize> = text.chars().map(place).sum();
        let (encoding, length, one, part) = match small {
            Some(length) => ("gsm7", length, 160, 153),
            None => ("ucs2", text.encode_utf16().count(), 70, 67),
        };
        let messages = if length <= one { 1 } else { length.div_ceil(part) };
        Self { encoding, messages }
    }
}

/// What, where by name as far as there is room, when, what to do; then the next bulletin and the post.
pub(super) fn write(facts: &Facts<'_>, language: &Language, body: impl Fn(&str) -> String) -> String {
    let letters = |text: String| if language.is_plain_sms() { plain(&text) } else { text };
    let fits = |text: &String| Sms::of(text).messages <= SMS_MAX;
    let write = |place: String| letters(body(&capital(&place)));
    let mut said = wheres(facts.zones, facts.city, language).map(write).find(fits).unwrap_or_default();
    if said.is_empty() {
        said = shortened(letters(body("")));
    }
    let next = facts.now.plus(language.next_bulletin(facts.severity));
    let next = language.part("sms_next", &[("when", &language.when(next, facts.city.utc_offset_min))]);
    let next = Some(next).filter(|_| !matches!(facts.story, Story::AllClear | Story::Correction));
    let by = language.part("sms_by", &[("post", language.post())]);
    for more in next.into_iter().chain([by]) {
        let longer = format!("{said} {}", letters(more));
        if fits(&longer) {
            said = longer;
        }
    }
    said
}

/// The zones in fewer and fewer words: all by name, the first of them, how many.
fn wheres<'a>(
    zones: &'a [ZoneId],
    city: &'a City,
    language: &'a Language,
) -> impl Iterator<Item = String> + 'a {
    let some = [8, 4, 2].into_iter().filter(|most| *most < zones.len()).map(move |most| {
        let named = zone_names(zones.get(..most).unwrap_or_default(), city, language);
        let count = (zones.len() - most).to_string();
        language.part("others", &[("named", &named), ("count", &count)])
    });
    let all = std::iter::once_with(move || zone_names(zones, city, language));
    let count = std::iter::once_with(move || everywhere(zones, city)(language));
    all.filter(move |_| zones.len() <= 12).chain(some).chain(count)
}

/// The same message for other zones, where it names those that it was composed for.
pub(super) fn place_anew(
    text: &str,
    from: &[ZoneId],
    to: &[ZoneId],
    city: &City,
    language: &Language,
) -> String {
    let letters = |text: &str| if language.is_plain_sms() { plain(text) } else { text.to_owned() };
    let forms = |place: String| [letters(&capital(&place)), letters(&place)];
    let Some((old, is_capital)) = wheres(from, city, language).find_map(|place| {
        let [first, inside] = forms(place);
        if text.contains(&first) {
            Some((first, true))
        } else {
            text.contains(&inside).then_some((inside, false))
        }
    }) else {
        return text.to_owned();
    };
    let write = |place: String| {
        let [first, inside] = forms(place);
        text.replace(&old, if is_capital { &first } else { &inside })
    };
    let mut all = wheres(to, city, language).map(write);
    all.find(|text| Sms::of(text).messages <= SMS_MAX).unwrap_or_else(|| text.to_owned())
}

/// A list of zones begins a sentence.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What three messages hold of a text.
fn shortened(text: String) -> String {
    let mut text = text;
    while Sms::of(&text).messages > SMS_MAX {
        text.pop();
    }
    text
}

/// Letters without their marks, and signs that the small alphabet has.
pub(super) fn plain(text: &str) -> String {
    const LETTERS: [(&str, char); 14] = [
        ("àáảãạăằắẳẵặâầấẩẫậ", 'a'),
        ("èéẻẽẹêềếểễệ", 'e'),
        ("ìíỉĩị", 'i'),
        ("òóỏõọôồốổỗộơờớởỡợ", 'o'),
        ("ùúủũụưừứửữự", 'u'),
        ("ỳýỷỹỵ", 'y'),
        ("đ", 'd'),
        ("ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬ", 'A'),
        ("ÈÉẺẼẸÊỀẾỂỄỆ", 'E'),
        ("ÌÍỈĨỊ", 'I'),
        ("ÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢ", 'O'),
        ("ÙÚỦŨỤƯỪỨỬỮỰ", 'U'),
        ("ỲÝỶỸỴ", 'Y'),
        ("Đ", 'D'),
    ];
    let letter = |c: char| match c {
        c if c.is_ascii() => c,
        '–' | '—' => '-',
        '“' | '”' => '"',
        '’' | '‘' => '\'',
        '³' => '3',
        '²' => '2',
        '…' => '.',
        c => LETTERS.iter().find(|(marked, _)| marked.contains(c)).map_or(c, |(_, bare)| *bare),
    };
    text.chars().map(letter).collect()
}

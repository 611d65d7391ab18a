//! The registered phones that severe warnings go to one by one, read from a file of the authority's.
//!
//! Tokens are personal data: they stay in this file and this memory, never in the ledger, in a log
//! or in an error. The rest of the house knows a phone by its reference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rules::bulletin::Lang;
use sensors::mistake::Mistake;
use sensors::place::ZoneId;

use crate::notify::secret::Secret;

/// So many phones are read at most.
pub const PHONES_MAX: usize = 1_000_000;
/// So many mistakes are told at most; a file of another kind has one on each line.
const MISTAKES_MAX: usize = 100;

/// A registered phone.
#[derive(Clone, Debug)]
pub struct Phone {
    /// Its reference in ledgers and logs.
    pub receiver: String,
    /// Its FCM registration token.
    pub token: Secret,
    /// The zone it wants to hear of.
    pub zone: ZoneId,
    /// The language it reads.
    pub lang: Lang,
}

/// The registered phones. Those that are gone are dropped while the service runs.
#[derive(Debug, Default)]
pub struct Tokens {
    file: String,
    phones: RwLock<Phones>,
}

#[derive(Debug, Default)]
struct Phones {
    by_receiver: BTreeMap<String, Phone>,
    /// So that the writer, which asks for one ward after the other, does not walk over a city's
    /// phones for each.
    by_ward: BTreeMap<(ZoneId, Lang), BTreeSet<String>>,
}

impl Phones {
    fn insert(&mut self, phone: Phone) {
        let ward = (phone.zone.clone(), phone.lang.clone());
        self.by_ward.entry(ward).or_default().insert(phone.receiver.clone());
        self.by_receiver.insert(phone.receiver.clone(), phone);
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    receiver: String,
    token: String,
    zone: String,
    lang: String,
}

impl Tokens {
    /// Reads JSON Lines: `{"receiver":"p-0001","token":"..","zone":"thuan-hoa","lang":"vi"}`.
    ///
    /// # Errors
    /// Every line that is no such object, by its number; never its content.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        let mut phones = Phones::default();
        let mut mistakes = Vec::new();
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if mistakes.len() == MISTAKES_MAX {
                break;
            }
            let mut wrong = |wrong: &str| {
                mistakes.push(Mistake {
                    file: file.to_owned(),
                    line: n + 1,
                    key: "phone".to_owned(),
                    wrong: wrong.to_owned(),
                    allowed: "a JSON object with receiver, token, zone, lang, each receiver once".to_owned(),
                });
            };
            match serde_json::from_str::<Row>(line) {
                Ok(_) if phones.by_receiver.len() >= PHONES_MAX => wrong("is one phone too many"),
                Ok(row) if row.receiver.is_empty() || row.token.is_empty() => {
                    wrong("has an empty receiver or token");
                }
                Ok(row) if phones.by_receiver.contains_key(&row.receiver) => {
                    wrong("names a receiver a second time");
                }
                Ok(row) => phones.insert(Phone::from(row)),
                Err(_) => wrong("is no phone"),
            }
        }
        if mistakes.is_empty() {
            Ok(Self { file: file.to_owned(), phones: RwLock::new(phones) })
        } else {
            Err(mistakes)
        }
    }

    /// Phones that no bulletin would ever reach: those of a zone that the city does not have, or of
    /// a language that it does not speak. One mistake for each zone and language.
    pub fn unreachable(
        &self,
        is_zone: impl Fn(&ZoneId) -> bool,
        is_lang: impl Fn(&Lang) -> bool,
    ) -> Vec<Mistake> {
        let phones = self.read();
        let strange = phones.by_ward.iter().filter(|((zone, lang), _)| !is_zone(zone) || !is_lang(lang));
        let mistake = |((zone, lang), receivers): (&(ZoneId, Lang), &BTreeSet<String>)| Mistake {
            file: self.file.clone(),
            line: 0,
            key: "phone".to_owned(),
            wrong: format!(
                "{} phones are of zone {zone}, language {}: nothing is ever told there",
                receivers.len(),
                lang.0
            ),
            allowed: "a zone of zones.toml and a language that has a phrases file".to_owned(),
        };
        strange.take(MISTAKES_MAX).map(mistake).collect()
    }

    /// The references of the phones of a zone and language, in their order.
    pub fn of(&self, zone: &ZoneId, lang: &Lang) -> Vec<String> {
        let phones = self.read();
        let ward = phones.by_ward.get(&(zone.clone(), lang.clone()));
        ward.map(|receivers| receivers.iter().cloned().collect()).unwrap_or_default()
    }

    /// The token of a phone; `None` once it was dropped.
    pub fn token(&self, receiver: &str) -> Option<Secret> {
        self.read().by_receiver.get(receiver).map(|phone| phone.token.clone())
    }

    /// Forgets a phone that is gone; nothing is intended for it any more.
    pub fn drop_phone(&self, receiver: &str) {
        let mut phones = self.phones.write().unwrap_or_else(PoisonError::into_inner);
        let Some(phone) = phones.by_receiver.remove(receiver) else { return };
        if let Some(receivers) = phones.by_ward.get_mut(&(phone.zone, phone.lang)) {
            receivers.remove(receiver);
        }
    }

    /// How many phones are registered.
    pub fn count(&self) -> usize {
        self.read().by_receiver.len()
    }

    fn read(&self) -> RwLockReadGuard<'_, Phones> {
        self.phones.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Row> for Phone {
    fn from(row: Row) -> Self {
        Self {
            receiver: row.receiver,
            token: Secret::new(row.token),
            zone: ZoneId::new(&row.zone),
            lang: Lang(row.lang.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_is_told_by_its_number_and_never_by_its_token() {
        let text = "{\"receiver\":\"p1\",\"token\":\"hush\",\"zone\":\"z\",\"lang\":\"vi\"}\n\n\
                    {\"receiver\":\"p1\",\"token\":\"hush\",\"zone\":\"z\",\"lang\":\"vi\"}\nhush";
        let mistakes = Tokens::parse("tokens.jsonl", text).unwrap_err();
        assert_eq!(mistakes.iter().map(|m| m.line).collect::<Vec<_>>(), [3, 4]);
        assert!(mistakes.iter().all(|m| !m.to_string().contains("hush")));
    }

    #[test]
    fn a_dropped_phone_is_never_intended_for_again() {
        let text = "{\"receiver\":\"p1\",\"token\":\"hush\",\"zone\":\"z\",\"lang\":\"vi\"}";
        let tokens = Tokens::parse("tokens.jsonl", text).unwrap();
        let (zone, lang) = (ZoneId::new("z"), Lang("vi".into()));
        assert_eq!(tokens.of(&zone, &lang), ["p1"]);
        tokens.drop_phone("p1");
        assert!(tokens.of(&zone, &lang).is_empty() && tokens.token("p1").is_none());
        assert!(!format!("{tokens:?}").contains("hush"));
    }

    #[test]
    fn phones_whom_no_bulletin_would_reach_are_told_before_the_start() {
        let line = |receiver: &str, zone: &str, lang: &str| {
            format!(
                "{{\"receiver\":\"{receiver}\",\"token\":\"hush\",\"zone\":\"{zone}\",\"lang\":\"{lang}\"}}\n"
            )
        };
        let text =
            [line("p1", "z", "vi"), line("p2", "zz", "vi"), line("p3", "zz", "vi"), line("p4", "z", "tlh")];
        let tokens = Tokens::parse("tokens.jsonl", &text.concat()).unwrap();
        let told = tokens.unreachable(|zone| zone.as_str() == "z", |lang| &*lang.0 == "vi");
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("1 phones are of zone z, language tlh"), "{told:?}");
        assert!(told[1].contains("2 phones are of zone zz"), "{told:?}");
    }

    #[test]
    fn a_file_of_another_kind_is_told_with_a_hundred_mistakes_and_no_more() {
        assert_eq!(Tokens::parse("photo.jpg", &"x\n".repeat(100_000)).unwrap_err().len(), MISTAKES_MAX);
    }
}

//! The registered phones that severe warnings go to one by one, read from a file of the authority's.
//!
//! Tokens are personal data: they stay in this file and this memory, never in the ledger, in a log
//! or in an error. The rest of the house knows a phone by its reference.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use rules::bulletin::Lang;
use sensors::mistake::Mistake;
use sensors::place::ZoneId;

use crate::notify::secret::Secret;

/// So many phones are read at most.
pub const PHONES_MAX: usize = 1_000_000;

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
    by_receiver: RwLock<BTreeMap<String, Phone>>,
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
        let mut phones = BTreeMap::new();
        let mut mistakes = Vec::new();
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
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
                Ok(_) if phones.len() >= PHONES_MAX => wrong("is one phone too many"),
                Ok(row) if row.receiver.is_empty() || row.token.is_empty() => {
                    wrong("has an empty receiver or token");
                }
                Ok(row) if phones.contains_key(&row.receiver) => wrong("names a receiver a second time"),
                Ok(row) => {
                    phones.insert(row.receiver.clone(), Phone::from(row));
                }
                Err(_) => wrong("is no phone"),
            }
        }
        if mistakes.is_empty() { Ok(Self { by_receiver: RwLock::new(phones) }) } else { Err(mistakes) }
    }

    /// The references of the phones of a zone and language, in their order.
    pub fn of(&self, zone: &ZoneId, lang: &Lang) -> Vec<String> {
        let phones = self.by_receiver.read().unwrap_or_else(PoisonError::into_inner);
        phones
            .values()
            .filter(|phone| phone.zone == *zone && phone.lang == *lang)
            .map(|phone| phone.receiver.clone())
            .collect()
    }

    /// The token of a phone; `None` once it was dropped.
    pub fn token(&self, receiver: &str) -> Option<Secret> {
        let phones = self.by_receiver.read().unwrap_or_else(PoisonError::into_inner);
        phones.get(receiver).map(|phone| phone.token.clone())
    }

    /// Forgets a phone that is gone; nothing is intended for it any more.
    pub fn drop_phone(&self, receiver: &str) {
        let mut phones = self.by_receiver.write().unwrap_or_else(PoisonError::into_inner);
        phones.remove(receiver);
    }

    /// How many phones are registered.
    pub fn count(&self) -> usize {
        self.by_receiver.read().unwrap_or_else(PoisonError::into_inner).len()
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
}

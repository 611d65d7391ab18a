//! Notices to officers on duty, in the words of the desk.

use std::sync::Arc;

use sensors::time::Timestamp;

use super::compose::{cut, marked};
use super::{Act, Author, BODY_MAX, Bulletin, BulletinId, TITLE_MAX, Text};
use crate::alert::AlertId;
use crate::hazard::{Hazard, Severity};
use crate::phrase::{Language, Phrases};

/// Something that officers on duty must hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its own id; the same notice is told once.
    pub key: String,
    /// The warning, or the paper, that it is about.
    pub alert: AlertId,
    /// How pressing it is.
    pub severity: Severity,
    /// The words: `{words}_title` and `{words}_body` of `[desk]`.
    pub words: &'static str,
    /// What they speak of.
    pub values: Vec<(&'static str, String)>,
}

/// Makes the bulletin of a notice; `exercise` marks it as one.
pub fn compose_notice(notice: &Notice, phrases: &Phrases, now: Timestamp, exercise: bool) -> Bulletin {
    let values: Vec<(&str, &str)> = notice.values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let text = |language: &Language| {
        let say = |part: &str| {
            let text = language.desk(&format!("{}_{part}", notice.words), &values);
            marked(&text, false, exercise, language)
        };
        Text::push(language.lang.clone(), cut(say("title"), TITLE_MAX), cut(say("body"), BODY_MAX))
    };
    Bulletin {
        id: BulletinId(Arc::from(format!("desk.{}", notice.key))),
        alert: notice.alert.clone(),
        hazard: Hazard::Telemetry,
        act: Act::Issued,
        severity: notice.severity,
        severity_max: notice.severity,
        zones: Vec::new(),
        at: now,
        automatic: true,
        author: Author::Rule,
        texts: phrases.languages.iter().map(text).collect(),
    }
}

//! A bulletin as an officer typed it: fields, and what became of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::Moment;
use crate::desk::paper::{Kind as PaperKind, Record};

/// The most letters of the text.
pub const TEXT_MAX: usize = 20_000;
/// The most letters of every other field.
pub const FIELD_MAX: usize = 200;

/// What kind of bulletin it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TypedKind)]
pub enum Kind {
    /// The national service's words.
    National,
    /// A storm comes near, by a quoted source.
    StormApproach,
    /// Schools are closed, by somebody's decision.
    SchoolClosing,
    /// Anything else.
    Free,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::National, Self::StormApproach, Self::SchoolClosing, Self::Free];

    /// The spelling in the API and in `officers.toml`, and the name of its templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::National => "national",
            Self::StormApproach => "storm_approach",
            Self::SchoolClosing => "school_closing",
            Self::Free => "free",
        }
    }
}

/// What an officer types. Which fields a kind needs is said by the preview, field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TypedFields)]
pub struct Fields {
    /// What kind of bulletin it is.
    pub kind: Kind,
    /// The hazard, as `flood`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard: Option<String>,
    /// The wards that it is for; never empty, and empty is never everybody.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Whether it is for every ward of the city; then `zones` stays empty.
    #[serde(default)]
    pub whole_city: bool,
    /// 1 to 5; ours, never a disaster-risk level. Of a storm it follows from its force where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<u8>,
    /// Until when it holds; then it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Moment>,
    /// When the next bulletin comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Moment>,
    /// The text itself, at most 20,000 letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whose words are quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When they were issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub issued_at: Option<Moment>,
    /// The disaster-risk level that they give, 1 to 5: a quotation of kind `national` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<u8>,
    /// The storm by its number or name, as `Bão số 13`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<String>,
    /// Where it is, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// The strongest wind near its centre, Beaufort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beaufort: Option<u8>,
    /// The gusts, Beaufort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gust: Option<u8>,
    /// When wind from force 6 is expected; unknown means that no hour is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub wind_from: Option<Moment>,
    /// Who decided that schools close, and by which decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// Which schools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schools: Option<String>,
    /// From when they are closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Moment>,
    /// Until when they are closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Moment>,
    /// `text`, `position`, `storm` and `schools` in other languages, by language and field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
}

impl Fields {
    /// A kind, and nothing typed yet.
    pub fn empty(kind: Kind) -> Self {
        Self {
            kind,
            hazard: None,
            zones: Vec::new(),
            whole_city: false,
            severity: None,
            valid_until: None,
            next_at: None,
            text: None,
            issuer: None,
            number: None,
            issued_at: None,
            risk_level: None,
            storm: None,
            position: None,
            beaufort: None,
            gust: None,
            wind_from: None,
            decided_by: None,
            schools: None,
            from: None,
            until: None,
            translations: BTreeMap::new(),
        }
    }
}

/// Where a typed bulletin is in its life. Whether people were told stands on the warning of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TypedPhase)]
pub enum Phase {
    /// It waits for a signature or is in force.
    Open,
    /// Its time has passed.
    Ended,
    /// An officer took it back.
    Withdrawn,
}

/// A bulletin typed by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Typed {
    /// Its id, which is the id of its warning too.
    pub id: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// Its fields as they were typed last.
    pub fields: Fields,
    /// Who typed what stands; where two officers are needed, the other one approves.
    pub typed_by: String,
    /// Why it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Record for Typed {
    const KIND: PaperKind = PaperKind::Typed;

    fn id(&self) -> &str {
        &self.id
    }

    fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }
}

//! What typed papers look like in JSON.

use rules::bulletin::Text;
use rules::typed::national::Found;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::paper::{Kept, Record};
use crate::desk::typed;
use crate::serve::desk::paper::record;
use crate::serve::form::Time;
use crate::serve::problem::FieldError;

/// A page of papers.
#[derive(Serialize, ToSchema)]
#[schema(as = TypedPapers)]
pub(in crate::serve) struct Papers<T: ToSchema> {
    /// By id.
    pub(super) papers: Vec<TypedPaper<T>>,
    /// Give it back as `cursor` for the next page; null on the last one.
    pub(super) next: Option<String>,
}

/// A paper in its newest version.
#[derive(Serialize, ToSchema)]
pub(in crate::serve) struct TypedPaper<T: ToSchema> {
    /// Its version; the next order names it in If-Match as `"v3"`.
    pub(super) version: u64,
    /// Who made it; null for the clock.
    by: Option<String>,
    /// When, by the running clock.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Whether anything can still happen to it.
    open: bool,
    /// What it says.
    #[serde(flatten)]
    record: T,
}

/// A paper with all that was done to it.
#[derive(Serialize, ToSchema)]
#[schema(as = TypedStory)]
pub(in crate::serve) struct PaperStory<T: ToSchema> {
    /// Its newest version.
    #[serde(flatten)]
    pub(super) paper: TypedPaper<T>,
    /// Every version, the newest first; at most 100.
    pub(super) versions: Vec<VersionForm<T>>,
}

/// A version of a paper.
#[derive(Serialize, ToSchema)]
#[schema(as = TypedVersion)]
pub(in crate::serve) struct VersionForm<T: ToSchema> {
    /// Counts from 1.
    version: u64,
    /// Who made it; null for the clock.
    by: Option<String>,
    /// When, by the running clock.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// What it said.
    record: T,
}

impl<T: Record + ToSchema> TypedPaper<T> {
    pub(super) fn of(kept: &Kept) -> Option<Self> {
        let record = record(kept)?;
        Some(Self {
            version: kept.version,
            by: kept.by.clone(),
            at: Time(kept.at),
            open: kept.is_open,
            record,
        })
    }
}

impl<T: Record + ToSchema> VersionForm<T> {
    pub(super) fn of(kept: &Kept) -> Option<Self> {
        Some(Self { version: kept.version, by: kept.by.clone(), at: Time(kept.at), record: record(kept)? })
    }
}

/// A bulletin in one language, in every form.
#[derive(Serialize, ToSchema)]
#[schema(as = TypedText)]
pub(in crate::serve) struct TextForm {
    /// The language.
    lang: String,
    /// The title of a push, at most 50 characters.
    title: String,
    /// The body of a push, at most 160 characters.
    body: String,
    /// The whole bulletin.
    full: String,
    /// The text message, at most 268 characters.
    sms: String,
    /// As it is read out over loudspeakers.
    spoken: String,
}

impl TextForm {
    fn of(text: Text) -> Self {
        let Text { lang, title, body, full, sms, spoken } = text;
        Self { lang: lang.0.to_string(), title, body, full, sms, spoken }
    }
}

/// A bulletin as people would read it, and what it lacks.
#[derive(Serialize, ToSchema)]
pub(in crate::serve) struct Preview {
    /// Whether it can go as it is.
    ready: bool,
    /// What it lacks, field by field.
    lacks: Vec<FieldError>,
    /// 1 to 5.
    severity: u8,
    /// The wards that would be told.
    zones: Vec<String>,
    /// How many people live there.
    people: u64,
    /// The texts in every language.
    texts: Vec<TextForm>,
    /// Forms that were too long and are cut off, as `vi.body`; the whole text has all of it.
    cut: Vec<String>,
}

impl Preview {
    pub(super) fn of(preview: typed::Preview) -> Self {
        let typed::Preview { lacks, severity, zones, people, composed } = preview;
        Self {
            ready: lacks.is_empty(),
            lacks: lacks.into_iter().map(super::told).collect(),
            severity,
            zones: zones.iter().map(ToString::to_string).collect(),
            people,
            texts: composed.texts.into_iter().map(TextForm::of).collect(),
            cut: composed.cut,
        }
    }
}

/// A field that was read out of a text, with the words that it was read from.
#[derive(Serialize, ToSchema)]
pub(in crate::serve) struct FoundForm {
    /// The field.
    field: &'static str,
    /// What it was read to be.
    #[schema(value_type = Object)]
    value: serde_json::Value,
    /// The words.
    quote: String,
    /// Where they begin, in letters from 0.
    from: usize,
    /// Where they end.
    to: usize,
    /// What the words do not say and was taken from elsewhere: `year`, `day`.
    assumed: Option<&'static str>,
}

impl FoundForm {
    pub(super) fn of(found: &Found) -> Self {
        let value = typed::meant(&found.meant);
        let Found { field, quote, from, to, assumed, .. } = found.clone();
        Self { field, value, quote, from, to, assumed }
    }
}

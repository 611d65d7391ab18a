//! A paper: a record of one kind with an id, in numbered versions, none of which is ever changed.
//!
//! Open papers lie on a [`Shelf`] in memory; closed ones are in the store only.

use std::collections::BTreeMap;
use std::sync::Arc;

use sensors::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What kind of paper it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The life of a warning.
    Warning,
    /// A change of the rules.
    Draft,
    /// The rules in force.
    Rules,
    /// A silence or a maintenance window.
    Silence,
    /// A call to somebody on duty, or a hand-over.
    Call,
    /// A bulletin typed by hand.
    Typed,
    /// A release order of a dam.
    ReleaseOrder,
    /// An alert of another authority.
    Foreign,
}

impl Kind {
    /// The spelling in the store, the ledger and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Draft => "draft",
            Self::Rules => "rules",
            Self::Silence => "silence",
            Self::Call => "call",
            Self::Typed => "typed",
            Self::ReleaseOrder => "release_order",
            Self::Foreign => "foreign",
        }
    }
}

/// What can be filed.
pub trait Record: Clone + Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: Kind;
    /// Its id among its kind.
    fn id(&self) -> &str;
    /// Whether anything can still happen to it; what is closed leaves the desk and stays in the store.
    fn is_open(&self) -> bool;
}

/// A version of a paper, as a commit writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Its kind.
    pub kind: Kind,
    /// Its id among its kind.
    pub id: Arc<str>,
    /// Counts from 1.
    pub version: u64,
    /// Who made this version; `None` for the clock or the engine.
    pub by: Option<Arc<str>>,
    /// When, by the running clock.
    pub at: Timestamp,
    /// Whether anything can still happen to it.
    pub is_open: bool,
    /// The record as JSON.
    pub record: String,
}

/// The newest version of an open paper, as the store kept it; or any version of any, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its kind, as it was spelled.
    pub kind: String,
    /// Its id among its kind.
    pub id: String,
    /// Counts from 1.
    pub version: u64,
    /// Who made this version.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Whether anything can still happen to it.
    pub is_open: bool,
    /// The record as JSON.
    pub record: String,
}

/// A paper on the desk.
#[derive(Clone, Debug, PartialEq)]
pub struct Filed<T> {
    /// Counts from 1; what an officer read and names in If-Match.
    pub version: u64,
    /// Who made this version; `None` for the clock or the engine.
    pub by: Option<Arc<str>>,
    /// When, by the running clock.
    pub at: Timestamp,
    /// What it says.
    pub record: T,
}

/// The open papers of one kind, by id. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Shelf<T>(Arc<BTreeMap<Arc<str>, Arc<Filed<T>>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Shelf<T> {
    /// An open paper.
    pub fn find(&self, id: &str) -> Option<&Filed<T>> {
        self.0.get(id).map(|filed| &**filed)
    }

    /// Every open paper, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Filed<T>)> {
        self.0.iter().map(|(id, filed)| (&**id, &**filed))
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Record> Shelf<T> {
    /// The shelf as it was kept.
    pub(super) fn restore(kept: &[Kept], strange: &mut Vec<String>) -> Self {
        let mut papers = BTreeMap::new();
        for paper in kept.iter().filter(|paper| paper.kind == T::KIND.as_str()) {
            match serde_json::from_str::<T>(&paper.record) {
                Ok(record) => {
                    let by = paper.by.as_deref().map(Arc::from);
                    let filed = Filed { version: paper.version, by, at: paper.at, record };
                    papers.insert(Arc::from(paper.id.as_str()), Arc::new(filed));
                }
                Err(why) => strange.push(format!("{} {}: {why}", paper.kind, paper.id)),
            }
        }
        Self(Arc::new(papers))
    }

    /// Files a version, the first or the next one, and gives it as a commit writes it. A record that
    /// can't be written as JSON is a mistake of ours, and is not filed.
    ///
    /// # Errors
    /// What serde said.
    pub fn file(
        &mut self,
        record: T,
        by: Option<Arc<str>>,
        at: Timestamp,
    ) -> Result<Paper, serde_json::Error> {
        let text = serde_json::to_string(&record)?;
        let id: Arc<str> = record.id().into();
        let version = self.0.get(&id).map_or(1, |filed| filed.version + 1);
        let is_open = record.is_open();
        let papers = Arc::make_mut(&mut self.0);
        if is_open {
            let filed = Filed { version, by: by.clone(), at, record };
            papers.insert(Arc::clone(&id), Arc::new(filed));
        } else {
            papers.remove(&id);
        }
        Ok(Paper { kind: T::KIND, id, version, by, at, is_open, record: text })
    }
}

//! The configurations that commits were made under, as far as they are at hand: the folder's, with its
//! own rules and with every version of the rules that the ledger ever had in force.
//!
//! A version is compiled only when a commit names it; most of them never are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sensors::time::Timestamp;

use crate::command::cli::Failure;
use crate::desk::draft::{IN_FORCE, InForce};
use crate::desk::paper::Kind;
use crate::plan::{PlanError, Texts};
use crate::store::Reader;
use crate::store::read::PAGE_MAX;
use crate::watch::snapshot::Plan;

/// Configurations by version.
pub(super) struct Plans {
    folder: Texts,
    /// Every version of the rules, the newest first, with the configuration that it makes of the folder.
    kept: Vec<Kept>,
    compiled: BTreeMap<String, Arc<Plan>>,
    newest: Arc<Plan>,
}

struct Kept {
    config: String,
    at: Timestamp,
    /// Whether officers brought it into a running service; a start brought the others.
    was_approved: bool,
    rules: InForce,
}

impl Plans {
    /// The configuration of a folder, under every version of the rules that the store has.
    ///
    /// # Errors
    /// When the folder or the store can't be read, or what is in force is wrong.
    pub(super) fn load(folder: Option<&Path>, reader: &Reader) -> Result<Self, Failure> {
        let folder = Texts::read(folder)?;
        let versions = reader.paper_versions(Kind::Rules, IN_FORCE, PAGE_MAX)?;
        let kept: Vec<Kept> = versions
            .into_iter()
            .filter_map(|paper| {
                // A version that a later program wrote is as good as none: its commits say so.
                let rules: InForce = serde_json::from_str(&paper.record).ok()?;
                let config = folder.with(&rules.files).version();
                Some(Kept { config, at: paper.at, was_approved: rules.draft.is_some(), rules })
            })
            .collect();
        let texts = kept.first().map_or_else(|| folder.clone(), |kept| folder.with(&kept.rules.files));
        let newest = Arc::new(Plan::join(&texts)?);
        let compiled = BTreeMap::from([(newest.version.clone(), Arc::clone(&newest))]);
        Ok(Self { folder, kept, compiled, newest })
    }

    /// That of a version; `None` where it is not at hand.
    ///
    /// # Errors
    /// When it is at hand and can't be compiled any more.
    pub(super) fn of(&mut self, version: &str) -> Result<Option<Arc<Plan>>, PlanError> {
        if let Some(plan) = self.compiled.get(version) {
            return Ok(Some(Arc::clone(plan)));
        }
        let texts = match self.kept.iter().find(|kept| kept.config == version) {
            Some(kept) => self.folder.with(&kept.rules.files),
            None if self.folder.version() == version => self.folder.clone(),
            None => return Ok(None),
        };
        let plan = Arc::new(Plan::join(&texts)?);
        self.compiled.insert(version.to_owned(), Arc::clone(&plan));
        Ok(Some(plan))
    }

    /// Every version that was in force since a moment, the newest first.
    pub(super) fn since(&self, began_at: Timestamp) -> Vec<String> {
        let before = self.kept.iter().position(|kept| kept.at <= began_at);
        let count = before.map_or(self.kept.len(), |place| place + 1);
        self.kept.iter().take(count).map(|kept| kept.config.clone()).collect()
    }

    /// Whether officers put a version into force in the commit of this time.
    pub(super) fn was_approved(&self, version: &str, at: Timestamp) -> bool {
        self.kept.iter().any(|kept| kept.was_approved && kept.at == at && kept.config == version)
    }

    /// The one that is in force now.
    pub(super) fn newest(&self) -> &Arc<Plan> {
        &self.newest
    }
}

//! The configurations that commits were made under, as far as they are at hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::plan::PlanError;
use crate::watch::snapshot::Plan;

/// Configurations by version.
pub(super) struct Plans {
    by_version: BTreeMap<String, Arc<Plan>>,
    newest: Arc<Plan>,
}

impl Plans {
    /// The configuration of a folder.
    ///
    /// # Errors
    /// When it can't be read, or is wrong.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, PlanError> {
        let newest = Arc::new(Plan::load(folder)?);
        let by_version = BTreeMap::from([(newest.version.clone(), Arc::clone(&newest))]);
        Ok(Self { by_version, newest })
    }

    /// That of a version.
    pub(super) fn of(&self, version: &str) -> Option<&Arc<Plan>> {
        self.by_version.get(version)
    }

    /// The one that is in force now.
    pub(super) fn newest(&self) -> &Arc<Plan> {
        &self.newest
    }
}

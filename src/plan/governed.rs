//! The files that officers govern: rules and words. The folder seeds them at the first start; from
//! then on the data folder's ledger holds them, and a folder that says otherwise is named.
//!
//! It reads what is in force and compiles other texts; it never puts anything into force.

use std::path::Path;
use std::sync::Arc;

use sensors::mistake::Mistake;
use sha2::{Digest, Sha256};

use super::{IMPACTS, Origin, PlanError, RULES, Texts, is_phrases};
use crate::desk::draft::{File, InForce};
use crate::store;
use crate::store::error::StoreError;
use crate::watch::snapshot::Plan;

/// The texts of a plan, and where they differ from the folder's.
#[derive(Clone, Debug, Default)]
pub struct Governed {
    /// A hash over every governed text: the version of the rules.
    pub version: String,
    /// Every file as it is in force.
    pub texts: Arc<Texts>,
    /// The governed files as the folder had them at the start.
    pub folder: Arc<Vec<File>>,
    /// Who took the folder's texts upon them at the start, in place of the ledger's.
    pub adopted_by: Option<Arc<str>>,
}

/// Why there is no plan to start with.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The configuration.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The data folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rules in force are of a later version of this program.
    #[error(
        "the rules in force can't be read: {why}; start the version of baolu that wrote them, or take the folder's rules upon you with --rules-from-folder NAME"
    )]
    Foreign {
        /// What serde said.
        why: String,
    },
}

impl BeginError {
    /// Whether whoever started it can put it right.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Plan(_) | Self::Foreign { .. } => true,
            Self::Store(error) => error.is_input(),
        }
    }
}

/// Whether officers govern a file.
pub fn is_governed(name: &str) -> bool {
    name == RULES || name == IMPACTS || is_phrases(name)
}

/// A hash over names and texts, sorted by name, as hexadecimal digits.
pub fn version_of(files: &[File]) -> String {
    let mut sorted: Vec<&File> = files.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hash = Sha256::new();
    for part in sorted.iter().flat_map(|file| [&file.name, &file.text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    format!("{:x}", hash.finalize())
}

impl Texts {
    /// The governed files, sorted by name.
    pub fn governed(&self) -> Vec<File> {
        let governed = self.files.iter().filter(|(name, _)| is_governed(name));
        governed.map(|(name, text)| File { name: name.clone(), text: text.clone() }).collect()
    }

    /// The same with other texts in their places; what was not there is added.
    #[must_use]
    pub fn with(&self, files: &[File]) -> Self {
        let mut texts = self.clone();
        for file in files {
            match texts.files.iter_mut().find(|(name, _)| *name == file.name) {
                Some((_, text)) => text.clone_from(&file.text),
                None => texts.files.push((file.name.clone(), file.text.clone())),
            }
        }
        texts.files.sort();
        texts
    }
}

impl Governed {
    pub(super) fn of(texts: &Texts) -> Self {
        let governed = texts.governed();
        Self {
            version: version_of(&governed),
            texts: Arc::new(texts.clone()),
            folder: Arc::new(governed),
            adopted_by: None,
        }
    }

    /// Files of which the folder said something else at the start than what is in force.
    pub fn differing(&self) -> Vec<&str> {
        let differs = |file: &&File| self.texts.text(&file.name) != Some(file.text.as_str());
        let missing = self.texts.files.iter().map(|(name, _)| name.as_str());
        let missing = missing.filter(|name| is_governed(name) && self.folder.iter().all(|f| f.name != *name));
        let mut names: Vec<&str> = self.folder.iter().filter(differs).map(|f| f.name.as_str()).collect();
        names.extend(missing);
        names.sort_unstable();
        names
    }
}

impl Plan {
    /// The plan to start with: the folder's, with the rules that the data folder's ledger has in
    /// force. Who adopts the folder's rules by name puts them in place of the ledger's.
    ///
    /// # Errors
    /// Every mistake at once; or the data folder can't be read.
    pub fn begin(folder: Option<&Path>, data: &Path, adopt: Option<&str>) -> Result<Self, BeginError> {
        let texts = Texts::read(folder)?;
        let kept = store::read::rules_in_force(data)?;
        let Some(kept) = kept else { return Ok(Self::join(&texts)?) };
        if let Some(name) = adopt {
            tracing::warn!(name, "the folder's rules are taken in place of the ledger's");
            let mut plan = Self::join(&texts)?;
            plan.governed.adopted_by = Some(name.into());
            return Ok(plan);
        }
        let kept: InForce =
            serde_json::from_str(&kept.record).map_err(|why| BeginError::Foreign { why: why.to_string() })?;
        let mut governed = texts.with(&kept.files);
        governed.origin = Origin::Ledger(Box::new(texts.origin.clone()));
        let mut plan = Self::join(&governed)?;
        plan.governed.folder = Arc::new(texts.governed());
        for file in plan.governed.differing() {
            tracing::warn!(
                file,
                version = plan.governed.version.get(..12),
                "the rules in force differ from the folder's; the ledger's count. `baolu rules diff current {file}` says in what"
            );
        }
        Ok(plan)
    }

    /// Compiles other governed texts for this very city, receivers and officers. It may take long,
    /// and belongs off the writer's thread.
    ///
    /// # Errors
    /// Every mistake at once, by file and line.
    pub fn revised(&self, files: &[File]) -> Result<Self, Vec<Mistake>> {
        let texts = self.governed.texts.with(files);
        let joined = Self::join(&texts).map_err(|error| match error {
            PlanError::Wrong { mistakes, .. } => mistakes,
            PlanError::Read { .. } => {
                vec![super::about("receivers.toml", "it can't be read", error.to_string())]
            }
        })?;
        let governed = Governed { folder: Arc::clone(&self.governed.folder), ..joined.governed };
        Ok(Self {
            city: self.city.clone(),
            receivers: self.receivers.clone(),
            officers: self.officers.clone(),
            governed,
            ..joined
        })
    }
}

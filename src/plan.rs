//! The configuration of a city, read from its folder or from the copy in the binary, and joined.
//!
//! Reads files and decides nothing: what is right and wrong in them is judged by the crates that
//! own their meaning. The binary carries the first city, so that it runs anywhere.

mod embedded;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sensors::city::City;
use sensors::mistake::Mistake;
use sha2::{Digest, Sha256};

use crate::watch::snapshot::Plan;

/// The folder that is used when none is named.
pub const DEFAULT_FOLDER: &str = "config/hue";

/// A configuration file may not be larger.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The files of a city with their texts, named as inside its folder.
#[derive(Clone, Debug)]
pub struct Texts {
    /// Where they came from.
    pub origin: Origin,
    /// Names and texts, sorted by name; device types as `devices/<type>.toml`.
    pub files: Vec<(String, String)>,
}

/// Where a configuration came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder.
    Folder(PathBuf),
    /// The copy in the binary.
    Binary,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Binary => f.write_str("built-in configuration"),
        }
    }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A file or folder can't be read.
    #[error("reading the configuration {path}: {source}; nothing was started")]
    Read {
        /// What was read.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// The configuration is wrong.
    #[error("{origin} has {} mistake(s):\n{}", mistakes.len(), lines(mistakes))]
    Wrong {
        /// Where it came from.
        origin: Origin,
        /// Everything that is wrong with it.
        mistakes: Vec<Mistake>,
    },
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Texts {
    /// The files of a folder; without one, of [`DEFAULT_FOLDER`] where it exists, else those in
    /// the binary. Device types stand in `devices/` beside the folder; the folder's own come on top.
    ///
    /// # Errors
    /// Names what can't be read.
    pub fn read(folder: Option<&Path>) -> Result<Self, PlanError> {
        let folder = match folder {
            Some(folder) => folder,
            None if Path::new(DEFAULT_FOLDER).is_dir() => Path::new(DEFAULT_FOLDER),
            None => return Ok(Self::embedded()),
        };
        let mut files = toml_files(folder, "")?;
        let own = folder.join("devices");
        if own.is_dir() {
            files.extend(toml_files(&own, "devices/")?);
        }
        let shared = folder.join("../devices");
        if shared.is_dir() {
            let shared = toml_files(&shared, "devices/")?;
            let added: Vec<_> =
                shared.into_iter().filter(|(name, _)| !files.iter().any(|(own, _)| own == name)).collect();
            files.extend(added);
        }
        files.sort();
        Ok(Self { origin: Origin::Folder(folder.to_owned()), files })
    }

    /// The files in the binary.
    pub fn embedded() -> Self {
        let mut files: Vec<(String, String)> =
            embedded::FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        files.sort();
        Self { origin: Origin::Binary, files }
    }

    /// SHA-256 over every name and text, as hexadecimal digits: the version that commits name.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        for (name, text) in &self.files {
            for part in [name, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn mistaken(&self, mistakes: Vec<Mistake>) -> PlanError {
        PlanError::Wrong { origin: self.origin.clone(), mistakes }
    }
}

fn toml_files(folder: &Path, prefix: &str) -> Result<Vec<(String, String)>, PlanError> {
    let failed = |path: &Path, source| PlanError::Read { path: path.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !path.is_file() || path.extension().is_none_or(|ending| ending != "toml") || name.starts_with('.')
        {
            continue;
        }
        let size = fs::metadata(&path).map_err(|error| failed(&path, error))?.len();
        if size > BYTES_MAX {
            let large = io::Error::other(format!("{size} bytes; allowed are {BYTES_MAX}"));
            return Err(failed(&path, large));
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        files.push((format!("{prefix}{name}"), text));
    }
    Ok(files)
}

impl Plan {
    /// Reads and joins the configuration of a folder, see [`Texts::read`].
    ///
    /// # Errors
    /// Names what can't be read, or every mistake at once.
    pub fn load(folder: Option<&Path>) -> Result<Self, PlanError> {
        Self::join(&Texts::read(folder)?)
    }

    /// Joins city and rules.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn join(texts: &Texts) -> Result<Self, PlanError> {
        let strange = strangers(&texts.files);
        let city = City::parse(&texts.files);
        match city {
            Ok(city) if strange.is_empty() => {
                Ok(Self { city, rules: rules::rule::RuleSet::default(), version: texts.version() })
            }
            Ok(_) => Err(texts.mistaken(strange)),
            Err(mut mistakes) => {
                mistakes.extend(strange);
                mistakes.sort();
                Err(texts.mistaken(mistakes))
            }
        }
    }

    /// Whether any zone is only approximate: `serve` with real channels refuses such a city unless
    /// an officer overrides it by name.
    pub fn has_approximate_zones(&self) -> bool {
        self.city.has_approximate_zones()
    }
}

/// The files of a city's folder that other crates read.
const JOINED: [&str; 3] = ["rules.toml", "phrases.toml", "receivers.toml"];

/// Files that nobody reads: a misspelled name must not pass for a missing rule.
fn strangers(files: &[(String, String)]) -> Vec<Mistake> {
    let known = || sensors::city::parse::FILES.into_iter().chain(JOINED);
    let strange = files.iter().filter(|(name, _)| !name.contains('/') && !known().any(|file| file == name));
    let told = |(name, _): &(String, String)| Mistake {
        file: name.clone(),
        line: 0,
        key: name.clone(),
        wrong: "nothing reads this file".to_owned(),
        allowed: format!("allowed are {}", known().collect::<Vec<_>>().join(", ")),
    };
    strange.map(told).collect()
}

#[cfg(test)]
mod tests;

//! The configuration of a city, read from its folder or from the copy in the binary, and joined.
//!
//! Reads files and decides nothing: what is right and wrong in them is judged by the crates that
//! own their meaning. The binary carries the first city, so that it runs anywhere.

mod embedded;
pub mod governed;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rules::bulletin::{Impacts, Lang};
use rules::phrase::Phrases;
use rules::rule::RuleSet;
use sensors::city::City;
use sensors::city::parse::{FILES, FILES_OPTIONAL};
use sensors::mistake::Mistake;
use sha2::{Digest, Sha256};

use crate::cap::config::Cap;
use crate::cap::read::config::Sources;
use crate::desk::duty::{Duty, Names};
use crate::notify::receiver::Receivers;
use crate::order::Officers;
use crate::plan::governed::Governed;
use crate::rule_test::RuleTests;
use crate::watch::snapshot::Plan;

/// The folder that is used when none is named.
pub const DEFAULT_FOLDER: &str = "config/hue";

/// A configuration file may not be larger.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The files of a city with their texts, named as inside its folder.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Where they came from.
    pub origin: Origin,
    /// Names and texts, sorted by name; device types as `devices/<type>.toml`.
    pub files: Vec<(String, String)>,
}

/// Where a configuration came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A folder.
    Folder(PathBuf),
    /// The copy in the binary.
    #[default]
    Binary,
    /// One of them, with the rules that the ledger has in force.
    Ledger(Box<Origin>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Binary => f.write_str("built-in configuration"),
            Self::Ledger(folder) => write!(f, "{folder} with the rules that the ledger has in force"),
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
        format!("{:x}", hash.finalize())
    }

    /// What a file says.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.files.iter().find(|(file, _)| file == name).map(|(_, text)| text.as_str())
    }

    /// The files with the words of a language each.
    fn phrases(&self) -> Vec<(String, String)> {
        self.files.iter().filter(|(name, _)| is_phrases(name)).cloned().collect()
    }

    /// Files that are missing, and files that nobody reads: a misspelled name must not pass for a
    /// missing rule. Files of the city are missed by its parser, words by the rules that need them.
    fn misplaced(&self) -> Vec<Mistake> {
        let missed = JOINED.into_iter().filter(|name| self.text(name).is_none());
        let missed = missed
            .map(|name| about(name, "the file is missing", format!("needed are {}", JOINED.join(", "))));
        let optional =
            FILES_OPTIONAL.into_iter().chain([OFFICERS, IMPACTS, DUTY, CAP, RULE_TESTS, MAP, HELP, ACCESS]);
        let known: Vec<&str> = FILES.into_iter().chain(JOINED).chain(optional).collect();
        let names = self.files.iter().map(|(name, _)| name.as_str());
        let strange = names.filter(|name| !name.contains('/') && !known.contains(name) && !is_phrases(name));
        let allowed = || format!("allowed are {}, phrases.<lang>.toml", known.join(", "));
        missed.chain(strange.map(|name| about(name, "nothing reads this file", allowed()))).collect()
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

    /// Joins city, rules, words and receivers. Rules are judged by what could be read of the city,
    /// words by what could be read of the rules.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn join(texts: &Texts) -> Result<Self, PlanError> {
        let mut mistakes = texts.misplaced();
        let mut keep = |more: Vec<Mistake>| mistakes.extend(more);
        let (city, wrong) = City::read(&texts.files);
        keep(wrong);
        let impacts = city.as_ref().zip(texts.text(IMPACTS));
        let impacts = impacts.map(|(city, text)| Impacts::parse(IMPACTS, text, city)).transpose();
        let impacts = impacts.map_err(&mut keep).ok().flatten().unwrap_or_default();
        let phrases = Phrases::parse(&texts.phrases()).map_err(&mut keep).ok();
        let phrases = phrases.map(|phrases| Phrases { impacts, ..phrases });
        let text = texts.text(RECEIVERS).unwrap_or_default();
        let receivers = Receivers::parse(RECEIVERS, text).and_then(Receivers::read_tokens);
        let receivers = receivers.map_err(&mut keep).ok();
        let officers = texts
            .text(OFFICERS)
            .map_or_else(|| Ok(Officers::default()), |text| Officers::parse(OFFICERS, text));
        let officers = officers.map_err(&mut keep).ok();
        let names = Names { officers: officers.as_ref(), receivers: receivers.as_ref() };
        let duty = texts.text(DUTY).map(|text| Duty::parse(DUTY, text, names).map_err(&mut keep));
        let duty = duty.and_then(Result::ok).unwrap_or_default();
        let cap_in = texts.text(CAP).map(|text| Sources::parse(CAP, text).map_err(&mut keep));
        let cap_in = cap_in.and_then(Result::ok).unwrap_or_default();
        let cap = phrases.as_ref().zip(city.as_ref()).and_then(|(phrases, city)| {
            let languages: Vec<Lang> =
                phrases.languages.iter().map(|language| language.lang.clone()).collect();
            let cap =
                texts.text(CAP).map_or_else(|| Ok(Cap::default()), |text| Cap::parse(CAP, text, &languages));
            cap.and_then(|cap| cap.with_city(CAP, city)).map_err(&mut keep).ok()
        });
        let text = texts.text(RULES).unwrap_or_default();
        let rules = city.as_ref().and_then(|city| RuleSet::parse(RULES, text, city).map_err(&mut keep).ok());
        let text = texts.text(RULE_TESTS).unwrap_or_default();
        let tests = city.as_ref().map(|city| RuleTests::parse(RULE_TESTS, text, city).map_err(&mut keep));
        let rule_tests = tests.and_then(Result::ok).unwrap_or_default();
        if let Some((phrases, rules)) = phrases.as_ref().zip(rules.as_ref()) {
            keep(phrases.check(rules));
        }
        if let (Some(city), Some(phrases), Some(receivers)) = (&city, &phrases, &receivers) {
            let speaks = |lang: &Lang| phrases.languages.iter().any(|language| language.lang == *lang);
            keep(receivers.tokens.unreachable(|zone| city.zone(zone).is_some(), speaks));
        }
        let (Some(city), Some(rules), Some(phrases), Some(receivers), Some(officers), Some(cap), true) =
            (city, rules, phrases, receivers, officers, cap, mistakes.is_empty())
        else {
            mistakes.sort();
            return Err(PlanError::Wrong { origin: texts.origin.clone(), mistakes });
        };
        let (version, governed) = (texts.version(), Governed::of(texts));
        Ok(Self {
            city,
            rules,
            phrases,
            receivers,
            officers,
            duty,
            cap_in,
            cap,
            rule_tests,
            version,
            governed,
        })
    }

    /// Whether any zone is only approximate: `serve` with real channels refuses such a city unless
    /// an officer overrides it by name.
    pub fn has_approximate_zones(&self) -> bool {
        self.city.has_approximate_zones()
    }
}

/// What raises an alert.
const RULES: &str = "rules.toml";
/// Who is told.
const RECEIVERS: &str = "receivers.toml";
/// Who may order; without it nobody may.
const OFFICERS: &str = "officers.toml";
/// What is under water at a stage.
const IMPACTS: &str = "impacts.toml";
/// Who is on duty when, and who is called after whom.
const DUTY: &str = "duty.toml";
/// How our warnings become CAP messages, and whose messages are taken in.
const CAP: &str = "cap.toml";
/// Readings, and the transitions that the rules must make of them.
const RULE_TESTS: &str = crate::rule_test::FILE;
/// How the city is drawn: base map, attribution.
const MAP: &str = "map.toml";
/// Shelters and phone numbers.
const HELP: &str = "help.toml";
/// Who may write readings, whose pages may ask, and how often.
const ACCESS: &str = "access.toml";
/// The files that stand beside those of the city itself; each must be there.
const JOINED: [&str; 2] = [RULES, RECEIVERS];

/// `phrases.vi.toml`, `phrases.en.toml`: one for each language.
fn is_phrases(name: &str) -> bool {
    let lang = name.strip_prefix("phrases.").and_then(|rest| rest.strip_suffix(".toml"));
    lang.is_some_and(|lang| !lang.is_empty())
}

/// A mistake about a file as a whole.
fn about(file: &str, wrong: &str, allowed: String) -> Mistake {
    Mistake { file: file.to_owned(), line: 0, key: file.to_owned(), wrong: wrong.to_owned(), allowed }
}

#[cfg(test)]
mod tests;

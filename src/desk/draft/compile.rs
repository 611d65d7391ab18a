//! From what an officer wants to texts that compile: every mistake at once, by file and line.
//!
//! It may take long and belongs off the writer's thread. What is compiled here is in force nowhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use rules::hazard::Hazard;
use rules::rule::RuleSet;
use sensors::mistake::{Mistake, line_of};

use super::edit::{EDITS_MAX, Edit, edit};
use super::{File, Proposal, TEXT_BYTES_MAX, diff};
use crate::desk::hidden::{escaped, hidden};
use crate::plan::governed::is_governed;
use crate::watch::snapshot::Plan;

/// The file that edits change.
const RULES: &str = "rules.toml";

/// What an officer wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Files that become others.
    pub files: Vec<File>,
    /// Keys of the rules that get another value; after the files.
    pub edits: Vec<Edit>,
    /// Hazards whose last rule may go, by name.
    pub confirm_removal: Vec<String>,
}

/// Compiles what is wanted on top of what is in force.
///
/// # Errors
/// Every mistake at once.
pub fn compile(plan: &Plan, wanted: &Wanted) -> Result<(Proposal, Plan), Vec<Mistake>> {
    let mut mistakes = misplaced(wanted);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut files = wanted.files.clone();
    if !wanted.edits.is_empty() {
        let given = files.iter().find(|file| file.name == RULES).map(|file| file.text.as_str());
        let text = given.or(plan.governed.texts.text(RULES)).unwrap_or_default();
        let text = edit(text, &wanted.edits).map_err(|errors| {
            let told = errors.into_iter().map(|error| Mistake {
                file: format!("edits[{}]", error.place),
                line: 0,
                key: error.field.to_owned(),
                wrong: error.wrong,
                allowed: error.allowed,
            });
            told.collect::<Vec<_>>()
        })?;
        files.retain(|file| file.name != RULES);
        files.push(File { name: RULES.to_owned(), text });
    }
    mistakes = files.iter().filter_map(unseen).collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    files.retain(|file| plan.governed.texts.text(&file.name) != Some(file.text.as_str()));
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let revised = plan.revised(&files)?;
    mistakes = lost(&plan.rules, &revised.rules, &wanted.confirm_removal);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let before = |file: &File| plan.governed.texts.text(&file.name).unwrap_or_default().to_owned();
    let changes = files.iter().flat_map(|file| diff::diff(&file.name, &before(file), &file.text)).collect();
    let proposal = Proposal {
        base: plan.governed.version.clone(),
        version: revised.governed.version.clone(),
        files: Arc::new(files),
        diff: Arc::new(changes),
    };
    Ok((proposal, revised))
}

/// What is refused before anything is compiled: names and sizes.
fn misplaced(wanted: &Wanted) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut note = |file: &str, line: usize, key: &str, wrong: String, allowed: String| {
        mistakes.push(Mistake { file: file.to_owned(), line, key: key.to_owned(), wrong, allowed });
    };
    let bytes: usize = wanted.files.iter().map(|file| file.text.len()).sum();
    if bytes > TEXT_BYTES_MAX {
        note("files", 0, "text", format!("{bytes} bytes are given"), format!("allowed are {TEXT_BYTES_MAX}"));
    }
    if wanted.edits.len() > EDITS_MAX {
        let given = format!("{} edits are given", wanted.edits.len());
        note("edits", 0, "edits", given, format!("allowed are {EDITS_MAX}; send the file whole"));
    }
    if wanted.files.is_empty() && wanted.edits.is_empty() {
        note("edits", 0, "edits", "nothing is proposed".to_owned(), "needed are edits or files".to_owned());
    }
    let mut names = BTreeSet::new();
    for file in &wanted.files {
        if !is_governed(&file.name) || file.name.len() > 40 || file.name.contains('/') {
            let name: String = file.name.chars().take(40).collect();
            let allowed = "allowed are rules.toml, impacts.toml, phrases.<lang>.toml".to_owned();
            note("files", 0, "name", format!("officers do not govern {name:?}"), allowed);
        }
        if !names.insert(&file.name) {
            note(
                "files",
                0,
                "name",
                format!("{} is given twice", file.name),
                "each is allowed once".to_owned(),
            );
        }
    }
    mistakes
}

/// What hides from whoever approves what is written, as it stands there or by its escape.
fn unseen(file: &File) -> Option<Mistake> {
    let bare = hidden(&file.text).and_then(|(place, sign)| {
        let (byte, _) = file.text.char_indices().nth(place - 1)?;
        Some((byte, sign))
    });
    let (byte, sign) = bare.or_else(|| escaped(&file.text))?;
    Some(Mistake {
        file: file.name.clone(),
        line: line_of(&file.text, byte),
        key: "text".to_owned(),
        wrong: format!("the character U+{:04X} hides what is written", u32::from(sign)),
        allowed: "allowed are letters, signs, spaces and line ends".to_owned(),
    })
}

/// Hazards that nobody would watch for any more and that nobody said may go.
fn lost(before: &RuleSet, after: &RuleSet, confirmed: &[String]) -> Vec<Mistake> {
    let hazards =
        |rules: &RuleSet| rules.slots().iter().map(|slot| slot.rule.hazard).collect::<BTreeSet<Hazard>>();
    let (before, after) = (hazards(before), hazards(after));
    let lost =
        before.difference(&after).filter(|hazard| confirmed.iter().all(|name| name != hazard.as_str()));
    let told = lost.map(|hazard| Mistake {
        file: RULES.to_owned(),
        line: 0,
        key: "rule".to_owned(),
        wrong: format!("the last rule of {hazard} would go, and nothing would warn of it any more"),
        allowed: format!("allowed with \"{hazard}\" in confirm_removal"),
    });
    told.collect()
}

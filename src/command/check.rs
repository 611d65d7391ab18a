//! `baolu check [DIR]`: every mistake of a configuration, or one line of what was found.
//!
//! Opens no socket and no database.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::plan::{PlanError, Texts};
use crate::watch::snapshot::Plan;

/// The input is wrong (contracts.md, exit codes).
const WRONG: u8 = 1;

/// Checks the configuration of a folder, or of the default one, and says what was found.
///
/// # Errors
/// Only when `out` can't be written.
pub fn run(folder: Option<&Path>, out: &mut impl Write) -> io::Result<ExitCode> {
    let checked = Texts::read(folder).and_then(|texts| Plan::join(&texts).map(|plan| (texts, plan)));
    match checked {
        Ok((texts, plan)) => {
            writeln!(out, "{}: {}", texts.origin, found(&plan))?;
            if plan.has_approximate_zones() {
                writeln!(out, "note: zones are approximate; `serve` with real channels refuses them")?;
            }
            for (one, other, share) in plan.city.overlapping_zones() {
                writeln!(out, "note: zones {one} and {other} share {share:.0} % of the smaller one")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(PlanError::Wrong { mistakes, .. }) => {
            for mistake in &mistakes {
                writeln!(out, "{mistake}")?;
            }
            writeln!(out, "{} mistake(s)", mistakes.len())?;
            Ok(ExitCode::from(WRONG))
        }
        Err(error @ PlanError::Read { .. }) => {
            writeln!(out, "{error}")?;
            Ok(ExitCode::from(WRONG))
        }
    }
}

/// One line of what a plan holds.
fn found(plan: &Plan) -> String {
    let city = &plan.city;
    format!(
        "{}: {} stations, {} sensors, {} zones, {} basins, {} lines, {} alerts to watch for; version {}",
        city.name,
        city.stations.len(),
        city.sensors.len(),
        city.zones.len(),
        city.basins.len(),
        city.lines.len(),
        plan.rules.slots().len(),
        plan.version.get(..12).unwrap_or(&plan.version),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn checked(folder: Option<&Path>) -> (String, bool) {
        let mut out = Vec::new();
        let code = run(folder, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), code == ExitCode::SUCCESS)
    }

    #[test]
    fn check_says_in_one_line_what_a_city_holds() {
        let (told, well) = checked(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/hue")));
        assert!(well, "{told}");
        assert!(told.contains("Huế: 74 stations, "), "{told}");
        assert!(told.contains(" 40 zones, 7 basins, 6 lines"), "{told}");
        assert!(told.contains("note: zones are approximate"), "{told}");
    }

    #[test]
    fn check_tells_every_mistake_of_every_file_and_fails() {
        let root = tempfile::tempdir().unwrap();
        let texts = Texts::embedded();
        fs::create_dir(root.path().join("devices")).unwrap();
        for (name, text) in &texts.files {
            let text = match name.as_str() {
                "city.toml" => text.replace("utc_offset_min", "utc_offset_h"),
                "lines.toml" => text.replace("127.0.0.1:15021", "127.0.0.1:150210"),
                _ => text.clone(),
            };
            fs::write(root.path().join(name), text).unwrap();
        }
        let (told, well) = checked(Some(root.path()));
        assert!(!well);
        let expected = [
            "city.toml:1: utc_offset_min: the key is missing; needed is minutes east of UTC",
            "city.toml:5: utc_offset_h: the key is unknown; allowed are bounds, name, slug, utc_offset_min",
            "lines.toml:12: line[0].address: \"127.0.0.1:150210\" is no address; allowed is host:port with a port from 1 to 65535",
            "3 mistake(s)",
        ];
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn check_names_a_folder_that_is_not_there() {
        let (told, well) = checked(Some(Path::new("no/such/city")));
        assert!(!well && told.contains("no/such/city"), "{told}");
    }
}

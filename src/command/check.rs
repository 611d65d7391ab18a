//! `baolu check [DIR]`: every mistake of a configuration, every test of its rules that fails, or one
//! line of what was found.
//!
//! Opens no socket and no database.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use crate::command::cli::{CheckArgs, Failure};
use crate::plan::Texts;
use crate::watch::snapshot::Plan;

/// Runs it.
///
/// # Errors
/// When something is wrong with the configuration, or standard output is closed.
pub fn run(args: &CheckArgs, out: &mut impl Write) -> Result<(), Failure> {
    let texts = Texts::read(args.dir.as_deref()).map_err(Failure::from)?;
    let plan = Arc::new(Plan::join(&texts).map_err(Failure::from)?);
    let failures = plan.rule_tests.run(&plan);
    if !failures.is_empty() {
        let mut lines = vec![format!(
            "{}: {} of {} tests of the rules failed:",
            texts.origin,
            failures.iter().map(|failure| &failure.test).collect::<BTreeSet<_>>().len(),
            plan.rule_tests.len()
        )];
        lines.extend(failures.iter().map(ToString::to_string));
        return Err(Failure::Input(lines));
    }
    tell(&texts, &plan, out).map_err(|error| Failure::Running(format!("standard output: {error}")))
}

fn tell(texts: &Texts, plan: &Plan, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: {}", texts.origin, found(plan))?;
    if plan.has_approximate_zones() {
        writeln!(out, "note: zones are approximate; `serve` with real channels refuses them")?;
    }
    for (one, other, share) in plan.city.overlapping_zones() {
        writeln!(out, "note: zones {one} and {other} share {share:.0} % of the smaller one")?;
    }
    Ok(())
}

/// One line of what a plan holds.
fn found(plan: &Plan) -> String {
    let city = &plan.city;
    format!(
        "{}: {} stations, {} sensors, {} zones, {} basins, {} lines, {} alerts to watch for, {} tests of the rules passed, {} languages; version {}",
        city.name,
        city.stations.len(),
        city.sensors.len(),
        city.zones.len(),
        city.basins.len(),
        city.lines.len(),
        plan.rules.slots().len(),
        plan.rule_tests.len(),
        plan.phrases.languages.len(),
        plan.version.get(..12).unwrap_or(&plan.version),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What is said of a city, or of what is wrong with it.
    fn checked(folder: &Path) -> Result<String, String> {
        let mut out = Vec::new();
        match run(&CheckArgs { dir: Some(folder.to_owned()) }, &mut out) {
            Ok(()) => Ok(String::from_utf8(out).unwrap()),
            Err(Failure::Input(lines)) => Err(lines.join("\n")),
            Err(failure) => panic!("{failure:?}"),
        }
    }

    #[test]
    fn check_says_in_one_line_what_a_city_holds() {
        let told = checked(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/hue")).unwrap();
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
        let told = checked(root.path()).unwrap_err();
        let expected = [
            "city.toml:1: utc_offset_min: the key is missing; needed is minutes east of UTC",
            "city.toml:5: utc_offset_h: the key is unknown; allowed are bounds, name, slug, utc_offset_min",
            "lines.toml:13: line[0].address: \"127.0.0.1:150210\" is no address; allowed is host:port with a port from 1 to 65535",
        ];
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].ends_with("has 3 mistake(s):"), "{told}");
        assert_eq!(lines[1..], expected);
    }

    #[test]
    fn check_tells_every_test_of_the_rules_that_fails() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("devices")).unwrap();
        for (name, text) in &Texts::embedded().files {
            let text =
                text.replace("raise_m3_s = 300, clear_m3_s = 250", "raise_m3_s = 400, clear_m3_s = 250");
            fs::write(root.path().join(name), text).unwrap();
        }
        let told = checked(root.path()).unwrap_err();
        assert!(told.contains("tests of the rules failed:"), "{told}");
        assert!(
            told.contains("test \"every step of a release is told to those below the dam\": expected"),
            "{told}"
        );
    }

    #[test]
    fn check_names_a_folder_that_is_not_there() {
        let told = checked(Path::new("no/such/city")).unwrap_err();
        assert!(told.contains("no/such/city"), "{told}");
    }
}

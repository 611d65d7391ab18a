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
        "{}: {} stations, {} sensors, {} zones, {} basins, {} lines; version {}",
        city.name,
        city.stations.len(),
        city.sensors.len(),
        city.zones.len(),
        city.basins.len(),
        city.lines.len(),
        plan.version.get(..12).unwrap_or(&plan.version),
    )
}

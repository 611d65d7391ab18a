//! The officers' desk: everything that people hold in their hands beside what the engine knows.
//!
//! Warnings that wait for a signature, drafts of rules, silences, release orders: each is a paper, kept
//! in every version with the commit that made it. Plain data and plain functions; what an order does
//! to it is decided in `watch::desk`.

pub mod draft;
pub mod duty;
pub mod foreign;
pub mod hidden;
pub mod paper;
pub mod typed;
pub mod warning;

use serde::Serialize;

use paper::{Kept, Shelf};

/// What an officer does at the desk.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// To a warning: approve, acknowledge, assign, all-clear, cancel.
    Warning(warning::Act),
    /// To the rules: propose, approve, restore.
    Draft(draft::Act),
    /// On duty: silences, maintenance windows, hand-over.
    Duty(duty::Act),
    /// By hand: the national service's bulletin, release orders, storm approach, school closing.
    Typed(typed::Act),
    /// With other authorities' alerts.
    Foreign(foreign::Act),
}

impl Act {
    /// Its name in the store and the ledger.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Warning(act) => act.as_str(),
            Self::Draft(act) => act.as_str(),
            Self::Duty(act) => act.as_str(),
            Self::Typed(act) => act.as_str(),
            Self::Foreign(act) => act.as_str(),
        }
    }
}

/// The papers that are open. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// The life of each running warning.
    pub warnings: Shelf<warning::Warning>,
    /// Changes of the rules that wait.
    pub drafts: Shelf<draft::Draft>,
    /// The rules in force, as one paper.
    pub rules: Shelf<draft::InForce>,
    /// Who is left in peace for a while, and what is being repaired.
    pub silences: Shelf<duty::Silence>,
    /// What the duty holds: who was called, what was handed over.
    pub calls: Shelf<duty::Call>,
    /// Bulletins typed by hand.
    pub typed: Shelf<typed::Typed>,
    /// Release orders of the dams.
    pub release_orders: Shelf<typed::ReleaseOrder>,
    /// Other authorities' alerts that are in force.
    pub foreign: Shelf<foreign::Foreign>,
}

impl Desk {
    /// The desk as it was kept; what a later version wrote and this one can't read is told by kind and id.
    pub fn restore(kept: &[Kept]) -> (Self, Vec<String>) {
        let mut strange = Vec::new();
        let desk = Self {
            warnings: Shelf::restore(kept, &mut strange),
            drafts: Shelf::restore(kept, &mut strange),
            rules: Shelf::restore(kept, &mut strange),
            silences: Shelf::restore(kept, &mut strange),
            calls: Shelf::restore(kept, &mut strange),
            typed: Shelf::restore(kept, &mut strange),
            release_orders: Shelf::restore(kept, &mut strange),
            foreign: Shelf::restore(kept, &mut strange),
        };
        (desk, strange)
    }
}

//! The store on a real disk: durable, fenced, chained, bounded.

mod crash;
mod disk;
mod door;
mod ledger;
mod speed;
pub(crate) mod town;

//! The store on a real disk: durable, fenced, chained, bounded.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod door;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod speed;
#[cfg(test)]
pub(crate) mod town;

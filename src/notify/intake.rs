//! Finds what is new in the outbox of each snapshot without reading all of it each time.
//!
//! Snapshots come by the thousand a second and nearly none of them changes the outbox; an outbox
//! grows at its end and loses deliveries anywhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::notify::delivery::{Delivery, DeliveryId};

/// So many ended deliveries are remembered beyond twice the outbox before they are swept.
const SWEEP_ABOVE: usize = 1024;

/// Remembers what it has handed out.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// Handed out and perhaps still in the outbox.
    known: BTreeSet<DeliveryId>,
    last: Option<Arc<Delivery>>,
}

impl Intake {
    /// The deliveries that were not there before, oldest first.
    pub(crate) fn take(&mut self, outbox: &[Arc<Delivery>]) -> Vec<Arc<Delivery>> {
        let Some(last) = outbox.last() else {
            self.known.clear();
            self.last = None;
            return Vec::new();
        };
        if self.last.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, last)) {
            self.sweep(outbox);
            return Vec::new();
        }
        self.last = Some(Arc::clone(last));
        let mut fresh: Vec<_> =
            outbox.iter().rev().take_while(|d| self.known.insert(d.id.clone())).cloned().collect();
        fresh.reverse();
        self.sweep(outbox);
        fresh
    }

    /// Forgets what has left the outbox, once it is more than what is there: seldom, and then worth it.
    fn sweep(&mut self, outbox: &[Arc<Delivery>]) {
        if self.known.len() > SWEEP_ABOVE + 2 * outbox.len() {
            let here = outbox.iter().map(|d| d.id.clone()).filter(|id| self.known.contains(id));
            self.known = here.collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::notify::delivery::tests::delivery;

    proptest! {
        #[test]
        fn whatever_comes_and_goes_each_delivery_is_taken_once_and_in_order(
            turns in prop::collection::vec((0_usize..4, prop::collection::vec(any::<prop::sample::Index>(), 0..4)), 1..60)
        ) {
            let (mut intake, mut outbox, mut made, mut taken) = (Intake::default(), Vec::new(), 0, Vec::new());
            for (come, go) in turns {
                for index in go.iter().filter(|_| !taken.is_empty()) {
                    // Only what was taken can end.
                    let ended: &Arc<Delivery> = index.get(&taken);
                    outbox.retain(|d| !Arc::ptr_eq(d, ended));
                }
                for _ in 0..come {
                    outbox.push(Arc::new(delivery(&made.to_string())));
                    made += 1;
                }
                taken.extend(intake.take(&outbox));
            }
            let order: Vec<String> = taken.iter().map(|d| d.id.0.to_string()).collect();
            prop_assert_eq!(order, (0..made).map(|n| n.to_string()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_delivery_is_taken_once_however_often_it_is_seen() {
        let mut intake = Intake::default();
        let all: Vec<_> = (0..5).map(|n| Arc::new(delivery(&n.to_string()))).collect();
        assert_eq!(intake.take(&all[..3]).len(), 3);
        assert!(intake.take(&all[..3]).is_empty());
        assert_eq!(intake.take(&all[1..5]), all[3..5], "the first ended, two came");
        assert!(intake.take(&all[1..3]).is_empty(), "the newest ended first");
        assert!(intake.take(&all[1..4]).is_empty(), "an older snapshot shows an ended one again");
    }

    #[test]
    fn what_has_left_the_outbox_is_forgotten_in_time() {
        let mut intake = Intake::default();
        let still = Arc::new(delivery("still"));
        for n in 0..10_000 {
            let new = Arc::new(delivery(&n.to_string()));
            assert_eq!(intake.take(&[Arc::clone(&still), new]).len(), if n == 0 { 2 } else { 1 });
        }
        assert!(intake.known.len() <= SWEEP_ABOVE + 4, "{}", intake.known.len());
        assert!(intake.take(&[]).is_empty());
        assert!(intake.known.is_empty());
    }
}

//! Notice before a release: whether the water that a dam lets out was announced, and in time.
//!
//! A plain function over what the dam told and the orders on the desk. It knows what was told by
//! telemetry only: a dam that is silent is no dam that lets nothing out.

use sensors::reservoir::Terms;
use sensors::time::{Span, Timestamp};

use super::release::ReleaseOrder;

/// How far the gates may be ahead of the hour that was announced.
const SLACK: Span = Span::from_min(15);

/// What a dam told of its whole release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// When it was measured.
    pub at: Timestamp,
    /// The release, l/s.
    pub l_s: i64,
}

/// Water that nobody was told of in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surprise {
    /// What it rose from.
    pub low: Told,
    /// What it is now.
    pub now: Told,
    /// The hour of the order, where one announced as much and the gates did not wait for it.
    pub announced_for: Option<Timestamp>,
}

/// Whether the newest of what a dam told, oldest first, is a rise that no order announced as long before as
/// the procedure demands. The orders are those on the desk for this dam.
///
/// A rise is counted from the least release of the time of notice before it; where the dam was silent,
/// from the last word before. An order that came at short notice was told when it was entered.
pub fn surprise(told: &[Told], orders: &[&ReleaseOrder], terms: &Terms) -> Option<Surprise> {
    let (notice, rise) = (terms.notice?, terms.rise?.l_per_s());
    let (now, earlier) = told.split_last()?;
    let before = earlier.last()?;
    if now.l_s <= before.l_s {
        return None;
    }
    let since = now.at.minus(notice);
    let recent = earlier.iter().filter(|told| told.at > since).chain([before]);
    let low = *recent.min_by_key(|told| (told.l_s, std::cmp::Reverse(told.at)))?;
    if now.l_s - low.l_s <= rise {
        return None;
    }
    let risen = |told: &&Told| told.at > low.at && told.l_s - low.l_s > rise;
    let began = told.iter().find(risen).unwrap_or(now).at;
    let enough = |order: &&&ReleaseOrder| i64::from(order.order.to_m3_s) * 1000 + rise >= now.l_s;
    let is_fair = |order: &&ReleaseOrder| order.short_notice || order.order.starts_at.0 <= began.plus(SLACK);
    let covering: Vec<&ReleaseOrder> = orders.iter().filter(enough).copied().collect();
    if covering.iter().any(is_fair) {
        return None;
    }
    let announced_for = covering.iter().map(|order| order.order.starts_at.0).min();
    Some(Surprise { low, now: *now, announced_for })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::typed::{Moment, ReleasePhase, ReleaseTerms};
    use sensors::quantity::Discharge;

    fn terms() -> Terms {
        let rise = Some(Discharge::from_l_per_s(200_000));
        Terms { notice: Some(Span::from_h(4)), rise, ..Terms::default() }
    }

    fn hour(hour: f64) -> Timestamp {
        Timestamp::from_ms((hour * 3_600_000.0) as i64)
    }

    fn told(of: &[(f64, i64)]) -> Vec<Told> {
        of.iter().map(|(at, m3_s)| Told { at: hour(*at), l_s: m3_s * 1000 }).collect()
    }

    /// An order up to so much, from an hour on, received at an hour.
    fn order(to_m3_s: u32, starts: f64, received: f64) -> ReleaseOrder {
        ReleaseOrder {
            id: "o".to_owned(),
            phase: ReleasePhase::Announced,
            order: ReleaseTerms {
                dam: "d".to_owned(),
                from_m3_s: 100,
                to_m3_s,
                starts_at: Moment(hour(starts)),
                gradually: true,
                authority: "a".to_owned(),
                number: "1".to_owned(),
                received_at: None,
                note: None,
            },
            told: None,
            received_at: Moment(hour(received)),
            released_before_l_s: None,
            under_way_since: None,
            short_notice: starts - received < 4.0,
            entered_by: "o".to_owned(),
            why: None,
        }
    }

    fn is_surprise(of: &[(f64, i64)], orders: &[&ReleaseOrder]) -> bool {
        surprise(&told(of), orders, &terms()).is_some()
    }

    #[test]
    fn a_release_that_rises_without_an_order_is_a_surprise_and_turbines_are_none() {
        assert!(is_surprise(&[(1.0, 150), (2.0, 600)], &[]));
        assert!(!is_surprise(&[(1.0, 0), (2.0, 200)], &[]));
        assert!(!is_surprise(&[(1.0, 150), (2.0, 600), (3.0, 600)], &[]), "it no longer rises");
        assert!(!is_surprise(&[(2.0, 600)], &[]), "nobody knows what was before");
        let gradually = [(1.0, 100), (2.0, 180), (3.0, 260), (4.0, 340)];
        assert!(is_surprise(&gradually, &[]), "step by step it is as much");
        // 16 to 17 November 2025: Hương Điền was silent for seven hours while its release doubled.
        assert!(is_surprise(&[(0.0, 800), (7.0, 1600)], &[]));
        assert!(surprise(&told(&[(1.0, 0), (2.0, 900)]), &[], &Terms::default()).is_none(), "nobody set it");
    }

    #[test]
    fn only_an_order_for_as_much_whose_hour_the_gates_kept_announces_a_release() {
        let rise = [(9.0, 150), (10.0, 600)];
        assert!(!is_surprise(&rise, &[&order(800, 10.0, 5.0)]));
        assert!(is_surprise(&rise, &[&order(300, 10.0, 5.0)]), "for less");
        assert!(!is_surprise(&rise, &[&order(800, 10.0, 8.0)]), "told when it was entered");
        let early = order(800, 14.0, 8.0);
        let found = surprise(&told(&rise), &[&early], &terms()).unwrap();
        assert_eq!(found.announced_for, Some(hour(14.0)), "four hours early");
        assert!(!is_surprise(&rise, &[&early, &order(700, 9.5, 1.0)]), "one of them is enough");
    }
}

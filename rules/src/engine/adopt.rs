//! Other rules come into force: an alert goes on under them, and the newest readings are judged
//! again at once.
//!
//! What was said stands until readings under the new rules end it; none is forgotten. A reading
//! from before a level was raised does not end it now.

use sensors::time::{Span, Timestamp};

use super::fold::TICK;
use super::latch::Core;
use super::truth::Moment;
use super::{AlertRecord, AlertState, Verdict, View};
use crate::alert::{AlertId, SlotIx, Transition};
use crate::hazard::Severity;
use crate::rule::{Gate, IssuePolicy, NONE, RuleSet, Slot, Timing};

/// Since when a level of a track is on: what was measured before does not clear it.
#[derive(Clone, Copy)]
struct Pin {
    place: usize,
    sure: bool,
    since: Timestamp,
}

impl RuleSet {
    /// Takes an alert over from other rules by what is kept of it, or begins one, and folds it
    /// again over the horizon: what the newest readings make true is said now. A subject that said
    /// nothing within its deadline waits for its next word.
    pub fn adopt(
        &self,
        ix: SlotIx,
        kept: Option<&AlertRecord>,
        now: Timestamp,
        view: &impl View,
    ) -> (AlertState, Verdict) {
        let mut state = kept.map_or_else(AlertState::default, |kept| AlertState::restore(kept, self, ix));
        let Some(slot) = self.slot(ix) else { return (state, Verdict::default()) };
        let is_kept = kept.is_some_and(|kept| *kept != AlertRecord::default());
        if slot.timing == Timing::Clock {
            let mut verdict = self.tick(ix, slot, &mut state, now, view);
            verdict.changed |= is_kept;
            return (state, verdict);
        }
        let patience = slot.sensors.iter().map(|sensor| self.patience(*sensor)).max().unwrap_or_default();
        let newest = slot.newest(view).filter(|newest| *newest >= now.minus(patience));
        let Some(newest) = newest.filter(|newest| !self.is_calm(slot, &state, *newest, view)) else {
            return (state, Verdict { changed: is_kept, transitions: Vec::new() });
        };
        let pins = pins(&state, slot, kept.is_some_and(|kept| kept.lacks(slot)), newest);
        let from = newest.minus(self.horizon());
        (state.base, state.floor) = (*state.core(), from.minus(TICK));
        state.changes.clear();
        for at in slot.times(view, from) {
            let before = *state.core();
            let Some(mut core) = self.stepped(slot, &before, at, Moment::Event(at), view) else { continue };
            hold(&mut core, &pins, at);
            if core != before {
                state.changes.push((at, core));
            }
        }
        let transitions = self.say(ix, slot, &mut state, newest, now, view);
        state.prune(newest.minus(self.horizon()));
        let changed = is_kept || !transitions.is_empty() || state.rests_since != state.floor;
        (state, Verdict { changed, transitions })
    }

    /// Whether an alert is at rest and no reading of the horizon can raise it, so that it need not
    /// be folded again.
    fn is_calm(&self, slot: &Slot, state: &AlertState, newest: Timestamp, view: &impl View) -> bool {
        let lowest = match slot.gate {
            Gate::Level(lowest) => lowest,
            Gate::Depth => 1,
            Gate::Open => return false,
        };
        // A sum looks back from the first moment of the horizon over its whole window.
        let windows = slot.levels.iter().map(|level| {
            let mut longest = Span::ZERO;
            level.when.leaves(false, &mut |leaf, _| longest = longest.max(leaf.window().unwrap_or_default()));
            longest
        });
        let from = newest.minus(self.horizon()).minus(windows.max().unwrap_or_default());
        let low = |point: &sensors::series::Point| point.value.is_none_or(|value| value.raw() < lowest);
        *state.core() == Core::REST
            && (state.level, state.doubted) == (0, 0)
            && slot
                .sensors
                .iter()
                .filter_map(|sensor| view.series(*sensor))
                .all(|series| series.points(from, newest).all(low))
    }

    /// Ends an alert whose rule is no more, under the rules that still have it. It tells what
    /// stood; whoever was told by it hears no easing of it but from an officer.
    pub fn withdraw(&self, ix: SlotIx, state: &AlertState, now: Timestamp) -> Vec<Transition> {
        let Some((slot, episode)) = self.slot(ix).zip(state.episode.as_ref()) else { return Vec::new() };
        let end = |alert: &AlertId, step: u8, corroborated, severity_max| {
            let level = slot.level(step);
            Transition {
                alert: alert.clone(),
                slot: ix,
                rule: slot.rule.id.clone(),
                rule_version: slot.rule.version.clone(),
                hazard: slot.rule.hazard,
                words: slot.rule.words.clone(),
                subject: slot.subject.clone(),
                zones: slot.zones.clone(),
                from: slot.level_name(step).to_owned(),
                to: NONE.to_owned(),
                severity: level.map_or(Severity::MIN, |level| level.severity),
                severity_max,
                raised: false,
                corroborated,
                issue: IssuePolicy::Officer,
                at: now,
                measured_at: now,
                measure: None,
                because: Vec::new(),
            }
        };
        let sure_max = episode.sure_max.unwrap_or(episode.severity_max);
        let mut ends = Vec::new();
        if state.level > 0 {
            ends.push(end(&episode.id, state.level, true, sure_max));
        }
        if state.doubted > state.level {
            ends.push(end(&episode.id, state.doubted, false, episode.severity_max));
        }
        ends
    }
}

/// Since when each level that stands is on, as far as the fold remembers. Where a level stands in
/// for one that the ladder lacks, only what is measured from now on may end it.
fn pins(state: &AlertState, slot: &Slot, stands_in: bool, newest: Timestamp) -> Vec<Pin> {
    let mut pins = Vec::new();
    for place in 0..slot.levels.len() {
        for sure in [false, true] {
            let is_on = |core: &Core| if sure { core.sure.is_on(place) } else { core.any.is_on(place) };
            if !is_on(state.core()) {
                continue;
            }
            let off = state.changes.iter().rposition(|(_, core)| !is_on(core));
            let next = off.map_or(0, |at| at + 1);
            let switched = state.changes.get(next).map(|(at, _)| *at);
            let always = off.is_none() && is_on(&state.base);
            let since =
                if stands_in { newest } else { switched.filter(|_| !always).unwrap_or(Timestamp::MIN) };
            pins.push(Pin { place, sure, since });
        }
    }
    pins
}

fn hold(core: &mut Core, pins: &[Pin], at: Timestamp) {
    for pin in pins.iter().filter(|pin| at < pin.since) {
        let track = if pin.sure { &mut core.sure } else { &mut core.any };
        track.switch(pin.place, true);
        if let Some(since) = track.since.get_mut(pin.place) {
            *since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::alert::SlotIx;
    use crate::rule::RuleSet;
    use crate::small::{Site, level, rules};

    const IX: SlotIx = SlotIx(0);

    fn ladder(bd2: &str, more: &str) -> RuleSet {
        let bd1 = level("bd1", 2, "{ exceeds = \"stage\", raise_m = 1.0, clear_m = 0.8 }", "");
        rules(&format!("{bd1}{}", level("bd2", 3, bd2, more)))
    }

    /// Other rules come into force; what they make of the newest readings.
    fn adopt(site: &mut Site, rules: RuleSet) -> Vec<String> {
        let kept = site.states[0].record(site.rules.slot(IX).unwrap());
        let (state, verdict) = rules.adopt(IX, Some(&kept), site.now, &site.world);
        (site.states[0], site.rules) = (state, rules);
        verdict.transitions.iter().map(|t| format!("{}->{}", t.from, t.to)).collect()
    }

    #[test]
    fn a_lowered_level_is_raised_on_the_newest_reading_also_when_it_must_be_confirmed() {
        let mut site = Site::new(ladder("{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", ""));
        for at in 0..6 {
            site.stage(at * 10, 1_900);
        }
        assert_eq!(site.level(), "bd1");
        let lower = "{ exceeds = \"stage\", raise_m = 1.8, clear_m = 1.6 }";
        assert_eq!(adopt(&mut site.clone(), ladder(lower, "")), ["bd1->bd2"]);
        assert_eq!(adopt(&mut site.clone(), ladder(lower, "confirm_s = 3000")), ["bd1->bd2"]);
        assert_eq!(adopt(&mut site.clone(), ladder(lower, "confirm_s = 3600")), Vec::<String>::new());
    }

    #[test]
    fn a_level_that_is_set_higher_eases_by_its_hold_and_not_by_what_was_measured_before_it_was_raised() {
        let mut site = Site::new(ladder("{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", ""));
        for at in 0..20 {
            site.stage(at * 10, 1_500);
        }
        site.stage(200, 2_100);
        let higher = "{ exceeds = \"stage\", raise_m = 2.5, clear_m = 2.3 }";
        assert_eq!(adopt(&mut site.clone(), ladder(higher, "")), ["bd2->bd1"], "no hold: at once");
        let held = &mut site.clone();
        assert_eq!(adopt(held, ladder(higher, "hold_s = 1800")), Vec::<String>::new());
        assert!(held.stage(220, 2_100).is_empty());
        let said = held.stage(230, 2_100);
        assert_eq!((said[0].from.as_str(), said[0].to.as_str()), ("bd2", "bd1"), "held since it was raised");
        let between = "{ exceeds = \"stage\", raise_m = 2.5, clear_m = 2.0 }";
        assert_eq!(
            adopt(&mut site.clone(), ladder(between, "")),
            Vec::<String>::new(),
            "it is not below its clear"
        );
    }

    #[test]
    fn a_level_of_another_name_keeps_the_warning() {
        let mut site = Site::new(ladder("{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", ""));
        site.stage(0, 2_100);
        let one = level("high", 3, "{ exceeds = \"stage\", raise_m = 3.0, clear_m = 1.8 }", "");
        assert_eq!(adopt(&mut site, rules(&one)), Vec::<String>::new());
        assert_eq!(site.level(), "high");
        let said = site.stage(10, 1_700);
        assert_eq!((said[0].from.as_str(), said[0].to.as_str()), ("high", "none"));
    }

    #[test]
    fn a_gauge_that_is_dead_raises_nothing_by_new_rules_and_keeps_what_it_raised() {
        let mut site = Site::new(ladder("{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", ""));
        site.stage(0, 1_900);
        site.now = site.now.plus(sensors::time::Span::from_h(3));
        let lower = "{ exceeds = \"stage\", raise_m = 1.8, clear_m = 1.6 }";
        assert_eq!(adopt(&mut site, ladder(lower, "")), Vec::<String>::new());
        assert_eq!(site.level(), "bd1");
    }
}

//! Rules that are well written and still could never do anything: they never fire, or they never
//! clear. What they say of one number is put together, and compared with what can be.
//!
//! It refuses only what is impossible for certain; what is merely strange is an officer's decision.

use sensors::city::City;
use sensors::sheet::Row;

use crate::rule::{Condition, Level};

/// Ways through a condition that are tried; a condition with more of them is taken for sound.
const TRIES_MAX: usize = 4_096;

/// What a level asks of one number, or of one silence.
#[derive(Clone, PartialEq)]
struct Demand<'a> {
    leaf: &'a Condition,
    least: i64,
    most: i64,
}

/// Notes a level that can never become true, and one that can never be over.
pub(super) fn check(row: &Row<'_>, level: &Level, city: &City) {
    let mut tries = TRIES_MAX;
    if !possible(&[(&level.when, false)], &mut Vec::new(), city, &mut tries) {
        let wrong = format!("{} can never be raised: its parts exclude each other", level.name);
        row.note("when", wrong, "allowed are parts that can be true together");
    }
    let mut tries = TRIES_MAX;
    if !possible(&[(&level.when, true)], &mut Vec::new(), city, &mut tries) {
        let wrong = format!("{} can never be cleared: one of its parts is always true", level.name);
        row.note("when", wrong, "allowed are parts that can be over together");
    }
}

/// Whether all of these can be so at once, each with whether it is denied: raised by the raise
/// thresholds, over by the clear ones.
fn possible<'a>(
    wanted: &[(&'a Condition, bool)],
    demands: &mut Vec<Demand<'a>>,
    city: &City,
    tries: &mut usize,
) -> bool {
    let Some(left) = tries.checked_sub(1) else { return true };
    *tries = left;
    let Some(((condition, denied), rest)) = wanted.split_first() else { return true };
    let with = |parts: &[(&'a Condition, bool)]| [parts, rest].concat();
    match condition {
        Condition::Not(part) => possible(&with(&[(part, !denied)]), demands, city, tries),
        Condition::All(parts) | Condition::Any(parts) => {
            let each = || parts.iter().map(|part| (part, *denied));
            // Not all is any not, and not any is all not.
            if matches!(condition, Condition::All(_)) == *denied {
                each().any(|part| possible(&with(&[part]), demands, city, tries))
            } else {
                possible(&with(&each().collect::<Vec<_>>()), demands, city, tries)
            }
        }
        leaf => {
            let Some(demand) = demand(leaf, *denied, demands, city) else { return false };
            demands.push(demand);
            let so = possible(rest, demands, city, tries);
            demands.pop();
            so
        }
    }
}

/// What a condition without parts demands on top of what is demanded already; nothing where both
/// can't be.
fn demand<'a>(leaf: &'a Condition, denied: bool, demands: &[Demand<'a>], city: &City) -> Option<Demand<'a>> {
    let known = demands.iter().rev().find(|known| is_same(known.leaf, leaf));
    let (least, most) = known.map_or_else(|| span(leaf, city), |known| (known.least, known.most));
    let (least, most) = match (leaf.threshold(), denied) {
        (Some(threshold), false) => (least.max(threshold.raise().raw()), most),
        (Some(threshold), true) => (least, most.min(threshold.clear().raw())),
        // Silence is 1, a word is 0.
        (None, false) => (least.max(1), most),
        (None, true) => (least, most.min(0)),
    };
    (least <= most).then_some(Demand { leaf, least, most })
}

fn span(leaf: &Condition, city: &City) -> (i64, i64) {
    match leaf {
        Condition::Exceeds { sensor, .. } | Condition::Releases { sensor, .. } => city
            .sensor(*sensor)
            .map_or((i64::MIN, i64::MAX), |sensor| (sensor.span.0.raw(), sensor.span.1.raw())),
        Condition::Accumulates { .. } => (0, i64::MAX),
        Condition::Silent { .. } => (0, 1),
        _ => (i64::MIN, i64::MAX),
    }
}

/// Whether two conditions speak of the same number.
fn is_same(one: &Condition, other: &Condition) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
        && one.sensors() == other.sensors()
        && one.window() == other.window()
}

/// Whether two conditions are built alike and only their thresholds differ: then those of the
/// higher level must climb, each of them or some.
pub(super) fn falls(below: &Condition, above: &Condition) -> bool {
    let (Some(below), Some(above)) = (thresholds(below), thresholds(above)) else { return false };
    let alike = below.len() == above.len()
        && below.iter().zip(&above).all(|((one, _), (other, _))| is_same(one, other));
    alike
        && (below.iter().zip(&above).any(|((_, b), (_, a))| a.0 < b.0 || a.1 < b.1)
            || below.iter().zip(&above).all(|((_, b), (_, a))| a.0 <= b.0))
}

/// The raise and clear of every part, in order; nothing where a part is denied or is silence.
fn thresholds(condition: &Condition) -> Option<Vec<(&Condition, (i64, i64))>> {
    let (mut found, mut plain) = (Vec::new(), true);
    condition.leaves(false, &mut |leaf, denied| match leaf.threshold() {
        Some(threshold) if !denied => found.push((leaf, (threshold.raise().raw(), threshold.clear().raw()))),
        _ => plain = false,
    });
    plain.then_some(found)
}

#[cfg(test)]
mod tests {
    use crate::rule::RuleSet;
    use crate::small::{city, level};

    const LOW: &str = "{ exceeds = \"stage\", raise_m = 1.0, clear_m = 0.8 }";
    const HIGH: &str = "{ exceeds = \"stage\", raise_m = 3.0, clear_m = 2.8 }";

    /// What is told of a rule with these conditions, one a level.
    fn told(conditions: &[&str]) -> Vec<String> {
        let levels = conditions.iter().zip(["a", "b", "c"]);
        let levels: String = levels.map(|(when, name)| level(name, 3, when, "")).collect();
        let rule = "[[rule]]\nid = \"r\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nissue = \"officer\"\n";
        let found = RuleSet::parse("rules.toml", &format!("{rule}{levels}"), &city());
        found.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rule_that_can_never_fire_is_refused() {
        let found = told(&[&format!("{{ all = [{HIGH}, {{ not = {LOW} }}] }}")]);
        assert!(found.len() == 1 && found[0].contains("can never be raised"), "{found:#?}");
        let nested =
            format!("{{ all = [{{ any = [{HIGH}, {HIGH}] }}, {{ not = {{ any = [{LOW}, {HIGH}] }} }}] }}");
        assert!(told(&[&nested])[0].contains("can never be raised"));
        let beyond = told(&["{ exceeds = \"stage\", raise_m = 11.0, clear_m = 1.0 }"]);
        assert!(beyond[0].contains("more or less than could be measured"), "{beyond:#?}");
    }

    #[test]
    fn a_rule_that_can_never_clear_is_refused() {
        let found = told(&[&format!("{{ any = [{LOW}, {{ not = {HIGH} }}] }}")]);
        assert!(found.len() == 1 && found[0].contains("can never be cleared"), "{found:#?}");
        let below = told(&["{ exceeds = \"stage\", raise_m = 1.0, clear_m = -3.0 }"]);
        assert!(below[0].contains("allowed is -2 to 10 m"), "{below:#?}");
    }

    #[test]
    fn what_is_possible_is_not_refused() {
        let between = format!("{{ all = [{LOW}, {{ not = {HIGH} }}] }}");
        assert_eq!(told(&[&between]), Vec::<String>::new());
        let silent = "{ all = [{ silent = \"stage\" }, { rises = \"stage\", window_s = 3600, raise_m = 0.1, clear_m = 0.05 }] }";
        assert_eq!(told(&[silent]), Vec::<String>::new());
        assert!(
            told(&["{ all = [{ silent = \"stage\" }, { not = { silent = \"stage\" } }] }"])[0]
                .contains("never be raised")
        );
    }

    #[test]
    fn a_ladder_of_several_parts_must_climb_in_each() {
        let any = |raise: [&str; 2]| {
            let part = |raise: &str, station: &str| {
                format!(
                    "{{ exceeds = \"stage\", station = \"{station}\", raise_m = {raise}, clear_m = 0.5 }}"
                )
            };
            format!("{{ any = [{}, {}] }}", part(raise[0], "kim-long"), part(raise[1], "phu-oc"))
        };
        assert!(
            told(&[&any(["1.0", "2.0"]), &any(["2.0", "1.5"])])[0].contains("cleared lower than a below it")
        );
        assert!(
            told(&[&any(["1.0", "2.0"]), &any(["1.0", "2.0"])])[0].contains("cleared lower than a below it")
        );
        assert_eq!(told(&[&any(["1.0", "2.0"]), &any(["1.5", "2.0"])]), Vec::<String>::new());
    }

    #[test]
    fn millimetres_and_centimetres_for_metres_are_guessed() {
        for (raise, unit) in [("3500", "; is it mm?"), ("350", "; is it cm?"), ("35", "; is it cm?")] {
            let found = told(&[&format!("{{ exceeds = \"stage\", raise_m = {raise}, clear_m = 0.8 }}")]);
            assert!(found.len() == 1 && found[0].ends_with(unit), "{found:#?}");
        }
    }
}

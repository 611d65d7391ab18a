//! Bulletins say what, where, when and what to do, and fit a locked phone.

mod lint;
mod signed;

use std::sync::Arc;

use sensors::city::City;
use sensors::quantity::Value;
use sensors::time::{Span, Timestamp};

use super::{Act, BODY_MAX, Bulletin, Cause, TITLE_MAX, compose, compose_telemetry, zone_texts};
use crate::alert::{AlertId, Evidence, Measure, SlotIx, Transition};
use crate::hazard::Hazard;
use crate::hue;
use crate::phrase::Phrases;
use crate::rule::{IssuePolicy, NONE, RuleSet, Slot};

fn at() -> Timestamp {
    Timestamp::parse_rfc3339("2025-11-17T08:00:00+07:00").unwrap()
}

/// A transition of a slot between two steps, with a quantity a little over the step's raise.
fn transition(rules: &RuleSet, ix: u32, slot: &Slot, from: u8, to: u8, sure: bool) -> Transition {
    let raised = to > from;
    let deciding = slot.level(if raised { to } else { from }).unwrap();
    let told = slot.level(if to > 0 { to } else { from }).unwrap();
    let mut leaf = None;
    deciding.when.leaves(false, &mut |found, _| leaf = leaf.or(Some(found)));
    let leaf = leaf.unwrap();
    let measure = leaf.threshold().map(|threshold| Measure {
        parameter: rules.parameter(leaf.sensors()[0]).unwrap(),
        value: Value::from_raw(threshold.raise().raw() + 123),
        at_least: leaf.window().is_some(),
        window: leaf.window(),
        mark: deciding.mark.clone(),
    });
    Transition {
        alert: AlertId(Arc::from("a")),
        slot: SlotIx(ix),
        rule: slot.rule.id.clone(),
        rule_version: slot.rule.version.clone(),
        hazard: slot.rule.hazard,
        words: slot.rule.words.clone(),
        subject: slot.subject.clone(),
        zones: slot.zones.clone(),
        from: slot.level_name(from).to_owned(),
        to: slot.level_name(to).to_owned(),
        severity: told.severity,
        severity_max: told.severity,
        raised,
        corroborated: sure,
        issue: told.issue,
        at: at(),
        measured_at: at(),
        measure,
        because: Vec::new(),
    }
}

struct Hue {
    city: City,
    rules: RuleSet,
    phrases: Phrases,
}

fn hue() -> Hue {
    let city = hue::city();
    Hue { rules: hue::rules(&city), city, phrases: hue::phrases() }
}

impl Hue {
    fn of(&self, key: &str, from: u8, to: u8) -> Transition {
        let ix = self.rules.slot_named(key).unwrap();
        transition(&self.rules, ix.0, self.rules.slot(ix).unwrap(), from, to, true)
    }

    fn say(&self, transition: &Transition) -> Bulletin {
        compose(transition, &self.city, &self.phrases, at(), false)
    }
}

#[test]
fn every_text_of_every_level_and_ward_fits_a_locked_phone() {
    let hue = hue();
    let (mut longest, mut wrong) = ((0, String::new()), Vec::new());
    for (ix, slot) in (0_u32..).zip(hue.rules.slots()) {
        let top = slot.levels.len() as u8;
        let steps = (0..=top).flat_map(|from| (0..=top).map(move |to| (from, to))).filter(|(a, b)| a != b);
        for ((from, to), sure) in steps.flat_map(|step| [(step, true), (step, false)]) {
            let transition = transition(&hue.rules, ix, slot, from, to, sure);
            // Steps over others differ from these in no word that could be longer.
            let near = from.abs_diff(to) == 1 || to == 0;
            let whole = near.then(|| compose(&transition, &hue.city, &hue.phrases, at(), true).texts);
            assert!(whole.as_ref().is_none_or(|texts| texts.len() == 2));
            let zones = slot.zones.iter();
            let local = zones.flat_map(|zone| zone_texts(&transition, zone, &hue.city, &hue.phrases, true));
            for text in whole.into_iter().flatten().chain(local) {
                let (title, body) = (text.title.chars().count(), text.body.chars().count());
                // A title for staff may break off in a station's name, which its body has whole.
                let staff = slot.rule.hazard == Hazard::Telemetry;
                let cut = text.title.ends_with('…') && !staff || text.body.ends_with('…');
                let gaps = text.title.contains('{') || text.body.contains("  ") || text.body.contains('{');
                if title > TITLE_MAX || body > BODY_MAX || cut || gaps {
                    wrong.push(format!("{title} {body} {} / {}", text.title, text.body));
                }
                if body > longest.0 {
                    longest = (body, text.body);
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{} texts are wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("longest body, {} characters: {}", longest.0, longest.1);
}

#[test]
fn a_flood_bulletin_says_what_where_when_and_what_to_do() {
    let hue = hue();
    let mut rise = hue.of("stage-phu-oc.phu-oc", 2, 3);
    rise.measure.as_mut().unwrap().value = Value::from_raw(4960);
    rise.measure.as_mut().unwrap().at_least = false;
    let zone = &rise.zones[0];
    let texts = zone_texts(&rise, zone, &hue.city, &hue.phrases, false);
    assert_eq!(texts[0].title, "Lũ tại Phú Ốc: BĐ3");
    assert_eq!(
        texts[0].body,
        "08:00 17/11: sông Bồ tại Phú Ốc 4,96 m, trên BĐ3 0,46 m. Phường Hương Trà: sẵn sàng sơ tán, không lội qua dòng nước."
    );
    assert_eq!(
        texts[1].body,
        "08:00 17 Nov: Phú Ốc (Bồ River) 4.96 m, 0.46 m above alarm 3. Phường Hương Trà: be ready to leave, never wade."
    );
}

#[test]
fn a_stage_that_reads_as_its_alarm_stage_is_at_it() {
    let hue = hue();
    let mut rise = hue.of("stage-phu-oc.phu-oc", 0, 1);
    let mut body = |mm, lang: usize| {
        rise.measure.as_mut().unwrap().value = Value::from_raw(mm);
        hue.say(&rise).texts[lang].body.clone()
    };
    assert!(body(1504, 0).contains("Phú Ốc 1,50 m, ở mức BĐ1."), "{}", body(1504, 0));
    assert!(body(1504, 1).contains("1.50 m, at alarm 1."), "{}", body(1504, 1));
    assert!(body(1505, 0).contains("1,51 m, trên BĐ1 0,01 m."), "{}", body(1505, 0));
}

#[test]
fn easing_is_not_an_all_clear() {
    let hue = hue();
    let eased = hue.say(&hue.of("stage-kim-long.kim-long", 2, 1));
    assert_eq!(eased.act, Act::Eased);
    assert!(
        eased.texts[0].body.contains("đã xuống dưới BĐ2")
            && eased.texts[0].body.contains("vẫn còn nguy hiểm")
    );
    let over = hue.say(&hue.of("stage-kim-long.kim-long", 1, 0));
    assert!(over.texts[0].body.contains("chưa phải tin hết lũ"), "{:?}", over.texts[0]);
    assert!(over.texts[1].body.contains("not an all-clear"));
}

#[test]
fn rule_04_what_suspect_readings_raise_waits_for_an_officer() {
    let hue = hue();
    let mut rise = hue.of("stage-kim-long.kim-long", 0, 1);
    assert!(hue.say(&rise).automatic);
    rise.corroborated = false;
    let doubt = hue.say(&rise);
    assert!(!doubt.automatic && doubt.texts[0].title.starts_with("Chưa chắc"));
    assert_ne!(doubt.id, hue.say(&Transition { corroborated: true, ..rise }).id);
}

#[test]
fn an_officers_rule_makes_a_proposal_and_its_easing_is_automatic() {
    let hue = hue();
    let rise = hue.of("rain-24h.750066", 0, 1);
    assert_eq!(rise.issue, IssuePolicy::Officer);
    assert!(!hue.say(&rise).automatic);
    assert!(hue.say(&hue.of("rain-24h.750066", 1, 0)).automatic);
}

#[test]
fn an_exercise_is_marked_in_title_and_body() {
    let hue = hue();
    let drill = compose(&hue.of("release.huong-dien", 0, 3), &hue.city, &hue.phrases, at(), true);
    assert!(drill.texts.iter().all(|text| {
        let mark = if &*text.lang.0 == "vi" { "DIỄN TẬP: " } else { "EXERCISE: " };
        text.title.starts_with(mark) && text.body.starts_with(mark)
    }));
}

#[test]
fn rule_24_a_release_whose_travel_time_is_unknown_names_no_hour_of_arrival() {
    let hue = hue();
    for dam in ["ta-trach", "binh-dien", "huong-dien"] {
        for (from, to) in [(0, 1), (1, 4), (3, 2), (1, 0)] {
            for text in hue.say(&hue.of(&format!("release.{dam}"), from, to)).texts {
                let said = format!("{} {}", text.title, text.body);
                // The one time in it is that of the observation.
                let times = said.match_indices(':').filter(|(at, _)| {
                    let beside = |at: usize| said.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
                    at.checked_sub(1).is_some_and(beside) && beside(at + 1)
                });
                assert!(times.count() <= 1, "{said}");
                for word in ["giờ", "tiếng", "hour", " h "] {
                    assert!(!said.contains(word), "{word}: {said}");
                }
            }
        }
    }
}

#[test]
fn a_sum_with_gaps_says_at_least() {
    let hue = hue();
    let rain = hue.say(&hue.of("rain-street.750046", 0, 1));
    assert!(rain.texts[0].body.contains("ít nhất 70,1 mm trong 1 giờ"), "{:?}", rain.texts[0]);
}

#[test]
fn rule_05_thirty_gauges_lost_with_one_gateway_are_one_notice_with_a_common_cause() {
    let hue = hue();
    let silent: Vec<Transition> = hue
        .rules
        .slots()
        .iter()
        .filter(|slot| &*slot.rule.id.0 == "silent")
        .take(30)
        .map(|slot| hue.of(slot.key(), 0, 1))
        .collect();
    let notice =
        compose_telemetry(&silent, Cause::Line("gateway-nam-dong"), &hue.city, &hue.phrases, at(), true);
    assert_eq!((notice.hazard, notice.zones.len()), (Hazard::Telemetry, 0));
    assert_eq!(notice.texts[0].title, "DIỄN TẬP: Mất đường truyền gateway-nam-dong: 30…");
    assert!(notice.texts[0].body.contains("gateway-nam-dong mất, 30 trạm im lặng"), "{:?}", notice.texts[0]);
    assert!(notice.texts.iter().all(|text| text.body.chars().count() <= BODY_MAX));
}

#[test]
fn rule_05_a_silent_station_says_what_it_last_said() {
    let hue = hue();
    let mut silent = hue.of("silent-national.phu-oc", 0, 2);
    let sensor = hue.rules.slots()[silent.slot.at()].levels[0].when.sensors()[0];
    silent.because = vec![Evidence {
        sensor,
        parameter: sensors::parameter::Parameter::Stage,
        measured_at: at().minus(Span::from_h(1)),
        value: Value::from_raw(2750),
        quality: sensors::quality::Quality::Good,
        window: None,
    }];
    let rises = hue.rules.parameter(sensor).unwrap();
    let value = Value::from_raw(200);
    silent.measure = Some(Measure { parameter: rises, value, at_least: false, window: None, mark: None });
    let notice = hue.say(&silent);
    assert!(notice.texts[0].body.contains("mực nước 2,75 m lúc 07:00 17/11"), "{:?}", notice.texts[0]);
    assert!(notice.texts[0].body.ends_with("Lúc đó nước đang lên!"));
    assert_eq!(silent.from, NONE);
}

#[test]
fn what_stands_at_the_mark_is_not_said_to_be_zero_metres_above_or_below_it() {
    let hue = hue();
    let mut rise = hue.of("stage-kim-long.kim-long", 1, 2);
    for raw in [2000, 2003, 1997] {
        let measure = rise.measure.as_mut().unwrap();
        (measure.value, measure.at_least) = (Value::from_raw(raw), false);
        let text = &hue.say(&rise).texts[0].body;
        assert!(text.contains("2,00 m, ở mức BĐ2."), "{text}");
    }
}

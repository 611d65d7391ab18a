//! Words are checked when they are read.

use sensors::parameter::Parameter;
use sensors::quantity::Value;

use super::Phrases;
use crate::hue;
use crate::small::{level, rules};

const VI: &str = include_str!("../../../config/hue/phrases.vi.toml");

fn told(text: &str) -> Vec<String> {
    let files = [("phrases.vi.toml".to_owned(), text.to_owned())];
    Phrases::parse(&files).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn unknown_and_missing_places_in_a_text_are_mistakes() {
    let text = VI
        .replacen("Lũ tại {short}", "Lũ tại {city}", 1)
        .replacen("{place} {quantity}, {mark}. {where}: {advice}", "{place} {quantity}. {advice}", 1)
        .replacen("ít nhất {quantity}", "ít nhất {quantity", 1);
    let told = told(&text);
    for part in [
        "raised_title: {city} is not known here",
        "raised_body: the text lacks {where}",
        "at_least: a brace has no partner",
    ] {
        assert!(told.iter().any(|line| line.contains(part)), "{part} is not in {told:#?}");
    }
}

#[test]
fn a_missing_text_and_an_unknown_key_are_mistakes() {
    let text = VI.replacen("over_title", "ower_title", 1).replacen("%H:%M", "%H:%J", 1);
    let told = told(&text);
    for part in
        ["warning.flood.over_title: the key is missing", "ower_title: the key is unknown", "no time format"]
    {
        assert!(told.iter().any(|line| line.contains(part)), "{part} is not in {told:#?}");
    }
}

#[test]
fn words_that_a_rule_needs_and_a_language_lacks_are_named() {
    let other = level("bd7", 1, "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.0 }", "");
    let lacking: Vec<String> = hue::phrases().check(&rules(&other)).iter().map(|m| m.key.clone()).collect();
    assert_eq!(lacking, ["level.bd7", "warning.flood.advice_1", "level.bd7", "warning.flood.advice_1"]);
}

#[test]
fn a_number_is_written_as_the_language_writes_it() {
    let phrases = hue::phrases();
    let text = |place: usize, p, raw| phrases.languages[place].quantity(p, Value::from_raw(raw));
    assert_eq!(text(0, Parameter::Stage, 4965), "4,97 m");
    assert_eq!(text(1, Parameter::Stage, -50), "-0.05 m");
    assert_eq!(text(0, Parameter::Stage, 4500), "4,50 m");
    assert_eq!(text(0, Parameter::PoolLevel, 45_120), "45,12 m");
    assert_eq!(text(0, Parameter::Rainfall, 86_200), "86,2 mm");
    assert_eq!(text(1, Parameter::Release, 1_234_567), "1,235 m³/s");
    assert_eq!(text(0, Parameter::Release, 12_345_678), "12.346 m³/s");
    assert_eq!(text(0, Parameter::Release, 32_900), "32,9 m³/s");
}

//! Mistakes in storm files are told with file, line and key, all at once.

use crate::storm::{Storm, storms};

fn mistakes(text: &str) -> String {
    let mistakes = Storm::parse("bad.toml", text).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_storm_that_comes_along_parses_and_tells_its_name() {
    for listed in storms() {
        let storm = Storm::named(listed.name).unwrap();
        assert_eq!(storm.name(), listed.name);
        assert_eq!(storm.about(), listed.about);
        assert!(storm.begins() < storm.ends());
    }
}

#[test]
fn an_unknown_storm_is_told_which_there_are() {
    let refusal = Storm::named("typhoon").unwrap_err()[0].to_string();
    assert!(refusal.contains("\"typhoon\"") && refusal.contains("2025-11, drizzle"), "{refusal}");
}

#[test]
fn every_mistake_is_told_with_file_line_and_key() {
    let text = storms()[1].text;
    let begins = text.lines().position(|line| line.starts_with("begins")).unwrap() + 1;
    let cell = text.lines().position(|line| line.starts_with("peak_mm_h")).unwrap() + 1;
    let pool = text.lines().position(|line| line.starts_with("pool_m")).unwrap() + 1;
    let bad = text
        .replace("begins = \"2025-12-20T00:00:00+07:00\"", "begins = \"2025-12-20 00:00\"")
        .replace("peak_mm_h = 0.8", "peak_mm_h = -0.8")
        .replace("pool_m = 34.2", "pool_level_m = 34.2")
        .replace("cell = \"sinh\"", "cell = \"sing\"");
    let told = mistakes(&format!("{bad}\n[[fault]]\nstation = \"x\"\nkind = \"tired\"\n[rain]\n"));
    assert!(told.contains(&format!("bad.toml:{begins}: storm.begins: ")), "{told}");
    assert!(told.contains(&format!("bad.toml:{cell}: cell[0].peak_mm_h: is -0.8")), "{told}");
    assert!(told.contains(&format!("bad.toml:{pool}: reservoir[0].pool_level_m: unknown field")), "{told}");
    assert!(told.contains("\"sing\" is unknown") && told.contains("cell \"sinh\" is missing"), "{told}");
    assert!(told.contains("fault[0].kind: \"tired\"") && told.contains("rain: is no section"), "{told}");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    assert!(mistakes("[storm]\nname = \n").contains("bad.toml:2: "));
    assert!(mistakes("").contains("storm: is missing"));
}

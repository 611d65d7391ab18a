//! What the linter names, and what it lets pass.

use super::*;
use crate::bulletin::{Lack, Text, lint, rehearse, sign};

fn wrong(change: impl Fn(&mut Text)) -> Vec<String> {
    let hue = hue();
    let mut bulletin = hue.say(&hue.of("stage-phu-oc.phu-oc", 2, 3));
    change(&mut bulletin.texts[0]);
    lint(&bulletin, &hue.city, &hue.phrases).iter().map(ToString::to_string).collect()
}

fn without(text: &mut Text, label: &str) {
    text.full = text.full.lines().filter(|line| !line.starts_with(label)).collect::<Vec<_>>().join("\n");
}

#[test]
fn rule_16_every_bulletin_that_hue_can_make_says_what_it_must() {
    let hue = hue();
    let mistakes = rehearse(&hue.rules, &hue.city, &hue.phrases);
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} mistakes:\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn rule_16_each_part_that_is_taken_out_is_named() {
    assert_eq!(wrong(|_| {}), Vec::<String>::new());
    for (label, told) in [
        ("Khu vực cảnh báo:", "vi: full: it does not say where: name the zones"),
        ("Mức tin cậy:", "vi: full: it does not say how sure it is"),
        ("Khuyến cáo:", "vi: full: it does not say what to do"),
        ("Bản tin tiếp theo:", "vi: full: it does not say when the next bulletin comes"),
        ("Chịu trách nhiệm", "vi: full: it does not say who answers for it"),
    ] {
        assert_eq!(wrong(|text| without(text, label)), [told]);
    }
    let undated = |text: &mut Text| {
        text.full = text.full.replace(" giờ ", " ").replace("04 ", "").replace("08 ", "");
    };
    assert_eq!(wrong(undated), ["vi: full: it does not say when: name the hour"]);
}

#[test]
fn rule_15_a_risk_level_without_its_issuer_is_named() {
    let bare = wrong(|text| text.full.push_str("\nCấp độ rủi ro thiên tai cấp 3."));
    assert!(bare[0].contains("a disaster-risk level is only quoted"), "{bare:?}");
    let hue = hue();
    let quotation = crate::phrase::Quotation {
        issuer: "Đài Khí tượng Thủy văn thành phố Huế",
        number: "LULU-12",
        at: at(),
        text: "Cảnh báo rủi ro thiên tai cấp 3.",
    };
    let quoted = hue.phrases.languages[0].quoted(&quotation, 420);
    assert_eq!(wrong(|text| text.full = format!("{}\n\n{quoted}", text.full)), Vec::<String>::new());
}

#[test]
fn signs_that_turn_or_hide_text_braces_and_bare_numbers_are_named() {
    let one = |change: fn(&mut Text)| wrong(change).join(" | ");
    assert_eq!(one(|t| t.body.push('\u{202e}')), "vi: body: the character U+202E is not allowed");
    assert_eq!(one(|t| t.full.push('\u{2066}')), "vi: full: the character U+2066 is not allowed");
    assert_eq!(one(|t| t.title.push('\u{7}')), "vi: title: the character U+0007 is not allowed");
    assert_eq!(one(|t| t.full.push_str(" {where}")), "vi: full: a place in braces was not filled");
    assert_eq!(one(|t| t.full.push_str(" Nước 4,7 trên mốc.")), "vi: full: the number 4,7 has no unit");
    assert_eq!(one(|t| t.spoken.push('3')), "vi: spoken: digits are left: say numbers in words");
    let bare = |t: &mut Text| t.body = "Lu tai Phu Oc: len noi cao ngay, Phuong Huong Tra.".to_owned();
    assert!(wrong(bare)[0].contains("are the marks missing"), "{:?}", wrong(bare));
    assert_eq!(one(|t| t.sms = "ạ Hương Trà ".repeat(20)), "vi: sms: it is too long; allowed are 3");
    assert_eq!(one(|t| t.title = "ạ".repeat(51)), "vi: title: it is too long; allowed are 50");
}

#[test]
fn a_bulletin_of_ten_megabytes_is_refused_by_its_length_alone() {
    let told = wrong(|text| text.full = "ạ{".repeat(5_000_000));
    assert_eq!(told, ["vi: full: it is too long; allowed are 20000"]);
}

#[test]
fn languages_and_zones_that_are_not_there_are_named() {
    let hue = hue();
    let mut bulletin = hue.say(&hue.of("stage-phu-oc.phu-oc", 2, 3));
    bulletin.texts.truncate(1);
    bulletin.zones.push(sensors::place::ZoneId::new("atlantis"));
    let told: Vec<Lack> = lint(&bulletin, &hue.city, &hue.phrases);
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(told.contains(&"there is no zone atlantis".to_owned()), "{told:?}");
    assert!(told.contains(&"en: there is no text in this language".to_owned()), "{told:?}");
    bulletin.zones.clear();
    assert_eq!(lint(&bulletin, &hue.city, &hue.phrases)[0].to_string(), "it is for no zone");
}

#[test]
fn a_signature_changes_who_answers_and_when_the_next_bulletin_comes() {
    let hue = hue();
    let mut bulletin = hue.say(&hue.of("stage-phu-oc.phu-oc", 2, 3));
    let before = bulletin.texts[0].full.clone();
    sign(&mut bulletin, "Nguyễn Văn An", &hue.city, &hue.phrases, at().plus(Span::from_min(20)));
    let after = &bulletin.texts[0].full;
    assert!(after.contains("Chịu trách nhiệm bản tin: Nguyễn Văn An, Trực ban"), "{after}");
    assert!(before.contains("chậm nhất 09 giờ 00 phút") && after.contains("chậm nhất 09 giờ 20 phút"));
    assert_eq!(before.lines().count(), after.lines().count());
    assert!(lint(&bulletin, &hue.city, &hue.phrases).is_empty());
}

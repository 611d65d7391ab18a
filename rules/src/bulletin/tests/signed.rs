//! Bulletins that an officer of Huế would sign, in all their forms.

use std::fmt::Write as _;

use super::*;
use crate::bulletin::{
    Issued, Observation, Sms, Word, compose_all_clear, compose_correction, compose_update, fill_missing,
};

/// Every form of every language, as the snapshot keeps them.
fn read(bulletin: &Bulletin) -> String {
    let mut out = format!("{} {}\n", bulletin.act.as_str(), bulletin.id);
    for text in &bulletin.texts {
        let sms = Sms::of(&text.sms);
        let _ = write!(
            out,
            "\n===== {} =====\n{}\n{}\n\n----- full -----\n{}\n\n----- sms, {} x {} -----\n{}\n\n----- spoken -----\n{}\n",
            text.lang.0, text.title, text.body, text.full, sms.messages, sms.encoding, text.sms, text.spoken
        );
    }
    out
}

/// A transition that measured this.
fn measured(hue: &Hue, key: &str, (from, to): (u8, u8), raw: i64) -> Transition {
    let mut transition = hue.of(key, from, to);
    let measure = transition.measure.as_mut().unwrap();
    (measure.value, measure.at_least) = (Value::from_raw(raw), false);
    transition.measured_at = Timestamp::parse_rfc3339("2025-11-17T03:10:00+07:00").unwrap();
    transition
}

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2025-11-17T03:12:00+07:00").unwrap()
}

impl Hue {
    fn whole(&self, transition: &Transition) -> String {
        read(&compose(transition, &self.city, &self.phrases, now(), false))
    }
}

#[test]
fn bulletins_read_as_the_flood_office_writes_them() {
    let hue = hue();
    for (name, key, step, raw) in [
        ("kim_long_alarm_1", "stage-kim-long.kim-long", (0, 1), 1_040),
        ("kim_long_alarm_3", "stage-kim-long.kim-long", (2, 3), 3_620),
        ("phu_oc_alarm_1", "stage-phu-oc.phu-oc", (0, 1), 1_530),
        ("phu_oc_alarm_3", "stage-phu-oc.phu-oc", (2, 3), 4_520),
        ("huong_dien_release", "release.huong-dien", (0, 3), 1_538_000),
        ("street_rain", "rain-street.750046", (0, 1), 78_400),
        ("flash_flood", "flash-flood.750005", (0, 2), 96_200),
        ("landslide", "landslide.750005", (0, 2), 412_000),
        ("wind", "wind.759002", (0, 2), 1_840),
        ("kim_long_eased", "stage-kim-long.kim-long", (3, 2), 3_280),
        ("phu_oc_over", "stage-phu-oc.phu-oc", (1, 0), 1_270),
    ] {
        insta::assert_snapshot!(name, hue.whole(&measured(&hue, key, step, raw)));
    }
}

#[test]
fn doubt_and_exercise_are_said_in_every_form() {
    let hue = hue();
    let mut rise = measured(&hue, "stage-phu-oc.phu-oc", (1, 2), 3_180);
    let drill = compose(&rise, &hue.city, &hue.phrases, now(), true);
    insta::assert_snapshot!("exercise", read(&drill));
    rise.corroborated = false;
    let doubt = compose(&rise, &hue.city, &hue.phrases, now(), false);
    insta::assert_snapshot!("doubtful", read(&doubt));
    let marks = ["DIỄN TẬP", "EXERCISE", "Đây là diễn tập", "This is an exercise"];
    for text in &drill.texts {
        for form in [&text.title, &text.body, &text.full, &text.sms, &text.spoken] {
            assert!(marks.iter().any(|mark| form.contains(mark)), "{form}");
        }
    }
}

/// What follows the third alarm at Phú Ốc.
fn follow(hue: &Hue, said: impl Fn(&Issued<'_>, &Observation<'_>) -> Bulletin) -> Bulletin {
    let rise = measured(hue, "stage-phu-oc.phu-oc", (2, 3), 4_520);
    let issued = Issued {
        alert: &rise.alert,
        hazard: rise.hazard,
        words: &rise.words,
        subject: &rise.subject,
        zones: &rise.zones,
        level: &rise.to,
        severity: rise.severity,
        severity_max: rise.severity_max,
    };
    let (measure, measured_at) = (rise.measure.as_ref().unwrap(), rise.measured_at);
    said(&issued, &Observation { measure, measured_at, corroborated: true })
}

const WORD: Word<'static> = Word {
    officer: "truc-ban",
    name: "Nguyễn Văn An",
    reason: "Trạm Phú Ốc đã dưới báo động 1 từ 6 giờ, thượng nguồn không mưa.",
};

#[test]
fn rule_12_an_all_clear_is_an_officers_word() {
    let hue = hue();
    let clear =
        follow(&hue, |issued, _| compose_all_clear(issued, &WORD, &hue.city, &hue.phrases, now(), false));
    assert_eq!(clear.act, Act::AllClear);
    assert!(clear.texts.iter().all(|text| text.full.contains(WORD.name)));
    insta::assert_snapshot!("all_clear", read(&clear));
}

#[test]
fn rule_18_a_correction_says_what_was_wrong() {
    let hue = hue();
    let word =
        Word { reason: "Số đo của trạm bị lỗi, mực nước thực tế là 2,10 m.", ..WORD };
    let wrong =
        follow(&hue, |issued, _| compose_correction(issued, &word, &hue.city, &hue.phrases, now(), false));
    assert_eq!(wrong.act, Act::Cancelled);
    insta::assert_snapshot!("correction", read(&wrong));
}

#[test]
fn an_update_says_what_is_observed_now() {
    let hue = hue();
    let update = follow(&hue, |issued, observed| {
        compose_update(issued, None, Some(observed), &hue.city, &hue.phrases, now(), false)
    });
    insta::assert_snapshot!("update", read(&update));
    let standing = follow(&hue, |issued, _| {
        compose_update(issued, Some(&WORD), None, &hue.city, &hue.phrases, now(), false)
    });
    assert!(standing.texts[0].body.contains("vẫn còn hiệu lực"), "{:?}", standing.texts[0]);
}

#[test]
fn rule_13_a_missing_language_gets_its_generic_text() {
    let hue = hue();
    let mut bulletin = hue.say(&hue.of("stage-phu-oc.phu-oc", 2, 3));
    bulletin.texts.truncate(1);
    fill_missing(&mut bulletin, &hue.city, &hue.phrases, false);
    assert_eq!(bulletin.texts.len(), 2);
    insta::assert_snapshot!(
        "generic_english",
        read(&Bulletin { texts: bulletin.texts.split_off(1), ..bulletin })
    );
}

/// Never timed; prints what it takes, for docs/performance.md.
#[test]
fn a_bulletin_for_forty_zones_is_whole_in_every_form() {
    let hue = hue();
    let mut rise = measured(&hue, "stage-phu-oc.phu-oc", (2, 3), 4_520);
    rise.zones = hue.city.zones.iter().map(|zone| zone.id.clone()).collect();
    let begun = std::time::Instant::now();
    let rounds = 20;
    for _ in 1..rounds {
        std::hint::black_box(compose(&rise, &hue.city, &hue.phrases, now(), false));
    }
    let bulletin = compose(&rise, &hue.city, &hue.phrases, now(), false);
    println!("40 zones, all forms, both languages: {:?}", begun.elapsed() / rounds);
    assert_eq!(crate::bulletin::lint(&bulletin, &hue.city, &hue.phrases), []);
}

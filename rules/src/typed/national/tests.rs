//! What is read out of bulletins, and what is left to an officer. The texts are ours.

use super::*;
use crate::hue;

const FLOOD: &str = "TỔNG CỤC KHÍ TƯỢNG THỦY VĂN
ĐÀI KHÍ TƯỢNG THỦY VĂN THÀNH PHỐ HUẾ        CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Số: 27/LU-HUE/15h30                          Huế, ngày 17 tháng 11 năm 2025

TIN LŨ TRÊN CÁC SÔNG Ở THÀNH PHỐ HUẾ
Tin phát lúc: 15 giờ 30 phút

1. Hiện trạng: Lúc 15 giờ ngày 17/11, mực nước sông Bồ tại Phú Ốc 4,20 m, dưới BĐ3 0,30 m; sông Hương tại Kim Long 2,35m, trên BĐ2 0,35m.
2. Cảnh báo: nguy cơ ngập lụt tại các phường Hương Trà, Kim Trà và các xã Quảng Điền, Đan Điền, Phú Thanh Nam.
3. Cấp độ rủi ro thiên tai do lũ: cấp 2.
Bản tin có hiệu lực đến 21 giờ ngày 17/11/2025.
Bản tin tiếp theo được phát lúc 18h30 ngày 17/11.";

fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn reading(text: &str) -> Reading {
    read(text, &hue::city(), time("2025-11-17T16:00:00+07:00"))
}

impl Reading {
    fn of(&self, field: &str) -> Vec<&Found> {
        self.found.iter().filter(|found| found.field == field).collect()
    }

    fn only(&self, field: &str) -> &Found {
        let [one] = self.of(field)[..] else { panic!("{field}: {:?}", self.found) };
        one
    }
}

#[test]
fn every_field_names_the_words_that_it_was_read_from() {
    let reading = reading(FLOOD);
    let letters: Vec<char> = FLOOD.chars().collect();
    for found in &reading.found {
        assert_eq!(letters[found.from..found.to].iter().collect::<String>(), found.quote, "{}", found.field);
    }
    assert_eq!(reading.only("issuer").quote, "ĐÀI KHÍ TƯỢNG THỦY VĂN THÀNH PHỐ HUẾ");
    assert_eq!(reading.only("number").meant, Meant::Text("27/LU-HUE/15h30".to_owned()));
    assert_eq!(reading.only("hazard").meant, Meant::Hazard(Hazard::Flood));
    assert_eq!(reading.only("risk_level").meant, Meant::Number(2));
    let issued = reading.only("issued_at");
    assert_eq!(issued.meant, Meant::Moment(time("2025-11-17T15:30:00+07:00")));
    assert_eq!((issued.quote.as_str(), issued.assumed), ("15 giờ 30 phút", Some("day")));
    let valid = reading.only("valid_until");
    assert_eq!((&valid.meant, valid.assumed), (&Meant::Moment(time("2025-11-17T21:00:00+07:00")), None));
    let next = reading.only("next_at");
    assert_eq!(
        (&next.meant, next.assumed),
        (&Meant::Moment(time("2025-11-17T18:30:00+07:00")), Some("year"))
    );
    assert_eq!(reading.missing, [""; 0]);
}

#[test]
fn wards_rivers_and_stages_are_read_and_a_ward_that_the_city_does_not_have_is_asked_about() {
    let reading = reading(FLOOD);
    let zones: Vec<String> = reading.of("zones").iter().map(|found| found.quote.clone()).collect();
    assert_eq!(zones, ["Hương Trà", "Kim Trà", "Quảng Điền", "Đan Điền"]);
    let unclear: Vec<&str> = reading.unclear.iter().map(|found| found.quote.as_str()).collect();
    assert_eq!(unclear, ["Phú Thanh Nam"]);
    let rivers: Vec<&str> = reading.of("rivers").iter().map(|found| found.quote.as_str()).collect();
    assert_eq!(rivers, ["sông Bồ", "sông Hương"]);
    let mut stages: Vec<Meant> = reading.of("stages").iter().map(|found| found.meant.clone()).collect();
    stages.sort_by_key(|stage| format!("{stage:?}"));
    let stage = |id: &str, mm: i64| Meant::Stage(StationId::new(id), mm);
    assert_eq!(stages, [stage("kim-long", 2350), stage("phu-oc", 4200)], "differences to BĐ are no stages");
}

#[test]
fn what_stands_in_two_ways_is_proposed_in_neither_and_what_is_missing_is_asked_for() {
    let text = "TIN CẢNH BÁO LŨ QUÉT, SẠT LỞ ĐẤT\nCấp độ rủi ro thiên tai do mưa lớn: cấp 2; \
                \nCấp độ rủi ro thiên tai do lũ quét: cấp 1.\nĐề phòng tại Kim Long.";
    let two = reading(text);
    assert!(two.of("risk_level").is_empty());
    assert_eq!(
        two.unclear.iter().map(|found| &found.meant).collect::<Vec<_>>(),
        [&Meant::Number(2), &Meant::Number(1)]
    );
    assert_eq!(two.only("hazard").meant, Meant::Hazard(Hazard::FlashFlood));
    assert_eq!(two.missing, ["issuer", "number", "issued_at", "risk_level", "zones", "valid_until"]);
    assert!(two.of("zones").is_empty(), "Kim Long alone may be the gauge");
    assert!(reading("cấp độ rủi ro thiên tai: cấp 2-3").of("risk_level").is_empty());
    assert!(reading("").found.is_empty());
}

#[test]
fn a_storm_is_read_with_its_force_and_gust() {
    let text = "Đài KTTV Trung Bộ, Số: DBQG_XTND_13\nTIN BÃO KHẨN CẤP (CƠN BÃO SỐ 13)\n\
                Hồi 13 giờ ngày 06/11/2025, sức gió mạnh nhất vùng gần tâm bão mạnh cấp 13 (134-149km/giờ), giật cấp 16.";
    let storm = reading(text);
    assert_eq!(storm.only("storm").meant, Meant::Text("Bão số 13".to_owned()));
    assert_eq!(storm.only("beaufort").meant, Meant::Number(13));
    assert_eq!(storm.only("gust").meant, Meant::Number(16));
    assert_eq!(storm.only("hazard").meant, Meant::Hazard(Hazard::Wind));
    assert_eq!(storm.only("issuer").quote, "Đài KTTV Trung Bộ");
    assert_eq!(storm.only("issued_at").meant, Meant::Moment(time("2025-11-06T13:00:00+07:00")));
}

proptest::proptest! {
    #[test]
    fn whatever_is_pasted_is_read_without_harm(text in "(số: |cấp |phường |Kim |Trà|[0-9]{1,3}|h|giờ|ngày |/|,|\\PC|\n){0,80}") {
        let city = sensors::city::City::default();
        let read = super::read(&text, &city, Timestamp::from_ms(0));
        let letters = text.chars().count();
        proptest::prop_assert!(read.found.iter().all(|found| found.from <= found.to && found.to <= letters));
    }
}

//! What a loudspeaker says.

use crate::hue;

#[test]
fn numbers_are_said_as_a_reader_says_them() {
    let phrases = hue::phrases();
    let (vi, en) = (&phrases.languages[0], &phrases.languages[1]);
    for (written, said) in [
        ("3,50 m", "ba mét năm mươi"),
        ("4,52 m, trên BĐ3 0,02 m", "bốn mét năm mươi hai, trên báo động ba hai xăng-ti-mét"),
        ("4,05 m", "bốn mét không năm"),
        ("5,00 m.", "năm mét."),
        ("1.538 m³/s", "một nghìn năm trăm ba mươi tám mét khối trên giây"),
        ("1.005 m³/s", "một nghìn không trăm linh năm mét khối trên giây"),
        ("12.346", "mười hai nghìn ba trăm bốn mươi sáu"),
        ("86,2 mm trong 1 giờ", "tám mươi sáu phẩy hai mi-li-mét trong một giờ"),
        ("gọi 19001075.", "gọi một chín không không một không bảy năm."),
        (
            "12.346 và 2025.123",
            "mười hai nghìn ba trăm bốn mươi sáu và hai nghìn không trăm hai mươi lăm.một trăm hai mươi ba",
        ),
        ("TL 8A, QL1A", "tỉnh lộ tám A, quốc lộ một A"),
        ("tỉnh lộ 8A", "tỉnh lộ tám A"),
        ("-0,05 m", "âm năm xăng-ti-mét"),
        ("105 và 121 và 215", "một trăm linh năm và một trăm hai mươi mốt và hai trăm mười lăm"),
    ] {
        assert_eq!(vi.spoken(written), said);
    }
    for (written, said) in [
        ("3.50 m", "three metres fifty"),
        ("0.46 m", "forty-six centimetres"),
        ("1,538 m³/s", "one thousand five hundred and thirty-eight cubic metres per second"),
        ("1,005 people", "one thousand and five people"),
        ("3 10 AM", "three ten a.m."),
        ("86.2 mm", "eighty-six point two millimetres"),
    ] {
        assert_eq!(en.spoken(written), said);
    }
}

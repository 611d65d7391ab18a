//! What the standard's text forbids and a schema can't say, and what the city demands.

use super::{Level, Rule};

/// Z stands for the time zone.
pub const ZULU: Rule = Rule {
    id: "zulu",
    section: "3.3.2",
    level: Level::Breach,
    en: ("Z stands for the time zone", "write -00:00 for UTC"),
    vi: ("dùng Z thay cho múi giờ", "hãy ghi -00:00 cho UTC"),
};
/// The identifier is empty or has a space, a comma, < or &.
pub const IDENTIFIER: Rule = Rule {
    id: "identifier",
    section: "3.2.1",
    level: Level::Breach,
    en: ("the identifier is empty or has a space, a comma, < or &", "give it a unique text without these"),
    vi: ("identifier trống hoặc có dấu cách, dấu phẩy, < hay &", "hãy đặt mã duy nhất không có các ký tự đó"),
};
/// The sender is empty or has a space, a comma, < or &.
pub const SENDER: Rule = Rule {
    id: "sender",
    section: "3.2.1",
    level: Level::Breach,
    en: (
        "the sender is empty or has a space, a comma, < or &",
        "give a name that is unique, as a mail address",
    ),
    vi: ("sender trống hoặc có dấu cách, dấu phẩy, < hay &", "hãy đặt tên duy nhất, như địa chỉ thư điện tử"),
};
/// Scope is Restricted, and no restriction says how.
pub const RESTRICTION: Rule = Rule {
    id: "restriction",
    section: "3.2.1",
    level: Level::Breach,
    en: ("scope is Restricted, and no restriction says how", "add <restriction>"),
    vi: ("scope là Restricted nhưng không có restriction", "hãy thêm <restriction>"),
};
/// Scope is Private, and addresses names nobody.
pub const ADDRESSES: Rule = Rule {
    id: "addresses",
    section: "3.2.1",
    level: Level::Breach,
    en: ("scope is Private, and addresses names nobody", "add <addresses>"),
    vi: ("scope là Private nhưng không có addresses", "hãy thêm <addresses>"),
};
/// This kind of message speaks of earlier ones, and names none.
pub const REFERENCES_MISSING: Rule = Rule {
    id: "references_missing",
    section: "3.2.1",
    level: Level::Breach,
    en: ("this kind of message speaks of earlier ones, and names none", "add <references>"),
    vi: ("loại bản tin này nói về bản tin trước nhưng không nêu", "hãy thêm <references>"),
};
/// No reference to an earlier message.
pub const REFERENCE: Rule = Rule {
    id: "reference",
    section: "3.2.1",
    level: Level::Breach,
    en: (
        "no reference to an earlier message",
        "write sender,identifier,sent as they stand there, with a space between two",
    ),
    vi: (
        "tham chiếu không đúng",
        "hãy ghi sender,identifier,sent đúng như bản tin trước, cách nhau bằng dấu cách",
    ),
};
/// A quotation mark of incidents is not closed.
pub const INCIDENTS: Rule = Rule {
    id: "incidents",
    section: "3.2.1",
    level: Level::Breach,
    en: ("a quotation mark of incidents is not closed", "put names with spaces into double quotes"),
    vi: ("thiếu dấu ngoặc kép trong incidents", "tên có dấu cách phải đặt trong ngoặc kép"),
};
/// No media type.
pub const MIME: Rule = Rule {
    id: "mime",
    section: "3.2.3",
    level: Level::Breach,
    en: ("no media type", "write type/subtype of RFC 2046, as image/png"),
    vi: ("không phải kiểu nội dung", "hãy ghi kiểu theo RFC 2046, như image/png"),
};
/// A size below zero.
pub const SIZE_SIGN: Rule = Rule {
    id: "size_sign",
    section: "3.2.3",
    level: Level::Breach,
    en: ("a size below zero", "write the size in bytes"),
    vi: ("kích thước âm", "hãy ghi kích thước bằng byte"),
};
/// A relative URI without derefUri.
pub const RELATIVE: Rule = Rule {
    id: "relative",
    section: "3.2.3",
    level: Level::Breach,
    en: ("a relative URI without derefUri", "write an absolute URI, or add <derefUri>"),
    vi: ("URI tương đối mà không có derefUri", "hãy ghi URI tuyệt đối, hoặc thêm <derefUri>"),
};
/// No digest.
pub const DIGEST: Rule = Rule {
    id: "digest",
    section: "3.2.3",
    level: Level::Breach,
    en: ("no digest", "write the SHA-1 as 40 hexadecimal digits"),
    vi: ("không phải giá trị băm", "hãy ghi SHA-1 gồm 40 chữ số hệ 16"),
};
/// The content is not Base64.
pub const DEREF: Rule = Rule {
    id: "deref",
    section: "3.2.3",
    level: Level::Breach,
    en: ("the content is not Base64", "write Base64"),
    vi: ("nội dung không phải Base64", "hãy ghi theo Base64"),
};
/// No pair of latitude and longitude.
pub const PAIR: Rule = Rule {
    id: "pair",
    section: "3.3.1",
    level: Level::Breach,
    en: (
        "no pair of latitude and longitude",
        "write lat,lon in degrees of WGS 84, -90 to 90 and -180 to 180, pairs apart by a space",
    ),
    vi: (
        "không phải cặp vĩ độ, kinh độ",
        "hãy ghi vĩ độ,kinh độ WGS 84 (-90 đến 90, -180 đến 180), cách nhau bằng dấu cách",
    ),
};
/// A polygon of too few points.
pub const POLYGON_SHORT: Rule = Rule {
    id: "polygon_short",
    section: "3.2.4",
    level: Level::Breach,
    en: ("a polygon of too few points", "write at least 4, the last as the first"),
    vi: ("đa giác quá ít điểm", "cần ít nhất 4 điểm, điểm cuối trùng điểm đầu"),
};
/// The polygon is not closed.
pub const POLYGON_OPEN: Rule = Rule {
    id: "polygon_open",
    section: "3.2.4",
    level: Level::Breach,
    en: ("the polygon is not closed", "write the first point once more at the end"),
    vi: ("đa giác chưa khép kín", "hãy lặp lại điểm đầu ở cuối"),
};
/// No circle.
pub const CIRCLE: Rule = Rule {
    id: "circle",
    section: "3.2.4",
    level: Level::Breach,
    en: ("no circle", "write lat,lon radius, the radius in km, not below 0"),
    vi: ("không phải hình tròn", "hãy ghi vĩ độ,kinh độ bán_kính, bán kính bằng km, không âm"),
};
/// A ceiling without an altitude.
pub const CEILING: Rule = Rule {
    id: "ceiling",
    section: "3.2.4",
    level: Level::Breach,
    en: ("a ceiling without an altitude", "add <altitude>"),
    vi: ("có ceiling mà không có altitude", "hãy thêm <altitude>"),
};
/// A language of the city is missing.
pub const PROFILE_LANGUAGE: Rule = Rule {
    id: "profile_language",
    section: "profile",
    level: Level::Profile,
    en: ("a language of the city is missing", "add an info in"),
    vi: ("thiếu ngôn ngữ của thành phố", "hãy thêm info bằng"),
};
/// No event code of the city's list.
pub const PROFILE_EVENT: Rule = Rule {
    id: "profile_event",
    section: "profile",
    level: Level::Profile,
    en: ("no event code of the city's list", "add an <eventCode> with valueName"),
    vi: ("không có mã sự kiện của thành phố", "hãy thêm <eventCode> với valueName"),
};
/// An area without a code of the city's list.
pub const PROFILE_GEOCODE: Rule = Rule {
    id: "profile_geocode",
    section: "profile",
    level: Level::Profile,
    en: ("an area without a code of the city's list", "add a <geocode> with valueName"),
    vi: ("vùng không có mã của thành phố", "hãy thêm <geocode> với valueName"),
};
/// A shape that lies wholly outside the box of interest.
pub const PROFILE_BOUNDS: Rule = Rule {
    id: "profile_bounds",
    section: "profile",
    level: Level::Profile,
    en: (
        "a shape that lies wholly outside the box of interest",
        "look whether latitude stands before longitude; allowed is a shape that touches",
    ),
    vi: ("hình nằm ngoài khung quan tâm", "hãy xem vĩ độ có đứng trước kinh độ không; hình phải chạm"),
};

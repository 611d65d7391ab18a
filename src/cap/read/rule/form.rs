//! What makes a message unreadable: it is refused wherever it comes from.

use super::{Level, Rule};

/// The message is too large.
pub const SIZE: Rule = Rule {
    id: "size",
    section: "XML",
    level: Level::Broken,
    en: ("the message is too large", "shorten it, or raise message_bytes_max"),
    vi: ("bản tin quá lớn", "hãy rút ngắn, hoặc nâng message_bytes_max"),
};
/// The text is not UTF-8.
pub const ENCODING: Rule = Rule {
    id: "encoding",
    section: "3.5 (UTF-8)",
    level: Level::Broken,
    en: ("the text is not UTF-8", "write UTF-8, as CAP recommends"),
    vi: ("văn bản không phải UTF-8", "hãy ghi bằng UTF-8"),
};
/// A character that XML forbids.
pub const CHARACTER: Rule = Rule {
    id: "character",
    section: "XML 2.2",
    level: Level::Broken,
    en: ("a character that XML forbids", "leave control characters out"),
    vi: ("ký tự mà XML cấm", "hãy bỏ ký tự điều khiển"),
};
/// This is not well-formed XML.
pub const WELL_FORMED: Rule = Rule {
    id: "well_formed",
    section: "XML 2.1",
    level: Level::Broken,
    en: ("this is not well-formed XML", "write XML 1.0"),
    vi: ("XML không đúng dạng", "hãy ghi theo XML 1.0"),
};
/// An entity that XML does not know by itself.
pub const ENTITY: Rule = Rule {
    id: "entity",
    section: "3.3.3",
    level: Level::Broken,
    en: (
        "an entity that XML does not know by itself",
        "allowed are &lt; &gt; &amp; &apos; &quot; and numbers",
    ),
    vi: ("thực thể lạ", "chỉ dùng &lt; &gt; &amp; &apos; &quot; và mã số"),
};
/// A document type is declared.
pub const DOCTYPE: Rule = Rule {
    id: "doctype",
    section: "3.3.4",
    level: Level::Broken,
    en: ("a document type is declared", "leave <!DOCTYPE> out: CAP has none, and it can hide a bomb"),
    vi: ("có khai báo kiểu tài liệu", "hãy bỏ <!DOCTYPE>: CAP không có, và có thể che giấu mã độc"),
};
/// Elements stand too deep in each other.
pub const DEPTH: Rule = Rule {
    id: "depth",
    section: "XML",
    level: Level::Broken,
    en: ("elements stand too deep in each other", "at most 32 deep"),
    vi: ("các phần tử lồng nhau quá sâu", "tối đa 32 lớp"),
};
/// Too many elements.
pub const ELEMENTS: Rule = Rule {
    id: "elements",
    section: "XML",
    level: Level::Broken,
    en: ("too many elements", "at most 20,000"),
    vi: ("quá nhiều phần tử", "tối đa 20.000"),
};
/// Too many attributes.
pub const ATTRIBUTES: Rule = Rule {
    id: "attributes",
    section: "XML",
    level: Level::Broken,
    en: ("too many attributes", "at most 32 on an element, 256 namespaces"),
    vi: ("quá nhiều thuộc tính", "tối đa 32 trên một phần tử, 256 không gian tên"),
};
/// A namespace prefix that is not declared, or may not be.
pub const PREFIX: Rule = Rule {
    id: "prefix",
    section: "XML names 3",
    level: Level::Broken,
    en: ("a namespace prefix that is not declared, or may not be", "declare it with xmlns"),
    vi: ("tiền tố không gian tên chưa khai báo hoặc không được phép", "hãy khai báo bằng xmlns"),
};
/// This is not CAP 1.2.
pub const NAMESPACE: Rule = Rule {
    id: "namespace",
    section: "3.1",
    level: Level::Broken,
    en: ("this is not CAP 1.2", "the namespace is urn:oasis:names:tc:emergency:cap:1.2"),
    vi: ("không phải CAP 1.2", "không gian tên là urn:oasis:names:tc:emergency:cap:1.2"),
};
/// The document is no alert.
pub const ROOT: Rule = Rule {
    id: "root",
    section: "3.2.1",
    level: Level::Broken,
    en: ("the document is no alert", "its root is <alert>"),
    vi: ("tài liệu không phải là một alert", "phần tử gốc là <alert>"),
};
/// An element that has no place here.
pub const UNKNOWN: Rule = Rule {
    id: "unknown",
    section: "3.2",
    level: Level::Broken,
    en: ("an element that has no place here", "allowed are"),
    vi: ("phần tử không có chỗ ở đây", "được phép:"),
};
/// An element is missing.
pub const MISSING: Rule = Rule {
    id: "missing",
    section: "3.2",
    level: Level::Broken,
    en: ("an element is missing", "needed is"),
    vi: ("thiếu phần tử", "cần có"),
};
/// An element stands too late.
pub const ORDER: Rule = Rule {
    id: "order",
    section: "4.2",
    level: Level::Broken,
    en: ("an element stands too late", "put it before"),
    vi: ("phần tử đứng sai thứ tự", "hãy đặt trước"),
};
/// An element stands twice.
pub const REPEATED: Rule = Rule {
    id: "repeated",
    section: "3.2",
    level: Level::Broken,
    en: ("an element stands twice", "allowed is one"),
    vi: ("phần tử bị lặp", "chỉ được một"),
};
/// Text between elements.
pub const STRAY_TEXT: Rule = Rule {
    id: "stray_text",
    section: "3.2",
    level: Level::Broken,
    en: ("text between elements", "put it into an element"),
    vi: ("có chữ giữa các phần tử", "hãy đưa vào một phần tử"),
};
/// An element inside a text.
pub const STRAY_ELEMENT: Rule = Rule {
    id: "stray_element",
    section: "3.2",
    level: Level::Broken,
    en: ("an element inside a text", "write text only, with &lt; for <"),
    vi: ("có phần tử bên trong văn bản", "chỉ ghi chữ, dùng &lt; thay cho <"),
};
/// An attribute.
pub const ATTRIBUTE: Rule = Rule {
    id: "attribute",
    section: "3.2",
    level: Level::Broken,
    en: ("an attribute", "CAP has none"),
    vi: ("có thuộc tính", "CAP không dùng thuộc tính"),
};
/// Not a word of the list.
pub const WORD: Rule = Rule {
    id: "word",
    section: "3.2",
    level: Level::Broken,
    en: ("not a word of the list", "allowed is one of"),
    vi: ("không có trong danh sách", "được phép:"),
};
/// No date and time of CAP.
pub const TIME: Rule = Rule {
    id: "time",
    section: "3.3.2",
    level: Level::Broken,
    en: ("no date and time of CAP", "write 2025-11-16T21:00:00+07:00"),
    vi: ("không phải ngày giờ của CAP", "hãy ghi 2025-11-16T21:00:00+07:00"),
};
/// No language tag.
pub const LANGUAGE: Rule = Rule {
    id: "language",
    section: "3.2.2",
    level: Level::Broken,
    en: ("no language tag", "write a tag of RFC 3066, as vi-VN"),
    vi: ("không phải mã ngôn ngữ", "hãy ghi mã RFC 3066, như vi-VN"),
};
/// No URI.
pub const URI_FORM: Rule = Rule {
    id: "uri_form",
    section: "3.2.2",
    level: Level::Broken,
    en: ("no URI", "write an absolute URI of RFC 3986"),
    vi: ("không phải URI", "hãy ghi URI tuyệt đối theo RFC 3986"),
};
/// No whole number.
pub const WHOLE: Rule = Rule {
    id: "whole",
    section: "3.2.3",
    level: Level::Broken,
    en: ("no whole number", "write digits, at most 18"),
    vi: ("không phải số nguyên", "chỉ ghi chữ số, tối đa 18"),
};
/// No decimal number.
pub const DECIMAL: Rule = Rule {
    id: "decimal",
    section: "3.2.4",
    level: Level::Broken,
    en: ("no decimal number", "write digits and a point, at most 18 digits"),
    vi: ("không phải số thập phân", "chỉ ghi chữ số và dấu chấm, tối đa 18 chữ số"),
};
/// Too many info blocks.
pub const INFOS: Rule = Rule {
    id: "infos",
    section: "3.2.2",
    level: Level::Broken,
    en: ("too many info blocks", "at most 32"),
    vi: ("quá nhiều khối info", "tối đa 32"),
};
/// Too many areas.
pub const AREAS: Rule = Rule {
    id: "areas",
    section: "3.2.4",
    level: Level::Broken,
    en: ("too many areas", "at most 256 in all"),
    vi: ("quá nhiều vùng", "tối đa 256"),
};
/// Too many resources.
pub const RESOURCES: Rule = Rule {
    id: "resources",
    section: "3.2.3",
    level: Level::Broken,
    en: ("too many resources", "at most 64 in all"),
    vi: ("quá nhiều tài nguyên", "tối đa 64"),
};
/// Too many points of polygons.
pub const POINTS: Rule = Rule {
    id: "points",
    section: "3.2.4",
    level: Level::Broken,
    en: ("too many points of polygons", "at most 20,000 in all"),
    vi: ("quá nhiều điểm đa giác", "tối đa 20.000"),
};
/// More is wrong than is listed.
pub const MANY: Rule = Rule {
    id: "many",
    section: "4.2",
    level: Level::Advice,
    en: ("more is wrong than is listed", "mend these first"),
    vi: ("còn nhiều lỗi khác", "hãy sửa các lỗi này trước"),
};

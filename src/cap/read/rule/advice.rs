//! What is allowed, and could be better.

use super::{Level, Rule};

/// An alert that says nothing.
pub const NO_INFO: Rule = Rule {
    id: "no_info",
    section: "3.2.2",
    level: Level::Advice,
    en: ("an alert that says nothing", "add an <info>"),
    vi: ("bản tin không có nội dung", "nên thêm <info>"),
};
/// An empty element.
pub const EMPTY: Rule = Rule {
    id: "empty",
    section: "3.2",
    level: Level::Advice,
    en: ("an empty element", "fill it, or leave it out"),
    vi: ("phần tử trống", "nên điền, hoặc bỏ đi"),
};
/// Invisible characters that can turn the reading direction or hide text.
pub const HIDDEN: Rule = Rule {
    id: "hidden",
    section: "3.3.4",
    level: Level::Advice,
    en: (
        "invisible characters that can turn the reading direction or hide text",
        "leave them out; we show the text without",
    ),
    vi: ("ký tự ẩn có thể đảo chiều đọc hoặc giấu chữ", "nên bỏ; chúng tôi hiển thị không có chúng"),
};
/// Nothing says when it ends.
pub const NO_EXPIRES: Rule = Rule {
    id: "no_expires",
    section: "3.2.2",
    level: Level::Advice,
    en: ("nothing says when it ends", "add <expires>"),
    vi: ("không nêu khi nào hết hiệu lực", "nên thêm <expires>"),
};
/// No headline.
pub const NO_HEADLINE: Rule = Rule {
    id: "no_headline",
    section: "3.2.2",
    level: Level::Advice,
    en: ("no headline", "add one of at most 160 characters"),
    vi: ("không có tiêu đề", "nên thêm tiêu đề tối đa 160 ký tự"),
};
/// A headline of more than 160 characters.
pub const LONG_HEADLINE: Rule = Rule {
    id: "long_headline",
    section: "3.2.2",
    level: Level::Advice,
    en: ("a headline of more than 160 characters", "short devices cut it there"),
    vi: ("tiêu đề dài hơn 160 ký tự", "thiết bị nhỏ sẽ cắt bớt"),
};
/// No description.
pub const NO_DESCRIPTION: Rule = Rule {
    id: "no_description",
    section: "3.2.2",
    level: Level::Advice,
    en: ("no description", "say what happens"),
    vi: ("không có mô tả", "nên nói rõ điều gì đang xảy ra"),
};
/// No instruction.
pub const NO_INSTRUCTION: Rule = Rule {
    id: "no_instruction",
    section: "3.2.2",
    level: Level::Advice,
    en: ("no instruction", "say what people shall do"),
    vi: ("không có hướng dẫn", "nên nói người dân cần làm gì"),
};
/// No language: en-US is meant.
pub const NO_LANGUAGE: Rule = Rule {
    id: "no_language",
    section: "3.2.2",
    level: Level::Advice,
    en: ("no language: en-US is meant", "add <language>"),
    vi: ("không nêu ngôn ngữ: hiểu là en-US", "nên thêm <language>"),
};
/// Nobody's name stands there.
pub const NO_SENDER_NAME: Rule = Rule {
    id: "no_sender_name",
    section: "3.2.2",
    level: Level::Advice,
    en: ("nobody's name stands there", "add <senderName>"),
    vi: ("không có tên cơ quan", "nên thêm <senderName>"),
};
/// It ends before it was sent.
pub const ENDS_BEFORE_SENT: Rule = Rule {
    id: "ends_before_sent",
    section: "3.2.2",
    level: Level::Advice,
    en: ("it ends before it was sent", "let <expires> be later than <sent>"),
    vi: ("hết hiệu lực trước khi gửi", "<expires> nên sau <sent>"),
};
/// It ends before it begins.
pub const ENDS_BEFORE_START: Rule = Rule {
    id: "ends_before_start",
    section: "3.2.2",
    level: Level::Advice,
    en: ("it ends before it begins", "let <expires> be later than <effective> and <onset>"),
    vi: ("hết hiệu lực trước khi bắt đầu", "<expires> nên sau <effective> và <onset>"),
};
/// Unknown helps nobody to decide.
pub const UNKNOWN_WORD: Rule = Rule {
    id: "unknown_word",
    section: "3.2.2",
    level: Level::Advice,
    en: ("Unknown helps nobody to decide", "say it if it can be said"),
    vi: ("Unknown không giúp ai quyết định", "nên nêu rõ nếu có thể"),
};
/// Two infos of one language speak of different severities.
pub const CONFLICT: Rule = Rule {
    id: "conflict",
    section: "3.2.2",
    level: Level::Advice,
    en: (
        "two infos of one language speak of different severities",
        "later infos of one language may add and not contradict",
    ),
    vi: (
        "hai info cùng ngôn ngữ nêu mức độ khác nhau",
        "info sau cùng ngôn ngữ chỉ được bổ sung, không trái ngược",
    ),
};
/// Two infos of the same language speak of the same event.
pub const SAME_LANGUAGE: Rule = Rule {
    id: "same_language",
    section: "3.2.2",
    level: Level::Advice,
    en: (
        "two infos of the same language speak of the same event",
        "join them if they speak of the same area",
    ),
    vi: ("hai info cùng ngôn ngữ về cùng một sự kiện", "nên gộp nếu cùng vùng"),
};
/// Nothing says where.
pub const NO_AREA: Rule = Rule {
    id: "no_area",
    section: "3.2.4",
    level: Level::Advice,
    en: ("nothing says where", "add an <area>"),
    vi: ("không nêu ở đâu", "nên thêm <area>"),
};
/// An area of words only.
pub const NO_SHAPE: Rule = Rule {
    id: "no_shape",
    section: "3.2.4",
    level: Level::Advice,
    en: ("an area of words only", "add a polygon, a circle or a geocode"),
    vi: ("vùng chỉ có chữ", "nên thêm đa giác, hình tròn hoặc geocode"),
};
/// The polygon crosses itself.
pub const CROSSING: Rule = Rule {
    id: "crossing",
    section: "3.2.4",
    level: Level::Advice,
    en: ("the polygon crosses itself", "let its sides meet at its corners only"),
    vi: ("đa giác tự cắt", "các cạnh chỉ nên gặp nhau ở đỉnh"),
};
/// A shape larger than 20 degrees across.
pub const HUGE: Rule = Rule {
    id: "huge",
    section: "3.2.4",
    level: Level::Advice,
    en: ("a shape larger than 20 degrees across", "look whether it is meant so"),
    vi: ("hình rộng hơn 20 độ", "hãy xem có đúng ý không"),
};
/// The ceiling is below the altitude.
pub const UNDER: Rule = Rule {
    id: "under",
    section: "3.2.4",
    level: Level::Advice,
    en: ("the ceiling is below the altitude", "let <ceiling> be the higher one"),
    vi: ("ceiling thấp hơn altitude", "<ceiling> nên cao hơn"),
};
/// A resource that can't be had.
pub const NO_CONTENT: Rule = Rule {
    id: "no_content",
    section: "3.2.3",
    level: Level::Advice,
    en: ("a resource that can't be had", "add <uri> or <derefUri>"),
    vi: ("tài nguyên không lấy được", "nên thêm <uri> hoặc <derefUri>"),
};
/// Nothing says what the exercise or the error is about.
pub const NO_NOTE: Rule = Rule {
    id: "no_note",
    section: "3.2.1",
    level: Level::Advice,
    en: ("nothing says what the exercise or the error is about", "add a <note>"),
    vi: ("không nêu diễn tập hay lỗi gì", "nên thêm <note>"),
};
/// A restriction where the scope has none.
pub const NEEDLESS: Rule = Rule {
    id: "needless",
    section: "3.2.1",
    level: Level::Advice,
    en: ("a restriction where the scope has none", "leave it out, or let scope be Restricted"),
    vi: ("có restriction khi scope không hạn chế", "nên bỏ, hoặc đặt scope là Restricted"),
};
/// A first alert that refers to earlier ones.
pub const EARLY_REFERENCE: Rule = Rule {
    id: "early_reference",
    section: "3.2.1",
    level: Level::Advice,
    en: ("a first alert that refers to earlier ones", "let msgType be Update, or leave <references> out"),
    vi: ("bản tin đầu lại tham chiếu bản tin trước", "nên đặt msgType là Update, hoặc bỏ <references>"),
};

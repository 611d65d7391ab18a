//! Signs that nobody sees or that turn the text around them: what officers write holds none of them, so
//! that whoever signs reads what goes out. It changes no text.

/// Whether a sign is not seen, or changes how those around it are read: controls but line feeds and tabs,
/// marks and overrides of direction, letters and fillers of no width, separators of lines, tags.
pub fn is_hidden(sign: char) -> bool {
    let breaks = matches!(sign, '\n' | '\t');
    (sign.is_control() && !breaks)
        || matches!(sign,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The first hidden sign of a text, and which letter it is, counted from 1. A carriage return counts only
/// where no line feed follows it: by itself it writes over the line.
pub fn hidden(text: &str) -> Option<(usize, char)> {
    let mut signs = (1..).zip(text.chars()).peekable();
    while let Some((place, sign)) = signs.next() {
        let ends_line = sign == '\r' && signs.peek().is_some_and(|(_, next)| *next == '\n');
        if is_hidden(sign) && !ends_line {
            return Some((place, sign));
        }
    }
    None
}

/// The first hidden sign that a TOML text would mean by its escapes, and the byte where it stands.
pub fn escaped(text: &str) -> Option<(usize, char)> {
    text.match_indices('\\').find_map(|(at, _)| {
        let digits = match text.get(at + 1..at + 2)? {
            "u" => text.get(at + 2..at + 6)?,
            "U" => text.get(at + 2..at + 10)?,
            _ => return None,
        };
        let sign = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
        is_hidden(sign).then_some((at, sign))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found_with_its_place_and_line_ends_of_every_kind_are_none() {
        assert_eq!(hidden("Phú Ốc: 4,96 m\r\nđang\txuống\n"), None);
        assert_eq!(hidden("mở cửa \u{202E}xả"), Some((8, '\u{202E}')));
        for sign in ['\0', '\u{1B}', '\u{AD}', '\u{200D}', '\u{2060}', '\u{206A}', '\u{3164}', '\u{E0041}'] {
            assert_eq!(hidden(&format!("lũ{sign}")), Some((3, sign)));
        }
        assert_eq!(hidden("an toàn\rkhông"), Some((8, '\r')), "it writes over the line");
    }

    #[test]
    fn an_escape_that_means_a_hidden_sign_is_found_in_toml() {
        assert_eq!(escaped(r#"title = "mở \u202Exả""#), Some((14, '\u{202E}')));
        assert_eq!(escaped(r#"title = "\U000E0041""#), Some((9, '\u{E0041}')));
        assert_eq!(escaped(r#"title = "BĐ\u0031" # \u"#), None);
    }
}

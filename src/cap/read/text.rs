//! Texts of others made harmless to show: no control characters, no marks that turn the reading
//! direction around, bounded. It changes no visible letter.

/// Characters that show something else than what is written: direction overrides and isolates,
/// deprecated format characters, invisible separators.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{7F}'..='\u{9F}' | '\u{E0000}'..='\u{E007F}')
}

/// A text in one line, at most so many characters long.
pub fn shown(text: &str, most: usize) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let plain = spaced.filter(|c| !c.is_control() && !is_hidden(*c));
    let mut line = String::new();
    let mut length = 0;
    for c in plain {
        if c == ' ' && (line.is_empty() || line.ends_with(' ')) {
            continue;
        }
        if length == most {
            line.push('…');
            return line;
        }
        line.push(c);
        length += 1;
    }
    line.truncate(line.trim_end().len());
    line
}

/// A text with its line breaks, at most so many characters long.
pub fn shown_lines(text: &str, most: usize) -> String {
    let kept = |c: &char| *c == '\n' || (!c.is_control() && !is_hidden(*c));
    let plain = text.chars().map(|c| if c == '\t' || c == '\r' { ' ' } else { c }).filter(kept);
    let mut lines: String = plain.take(most).collect();
    lines.truncate(lines.trim_end().len());
    lines.trim_start().to_owned()
}

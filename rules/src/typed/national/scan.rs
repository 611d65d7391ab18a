//! Walking through a text letter by letter, whatever its case.

/// A text as letters, and the same in lower case; places are counted in letters from 0.
pub(super) struct Page {
    letters: Vec<char>,
    lower: Vec<char>,
}

impl Page {
    pub(super) fn new(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let lower = letters.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
        Self { letters, lower }
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    /// What stands between two places.
    pub(super) fn text(&self, from: usize, to: usize) -> String {
        self.letters.get(from..to).map(|letters| letters.iter().collect()).unwrap_or_default()
    }

    pub(super) fn lower(&self, at: usize) -> Option<char> {
        self.lower.get(at).copied()
    }

    /// Where a word, or several, ends that begins at a place; `None` where it does not stand there whole.
    pub(super) fn word_at(&self, at: usize, word: &str) -> Option<usize> {
        let end = at + word.chars().count();
        let stands = word.chars().zip(at..).all(|(letter, at)| self.lower(at) == Some(letter));
        let is_letter = |at: usize| self.lower(at).is_some_and(char::is_alphanumeric);
        // A unit may follow its number without a space.
        let is_cut = at.checked_sub(1).and_then(|at| self.lower(at)).is_some_and(char::is_alphabetic)
            || (is_letter(end) && word.chars().next_back().is_some_and(char::is_alphanumeric));
        (stands && !is_cut).then_some(end)
    }

    /// The first place from `from` on, before `to`, where one of the words stands: its begin and end.
    pub(super) fn find(&self, words: &[&str], from: usize, to: usize) -> Option<(usize, usize)> {
        (from..to.min(self.len()))
            .find_map(|at| words.iter().find_map(|word| Some((at, self.word_at(at, word)?))))
    }

    /// The line around a place.
    pub(super) fn line(&self, at: usize) -> (usize, usize) {
        let is_end = |at: &usize| self.lower(*at) == Some('\n');
        let begin = (0..at.min(self.len())).rev().find(is_end).map_or(0, |end| end + 1);
        (begin, (at..self.len()).find(is_end).unwrap_or(self.len()))
    }

    /// The first place from `at` on where no space stands, on the same line.
    pub(super) fn after_spaces(&self, at: usize) -> usize {
        let is_space = |at: &usize| self.lower(*at).is_some_and(|c| c.is_whitespace() && c != '\n');
        (at..self.len()).find(|at| !is_space(at)).unwrap_or(self.len().max(at))
    }

    /// A whole number of one to `most` digits, and where it ends.
    pub(super) fn number(&self, at: usize, most: usize) -> Option<(i64, usize)> {
        let digits: String =
            (at..).map_while(|at| self.lower(at).filter(char::is_ascii_digit)).take(most + 1).collect();
        let fits = !digits.is_empty() && digits.len() <= most;
        fits.then(|| Some((digits.parse().ok()?, at + digits.len())))?
    }

    /// A decimal number with its decimals, in thousandths, and where it ends: `4,20` is 4200.
    pub(super) fn decimal(&self, at: usize) -> Option<(i64, usize)> {
        let (whole, end) = self.number(at, 3)?;
        let Some(part_at) = self.lower(end).filter(|sign| matches!(sign, ',' | '.')).map(|_| end + 1) else {
            return Some((whole * 1000, end));
        };
        match self.number(part_at, 3) {
            Some((part, end)) => {
                let digits = end - part_at;
                Some((whole * 1000 + part * 10_i64.pow(3 - digits as u32), end))
            }
            None => Some((whole * 1000, end)),
        }
    }
}

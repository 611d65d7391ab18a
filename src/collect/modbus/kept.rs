//! The data of one answer, kept until its poll is whole. Knows nothing of what it means.

use sensors::register::Words;

use super::frame::Question;

/// What a device answered to one question, if it did.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    registers: Vec<u16>,
    bits: Vec<bool>,
    came: bool,
}

impl Kept {
    /// Forgets it.
    pub(super) fn clear(&mut self) {
        self.registers.clear();
        self.bits.clear();
        self.came = false;
    }

    /// Keeps the data of the right length that a frame carries.
    pub(super) fn fill(&mut self, question: Question, data: &[u8]) {
        self.clear();
        self.came = true;
        if question.is_of_bits() {
            let bits = data.iter().flat_map(|byte| (0..8).map(move |n| byte >> n & 1 == 1));
            self.bits.extend(bits.take(usize::from(question.count)));
        } else {
            self.registers.extend(data.as_chunks::<2>().0.iter().map(|word| u16::from_be_bytes(*word)));
        }
    }

    /// The answer.
    pub(super) fn words(&self) -> Option<Words<'_>> {
        let words =
            if self.bits.is_empty() { Words::Registers(&self.registers) } else { Words::Bits(&self.bits) };
        self.came.then_some(words)
    }
}

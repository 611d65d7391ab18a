//! Protocol Buffers as bytes: fields with numbers, and nothing of what they mean.
//!
//! Reads what is there and allocates nothing; a length that points beyond the end, a varint of
//! more than ten bytes and the groups of old are refused.

/// A field's value as it lies on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// The fields of a message, in their order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, Broken> {
        let mut number = 0_u64;
        for place in 0..10 {
            let (&byte, rest) = self.0.split_first().ok_or(Broken)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7F) << (7 * place);
            if byte < 0x80 {
                // The tenth byte has room for one bit.
                return if place == 9 && byte > 1 { Err(Broken) } else { Ok(number) };
            }
        }
        Err(Broken)
    }

    fn bytes(&mut self, length: u64) -> Result<&'a [u8], Broken> {
        let length = usize::try_from(length).map_err(|_| Broken)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Broken)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(Broken)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn field(&mut self) -> Result<(u64, Wire<'a>), Broken> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.bytes(length)?)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(Broken),
        };
        if key >> 3 == 0 { Err(Broken) } else { Ok((key >> 3, value)) }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

/// Writes a varint field.
pub(super) fn put_varint(bytes: &mut Vec<u8>, field: u64, number: u64) {
    varint(bytes, field << 3);
    varint(bytes, number);
}

/// Writes a field of bytes.
pub(super) fn put_bytes(bytes: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(bytes, field << 3 | 2);
    varint(bytes, value.len() as u64);
    bytes.extend_from_slice(value);
}

fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_and_a_cut_never_gives_more(
            number in any::<u64>(), text in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, 3, number);
            put_bytes(&mut bytes, 16, &text);
            let read: Vec<_> = Fields(&bytes).collect();
            prop_assert_eq!(&read[..], &[Ok((3, Wire::Varint(number))), Ok((16, Wire::Bytes(&text)))]);
            for cut in 0..bytes.len() {
                let whole = Fields(&bytes[..cut]).filter(Result::is_ok).count();
                prop_assert!(whole < 2);
            }
        }
    }

    #[test]
    fn lengths_and_numbers_that_can_not_be_are_refused() {
        for bytes in
            [&[0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F][..], &[0x08; 1], &[0xFF; 11], &[0x0B, 0x0C], &[0x00, 0x00]]
        {
            let read: Vec<_> = Fields(bytes).collect();
            assert_eq!(read, [Err(Broken)], "{bytes:?}");
        }
    }
}

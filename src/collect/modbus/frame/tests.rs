//! Promises of the frame reader: what it takes for an answer, and what never.

use proptest::prelude::*;

use super::*;

const ASKED: Question = Question { unit: 7, function: 4, address: 100, count: 2 };
const TCP: Framing = Framing::Tcp { transaction: 9, passed: None };

fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &checksum(body).to_le_bytes()].concat()
}

fn headed(transaction: u8, body: &[u8]) -> Vec<u8> {
    [&[0, transaction, 0, 0, 0, body.len() as u8], body].concat()
}

fn answer_body(question: Question, data: &[u8]) -> Vec<u8> {
    [&[question.unit, question.function, data.len() as u8], data].concat()
}

#[test]
fn a_question_and_its_answer_are_those_of_the_standard() {
    // The example of MODBUS Application Protocol V1.1b3, 6.3, for unit 17, with the checksums that
    // libmodbus and pymodbus send.
    let asked = Question { unit: 17, function: 3, address: 107, count: 3 };
    let (frame, length) = asked.frame(Framing::Rtu);
    assert_eq!(&frame[..length], [0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87]);
    let answer = [0x11, 0x03, 0x06, 0xAE, 0x41, 0x56, 0x52, 0x43, 0x40, 0x49, 0xAD];
    assert_eq!(asked.heard(Framing::Rtu, &answer), Heard::Answer(&answer[3..9], 11));
    let (frame, length) = asked.frame(TCP);
    assert_eq!(&frame[..length], [0, 9, 0, 0, 0, 6, 0x11, 0x03, 0x00, 0x6B, 0x00, 0x03]);
}

#[test]
fn bits_come_eight_to_a_byte() {
    let asked = Question { function: 2, count: 9, ..ASKED };
    let whole = sealed(&answer_body(asked, &[0xFF, 1]));
    assert_eq!(asked.heard(Framing::Rtu, &whole), Heard::Answer(&[0xFF, 1], 7));
    let whole = headed(9, &answer_body(asked, &[0xFF, 1]));
    assert_eq!(asked.heard(TCP, &whole), Heard::Answer(&[0xFF, 1], 11));
}

#[test]
fn an_answer_cut_at_any_byte_is_no_answer() {
    let body = answer_body(ASKED, &[1, 2, 3, 4]);
    for (framing, whole) in [(Framing::Rtu, sealed(&body)), (TCP, headed(9, &body))] {
        for end in 0..whole.len() {
            assert_eq!(ASKED.heard(framing, &whole[..end]), Heard::Part, "{framing:?} to {end}");
        }
        assert_eq!(ASKED.heard(framing, &whole), Heard::Answer(&[1, 2, 3, 4], whole.len()));
    }
}

#[test]
fn what_differs_from_the_answer_is_named_by_its_cause() {
    let answer = |question: Question| answer_body(question, &[1, 2, 3, 4]);
    let other_unit = answer(Question { unit: 8, ..ASKED });
    let function = answer(Question { function: 3, ..ASKED });
    let longer = answer_body(ASKED, &[0; 6]);
    for (transaction, body, cause) in [
        (9, &other_unit, Cause::Unit),
        (9, &function, Cause::Function),
        (9, &longer, Cause::Length),
        (8, &answer(ASKED), Cause::Transaction),
    ] {
        assert_eq!(ASKED.heard(TCP, &headed(transaction, body)), Heard::Wrong(cause));
    }
    assert_eq!(ASKED.heard(TCP, b"HTTP/1.1"), Heard::Wrong(Cause::Header));
    let whole = sealed(&other_unit);
    assert_eq!(ASKED.heard(Framing::Rtu, &whole), Heard::Others(whole.len(), Cause::Unit));
    assert_eq!(ASKED.heard(Framing::Rtu, &sealed(&function)), Heard::Wrong(Cause::Function));
    assert_eq!(ASKED.heard(Framing::Rtu, &sealed(&longer)), Heard::Wrong(Cause::Length));
    let mut flipped = sealed(&answer(ASKED));
    flipped[4] ^= 1;
    assert_eq!(ASKED.heard(Framing::Rtu, &flipped), Heard::Wrong(Cause::Checksum));
}

#[test]
fn a_refusal_is_an_answer_too() {
    assert_eq!(ASKED.heard(Framing::Rtu, &sealed(&[7, 0x84, 2])), Heard::Refused(2, 5));
    assert_eq!(ASKED.heard(TCP, &headed(9, &[7, 0x84, 2])), Heard::Refused(2, 9));
}

#[test]
fn an_echo_and_the_noise_of_a_line_driver_are_passed_over() {
    let (echo, length) = ASKED.frame(Framing::Rtu);
    assert_eq!(ASKED.heard(Framing::Rtu, &echo[..length]), Heard::Others(8, Cause::Noise));
    let whole = [&[0, 0xFF], &*sealed(&answer_body(ASKED, &[1, 2, 3, 4]))].concat();
    assert_eq!(ASKED.heard(Framing::Rtu, &whole), Heard::Answer(&[1, 2, 3, 4], whole.len()));
}

#[test]
fn an_echo_that_comes_byte_by_byte_is_waited_for_whatever_was_asked() {
    for (function, count, address) in (1..=4_u8)
        .flat_map(|f| [1, 2, 8, 9, 16].into_iter().flat_map(move |c| (0..0x0800).map(move |a| (f, c, a))))
    {
        let asked = Question { function, address, count, ..ASKED };
        let (echo, length) = asked.frame(Framing::Rtu);
        let heard = |end| asked.heard(Framing::Rtu, &echo[..end]);
        assert!((0..length).all(|end| heard(end) == Heard::Part), "{asked:?}");
        assert_eq!(heard(length), Heard::Others(8, Cause::Noise), "{asked:?}");
    }
}

#[test]
fn the_answer_to_a_second_masters_question_is_not_ours() {
    let foreign = Question { address: 300, ..ASKED };
    let (request, length) = foreign.frame(Framing::Rtu);
    let answer = sealed(&answer_body(foreign, &[9, 9, 9, 9]));
    let both = [&request[..length], &answer].concat();
    let cut = |end| ASKED.heard(Framing::Rtu, &both[..end]);
    assert!((0..=both.len()).all(|end| !matches!(cut(end), Heard::Answer(..) | Heard::Refused(..))));
    assert_eq!(overheard(&request[..length]), Cause::Request);
    assert_eq!(overheard(&both), Cause::Unasked);
    assert_eq!(overheard(&[0, 0, 0]), Cause::Noise);
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader_and_only_sealed_ones_are_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        unit in 0_u8..8, function in 1_u8..=4, count in 1_u16..=125,
    ) {
        let asked = Question { unit, function, address: 0, count };
        let _ = asked.heard(TCP, &bytes);
        let _ = overheard(&bytes);
        if let Heard::Answer(_, end) = asked.heard(Framing::Rtu, &bytes) {
            prop_assert!(is_sealed(&bytes[..end]));
        }
    }

    #[test]
    fn one_flipped_bit_is_never_an_answer(data in any::<[u8; 4]>(), bit in 0_usize..72) {
        let mut whole = sealed(&answer_body(ASKED, &data));
        whole[bit / 8] ^= 1 << (bit % 8);
        let is_answer = matches!(ASKED.heard(Framing::Rtu, &whole), Heard::Answer(..) | Heard::Refused(..));
        prop_assert!(!is_answer);
    }
}

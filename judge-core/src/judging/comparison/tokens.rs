//! Passes tokens that are the same between whitespace that is not, eight bytes at a time.

use super::is_space;

/// How far a stretch of whole tokens goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Passed {
    /// Bytes of the output.
    pub output: usize,
    /// Bytes of the answer.
    pub answer: usize,
    /// Tokens.
    pub tokens: u64,
    /// Line feeds in the output, and where the line after the last of them starts.
    pub lines: u64,
    pub line_start: usize,
}

/// Passes tokens from the start of both, each after any whitespace, as long as they are the same byte
/// for byte, end in whitespace on both sides, and are no nearer to an end than a word. What is left to
/// the caller begins with the whitespace, or the token, after the last of them; nothing about it is
/// known.
pub(super) fn pass(output: &[u8], answer: &[u8]) -> Passed {
    let mut passed = Passed::default();
    let mut next = passed;
    loop {
        while let Some(&byte) = output.get(next.output)
            && is_space(byte)
        {
            next.output += 1;
            if byte == b'\n' {
                next.lines += 1;
                next.line_start = next.output;
            }
        }
        while answer.get(next.answer).is_some_and(|&byte| is_space(byte)) {
            next.answer += 1;
        }
        match same_token(&output[next.output..], &answer[next.answer..]) {
            Some(len) => {
                next.output += len;
                next.answer += len;
                next.tokens += 1;
                passed = next;
            }
            None => return passed,
        }
    }
}

/// Length of the token that both begin with, whitespace behind it on both sides; `None`: they differ,
/// or it can't be seen here.
fn same_token(output: &[u8], answer: &[u8]) -> Option<usize> {
    let words = output.chunks_exact(WORD).zip(answer.chunks_exact(WORD));
    for (index, (output, answer)) in words.enumerate() {
        let (mine, theirs) = (word(output), word(answer));
        let ends = below_21(mine);
        if ends == 0 {
            if mine != theirs {
                return None;
            }
            continue;
        }
        let len = ends.trailing_zeros() as usize / 8;
        // The bytes before the end: none would be a shift by the whole word.
        let differ = (mine ^ theirs) & ((1_u64 << (8 * len)) - 1);
        let both_end = is_space(output[len]) && is_space(answer[len]);
        let len = index * WORD + len;
        return (differ == 0 && both_end && 0 < len).then_some(len);
    }
    None
}

const WORD: usize = 8;

fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a chunk of that size"))
}

/// The top bit of each byte below 0x21, among them all whitespace; exact up to the first one, since a
/// subtraction borrows upwards only.
fn below_21(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; WORD]);
    word.wrapping_sub(ONES * 0x21) & !word & (ONES * 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_passed_up_to_the_first_that_differs() {
        let passed =
            pass(b"1\r\n 22 3 \n44444444444 5x 666666666", b"1 22\t3 44444444444 5y 666666666");
        let expected = Passed { output: 21, answer: 18, tokens: 4, lines: 2, line_start: 10 };
        assert_eq!(passed, expected);
    }

    #[test]
    fn a_control_character_is_part_of_its_token() {
        assert_eq!(pass(b"a\x01b cccccccc", b"a\x01b cccccccc").tokens, 0, "left to the caller");
        assert_eq!(pass(b"ab ccccccccc", b"ab ccccccccc").tokens, 1);
    }

    #[test]
    fn what_ends_too_near_to_be_seen_is_left_to_the_caller() {
        for short in [&b""[..], b" ", b"1", b"1 2", b"1234567"] {
            assert_eq!(pass(short, b"1234567 89abcdef").output, 0);
            assert_eq!(pass(b"1234567 89abcdef", short).output, 0);
        }
    }
}

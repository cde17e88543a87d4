//! The default output validator: compares a program's output with the judge's answer.
//!
//! ```text
//! output  ──feed(chunk)──▶  Comparison  ──finish──▶  Ok(()) or a Mismatch
//! answer  ─────────────────────▲  (whole, borrowed)
//! ```
//!
//! A state machine, so that output can be judged while the program still runs and a wrong program
//! be stopped at its first wrong token; how the output is cut into chunks changes neither the
//! result nor the position it names. It allocates nothing until a mismatch is found. Stretches that
//! are the same byte for byte, which is nearly all of a right output, are compared in blocks.
//!
//! The rules are those of the problem package format 2025-09, section *Default output validator
//! specification*; the legacy section of that name says the same in fewer words. Where Kattis'
//! program is laxer than the specification (hexadecimal floats, tokens cut at a NUL byte), this
//! follows the specification.
//!
//! Never here: files, limits, verdicts, and the text of hidden tests in any message.

mod flags;
mod mismatch;
mod number;
mod position;
#[cfg(test)]
mod tests;
mod tokens;

pub use flags::{ComparisonFlags, FlagError};
pub use mismatch::{Excerpt, Mismatch, MismatchKind};
pub use number::MAX_NUMBER_BYTES;

use std::{mem, ops::Range};

use position::{Place, Position};

/// Compares a whole output with a whole answer. See [`Comparison`] for output that comes in pieces.
///
/// # Errors
/// The first [`Mismatch`], in the order of the output.
pub fn compare(answer: &[u8], output: &[u8], flags: ComparisonFlags) -> Result<(), Mismatch> {
    let mut comparison = Comparison::new(answer, flags);
    let _ = comparison.feed(output); // `finish` knows
    comparison.finish()
}

/// What is known after a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    /// Nothing wrong so far.
    Undecided,
    /// The output is wrong whatever follows; [`Comparison::finish`] says where.
    Mismatch,
}

/// A comparison under way: the whole answer, and as much of the output as was fed. No `Debug`: it
/// would print the answer.
pub struct Comparison<'a> {
    answer: &'a [u8],
    flags: ComparisonFlags,
    /// The next byte of the answer to be matched. Between tokens it stands where a token of the
    /// answer has ended or the next one starts, never inside one.
    at: usize,
    state: State,
    position: Position,
    /// Where in the output the token under way begins.
    token: u64,
    carry: Carry,
}

enum State {
    /// Before the first token, or after whitespace of the output.
    Space,
    /// Inside a token that must be the answer's token `expected`, of which `at - start` bytes agree:
    /// byte for byte where it is `same`.
    Text { expected: Range<usize>, same: bool },
    /// Inside a token that must be a number near `value`, which the answer's `expected` reads as.
    Number { expected: Range<usize>, value: f64 },
    /// Decided.
    Failed(Mismatch),
}

impl<'a> Comparison<'a> {
    /// Starts a comparison with `answer`, of which nothing is copied.
    pub fn new(answer: &'a [u8], flags: ComparisonFlags) -> Self {
        Self {
            answer,
            flags,
            at: 0,
            state: State::Space,
            position: Position::default(),
            token: 0,
            carry: Carry::default(),
        }
    }

    /// Takes the next bytes of the output, cut anywhere. After a mismatch it reads no more.
    pub fn feed(&mut self, chunk: &[u8]) -> Progress {
        let mut rest = chunk;
        while !rest.is_empty() {
            let used = match &self.state {
                State::Space => self.feed_space(rest),
                State::Text { expected, same } => {
                    let (expected, same) = (expected.clone(), *same);
                    self.feed_text(rest, expected, same)
                }
                State::Number { expected, value } => {
                    let (expected, value) = (expected.clone(), *value);
                    self.feed_number(rest, expected, value)
                }
                State::Failed(_) => return Progress::Mismatch,
            };
            self.position.offset += used as u64;
            rest = &rest[used..];
        }
        match self.state {
            State::Failed(_) => Progress::Mismatch,
            _ => Progress::Undecided,
        }
    }

    /// Ends the output.
    ///
    /// # Errors
    /// The first [`Mismatch`]: of what was fed, or that the output ends too early.
    pub fn finish(mut self) -> Result<(), Mismatch> {
        match &self.state {
            State::Space | State::Failed(_) => {}
            State::Text { expected, same } => {
                let (expected, same) = (expected.clone(), *same);
                self.end_text(&expected, same, &[], &[]);
            }
            State::Number { expected, value } => {
                let (expected, value) = (expected.clone(), *value);
                let carry = self.carry;
                self.end_number(carry.bytes(), expected, value);
            }
        }
        if let State::Failed(mismatch) = mem::replace(&mut self.state, State::Space) {
            return Err(mismatch);
        }
        let left = &self.answer[self.at..];
        let next = token_in(self.answer, self.at);
        self.token = self.position.offset;
        if !next.is_empty() {
            return Err(self.mismatch(MismatchKind::OutputEndsEarly, &self.answer[next], &[]));
        }
        if self.flags.space_change_sensitive && !left.is_empty() {
            return Err(self.mismatch(MismatchKind::Whitespace, left, &[]));
        }
        Ok(())
    }

    /// Handles the start of `rest` between tokens; returns how many bytes it used up, and leaves
    /// the first byte of a token to the state it switches to.
    fn feed_space(&mut self, rest: &[u8]) -> usize {
        let same = identical_stretch(rest, &self.answer[self.at..]);
        if same > 0 {
            self.position.pass_same(self.answer, self.at, self.position.offset, same);
            self.at += same;
            return same;
        }
        self.token = self.position.offset;
        if self.flags.space_change_sensitive {
            // Whitespace that agrees was taken by the stretch, so what is left here differs,
            // unless both have a token.
            let theirs = self.answer.get(self.at).copied();
            if is_space(rest[0]) || theirs.is_some_and(is_space) {
                let mine = &self.answer[self.at..];
                self.fail(MismatchKind::Whitespace, space_or_token(mine), space_or_token(rest));
                return 0;
            }
        } else {
            let passed = tokens::pass(rest, &self.answer[self.at..]);
            if 0 < passed.output {
                self.position.pass_tokens(self.answer, &passed);
                self.at += passed.answer;
                return passed.output;
            }
            if is_space(rest[0]) {
                let used = rest.iter().position(|&b| !is_space(b)).unwrap_or(rest.len());
                self.position.pass_space(self.answer, &rest[..used]);
                return used;
            }
        }
        self.carry.clear();
        let expected = token_in(self.answer, self.at);
        self.at = expected.start;
        if expected.is_empty() {
            self.fail(MismatchKind::TrailingOutput, &[], first_token(rest));
            return 0;
        }
        let numbers = self.flags.compares_numbers();
        let value = numbers.then(|| number::parse(&self.answer[expected.clone()]));
        self.state = match value.flatten() {
            Some(value) => State::Number { expected, value },
            None => State::Text { expected, same: true },
        };
        0
    }

    fn feed_text(&mut self, rest: &[u8], expected: Range<usize>, mut same: bool) -> usize {
        let part = first_token(rest);
        let wanted = &self.answer[self.at..expected.end];
        let agrees = self.same_text(part, wanted);
        same &= part[..agrees] == wanted[..agrees];
        self.at += agrees;
        if agrees < part.len() {
            self.end_text(&expected, same, &part[..agrees], &part[agrees..]);
            return part.len();
        }
        if part.len() == rest.len() {
            self.carry.keep_last(part); // the token may go on in the next chunk
            self.state = State::Text { expected, same };
        } else {
            self.end_text(&expected, same, part, &[]);
        }
        part.len()
    }

    /// The token of the output has ended, or differs: `agrees` did, `differs` doesn't.
    fn end_text(&mut self, expected: &Range<usize>, same: bool, agrees: &[u8], differs: &[u8]) {
        if differs.is_empty() && self.at == expected.end {
            if same {
                let (at, len) = (expected.start, expected.len());
                self.position.pass_same(self.answer, at, self.token, len);
            } else {
                self.position.pass_token(self.answer);
            }
            self.state = State::Space;
            return;
        }
        self.carry.keep_last(agrees);
        let carry = self.carry;
        let lead = carry.bytes().len();
        let actual = [carry.bytes(), &differs[..differs.len().min(Excerpt::MAX_BYTES)]].concat();
        let wanted = &self.answer[self.at - lead..expected.end];
        self.fail(MismatchKind::Token, wanted, &actual);
    }

    fn feed_number(&mut self, rest: &[u8], expected: Range<usize>, value: f64) -> usize {
        let part = first_token(rest);
        let goes_on = part.len() == rest.len();
        if !goes_on && self.carry.is_empty() {
            self.end_number(part, expected, value);
            return part.len();
        }
        let fits = self.carry.append(part);
        if !goes_on || !fits {
            let carry = self.carry;
            self.end_number(carry.bytes(), expected, value);
        }
        part.len()
    }

    /// `token` is a whole token of the output, or the start of one that is too long for a number.
    fn end_number(&mut self, token: &[u8], expected: Range<usize>, value: f64) {
        let wanted = &self.answer[expected.clone()];
        match number::parse(token) {
            Some(actual) if self.flags.tolerates(value, actual) => {
                self.at = expected.end;
                if token == wanted {
                    let (at, len) = (expected.start, expected.len());
                    self.position.pass_same(self.answer, at, self.token, len);
                } else {
                    self.position.pass_token(self.answer);
                }
                self.state = State::Space;
            }
            Some(_) => self.fail(MismatchKind::OutOfTolerance, wanted, token),
            None => self.fail(MismatchKind::NotANumber, wanted, token),
        }
    }

    /// How many bytes of `part` agree with the start of `wanted`.
    fn same_text(&self, part: &[u8], wanted: &[u8]) -> usize {
        let same = common_prefix(part, wanted);
        if self.flags.case_sensitive {
            return same;
        }
        let rest = part[same..].iter().zip(&wanted[same..]);
        same + rest.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
    }

    fn fail(&mut self, kind: MismatchKind, expected: &[u8], actual: &[u8]) {
        self.state = State::Failed(self.mismatch(kind, expected, actual));
    }

    fn mismatch(&mut self, kind: MismatchKind, expected: &[u8], actual: &[u8]) -> Mismatch {
        let Place { line, column, token } = self.position.place(self.answer, self.token);
        Mismatch {
            kind,
            line,
            column,
            token,
            expected: Excerpt::of(expected),
            actual: Excerpt::of(actual),
        }
    }
}

/// What must be kept of a token that a chunk boundary cuts: all of a number, the last
/// [`LEAD_BYTES`] of a text.
#[derive(Clone, Copy)]
struct Carry {
    bytes: [u8; MAX_NUMBER_BYTES + 1],
    len: usize,
}

/// How much of what still agreed an [`Excerpt`] shows before the difference.
const LEAD_BYTES: usize = 16;

impl Default for Carry {
    fn default() -> Self {
        Self { bytes: [0; MAX_NUMBER_BYTES + 1], len: 0 }
    }
}

impl Carry {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends as much of `part` as there is room for; false when what is kept is too long for a
    /// number, whatever follows.
    fn append(&mut self, part: &[u8]) -> bool {
        let room = self.bytes.len() - self.len;
        let taken = part.len().min(room);
        self.bytes[self.len..][..taken].copy_from_slice(&part[..taken]);
        self.len += taken;
        self.len <= MAX_NUMBER_BYTES
    }

    /// Appends `part` and forgets all but the last [`LEAD_BYTES`].
    fn keep_last(&mut self, part: &[u8]) {
        let part = &part[part.len().saturating_sub(LEAD_BYTES)..];
        let kept = self.len.min(LEAD_BYTES - part.len());
        self.bytes.copy_within(self.len - kept..self.len, 0);
        self.bytes[kept..][..part.len()].copy_from_slice(part);
        self.len = kept + part.len();
    }
}

/// Whitespace as the format lists it: that of C's `isspace`, vertical tab included.
const fn is_space(byte: u8) -> bool {
    byte == b' ' || byte.wrapping_sub(b'\t') < 5
}

/// The first token of `bytes` at or after `from`; empty, at the end, when there is none.
fn token_in(bytes: &[u8], from: usize) -> Range<usize> {
    let skipped = bytes[from..].iter().position(|&b| !is_space(b));
    let start = skipped.map_or(bytes.len(), |n| from + n);
    start..start + first_token(&bytes[start..]).len()
}

/// `bytes` up to its first whitespace.
fn first_token(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&b| is_space(b));
    &bytes[..end.unwrap_or(bytes.len())]
}

/// The token or the run of whitespace that `bytes` starts with.
fn space_or_token(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&b| is_space(b) != is_space(bytes[0]));
    &bytes[..end.unwrap_or(bytes.len())]
}

/// Length of the longest common prefix that ends in whitespace.
fn identical_stretch(output: &[u8], answer: &[u8]) -> usize {
    let same = common_prefix(output, answer);
    output[..same].iter().rposition(|&b| is_space(b)).map_or(0, |last| last + 1)
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let blocks = a.chunks_exact(BLOCK).zip(b.chunks_exact(BLOCK));
    let same = blocks.take_while(|(a, b)| a == b).count() * BLOCK;
    let rest = a[same..].iter().zip(&b[same..]);
    same + rest.take_while(|(a, b)| a == b).count()
}

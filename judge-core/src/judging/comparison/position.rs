//! Where in the output a comparison is.
//!
//! Nearly all of a right output is the answer byte for byte. To count lines and tokens in it would
//! cost more than to compare it, and nobody asks for them before something is wrong; but then the
//! answer still has those bytes. So what agrees is only remembered as a [`Run`], and counted when it
//! ends otherwise than by more that agrees.

use super::is_space;
use super::tokens::Passed;

/// Counts of the output. All but `offset` are from 1, and lag behind by `run`.
pub(super) struct Position {
    /// Bytes of the output before the current one.
    pub offset: u64,
    lines: u64,
    line_start: u64,
    /// Tokens begun before `run`.
    tokens: u64,
    run: Run,
}

/// The latest bytes of the output, where they are those of the answer; it begins between tokens.
#[derive(Clone, Copy, Default)]
struct Run {
    /// Its first byte in the answer.
    answer: usize,
    /// Its first byte in the output.
    output: u64,
    len: usize,
}

/// Where a token of the output is.
pub(super) struct Place {
    pub line: u64,
    pub column: u64,
    pub token: u64,
}

impl Default for Position {
    fn default() -> Self {
        Self { offset: 0, lines: 1, line_start: 0, tokens: 0, run: Run::default() }
    }
}

impl Position {
    /// Whole tokens or spaces of the output, from its byte `output` on, are `len` bytes of `answer`
    /// from `at` on.
    pub fn pass_same(&mut self, answer: &[u8], at: usize, output: u64, len: usize) {
        let Run { answer: start, output: begun, len: so_far } = self.run;
        if start + so_far == at && begun + so_far as u64 == output {
            self.run.len += len;
        } else {
            self.settle(answer);
            self.run = Run { answer: at, output, len };
        }
    }

    /// The whitespace `space`, at the current byte, is not that of the answer.
    pub fn pass_space(&mut self, answer: &[u8], space: &[u8]) {
        self.settle(answer);
        self.count_lines(space, self.offset);
    }

    /// Tokens, from the current byte on, are those of the answer, but not the whitespace around them.
    pub fn pass_tokens(&mut self, answer: &[u8], passed: &Passed) {
        self.settle(answer);
        self.tokens += passed.tokens;
        if 0 < passed.lines {
            self.lines += passed.lines;
            self.line_start = self.offset + passed.line_start as u64;
        }
    }

    /// A token was as good as the answer's, but not the same.
    pub fn pass_token(&mut self, answer: &[u8]) {
        self.settle(answer);
        self.tokens += 1;
    }

    /// The place of a token that begins at the byte `output`, after all that was passed.
    pub fn place(&mut self, answer: &[u8], output: u64) -> Place {
        self.settle(answer);
        let column = output.saturating_sub(self.line_start) + 1;
        Place { line: self.lines, column, token: self.tokens + 1 }
    }

    fn settle(&mut self, answer: &[u8]) {
        let Run { answer: start, output, len } = std::mem::take(&mut self.run);
        let same = &answer[start..start + len];
        self.count_lines(same, output);
        let before = std::iter::once(&b' ').chain(same);
        let starts = before.zip(same).filter(|&(&a, &b)| is_space(a) && !is_space(b));
        self.tokens += starts.count() as u64;
    }

    #[expect(clippy::naive_bytecount, reason = "LLVM vectorises it; no crate for one line")]
    fn count_lines(&mut self, bytes: &[u8], offset: u64) {
        if let Some(last) = bytes.iter().rposition(|&b| b == b'\n') {
            self.lines += bytes.iter().filter(|&&b| b == b'\n').count() as u64;
            self.line_start = offset + last as u64 + 1;
        }
    }
}

//! The default output validator: its flags, and the comparison of an output in any pieces.

use judge_core::judging::comparison::{
    Comparison, ComparisonFlags, MAX_NUMBER_BYTES, MismatchKind, Progress, compare,
};

/// Input: a line of flags, a line with the sizes of the pieces, the answer up to a line `===`, the
/// output. What is said of the output is what the specification says, however it is cut.
pub fn holds(data: &[u8]) {
    let mut lines = data.splitn(3, |&byte| byte == b'\n');
    let (Some(flags), Some(cuts), Some(texts)) = (lines.next(), lines.next(), lines.next()) else {
        return;
    };
    let Some(flags) = read_flags(flags) else { return };
    let (answer, output) = split_at_separator(texts);

    let whole = compare(answer, output, flags).err();
    let by_the_book = accepts_by_the_book(answer, output, flags);
    assert_eq!(whole.is_none(), by_the_book, "{flags:?} against the specification");
    let whole = whole.map(|found| (found.kind, found.line, found.column, found.token));
    let cuts = cuts.split(|&byte| byte == b' ').map(|size| match size {
        [digit @ b'0'..=b'9'] => usize::from(digit - b'0'),
        _ => size.len(),
    });
    let in_pieces = fed(answer, output, flags, cuts);
    assert_eq!(in_pieces, whole, "{flags:?}: pieces change what is found");
    let in_bytes = fed(answer, output, flags, std::iter::repeat_n(1, output.len()));
    assert_eq!(in_bytes, whole, "{flags:?}: single bytes change what is found");
}

/// Both formats read the flags, and agree where the newer one has no objection.
fn read_flags(line: &[u8]) -> Option<ComparisonFlags> {
    let line = std::str::from_utf8(line).ok()?;
    let args: Vec<&str> = line.split(' ').filter(|arg| !arg.is_empty()).collect();
    let legacy = ComparisonFlags::parse_legacy(&args).ok();
    if let Ok(flags) = ComparisonFlags::parse(&args) {
        assert_eq!(legacy, Some(flags), "the legacy format reads {args:?} otherwise");
    }
    legacy
}

fn split_at_separator(texts: &[u8]) -> (&[u8], &[u8]) {
    const SEPARATOR: &[u8] = b"\n===\n";
    let at = texts.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
    at.map_or((texts, &[]), |at| (&texts[..=at], &texts[at + SEPARATOR.len()..]))
}

fn fed(
    answer: &[u8],
    output: &[u8],
    flags: ComparisonFlags,
    sizes: impl Iterator<Item = usize>,
) -> Option<(MismatchKind, u64, u64, u64)> {
    let mut comparison = Comparison::new(answer, flags);
    let (mut rest, mut decided) = (output, false);
    for size in sizes {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        let progress = comparison.feed(piece);
        assert!(!decided || progress == Progress::Mismatch, "a mismatch was taken back");
        decided = progress == Progress::Mismatch;
        rest = after;
    }
    let progress = comparison.feed(rest);
    assert!(!decided || progress == Progress::Mismatch, "a mismatch was taken back");
    let found = comparison.finish().err();
    assert!(progress != Progress::Mismatch || found.is_some(), "a mismatch was forgotten");
    found.map(|found| (found.kind, found.line, found.column, found.token))
}

/// *Default output validator specification* of the problem package format, in plain words and
/// without a thought for speed.
fn accepts_by_the_book(answer: &[u8], output: &[u8], flags: ComparisonFlags) -> bool {
    let (ours, theirs) = (tokens(answer), tokens(output));
    ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(ours, theirs)| same_token(ours, theirs, flags))
        && (!flags.space_change_sensitive || spaces(answer) == spaces(output))
}

fn same_token(answer: &[u8], output: &[u8], flags: ComparisonFlags) -> bool {
    let (absolute, relative) = (flags.float_absolute_tolerance, flags.float_relative_tolerance);
    if absolute.is_some() || relative.is_some() {
        match (number(answer), number(output)) {
            (Some(answer), Some(output)) => {
                let error = (answer - output).abs();
                return absolute.is_some_and(|most| error <= most)
                    || relative.is_some_and(|most| error <= most * answer.abs());
            }
            (Some(_), None) => return false,
            (None, _) => {}
        }
    }
    answer == output || !flags.case_sensitive && answer.eq_ignore_ascii_case(output)
}

/// Sign, digits with at most one point and at least one digit, exponent; finite as a double.
fn number(token: &[u8]) -> Option<f64> {
    let unsigned = token.strip_prefix(b"+").or(token.strip_prefix(b"-")).unwrap_or(token);
    let (mantissa, exponent) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    let whole: Vec<u8> = mantissa.iter().copied().filter(|&byte| byte != b'.').collect();
    let exponent_is_sound = exponent.is_none_or(|exponent| {
        digits(exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent))
    });
    let sound = digits(&whole) && mantissa.len() <= whole.len() + 1 && exponent_is_sound;
    if !sound || MAX_NUMBER_BYTES < token.len() {
        return None;
    }
    let value: f64 = std::str::from_utf8(token).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

fn tokens(text: &[u8]) -> Vec<&[u8]> {
    text.split(|&byte| is_space(byte)).filter(|token| !token.is_empty()).collect()
}

/// What is before, between and behind the tokens, empty at the ends where there is nothing.
fn spaces(text: &[u8]) -> Vec<&[u8]> {
    let Some(first) = text.iter().position(|&byte| !is_space(byte)) else {
        return vec![text];
    };
    let last = text.iter().rposition(|&byte| !is_space(byte)).unwrap_or(first);
    let between = text[first..=last].split(|&byte| !is_space(byte)).filter(|s| !s.is_empty());
    [&text[..first]].into_iter().chain(between).chain([&text[last + 1..]]).collect()
}

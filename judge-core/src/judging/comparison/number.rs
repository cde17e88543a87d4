//! Which tokens are numbers.

/// Longer tokens are no numbers. The format asks for at least 30 digits on both sides of the point;
/// this is enough for every `f64` printed in full.
pub const MAX_NUMBER_BYTES: usize = 1100;

/// Reads a token by the grammar in *General requirements* of the format 2025-09: decimal, an
/// optional sign, digits with at most one point, an optional exponent. `inf`, `nan`, hexadecimal
/// and what is too large for an `f64` are no numbers.
pub(super) fn parse(token: &[u8]) -> Option<f64> {
    if token.len() > MAX_NUMBER_BYTES || !token.iter().copied().all(may_be_in_a_number) {
        return None;
    }
    // Of these characters, `f64` takes exactly the words of the grammar.
    let value: f64 = std::str::from_utf8(token).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

fn may_be_in_a_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}

//! Pieces of a program's output, made fit to be shown: valid UTF-8, of bounded size, and without
//! anything that a terminal or a browser would obey.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// The beginning of some data, as text. What had to be left out is said at its end.
///
/// Its size, at most `MAX_BYTES`, is that of its JSON form without quotes and without the mark: a
/// quote, a backslash, a line feed and a tab count two bytes, since JSON escapes them. So a sum of
/// bounds bounds a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt<const MAX_BYTES: usize> {
    text: String,
    omitted: u64,
}

impl<const MAX_BYTES: usize> Excerpt<MAX_BYTES> {
    /// The longest mark that is put after a cut text, in bytes of JSON.
    pub const MAX_MARK_BYTES: usize = r"\n[ more bytes]".len() + "18446744073709551615".len();

    /// As much of `data` as fits.
    pub fn of(data: &[u8]) -> Self {
        Self::of_prefix(data, data.len() as u64)
    }

    /// The same, when only the beginning of `total_bytes` of data is at hand.
    pub fn of_prefix(prefix: &[u8], total_bytes: u64) -> Self {
        let total_bytes = total_bytes.max(prefix.len() as u64);
        // Each byte of data takes one of JSON or more, and a character has at most four: what lies
        // behind this cannot fit, and need not be looked at.
        let window = &prefix[..prefix.len().min(MAX_BYTES.saturating_add(4))];
        let mut text = String::new();
        let mut size = 0;
        let mut taken = 0;
        for (c, bytes) in characters(window, total_bytes) {
            size += json_bytes(c);
            if size > MAX_BYTES {
                break;
            }
            taken += bytes;
            text.push(c);
        }
        Self { text, omitted: total_bytes - taken as u64 }
    }

    /// Cuts it further, if it is larger than `max_bytes` of JSON. What is cut now is counted as it
    /// was shown.
    pub fn shrink_to(&mut self, max_bytes: usize) {
        let mut size = 0;
        let cut = self.text.char_indices().find_map(|(at, c)| {
            size += json_bytes(c);
            (size > max_bytes).then_some(at)
        });
        if let Some(cut) = cut {
            self.omitted += (self.text.len() - cut) as u64;
            self.text.truncate(cut);
        }
    }

    /// What is shown, without the mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many bytes were left out.
    pub fn omitted_bytes(&self) -> u64 {
        self.omitted
    }

    /// The text, and if it was cut, how much is missing.
    pub fn marked(&self) -> Cow<'_, str> {
        match self.omitted {
            0 => Cow::Borrowed(&self.text),
            more => Cow::Owned(format!("{}\n[{more} more bytes]", self.text)),
        }
    }
}

impl<const MAX_BYTES: usize> JsonSchema for Excerpt<MAX_BYTES> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Excerpt".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl<const MAX_BYTES: usize> Serialize for Excerpt<MAX_BYTES> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.marked())
    }
}

/// At most `max_bytes` of `text` on one line, for a detail, a header or a log.
pub(crate) fn one_line(text: &str, max_bytes: usize) -> String {
    let mut line = String::new();
    for c in text.chars() {
        let shown = match c {
            '\n' => '␊',
            '\t' => '␉',
            c => harmless(c),
        };
        if line.len() + shown.len_utf8() > max_bytes {
            const MARK: char = '…';
            while line.len() + MARK.len_utf8() > max_bytes && line.pop().is_some() {}
            line.push(MARK);
            break;
        }
        line.push(shown);
    }
    line
}

const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// The characters to show, each with the number of bytes of `window` that it stands for. A character
/// that the window's end cuts in two is left out, unless the data, of `total_bytes`, ends there too.
fn characters(window: &[u8], total_bytes: u64) -> impl Iterator<Item = (char, usize)> {
    let is_all = window.len() as u64 == total_bytes;
    let mut end = 0;
    window.utf8_chunks().flat_map(move |chunk| {
        let (valid, invalid) = (chunk.valid(), chunk.invalid());
        end += valid.len() + invalid.len();
        let shown = !invalid.is_empty() && (is_all || end < window.len());
        let invalid = shown.then_some((REPLACEMENT, invalid.len()));
        valid.chars().map(|c| (harmless(c), c.len_utf8())).chain(invalid)
    })
}

/// Replaces what is obeyed instead of shown: control characters, of which terminals make cursor
/// movements and colours, and the marks that reorder bidirectional text (Unicode TR 36, 3.1).
fn harmless(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        // U+2400 and up are the visible pictures of the C0 controls, in their order.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(REPLACEMENT),
        '\u{7f}' => '␡',
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => REPLACEMENT,
        c => c,
    }
}

/// What a character that [`harmless`] let pass takes in JSON.
fn json_bytes(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\t' => 2,
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_is_kept_as_it_is() {
        let excerpt = Excerpt::<100>::of("1 2\n3\té\n".as_bytes());
        assert_eq!(excerpt.marked(), "1 2\n3\té\n");
    }

    #[test]
    fn a_cut_never_splits_a_character_and_says_how_much_is_missing() {
        let excerpt = Excerpt::<4>::of("aéé".as_bytes());
        assert_eq!(excerpt.marked(), "aé\n[2 more bytes]");
    }

    #[test]
    fn a_prefix_that_ends_inside_a_character_counts_the_whole_data() {
        let excerpt = Excerpt::<100>::of_prefix("aé".as_bytes(), 1_000);
        assert_eq!(excerpt.marked(), "aé\n[997 more bytes]");
    }

    #[test]
    fn a_character_cut_in_two_by_the_end_of_a_prefix_is_left_out() {
        let excerpt = Excerpt::<100>::of_prefix(b"a\xc3", 3);
        assert_eq!(excerpt.marked(), "a\n[2 more bytes]");
        assert_eq!(Excerpt::<100>::of(b"a\xc3").marked(), "a�");
    }

    #[test]
    fn a_terminal_finds_nothing_to_obey() {
        let excerpt = Excerpt::<100>::of(b"\x1b[31mred\x1b[0m\r\x07\x7f\xc2\x9b\xff\xe2\x80\xae");
        assert_eq!(excerpt.text(), "␛[31mred␛[0m␍␇␡���");
    }

    #[test]
    fn one_line_stays_on_one_line_and_within_its_bound() {
        assert_eq!(one_line("a\nb\x1b", 80), "a␊b␛");
        assert_eq!(one_line("0123456789", 8), "01234…");
        assert_eq!(one_line("0123456789", 10), "0123456789");
    }

    proptest! {
        #[test]
        fn the_json_form_is_never_larger_than_its_bound(
            data in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            let excerpt = Excerpt::<50>::of(&data);
            let json = serde_json::to_string(excerpt.text()).unwrap();
            prop_assert!(json.len() <= 50 + 2, "{json}");
            let whole = serde_json::to_string(&excerpt).unwrap();
            prop_assert!(whole.len() <= 50 + 2 + Excerpt::<50>::MAX_MARK_BYTES);
        }

        #[test]
        fn shrinking_is_the_same_as_having_cut_earlier(text in "[a-zé\"\n]{0,80}") {
            let mut shrunk = Excerpt::<20>::of(text.as_bytes());
            shrunk.shrink_to(10);
            let cut = Excerpt::<10>::of(text.as_bytes());
            prop_assert_eq!(shrunk.marked(), cut.marked());
        }

        #[test]
        fn nothing_is_said_to_be_missing_exactly_when_all_of_it_fits(text in "[a-z]{0,80}") {
            let missing = Excerpt::<40>::of(text.as_bytes()).omitted_bytes();
            prop_assert_eq!(missing, text.len().saturating_sub(40) as u64);
        }
    }
}

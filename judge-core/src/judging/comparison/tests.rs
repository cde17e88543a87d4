use super::*;
use proptest::prelude::*;

fn flags(args: &str) -> ComparisonFlags {
    let args: Vec<_> = args.split_whitespace().collect();
    ComparisonFlags::parse(&args).expect("flags of a test are right")
}

fn kind(answer: &str, output: &str, args: &str) -> Option<MismatchKind> {
    compare(answer.as_bytes(), output.as_bytes(), flags(args)).err().map(|m| m.kind)
}

const REL: &str = "float_relative_tolerance 0.01";
const ABS: &str = "float_absolute_tolerance 0.01";
const BOTH: &str = "float_tolerance 1e-2";
const SPACE: &str = "space_change_sensitive";
const CASE: &str = "case_sensitive";

#[test]
fn right_outputs_are_accepted() {
    let table = [
        ("", "", ""),
        ("", " \n\t\r\x0b\x0c", ""),
        ("a b\nc\n", "a b\nc\n", ""),
        ("a b\nc\n", "a b\nc", ""),
        ("a b\nc\n", "  a\tb c\n\n\n", ""),
        ("a b\n", "a b\r\n", ""),
        ("a\x0bb", "a\x0cb", ""),
        ("Hello", "hELLO", ""),
        ("Hello", "Hello", CASE),
        ("0.1", "0.1", ""),
        ("a\0b", "A\0b", ""),
        ("a  b\n", "a  b\n", SPACE),
        ("a b\n", "A b\n", SPACE),
        ("100", "101", REL),
        ("-100", "-101.0e0", REL),
        ("0", "-0.0", REL),
        ("0", "0.01", ABS),
        ("0.0314", "3.14000000e-2", BOTH),
        ("1", "+1.", BOTH),
        ("0.5", ".5", BOTH),
        ("1", "10E-1", BOTH),
        ("1e9", "1000000001", BOTH),
        ("inf nan", "INF NaN", BOTH),
        ("1e999", "1E999", BOTH),
        ("0x10", "0X10", BOTH),
        ("Case 1: 2.00", "case 1: 2.001", BOTH),
    ];
    for (answer, output, args) in table {
        assert_eq!(kind(answer, output, args), None, "{answer:?} {output:?} {args}");
    }
}

#[test]
fn wrong_outputs_are_rejected_for_what_is_wrong_first() {
    use MismatchKind::{
        NotANumber, OutOfTolerance, OutputEndsEarly, Token, TrailingOutput, Whitespace,
    };
    let table = [
        ("a", "", "", OutputEndsEarly),
        ("a", " \n", "", OutputEndsEarly),
        ("a b", "a", "", OutputEndsEarly),
        ("a b", "a ", "", OutputEndsEarly),
        ("", "a", "", TrailingOutput),
        ("a\n", "a\nb", "", TrailingOutput),
        ("ab", "a b", "", Token),
        ("a b", "ab", "", Token),
        ("ab", "a", "", Token),
        ("a", "ab", "", Token),
        ("Hello", "hello", CASE, Token),
        ("\u{e9}", "\u{c9}", "", Token),
        ("a", "a\0", "", Token),
        ("a\0b", "a\0c", "", Token),
        ("1", "1.0", "", Token),
        ("a b", "a  b", SPACE, Whitespace),
        ("a  b", "a b", SPACE, Whitespace),
        ("a b", "a\tb", SPACE, Whitespace),
        ("a\n", "a\r\n", SPACE, Whitespace),
        ("a\n", "a", SPACE, Whitespace),
        ("a", "a\n", SPACE, Whitespace),
        ("a", " a", SPACE, Whitespace),
        (" a", "a", SPACE, Whitespace),
        ("a b", "a", SPACE, OutputEndsEarly),
        ("a", "ab", SPACE, Token),
        ("", "a", SPACE, TrailingOutput),
        ("100", "102", REL, OutOfTolerance),
        ("0", "1e-300", REL, OutOfTolerance),
        ("0", "0.02", ABS, OutOfTolerance),
        ("1", "one", BOTH, NotANumber),
        ("1", "nan", BOTH, NotANumber),
        ("1", "inf", BOTH, NotANumber),
        ("1", "1e999", BOTH, NotANumber),
        ("16", "0x10", BOTH, NotANumber),
        ("1", "1\0", BOTH, NotANumber),
        ("1", "1,0", BOTH, NotANumber),
        ("1", "--1", BOTH, NotANumber),
        ("1", ".", BOTH, NotANumber),
        ("1", "1e", BOTH, NotANumber),
        ("1", "1 1", BOTH, TrailingOutput),
        ("1 2", "1", BOTH, OutputEndsEarly),
        ("inf", "0", BOTH, Token),
        ("nan", "0", BOTH, Token),
        ("0x10", "16", BOTH, Token),
    ];
    for (answer, output, args, expected) in table {
        assert_eq!(kind(answer, output, args), Some(expected), "{answer:?} {output:?} {args}");
    }
}

#[test]
fn a_number_may_be_as_long_as_the_bound_and_no_longer() {
    let longest = "0".repeat(MAX_NUMBER_BYTES - 1) + "1";
    assert_eq!(kind("1", &longest, BOTH), None);
    assert_eq!(kind("1", &format!("0{longest}"), BOTH), Some(MismatchKind::NotANumber));
}

#[test]
fn an_endless_token_is_refused_before_it_ends() {
    let mut comparison = Comparison::new(b"1\n", flags(BOTH));
    assert_eq!(comparison.feed(&[b'0'; 1000]), Progress::Undecided);
    assert_eq!(comparison.feed(&[b'0'; 1000]), Progress::Mismatch);
    let mut comparison = Comparison::new(b"aaa\n", flags(""));
    assert_eq!(comparison.feed(b"aaa"), Progress::Undecided);
    assert_eq!(comparison.feed(b"a"), Progress::Mismatch);
}

#[test]
fn a_mismatch_names_line_column_and_token_of_the_output() {
    let wrong = compare(b"1 2\n3 four five\n", b"1 2\n\n3  fo\xffr five\n", flags(""));
    let wrong = wrong.expect_err("the fourth token differs");
    assert_eq!((wrong.line, wrong.column, wrong.token), (3, 4, 4));
    assert_eq!(
        wrong.text_for_public_test(),
        r#"line 3, column 4 (token 4): expected "four", got "fo\xffr""#
    );
}

#[test]
fn a_difference_deep_inside_a_long_token_is_in_the_excerpts() {
    let answer = "a".repeat(500) + "b";
    let output = "a".repeat(500) + &"c".repeat(500);
    let wrong = compare(answer.as_bytes(), output.as_bytes(), flags(CASE));
    let wrong = wrong.expect_err("it differs");
    assert_eq!(wrong.expected.bytes(), b"aaaaaaaaaaaaaaaab");
    assert_eq!(wrong.actual.bytes().len(), Excerpt::MAX_BYTES);
    assert!(wrong.actual.bytes().starts_with(b"aaaaaaaaaaaaaaaac"));
}

#[test]
fn debug_output_of_a_mismatch_quotes_no_test_data() {
    let wrong = compare(b"secret", b"guess", flags("")).expect_err("it differs");
    let debug = format!("{wrong:?}");
    assert!(!debug.contains("secret") && !debug.contains("guess"), "{debug}");
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let refused = |args: &[&str]| ComparisonFlags::parse(args).expect_err("it is refused");
    assert_eq!(refused(&["-e"]), FlagError::Unknown("-e".into()));
    assert_eq!(refused(&["float_tolerance"]), FlagError::NoTolerance("float_tolerance"));
    for value in ["-1e-9", "nan", "inf", "0x1", "1e-6x", ""] {
        let expected = FlagError::BadTolerance { flag: "float_tolerance", value: value.into() };
        assert_eq!(refused(&["float_tolerance", value]), expected);
    }
}

#[test]
fn a_tolerance_may_be_repeated_in_the_legacy_format_only() {
    let args = ["float_tolerance", "1e-6", "float_absolute_tolerance", "1e-4"];
    let refused = ComparisonFlags::parse(&args);
    assert_eq!(refused, Err(FlagError::Repeated("float_absolute_tolerance")));
    let legacy = ComparisonFlags::parse_legacy(&args).expect("the last one counts");
    assert_eq!(legacy.float_absolute_tolerance, Some(1e-4));
    assert_eq!(legacy.float_relative_tolerance, Some(1e-6));
}

/// Few letters and lengths around the block size, so that inputs often agree for a while.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => "[aAb0-2.]{1,3}[ \n]{1,2}",
        2 => "[ \t\r\n]{0,3}",
        1 => "(a|1){60,70}",
        1 => Just("1.00001\n".to_owned()),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes())
}

fn any_flags() -> impl Strategy<Value = ComparisonFlags> {
    let tolerance = || prop::option::of(prop_oneof![Just(0.0), Just(1e-3)]);
    (any::<bool>(), any::<bool>(), tolerance(), tolerance()).prop_map(|(case, space, abs, rel)| {
        ComparisonFlags {
            case_sensitive: case,
            space_change_sensitive: space,
            float_absolute_tolerance: abs,
            float_relative_tolerance: rel,
        }
    })
}

/// The specification in its plainest words, to hold the state machine against.
fn accepts_by_the_book(answer: &[u8], output: &[u8], flags: ComparisonFlags) -> bool {
    let tokens = |bytes: &[u8]| -> Vec<Vec<u8>> {
        bytes.split(|&b| is_space(b)).filter(|t| !t.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let spaces = |bytes: &[u8]| -> Vec<Vec<u8>> {
        bytes.split(|&b| !is_space(b)).filter(|s| !s.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let same_token = |a: &Vec<u8>, o: &Vec<u8>| match (number::parse(a), number::parse(o)) {
        (Some(a), Some(o)) if flags.compares_numbers() => flags.tolerates(a, o),
        (Some(_), None) if flags.compares_numbers() => false,
        _ if flags.case_sensitive => a == o,
        _ => a.eq_ignore_ascii_case(o),
    };
    let starts_alike = answer.first().copied().is_some_and(is_space)
        == output.first().copied().is_some_and(is_space);
    let (ours, theirs) = (tokens(answer), tokens(output));
    ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(a, o)| same_token(a, o))
        && (!flags.space_change_sensitive || starts_alike && spaces(answer) == spaces(output))
}

fn in_chunks(
    answer: &[u8],
    output: &[u8],
    flags: ComparisonFlags,
    cuts: &[usize],
) -> Option<(MismatchKind, u64, u64, u64)> {
    let mut comparison = Comparison::new(answer, flags);
    let mut rest = output;
    for cut in cuts {
        let (chunk, after) = rest.split_at((*cut).min(rest.len()));
        let _ = comparison.feed(chunk);
        rest = after;
    }
    let _ = comparison.feed(rest);
    let mismatch = comparison.finish().err()?;
    Some((mismatch.kind, mismatch.line, mismatch.column, mismatch.token))
}

proptest! {
    #[test]
    fn an_output_that_is_the_answer_is_accepted(
        bytes in prop_oneof![text(), prop::collection::vec(any::<u8>(), 0..300)],
        flags in any_flags(),
    ) {
        prop_assert!(compare(&bytes, &bytes, flags).is_ok());
    }

    #[test]
    fn the_state_machine_says_what_the_specification_says(
        answer in text(), output in text(), splice in any::<prop::sample::Index>(),
        flags in any_flags(),
    ) {
        // Half of the output is the answer's, so that they agree for a while.
        let shared = splice.index(answer.len() + 1);
        let output = [&answer[..shared], &output[..]].concat();
        let accepted = compare(&answer, &output, flags).is_ok();
        prop_assert_eq!(accepted, accepts_by_the_book(&answer, &output, flags));
    }

    #[test]
    fn one_changed_byte_is_judged_as_the_specification_says(
        answer in text(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        flags in any_flags(),
    ) {
        prop_assume!(!answer.is_empty());
        let mut output = answer.clone();
        output[at.index(answer.len())] = byte;
        let accepted = compare(&answer, &output, flags).is_ok();
        prop_assert_eq!(accepted, accepts_by_the_book(&answer, &output, flags));
    }

    #[test]
    fn chunking_never_changes_the_answer(
        answer in text(), output in text(), splice in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(0..100_usize, 0..20), flags in any_flags(),
    ) {
        let shared = splice.index(answer.len() + 1);
        let output = [&answer[..shared], &output[..]].concat();
        let whole = in_chunks(&answer, &output, flags, &[]);
        prop_assert_eq!(in_chunks(&answer, &output, flags, &cuts), whole);
        prop_assert_eq!(in_chunks(&answer, &output, flags, &vec![1; output.len()]), whole);
    }

    #[test]
    fn other_whitespace_is_accepted_unless_the_problem_is_sensitive_to_it(
        tokens in prop::collection::vec("[a-c]{1,4}", 1..20),
        space in prop::collection::vec("[ \t\r\n\u{b}\u{c}]{1,4}", 20),
    ) {
        let answer = tokens.join(" ");
        let spaced: String = tokens.iter().zip(&space).flat_map(|(t, s)| [&s[..], t]).collect();
        prop_assert_eq!(kind(&answer, &spaced, ""), None);
        prop_assert!(kind(&answer, &spaced, SPACE).is_some());
    }

    #[test]
    fn no_input_makes_it_panic(
        answer in prop::collection::vec(any::<u8>(), 0..200),
        output in prop::collection::vec(any::<u8>(), 0..200),
        flags in any_flags(),
    ) {
        if let Err(mismatch) = compare(&answer, &output, flags) {
            prop_assert!(mismatch.actual.bytes().len() <= Excerpt::MAX_BYTES);
            prop_assert!(mismatch.expected.bytes().len() <= Excerpt::MAX_BYTES);
        }
    }
}

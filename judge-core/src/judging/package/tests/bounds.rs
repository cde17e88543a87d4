//! Names, links and sizes.

use super::super::*;
use super::{Draft, names};
use std::fs;

#[test]
fn problem_ids_are_safe_as_file_names() {
    for id in ["a", "A-b_9", &"x".repeat(64)] {
        assert_eq!(ProblemId::new(id).expect("it is allowed").as_str(), id);
    }
    for id in ["", ".", "..", "a/b", "a b", "\u{e9}", "a\0", &"x".repeat(65)] {
        assert!(ProblemId::new(id).is_err(), "{id:?}");
    }
    let error = Draft::named("not an id").file("problem.yaml", "").error();
    assert!(error.starts_with("\"not an id\" can't be a problem id"), "{error}");
}

#[test]
fn names_outside_the_alphabet_are_refused_and_hidden_ones_left_out() {
    let error = Draft::legacy().test("secret/max size").error();
    assert!(error.starts_with("\"data/secret/max size."), "{error}");
    let package = Draft::legacy().test("secret/.1").test("secret/-2").read();
    assert_eq!(names(&package), ["secret/1"]);
}

#[test]
fn links_may_not_lead_out_of_the_package() {
    let draft = Draft::legacy().link("data/secret/2.in", "1.in").link("data/secret/2.ans", "1.ans");
    assert_eq!(names(&draft.read()), ["secret/1", "secret/2"]);
    let draft = draft.link("data/sample", "secret");
    assert_eq!(names(&draft.read()), ["sample/1", "sample/2", "secret/1", "secret/2"]);
    for (path, target) in [
        ("data/secret/3.in", "/etc/hostname"),
        ("data/secret/3.in", "../../../outside.in"),
        ("data/secret/3.in", "nothing"),
        ("data/secret/group", "/etc"),
        ("submissions", "/etc"),
        ("output_validators", ".."),
    ] {
        let draft = Draft::legacy().link(path, target);
        fs::write(draft.root.join("../outside.in"), "").expect("it can be written");
        let error = draft.error();
        assert_eq!(error, format!("{path} is a link to something that is not in the package"));
    }
}

#[test]
fn folders_that_contain_themselves_are_refused() {
    let error = Draft::legacy().link("data/secret/again", ".").error();
    assert!(error.contains("folders may not nest deeper"), "{error}");
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let draft = Draft::legacy();
    let _socket = std::os::unix::net::UnixListener::bind(draft.root.join("data/secret/2.in"));
    let error = draft.error();
    assert_eq!(error, "data/secret/2.in: this is neither a regular file nor a folder");
}

#[test]
fn files_beyond_the_bounds_are_refused() {
    let draft = Draft::legacy();
    let large = fs::File::create(draft.root.join("data/secret/1.in")).expect("it can be written");
    large.set_len((1 << 30) + 1).expect("a sparse file takes no room");
    assert!(draft.error().starts_with("data/secret/1.in: a file may have at most "));
    let draft = Draft::legacy().file("problem.yaml", &"#\n".repeat(1 << 20));
    assert!(draft.error().starts_with("problem.yaml: such a file may have at most "));
}

//! What the fuzzers start from, and every case in which one of them found something, through the
//! properties that the fuzzers check (`make fuzz`; see `fuzz/README.md`).

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::{
    fs,
    path::{Path, PathBuf},
};

// Where the targets look for it.
use judge_worker::message;

/// The files in a folder of a target.
fn cases(kind: &str, target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(target);
    let Ok(entries) = fs::read_dir(&folder) else { return Vec::new() };
    let files = entries.map(|entry| entry.expect("an entry").path());
    // `.gitkeep`, without which git has no empty folder.
    let is_hidden =
        |file: &PathBuf| file.file_name().is_some_and(|n| n.as_encoded_bytes()[0] == b'.');
    let mut files: Vec<_> = files.filter(|file| !is_hidden(file)).collect();
    files.sort();
    files
}

#[test]
fn every_kept_case_of_the_fuzzers_holds() {
    for (name, holds) in targets::ALL {
        let seeds = cases("corpus", name);
        assert!(!seeds.is_empty(), "{name} has nothing to start from");
        for file in seeds.iter().chain(&cases("found", name)) {
            println!("{}", file.display()); // shown when the case fails
            holds(&fs::read(file).expect("a case"));
        }
    }
}

#[test]
fn no_target_was_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let files = fs::read_dir(folder).expect("the targets");
    let mut found: Vec<_> = files
        .map(|file| file.expect("an entry").path().file_stem().map(std::ffi::OsStr::to_owned))
        .map(|stem| stem.expect("a name").into_string().expect("UTF-8"))
        .collect();
    found.sort();
    assert_eq!(found, targets::ALL.map(|(name, _)| name));
}

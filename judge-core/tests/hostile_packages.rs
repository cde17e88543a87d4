//! Problem packages under attack: archives that are bombs or lead elsewhere, folders that never end.
//! Each attack is a row of a table; all of them are made here, since no repository should hold one.

#[path = "hostile/table.rs"]
mod table;

use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;

use judge_core::judging::Problem;
use judge_core::judging::package::{ArchiveBounds, Package, PackageError, Unpacked};
use nix::sys::stat::Mode;
use table::Table;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// So that no attack needs gigabytes to be one.
const BOUNDS: ArchiveBounds = ArchiveBounds {
    archive_bytes: 64 << 20,
    entries: 100,
    file_bytes: 1 << 20,
    total_bytes: 4 << 20,
};

const PROBLEM: [(&str, &str); 4] = [
    ("problem.yaml", "name: Sum\n"),
    (".timelimit", "1\n"),
    ("data/secret/1.in", "1 2\n"),
    ("data/secret/1.ans", "3\n"),
];

/// A sound archive with more entries, written after those of the problem.
fn zip(more: &[(&str, &[u8])]) -> Vec<u8> {
    zip_in("", more)
}

fn zip_in(folder: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let problem = PROBLEM.map(|(name, text)| (format!("{folder}{name}"), text.as_bytes()));
    let more = more.iter().map(|(name, data)| ((*name).to_owned(), *data));
    for (name, data) in problem.into_iter().chain(more) {
        if name.ends_with('/') {
            writer.add_directory(name, options()).unwrap();
        } else {
            writer.start_file(name, options()).unwrap();
            writer.write_all(data).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644)
}

/// Where the headers of the last entry begin: the local one, and that in the table of contents.
fn last_headers(zip: &[u8]) -> [usize; 2] {
    let last = |signature: &[u8]| zip.windows(4).rposition(|four| four == signature).unwrap();
    [last(b"PK\x03\x04"), last(b"PK\x01\x02")]
}

fn put(zip: &mut [u8], at: usize, bytes: &[u8]) {
    zip[at..at + bytes.len()].copy_from_slice(bytes);
}

/// With `from` replaced wherever it stands, by something as long.
fn replaced(mut zip: Vec<u8>, from: &str, to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at: Vec<usize> =
        (0..zip.len()).filter(|&at| zip[at..].starts_with(from.as_bytes())).collect();
    assert!(!at.is_empty(), "{from}");
    for at in at {
        put(&mut zip, at, to);
    }
    zip
}

/// With the last entry's file type and mode as in `inode(7)`.
fn with_mode(mut zip: Vec<u8>, mode: u32) -> Vec<u8> {
    let [_, table] = last_headers(&zip);
    put(&mut zip, table + 38, &(mode << 16).to_le_bytes());
    zip
}

/// With a field of both of the last entry's headers, which lies two bytes later in the table's.
fn with_field(mut zip: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    let [local, table] = last_headers(&zip);
    put(&mut zip, local + at, bytes);
    put(&mut zip, table + at + 2, bytes);
    zip
}

fn overlapping() -> Vec<u8> {
    let mut zip = zip(&[("one", &[7; 5000]), ("two", &[7; 5000])]);
    let [local, table] = last_headers(&zip);
    let before = zip[..local].windows(4).rposition(|four| four == b"PK\x03\x04").unwrap();
    put(&mut zip, table + 42, &u32::try_from(before).unwrap().to_le_bytes());
    zip
}

fn hidden_from_the_table() -> Vec<u8> {
    let mut zip = zip(&[("NAME-A", b"x")]);
    let [local, _] = last_headers(&zip);
    put(&mut zip, local + 30, b"NAME-B");
    zip
}

fn with_a_large_table() -> Vec<u8> {
    let names: Vec<String> = (0..300).map(|i| format!("{i:03}{}", "x".repeat(60_000))).collect();
    let more: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    zip(&more)
}

fn many(entries: usize) -> Vec<u8> {
    let names: Vec<String> = (0..entries).map(|i| format!("attachments/{i}")).collect();
    let more: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    zip(&more)
}

/// Claims 65 535 entries, as many as the field holds.
fn with_a_false_count() -> Vec<u8> {
    let mut zip = zip(&[]);
    let end = zip.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
    put(&mut zip, end + 8, &[0xfe, 0xff, 0xfe, 0xff]);
    zip
}

fn cut(mut zip: Vec<u8>, bytes: usize) -> Vec<u8> {
    zip.truncate(zip.len() - bytes);
    zip
}

/// Damages the data of the last entry, which lies before the first header of the table.
fn damaged() -> Vec<u8> {
    let mut zip = zip(&[("stored", b"0123456789")]);
    let table = zip.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    zip[table - 3] ^= 0xff;
    zip
}

/// An archive, its attack's name, and what the error says.
type Attack = (&'static str, Vec<u8>, &'static str);

fn attacks() -> Vec<Attack> {
    let named = |name: &str| zip(&[(name, b"x")]);
    let deep = "a/".repeat(40) + "b";
    let long = "x".repeat(256);
    let far = ["y".repeat(200).as_str(); 7].join("/");
    let megabytes = vec![0; 3 << 20];
    let third = vec![0; 1 << 20];
    vec![
        ("parent_folder", named("../../evil"), "has an empty part, . or .."),
        ("parent_folder_inside", named("data/../../../evil"), "has an empty part, . or .."),
        ("parent_folder_after_top", zip_in("sum/", &[("sum/../../evil", b"x")]), ". or .."),
        ("absolute_name", named("/etc/cron.d/evil"), "is an absolute path"),
        ("double_slash", named("data//evil"), "has an empty part"),
        ("dot", named("./problem.yaml"), "has an empty part, . or .."),
        ("backslash", named("..\\..\\evil"), "a backslash or a control character"),
        ("drive_letter", named("C:\\evil"), "a backslash or a control character"),
        ("escape_sequence", named("data/\x1b[2J\x1b]0;evil\x07"), "a control character"),
        ("line_feed_in_a_name", named("data/secret/2\n.in"), "a control character"),
        ("nul", replaced(named("data/secret/NUL.in"), "NUL", b"2\0x"), "a control character"),
        ("not_utf_8", replaced(named("data/XXXX"), "XXXX", b"\xff\xfe\xc0\x80"), "not UTF-8"),
        ("name_too_long", named(&long), "its name is too long"),
        ("path_too_long", named(&far), "its name is too long"),
        ("too_deep", named(&deep), "folders nest too deep"),
        ("symlink", with_mode(named("data/secret/2.in"), 0o120_777), "it is a symbolic link"),
        ("symlink_of_a_folder", with_mode(zip(&[("data/link/", b"")]), 0o120_777), "symbolic link"),
        ("fifo", with_mode(named("data/secret/2.in"), 0o010_666), "neither a regular file nor"),
        ("device", with_mode(named("data/secret/2.in"), 0o020_666), "neither a regular file nor"),
        ("socket", with_mode(named("data/secret/2.in"), 0o140_666), "neither a regular file nor"),
        (
            "duplicate",
            replaced(zip(&[("data/secret/1.iX", b"9 9\n")]), "1.iX", b"1.in"),
            "two of its entries have one name",
        ),
        ("same_but_for_case", named("Data/secret/1.IN"), "in upper and lower case only"),
        ("file_and_folder", named("problem.yaml/x"), "another entry has the same name"),
        ("folder_and_file", zip(&[("data/secret/2/x", b""), ("data/secret/2", b"")]), "same name"),
        ("encrypted", with_field(named("x"), 6, &[1, 0]), "it is encrypted"),
        ("odd_compression", with_field(named("x"), 8, &[14, 0]), "neither stored nor deflated"),
        ("overlapping_entries", overlapping(), "share bytes"),
        ("two_names_for_one_entry", hidden_from_the_table(), "no zip archive that can be read"),
        ("large_file", zip(&[("x", &megabytes)]), "1048576 bytes a file"),
        (
            "large_together",
            zip(&[("a", &third), ("b", &third), ("c", &third), ("d", &third), ("e", b"x")]),
            "4194304 together",
        ),
        (
            "more_than_declared",
            with_field(zip(&[("x", &megabytes)]), 22, &100_u32.to_le_bytes()),
            "damaged, or not as large as it says",
        ),
        ("damaged_data", damaged(), "damaged"),
        ("many_entries", many(97), "at most 100 files and folders"),
        ("large_table", with_a_large_table(), "no zip archive that can be read"),
        ("false_count", with_a_false_count(), "no zip archive that can be read"),
        ("cut_off", cut(named("x"), 30), "no zip archive that can be read"),
        ("empty", vec![], "no zip archive that can be read"),
        ("no_archive", b"#!/bin/sh\nrm -rf /\n".to_vec(), "no zip archive that can be read"),
        ("before_the_archive", [b"#!/bin/sh\n".to_vec(), named("x")].concat(), "no zip archive"),
        ("too_large_itself", vec![0; (64 << 20) + 1], "an archive may have at most"),
    ]
}

/// What must hold after an attack: the error blames the archive, and nothing was left or written.
fn tried(bytes: &[u8], says: &str) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("sum.zip");
    fs::write(&archive, bytes).unwrap();
    let into = dir.path().join("a/b/into");
    fs::create_dir_all(&into).unwrap();
    let unpacked = Unpacked::of(&archive, &into, &BOUNDS);
    let error = match unpacked {
        Ok(unpacked) => return Err(format!("it was unpacked to {}", unpacked.package().display())),
        Err(error) => error,
    };
    if error.is_transient() || !error.to_string().contains(says) {
        return Err(format!("the error is {error}, expected: {says}"));
    }
    if error.to_string().chars().any(char::is_control) || 400 < error.to_string().len() {
        return Err(format!("the error says too much: {error:?}"));
    }
    let left =
        [(dir.path(), 2), (&dir.path().join("a"), 1), (&dir.path().join("a/b"), 1), (&into, 0)];
    for (folder, entries) in left {
        if fs::read_dir(folder).unwrap().count() != entries {
            return Err(format!("something is left in {}", folder.display()));
        }
    }
    Ok(())
}

/// What is done to a sound package's folder, and what the error says.
type Harm = (&'static str, fn(&Path), &'static str);

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn fifo(root: &Path, path: &str) {
    nix::unistd::mkfifo(&root.join(path), Mode::S_IRWXU).unwrap();
}

fn yaml(root: &Path, text: &str) {
    write(root, "problem.yaml", &format!("name: Sum\n{text}"));
}

const NEWER: &str = "problem_format_version: 2025-09\nlimits: {time_limit: 1}\n";

const HARMS: [Harm; 24] = [
    ("fifo_as_input", |root| fifo(root, "data/secret/2.in"), "neither a regular file nor a folder"),
    (
        "fifo_as_metadata",
        |root| {
            fs::remove_file(root.join("problem.yaml")).unwrap();
            fifo(root, "problem.yaml");
        },
        "problem.yaml: this must be a file",
    ),
    (
        "fifo_as_time_limit",
        |root| {
            fs::remove_file(root.join(".timelimit")).unwrap();
            fifo(root, ".timelimit");
        },
        ".timelimit: this must be a file",
    ),
    (
        "device_as_answer",
        |root| {
            write(root, "data/secret/2.in", "");
            symlink("/dev/zero", root.join("data/secret/2.ans")).unwrap();
        },
        "a link to something that is not in the package",
    ),
    (
        "environment_as_sample",
        |root| {
            write(root, "data/sample/1.ans", "");
            symlink("/proc/self/environ", root.join("data/sample/1.in")).unwrap();
        },
        "a link to something that is not in the package",
    ),
    (
        "shadow_as_statement",
        |root| {
            fs::create_dir(root.join("problem_statement")).unwrap();
            symlink("/etc/shadow", root.join("problem_statement/problem.en.md")).unwrap();
        },
        "a link to something that is not in the package",
    ),
    (
        "other_problem_as_data",
        |root| {
            symlink("../../..", root.join("data/secret/2")).unwrap();
        },
        "a link to something that is not in the package",
    ),
    (
        "folder_in_itself",
        |root| {
            symlink("..", root.join("data/secret/again")).unwrap();
        },
        "folders may not nest deeper",
    ),
    (
        "links_to_each_other",
        |root| {
            symlink("b", root.join("data/secret/a")).unwrap();
            symlink("a", root.join("data/secret/b")).unwrap();
        },
        "is a link to something that is not in the package",
    ),
    (
        "many_tests",
        |root| {
            for test in 0..50_001 {
                fs::write(root.join(format!("data/secret/{test:06}.in")), "").unwrap();
                fs::write(root.join(format!("data/secret/{test:06}.ans")), "").unwrap();
            }
        },
        "at most 100000 files and folders",
    ),
    ("large_yaml", |root| yaml(root, &"#\n".repeat(1 << 20)), "at most 1048576 bytes"),
    (
        "aliases_of_aliases",
        |root| {
            let level = |n: u32| {
                format!("a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 9].join(", "))
            };
            yaml(root, &format!("a0: &a0 [x]\n{}", (0..12).map(level).collect::<String>()));
        },
        "not valid YAML",
    ),
    (
        "nested_yaml",
        |root| yaml(root, &format!("x: {}", "[".repeat(100_000))),
        "at most 128 brackets",
    ),
    (
        "name_that_is_a_map",
        |root| yaml(root, "source: {a: b}\nvalidation: {x: y}\n"),
        "validation must be",
    ),
    ("name_with_a_line_feed", |root| write(root, "data/secret/2\n.in", ""), "a name must be"),
    ("name_with_escapes", |root| write(root, "data/secret/\x1b[2J.in", ""), "a name must be"),
    ("endless_time", |root| write(root, ".timelimit", "1e999"), "the time limit must be above 0"),
    ("no_time", |root| write(root, ".timelimit", "NaN"), "the time limit must be above 0"),
    ("negative_time", |root| write(root, ".timelimit", "-1"), "the time limit must be above 0"),
    ("endless_memory", |root| yaml(root, "limits: {memory: 9999999999999999}\n"), "limits.memory"),
    (
        "flood_of_flags",
        |root| {
            yaml(root, &format!("validator_flags: {}\n", "x ".repeat(300_000)));
        },
        "at most 100 arguments",
    ),
    (
        "flood_of_arguments",
        |root| {
            yaml(root, NEWER);
            write(root, "data/secret/1.yaml", &format!("args: [{}]\n", "x, ".repeat(101)));
        },
        "at most 100 arguments",
    ),
    (
        "flood_of_alternatives",
        |root| {
            yaml(root, NEWER);
            let pattern = format!("accepted/{{{}}}{}", ",".repeat(200_000), "x".repeat(200_000));
            write(
                root,
                "submissions/submissions.yaml",
                &format!("? \"{pattern}\"\n: {{permitted: [AC]}}\n"),
            );
            write(root, "submissions/accepted/a.py", "");
        },
        "too long",
    ),
    (
        "many_validator_files",
        |root| {
            yaml(root, "validation: custom\n");
            for file in 0..101 {
                write(root, &format!("output_validators/v/{file}.py"), "");
            }
        },
        "at most 100 files",
    ),
];

fn sound(dir: &TempDir) -> std::path::PathBuf {
    let root = dir.path().join("problems/sum");
    for (path, text) in PROBLEM {
        write(&root, path, text);
    }
    root
}

fn harmed(harm: fn(&Path), says: &str) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let root = sound(&dir);
    harm(&root);
    match Package::read(&root) {
        Ok(_) => Err("it was read".into()),
        Err(error) if !error.to_string().contains(says) => Err(format!("the error is {error:?}")),
        Err(error) if error.to_string().len() < 1000 => Ok(()),
        Err(error) => Err(format!("an error of {} bytes", error.to_string().len())),
    }
}

#[test]
fn no_package_of_the_table_is_read_or_leaves_a_trace() {
    let mut table = Table::of("packages");
    for (name, bytes, says) in attacks() {
        table.tried(name, tried(&bytes, says));
    }
    for (name, harm, says) in HARMS {
        table.tried(name, harmed(harm, says));
    }
    for id in ["..", "a b", "$(id)", "x\n", "\x1b[2J"] {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join(format!("{id}.zip"));
        fs::write(&archive, zip(&[])).unwrap();
        let error = Unpacked::of(&archive, dir.path(), &BOUNDS).unwrap_err();
        let refused = matches!(error, PackageError::BadId(_)).then_some(());
        table.tried(&format!("id {id:?}"), refused.ok_or_else(|| error.to_string()));
    }
    table.close(60);
}

#[test]
fn an_archive_is_read_like_its_folder_and_gone_with_its_problem() {
    let dir = tempfile::tempdir().unwrap();
    let expected = Package::read(&sound(&dir)).unwrap();
    let archive = dir.path().join("sum.zip");
    for bytes in [zip(&[]), zip_in("other-name/", &[]), zip_in("sum/", &[("sum/data/", b"")])] {
        fs::write(&archive, bytes).unwrap();
        let problem = Problem::read(&archive).unwrap();
        let package = &problem.package;
        assert_eq!((&package.id, &package.version), (&expected.id, &expected.version));
        let root = package.root.clone();
        let input = root.join("data").join(&package.testcases[0].name).with_extension("in");
        assert_eq!(fs::read(input).unwrap(), b"1 2\n");
        drop(problem);
        assert!(!root.exists() && !root.parent().unwrap().exists(), "{}", root.display());
    }
}

#[test]
fn bounds_of_archives_are_inclusive() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("sum.zip");
    let megabyte = vec![7; 1 << 20];
    fs::write(&archive, zip(&[("x", &megabyte)])).unwrap();
    Unpacked::of(&archive, dir.path(), &BOUNDS).unwrap();
    let problem: usize = PROBLEM.iter().map(|(_, text)| text.len()).sum();
    let total_bytes = (problem + megabyte.len()) as u64;
    let exact = ArchiveBounds { total_bytes, entries: 5, ..BOUNDS };
    Unpacked::of(&archive, dir.path(), &exact).unwrap();
    let error = Unpacked::of(
        &archive,
        dir.path(),
        &ArchiveBounds { total_bytes: total_bytes - 1, ..exact },
    );
    assert!(matches!(error, Err(PackageError::TooLarge { .. })), "{error:?}");
    let error = Unpacked::of(&archive, dir.path(), &ArchiveBounds { entries: 4, ..exact });
    assert!(matches!(error, Err(PackageError::TooLarge { .. })), "{error:?}");
}

#[test]
fn an_archive_that_is_a_fifo_does_not_block() {
    let dir = tempfile::tempdir().unwrap();
    fifo(dir.path(), "sum.zip");
    let error = Problem::read(&dir.path().join("sum.zip")).unwrap_err();
    assert_eq!(error.to_string().rsplit(": ").next(), Some("this is no regular file"));
}

#[test]
fn interactive_problems_are_refused_with_a_clear_error() {
    for text in
        ["validation: custom interactive\n", "problem_format_version: 2025-09\ntype: interactive\n"]
    {
        let dir = tempfile::tempdir().unwrap();
        let root = sound(&dir);
        yaml(&root, text);
        let error = Package::read(&root).unwrap_err();
        assert!(matches!(error, PackageError::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains("interactive"), "{error}");
    }
}

//! Problems that come as archives, in the folder of problems.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use judge_worker::problems::Catalog;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const PROBLEM: [(&str, &str); 4] = [
    ("problem.yaml", "name: Sum\n"),
    (".timelimit", "1\n"),
    ("data/secret/1.in", "1 2\n"),
    ("data/secret/1.ans", "3\n"),
];

fn pack(archive: &Path) {
    let mut writer = ZipWriter::new(fs::File::create(archive).unwrap());
    for (name, text) in PROBLEM {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn a_catalog_holds_archives_by_their_names_until_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    pack(&dir.path().join("sum.zip"));
    fs::write(dir.path().join("bomb.zip"), "no archive").unwrap();
    fs::write(dir.path().join("notes.txt"), "no package").unwrap();
    let catalog = Catalog::read(dir.path()).unwrap();
    assert_eq!((catalog.sound().count(), catalog.broken()), (1, 1));
    let sum = catalog.find("sum").unwrap().unwrap();
    let root = sum.package.root.clone();
    drop(catalog);
    assert!(root.join("problem.yaml").exists(), "a submission in hand needs it");
    drop(sum);
    assert!(!root.exists(), "{}", root.display());
}

#[test]
fn a_problem_that_is_there_twice_is_broken() {
    let dir = tempfile::tempdir().unwrap();
    pack(&dir.path().join("sum.zip"));
    fs::create_dir(dir.path().join("sum")).unwrap();
    let catalog = Catalog::read(dir.path()).unwrap();
    assert_eq!((catalog.sound().count(), catalog.broken()), (0, 1));
    let error = catalog.find("sum").unwrap().unwrap_err();
    assert!(error.to_string().starts_with("the problem is there twice"), "{error}");
}

//! The programs of the corpus, with what their first lines say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use judge_core::toolchain::{Language, Languages, SourceFile};
use serde::Deserialize;

use super::need::Need;

/// What an attack is after: the folders of the corpus, none of them empty.
pub const CLASSES: [&str; 14] = [
    "compiling",
    "daemons",
    "floods",
    "forged-results",
    "hidden-data",
    "kernel",
    "memory",
    "names",
    "network",
    "next-run",
    "signals",
    "storms",
    "time",
    "trees",
];

/// What can be attacked, and each is by at least one program.
pub const WALLS: [&str; 16] = [
    "compile",
    "cpu",
    "credentials",
    "descriptors",
    "ipc",
    "memory",
    "mounts",
    "network",
    "output",
    "pids",
    "processes",
    "rlimits",
    "seccomp",
    "tmpfs",
    "user namespace",
    "wall clock",
];

/// A hostile program.
pub struct Case {
    /// Its file.
    pub name: String,
    /// Its folder.
    pub class: &'static str,
    pub language: Arc<Language>,
    /// Its files, with placeholders.
    files: Vec<File>,
    /// Any of these may happen.
    expected: Vec<String>,
    pub wall: String,
    /// How often it runs, one run after the other in the same slot and with the same input.
    pub runs: u32,
    /// Where this is missing, it is not tried.
    pub needs: Option<Need>,
}

/// A file of a submission.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// `None`: the language knows one.
    name: Option<String>,
    content: String,
}

/// Several files of one submission, as a TOML file has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Several {
    language: String,
    /// What a message with these names is: for `judge-worker/tests/hostile_names.rs`.
    #[serde(rename = "message")]
    _message: String,
    files: Vec<File>,
}

impl Case {
    /// `CLASS/FILE`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.class, self.name)
    }

    /// What is submitted, its placeholders replaced by `fill_in`.
    pub fn sources(&self, fill_in: impl Fn(&str) -> String) -> Vec<SourceFile> {
        let source = |file: &File| {
            let text = repeated(&fill_in(&file.content));
            SourceFile { name: file.name.clone(), content: text.into() }
        };
        self.files.iter().map(source).collect()
    }

    /// Whether the first line names the verdict `code`.
    pub fn expects(&self, code: &str) -> bool {
        self.expected
            .iter()
            .any(|expected| expected.split(' ').next() == Some(code) || expected == code)
    }

    /// Whether its attack is on the compiler, or on those that start it.
    pub fn is_about_compiling(&self) -> bool {
        self.class == "compiling" || ["CE", "CTL", "BAD NAME"].iter().any(|code| self.expects(code))
    }

    /// Whether something that `happened` is expected.
    pub fn check(&self, happened: &str) -> Result<(), String> {
        if self.expected.iter().any(|expected| expected == happened) {
            return Ok(());
        }
        Err(format!("expected {:?}, and what happened is {happened:?}", self.expected))
    }
}

/// Every program of the corpus, sorted by class and name. Panics where one says nothing of what it
/// expects, or stands in no class.
pub fn load(corpus: &Path, languages: &Languages) -> Vec<Case> {
    let entries = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
    let folders = entries.filter(|path| path.extension().is_none_or(|extension| extension != "md"));
    let folders: BTreeSet<PathBuf> = folders.collect();
    let known: BTreeSet<PathBuf> = CLASSES.iter().map(|class| corpus.join(class)).collect();
    assert_eq!(folders, known, "folders and classes");
    CLASSES.iter().flat_map(|class| load_class(corpus, class, languages)).collect()
}

fn load_class(corpus: &Path, class: &'static str, languages: &Languages) -> Vec<Case> {
    let programs = std::fs::read_dir(corpus.join(class)).unwrap();
    let mut cases: Vec<Case> =
        programs.map(|entry| parse(&entry.unwrap().path(), class, languages)).collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!cases.is_empty(), "no program of the class {class}");
    cases
}

fn parse(path: &Path, class: &'static str, languages: &Languages) -> Case {
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let extension = path.extension().unwrap().to_str().unwrap();
    let (language, files) = if extension == "toml" {
        let Several { language, files, .. } = toml::from_str(&text).unwrap();
        (languages.find(&language), files)
    } else {
        let mut all = languages.iter();
        let known = |l: &&Arc<Language>| l.extensions.iter().any(|known| known == extension);
        (all.find(known), vec![File { name: None, content: text.clone() }])
    };
    let language = Arc::clone(language.unwrap_or_else(|| panic!("{name}: in no known language")));
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("// ").or(line.strip_prefix("# "));
    let (expected, wall) = (vec![], String::new());
    let mut case = Case { name, class, language, files, expected, wall, runs: 1, needs: None };
    let mut fact = "";
    for field in line.unwrap_or_else(|| panic!("{}: no first line", case.name)).split(" | ") {
        match field.split_once(": ") {
            Some(("expect", expected)) => {
                case.expected = expected.split(" or ").map(str::to_owned).collect();
            }
            Some(("wall", wall)) => wall.clone_into(&mut case.wall),
            Some(("runs", runs)) => case.runs = runs.parse().unwrap(),
            Some(("needs", name)) => {
                let need = Need::named(name);
                assert!(need.is_some(), "{}: unknown need {name:?}", case.name);
                case.needs = need;
            }
            Some(("fact", text)) => fact = text,
            _ => panic!("{}: unknown field {field:?}", case.name),
        }
    }
    assert!(!case.expected.is_empty() && !fact.is_empty(), "{}: no expectation or fact", case.name);
    assert!(WALLS.contains(&case.wall.as_str()), "{}: unknown wall {:?}", case.name, case.wall);
    case
}

/// With each `@REPEAT N TEXT@` as `N` times `TEXT`, which holds no `@`.
fn repeated(text: &str) -> String {
    let mut parts = text.split("@REPEAT ");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (repeat, after) = part.split_once('@').expect("its end is marked");
        let (times, text) = repeat.split_once(' ').expect("a number and a text");
        whole += &text.repeat(times.parse().expect("a number"));
        whole += after;
    }
    whole
}

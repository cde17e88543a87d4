//! Problem packages in every shape that treats hidden data in a way of its own. In each, a test's
//! input says whether it is public, what is asked and what the right reply is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::canary::{Aviary, Kind};

/// Where the packages are, and what a test needs to know of them.
pub struct Packages {
    pub dir: PathBuf,
    /// A hidden answer that is to vanish while the worker serves.
    pub vanishing: PathBuf,
    /// A hidden input that submissions try to include.
    pub wanted: PathBuf,
}

/// What varies between packages of one shape.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Lines behind the canaries of a hidden input.
    pub padding: usize,
    /// Hidden tests of a problem, or of a group.
    pub hidden_tests: usize,
    /// Whether the default validator minds case and space.
    pub strict: bool,
}

const LEGACY: &str = "name: Canaries\nlimits:\n  time_limit: 1\n  memory: 64\n  output: 1\n";

/// Writes them all into `dir`.
pub fn write(dir: &Path, shape: Shape, canaries: &mut Aviary) -> Packages {
    let packages = Packages {
        dir: dir.to_owned(),
        vanishing: dir.join("vanishing/data/secret").join(format!(
            "{}.ans",
            // The name of a hidden test says something of it.
            canaries.hatch(Kind::Hidden)
        )),
        wanted: dir.join("compared/data/secret/1.in"),
    };
    let flags = if shape.strict { "case_sensitive space_change_sensitive" } else { "" };
    let compared = format!("{LEGACY}validator_flags: {flags}\n");
    Package::new(dir, "compared", &compared).with_tests(shape, canaries);

    let custom = format!("{LEGACY}validation: custom\n");
    let validator = include_str!("programs/validator.py");
    let checked = Package::new(dir, "checked", &custom);
    checked.file("output_validators/check.py", &planted(validator, canaries));
    checked.with_tests(shape, canaries);

    let broken = include_str!("programs/broken_validator.cpp");
    let unbuildable = Package::new(dir, "unbuildable", &custom);
    unbuildable.file("output_validators/check.cpp", &planted(broken, canaries));
    unbuildable.with_tests(shape, canaries);

    let graded = Package::new(dir, "graded", &format!("{LEGACY}type: scoring\n"));
    graded.sample(canaries);
    for group in ["secret/group1", "secret/group2"] {
        graded.file(&format!("data/{group}/testdata.yaml"), "accept_score: 50\n");
        graded.hidden(group, shape, canaries);
    }

    let arguments = Package::new(dir, "arguments", &newer("arguments"));
    arguments.with_tests(shape, canaries);
    let argument = canaries.hatch(Kind::Hidden);
    arguments.file("data/secret/1.yaml", &format!("args: [{argument}]\n"));

    // Its author has mistaken what `args` is; the message must not quote it.
    let mistaken = Package::new(dir, "mistaken", &newer("mistaken"));
    mistaken.with_tests(shape, canaries);
    let argument = canaries.hatch(Kind::Hidden);
    mistaken.file("data/secret/1.yaml", &format!("args: {{{argument}: {argument}}}\n"));

    let vanishing = Package::new(dir, "vanishing", LEGACY);
    vanishing.sample(canaries);
    write_test(Kind::Hidden, &packages.vanishing.with_extension(""), 0, canaries);
    packages
}

fn newer(name: &str) -> String {
    format!(
        "problem_format_version: 2025-09\nname: {name}\n\
         uuid: 5f0c1c39-7d0e-4f0a-9a54-0d4f9ad0b8c1\n\
         limits:\n  time_limit: 1\n  memory: 64\n  output: 1\n"
    )
}

/// A program with a canary of its own.
fn planted(program: &str, canaries: &mut Aviary) -> String {
    program.replace("@CANARY@", &canaries.hatch(Kind::Hidden))
}

struct Package(PathBuf);

impl Package {
    fn new(dir: &Path, id: &str, metadata: &str) -> Self {
        let package = Self(dir.join(id));
        package.file("problem.yaml", metadata);
        package
    }

    fn file(&self, path: &str, content: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("it is in the package")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    fn with_tests(&self, shape: Shape, canaries: &mut Aviary) {
        self.sample(canaries);
        self.hidden("secret", shape, canaries);
    }

    fn sample(&self, canaries: &mut Aviary) {
        write_test(Kind::Public, &self.0.join("data/sample/1"), 0, canaries);
    }

    fn hidden(&self, group: &str, shape: Shape, canaries: &mut Aviary) {
        for test in 1..=shape.hidden_tests {
            let test = self.0.join(format!("data/{group}/{test}"));
            write_test(Kind::Hidden, &test, shape.padding, canaries);
        }
    }
}

/// One test, input and answer.
fn write_test(kind: Kind, test: &Path, padding: usize, canaries: &mut Aviary) {
    let (asked, reply) = (canaries.hatch(kind), canaries.hatch(kind));
    let who = if kind == Kind::Public { "public" } else { "hidden" };
    let padding = "…\n".repeat(padding);
    fs::create_dir_all(test.parent().expect("it is in the package")).expect("a folder");
    let write = |extension, content: String| {
        fs::write(test.with_extension(extension), content).expect("a file");
    };
    write("in", format!("{who}\nask {asked}\nreply {reply}\n{padding}"));
    write("ans", format!("{reply}\n"));
}

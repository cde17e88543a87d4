//! What a language is, and where its programs come from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sandbox::profile::ProfileSource;
use crate::sandbox::{InputFile, Limits, ProfileError};

/// A language, as its file describes it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Stable: stands in messages, in the database and in metrics.
    pub id: String,
    /// For people.
    pub name: String,
    /// The Debian package that brings the toolchain, for remedies.
    pub package: String,
    /// Other ids that mean this one.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// File name extensions from which it is guessed.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Extensions of the files that the compiler is given; others, such as headers, lie beside.
    pub source_extensions: Vec<String>,
    /// Name of a source that came without one.
    pub default_source: String,
    /// Where the source itself says what its file must be called.
    pub source_named_after: Option<NamedAfter>,
    /// Prints the version.
    pub version: Vec<String>,
    /// How it is compiled.
    pub compile: CompileRecipe,
    /// How it is run.
    pub run: RunRecipe,
    /// Environment of both, beside what every program gets.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// What a source file must be named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum NamedAfter {
    /// The public class in it.
    #[serde(rename = "public class")]
    PublicClass,
}

/// How a language is compiled.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CompileRecipe {
    /// `{sources}` becomes all source files, `{main_file}` the main one, `{prepared}` what
    /// [`PreparedRecipe::arguments`] says, or nothing.
    pub argv: Vec<String>,
    /// What would be the same work in each compilation, and can be done before.
    pub prepared: Option<PreparedRecipe>,
    /// What the program consists of afterwards.
    pub collect: Vec<String>,
    /// Bytes by which the file that can be started is known among the products.
    pub main_marker: Option<String>,
    /// Whether the sources belong to the program.
    #[serde(default)]
    pub keep_sources: bool,
    /// User plus system time, inclusive.
    pub cpu_seconds: u64,
    /// Of the whole process tree, inclusive.
    pub memory_mib: u64,
}

/// How a file is made, once for each toolchain, by which a compiler is done sooner with the same result:
/// a precompiled header, an archive of the compiler's own classes.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedRecipe {
    /// The command that makes it of `source`.
    pub argv: Vec<String>,
    /// A source of our own. No submission has a part in what is prepared.
    pub source: String,
    /// What that is called.
    pub source_file: String,
    /// What the command leaves, relative to its working directory.
    pub product: String,
    /// Where that is to stand, relative to `{prepared}`.
    pub place: String,
    /// Of the product, inclusive.
    pub max_mib: u64,
    /// What stands for `{prepared}` in the compiler's arguments when the file is there; in these,
    /// `{prepared}` is the directory that holds `place`.
    pub arguments: Vec<String>,
    /// The first line, blanks and comments aside, of each source that gains by it. `None`: all gain.
    pub first_line: Option<String>,
    /// Whether the compiler says the same with it. If not, what it has something to say of is compiled
    /// again without.
    #[serde(default)]
    pub same_words: bool,
}

/// How a language is run.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecipe {
    /// `{memory_mib}` becomes the problem's memory limit, `{main_file}` the main source file,
    /// `{main}` what is to be started of it.
    pub argv: Vec<String>,
    /// Processes and threads at once, inclusive.
    pub processes: u32,
    /// Whether its programs run on one core, the slot's own: not for a runtime whose own threads work
    /// beside the program's, which would get in each other's way and use up its CPU time.
    pub own_core: bool,
    /// What the language's own machinery gets on top of the problem's memory limit.
    #[serde(default)]
    pub memory_headroom_mib: u64,
    /// Standard error of a run that failed holds this when its own heap, which the problem's limit
    /// bounds, was too small.
    pub out_of_memory_marker: Option<String>,
}

/// Something that can be run: compiled, or ready as it is.
#[derive(Debug, Clone)]
pub struct Program {
    /// What it is written in.
    pub language: Arc<Language>,
    /// In the working directory of each run.
    pub files: Vec<InputFile>,
    /// Name of the main source file.
    pub main_file: String,
    /// Name of what is started, where that is not a file: a class.
    pub main: String,
}

/// What every program gets.
pub(super) const ENV: [(&str, &str); 5] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("HOME", "/box"),
    ("TMPDIR", "/tmp"),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
];

impl Program {
    /// Arguments of a run under a memory limit of the problem.
    pub fn argv(&self, memory_bytes: u64) -> Vec<String> {
        let memory_mib = (memory_bytes >> 20).max(1).to_string();
        let fill = |arg: &String| {
            arg.replace("{memory_mib}", &memory_mib)
                .replace("{main_file}", &self.main_file)
                .replace("{main}", &self.main)
        };
        self.language.run.argv.iter().map(fill).collect()
    }

    /// The environment of each run.
    pub fn env(&self) -> Vec<(String, String)> {
        self.language.environment()
    }
}

impl Language {
    /// The environment of its compiler and programs.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let common = ENV.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        common.chain(self.env.iter().map(|(n, v)| (n.clone(), v.clone()))).collect()
    }

    /// What its compiler may use.
    pub fn compile_limits(&self) -> Limits {
        let cpu = Duration::from_secs(self.compile.cpu_seconds);
        Limits {
            cpu,
            wall: crate::sandbox::limits::wall_limit_for(cpu),
            memory_bytes: self.compile.memory_mib << 20,
            output_bytes: 1 << 20,
            processes: 64,
            open_files: 512,
            file_size_bytes: 256 << 20,
            stack_bytes: 64 << 20,
        }
    }

    /// What a program of it may use, where the problem gives time, memory and output.
    pub fn run_limits(&self, cpu: Duration, memory_bytes: u64, output_bytes: u64) -> Limits {
        Limits {
            cpu,
            wall: crate::sandbox::limits::wall_limit_for(cpu),
            memory_bytes: memory_bytes.saturating_add(self.run.memory_headroom_mib << 20),
            output_bytes,
            processes: self.run.processes,
            open_files: 256,
            file_size_bytes: 64 << 20,
            // Recursion is bounded by memory, not by a second limit that nobody was told of.
            stack_bytes: memory_bytes.max(64 << 20),
        }
    }

    /// Whether a file of this name is for the compiler.
    pub(super) fn compiles(&self, file: &str) -> bool {
        has_extension(file, &self.source_extensions)
    }
}

fn has_extension(file: &str, extensions: &[String]) -> bool {
    let extension = Path::new(file).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.iter().any(|known| known == extension))
}

/// The files that describe languages don't fit together.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// One of them is wrong by itself.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Two languages answer to one name.
    #[error("the id, alias or extension {0:?} belongs to two languages")]
    Ambiguous(String),
    /// A file describes another language than its name says.
    #[error("languages/{file} has the id {id:?}")]
    Misnamed {
        /// Its name.
        file: String,
        /// What it says.
        id: String,
    },
    /// A command that names no program.
    #[error("languages/{0}.toml has a command that does not start with a program")]
    NoProgram(String),
}

/// All languages that are described, available or not.
#[derive(Debug, Clone)]
pub struct Languages(Vec<Arc<Language>>);

impl Languages {
    /// Reads and checks every file.
    pub fn load(source: &ProfileSource) -> Result<Self, LanguageError> {
        let mut languages = Vec::new();
        for file in source.list("languages")? {
            let language: Language = source.parse(&format!("languages/{file}"))?;
            if format!("{}.toml", language.id) != file {
                return Err(LanguageError::Misnamed { file, id: language.id });
            }
            let prepared = language.compile.prepared.iter().map(|recipe| &recipe.argv);
            let commands = [&language.version, &language.compile.argv, &language.run.argv];
            if commands.into_iter().chain(prepared).any(Vec::is_empty) {
                return Err(LanguageError::NoProgram(language.id));
            }
            languages.push(Arc::new(language));
        }
        let names = languages.iter().flat_map(|l| l.aliases.iter().chain([&l.id]));
        unique(names)?;
        unique(languages.iter().flat_map(|l| &l.extensions))?;
        Ok(Self(languages))
    }

    /// Each of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Language>> {
        self.0.iter()
    }

    /// The one with this id or alias.
    pub fn find(&self, name: &str) -> Option<&Arc<Language>> {
        self.0.iter().find(|l| l.id == name || l.aliases.iter().any(|alias| alias == name))
    }

    /// The one that files of this name are mostly written in.
    pub fn guess(&self, file: &str) -> Option<&Arc<Language>> {
        self.0.iter().find(|l| has_extension(file, &l.extensions))
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), LanguageError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(LanguageError::Ambiguous(name.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn languages() -> Languages {
        Languages::load(&ProfileSource::BuiltIn).unwrap()
    }

    #[test]
    fn the_languages_of_the_contract_are_there() {
        let ids: Vec<String> = languages().iter().map(|language| language.id.clone()).collect();
        assert_eq!(ids, ["c", "cpp17", "cpp20", "java", "javascript", "python3"]);
    }

    #[test]
    fn cpp_means_the_newest_standard() {
        assert_eq!(languages().find("cpp").unwrap().id, "cpp20");
        assert_eq!(languages().guess("solution.cc").unwrap().id, "cpp20");
        assert!(languages().find("cobol").is_none());
        assert!(languages().guess("Makefile").is_none());
    }

    #[test]
    fn placeholders_are_filled_in() {
        let language = Arc::clone(languages().find("java").unwrap());
        let program = Program {
            language,
            files: vec![],
            main_file: "Solver.java".into(),
            main: "Solver".into(),
        };
        let argv = program.argv(300 << 20);
        assert!(argv.contains(&"-Xmx300m".to_owned()), "{argv:?}");
        assert_eq!(argv.last().unwrap(), "Solver");
    }
}

//! Programs that were compiled before, on another machine: where page faults are dear, compilers are
//! what the corpus would spend its time with.
//!
//! A folder holds each of them under the hash of all that its compiler was given, so a program whose
//! source has changed since is not there, and never run as what it was.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use judge_core::sandbox::InputFile;
use judge_core::sys::fds::SealedFile;
use judge_core::toolchain::{Language, Program, SourceFile};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::host::Places;

/// Names the folder: for the test that writes it, and for those that run what is in it.
pub const FOLDER: &str = "JUDGE_HOSTILE_PROGRAMS";

/// A folder of programs.
pub struct Prepared {
    folder: PathBuf,
    /// The same for all, since sources hold them.
    pub places: Places,
}

/// All of a program but its language and what its files hold.
#[derive(Serialize, Deserialize)]
struct Index {
    main_file: String,
    main: String,
    /// Path, and whether it is executable. The content is the file called as its place in here.
    files: Vec<(String, bool)>,
}

impl Prepared {
    /// Begins a folder.
    pub fn create(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let places = Places::new();
        fs::write(folder.join("places"), serde_json::to_vec(&places).unwrap()).unwrap();
        Self { folder: folder.into(), places }
    }

    /// The folder that [`FOLDER`] names, if it does.
    pub fn named() -> Option<Self> {
        let folder = PathBuf::from(std::env::var_os(FOLDER)?);
        let places = serde_json::from_slice(&fs::read(folder.join("places")).unwrap()).unwrap();
        Some(Self { folder, places })
    }

    /// Adds what became of `sources`.
    pub fn put(&self, sources: &[SourceFile], program: &Program) {
        let folder = self.folder.join(key(&program.language, sources));
        fs::create_dir_all(&folder).unwrap();
        let mut files = vec![];
        for (place, file) in program.files.iter().enumerate() {
            fs::write(folder.join(place.to_string()), file.content.read_all().unwrap()).unwrap();
            files.push((file.path.clone(), file.executable));
        }
        let Program { main_file, main, .. } = program.clone();
        let index = serde_json::to_vec(&Index { main_file, main, files }).unwrap();
        fs::write(folder.join("index"), index).unwrap();
    }

    /// What became of `sources`. An error says that they were not compiled before.
    pub fn get(&self, language: &Arc<Language>, sources: &[SourceFile]) -> Result<Program, String> {
        let folder = self.folder.join(key(language, sources));
        let index = fs::read(folder.join("index")).map_err(|error| {
            format!("it was not compiled before: {}: {error}", folder.display())
        })?;
        let Index { main_file, main, files } = serde_json::from_slice(&index).unwrap();
        let file = |(place, (path, executable)): (usize, (String, bool))| {
            let content = fs::read(folder.join(place.to_string())).unwrap();
            let content = Arc::new(SealedFile::of_bytes(&content).unwrap());
            InputFile { path, content, executable }
        };
        let files = files.into_iter().enumerate().map(file).collect();
        Ok(Program { language: Arc::clone(language), files, main_file, main })
    }
}

/// The hash of the compiler's arguments and of each source; each part after its length.
fn key(language: &Language, sources: &[SourceFile]) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    };
    add(language.id.as_bytes());
    for arg in &language.compile.argv {
        add(arg.as_bytes());
    }
    for SourceFile { name, content } in sources {
        add(name.as_deref().unwrap_or_default().as_bytes());
        add(content);
    }
    let mut hexadecimal = String::new();
    for byte in hash.finalize() {
        write!(hexadecimal, "{byte:02x}").expect("a string takes all");
    }
    hexadecimal
}

#[cfg(test)]
mod tests {
    use judge_core::sandbox::profile::ProfileSource;
    use judge_core::toolchain::Languages;

    use super::*;

    #[test]
    fn a_program_comes_back_as_it_was_and_not_for_another_source() {
        let languages = Languages::load(&ProfileSource::BuiltIn).unwrap();
        let language = languages.find("java").unwrap();
        let source = |text: &str| vec![SourceFile { name: None, content: text.into() }];
        let content = Arc::new(SealedFile::of_bytes(b"made").unwrap());
        let program = Program {
            language: Arc::clone(language),
            files: vec![InputFile { path: "A.class".into(), content, executable: true }],
            main_file: "A.java".into(),
            main: "A".into(),
        };
        let dir = tempfile::tempdir().unwrap();
        let prepared = Prepared::create(dir.path());
        prepared.put(&source("class A"), &program);
        let again = prepared.get(language, &source("class A")).unwrap();
        let shown = |program: &Program| {
            let files = program.files.iter();
            let files =
                files.map(|f| (f.path.clone(), f.executable, f.content.read_all().unwrap()));
            (program.main_file.clone(), program.main.clone(), files.collect::<Vec<_>>())
        };
        assert_eq!(shown(&again), shown(&program));
        let other = prepared.get(language, &source("class B")).map(drop).unwrap_err();
        assert!(other.contains("not compiled before"), "{other}");
        assert!(prepared.get(languages.find("c").unwrap(), &source("class A")).is_err());
    }
}

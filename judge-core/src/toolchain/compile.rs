//! From sources to a program, in a sandbox.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::language::{Language, NamedAfter, PreparedRecipe, Program};
use super::prepared::Prepared;
use crate::sandbox::{
    Cancel, Capture, Collect, InputFile, Limits, MAX_COLLECTED_BYTES, MAX_FILES, Outcome,
    ProfileName, RunSpec, SandboxError, Slot,
};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;

/// A source file of a submission or a validator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceFile {
    /// A relative path whose parts are plain: of letters, digits, `_`, `+`, `.` and `-`, beginning with
    /// neither of the last two, at most 255 bytes each. `None`: the language knows one.
    pub name: Option<String>,
    /// Any bytes: compilers judge encodings.
    pub content: Vec<u8>,
}

/// The largest file that a compiler may leave for us, in bytes.
const LARGEST_PRODUCT: u64 = 64 << 20;

/// What came of compiling.
#[derive(Debug)]
pub struct Compilation {
    /// The program, or why there is none.
    pub result: Result<Program, CompileFailure>,
    /// What the compiler printed: standard output, then standard error.
    pub output: Vec<u8>,
    /// The facts of the compiler's run.
    pub outcome: Outcome,
    /// What it could have used.
    pub limits: Limits,
}

/// Why there is no program. Always the submission's doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompileFailure {
    /// The compiler said no; see its output.
    Refused,
    /// It ended well and left no program, or one that is too large to take along.
    NoProduct,
    /// It was ended by a limit, or did something forbidden: [`Outcome::termination`] tells.
    Ended,
}

/// Compiles `sources` in `slot`. An error means that nothing is known about them.
///
/// # Errors
/// [`SandboxError`]; where a source has another name than [`SourceFile::name`] allows, or one that
/// another has, its cause is an [`io::ErrorKind::InvalidInput`](std::io::ErrorKind), and nothing was
/// run. Whoever takes names from outside refuses such ones itself, with words for the sender.
pub fn compile(
    slot: &mut Slot,
    language: &Arc<Language>,
    sources: &[SourceFile],
    cancel: &Cancel,
) -> Result<Compilation, SandboxError> {
    compile_with(slot, language, sources, None, cancel)
}

/// As [`compile`], sooner where `prepared` helps. The program is the same, and so is what the compiler
/// says: where it could say something else, it is asked again without.
///
/// # Errors
/// Those of [`compile`].
pub fn compile_with(
    slot: &mut Slot,
    language: &Arc<Language>,
    sources: &[SourceFile],
    prepared: Option<&Prepared>,
    cancel: &Cancel,
) -> Result<Compilation, SandboxError> {
    let limits = language.compile_limits();
    if let (Some(recipe), Some(prepared)) = (&language.compile.prepared, prepared)
        && sources.iter().all(|source| recipe.helps(&source.content))
    {
        // What takes longer than that gains little, and must not take it twice.
        let less = Limits { cpu: limits.cpu / 3, ..limits.clone() };
        let with = Some((recipe, prepared));
        let made = compile_within(slot, language, sources, with, &less, cancel)?;
        if cancel.is_cancelled() || would_be_the_same(recipe, &made) {
            return Ok(Compilation { limits, ..made });
        }
    }
    compile_within(slot, language, sources, None, &limits, cancel)
}

/// Whether compiling without what was prepared would come to the same.
fn would_be_the_same(recipe: &PreparedRecipe, made: &Compilation) -> bool {
    match made.result {
        Ok(_) => recipe.same_words || made.output.is_empty(),
        Err(CompileFailure::Refused) => recipe.same_words && made.outcome.exit == Exit::Code(1),
        Err(CompileFailure::NoProduct | CompileFailure::Ended) => false,
    }
}

fn compile_within(
    slot: &mut Slot,
    language: &Arc<Language>,
    sources: &[SourceFile],
    prepared: Option<(&PreparedRecipe, &Prepared)>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Compilation, SandboxError> {
    let files = sealed(language, sources)
        .map_err(|source| SandboxError::Start { attempt: "storing the sources", source })?;
    let main_file = main_file(language, &files);
    let compiled: Vec<&str> = files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| language.compiles(path))
        .collect();
    let mut argv = Vec::new();
    for arg in &language.compile.argv {
        match arg.as_str() {
            "{prepared}" => {
                let arguments = prepared.into_iter().flat_map(|(recipe, Prepared { dir })| {
                    recipe.arguments.iter().map(move |arg| arg.replace("{prepared}", dir))
                });
                argv.extend(arguments);
            }
            "{sources}" => argv.extend(compiled.iter().map(|&path| path.to_owned())),
            arg => argv.push(arg.replace("{main_file}", &main_file)),
        }
    }
    let collect: Vec<Collect> = language
        .compile
        .collect
        .iter()
        .map(|pattern| Collect { pattern: pattern.clone(), max_bytes: LARGEST_PRODUCT })
        .collect();
    let spec = RunSpec {
        own_core: false,
        profile: ProfileName::Compile,
        argv: &argv,
        env: &language.environment(),
        limits,
        stdin: &SealedFile::of_bytes(b"")
            .map_err(|source| SandboxError::Start { attempt: "making an empty input", source })?,
        files: &files,
        collect: &collect,
    };
    let mut stdout = Capture::default();
    let mut outcome = slot.run(&spec, &mut stdout, cancel)?;
    let Capture(mut output) = stdout;
    output.extend_from_slice(&outcome.stderr);
    let products = std::mem::take(&mut outcome.files);
    let result = match (&outcome.termination, outcome.exit) {
        (crate::sandbox::Termination::OfItself, Exit::Code(0)) => {
            if products.is_empty() && !language.compile.collect.is_empty() {
                let mib = MAX_COLLECTED_BYTES >> 20;
                let why = format!(
                    "There is no program: the compiler left nothing to run, or more than {MAX_FILES} \
                     files or {mib} MiB.\n"
                );
                output.extend_from_slice(why.as_bytes());
                Err(CompileFailure::NoProduct)
            } else {
                let made = products.into_iter().map(|(path, content)| InputFile {
                    path,
                    content,
                    executable: true,
                });
                let kept = files.into_iter().filter(|_| language.compile.keep_sources);
                let files: Vec<InputFile> = made.chain(kept).collect();
                let main = main_name(language, &files, &main_file).map_err(unsealed)?;
                Ok(Program { language: Arc::clone(language), files, main_file, main })
            }
        }
        (crate::sandbox::Termination::OfItself, _) => Err(CompileFailure::Refused),
        _ => Err(CompileFailure::Ended),
    };
    Ok(Compilation { result, output, outcome, limits: limits.clone() })
}

fn sealed(language: &Language, sources: &[SourceFile]) -> io::Result<Vec<InputFile>> {
    let seal = |source: &SourceFile| -> io::Result<InputFile> {
        let path = source.name.clone().unwrap_or_else(|| name_for(language, &source.content));
        let content = Arc::new(SealedFile::of_bytes(&source.content)?);
        Ok(InputFile { path, content, executable: false })
    };
    let files: Vec<InputFile> = sources.iter().map(seal).collect::<io::Result<_>>()?;
    let mut names = BTreeSet::new();
    match files.iter().find(|file| !is_plain(&file.path) || !names.insert(&file.path)) {
        Some(file) => {
            let what = format!("{:?} is no name for a source, or is one twice", file.path);
            Err(io::Error::new(io::ErrorKind::InvalidInput, what))
        }
        None => Ok(files),
    }
}

/// Names stand among the compiler's arguments, where they must be no option and no file of
/// arguments (`@`), and in paths.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_+.-".contains(c);
        (1..=255).contains(&part.len()) && part.chars().all(plain) && !part.starts_with(['-', '.'])
    })
}

/// What a source without a name is to be called.
fn name_for(language: &Language, content: &[u8]) -> String {
    let default = &language.default_source;
    match language.source_named_after {
        Some(NamedAfter::PublicClass) => {
            let text = String::from_utf8_lossy(content);
            let extension = default.rsplit('.').next().unwrap_or_default();
            public_class(&text)
                .map_or_else(|| default.clone(), |name| format!("{name}.{extension}"))
        }
        None => default.clone(),
    }
}

/// The longest class name that becomes a file name (`NAME_MAX` less an extension).
const LONGEST_NAME: usize = 200;

/// The identifier after `public`, modifiers, and `class`, `interface`, `enum` or `record`. It is
/// found in comments too: then the compiler says what is wrong, and nothing worse happens.
fn public_class(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let after =
        words.iter().enumerate().filter(|(_, word)| **word == "public").find_map(|(at, _)| {
            let mut rest = words[at + 1..].iter().copied().skip_while(|word| {
                ["abstract", "final", "sealed", "non-sealed", "strictfp", "static"].contains(word)
            });
            let kind = rest.next()?;
            ["class", "interface", "enum", "record"].contains(&kind).then(|| rest.next()).flatten()
        })?;
    let name: String =
        after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!name.is_empty() && name.len() <= LONGEST_NAME).then_some(name)
}

/// The file that is run: the one called as the language's default is, else the first source.
fn main_file(language: &Language, files: &[InputFile]) -> String {
    let named = files.iter().find(|file| file.path == language.default_source);
    let first = || files.iter().find(|file| language.compiles(&file.path));
    named.or_else(first).or(files.first()).map_or_else(String::new, |file| file.path.clone())
}

/// What is to be started: the name of the product that holds the language's marker, else that of the
/// main source. A file may be called otherwise than the class in it.
fn main_name(language: &Language, files: &[InputFile], main_file: &str) -> io::Result<String> {
    let stem = stem_of(main_file);
    let Some(marker) = &language.compile.main_marker else {
        return Ok(stem);
    };
    let mut marked = Vec::new();
    for file in files {
        let content = file.content.read_all()?;
        if content.windows(marker.len()).any(|window| window == marker.as_bytes()) {
            marked.push(stem_of(&file.path));
        }
    }
    let wanted = [&stem, &stem_of(&language.default_source)];
    let best = wanted.into_iter().find(|name| marked.contains(name)).or(marked.first());
    Ok(best.cloned().unwrap_or(stem))
}

fn stem_of(file: &str) -> String {
    Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn unsealed(source: io::Error) -> SandboxError {
    SandboxError::Start { attempt: "reading a compiled file", source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sources_are_plain() {
        for good in ["main.c", "a-b+c.d", "sub/x.h", &"x".repeat(255)] {
            assert!(is_plain(good), "{good:?}");
        }
        for bad in
            ["", "/a", "a/", "a//b", "../a", "-o", "@a", ".a", "a b", "a\0", &"x".repeat(256)]
        {
            assert!(!is_plain(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_public_class_names_its_file() {
        let name = |text| public_class(text);
        assert_eq!(name("import x;\npublic class Foo {"), Some("Foo".into()));
        assert_eq!(name("public final class Foo<T> extends Bar {"), Some("Foo".into()));
        assert_eq!(name("public static void main"), None);
        assert_eq!(name("class Foo {}"), None);
        assert_eq!(name("public record P(int x) {}"), Some("P".into()));
        assert_eq!(name("public class ../../etc {"), None);
        assert_eq!(name("public class"), None);
    }
}

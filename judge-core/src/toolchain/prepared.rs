//! Files of our own making by which compilers are done sooner: precompiled headers, class archives.
//!
//! They are made in a slot by the real compiler, of a source of ours that the language's description
//! holds, and lie in a folder that nobody else may write and that slots show read-only. One that is
//! missing, or is not what was made, is not used: compiling then takes longer, and comes to the same.
//! Never here: when it is worth while to make them.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::cache::{CacheError, Key, Surroundings, make_cache_folder, own};
use super::language::{Language, PreparedRecipe};
use crate::sandbox::profile::Bind;
use crate::sandbox::{
    Cancel, Capture, Collect, InputFile, ProfileName, RunSpec, SandboxError, Slot, Termination,
};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;

/// Where slots show the folder.
const INSIDE: &str = "/prepared";

/// For how many toolchains of a language files are kept at a time.
const MOST_TOOLCHAINS: usize = 4;

/// Name of the digest beside what it is of.
const DIGEST: &str = "digest";

/// A file could not be made. Submissions are compiled without it.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The sandbox failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The compiler did not make it.
    #[error("`{command}` made no {product}: {said}")]
    NotMade {
        /// What was run.
        command: String,
        /// What it should have left.
        product: String,
        /// How it ended, and the end of what it said.
        said: String,
    },
    /// It could not be kept.
    #[error("cannot keep {}", path.display())]
    Io {
        /// What could not be written.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The folder of them. Clones share it; so may other processes of the same user.
#[derive(Clone)]
pub struct PreparedFiles(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    toolchains: Surroundings,
    /// By language: the key that was looked for last, and whether what it names is there.
    known: Mutex<BTreeMap<String, (Key, bool)>>,
}

/// One that is there.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The directory for `{prepared}`, as slots see it.
    pub(super) dir: String,
}

impl PreparedFiles {
    /// Uses the folder `prepared` in `dir`, both made if they are not there. Slots must be given its
    /// [`Self::bind`].
    ///
    /// # Errors
    /// [`CacheError::NotOurs`] where somebody else owns one of them or may write it.
    pub fn open(dir: &Path) -> Result<Self, CacheError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| CacheError::Io { path, source }
        };
        make_cache_folder(dir)?;
        let folder = fs::canonicalize(dir).map_err(io(dir))?.join("prepared");
        // Programs are other users, and read what is in there.
        match DirBuilder::new().mode(0o755).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(io(&folder)(error));
            }
            _ => own(&folder, 0o022)?,
        }
        let toolchains = Surroundings::of_toolchains();
        Ok(Self(Arc::new(Shared { folder, toolchains, known: Mutex::default() })))
    }

    /// How slots come to see it.
    pub fn bind(&self) -> Bind {
        Bind {
            from: self.0.folder.clone(),
            to: Some(INSIDE.into()),
            optional: false,
            reason: "precompiled headers and class archives of our own making".into(),
        }
    }

    /// What there is for `language` with a toolchain that calls itself `version`. Looked for and
    /// verified once.
    pub fn find(&self, language: &Language, version: &str) -> Option<Prepared> {
        let recipe = language.compile.prepared.as_ref()?;
        let key = self.0.toolchains.key(language, version, &[]);
        let name = format!("{}-{key}", language.id);
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let there = match known.get(&language.id) {
            Some((of, there)) if *of == key => *there,
            _ => {
                let there = is_sound(&self.0.folder.join(&name), recipe);
                known.insert(language.id.clone(), (key, there));
                there
            }
        };
        there.then(|| Prepared { dir: format!("{INSIDE}/{name}") })
    }

    /// Makes in `slot` what [`Self::find`] then finds, if the language has a recipe. What was made for
    /// other toolchains of it goes but for the last few, since workers of another one may share the
    /// folder.
    ///
    /// # Errors
    /// [`PrepareError`]; the slot is to be dropped only after [`PrepareError::Sandbox`].
    pub fn make(
        &self,
        slot: &mut Slot,
        language: &Language,
        version: &str,
        cancel: &Cancel,
    ) -> Result<(), PrepareError> {
        let Some(recipe) = &language.compile.prepared else { return Ok(()) };
        let product = run(slot, language, recipe, cancel)?;
        let key = self.0.toolchains.key(language, version, &[]);
        let path = self.0.folder.join(format!("{}-{key}", language.id));
        self.keep(&path, language, recipe, &product)
            .map_err(|source| PrepareError::Io { path, source })?;
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(language.id.clone(), (key, true));
        Ok(())
    }

    fn keep(
        &self,
        path: &Path,
        language: &Language,
        recipe: &PreparedRecipe,
        product: &SealedFile,
    ) -> io::Result<()> {
        let prefix = format!("{}-", language.id);
        let on_its_way = self.0.folder.join(format!("{prefix}new-{}", std::process::id()));
        // Remains of a process that had our number, and what was found unsound.
        for old in [&on_its_way, path] {
            remove_folder(old)?;
        }
        self.make_room(&prefix)?;
        let place = on_its_way.join(&recipe.place);
        let parent = place.parent().unwrap_or(&on_its_way);
        DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
        io::copy(&mut product.reader()?, &mut new_file(&place)?)?;
        let digest = blake3::hash(&product.map()?);
        io::Write::write_all(&mut new_file(&on_its_way.join(DIGEST))?, digest.as_bytes())?;
        match fs::rename(&on_its_way, path) {
            // Another worker was faster, with the same.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                remove_folder(&on_its_way)
            }
            renamed => renamed,
        }
    }

    /// Removes what begins with `prefix` and was made first, until there is room for one more.
    fn make_room(&self, prefix: &str) -> io::Result<()> {
        let mut there = Vec::new();
        for entry in fs::read_dir(&self.0.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                // Another process may have removed it.
                let Ok(made) = entry.metadata().and_then(|metadata| metadata.modified()) else {
                    continue;
                };
                there.push((made, entry.path()));
            }
        }
        there.sort();
        let too_many = (there.len() + 1).saturating_sub(MOST_TOOLCHAINS);
        there.iter().take(too_many).try_for_each(|(_, path)| remove_folder(path))
    }
}

/// With all that is in it, if it is there.
fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)
}

/// Whether what lies in `dir` is what was made: a crash may have left less.
fn is_sound(dir: &Path, recipe: &PreparedRecipe) -> bool {
    let sound = || -> io::Result<bool> {
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut File::open(dir.join(&recipe.place))?, &mut hasher)?;
        Ok(fs::read(dir.join(DIGEST))? == hasher.finalize().as_bytes())
    };
    sound().unwrap_or(false)
}

fn run(
    slot: &mut Slot,
    language: &Language,
    recipe: &PreparedRecipe,
    cancel: &Cancel,
) -> Result<SealedFile, PrepareError> {
    let seal = |bytes: &[u8]| {
        SealedFile::of_bytes(bytes)
            .map_err(|source| SandboxError::Start { attempt: "storing a source of ours", source })
    };
    let file = InputFile {
        path: recipe.source_file.clone(),
        content: Arc::new(seal(recipe.source.as_bytes())?),
        executable: false,
    };
    let collect = Collect { pattern: recipe.product.clone(), max_bytes: recipe.max_mib << 20 };
    let spec = RunSpec {
        own_core: false,
        profile: ProfileName::Compile,
        argv: &recipe.argv,
        env: &language.environment(),
        limits: &language.compile_limits(),
        stdin: &seal(b"")?,
        files: &[file],
        collect: &[collect],
    };
    let mut stdout = Capture::default();
    let mut outcome = slot.run(&spec, &mut stdout, cancel)?;
    let made = std::mem::take(&mut outcome.files).into_iter().next();
    let well = outcome.termination == Termination::OfItself && outcome.exit == Exit::Code(0);
    match made {
        Some((_, content)) if well => Arc::try_unwrap(content).or_else(|shared| {
            SealedFile::of_reader(&mut shared.reader().map_err(unread)?, recipe.max_mib << 20)
                .map_err(unread)
        }),
        _ => Err(PrepareError::NotMade {
            command: recipe.argv.join(" "),
            product: recipe.product.clone(),
            said: format!(
                "{:?}, {:?}: {}",
                outcome.termination,
                outcome.exit,
                String::from_utf8_lossy(&outcome.stderr).chars().take(2000).collect::<String>()
            ),
        }),
    }
}

fn unread(source: io::Error) -> PrepareError {
    SandboxError::Start { attempt: "reading what was prepared", source }.into()
}

impl PreparedRecipe {
    /// Whether a source gains by it: what it begins with decides whether the compiler can use it.
    pub(super) fn helps(&self, source: &[u8]) -> bool {
        self.first_line.as_ref().is_none_or(|line| first_line(source) == Some(line.as_bytes()))
    }
}

/// The first line that holds more than blanks and comments, less blanks around it. `None` where that
/// can't be told simply: a line that goes on behind its end, a comment without an end.
fn first_line(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = text.trim_ascii_start();
        if let Some(rest) = text.strip_prefix(b"/*") {
            let end = rest.windows(2).position(|pair| pair == b"*/")?;
            text = &rest[end + 2..];
            continue;
        }
        let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
        let line = text[..end].trim_ascii_end();
        if line.ends_with(b"\\") {
            return None;
        }
        if !line.starts_with(b"//") {
            return (!line.is_empty()).then_some(line);
        }
        text = &text[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_TOOLCHAINS, PreparedFiles, first_line};
    use std::collections::BTreeSet;
    use std::fs;
    use std::time::{Duration, SystemTime};

    #[test]
    fn what_other_toolchains_were_given_stays_until_there_are_too_many() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = PreparedFiles::open(dir.path()).expect("it is ours");
        let names = || -> BTreeSet<String> {
            let entries = fs::read_dir(&files.0.folder).expect("it is there");
            let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
            entries.map(|entry| name(entry.expect("an entry"))).collect()
        };
        let add = |name: &str, made: u64| {
            let folder = files.0.folder.join(name);
            fs::create_dir(&folder).expect("a new one");
            fs::write(folder.join("a file"), "").expect("room");
            let made = SystemTime::UNIX_EPOCH + Duration::from_secs(made);
            fs::File::open(folder).and_then(|it| it.set_modified(made)).expect("it is ours");
        };
        add("java-0", 0);
        for number in 0..2 * MOST_TOOLCHAINS {
            files.make_room("cpp17-").expect("nothing fails");
            add(&format!("cpp17-{number}"), number as u64);
        }
        let kept = (MOST_TOOLCHAINS..2 * MOST_TOOLCHAINS).map(|number| format!("cpp17-{number}"));
        assert_eq!(names(), kept.chain(["java-0".to_owned()]).collect());
    }

    #[test]
    fn the_first_line_stands_behind_blanks_and_comments() {
        let include = b"#include <bits/stdc++.h>".as_slice();
        for text in [
            "#include <bits/stdc++.h>",
            "\n \t#include <bits/stdc++.h>\r\nint main() {}",
            "// one\n/* two\n * three */ #include <bits/stdc++.h>  \n",
        ] {
            assert_eq!(first_line(text.as_bytes()), Some(include), "{text:?}");
        }
        for text in [
            "",
            "// goes on \\\n#include <bits/stdc++.h>",
            "/* no end #include <bits/stdc++.h>",
            "#define int long long\n#include <bits/stdc++.h>",
            "#pragma GCC optimize(\"O3\")\n#include <bits/stdc++.h>",
            "#include <iostream>\n#include <bits/stdc++.h>",
        ] {
            assert_ne!(first_line(text.as_bytes()), Some(include), "{text:?}");
        }
    }
}

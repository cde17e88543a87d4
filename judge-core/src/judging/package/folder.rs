//! Bounded access to a package's folder: nothing outside it, nothing without end.
//!
//! The rules for names and links are those in *General requirements* of both formats. They say
//! that files whose name starts with a dash or a period are to be treated as if they weren't there,
//! and those with other characters too; of the latter, one that would be read is refused here
//! instead, because a test case that silently isn't run is worse than an error.

use super::{PackageError, yaml::Keys};
use nix::errno::Errno;
use sha2::{Digest, Sha256};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// Files and folders looked at, over the whole package.
pub(super) const MAX_ENTRIES: u32 = 100_000;
/// Folders inside each other.
pub(super) const MAX_DEPTH: usize = 12;
/// Any file of a package; the format advises to stay below a tenth of it.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;
/// Files that are parsed: YAML, `.timelimit`, statements.
const MAX_TEXT_BYTES: u64 = 1 << 20;
/// What is said at most; a package with more to complain about says no more by it.
const MAX_WARNINGS: usize = 100;

/// A package's root. All paths given to it, and returned by it, are relative to the root.
pub(super) struct Folder {
    root: PathBuf,
    entries: Cell<u32>,
    warnings: RefCell<Vec<String>>,
}

pub(super) struct Entry {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) is_folder: bool,
}

impl Folder {
    pub(super) fn open(dir: &Path) -> Result<Self, PackageError> {
        let root = fs::canonicalize(dir).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => PackageError::Missing {
                path: dir.to_owned(),
                remedy: "there is no such problem package".into(),
            },
            _ => PackageError::Io { path: dir.to_owned(), source },
        })?;
        Ok(Self { root, entries: Cell::new(0), warnings: RefCell::default() })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn warn(&self, path: &Path, text: &str) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < MAX_WARNINGS {
            warnings.push(format!("{}: {text}", path.display()));
        }
    }

    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner()
    }

    /// What is in a folder, sorted by name; nothing if there is no such folder.
    pub(super) fn list(&self, path: &Path) -> Result<Vec<Entry>, PackageError> {
        let Some(real) = self.resolve(path)? else {
            return Ok(Vec::new());
        };
        if path.components().count() > MAX_DEPTH {
            let bound = format!("folders may not nest deeper than {MAX_DEPTH}");
            return Err(PackageError::TooLarge { path: path.to_owned(), bound });
        }
        let failed = |source| of_reading(path, source);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&real).map_err(failed)? {
            self.count_entry(path)?;
            let name = entry.map_err(failed)?.file_name();
            if matches!(name.as_encoded_bytes().first(), Some(b'.' | b'-')) {
                continue;
            }
            let path = path.join(&name);
            let Some(name) = name.to_str().filter(|name| is_name(name)) else {
                return Err(PackageError::BadName { path });
            };
            let is_folder = self.is_folder(&path)?;
            entries.push(Entry { name: name.to_owned(), path, is_folder });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// All files in a folder and the folders in it, sorted; if `path` is a file, that file.
    pub(super) fn files_below(&self, path: &Path) -> Result<Vec<PathBuf>, PackageError> {
        let Some(real) = self.resolve(path)? else {
            return Ok(Vec::new());
        };
        if real.is_file() {
            return Ok(vec![path.to_owned()]);
        }
        let mut files = Vec::new();
        for entry in self.list(path)? {
            if entry.is_folder {
                // `list` bounds the depth of this recursion.
                files.extend(self.files_below(&entry.path)?);
            } else {
                files.push(entry.path);
            }
        }
        Ok(files)
    }

    pub(super) fn has(&self, path: impl AsRef<Path>) -> Result<bool, PackageError> {
        Ok(self.resolve(path.as_ref())?.is_some())
    }

    /// A small text file; `None` if there is none.
    pub(super) fn text(&self, path: &Path) -> Result<Option<String>, PackageError> {
        let Some(real) = self.resolve(path)? else {
            return Ok(None);
        };
        if !real.is_file() {
            let problem = "this must be a file".into();
            return Err(PackageError::Invalid { path: path.to_owned(), problem });
        }
        let mut text = Vec::new();
        let file = File::open(real);
        file.and_then(|file| file.take(MAX_TEXT_BYTES + 1).read_to_end(&mut text))
            .map_err(|source| PackageError::Io { path: path.to_owned(), source })?;
        if text.len() as u64 > MAX_TEXT_BYTES {
            let bound = format!("such a file may have at most {MAX_TEXT_BYTES} bytes");
            return Err(PackageError::TooLarge { path: path.to_owned(), bound });
        }
        let text = String::from_utf8(text).map_err(|_| PackageError::Invalid {
            path: path.to_owned(),
            problem: "this is not UTF-8, as text files of a package must be".into(),
        })?;
        Ok(Some(text))
    }

    /// The keys of a YAML file, none if the file is empty; `None` if there is no such file.
    pub(super) fn yaml(&self, path: &Path) -> Result<Option<Keys<'_>>, PackageError> {
        self.text(path)?.map(|text| Keys::parse(self, path, &text)).transpose()
    }

    /// SHA-256 in hexadecimal over names and contents. Modes and times don't count.
    pub(super) fn digest(&self, paths: &BTreeSet<PathBuf>) -> Result<String, PackageError> {
        let mut package = Sha256::new();
        for path in paths {
            let failed = |source| PackageError::Io { path: path.clone(), source };
            let mut file = File::open(self.root.join(path)).map_err(failed)?;
            let mut content = Sha256::new();
            let mut buffer = vec![0; 1 << 16];
            loop {
                match file.read(&mut buffer).map_err(failed)? {
                    0 => break,
                    n => content.update(&buffer[..n]),
                }
            }
            // Names can't contain a NUL byte, and a digest has a fixed length.
            package.update(path.as_os_str().as_encoded_bytes());
            package.update([0]);
            package.update(content.finalize());
        }
        Ok(hexadecimal(&package.finalize()))
    }

    /// The path without links; `None` if nothing is there.
    fn resolve(&self, path: &Path) -> Result<Option<PathBuf>, PackageError> {
        let full = self.root.join(path);
        match fs::canonicalize(&full) {
            Ok(real) if real.starts_with(&self.root) => Ok(Some(real)),
            Ok(_) => Err(PackageError::BadLink { path: path.to_owned() }),
            Err(e) if e.kind() == io::ErrorKind::NotFound && !full.is_symlink() => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Err(PackageError::BadLink { path: path.to_owned() })
            }
            Err(source) => Err(of_reading(path, source)),
        }
    }

    /// Checks that an entry leads to a regular file of a bearable size, or to a folder.
    fn is_folder(&self, path: &Path) -> Result<bool, PackageError> {
        let failed = |source| PackageError::Io { path: path.to_owned(), source };
        let full = self.root.join(path);
        let mut metadata = fs::symlink_metadata(&full).map_err(failed)?;
        if metadata.is_symlink() {
            let real = self.resolve(path)?;
            let real = real.ok_or_else(|| PackageError::BadLink { path: path.to_owned() })?;
            metadata = fs::metadata(real).map_err(failed)?;
        }
        if metadata.is_file() && metadata.len() > MAX_FILE_BYTES {
            let bound = format!("a file may have at most {MAX_FILE_BYTES} bytes");
            return Err(PackageError::TooLarge { path: path.to_owned(), bound });
        }
        if !metadata.is_file() && !metadata.is_dir() {
            let problem = "this is neither a regular file nor a folder".into();
            return Err(PackageError::Invalid { path: path.to_owned(), problem });
        }
        Ok(metadata.is_dir())
    }

    fn count_entry(&self, path: &Path) -> Result<(), PackageError> {
        self.entries.set(self.entries.get() + 1);
        if self.entries.get() <= MAX_ENTRIES {
            return Ok(());
        }
        let bound = format!("a package may have at most {MAX_ENTRIES} files and folders");
        Err(PackageError::TooLarge { path: path.to_owned(), bound })
    }
}

/// Whose fault it is that something can't be read: the package's, where its own shape is in the way.
fn of_reading(path: &Path, source: io::Error) -> PackageError {
    let path = path.to_owned();
    match source.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOTDIR) => {
            let problem = "this, or what it is in, must be a folder and is a file".into();
            PackageError::Invalid { path, problem }
        }
        // A link to itself, or one with a target that no file system could have.
        Some(Errno::ELOOP | Errno::ENAMETOOLONG) => PackageError::BadLink { path },
        _ => PackageError::Io { path, source },
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

/// `^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,254}$`, where the caller has looked at the first character.
fn is_name(name: &str) -> bool {
    name.len() <= 255
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

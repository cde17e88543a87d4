//! What a compilation depends on, as one number.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::super::compile::SourceFile;
use super::super::language::Language;
use crate::sandbox::SlotConfig;

/// BLAKE3 over everything that a compilation depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub(super) [u8; 32]);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// To be raised when compiling comes to mean something else in code. Beside it stands the crate's
/// version.
const GENERATION: &str = "1";

/// Where package managers write down what is installed: whatever changes a header, a library or the
/// assembler, which the compiler's own version does not tell, changes one of these.
const PACKAGE_LISTS: [&str; 4] = [
    "/var/lib/dpkg/status",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/var/lib/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
];

/// What all keys of a process have in common, and what of the host goes into them.
pub struct Surroundings {
    walls: [u8; 32],
    /// Digests of files of the host, by path.
    digests: Mutex<HashMap<String, (Stamp, [u8; 32])>>,
}

/// By these a changed file is known.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Surroundings {
    /// What compilers may touch, and whether their memory is bounded.
    pub fn of(config: &SlotConfig) -> Self {
        let mut parts = Parts::default();
        parts.add(serde_json::to_vec(&config.profiles).expect("plain data").as_slice());
        parts.add(config.cgroups.mode().as_str().as_bytes());
        Self { walls: parts.end(), digests: Mutex::default() }
    }

    /// Of what is made behind no walls in particular: by us.
    pub fn of_toolchains() -> Self {
        Self { walls: [0; 32], digests: Mutex::default() }
    }

    /// Of `sources` in this order, whose names are part of it.
    pub fn key(&self, language: &Language, version: &str, sources: &[SourceFile]) -> Key {
        let mut parts = Parts::default();
        parts.add(GENERATION.as_bytes());
        parts.add(env!("CARGO_PKG_VERSION").as_bytes());
        parts.add(&self.walls);
        // All of it: a field that will be added is in the key before anybody thinks of it.
        parts.add(serde_json::to_vec(language).expect("plain data").as_slice());
        parts.add(version.as_bytes());
        let compiler = language.compile.argv.first().map_or("", String::as_str);
        for file in PACKAGE_LISTS.into_iter().chain([compiler]) {
            parts.add(&self.digest(file).unwrap_or_default());
        }
        for SourceFile { name, content } in sources {
            parts.add(&[u8::from(name.is_some())]);
            parts.add(name.as_deref().unwrap_or_default().as_bytes());
            parts.add(content);
        }
        Key(parts.end())
    }

    /// Of the content of a file of the host; read again when it was changed. `None`: not there.
    fn digest(&self, file: &str) -> Option<[u8; 32]> {
        let metadata = fs::metadata(Path::new(file)).ok()?;
        let stamp = Stamp {
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        };
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        match digests.get(file) {
            Some((known, digest)) if *known == stamp => Some(*digest),
            _ => {
                let mut hasher = blake3::Hasher::new();
                std::io::copy(&mut fs::File::open(file).ok()?, &mut hasher).ok()?;
                let digest = *hasher.finalize().as_bytes();
                digests.insert(file.to_owned(), (stamp, digest));
                Some(digest)
            }
        }
    }
}

/// A hash over parts, each with its length before it: where one ends and the next begins can't be
/// moved by what stands in them.
#[derive(Default)]
struct Parts(blake3::Hasher);

impl Parts {
    fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    fn end(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

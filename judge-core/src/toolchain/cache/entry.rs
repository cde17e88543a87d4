//! One compilation as the content of a file.
//!
//! ```text
//! magic (8 bytes) · digest (32) · length of the head (4, little endian) · head (JSON) · files, end to end
//! ```
//!
//! The digest is BLAKE3 of the key and all that follows the digest: an entry that was cut off, changed
//! or moved to another name is none. BLAKE3 and not SHA-256, since a program of 2.5 MB is hashed on
//! every hit, and not every processor has instructions for the latter.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::compile::{Compilation, CompileFailure};
use super::super::language::{Language, Program};
use super::Key;
use crate::sandbox::{InputFile, Limits, Outcome, Termination, Usage};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;

/// Names the layout above; another layout gets another one.
const MAGIC: [u8; 8] = *b"judgeCC1";

/// Where the digested part begins.
const BODY: usize = MAGIC.len() + blake3::OUT_LEN;

/// The longest head, in bytes, inclusive: of two hundred files with long names, and some.
const LONGEST_HEAD: usize = 1 << 20;

/// The facts of a compilation, and what lies behind them in the file.
#[derive(Serialize, Deserialize)]
struct Head {
    program: Option<ProgramHead>,
    /// Bytes of what the compiler printed.
    output: u64,
    /// Bytes of its standard error alone.
    stderr: u64,
    exit: Exit,
    usage: Usage,
    limits: Limits,
}

#[derive(Serialize, Deserialize)]
struct ProgramHead {
    main_file: String,
    main: String,
    files: Vec<FileHead>,
}

#[derive(Serialize, Deserialize)]
struct FileHead {
    path: String,
    executable: bool,
    len: u64,
}

/// By it compilers say that a program is wrong. Other codes and signals tell of something that went
/// wrong in them, or with them: javac 3 and 4, for example.
const REFUSED: Exit = Exit::Code(1);

/// Whether compiling again would give the same: a program, or a no that neither a limit nor anything
/// else beside the sources has a part in.
pub fn is_worth_keeping(compilation: &Compilation) -> bool {
    let Compilation { result, outcome, .. } = compilation;
    let undisturbed = outcome.termination == Termination::OfItself
        && outcome.usage.oom_kills == 0
        && outcome.usage.forks_refused == 0;
    undisturbed
        && match result {
            Ok(_) => true,
            Err(CompileFailure::Refused) => outcome.exit == REFUSED,
            Err(CompileFailure::NoProduct | CompileFailure::Ended) => false,
        }
}

/// A compilation on its way into a file. It was found [worth keeping](is_worth_keeping).
pub struct Encoded<'a> {
    head: Vec<u8>,
    output: &'a [u8],
    stderr: &'a [u8],
    files: Vec<crate::sys::mapping::Mapping>,
    digest: blake3::Hash,
}

impl<'a> Encoded<'a> {
    /// Fails where a file of the program can't be mapped.
    pub fn of(key: &Key, compilation: &'a Compilation) -> io::Result<Self> {
        let Compilation { result, output, outcome, limits } = compilation;
        let program = result.as_ref().ok().map(|program| ProgramHead {
            main_file: program.main_file.clone(),
            main: program.main.clone(),
            files: program.files.iter().map(file_head).collect(),
        });
        let head = Head {
            program,
            output: output.len() as u64,
            stderr: outcome.stderr.len() as u64,
            exit: outcome.exit,
            usage: outcome.usage.clone(),
            limits: limits.clone(),
        };
        let files = result.iter().flat_map(|program| &program.files);
        let files = files.map(|file| file.content.map()).collect::<io::Result<Vec<_>>>()?;
        let (head, stderr) = (serde_json::to_vec(&head)?, outcome.stderr.as_slice());
        let mut encoded =
            Self { head, output, stderr, files, digest: blake3::Hash::from_bytes([0; 32]) };
        let mut hasher = blake3::Hasher::new();
        hasher.update(&key.0);
        encoded.write_body(&mut hasher)?;
        encoded.digest = hasher.finalize();
        Ok(encoded)
    }

    /// In bytes.
    pub fn len(&self) -> u64 {
        let files = self.files.iter().map(|file| file.len()).sum::<usize>();
        (BODY + size_of::<u32>() + self.head.len() + self.output.len() + self.stderr.len() + files)
            as u64
    }

    /// Writes all of it.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&MAGIC)?;
        to.write_all(self.digest.as_bytes())?;
        self.write_body(to)
    }

    fn write_body(&self, to: &mut impl Write) -> io::Result<()> {
        let len = u32::try_from(self.head.len()).map_err(io::Error::other)?;
        to.write_all(&len.to_le_bytes())?;
        let before = [self.head.as_slice(), self.output, self.stderr];
        let files = self.files.iter().map(|file| &**file);
        before.into_iter().chain(files).try_for_each(|part| to.write_all(part))
    }
}

fn file_head(file: &InputFile) -> FileHead {
    let InputFile { path, content, executable } = file;
    FileHead { path: path.clone(), executable: *executable, len: content.len() }
}

/// Reads and verifies the entry of `key`. Any error but one of reading means that it is none.
pub fn read(key: &Key, file: &mut File, language: &Arc<Language>) -> io::Result<Compilation> {
    let mut rest = file.metadata()?.len();
    let mut start = [0; BODY + size_of::<u32>()];
    file.read_exact(&mut start)?;
    let (magic, body) = start.split_at(MAGIC.len());
    let (digest, len) = body.split_at(blake3::OUT_LEN);
    if magic != MAGIC {
        return Err(garbage("it does not begin as entries do"));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&key.0).update(len);
    let len = u32::from_le_bytes(len.try_into().map_err(io::Error::other)?) as usize;
    rest = rest.checked_sub(start.len() as u64).ok_or_else(|| garbage("it became shorter"))?;
    if LONGEST_HEAD < len {
        return Err(garbage("its head is too long"));
    }
    let mut part = |file: &mut File, len: u64| -> io::Result<Vec<u8>> {
        // No length is believed before the file is known to have so many bytes.
        rest = rest.checked_sub(len).ok_or_else(|| garbage("it is cut off"))?;
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        file.read_exact(&mut bytes)?;
        hasher.update(&bytes);
        Ok(bytes)
    };
    let head: Head = serde_json::from_slice(&part(file, len as u64)?)?;
    let output = part(file, head.output)?;
    let stderr = part(file, head.stderr)?;
    let mut files = Vec::new();
    for FileHead { path, executable, len } in head.program.iter().flat_map(|program| &program.files)
    {
        rest = rest.checked_sub(*len).ok_or_else(|| garbage("it is cut off"))?;
        // What is verified is the sealed copy that will be run, not the file.
        let content = SealedFile::of_part(file, *len)?;
        hasher.update(&content.map()?);
        files.push(InputFile {
            path: path.clone(),
            content: Arc::new(content),
            executable: *executable,
        });
    }
    if rest != 0 {
        return Err(garbage("there is more behind it"));
    }
    // Compares in constant time; nobody who could measure it may write here anyway.
    if hasher.finalize() != *<&[u8; blake3::OUT_LEN]>::try_from(digest).map_err(io::Error::other)? {
        return Err(garbage("its digest is another"));
    }
    let Head { program, exit, usage, limits, .. } = head;
    let result =
        program.ok_or(CompileFailure::Refused).map(|ProgramHead { main_file, main, .. }| Program {
            language: Arc::clone(language),
            files,
            main_file,
            main,
        });
    let outcome =
        Outcome { termination: Termination::OfItself, exit, usage, stderr, files: vec![] };
    Ok(Compilation { result, output, outcome, limits })
}

fn garbage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

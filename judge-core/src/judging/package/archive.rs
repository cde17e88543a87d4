//! Unpacks a package that came as a zip archive. Nothing in an archive is believed: not its sizes,
//! not its names, not its kinds of files.
//!
//! ```text
//! SUM.zip ──▶ table of contents ──▶ names checked, all of them ──▶ files inflated within bounds
//!             (read within bounds)   (nothing written so far)      TMPDIR/judge-package-…/SUM/
//! ```
//!
//! Sizes are counted as bytes come out, so a declared size is no more than a reason to refuse early,
//! and no ratio of compression has to be forbidden. Only regular files and folders are ever made, in
//! a private folder, so that no name can lead out of it even if a check here were wrong.
//!
//! The format's rules for names are not checked here: they depend on the folder, and [`Package::read`]
//! knows them. Never here: other kinds of archives, passwords, parts of split archives.
//!
//! [`Package::read`]: super::Package::read

use super::folder::{MAX_DEPTH, MAX_ENTRIES, MAX_FILE_BYTES};
use super::{PackageError, ProblemId};
use std::{
    cell::Cell,
    collections::{BTreeMap, btree_map::Entry},
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    rc::Rc,
};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipArchive, read::ArchiveOffset, read::Config};

/// What an archive may hold. All bounds are inclusive; the defaults leave room for every package
/// that [`Package::read`](super::Package::read) takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveBounds {
    /// Size of the archive itself.
    pub archive_bytes: u64,
    /// Files and folders.
    pub entries: usize,
    /// What one file inflates to.
    pub file_bytes: u64,
    /// What all files inflate to.
    pub total_bytes: u64,
}

impl Default for ArchiveBounds {
    fn default() -> Self {
        Self {
            archive_bytes: 2 << 30,
            entries: MAX_ENTRIES as usize,
            file_bytes: MAX_FILE_BYTES,
            total_bytes: 4 << 30,
        }
    }
}

/// What is read to find out what is in an archive. Its table is kept in memory, and takes some ten
/// times of this there.
const MAX_TABLE_BYTES: u64 = 16 << 20;

/// The longest path in an archive, in bytes; `PATH_MAX` less room for the folder that it goes into.
const MAX_PATH_BYTES: usize = 1024;

/// `NAME_MAX`, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// A package unpacked into a private folder, which is removed when this is dropped.
#[derive(Debug)]
pub struct Unpacked {
    package: PathBuf,
    _dir: TempDir,
}

/// Whether a path names an archive that [`Unpacked::of`] can read, by its extension.
pub fn is_archive(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("zip"))
}

impl Unpacked {
    /// Unpacks the archive `ID.zip` into a new folder in `parent` that nobody else may enter. What is in it may lie in one top-level folder, whose name does
    /// not matter, or in none.
    ///
    /// # Errors
    /// [`PackageError`]; all but [`PackageError::Io`] are the archive's fault.
    pub fn of(archive: &Path, parent: &Path, bounds: &ArchiveBounds) -> Result<Self, PackageError> {
        let stem = archive.file_stem().unwrap_or_default().to_string_lossy();
        let id = ProblemId::new(&stem)?;
        let mut zip = open(archive, bounds)?;
        let plan = plan(&mut zip, bounds)?;
        let dir = tempfile::Builder::new().prefix("judge-package-").tempdir_in(parent);
        let dir = dir.map_err(|source| PackageError::Io { path: parent.to_owned(), source })?;
        let package = dir.path().join(id.as_str());
        make_folder(&package)?;
        let mut left = bounds.total_bytes;
        for Planned { index, path, is_folder } in &plan {
            let target = package.join(path);
            if *is_folder {
                make_folder(&target)?;
            } else {
                make_folder(target.parent().unwrap_or(&package))?;
                left -= inflate(&mut zip, *index, path, &target, left, bounds)?;
            }
        }
        Ok(Self { package, _dir: dir })
    }

    /// The folder of the package, named after the archive.
    pub fn package(&self) -> &Path {
        &self.package
    }
}

/// An entry of the table, checked.
struct Planned {
    index: usize,
    /// Below the package's folder, without the top-level folder.
    path: String,
    is_folder: bool,
}

type Zip = ZipArchive<BufReader<Metered>>;

/// Reads the table, within bounds.
fn open(archive: &Path, bounds: &ArchiveBounds) -> Result<Zip, PackageError> {
    let failed = |source| PackageError::Io { path: archive.to_owned(), source };
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(archive);
    let file = file.map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        let problem = "this is no regular file".into();
        return Err(PackageError::Invalid { path: archive.to_owned(), problem });
    }
    if bounds.archive_bytes < metadata.len() {
        let bound = format!("an archive may have at most {} bytes", bounds.archive_bytes);
        return Err(PackageError::TooLarge { path: archive.to_owned(), bound });
    }
    let left = Rc::new(Cell::new(MAX_TABLE_BYTES));
    let metered = Metered { file, left: Rc::clone(&left) };
    // Offsets count from the file's begin: nothing is searched for, and nothing may stand before.
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let zip = ZipArchive::with_config(config, BufReader::new(metered)).map_err(broken)?;
    left.set(u64::MAX);
    Ok(zip)
}

/// Checks everything that can be known before anything is inflated.
fn plan(zip: &mut Zip, bounds: &ArchiveBounds) -> Result<Vec<Planned>, PackageError> {
    if bounds.entries < zip.len() {
        let bound = format!("an archive may hold at most {} files and folders", bounds.entries);
        return Err(PackageError::TooLarge { path: PathBuf::new(), bound });
    }
    let whole = |problem| PackageError::Entry { name: "the archive".into(), problem };
    if zip.has_duplicate_names() {
        return Err(whole("two of its entries have one name"));
    }
    if zip.has_overlapping_entries().map_err(broken)? {
        return Err(whole("entries share bytes, as those of bombs do"));
    }
    zip.validate_header_consistency().map_err(broken)?;
    let mut tree = Tree::default();
    let mut entries = Vec::with_capacity(zip.len());
    let mut declared = 0_u64;
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).map_err(broken)?;
        let name = String::from_utf8_lossy(entry.name_raw());
        let refuse = |problem| refused(&name, problem);
        let path = checked(entry.name_raw()).map_err(refuse)?;
        let is_folder = kind(&name, entry.unix_mode()).map_err(refuse)?;
        if entry.encrypted() {
            return Err(refuse("it is encrypted"));
        }
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(refuse("it is neither stored nor deflated: pack it by another method"));
        }
        declared = declared.saturating_add(entry.size());
        if bounds.file_bytes < entry.size() || bounds.total_bytes < declared {
            return Err(too_large(&name, bounds));
        }
        tree.add(path, is_folder).map_err(refuse)?;
        entries.push(Planned { index, path: path.to_owned(), is_folder });
    }
    strip_top(&mut entries);
    Ok(entries)
}

/// The path, without the slash after a folder's.
fn checked(name: &[u8]) -> Result<&str, &'static str> {
    let name = std::str::from_utf8(name).map_err(|_| "its name is not UTF-8")?;
    let path = name.strip_suffix('/').unwrap_or(name);
    if path.chars().any(|c| c.is_control() || c == '\\') {
        return Err("its name has a backslash or a control character");
    }
    if path.starts_with('/') {
        return Err("its name is an absolute path");
    }
    if MAX_PATH_BYTES < path.len() || path.split('/').any(|part| MAX_NAME_BYTES < part.len()) {
        return Err("its name is too long: 255 bytes a part and 1024 together are possible");
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("its name has an empty part, . or ..");
    }
    // One more for the top-level folder.
    if MAX_DEPTH + 1 < path.split('/').count() {
        return Err("folders nest too deep");
    }
    Ok(path)
}

/// Whether an entry is a folder. The file type is that of `inode(7)`; 0 where the archive was made
/// on a system that has none.
fn kind(name: &str, unix_mode: Option<u32>) -> Result<bool, &'static str> {
    let is_folder = name.ends_with('/');
    match (unix_mode.unwrap_or(0) & libc::S_IFMT, is_folder) {
        (0, _) | (libc::S_IFREG, false) | (libc::S_IFDIR, true) => Ok(is_folder),
        (libc::S_IFLNK, _) => Err("it is a symbolic link"),
        _ => Err("it is neither a regular file nor a folder"),
    }
}

/// All paths so far and the folders that they are in, by their name in lower case.
#[derive(Default)]
struct Tree(BTreeMap<String, (String, bool)>);

impl Tree {
    fn add(&mut self, path: &str, is_folder: bool) -> Result<(), &'static str> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            let (path, is_folder) = (&path[..end], is_folder || end < path.len());
            match self.0.entry(path.to_lowercase()) {
                Entry::Vacant(vacant) => {
                    vacant.insert((path.to_owned(), is_folder));
                }
                Entry::Occupied(known) if known.get().0 != path => {
                    return Err("another name differs from it in upper and lower case only");
                }
                Entry::Occupied(known) if known.get().1 && is_folder => {}
                Entry::Occupied(_) => return Err("another entry has the same name"),
            }
        }
        Ok(())
    }
}

/// Takes a top-level folder off, if all there is lies in one.
fn strip_top(entries: &mut Vec<Planned>) {
    let top = entries.first().map(|first| {
        let end = first.path.find('/').unwrap_or(first.path.len());
        format!("{}/", &first.path[..end])
    });
    let Some(top) = top else { return };
    let is_top = |entry: &Planned| entry.is_folder && entry.path == top[..top.len() - 1];
    if entries.iter().all(|entry| entry.path.starts_with(&top) || is_top(entry)) {
        entries.retain(|entry| !is_top(entry));
        for entry in entries {
            entry.path.drain(..top.len());
        }
    }
}

/// Writes one file; returns its size, at most `left`.
fn inflate(
    zip: &mut Zip,
    index: usize,
    path: &str,
    target: &Path,
    left: u64,
    bounds: &ArchiveBounds,
) -> Result<u64, PackageError> {
    let failed = |source| PackageError::Io { path: target.to_owned(), source };
    let mut entry = zip.by_index(index).map_err(broken)?;
    let file = File::options().write(true).create_new(true).mode(0o600).open(target);
    let mut file = file.map_err(failed)?;
    let most = left.min(bounds.file_bytes);
    let mut written = 0_u64;
    let mut buffer = vec![0; 1 << 16];
    loop {
        // At the end the checksum is looked at, too.
        let read = match entry.read(&mut buffer) {
            Ok(0) => return Ok(written),
            Ok(read) => read,
            Err(source) if source.raw_os_error().is_some() => return Err(failed(source)),
            Err(_) => return Err(refused(path, "its data is damaged, or not as large as it says")),
        };
        written += read as u64;
        if most < written {
            return Err(too_large(path, bounds));
        }
        file.write_all(&buffer[..read]).map_err(failed)?;
    }
}

fn make_folder(path: &Path) -> Result<(), PackageError> {
    fs::create_dir_all(path).map_err(|source| PackageError::Io { path: path.to_owned(), source })
}

fn refused(name: &str, problem: &'static str) -> PackageError {
    PackageError::Entry { name: name.chars().take(100).collect(), problem }
}

fn too_large(name: &str, bounds: &ArchiveBounds) -> PackageError {
    let ArchiveBounds { file_bytes, total_bytes, .. } = bounds;
    let bound =
        format!("at most {file_bytes} bytes a file and {total_bytes} together are possible");
    PackageError::TooLarge { path: name.into(), bound }
}

fn broken(source: zip::result::ZipError) -> PackageError {
    PackageError::Archive { source }
}

/// A file of which only so much may be read.
struct Metered {
    file: File,
    /// In bytes; shared with whoever sets it.
    left: Rc<Cell<u64>>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            let what = "the table of contents is too large";
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read(&mut buffer[..most])?;
        self.left.set(left - read as u64);
        Ok(read)
    }
}

impl Seek for Metered {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

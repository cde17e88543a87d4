//! Problem packages: every file of one that is parsed, and every shape of its folder.

use judge_core::judging::package::{Package, PackageError, Visibility};
use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

/// Files and links of one package; further ones are left out.
const MAX_ENTRIES: usize = 32;
/// Folders inside each other; above what the reader accepts.
const MAX_DEPTH: usize = 14;

/// Input: a package as text. A line `== PATH` begins a file, a line `== PATH -> TARGET` is a link.
/// The package is read, twice alike, with all paths inside of it, all promises of [`Package`] kept;
/// or it is refused for a fault of its own.
pub fn holds(data: &[u8]) {
    ROOM.with_borrow_mut(|room| {
        let folder = room.furnish(data);
        match Package::read(folder) {
            Ok(package) => {
                sound(&package);
                assert_eq!(Package::read(folder).ok(), Some(package), "read twice, and not alike");
            }
            Err(PackageError::Io { path, source }) => {
                panic!("{} is put down to us: {source}", path.display())
            }
            Err(refused) => assert!(!refused.to_string().is_empty()),
        }
    });
}

fn sound(package: &Package) {
    let inside = |path: &Path| {
        let real = fs::canonicalize(path).expect("a path of the package is there");
        assert!(real.starts_with(&package.root), "{} is outside", path.display());
    };
    for (index, test) in package.testcases.iter().enumerate() {
        for extension in ["in", "ans"] {
            inside(&package.root.join(format!("data/{}.{extension}", test.name)));
        }
        assert_eq!(usize::try_from(test.ordinal), Ok(index + 1));
        assert!(test.group < package.groups.len());
        let same_name = package.testcases.iter().filter(|other| other.name == test.name);
        assert_eq!(same_name.count(), 1, "{} is there twice", test.name);
    }
    let hidden = package.testcases.iter().filter(|test| test.visibility == Visibility::Hidden);
    assert!(0 < hidden.count(), "no secret test");
    for (index, group) in package.groups.iter().enumerate() {
        assert_eq!(group.parent.is_none(), index == 0);
        assert!(group.parent.is_none_or(|parent| parent < index), "a parent behind its member");
    }
    for submission in &package.submissions {
        assert!(!submission.files.is_empty());
        submission.files.iter().for_each(|file| inside(file));
        assert!(
            submission.expectation.unmet(&[]).len() <= submission.expectation.requirements.len()
        );
    }
    assert_eq!(package.version.len(), 64);
    assert!(package.warnings.len() <= 100);
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::new(Room::new());
}

/// A folder that is emptied and filled again: making one for each input would be most of the time.
struct Room {
    folder: tempfile::TempDir,
    package: PathBuf,
}

impl Room {
    fn new() -> Self {
        // Memory where there is some: these are hundreds of thousands of small files.
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(parent).expect("a temporary folder");
        let package = folder.path().join("fuzzed");
        Self { folder, package }
    }

    fn furnish(&mut self, data: &[u8]) -> &Path {
        if self.package.exists() {
            fs::remove_dir_all(&self.package).expect("the folder can be emptied");
        }
        assert!(self.package.starts_with(self.folder.path()));
        fs::create_dir(&self.package).expect("the folder can be made");
        // Links last: nothing is ever written through one.
        let (links, files): (Vec<_>, Vec<_>) =
            entries(data).partition(|entry| entry.link_to.is_some());
        for entry in files.iter().chain(&links) {
            // A path below a file, a second entry of the same path: left out.
            drop(entry.make(&self.package));
        }
        &self.package
    }
}

struct Entry<'a> {
    path: &'a Path,
    link_to: Option<&'a str>,
    content: &'a [u8],
}

impl Entry<'_> {
    fn make(&self, root: &Path) -> std::io::Result<()> {
        let path = root.join(self.path);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        match self.link_to {
            Some(target) => symlink(target, path),
            None => fs::File::create_new(path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, self.content)),
        }
    }
}

fn entries(data: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let starts: Vec<usize> = (0..data.len())
        .filter(|&at| data[at..].starts_with(b"== ") && (at == 0 || data[at - 1] == b'\n'))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([data.len()]);
    let parts: Vec<&[u8]> =
        starts.iter().zip(ends).map(|(&start, end)| &data[start..end]).collect();
    parts.into_iter().filter_map(entry).take(MAX_ENTRIES)
}

fn entry(part: &[u8]) -> Option<Entry<'_>> {
    let end = part.iter().position(|&byte| byte == b'\n')?;
    let heading = std::str::from_utf8(&part[3..end]).ok()?;
    let (path, link_to) = match heading.split_once(" -> ") {
        Some((path, target)) => (path, Some(target)),
        None => (heading, None),
    };
    let path = Path::new(path);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    let bounded = (1..=MAX_DEPTH).contains(&path.components().count());
    (inside && bounded).then_some(Entry { path, link_to, content: &part[end + 1..] })
}

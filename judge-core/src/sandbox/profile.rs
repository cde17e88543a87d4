//! Profiles as data: what a program may touch. Read once, checked whole.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

use super::filter::{Filter, FilterError};
use super::init::NEEDED;

/// The data that the binary carries; a folder of the same shape can take its place.
static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../sandbox-profiles");

/// Something in `sandbox-profiles` is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// A file is missing or unreadable.
    #[error("cannot read the profile file {file}: {reason}")]
    Unreadable {
        /// Path inside the folder of profiles.
        file: String,
        /// Why.
        reason: String,
    },
    /// A file does not say what it should.
    #[error("the profile file {file} is wrong: {reason}")]
    Invalid {
        /// Path inside the folder of profiles.
        file: String,
        /// What, and where.
        reason: String,
    },
    /// A seccomp file does not compile.
    #[error("the seccomp file {file} is wrong")]
    Filter {
        /// Path inside the folder of profiles.
        file: String,
        /// What.
        source: FilterError,
    },
}

/// The files of `sandbox-profiles`, from the binary or from a folder.
#[derive(Debug, Clone)]
pub enum ProfileSource {
    /// What the binary carries.
    BuiltIn,
    /// A folder of the host, trusted as the binary is.
    Folder(PathBuf),
}

impl ProfileSource {
    /// The text of `file`, a path inside the folder.
    pub fn read(&self, file: &str) -> Result<String, ProfileError> {
        let unreadable = |reason: String| ProfileError::Unreadable { file: file.into(), reason };
        match self {
            Self::BuiltIn => BUILT_IN
                .get_file(file)
                .and_then(include_dir::File::contents_utf8)
                .map(str::to_owned)
                .ok_or_else(|| unreadable("not built in".into())),
            Self::Folder(folder) => std::fs::read_to_string(folder.join(file))
                .map_err(|error| unreadable(error.to_string())),
        }
    }

    /// The names of the files in `folder` that end in `.toml`, sorted.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, ProfileError> {
        let unreadable = |reason: String| ProfileError::Unreadable { file: folder.into(), reason };
        let mut names: Vec<String> = match self {
            Self::BuiltIn => BUILT_IN
                .get_dir(folder)
                .ok_or_else(|| unreadable("not built in".into()))?
                .files()
                .filter_map(|file| Some(file.path().file_name()?.to_str()?.to_owned()))
                .collect(),
            Self::Folder(root) => std::fs::read_dir(root.join(folder))
                .map_err(|error| unreadable(error.to_string()))?
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .collect(),
        };
        names.retain(|name| {
            Path::new(name).extension().is_some_and(|extension| extension == "toml")
        });
        names.sort();
        Ok(names)
    }

    /// Reads `file` as TOML.
    pub fn parse<T: for<'de> Deserialize<'de>>(&self, file: &str) -> Result<T, ProfileError> {
        toml::from_str(&self.read(file)?)
            .map_err(|error| ProfileError::Invalid { file: file.into(), reason: error.to_string() })
    }
}

/// Which profile a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileName {
    /// A submission on a testcase.
    Run,
    /// A compiler on a submission.
    Compile,
    /// A validator on a program's output.
    Validate,
}

impl ProfileName {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Run, Self::Compile, Self::Validate];

    fn file(self) -> &'static str {
        match self {
            Self::Run => "profiles/run.toml",
            Self::Compile => "profiles/compile.toml",
            Self::Validate => "profiles/validate.toml",
        }
    }
}

/// What one kind of run may touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The writable file systems, fresh for each run.
    pub tmpfs: TmpfsSizes,
}

/// The three writable file systems of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TmpfsSizes {
    /// `/box`, the working directory.
    #[serde(rename = "box")]
    pub work: TmpfsSize,
    /// `/tmp`.
    pub tmp: TmpfsSize,
    /// `/dev/shm`.
    pub shm: TmpfsSize,
}

/// Bounds of one tmpfs (`tmpfs(5)`), both inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TmpfsSize {
    /// Mebibytes.
    pub size_mib: u32,
    /// Files, directories and links together.
    pub inodes: u32,
    /// Why so much.
    pub reason: String,
}

/// What the root of every sandbox is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootLayout {
    /// Parts of the host's file tree, read-only.
    #[serde(default, rename = "bind")]
    pub binds: Vec<Bind>,
    /// Small files with a content of their own.
    #[serde(default, rename = "file")]
    pub files: Vec<SmallFile>,
    /// Device nodes of the host.
    #[serde(default, rename = "device")]
    pub devices: Vec<Device>,
}

/// A file or directory of the host, at the same place inside unless `to` says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// Absolute path of the host.
    pub from: PathBuf,
    /// Absolute path inside.
    pub to: Option<PathBuf>,
    /// Whether it may be missing on the host.
    #[serde(default)]
    pub optional: bool,
    /// What needs it.
    pub reason: String,
}

impl Bind {
    /// Absolute path inside.
    pub fn target(&self) -> &Path {
        self.to.as_deref().unwrap_or(&self.from)
    }
}

/// A file with a fixed content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmallFile {
    /// Absolute path inside.
    pub to: PathBuf,
    /// All of it.
    pub content: String,
    /// What needs it.
    pub reason: String,
}

/// A device node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Absolute path, outside and inside.
    pub path: PathBuf,
    /// What needs it.
    pub reason: String,
}

/// Everything of `sandbox-profiles` that this floor reads, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profiles {
    /// The root.
    pub root: RootLayout,
    /// System calls, the same for all kinds of runs: a slot's init installs it once.
    pub filter: Filter,
    /// The kinds of runs.
    pub profiles: BTreeMap<ProfileName, Profile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    tmpfs: TmpfsSizes,
}

/// The rules for system calls, inside the folder of profiles.
const FILTER_FILE: &str = "seccomp/program.json";

impl Profiles {
    /// Reads and checks all of it.
    pub fn load(source: &ProfileSource) -> Result<Self, ProfileError> {
        let root: RootLayout = source.parse("mounts.toml")?;
        check_paths(&root)?;
        let mut profiles = BTreeMap::new();
        for name in ProfileName::ALL {
            let ProfileFile { tmpfs } = source.parse(name.file())?;
            profiles.insert(name, Profile { tmpfs });
        }
        let filter = Filter::compile_for(&source.read(FILTER_FILE)?, &NEEDED)
            .map_err(|source| ProfileError::Filter { file: FILTER_FILE.into(), source })?;
        Ok(Self { root, filter, profiles })
    }

    /// The one with this name. [`Self::load`] made sure that each is there.
    pub fn get(&self, name: ProfileName) -> &Profile {
        &self.profiles[&name]
    }

    /// The bound part of the host's tree through which programs can read `path`, if any.
    pub fn exposing(&self, path: &Path) -> Option<&Path> {
        let shown = self.root.binds.iter().map(|bind| bind.from.as_path());
        shown.into_iter().find(|shown| path.starts_with(shown))
    }
}

/// Absolute, and without `..`: the init joins these to its new root.
fn check_paths(root: &RootLayout) -> Result<(), ProfileError> {
    let inside =
        root.binds.iter().map(Bind::target).chain(root.files.iter().map(|file| file.to.as_path()));
    let devices = root.devices.iter().map(|device| device.path.as_path());
    let outside = root.binds.iter().map(|bind| bind.from.as_path());
    for path in inside.chain(devices).chain(outside) {
        let mut components = path.components();
        let absolute = components.next() == Some(Component::RootDir);
        if !absolute || !components.all(|part| matches!(part, Component::Normal(_))) {
            return Err(ProfileError::Invalid {
                file: "mounts.toml".into(),
                reason: format!("{} is not an absolute path without `..`", path.display()),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profiles_are_sound() {
        let profiles = Profiles::load(&ProfileSource::BuiltIn).unwrap();
        assert_eq!(profiles.profiles.len(), ProfileName::ALL.len());
        assert!(profiles.exposing(Path::new("/usr/share/problems")).is_some());
        assert!(profiles.exposing(Path::new("/var/lib/problems")).is_none());
    }

    #[test]
    fn a_root_that_climbs_out_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[[bind]]\nfrom = \"/usr/../etc\"\nreason = \"none\"\n";
        std::fs::write(folder.path().join("mounts.toml"), text).unwrap();
        let error = Profiles::load(&ProfileSource::Folder(folder.path().into())).unwrap_err();
        assert!(error.to_string().contains("/usr/../etc"), "{error}");
    }
}

//! What a run leaves behind, handed out as descriptors.

use std::os::fd::OwnedFd;

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{SFlag, fstat};

use super::super::protocol::{
    CollectPattern, InitStep, LONGEST_MESSAGE, MAX_COLLECTED_BYTES, MAX_FILES,
};
use super::super::{Missing, Wall};
use super::root::WORK_DIR;
use super::{At, Failure};

/// Opens the files that the program was to leave behind; none at all where they are too many or too
/// large together, for what is missing can't be told from what never was. Its directory is hostile:
/// no link is followed, nothing but regular files is opened, and nothing blocks.
pub fn collect(
    patterns: &[CollectPattern],
    missing: &Missing,
) -> Result<(Vec<String>, Vec<OwnedFd>), Failure> {
    let none = || Ok((vec![], vec![]));
    let mut names = Vec::new();
    let mut files = Vec::new();
    let mut bytes = 0_u64;
    for CollectPattern { pattern, max_bytes } in patterns {
        for name in matching(pattern)? {
            let Some((file, size)) = open_collected(&name, *max_bytes, missing)? else {
                continue;
            };
            bytes = bytes.saturating_add(size);
            let too_much = names.len() == MAX_FILES || MAX_COLLECTED_BYTES < bytes;
            if too_much && missing.stands(Wall::CollectTotal) {
                return none();
            }
            names.push(name);
            files.push(file);
        }
    }
    // Names of control characters grow sixfold as JSON. Half a message leaves room for the rest.
    let written = serde_json::to_vec(&names).at(InitStep::Collect, "names")?;
    if LONGEST_MESSAGE / 2 < written.len() && missing.stands(Wall::CollectTotal) {
        return none();
    }
    Ok((names, files))
}

/// Names in the working directory for `*.suffix`, sorted; else the pattern itself.
fn matching(pattern: &str) -> Result<Vec<String>, Failure> {
    let Some(suffix) = pattern.strip_prefix('*') else {
        return Ok(vec![pattern.to_owned()]);
    };
    let entries = std::fs::read_dir(WORK_DIR).at(InitStep::Collect, WORK_DIR)?;
    // The tmpfs bounds the number of entries.
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(suffix)).collect();
    names.sort();
    Ok(names)
}

/// With its size. `None`: there is no such regular file of at most `max_bytes`.
fn open_collected(
    name: &str,
    max_bytes: u64,
    missing: &Missing,
) -> Result<Option<(OwnedFd, u64)>, Failure> {
    let work = nix::fcntl::open(
        WORK_DIR,
        OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
        nix::sys::stat::Mode::empty(),
    )
    .at(InitStep::Collect, WORK_DIR)?;
    let beneath = ResolveFlag::RESOLVE_BENEATH
        | ResolveFlag::RESOLVE_NO_SYMLINKS
        | ResolveFlag::RESOLVE_NO_XDEV;
    let beneath = missing.standing(&[(Wall::CollectBeneath, beneath)]).into_iter().collect();
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .resolve(beneath);
    let Ok(file) = openat2(&work, name, how) else {
        return Ok(None);
    };
    let stat = fstat(&file).at(InitStep::Collect, name)?;
    let regular = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG;
    let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    let fit = (regular || !missing.stands(Wall::CollectRegular))
        && (size <= max_bytes || !missing.stands(Wall::CollectSize));
    Ok(fit.then_some((file, size)))
}

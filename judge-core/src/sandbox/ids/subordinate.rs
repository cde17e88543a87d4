//! The ids that an administrator gave an ordinary user (`subuid(5)`, `subgid(5)`).

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

use super::IDS_PER_WORKER;

/// The largest ranges of our user, of equal length; `None` where one is missing or too small for a
/// worker, or where the helpers that map them are not installed.
pub(super) fn find() -> Option<(Range<u32>, Range<u32>)> {
    helper("newuidmap")?;
    helper("newgidmap")?;
    let uid = geteuid().as_raw();
    // The helpers refuse a user without a name.
    let name = User::from_uid(geteuid()).ok().flatten()?.name;
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    both(&read("/etc/subuid"), &read("/etc/subgid"), &name, uid)
}

fn both(subuid: &str, subgid: &str, name: &str, uid: u32) -> Option<(Range<u32>, Range<u32>)> {
    let (uids, gids) = (largest(subuid, name, uid)?, largest(subgid, name, uid)?);
    let count = (uids.end - uids.start).min(gids.end - gids.start);
    let first = |range: Range<u32>| range.start..range.start + count;
    (IDS_PER_WORKER <= count).then(|| (first(uids), first(gids)))
}

/// Of the lines `USER:FIRST:COUNT`, where USER is a name or a number.
fn largest(text: &str, name: &str, uid: u32) -> Option<Range<u32>> {
    let uid = uid.to_string();
    let range = |line: &str| {
        let mut fields = line.trim().split(':');
        let user = fields.next()?;
        let (first, count): (u32, u32) =
            (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (user == name || user == uid).then_some(first..first.checked_add(count)?)
    };
    text.lines().filter_map(range).max_by_key(ExactSizeIterator::len)
}

/// Where distributions install set-uid programs. Not by $PATH, which a service may lack, and which is
/// no guide to whom ids may be asked of.
const PLACES: [&str; 4] = ["/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin"];

/// The full path of a helper that is installed.
pub(super) fn helper(name: &str) -> Option<PathBuf> {
    PLACES.iter().map(|dir| Path::new(dir).join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_range_of_a_user_is_found_by_name_or_number() {
        let text = "# made by useradd\nann:100000:65536\n1500:300000:70000\nbob:165536:65536\n";
        assert_eq!(largest(text, "ann", 1000), Some(100_000..165_536));
        assert_eq!(largest(text, "bob", 1500), Some(300_000..370_000));
        assert_eq!(largest(text, "eve", 7), None);
        assert_eq!(largest("eve:4294967290:100\neve:x:1\neve\n", "eve", 7), None);
    }

    #[test]
    fn users_and_groups_are_used_in_step() {
        let found = both("ann:100000:65536\n", "ann:500000:1000\n", "ann", 1000);
        assert_eq!(found, Some((100_000..101_000, 500_000..501_000)));
        assert_eq!(both("ann:100000:65536\n", "", "ann", 1000), None);
        let few = format!("ann:100000:{}\n", IDS_PER_WORKER - 1);
        assert_eq!(both(&few, &few, "ann", 1000), None);
    }
}

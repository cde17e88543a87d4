//! The self-test against profiles that lack a wall: it names that wall, and no other.

#[path = "support/slots.rs"]
mod slots;

use std::path::Path;

use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::filter::Filter;
use judge_core::sandbox::profile::{Bind, Device, ProfileSource, SmallFile};
#[cfg(feature = "missing-walls")]
use judge_core::sandbox::selftest::UNTRIED;
use judge_core::sandbox::selftest::{Standing, Trial, selftest};
use judge_core::sandbox::{ProfileName, Profiles, Slot, SlotConfig, Wall};
use serde_json::{Value, json};

/// What gets through when the built-in profiles are changed.
fn breaches(change: impl FnOnce(&mut Profiles)) -> Vec<Trial> {
    let mut config = slots::config();
    change(&mut config.profiles);
    let mut slot = Slot::start(&config, 0).unwrap();
    let trials = selftest(&mut slot).unwrap();
    trials.into_iter().filter(|trial| trial.standing != Standing::Holds).collect()
}

fn walls(trials: &[Trial]) -> Vec<Wall> {
    trials.iter().map(|trial| trial.wall).collect()
}

fn bind(from: &str, to: &str) -> Bind {
    let (from, to) = (from.into(), Some(to.into()));
    Bind { from, to, optional: false, reason: "a mistake".into() }
}

#[test]
fn a_part_of_the_host_in_sight_is_named_wherever_it_is_shown() {
    for (from, to) in [("/root", "/root"), ("/", "/usr-of-the-host"), ("/etc", "/opt/etc")] {
        // A whole host brings its devices along, and more.
        let found = breaches(|profiles| profiles.root.binds.push(bind(from, to)));
        assert!(walls(&found).contains(&Wall::HostTree), "{from} at {to}: {found:?}");
    }
}

#[test]
fn a_folder_that_holds_other_people_s_files_is_named() {
    let file = || SmallFile {
        to: "/home/notes".into(),
        content: "whose?".into(),
        reason: "a mistake".into(),
    };
    let found = breaches(|profiles| profiles.root.files.push(file()));
    assert_eq!(walls(&found), [Wall::HostTree], "{found:?}");
}

#[test]
fn a_device_that_is_not_harmless_is_named() {
    let found = breaches(|profiles| {
        let device = Device { path: "/dev/tty".into(), reason: "a mistake".into() };
        profiles.root.devices.push(device);
    });
    assert_eq!(walls(&found), [Wall::FewDevices], "{found:?}");
    assert!(found[0].seen.contains("/dev/tty"), "{found:?}");
}

#[test]
fn a_tmpfs_without_bounds_is_named_whichever_profile_has_it() {
    for name in ProfileName::ALL {
        let found = breaches(|profiles| {
            let tmpfs = &mut profiles.profiles.get_mut(&name).unwrap().tmpfs;
            (tmpfs.shm.size_mib, tmpfs.tmp.inodes) = (0, 0);
        });
        assert_eq!(walls(&found), [Wall::TmpfsBytes, Wall::TmpfsInodes], "{name:?}: {found:?}");
        assert!(found[0].seen.contains("/dev/shm"), "{found:?}");
    }
}

#[test]
fn a_filter_that_allows_everything_is_named() {
    let filter = Filter::compile(&everything_allowed()).unwrap();
    let found = breaches(|profiles| profiles.filter = filter);
    let expected = [Wall::UnknownCalls, Wall::RefusedCalls, Wall::ForbiddenCalls];
    assert_eq!(walls(&found), expected, "{found:?}");
}

#[test]
fn a_single_call_too_many_is_named() {
    let filter = Filter::compile(&moved_to_allow(&["ptrace"])).unwrap();
    let found = breaches(|profiles| profiles.filter = filter);
    assert_eq!(walls(&found), [Wall::ForbiddenCalls], "{found:?}");
    assert!(found[0].seen.contains("Ptrace"), "{found:?}");
}

/// Walls whose absence alone this host can't show, and why.
#[cfg(feature = "missing-walls")]
const BEHIND_OTHERS: [(Wall, &str); 9] = [
    (Wall::HostTree, "no slot can be built without it, which shuts the gate as well"),
    (Wall::PidNamespace, "no program can be started without it, which shuts the gate as well"),
    (Wall::KillAll, "the supervisor finds the cgroup full, which shuts the gate as well"),
    (Wall::SupplementaryGroups, "needs a worker that has such groups"),
    (Wall::CapabilitySets, "changing the user has emptied them"),
    (Wall::SocketsGone, "needs a kernel that collects late"),
    (Wall::CloseOnExec, "no descriptor of ours lacks the flag"),
    (Wall::InputMode, "belongs to the input, which is made with it"),
    (Wall::InputSeals, "belongs to the input, which is made with it"),
];

#[test]
#[cfg(feature = "missing-walls")]
fn every_wall_that_is_tried_is_named_when_it_alone_is_away() {
    let cgroups = Cgroups::claim(None).unwrap();
    let profiles = Profiles::load(&ProfileSource::BuiltIn).unwrap();
    let init_binary = env!("CARGO_BIN_EXE_judge-sandbox-init").into();
    let config = SlotConfig { init_binary, profiles, cgroups };
    let excused: Vec<Wall> = UNTRIED.iter().chain(&BEHIND_OTHERS).map(|(wall, _)| *wall).collect();
    for &wall in Wall::ALL.iter().filter(|wall| !excused.contains(wall)) {
        let mut slot = Slot::start_without(&config, 0, &[wall]).unwrap();
        let trials = selftest(&mut slot).unwrap();
        let trial = trials.iter().find(|trial| trial.wall == wall).unwrap();
        assert_eq!(trial.standing, Standing::Breached, "{trial:?}");
    }
}

fn rules() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sandbox-profiles");
    let text = ProfileSource::Folder(folder).read("seccomp/program.json").unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The built-in rules with nothing refused, and a call more.
fn everything_allowed() -> String {
    let mut rules = rules();
    let mut calls = vec![json!("remap_file_pages")];
    for group in rules["groups"].as_array().unwrap() {
        calls.extend(group["syscalls"].as_array().into_iter().flatten().cloned());
    }
    calls.sort_by_key(Value::to_string);
    calls.dedup();
    rules["groups"] = json!([{"action": "allow", "reason": "a mistake", "syscalls": calls}]);
    rules.to_string()
}

/// The built-in rules with these calls allowed.
fn moved_to_allow(calls: &[&str]) -> String {
    let mut rules = rules();
    for group in rules["groups"].as_array_mut().unwrap() {
        if let Some(listed) = group.get_mut("syscalls").and_then(Value::as_array_mut) {
            listed.retain(|call| !calls.contains(&call.as_str().unwrap()));
        }
    }
    let group = json!({"action": "allow", "reason": "a mistake", "syscalls": calls});
    rules["groups"].as_array_mut().unwrap().push(group);
    rules.to_string()
}

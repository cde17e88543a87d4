//! Holds workers of ordinary users to what they promise. Needs root, to become such users: one whom
//! `/etc/subuid` knows, and one whom nobody knows.
//!
//! Each test starts this binary once more as the user, to run one of the tests that are ignored. With
//! cgroups, `.ci/v2/test` runs the other tests of the sandbox as both users too.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use judge_core::sandbox::cgroup::{Cgroups, Mode};
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::selftest::{Standing, selftest};
use judge_core::sandbox::{
    Cancel, Capture, Limits, Loss, Outcome, ProfileName, Profiles, RunSpec, SandboxError, Slot,
    SlotConfig,
};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;
use tempfile::TempDir;

/// No user of any distribution has it by default.
const UID: u32 = 48_231;

/// Given to the user in the test's own `/etc/subuid`: exactly one worker's. Neither begins where
/// ranges of real users do.
const SUBUIDS: (u32, u32) = (1_500_000_000, 512);
const SUBGIDS: (u32, u32) = (1_600_000_000, 512);

/// Tells the test that runs as a user where the init is.
const INIT: &str = "JUDGE_TEST_INIT";

/// Whom to become.
struct User {
    /// Has the ids above.
    subordinate_ids: bool,
    /// Supplementary ones.
    groups: &'static str,
}

const UNKNOWN: User = User { subordinate_ids: false, groups: "" };
const KNOWN: User = User { subordinate_ids: true, groups: "" };

impl User {
    /// Runs the ignored test `name` as this user, and fails with it.
    fn runs(&self, name: &str) {
        // A copy: where this binary lies, the user may not have a way to.
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (test, init) = (dir.path().join("test"), dir.path().join("judge-sandbox-init"));
        fs::copy(std::env::current_exe().unwrap(), &test).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_judge-sandbox-init"), &init).unwrap();
        let mut command = self.command(&dir, &test);
        let command = command.args(["--exact", name, "--ignored", "--nocapture"]).env(INIT, &init);
        let Output { status, stdout, stderr } = command.current_dir("/").output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "{stdout}\n{stderr}");
        assert!(stdout.contains("1 passed"), "{stdout}\n{stderr}");
    }

    /// `test` as this user, in a mount namespace where `/etc` says what we want it to, and where no other
    /// test's lock on ids is.
    fn command(&self, dir: &TempDir, test: &Path) -> Command {
        let write = |name: &str, text: String| fs::write(dir.path().join(name), text).unwrap();
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        write("passwd", format!("{passwd}judge-test:x:{UID}:{UID}::/:/bin/sh\n"));
        let line = |(first, count)| {
            if self.subordinate_ids {
                format!("judge-test:{first}:{count}\n")
            } else {
                String::new()
            }
        };
        write("subuid", line(SUBUIDS));
        write("subgid", line(SUBGIDS));
        let script = "for file in passwd subuid subgid; do
                mount --bind \"$0/$file\" /etc/$file || exit 1
            done
            user=$1 groups=$2; shift 2
            mount -t tmpfs run /run && mkdir -p /run/user/$user && chown $user /run/user/$user || exit 1
            exec setpriv --reuid=$user --regid=$user $groups --inh-caps=-all \"$@\"";
        let groups = match self.groups {
            "" => "--clear-groups".to_owned(),
            groups => format!("--groups={groups}"),
        };
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]).arg(dir.path());
        command.args([UID.to_string(), groups]).arg(test);
        command
    }
}

#[test]
fn a_user_without_subordinate_ids_judges_and_is_told_what_is_lost() {
    UNKNOWN.runs("as_an_unknown_user");
}

#[test]
fn a_user_with_subordinate_ids_has_programs_that_are_other_users() {
    KNOWN.runs("as_a_known_user");
}

#[test]
fn supplementary_groups_that_programs_keep_are_told() {
    User { groups: "4,27", ..UNKNOWN }.runs("in_other_groups");
    User { groups: "4,27", ..KNOWN }.runs("as_a_known_user");
}

#[test]
fn a_program_that_is_the_init_s_user_changes_nothing_for_the_next_one() {
    UNKNOWN.runs("changing_the_init");
}

#[test]
fn root_that_may_not_map_ids_is_refused() {
    // As in a container that was not given these two.
    let output = Command::new("setpriv")
        .args(["--inh-caps=-setuid,-setgid", "--bounding-set=-setuid,-setgid"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "as_root_without_rights", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "is what another test starts"]
fn as_root_without_rights() {
    let refused = Cgroups::none().unwrap_err();
    assert!(matches!(refused, SandboxError::Withheld { .. }), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("CAP_SETUID") && said.contains("CAP_SETGID"), "{said}");
}

#[test]
fn a_user_whose_ids_are_all_taken_starts_no_second_worker() {
    KNOWN.runs("a_second_worker");
}

#[test]
#[ignore = "is what other tests start as a user"]
fn as_an_unknown_user() {
    let config = without_cgroups();
    assert_eq!(config.cgroups.losses(), [Loss::NoCgroups, Loss::OwnUser]);
    let mut slot = Slot::start(&config, 0).unwrap();
    assert_eq!(slot.host_ids(), UID..UID + 1);
    assert_eq!(says(&mut slot, "id -u; id -g"), "1000\n1000\n");
    assert_eq!(says(&mut slot, "cat /proc/self/uid_map").split_whitespace().nth(1), Some("48231"));
    every_attack_fails(&mut slot);
    // These directories are its own, and it can have them look untouched.
    let dirs = "/box /tmp /dev/shm";
    says(&mut slot, &format!("for dir in {dirs}; do echo x > $dir/left; touch -d @1 $dir; done"));
    assert_eq!(
        says(&mut slot, "cat /box/* /tmp/* /dev/shm/* 2> /dev/null || echo nothing"),
        "nothing\n"
    );
}

#[test]
#[ignore = "is what other tests start as a user"]
fn as_a_known_user() {
    let config = without_cgroups();
    assert_eq!(config.cgroups.losses(), [Loss::NoCgroups]);
    let mut slot = Slot::start(&config, 3).unwrap();
    // The user's own are mapped nowhere; the program is the second of the slot's two.
    let (first, group) = (SUBUIDS.0 + 6, SUBGIDS.0 + 6);
    assert_eq!(slot.host_ids(), first..first + 2);
    let maps = says(&mut slot, "cat /proc/self/uid_map /proc/self/gid_map");
    let maps: Vec<u32> = maps.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let expected = [[0, first, 1], [1000, first + 1, 1], [0, group, 1], [1000, group + 1, 1]];
    assert_eq!(maps, expected.concat());
    assert_eq!(says(&mut slot, "id -u; id -G"), "1000\n1000\n");
    every_attack_fails(&mut slot);
}

#[test]
#[ignore = "is what other tests start as a user"]
fn in_other_groups() {
    let config = without_cgroups();
    assert_eq!(config.cgroups.losses(), [Loss::NoCgroups, Loss::OwnUser, Loss::KeptGroups]);
    let mut slot = Slot::start(&config, 0).unwrap();
    // They have no number inside, and are there all the same.
    assert_eq!(says(&mut slot, "grep Groups: /proc/self/status"), "Groups:\t65534 65534 \n");
    every_attack_fails(&mut slot);
}

#[test]
#[ignore = "is what other tests start as a user"]
fn changing_the_init() {
    let config = without_cgroups();
    let mut slot = Slot::start(&config, 0).unwrap();
    // The kernel protects who has more capabilities than the caller from all of these.
    for refused in [
        "import os; os.sched_setaffinity(1, os.sched_getaffinity(0))",
        "import os; os.setpriority(os.PRIO_PROCESS, 1, 7)",
        "import os; os.sched_setscheduler(1, os.SCHED_BATCH, os.sched_param(0))",
    ] {
        let (outcome, _) = run(&mut slot, &["/usr/bin/python3", "-c", refused]).unwrap();
        assert_eq!(outcome.exit, Exit::Code(1), "{refused}: {outcome:?}");
    }
    // But not from this one: the slot has to go.
    for limit in ["RLIMIT_NPROC", "RLIMIT_AS", "RLIMIT_STACK"] {
        let change = format!(
            "import resource as r; hard = r.prlimit(1, r.{limit})[1]; \
             r.prlimit(1, r.{limit}, (hard - 1 if 0 < hard else 1 << 40, hard))"
        );
        match run(&mut slot, &["/usr/bin/python3", "-c", &change]) {
            Err(SandboxError::Init { detail, .. }) => {
                assert!(detail.contains("changed the init's own"), "{detail}");
            }
            other => panic!("{change}: {other:?}"),
        }
        drop(slot);
        slot = Slot::start(&config, 0).unwrap();
    }
    assert_eq!(says(&mut slot, "echo well"), "well\n");
}

#[test]
#[ignore = "is what other tests start as a user"]
fn a_second_worker() {
    let first = without_cgroups();
    let second = Cgroups::none().unwrap_err();
    assert!(matches!(second, SandboxError::Ids { .. }), "{second:?}");
    drop(first);
    without_cgroups();
}

fn every_attack_fails(slot: &mut Slot) {
    let trials = selftest(slot).unwrap();
    let through: Vec<_> = trials.iter().filter(|t| t.standing == Standing::Breached).collect();
    assert!(through.is_empty(), "{through:?}");
}

fn without_cgroups() -> SlotConfig {
    let cgroups = Cgroups::none().unwrap();
    assert_eq!(cgroups.mode(), Mode::None);
    SlotConfig {
        init_binary: std::env::var_os(INIT).expect("only to be started by other tests").into(),
        profiles: Profiles::load(&ProfileSource::BuiltIn).unwrap(),
        cgroups,
    }
}

fn says(slot: &mut Slot, script: &str) -> String {
    let (outcome, output) = run(slot, &["/bin/sh", "-c", script]).unwrap();
    assert_eq!(outcome.exit, Exit::Code(0), "{script}: {outcome:?} {output}");
    output
}

fn run(slot: &mut Slot, argv: &[&str]) -> Result<(Outcome, String), SandboxError> {
    let argv: Vec<String> = argv.iter().map(|&arg| arg.to_owned()).collect();
    let limits = Limits {
        cpu: Duration::from_secs(60),
        wall: Duration::from_secs(300),
        memory_bytes: 128 << 20,
        output_bytes: 1 << 20,
        processes: 16,
        open_files: 64,
        file_size_bytes: 16 << 20,
        stack_bytes: 8 << 20,
    };
    let spec = RunSpec {
        own_core: true,
        profile: ProfileName::Run,
        argv: &argv,
        env: &[("PATH".into(), "/usr/bin:/bin".into())],
        limits: &limits,
        stdin: &SealedFile::of_bytes(b"").unwrap(),
        files: &[],
        collect: &[],
    };
    let mut output = Capture::default();
    let outcome = slot.run(&spec, &mut output, &Cancel::default())?;
    Ok((outcome, String::from_utf8_lossy(&output.0).into_owned()))
}

//! Attacks on who a program is.

use std::process::{Command, Stdio};

use judge_core::sandbox::Wall;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::attack::{Attack, Need};
use super::scene::{SECRET, Scene, state_in};

pub const ATTACKS: &[Attack] = &[
    Attack {
        stopped_by: &[Wall::UserNamespace],
        after: "a file of the host's user 1000",
        with: "EACCES",
        without: SECRET,
        tries: |scene| scene.python("print(open('/shared/user-1000').read())"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::IdRange],
        after: "the memory for pipes that a user has, until a neighbour's pipes are small",
        with: "65536",
        without: "8192",
        tries: |scene| {
            scene.limits.open_files = 4096;
            scene.neighbour_of(
                "import signal\npipes = [os.pipe() for _ in range(1100)]\n\
                 print('full', flush=True)\nsignal.pause()",
                "import fcntl\nprint(fcntl.fcntl(os.pipe()[0], fcntl.F_GETPIPE_SZ))",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ProgramUid, Wall::ProgramGid],
        after: "the limits of the init, without whose descriptors no run starts",
        with: "EPERM",
        without: "set",
        tries: |scene| {
            scene.python(
                "import resource\nlimit = resource.prlimit(1, resource.RLIMIT_NOFILE)\n\
                 resource.prlimit(1, resource.RLIMIT_NOFILE, limit)\nprint('set')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ProgramUid, Wall::ReadOnlyRoot],
        after: "a file of the root, which the next run reads too",
        with: "EACCES",
        without: "changed",
        tries: |scene| scene.python("open('/etc/hosts', 'a')\nprint('changed')"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ProgramGid],
        after: "a file of the init's group",
        with: "EACCES",
        without: SECRET,
        tries: |scene| scene.python("print(open('/shared/inits-group').read())"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::SupplementaryGroups],
        after: "a file of a group that the worker is in",
        with: "EACCES",
        without: SECRET,
        tries: |scene| scene.python("print(open('/shared/workers-group').read())"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::NoSetuid, Wall::NoNewPrivs],
        after: "being user 0 by a set-uid file",
        with: "1000",
        without: "0",
        tries: |scene| {
            scene.shell("exec /shared/set-uid-python -c 'import os; print(os.geteuid())'")
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::NoSetuid, Wall::NoNewPrivs, Wall::Securebits, Wall::BoundingSet],
        after: "capabilities by a set-uid file",
        with: "none",
        without: "some",
        tries: |scene| {
            scene.shell(
                "exec /shared/set-uid-python -c '\n\
                 fields = dict(line.split(\":\\t\") for line in open(\"/proc/self/status\"))\n\
                 print(\"some\" if int(fields[\"CapEff\"], 16) else \"none\")'",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ProgramUid, Wall::Securebits, Wall::BoundingSet, Wall::CapabilitySets],
        after: "capabilities that the init had, to set up a network",
        with: "EPERM",
        without: "up",
        tries: sets_up_a_network,
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ProgramUid, Wall::Securebits, Wall::BoundingSet, Wall::NoNewPrivs],
        after: "capabilities by exec as user 0, to set up a network",
        with: "EPERM",
        without: "up",
        tries: sets_up_a_network,
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::Session],
        after: "a stopped process of the worker's session, which it lets go on",
        with: "stopped",
        without: "goes on",
        tries: continues_a_process_of_the_host,
        needs: Need::Nothing,
    },
];

/// Where ports in use would tell the next run something.
fn sets_up_a_network(scene: &mut Scene<'_>) -> String {
    scene.python(
        "import fcntl, socket, struct
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack('16sh14x', b'lo', IFF_UP))
print('up')",
    )
}

fn continues_a_process_of_the_host(scene: &mut Scene<'_>) -> String {
    let mut stopped =
        Command::new("sleep").arg("1000").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    let stopped = stopped.as_mut().unwrap();
    let pid = Pid::from_raw(stopped.id().try_into().unwrap());
    kill(pid, Signal::SIGSTOP).unwrap();
    waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
    // Everybody in its process group (`kill(2)`), to whom who shares a session may send this.
    let came_to = scene.python("import signal\nos.kill(0, signal.SIGCONT)");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stopped.kill().unwrap();
    stopped.wait().unwrap();
    match (came_to.as_str(), state_in(&stat)) {
        ("", Some('T')) => "stopped".into(),
        ("", _) => "goes on".into(),
        _ => came_to,
    }
}

//! Attacks on what a program sees.

use judge_core::sandbox::Wall;

use super::attack::{Attack, Need};
use super::scene::SECRET;

pub const ATTACKS: &[Attack] = &[
    Attack {
        stopped_by: &[Wall::HostTree],
        after: "a file of the host by way of the root's parent",
        with: "ENOENT",
        without: SECRET,
        tries: |scene| scene.python("print(open('/..@SHARED@/everybodys').read())"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ReadOnlyRoot],
        after: "changing a file of the host that anybody may write",
        with: "EROFS",
        without: "changed",
        tries: |scene| scene.python("open('/shared/everybodys', 'a')\nprint('changed')"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ReadOnlyRoot],
        after: "the times of a device node, which every other slot sees",
        with: "EROFS",
        without: "set",
        tries: |scene| scene.python("os.utime('/dev/null')\nprint('set')"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::NoDevices],
        after: "a device by a node in a bound directory",
        with: "EACCES",
        without: "open",
        tries: |scene| scene.python("open('/shared/node')\nprint('open')"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::FewDevices],
        after: "a device that is none of the usual five",
        with: "none",
        without: "there",
        tries: |scene| {
            scene.python(
                "known = ['null', 'zero', 'full', 'random', 'urandom']\n\
                 found = [node for node in os.scandir('/dev') if node.name not in known\n\
                 \x20        and not node.is_symlink() and not node.is_dir()]\n\
                 print('there' if found else 'none')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::OwnProc],
        after: "the arguments of a process of the host",
        with: "ENOENT",
        without: "read",
        tries: |scene| scene.python("open('/proc/@PID@/cmdline').read()\nprint('read')"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ProcSubset],
        after: "what the whole machine does",
        with: "ENOENT",
        without: "read",
        tries: |scene| scene.python("open('/proc/stat').read()\nprint('read')"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::HiddenPids],
        after: "what its init does",
        with: "ENOENT",
        without: "read",
        tries: |scene| scene.python("open('/proc/1/stat').read()\nprint('read')"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::PidNamespace],
        after: "whether the host has a process of this number",
        with: "ESRCH",
        without: "EPERM",
        tries: |scene| scene.python("os.kill(@PID@, 0)"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::IpcNamespace],
        after: "a semaphore of the run before",
        with: "ENOENT",
        without: "found",
        tries: |scene| {
            let create = "libc('semget', 0x6a000000 | @PID@, 1, 0o1600)\nprint('made')";
            assert_eq!(scene.python(create), "made");
            let find = "IPC_RMID = 0\nlibc('semctl', libc('semget', 0x6a000000 | @PID@, 1, 0), 0, \
                        IPC_RMID)\nprint('found')";
            scene.python(find)
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::UtsNamespace],
        after: "the host's name",
        with: "judge",
        without: "the host's",
        tries: |scene| {
            let host = nix::unistd::gethostname().unwrap();
            let told = scene.python("print(os.uname().nodename)");
            if *told == *host { "the host's".into() } else { told }
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::NetNamespace],
        after: "a listener of the host",
        with: "ECONNREFUSED",
        without: "called",
        tries: |scene| {
            scene.python(
                "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0@LISTENER@')\n\
                 print('called')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::CgroupNamespace],
        after: "the place of its control group on the host",
        with: "unknown",
        without: "known",
        tries: |scene| {
            scene.python(
                "groups = [line.rstrip().split(':', 2)[2] for line in open('/proc/self/cgroup')]\n\
                 print('unknown' if set(groups) == {'/'} else 'known')",
            )
        },
        needs: Need::Nothing,
    },
];

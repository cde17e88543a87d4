//! Attacks on what a run leaves to the next one, and on what it hands out.

use judge_core::sandbox::Wall;

use super::attack::{Attack, Need};
use super::scene::Scene;

pub const ATTACKS: &[Attack] = &[
    Attack {
        stopped_by: &[Wall::FreshBox],
        after: "a message to the next run in /box",
        with: "",
        without: "mark",
        tries: |scene| leaves_a_mark(scene, "/box"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::FreshTmp],
        after: "a message to the next run in /tmp",
        with: "",
        without: "mark",
        tries: |scene| leaves_a_mark(scene, "/tmp"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::FreshShm],
        after: "a message to the next run in /dev/shm",
        with: "",
        without: "mark",
        tries: |scene| leaves_a_mark(scene, "/dev/shm"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ProcessNumbers],
        after: "how many processes the run before had",
        with: "few",
        without: "many",
        tries: |scene| {
            scene.python(
                "for _ in range(300):\n    if os.fork() == 0:\n        os._exit(0)\n    os.wait()",
            );
            scene.python("print('few' if os.getpid() < 100 else 'many', end='')")
        },
        needs: Need::SettableNumbers,
    },
    Attack {
        stopped_by: &[Wall::KillAll],
        after: "going on after the verdict",
        with: "0 left",
        without: "1 left",
        tries: |scene| {
            let daemon = "if os.fork():\n    os._exit(0)\nos.setsid()\nos.closerange(0, 3)\n\
                          import signal\nsignal.pause()";
            let came_to = scene.python(daemon);
            assert_eq!(came_to, "");
            format!("{} left", scene.processes())
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::SocketsGone],
        after: "a socket for the next run, kept alive by being in flight to itself",
        with: "none",
        without: "found",
        tries: leaves_a_socket,
        needs: Need::LazySockets,
    },
    Attack {
        stopped_by: &[Wall::InputAccessTime],
        after: "whether a run before has read its input",
        with: "untold",
        without: "told",
        tries: |scene| {
            let look = "print(os.fstat(0).st_atime_ns, flush=True)\nos.read(0, 10)";
            let (first, second) = (scene.python(look), scene.python(look));
            if first == second { "untold".into() } else { "told".into() }
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::InputMode],
        after: "a message to the next run in the times of its input",
        with: "EACCES",
        without: "set",
        tries: |scene| scene.python("os.utime('/proc/self/fd/0')\nprint('set')"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::InputMode, Wall::InputSeals],
        after: "another input for the next run",
        with: "EACCES",
        without: "changed",
        tries: |scene| {
            scene.python(
                "os.write(os.open('/proc/self/fd/0', os.O_WRONLY), b'easier')\nprint('changed')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::InheritedDescriptors, Wall::CloseOnExec],
        after: "what the worker's parent left open",
        with: "nothing",
        without: "something",
        tries: |scene| {
            scene.python(
                "def readable(fd):\n    try:\n        return os.pread(fd, 10, 0) == b'the secret'\n\
                 \x20   except OSError:\n        return False\n\
                 print('something' if any(map(readable, range(3, 1000))) else 'nothing')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::CollectBeneath],
        after: "a file outside of its directory, by a link that the init follows",
        with: "nothing",
        without: "127.0.0.1 localhost",
        tries: |scene| scene.collected("ln -s /etc/hosts x.out"),
        needs: Need::LinksFollowed,
    },
    Attack {
        stopped_by: &[Wall::CollectRegular],
        after: "a failure of ours, by a pipe where a file should be",
        with: "nothing",
        without: "our failure",
        tries: |scene| scene.collected("mkfifo x.out"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::CollectSize],
        after: "a failure of ours, by a file larger than was asked for",
        with: "nothing",
        without: "our failure",
        tries: |scene| scene.collected("head -c 1001 /dev/zero > x.out"),
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::CollectTotal],
        after: "a failure of ours, by more files than a message carries",
        with: "nothing",
        without: "our failure",
        tries: |scene| {
            scene.collected("i=0; while [ $i -lt 300 ]; do i=$((i+1)); : > $i.out; done")
        },
        needs: Need::Nothing,
    },
];

fn leaves_a_mark(scene: &mut Scene<'_>, dir: &str) -> String {
    assert_eq!(scene.shell(&format!("echo x > {dir}/mark")), "");
    scene.shell(&format!("ls -A {dir}"))
}

/// The kernel's collector comes by at some time after the run, and may be quicker than we are once.
fn leaves_a_socket(scene: &mut Scene<'_>) -> String {
    const TRIES: u32 = 20;
    let leave = "import signal, socket
meeting = socket.socket(socket.AF_UNIX)
meeting.bind('\\0meeting')
ring = [socket.socketpair() for _ in range(200)]
for here, there in ring:
    socket.send_fds(here, [b'x'], [here.fileno(), there.fileno(), meeting.fileno()])
if os.fork() == 0:
    signal.pause()
os._exit(0)
";
    scene.limits.open_files = 1000;
    let found = (0..TRIES).find(|_| {
        assert_eq!(scene.python(leave), "");
        scene.sockets() != 0
    });
    found.map_or("none", |_| "found").into()
}

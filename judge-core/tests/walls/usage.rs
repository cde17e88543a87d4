//! Attacks on what a program uses, and on what it asks of the kernel.

use std::fs;
use std::time::Duration;

use judge_core::sandbox::Wall;

use super::attack::{Attack, Need};
use super::scene::Scene;

/// Burns so many seconds of CPU time.
const SPIN: &str = "import time\nwhile time.process_time() < SECONDS: pass\nprint('spun')";

pub const ATTACKS: &[Attack] = &[
    Attack {
        stopped_by: &[Wall::Memory],
        after: "twice its memory",
        with: "MemoryLimit",
        without: "had it",
        tries: |scene| {
            scene.limits.memory_bytes = 48 << 20;
            scene.python("x = bytearray(96 << 20)\nprint('had it')")
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::Processes],
        after: "more processes than it may have",
        with: "EAGAIN",
        without: "had them",
        tries: |scene| {
            scene.limits.processes = 8;
            scene.python(
                "import signal\nfor _ in range(20):\n    if os.fork() == 0:\n        signal.pause()\n\
                 print('had them')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::CpuTime],
        after: "more CPU time than it may have",
        with: "CpuLimit",
        without: "spun",
        tries: |scene| {
            // Python alone may need a second where the kernel is slow; two above, `CpuNet` is met.
            scene.limits.cpu = Duration::from_secs(4);
            scene.python(&SPIN.replace("SECONDS", "4.5"))
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::CpuTime, Wall::CpuNet],
        after: "CPU time without end",
        with: "CpuLimit",
        without: "spun",
        tries: |scene| {
            scene.limits.cpu = Duration::from_millis(100);
            scene.python(&SPIN.replace("SECONDS", "3.5"))
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::WallTime],
        after: "a slot for longer than it may have it",
        with: "WallLimit",
        without: "had it",
        tries: |scene| {
            scene.limits.wall = Duration::from_millis(300);
            scene.shell("sleep 3; echo had it")
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::Output],
        after: "more output than it may have",
        with: "OutputLimit",
        without: "5000 bytes",
        tries: |scene| {
            scene.limits.output_bytes = 1000;
            let told = scene.python("print(5000 * 'x')");
            if told.starts_with('x') { format!("{} bytes", told.len()) } else { told }
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::TmpfsBytes],
        after: "a tmpfs larger than it may be",
        with: "ENOSPC",
        without: "filled",
        tries: |scene| {
            scene.python(
                "for number in range(5):\n    with open(f'/dev/shm/{number}', 'wb') as file:\n\
                 \x20       file.write(bytes(4 << 20))\nprint('filled')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::TmpfsInodes],
        after: "more files than a tmpfs may have",
        with: "ENOSPC",
        without: "filled",
        tries: |scene| {
            scene.python(
                "for number in range(1100):\n    open(f'/dev/shm/{number}', 'w').close()\n\
                 print('filled')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::OpenFiles],
        after: "more descriptors than it may have",
        with: "EMFILE",
        without: "had them",
        tries: |scene| {
            scene.limits.open_files = 16;
            scene.python("for _ in range(32):\n    os.dup(0)\nprint('had them')")
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::FileSize],
        after: "a file larger than it may be",
        with: "EFBIG",
        without: "written",
        tries: |scene| {
            scene.limits.file_size_bytes = 64 << 10;
            scene.python(
                "os.truncate(os.open('x', os.O_CREAT | os.O_RDWR), 1 << 20)\nprint('written')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::Stack],
        after: "a stack deeper than it may be",
        with: "signal 11",
        without: "deep",
        tries: |scene| {
            scene.limits.stack_bytes = 512 << 10;
            scene.python(
                "nested = []\nfor _ in range(10000):\n    nested = [nested]\n\
                 sys.setrecursionlimit(1 << 30)\nrepr(nested)\nprint('deep')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::CoreSize],
        after: "a core, as large as its memory",
        with: "0",
        without: "1",
        tries: |scene| scene.shell("sh -c 'kill -SEGV $$' 2> /dev/null; ls | wc -l"),
        needs: Need::CoresInPlace,
    },
    Attack {
        stopped_by: &[Wall::CoreSize],
        after: "a program that the host starts for each core",
        with: "not started",
        without: "started",
        tries: makes_the_host_start_a_program,
        needs: Need::KernelOfOnesOwn,
    },
    Attack {
        stopped_by: &[Wall::ForeignAbi],
        after: "a call by the numbers of i386, which mean other calls to the rules",
        with: "signal 31",
        without: "called",
        tries: |scene| {
            // mov eax, 20 (getpid of i386, writev of amd64); int 0x80; ret
            scene.python(
                "import mmap\ncode = mmap.mmap(-1, 4096, prot=7)\n\
                 code.write(b'\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3')\n\
                 address = ctypes.addressof(ctypes.c_char.from_buffer(code))\n\
                 answer = ctypes.CFUNCTYPE(ctypes.c_int)(address)()\n\
                 print('called' if answer == os.getpid() else '?')",
            )
        },
        needs: Need::I386,
    },
    Attack {
        stopped_by: &[Wall::UnknownCalls],
        after: "a call that nobody thought of: remap_file_pages",
        with: "ENOSYS",
        without: "called",
        tries: |scene| {
            scene.python(
                "import mmap\nshared = mmap.mmap(-1, 8192)\n\
                 address = ctypes.addressof(ctypes.c_char.from_buffer(shared))\n\
                 libc('syscall', 216, ctypes.c_void_p(address), 4096, 0, 1, 0)\nprint('called')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::RefusedCalls],
        after: "a socket of a rare family",
        with: "EAFNOSUPPORT",
        without: "open",
        tries: |scene| {
            scene.python(
                "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n\
                 print('open')",
            )
        },
        needs: Need::Nothing,
    },
    Attack {
        stopped_by: &[Wall::ForbiddenCalls],
        after: "all capabilities, in a user namespace of its own",
        with: "ForbiddenCall(\"unshare\")",
        without: "all",
        tries: |scene| {
            scene.python(
                "CLONE_NEWUSER = 0x10000000\nlibc('unshare', CLONE_NEWUSER)\n\
                 fields = dict(line.split(':\\t') for line in open('/proc/self/status'))\n\
                 print('all' if int(fields['CapEff'], 16) else 'none')",
            )
        },
        needs: Need::Nothing,
    },
];

/// The kernel waits for that program before the crash is over, where a limit on such programs is set
/// (`core(5)`).
fn makes_the_host_start_a_program(scene: &mut Scene<'_>) -> String {
    const PATTERN: &str = "/proc/sys/kernel/core_pattern";
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("mark");
    let before = fs::read(PATTERN).unwrap();
    fs::write("/proc/sys/kernel/core_pipe_limit", "16").unwrap();
    fs::write(PATTERN, format!("|/usr/bin/touch {}", mark.display())).unwrap();
    let came_to = scene.shell("kill -SEGV $$");
    fs::write(PATTERN, before).unwrap();
    assert_eq!(came_to, "signal 11");
    if mark.exists() { "started".into() } else { "not started".into() }
}

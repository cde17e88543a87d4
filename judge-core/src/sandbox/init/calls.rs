//! What the init itself asks of the kernel once it stands, behind the filter of its programs.

use syscalls::Sysno;

/// The calls that it makes between two programs, and between a birth and its exec. A rule file that
/// refuses one of them is none for a slot. (Some are made with arguments only that any rules allow.)
pub const NEEDED: [Sysno; 52] = [
    // Talking to the supervisor, and waiting.
    Sysno::recvmsg,
    Sysno::sendmsg,
    Sysno::poll,
    Sysno::ioctl,
    Sysno::clock_gettime,
    Sysno::clock_nanosleep,
    Sysno::restart_syscall,
    // Memory.
    Sysno::brk,
    Sysno::mmap,
    Sysno::mremap,
    Sysno::munmap,
    // A run's files.
    Sysno::open,
    Sysno::openat,
    Sysno::openat2,
    Sysno::close,
    Sysno::read,
    Sysno::write,
    Sysno::pread64,
    Sysno::pwrite64,
    Sysno::lseek,
    Sysno::copy_file_range,
    Sysno::sendfile,
    Sysno::splice,
    Sysno::fcntl,
    Sysno::fstat,
    Sysno::newfstatat,
    Sysno::statx,
    Sysno::getdents64,
    Sysno::mkdir,
    Sysno::chown,
    Sysno::fchown,
    Sysno::utimensat,
    // Births.
    Sysno::setsid,
    Sysno::chdir,
    Sysno::umask,
    Sysno::rt_sigaction,
    Sysno::prlimit64,
    Sysno::dup2,
    Sysno::close_range,
    Sysno::prctl,
    Sysno::setgroups,
    Sysno::setresgid,
    Sysno::setresuid,
    Sysno::capset,
    Sysno::execve,
    Sysno::execveat,
    Sysno::exit,
    // Deaths.
    Sysno::wait4,
    Sysno::kill,
    Sysno::getrusage,
    Sysno::socket,
    Sysno::exit_group,
];

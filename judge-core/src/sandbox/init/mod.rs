//! Pid 1 of a slot: builds the root once, then runs one program after the other on request.
//!
//! It is a fresh image of the binary, with one thread, no secret, and no descriptor but its socket.
//! It ends when the socket does, and with it, by the kernel's hand, everything in its pid
//! namespace: a worker that is killed leaves no program behind.

mod calls;
mod collect;
mod conditions;
mod ipc;
mod launch;
mod numbers;
mod root;
mod run;
mod sockets;
mod standing;
mod writable;

pub use calls::NEEDED;
pub use root::WORK_DIR;

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::sched::CloneFlags;

use super::protocol::{self, InitStep, Reply, Request, Setup};
use super::selftest::attack_if_asked;
use super::{Missing, Wall};
use crate::sys::fds::{close_from, take_stdin};
use crate::sys::process::{Forked, exit_now, fork};
use standing::Standing;

/// Name (`argv[0]`) under which the binary acts as an init.
pub const ARGV0: &str = "judge-sandbox-init";

/// Acts as a slot's init, or as the attacker of the self-test inside of one, and never returns, if
/// this process was started as such. To be called first in `main`, before any thread exists.
pub fn become_init_if_asked() {
    attack_if_asked();
    if std::env::args_os().next().is_some_and(|name| name == ARGV0) {
        main();
    }
}

/// A slot's init, and the attacker of the self-test: for a binary that is nothing else.
pub fn main() -> ! {
    attack_if_asked();
    match shim() {
        Ok(()) => exit_now(0),
        Err(error) => {
            eprintln!("{ARGV0}: {error}");
            exit_now(1)
        }
    }
}

/// Namespaces that the init is born in; the ipc namespace may be replaced between two runs. Not the
/// cgroup namespace: the group that it would be rooted in is the worker's, and on v2 a birth from and
/// into groups outside of it is refused.
fn slot_namespaces(missing: &Missing) -> CloneFlags {
    let needed = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC;
    let walls = [
        (Wall::PidNamespace, CloneFlags::CLONE_NEWPID),
        (Wall::NetNamespace, CloneFlags::CLONE_NEWNET),
        (Wall::UtsNamespace, CloneFlags::CLONE_NEWUTS),
    ];
    missing.standing(&walls).into_iter().fold(needed, CloneFlags::union)
}

/// Gives birth to the init as a sibling (`CLONE_PARENT`), so that it is the supervisor's own child,
/// hands its pidfd over, and is done. The supervisor can't do this itself: it has threads.
fn shim() -> io::Result<()> {
    let missing = Missing::parse(std::env::args().nth(1).as_deref())?;
    if missing.stands(Wall::InheritedDescriptors) {
        close_from(3)?;
    }
    let socket = take_stdin()?;
    match fork(slot_namespaces(&missing) | CloneFlags::CLONE_PARENT, None)? {
        Forked::Parent { pid, pidfd } => {
            let born = Born { pid: pid.as_raw() };
            protocol::send(socket.as_fd(), &born, &[pidfd.as_fd()])
        }
        Forked::Child => {
            serve(&socket, &missing);
            exit_now(0)
        }
    }
}

/// The shim's only message.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Born {
    /// In the supervisor's pid namespace.
    pub pid: i32,
}

impl protocol::Message for Born {}

/// A step that failed, on what, and why.
#[derive(Debug, Clone)]
struct Failure {
    step: InitStep,
    errno: Errno,
    detail: String,
}

/// Attaches step and object to an error.
trait At<T> {
    fn at(self, step: InitStep, on: impl AsRef<Path>) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, step: InitStep, on: impl AsRef<Path>) -> Result<T, Failure> {
        self.map_err(|error| {
            let errno = error.into().raw_os_error().map_or(Errno::EIO, Errno::from_raw);
            Failure { step, errno, detail: on.as_ref().display().to_string() }
        })
    }
}

/// Answers requests until the supervisor is gone.
fn serve(socket: &OwnedFd, missing: &Missing) {
    let mut standing: Option<Standing> = None;
    while let Ok(Some((request, fds))) = protocol::receive::<Request>(socket.as_fd()) {
        let answered = match (request, &mut standing) {
            (Request::Build, None) => match build(fds, missing) {
                Ok(built) => {
                    standing = Some(built);
                    protocol::send(socket.as_fd(), &Reply::Built, &[])
                }
                Err(failure) => say_failed(socket, failure),
            },
            (Request::Run(request), Some(standing)) => {
                run::run(socket, standing, missing, &request, fds)
            }
            // The run that was to be killed has ended already.
            (Request::Kill, Some(_)) => Ok(()),
            (Request::Build, Some(_)) | (Request::Run(_) | Request::Kill, None) => say_failed(
                socket,
                Failure {
                    step: InitStep::Protocol,
                    errno: Errno::EPROTO,
                    detail: "a request out of turn".into(),
                },
            ),
        };
        if answered.is_err() {
            return;
        }
    }
}

fn say_failed(socket: &OwnedFd, failure: Failure) -> io::Result<()> {
    let Failure { step, errno, detail } = failure;
    protocol::send(socket.as_fd(), &Reply::Failed { step, errno: errno as i32, detail }, &[])
}

fn build(fds: Vec<OwnedFd>, missing: &Missing) -> Result<Standing, Failure> {
    let fd = fds.into_iter().next().ok_or(Errno::EBADF).at(InitStep::Protocol, "setup")?;
    let mut text = Vec::new();
    io::Read::read_to_end(&mut std::fs::File::from(fd), &mut text)
        .at(InitStep::Protocol, "setup")?;
    let setup: Setup = protocol::parse(&text).at(InitStep::Protocol, "setup")?;
    Standing::build(setup, missing)
}

/// For calls that want a C string; our paths hold no NUL.
fn c_path(path: &Path) -> Result<CString, Failure> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Errno::EINVAL)
        .at(InitStep::Protocol, path)
}

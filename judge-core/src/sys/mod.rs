//! System calls with types and an errno, and no policy. The only room with `unsafe`.
//!
//! What `nix` wraps safely is used from there directly; here stands what it lacks, or what needs an
//! argument about memory, descriptors or threads:
//!
//! * [`process`]: births (`clone3`) and deaths (`pidfd`, `waitid`) of processes
//! * [`spawn`]: births in the way of `vfork`, with the steps up to exec as data
//! * [`fds`]: descriptors over sockets, sealed memory files, closing what must not be inherited
//! * [`mapping`]: memory that shows a sealed file
//! * [`privilege`]: giving up capabilities for good
//! * [`filter`]: installing syscall filters and hearing from them
//! * [`pass`]: calls that a filter lets through for whoever knows a secret
//! * [`mounts`]: attributes of whole mount trees
//! * [`shortage`]: what the host has run out of, by its errnos
//! * [`probe`]: what the self-test asks of the kernel, and should not get

#![allow(unsafe_code)]

pub mod fds;
pub mod filter;
pub mod mapping;
pub mod mounts;
pub mod pass;
pub mod privilege;
pub mod probe;
pub mod process;
pub mod shortage;
pub mod spawn;

use nix::errno::Errno;

/// Turns the -1 convention of `syscall(2)` into a `Result`.
fn checked(returned: libc::c_long) -> Result<libc::c_long, Errno> {
    Errno::result(returned)
}

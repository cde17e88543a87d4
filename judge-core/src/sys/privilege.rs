//! Giving up capabilities for good.

use nix::errno::Errno;

use super::checked;

/// `SECBIT_NOROOT`, `SECBIT_NO_SETUID_FIXUP`, `SECBIT_NO_CAP_AMBIENT_RAISE` and their locks
/// (`capabilities(7)`): uid 0 means nothing any more, and nobody can turn that back.
const LOCKED_SECUREBITS: libc::c_ulong = 0b1100_1111;

/// The highest capability number that any kernel could know: beyond, `PR_CAPBSET_DROP` says
/// `EINVAL`.
const CAPABILITIES_END: libc::c_ulong = 64;

/// Empties the bounding set: no exec gives a capability any more (`capabilities(7)`). Wants
/// `CAP_SETPCAP` in the caller's user namespace.
pub fn drop_bounding_set() -> Result<(), Errno> {
    for capability in 0..CAPABILITIES_END {
        match prctl(libc::PR_CAPBSET_DROP, capability) {
            Ok(()) => {}
            Err(Errno::EINVAL) => break, // the first that this kernel does not know
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Makes uid 0 mean nothing any more, for good. Wants `CAP_SETPCAP` in the caller's user namespace.
pub fn lock_securebits() -> Result<(), Errno> {
    prctl(libc::PR_SET_SECUREBITS, LOCKED_SECUREBITS)
}

/// Empties the effective, permitted and inheritable sets (`capset(2)`).
pub fn clear_capabilities() -> Result<(), Errno> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    /// `_LINUX_CAPABILITY_VERSION_3`: two blocks of three 32-bit sets.
    const VERSION: u32 = 0x2008_0522;
    let header = Header { version: VERSION, pid: 0 };
    let empty = [0_u32; 6];
    // SAFETY: version 3 reads exactly two blocks of three words, which `empty` holds; the header
    // outlives the call, and pid 0 is ourselves.
    checked(unsafe { libc::syscall(libc::SYS_capset, &raw const header, empty.as_ptr()) }).map(drop)
}

fn prctl(option: libc::c_int, argument: libc::c_ulong) -> Result<(), Errno> {
    let none: libc::c_ulong = 0;
    // SAFETY: the options used here take integers only; no memory of ours is read or written.
    Errno::result(unsafe { libc::prctl(option, argument, none, none, none) }).map(drop)
}

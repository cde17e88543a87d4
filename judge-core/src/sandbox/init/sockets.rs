//! Local sockets of a run that outlive its processes.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::super::protocol::InitStep;
use super::super::{Missing, Wall};
use super::{At, Failure};

/// The local sockets of the reader's network namespace, below a line of headings (`proc_pid_net(5)`).
const TABLE: &str = "/proc/self/net/unix";

/// The heading is shorter, and a line of one socket follows it at once.
const ENOUGH_BYTES: usize = 256;

/// How long the kernel may take to close what nobody holds any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// The table of a slot's network namespace.
pub struct LocalSockets(Option<File>);

impl LocalSockets {
    /// To be called where the slot's own `/proc` is.
    pub fn open(missing: &Missing) -> Result<Self, Failure> {
        // In the host's network namespace there are always some.
        if !missing.stands(Wall::SocketsGone) || !missing.stands(Wall::NetNamespace) {
            return Ok(Self(None));
        }
        Ok(Self(Some(File::open(TABLE).at(InitStep::Proc, TABLE)?)))
    }

    /// Waits until none is left. A socket whose descriptor is in flight to itself outlives its process
    /// until the kernel's garbage collector comes by, and its abstract name with it: the next run of
    /// this network namespace could call it (`unix(7)`).
    pub fn await_none(&self) -> Result<(), Failure> {
        let Some(table) = &self.0 else { return Ok(()) };
        let began = Instant::now();
        while !is_empty(table)? {
            if PATIENCE < began.elapsed() {
                return Err(Errno::ETIMEDOUT).at(InitStep::Reap, "a socket of the run is left");
            }
            // The collector comes by when any local socket is closed, and on a quiet host nobody else
            // closes one.
            drop(UnixDatagram::unbound());
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

fn is_empty(table: &File) -> Result<bool, Failure> {
    let mut text = [0; ENOUGH_BYTES];
    // The kernel writes the table anew for each read from its start.
    let len = table.read_at(&mut text, 0).at(InitStep::Reap, TABLE)?;
    let end_of_headings = text[..len].iter().position(|&byte| byte == b'\n');
    Ok(end_of_headings.is_some_and(|end| end + 1 == len))
}

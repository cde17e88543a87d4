//! What programs covet on the host, and whether they had it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::net::{Ipv6Addr, TcpListener, UdpSocket};
use std::ops::Range;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::traces;

/// What a program's text says of its host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Places {
    /// Not there until a host has it.
    folder: PathBuf,
    port: u16,
    /// The abstract name of a listener, and by which what a program made is known again.
    mark: String,
}

impl Places {
    /// Such that nobody uses yet.
    pub fn new() -> Self {
        Self::at_port(TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
    }

    fn at_port(port: u16) -> Self {
        let mark = format!("judge-hostile-{:x}", random());
        // No name in /tmp may carry the mark, so the folder's doesn't.
        let folder = Path::new("/tmp").join(format!("judge-canary-{:x}", random()));
        Self { folder, port, mark }
    }

    /// A program's text with the places that it is to attack.
    pub fn fill_in(&self, text: &str) -> String {
        text.replace("@CANARY@", self.canary().to_str().unwrap())
            .replace("@PORT@", &self.port.to_string())
            .replace("@ABSTRACT@", &self.mark)
            .replace("@MARK@", &self.mark)
    }

    fn canary(&self) -> PathBuf {
        self.folder.join("canary")
    }
}

fn random() -> u128 {
    let mut random = [0; 16];
    File::open("/dev/urandom").unwrap().read_exact(&mut random).unwrap();
    u128::from_le_bytes(random)
}

/// A file that anybody may read and write, and listeners that anybody may call.
pub struct Host {
    pub places: Places,
    dir: TempDir,
    secret: String,
    /// On IPv4 and, where the host has it, on IPv6.
    tcp: Vec<TcpListener>,
    udp: UdpSocket,
    unix: [UnixListener; 2],
}

impl Host {
    /// At places of its own.
    pub fn new() -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let places = Places::at_port(tcp.local_addr().unwrap().port());
        Self::listening(tcp, places)
    }

    /// At these places, which no other host has at the same time.
    pub fn at(places: Places) -> Self {
        Self::listening(TcpListener::bind(("127.0.0.1", places.port)).unwrap(), places)
    }

    fn listening(tcp: TcpListener, places: Places) -> Self {
        let (parent, name) = (places.folder.parent().unwrap(), places.folder.file_name().unwrap());
        let mut exactly = tempfile::Builder::new();
        let dir = exactly.prefix(name).rand_bytes(0).tempdir_in(parent).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let secret = format!("secret-{:x}", random());
        let udp = UdpSocket::bind(tcp.local_addr().unwrap()).unwrap();
        let mut tcp = vec![tcp];
        tcp.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, places.port)));
        let at_name = SocketAddr::from_abstract_name(&places.mark).unwrap();
        let unix = [
            UnixListener::bind(dir.path().join("canary.socket")).unwrap(),
            UnixListener::bind_addr(&at_name).unwrap(),
        ];
        for listener in &tcp {
            listener.set_nonblocking(true).unwrap();
        }
        udp.set_nonblocking(true).unwrap();
        for listener in &unix {
            listener.set_nonblocking(true).unwrap();
        }
        let host = Self { places, dir, secret, tcp, udp, unix };
        fs::write(host.canary(), &host.secret).unwrap();
        fs::set_permissions(host.canary(), fs::Permissions::from_mode(0o666)).unwrap();
        host.wind_back();
        host
    }

    fn canary(&self) -> PathBuf {
        self.places.canary()
    }

    /// An access older than the change: then even a file system mounted with `relatime` notes the
    /// next access (`mount(8)`).
    fn wind_back(&self) {
        let begin = SystemTime::UNIX_EPOCH;
        let times = fs::FileTimes::new().set_accessed(begin);
        let times = times.set_modified(begin + Duration::from_secs(1));
        File::options().write(true).open(self.canary()).unwrap().set_times(times).unwrap();
    }

    /// After a run that `told` something, in a slot that maps the ids `ids`.
    pub fn check(&self, told: &[&[u8]], ids: Range<u32>) -> Result<(), String> {
        let secret = self.secret.as_bytes();
        let holds = |text: &&[u8]| text.windows(secret.len()).any(|window| window == secret);
        if told.iter().any(holds) {
            return Err("it knows the canary".into());
        }
        let metadata =
            fs::metadata(self.canary()).map_err(|error| format!("the canary: {error}"))?;
        if (metadata.atime(), metadata.mtime()) != (0, 1) {
            return Err("the canary was read or written".into());
        }
        if metadata.mode() & 0o7777 != 0o666
            || fs::read_to_string(self.canary()).unwrap() != self.secret
        {
            return Err("the canary was changed".into());
        }
        self.wind_back();
        if fs::read_dir(self.dir.path()).unwrap().count() != 2 {
            return Err("there is something beside the canary".into());
        }
        let mut called = vec![self.udp.recv(&mut [0; 8]).map(drop)];
        called.extend(self.tcp.iter().map(|listener| listener.accept().map(drop)));
        called.extend(self.unix.iter().map(|listener| listener.accept().map(drop)));
        if called
            .iter()
            .any(|call| call.as_ref().map_err(std::io::Error::kind) != Err(ErrorKind::WouldBlock))
        {
            return Err(format!("a listener was called: {called:?}"));
        }
        traces::check(&self.places.mark, &ids)?;
        // The init is the one process that may, and must, be left.
        let left = processes_of(&ids);
        if left != [ids.start] {
            return Err(format!("processes with these ids are left: {left:?} of {ids:?}"));
        }
        Ok(())
    }
}

/// The real ids of the processes of the host, zombies included, that are in the range and descend
/// from us, or have no parent any more. Another worker's slot may have the same ids.
fn processes_of(ids: &Range<u32>) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let statuses = entries.filter_map(|entry| fs::read_to_string(entry.path().join("status")).ok());
    let all: BTreeMap<u32, Process> =
        statuses.filter_map(|status| Process::parse(&status)).collect();
    let inside = |pid: u32| all.get(&pid).filter(|process| ids.contains(&process.uid));
    let is_ours = |process: &&Process| {
        let mut eldest = *process;
        // An init is the child of its worker, and nobody is his own ancestor.
        while let Some(parent) = inside(eldest.parent) {
            eldest = parent;
        }
        eldest.parent == std::process::id() || eldest.parent <= 1 && eldest.uid != ids.start
    };
    let inside = all.values().filter(|process| ids.contains(&process.uid));
    inside.filter(is_ours).map(|process| process.uid).collect()
}

struct Process {
    parent: u32,
    uid: u32,
}

impl Process {
    /// With its number, from `/proc/PID/status` (`proc_pid_status(5)`).
    fn parse(status: &str) -> Option<(u32, Self)> {
        let field = |name: &str| -> Option<u32> {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.split('\t').next()?.parse().ok()
        };
        let (parent, uid) = (field("PPid:\t")?, field("Uid:\t")?);
        Some((field("Pid:\t")?, Self { parent, uid }))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::os::unix::net::UnixStream;

    use super::*;

    type Misdeed = fn(&Host);

    /// What is noticed; if nothing else, that there is no init.
    fn noticed_after(misdeed: Misdeed) -> String {
        let host = Host::new();
        misdeed(&host);
        host.check(&[b"nothing"], NOBODYS).unwrap_err()
    }

    /// Ids that no process of any host has: the last before `(uid_t) -1`.
    const NOBODYS: Range<u32> = u32::MAX - 2..u32::MAX - 1;

    #[test]
    fn the_host_notices_what_was_done_to_it() {
        let notices: [(&str, Misdeed); 8] = [
            ("was read or written", |host| {
                drop(fs::read(host.canary()).unwrap());
            }),
            ("was read or written", |host| {
                fs::write(host.canary(), "x").unwrap();
            }),
            ("beside the canary", |host| {
                fs::write(host.dir.path().join("x"), "").unwrap();
            }),
            ("listener was called", |host| {
                TcpStream::connect(host.tcp[0].local_addr().unwrap()).map(drop).unwrap();
            }),
            ("listener was called", |host| {
                let last = host.tcp.last().expect("there is one for IPv4");
                TcpStream::connect(last.local_addr().unwrap()).map(drop).unwrap();
            }),
            ("listener was called", |host| {
                let caller = UdpSocket::bind("127.0.0.1:0").unwrap();
                caller.send_to(b"x", host.udp.local_addr().unwrap()).map(drop).unwrap();
            }),
            ("listener was called", |host| {
                UnixStream::connect(host.dir.path().join("canary.socket")).map(drop).unwrap();
            }),
            ("processes with these ids", |_| {}),
        ];
        for (said, misdeed) in notices {
            let what = noticed_after(misdeed);
            assert!(what.contains(said), "{what}");
        }
        let host = Host::new();
        let told = host.places.fill_in("@CANARY@");
        assert!(
            host.check(&[told.as_bytes()], NOBODYS).is_err_and(|what| what.contains("processes"))
        );
        let secret = format!("it is {}!", host.secret);
        assert!(
            host.check(&[secret.as_bytes()], NOBODYS).is_err_and(|what| what.contains("knows"))
        );
    }
}

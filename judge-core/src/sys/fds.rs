//! Descriptors: passing them over sockets, sealing memory behind them, closing what must not be
//! inherited.

use std::fs::{self, File};
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, Flock, FlockArg, OFlag, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, socketpair,
};
use nix::sys::stat::{Mode, fchmod};

use super::checked;
use super::mapping::Mapping;

/// The most descriptors that one message carries: `SCM_MAX_FD` of the kernel (`unix(7)`).
pub const MAX_FDS: usize = 253;

/// A pair of connected sockets that keep message boundaries; both close on exec.
pub fn message_pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
}

/// Sends one message with descriptors. The receiver gets copies; ours stay open.
///
/// Fails with [`Errno::EMSGSIZE`] above the socket's send buffer, [`Errno::EPIPE`] when the other
/// side is gone (never with a signal).
pub fn send_message(
    socket: BorrowedFd<'_>,
    message: &[u8],
    fds: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control = if raw.is_empty() { &[][..] } else { &rights[..] };
    let flags = MsgFlags::MSG_NOSIGNAL;
    loop {
        let parts = [IoSlice::new(message)];
        match sendmsg::<()>(socket.as_raw_fd(), &parts, control, flags, None) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
            Ok(sent) if sent == message.len() => return Ok(()),
            Ok(_) => return Err(Errno::EMSGSIZE),
        }
    }
}

/// Locks the bytes `bytes` of `file` for as long as this opening of it lives; they need not exist.
/// `false`: another opening, of this process or another, has locked one of them.
///
/// An open file description lock (`fcntl_locking(2)`): unlike a process's lock, it isn't lost when
/// another descriptor of the file closes. Wants a file opened for writing ([`Errno::EBADF`]).
pub fn lock_bytes(file: BorrowedFd<'_>, bytes: Range<u32>) -> Result<bool, Errno> {
    // Narrow constants of the kernel's, in the type that `flock` has for them.
    let narrow = |constant: i32| i16::try_from(constant).expect("0 to 2");
    let range = libc::flock {
        l_type: narrow(libc::F_WRLCK),
        l_whence: narrow(libc::SEEK_SET),
        l_start: bytes.start.into(),
        l_len: bytes.len().try_into().map_err(|_| Errno::EINVAL)?,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&range)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Locks a directory for as long as the returned guard lives; the kernel unlocks when the process
/// ends, however (`flock(2)`). `None`: another process holds it, or it was removed before we had the
/// lock.
pub fn lock_dir(dir: &Path) -> io::Result<Option<Flock<File>>> {
    let opened = match File::open(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let inode = opened.metadata()?.ino();
    match Flock::lock(opened, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(fs::metadata(dir).is_ok_and(|now| now.ino() == inode).then_some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, error)) => Err(error.into()),
    }
}

/// Receives one message into `buffer`: its length (0: the other side is gone) and its descriptors,
/// which close on exec.
///
/// Fails with [`Errno::EMSGSIZE`] when the message or its descriptors did not fit: what came is
/// closed, so a peer can't fill our table.
pub fn receive_message(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> Result<(usize, Vec<OwnedFd>), Errno> {
    let mut control = nix::cmsg_space!([RawFd; MAX_FDS]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let mut parts = [IoSliceMut::new(buffer)];
    let received = loop {
        match recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags) {
            Err(Errno::EINTR) => {}
            other => break other?,
        }
    };
    let mut fds = Vec::new();
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(raw) = message {
            // SAFETY: the kernel has just made these descriptors for us, and nobody else knows
            // their numbers yet.
            fds.extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    if received.flags.intersects(MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC) {
        return Err(Errno::EMSGSIZE);
    }
    Ok((received.bytes, fds))
}

/// Takes over the calling process's standard input as an owned descriptor, and puts `/dev/null` in
/// its place.
pub fn take_stdin() -> io::Result<OwnedFd> {
    let taken = io::stdin().as_fd().try_clone_to_owned()?;
    let null = File::open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    Ok(taken)
}

/// Marks every descriptor from `first` on as close-on-exec (`close_range(2)`): nothing that this
/// process has open, known to us or not, reaches the next program.
pub fn close_on_exec_from(first: u32) -> Result<(), Errno> {
    // SAFETY: only the close-on-exec flag changes; no descriptor that somebody owns is closed
    // while the process image lives.
    checked(unsafe {
        libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC)
    })
    .map(drop)
}

/// Closes every descriptor from `first` on.
///
/// To be called before anything else, in a fresh image of a program: what is open then came from
/// whoever started it, and no value of ours owns it.
pub fn close_from(first: u32) -> Result<(), Errno> {
    // SAFETY: by the rule above no owner of a closed descriptor exists, so none is closed twice or
    // used when its number has come to mean another file.
    checked(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) }).map(drop)
}

/// Content in memory that nobody can change any more, whoever holds a descriptor of it: how
/// sources, programs and test inputs travel into sandboxes (`memfd_create(2)`, *File sealing*).
#[derive(Debug)]
pub struct SealedFile {
    fd: OwnedFd,
    len: u64,
    /// Whether each reader gets a copy of its own, since this one would tell of the others.
    tells: bool,
}

impl SealedFile {
    /// Copies `content`.
    pub fn of_bytes(content: &[u8]) -> io::Result<Self> {
        Self::of_reader(&mut &content[..], content.len() as u64)
    }

    /// Copies what `content` yields. Fails with [`io::ErrorKind::FileTooLarge`] above `max_len`
    /// bytes (inclusive bound), having read no more than one byte beyond.
    pub fn of_reader(content: &mut dyn io::Read, max_len: u64) -> io::Result<Self> {
        let mut file = UnsealedFile::new()?;
        let len = io::copy(&mut io::Read::take(content, max_len.saturating_add(1)), &mut file)?;
        if max_len < len {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        file.seal()
    }

    /// Copies what is left of `file`, without taking it through our memory. Fails as
    /// [`Self::of_reader`] does.
    pub fn of_file(file: &mut File, max_len: u64) -> io::Result<Self> {
        let mut copy = UnsealedFile::new()?;
        // Between files, `io::copy` leaves the copying to the kernel.
        let len = io::copy(&mut io::Read::take(file, max_len.saturating_add(1)), &mut copy.0)?;
        if max_len < len {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        copy.seal()
    }

    /// Copies the next `len` bytes of `file`, without taking them through our memory. Fails with
    /// [`io::ErrorKind::UnexpectedEof`] where there are fewer.
    pub fn of_part(file: &mut File, len: u64) -> io::Result<Self> {
        let mut copy = UnsealedFile::new()?;
        // Between files, `io::copy` leaves the copying to the kernel.
        if io::copy(&mut io::Read::take(file, len), &mut copy.0)? < len {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        copy.seal()
    }

    /// Shows all of it in memory, without reading it.
    ///
    /// Fails with `ENOMEM` where there are no addresses left for it.
    pub fn map(&self) -> io::Result<Mapping> {
        let len = usize::try_from(self.len).map_err(|_| Errno::ENOMEM)?;
        // SAFETY: seals against writing and shrinking are on it, for good (`fcntl(2)`,
        // *File Sealing*), and it had this length when they came.
        Ok(unsafe { Mapping::new(self.fd.as_fd(), len) }?)
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no byte in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A descriptor with an offset of its own, at the start, for reading only.
    pub fn reader(&self) -> io::Result<File> {
        if self.tells {
            return Self::of_reader(&mut self.open()?, self.len)?.open();
        }
        self.open()
    }

    fn open(&self) -> io::Result<File> {
        let path = format!("/proc/self/fd/{}", self.fd.as_raw_fd());
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        Ok(nix::fcntl::open(path.as_str(), flags, Mode::empty())?.into())
    }

    /// The whole content.
    pub fn read_all(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::with_capacity(usize::try_from(self.len).unwrap_or(0));
        io::Read::read_to_end(&mut self.reader()?, &mut content)?;
        Ok(content)
    }
}

/// For everybody: a program may open its input again as `/dev/stdin`, and may itself be the content.
const READ_AND_EXECUTE: Mode = Mode::from_bits_truncate(0o555);

/// A [`SealedFile`] in the making.
#[derive(Debug)]
pub struct UnsealedFile(File);

impl UnsealedFile {
    /// Empty.
    pub fn new() -> io::Result<Self> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        Ok(Self(memfd_create(c"judge", flags)?.into()))
    }

    /// Ends the writing, for everybody.
    pub fn seal(self) -> io::Result<SealedFile> {
        self.seal_with(&Protection::ALL)
    }

    /// As [`Self::seal`], without the protections `away`: to see what they are there for.
    #[cfg(feature = "missing-walls")]
    pub fn seal_without(self, away: &[Protection]) -> io::Result<SealedFile> {
        let kept = Protection::ALL.into_iter().filter(|it| !away.contains(it));
        self.seal_with(&kept.collect::<Vec<_>>())
    }

    fn seal_with(self, protections: &[Protection]) -> io::Result<SealedFile> {
        let len = self.0.metadata()?.len();
        let mut tells = false;
        for protection in protections {
            match protection.put_on(&self.0) {
                // Before Linux 6.0 a tmpfs knows no such flags.
                Err(Errno::ENOTTY | Errno::EOPNOTSUPP) if *protection == Protection::AccessTime => {
                    tells = true;
                }
                put_on => put_on?,
            }
        }
        Ok(SealedFile { fd: self.0.into(), len, tells })
    }
}

/// What keeps a [`SealedFile`] from telling one reader anything of another. Seals protect the bytes
/// only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// For everybody to be read, for nobody to be opened for writing: who may write a file may set
    /// its times and extended attributes (`utimensat(2)`, `xattr(7)`).
    Mode,
    /// Reading leaves no time of access (`FS_NOATIME_FL`, `FS_IOC_SETFLAGS(2const)`). This belongs to
    /// the file: a flag of the descriptor would not hold for one that is opened again. Where the
    /// kernel has no such thing, each reader gets a copy.
    AccessTime,
    /// No byte changes, and no seal goes (`F_ADD_SEALS`, `fcntl(2)`).
    Seals,
}

impl Protection {
    /// In the order in which they are put on: the last forbids further changes.
    const ALL: [Self; 3] = [Self::Mode, Self::AccessTime, Self::Seals];

    fn put_on(self, file: &File) -> Result<(), Errno> {
        match self {
            Self::Mode => fchmod(file, READ_AND_EXECUTE),
            Self::AccessTime => leave_no_access_time(file),
            Self::Seals => fcntl(file, FcntlArg::F_ADD_SEALS(SealFlag::all())).map(drop),
        }
    }
}

fn leave_no_access_time(file: &File) -> Result<(), Errno> {
    // The commands are named after a long, and the kernel reads an int (*NOTES* of the page above).
    nix::ioctl_write_ptr_bad!(set_flags, libc::FS_IOC_SETFLAGS, libc::c_int);
    /// `linux/fs.h`.
    const FS_NOATIME_FL: libc::c_int = 0x80;
    let flags = FS_NOATIME_FL;
    // SAFETY: the kernel reads one integer, which outlives the call.
    unsafe { set_flags(file.as_raw_fd(), &raw const flags) }.map(drop)
}

impl Write for UnsealedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_sealed_file_cannot_be_changed_through_any_descriptor() {
        let sealed = SealedFile::of_bytes(b"answer").unwrap();
        let path = format!("/proc/self/fd/{}", sealed.fd.as_raw_fd());
        let mut writer = fs::OpenOptions::new().write(true).open(&path).unwrap();
        assert_eq!(writer.write(b"x").unwrap_err().raw_os_error(), Some(libc::EPERM));
        assert_eq!(writer.set_len(0).unwrap_err().raw_os_error(), Some(libc::EPERM));
        assert_eq!(sealed.read_all().unwrap(), b"answer");
    }

    #[test]
    fn a_sealed_file_lets_nobody_write_its_times_or_attributes() {
        let sealed = SealedFile::of_bytes(b"input").unwrap();
        let mode = sealed.reader().unwrap().metadata().unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o222, 0);
    }

    #[test]
    fn a_sealed_file_does_not_tell_when_it_was_read() {
        let tells = |sealed: &SealedFile| {
            let long_ago = std::time::UNIX_EPOCH;
            let file = sealed.reader().unwrap();
            file.set_times(fs::FileTimes::new().set_accessed(long_ago)).unwrap();
            sealed.read_all().unwrap();
            file.metadata().unwrap().accessed().unwrap() != long_ago
        };
        assert!(!tells(&SealedFile::of_bytes(b"input").unwrap()));
        let mut file = UnsealedFile::new().unwrap();
        file.write_all(b"input").unwrap();
        let old_kernels = file.seal_with(&[]).unwrap();
        assert!(tells(&old_kernels), "so there is something to keep it from");
        assert!(!tells(&SealedFile { tells: true, ..old_kernels }), "each reader has its own");
    }

    #[test]
    fn a_sealed_file_can_be_seen_as_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer");
        for content in ["", "42\n", &"long ".repeat(5000)] {
            fs::write(&path, content).unwrap();
            let mut file = File::open(&path).unwrap();
            let sealed = SealedFile::of_file(&mut file, 25_000).unwrap();
            let mapping = sealed.map().unwrap();
            drop(sealed);
            assert_eq!(&*mapping, content.as_bytes());
        }
        let mut file = File::open(&path).unwrap();
        let error = SealedFile::of_file(&mut file, 24_999).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_file_can_be_sealed_part_by_part() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"onetwo").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        for part in [b"one", b"two"] {
            assert_eq!(SealedFile::of_part(&mut file, 3).unwrap().read_all().unwrap(), part);
        }
        let error = SealedFile::of_part(&mut file, 1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn each_reader_of_a_sealed_file_has_its_own_offset() {
        let sealed = SealedFile::of_bytes(b"abc").unwrap();
        let (mut one, mut two) = (sealed.reader().unwrap(), sealed.reader().unwrap());
        let mut byte = [0];
        one.read_exact(&mut byte).unwrap();
        two.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"a");
    }

    #[test]
    fn a_reader_longer_than_the_bound_is_refused() {
        assert!(SealedFile::of_reader(&mut &b"1234"[..], 4).is_ok());
        let error = SealedFile::of_reader(&mut &b"12345"[..], 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_message_arrives_whole_with_its_descriptors() {
        let (one, two) = message_pair().unwrap();
        let sealed = SealedFile::of_bytes(b"carried").unwrap();
        let reader = sealed.reader().unwrap();
        send_message(one.as_fd(), b"hello", &[reader.as_fd()]).unwrap();
        let mut buffer = [0; 16];
        let (len, fds) = receive_message(two.as_fd(), &mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"hello");
        let mut text = String::new();
        File::from(fds.into_iter().next().unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "carried");
    }

    #[test]
    fn a_message_that_does_not_fit_is_an_error_not_a_cut() {
        let (one, two) = message_pair().unwrap();
        send_message(one.as_fd(), b"longer than four", &[]).unwrap();
        assert_eq!(receive_message(two.as_fd(), &mut [0; 4]).unwrap_err(), Errno::EMSGSIZE);
    }

    #[test]
    fn a_locked_directory_keeps_a_second_holder_out_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock_dir(dir.path()).unwrap().expect("nobody else has it");
        assert!(lock_dir(dir.path()).unwrap().is_none());
        drop(held);
        assert!(lock_dir(dir.path()).unwrap().is_some());
        assert!(lock_dir(&dir.path().join("gone")).unwrap().is_none());
    }
}

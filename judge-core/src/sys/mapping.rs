//! Memory that shows a sealed file.

use std::num::NonZeroUsize;
use std::ops::Deref;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// The whole of a file, read-only. Made by [`super::fds::SealedFile::map`], and of sealed files only.
#[derive(Debug)]
pub struct Mapping {
    /// `None`: the file is empty, which can't be mapped.
    place: Option<(NonNull<libc::c_void>, NonZeroUsize)>,
}

impl Mapping {
    /// Maps the first `len` bytes of `file`.
    ///
    /// # Safety
    /// The file has that many bytes and nobody can change or shorten them, now or later.
    pub(super) unsafe fn new(file: BorrowedFd<'_>, len: usize) -> Result<Self, Errno> {
        let Some(len) = NonZeroUsize::new(len) else {
            return Ok(Self { place: None });
        };
        // SAFETY: at an address of the kernel's choice, so over nothing that is ours; what is shown
        // stays as it is by the caller's word.
        let start =
            unsafe { mmap(None, len, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, file, 0) }?;
        Ok(Self { place: Some((start, len)) })
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self.place {
            None => &[],
            // SAFETY: mapped so long until drop, for reading; never written by anybody.
            Some((start, len)) => unsafe {
                std::slice::from_raw_parts(start.as_ptr().cast(), len.get())
            },
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if let Some((start, len)) = self.place {
            // SAFETY: ours, whole, and no borrow of it is left. It can't fail for a whole mapping.
            let _ = unsafe { munmap(start, len.get()) };
        }
    }
}

// SAFETY: it is memory that nobody writes, owned by this value alone.
unsafe impl Send for Mapping {}
// SAFETY: as above; shared reads of bytes that don't change.
unsafe impl Sync for Mapping {}

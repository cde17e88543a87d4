//! Properties of everything that reads what others wrote, whatever the bytes are: none panics, and
//! each holds what its own documentation promises. One function a target; it panics on a find.

pub mod comparison;
pub mod init_protocol;
pub mod message;
pub mod package;

/// A target's name, as in `cargo fuzz run NAME`, and its property.
pub type Target = (&'static str, fn(&[u8]));

/// Each target.
pub const ALL: [Target; 4] = [
    ("comparison", comparison::holds),
    ("init_protocol", init_protocol::holds),
    ("message", message::holds),
    ("package", package::holds),
];

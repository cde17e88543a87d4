//! Packets between a supervisor and a slot's init.

use judge_core::sandbox::{Reader, understood};

/// The first byte says who reads the rest. What is understood is understood alike when it is written
/// down again: neither side sees more in a packet than the other meant.
pub fn holds(data: &[u8]) {
    let (reader, packet) = match data.split_first() {
        Some((b'i', packet)) => (Reader::Init, packet),
        Some((b'b', packet)) => (Reader::InitSetup, packet),
        Some((b's', packet)) => (Reader::Supervisor, packet),
        _ => return,
    };
    if let Ok(written) = understood(reader, packet) {
        let again = understood(reader, &written).expect("what was written can be read");
        assert_eq!(again, written, "{reader:?} reads something else the second time");
    }
}

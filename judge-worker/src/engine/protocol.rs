//! What front and engine say to each other: messages in frames on a private stream socket.
//!
//! A frame is the message's length in bytes (32 bits, big-endian), then the message as postcard.
//! The order of messages about one job is Judge, (Cancel), Stage…, Judged. Neither side believes a
//! length: memory is taken as bytes come, up to [`LONGEST_FRAME`].

use std::io::{self, Read};

use judge_core::judging::{AfterFailure, Judgement, LowerLimits, Occupancy, Stage};
use judge_core::sandbox::Loss;
use judge_core::sandbox::cgroup::Mode as CgroupMode;
use judge_core::sandbox::ids::MAX_SLOTS;
use judge_core::sandbox::selftest::Trial;
use judge_core::sys::shortage::Shortage;
use judge_core::toolchain::SourceFile;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::EngineSettings;

/// The longest message, in bytes, inclusive. The largest judgement has a thousand tests, each with
/// four excerpts of 4 KiB and a remark of its validator of at most 64 KiB.
pub const LONGEST_FRAME: usize = 128 << 20;

/// The most jobs that an engine has in hand: one for each slot and each submission read ahead.
pub const MOST_JOBS: usize = MAX_SLOTS as usize + 64;

/// Front to engine.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// First, and only once.
    Start(EngineSettings),
    /// Attack the walls, and look which languages there are; once at a time.
    TryWalls,
    /// Judge one submission; the answer is [`Event::Judged`] with this number.
    Judge(u64, Job),
    /// Withdraw a job; a no-op where it has been answered.
    Cancel(u64),
    /// Say how the slots are doing, and with it, that you are alive.
    Occupancy,
}

/// Engine to front.
#[derive(Debug, Serialize, Deserialize)]
pub enum Event {
    /// It can judge.
    Ready {
        /// What its sandboxes stand on.
        cgroup: CgroupMode,
        /// What they have to do without.
        losses: Vec<Loss>,
        /// The cores that no slot has, where slots have cores.
        rest: Vec<usize>,
    },
    /// It can't, and ends.
    NotReady {
        /// For the operator.
        why: String,
    },
    /// How each wall did, or why they could not be tried.
    Walls(Result<Vec<Trial>, String>),
    /// Where a job is.
    Stage(u64, Stage),
    /// A job is over. After an error, nothing is known about the submission.
    Judged(u64, Result<Box<Judgement>, JobError>),
    /// The slots.
    Occupancy(Occupancy),
}

/// One submission to be judged.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// Id of the problem.
    pub problem: String,
    /// Content hash of its package: the engine's must be the same.
    pub version: String,
    /// Id of the language, no alias.
    pub language: String,
    /// The program.
    pub sources: Vec<SourceFile>,
    /// Which tests.
    pub mode: JobMode,
    /// May lower the problem's limits, never raise them.
    pub limits: LowerLimits,
    /// Whether tests that can't change the verdict are run too.
    pub after_failure: AfterFailure,
    /// Whether free slots may run tests of it at the same time.
    pub parallel: bool,
}

/// Which tests a submission is run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobMode {
    /// All.
    Submit,
    /// The public ones.
    Sample,
    /// None, but this input of the user's own.
    Custom(String),
}

/// Why there is no judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobError {
    /// It was withdrawn.
    Cancelled,
    /// The host has run out of something; and in words for the operator, of what, doing what.
    Short(Shortage, String),
    /// Another failure of ours, in words for the operator.
    Failed(String),
}

/// A message as it goes over the socket. Fails with [`io::ErrorKind::FileTooLarge`] above
/// [`LONGEST_FRAME`].
pub fn frame<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut frame = postcard::to_extend(message, vec![0; PREFIX]).map_err(io::Error::other)?;
    let length = frame.len() - PREFIX;
    if LONGEST_FRAME < length {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let prefix = u32::try_from(length).map_err(io::Error::other)?.to_be_bytes();
    frame[..PREFIX].copy_from_slice(&prefix);
    Ok(frame)
}

/// Receives one message. `Ok(None)`: the other side is gone. After an error nothing that comes can
/// be understood.
pub async fn receive<T: DeserializeOwned>(
    socket: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<T>> {
    let mut prefix = Vec::with_capacity(PREFIX);
    (&mut *socket).take(PREFIX as u64).read_to_end(&mut prefix).await?;
    let Some(length) = announced(&prefix)? else { return Ok(None) };
    let mut message = Vec::new();
    socket.take(length).read_to_end(&mut message).await?;
    parse(&message, length).map(Some)
}

/// As [`receive`], on a thread that may wait.
pub fn receive_blocking<T: DeserializeOwned>(socket: &mut impl Read) -> io::Result<Option<T>> {
    let mut prefix = Vec::with_capacity(PREFIX);
    socket.by_ref().take(PREFIX as u64).read_to_end(&mut prefix)?;
    let Some(length) = announced(&prefix)? else { return Ok(None) };
    let mut message = Vec::new();
    socket.take(length).read_to_end(&mut message)?;
    parse(&message, length).map(Some)
}

const PREFIX: usize = size_of::<u32>();

fn announced(prefix: &[u8]) -> io::Result<Option<u64>> {
    if prefix.is_empty() {
        return Ok(None);
    }
    let prefix = prefix.try_into().map_err(|_| io::ErrorKind::UnexpectedEof)?;
    let length = u32::from_be_bytes(prefix);
    if LONGEST_FRAME < length as usize {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok(Some(length.into()))
}

fn parse<T: DeserializeOwned>(message: &[u8], announced: u64) -> io::Result<T> {
    if (message.len() as u64) < announced {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    match postcard::take_from_bytes(message) {
        Ok((parsed, [])) => Ok(parsed),
        Ok(_) => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "more than one message in a frame"))
        }
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> io::Result<Option<Request>> {
        receive_blocking(&mut &bytes[..])
    }

    #[test]
    fn a_message_arrives_as_it_was_sent_and_the_next_one_after_it() {
        let job = Job {
            problem: "p".into(),
            version: "v".into(),
            language: "c".into(),
            sources: vec![SourceFile { name: None, content: vec![0, 0xff, b'\n'] }],
            mode: JobMode::Custom("é".into()),
            limits: LowerLimits::default(),
            after_failure: AfterFailure::Stop,
            parallel: true,
        };
        let sent = [Request::Judge(7, job), Request::Cancel(u64::MAX)];
        let bytes: Vec<u8> = sent.iter().flat_map(|request| frame(request).unwrap()).collect();
        let mut rest = &bytes[..];
        for request in &sent {
            let came: Request = receive_blocking(&mut rest).unwrap().expect("a message");
            assert_eq!(format!("{came:?}"), format!("{request:?}"));
        }
        assert!(receive_blocking::<Request>(&mut rest).unwrap().is_none());
    }

    #[test]
    fn what_is_cut_off_too_long_or_followed_by_more_is_refused() {
        let whole = frame(&Request::Cancel(300)).unwrap();
        for cut in 1..whole.len() {
            let error = read(&whole[..cut]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut} bytes");
        }
        let error = read(&[0xff; 4]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let mut longer = whole;
        longer[3] += 1;
        longer.push(0);
        assert_eq!(read(&longer).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_message_over_the_bound_is_not_sent() {
        let event = Event::NotReady { why: "x".repeat(LONGEST_FRAME) };
        assert_eq!(frame(&event).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut framed = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
            framed.extend_from_slice(&bytes);
            drop(read(&framed));
            drop(receive_blocking::<Event>(&mut &framed[..]));
        }
    }
}

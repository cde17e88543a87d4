//! Syscall rules as reviewed data, compiled to one BPF program.
//!
//! A rule file sorts system calls into groups, each with an action and a reason:
//!
//! * `allow`
//! * `notice`: allowed, and the init is told that it was: for what leaves traces that the next run
//!   must not see, and that hardly any program does
//! * `{"errno": N}`: refused with that errno, for what runtimes probe for and can do without
//! * `forbid`: the run ends, and its outcome names the call
//!
//! A group lists calls by name (`syscalls`), or with conditions on their arguments (`rules`, in the
//! form of `seccompiler`). Of several that match a call, an errno goes before `forbid`, that before `notice`,
//! and that before `allow`; of two errnos, the one that stands first in the file. A call that nothing matches
//! gets `ENOSYS`, so that a C library that is newer than the file falls back instead of dying. A call
//! of a foreign ABI (i386, x32) kills the process: its numbers mean other calls.
//!
//! ```text
//! rule file ── rules ──▶ what is answered to each number ── program ──▶ a tree of ranges in BPF
//! ```
//!
//! All is one program, since the kernel walks it for every number when it is installed, to learn
//! which numbers it need not ask about again, and that is most of what installing costs. Calls that
//! are allowed whatever their arguments then cost nothing more (`kernel/seccomp.c`, since 5.11).
//!
//! A slot's init installs it once, and its programs inherit it: nothing is installed when one starts.
//! The few forbidden calls that the init itself makes it makes with a [`Pass`], which programs can't
//! know; should one ever, it would still lack the rights to mount or to leave a namespace.
//!
//! A forbidden call waits until the init has heard of it and ends the run. A signal with a handler
//! that comes before that has the call fail with `EINTR`: it is not made then, and not told of.
//!
//! Absent on purpose: conditions on what lies behind a pointer, which the program could change after
//! it was looked at.

mod program;
mod rules;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::str::FromStr;

use seccompiler::sock_filter;
use serde::{Deserialize, Serialize};
use syscalls::Sysno;

use crate::sys::pass::Pass;

/// A rule file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// Not of the form that this module describes.
    #[error("not a rule file")]
    Form(#[from] serde_json::Error),
    /// A group says nothing.
    #[error("the group {reason:?} has neither `syscalls` nor `rules`")]
    EmptyGroup {
        /// The group's reason.
        reason: String,
    },
    /// A call is listed twice without conditions, so that its action depends on the reader.
    #[error("{0} is listed twice")]
    Twice(String),
    /// No call of this architecture has the name.
    #[error("{0} is no system call that is known here")]
    Unknown(String),
    /// The kernel takes larger numbers for this one (`MAX_ERRNO`).
    #[error("the errno {0} is larger than 4095")]
    Errno(u16),
    /// A slot's init lives behind the same filter.
    #[error("{0} is refused, which a slot's init needs")]
    Needed(&'static str),
    /// A call can be both for one reason or another, and the init could not tell which it was.
    #[error("{0} is both noticed and forbidden")]
    NoticedAndForbidden(String),
    /// `seccompiler` refused the conditions.
    #[error("the conditions on {call} are wrong")]
    Conditions {
        /// On which call.
        call: String,
        /// Why.
        source: seccompiler::BackendError,
    },
    /// More instructions than the kernel takes ([`MAX_INSTRUCTIONS`]).
    #[error("the rules make {0} instructions, and {MAX_INSTRUCTIONS} are the most")]
    TooLong(usize),
}

/// The most instructions of one program, inclusive: what the kernel takes (`BPF_MAXINSNS`,
/// `linux/bpf_common.h`) less what [`Filter::with_pass`] adds.
pub const MAX_INSTRUCTIONS: usize = 4096 - program::PASS_INSTRUCTIONS;

/// A compiled rule file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    #[serde(with = "packed")]
    program: Vec<sock_filter>,
    noticed: BTreeSet<u32>,
    silent: bool,
}

impl Filter {
    /// Compiles the text of a rule file.
    pub fn compile(text: &str) -> Result<Self, FilterError> {
        Self::compile_for(text, &[])
    }

    /// As [`Self::compile`], for an init that makes the calls `needed`: rules that refuse one, whatever
    /// its arguments, are an error.
    pub fn compile_for(text: &str, needed: &[Sysno]) -> Result<Self, FilterError> {
        let answers = rules::parse(text)?;
        if let Some(call) = needed.iter().find(|call| !rules::allows_any(&answers, &[**call])) {
            return Err(FilterError::Needed(call.name()));
        }
        let noticed = rules::noticed(&answers)?;
        let silent = rules::allows_any(&answers, &MAKERS);
        let program = program::of(answers);
        match program.len() {
            0..=MAX_INSTRUCTIONS => Ok(Self { program, noticed, silent }),
            too_many => Err(FilterError::TooLong(too_many)),
        }
    }

    /// What the kernel is to run. To be installed with a listener, which is asked about forbidden
    /// and noticed calls; without one they get `ENOSYS` (`seccomp(2)`).
    pub fn program(&self) -> &[sock_filter] {
        &self.program
    }

    /// `program`, which may be this one with changes, for an init that makes the calls of `pass` with it.
    pub fn with_pass(program: &[sock_filter], pass: Pass) -> Vec<sock_filter> {
        program::with_pass(program, pass)
    }

    /// Whether a call that the listener is asked about may go on.
    pub fn is_noticed(&self, number: i64) -> bool {
        u32::try_from(number).is_ok_and(|number| self.noticed.contains(&number))
    }

    /// Whether something can be made in the ipc namespace without anybody being told.
    pub fn is_silent(&self) -> bool {
        self.silent
    }
}

/// The calls that make something in an ipc namespace (`ipc_namespaces(7)`).
const MAKERS: [Sysno; 4] = [Sysno::shmget, Sysno::semget, Sysno::msgget, Sysno::mq_open];

/// The name of a call, as in `syscalls(2)`.
pub fn name_of(number: i64) -> String {
    let known = usize::try_from(number).ok().and_then(Sysno::new);
    known.map_or_else(|| format!("call {number}"), |call| call.name().to_owned())
}

/// The same name, if it is that of a system call: one that is part of the binary, and so can't hold
/// anything of a run.
pub fn known_name(name: &str) -> Option<&'static str> {
    Sysno::from_str(name).ok().map(|call| call.name())
}

/// Instructions on their way to the init: `code << 48 | jt << 40 | jf << 32 | k`.
mod packed {
    use seccompiler::sock_filter;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(program: &[sock_filter], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(program.iter().map(|i| {
            u64::from(i.code) << 48 | u64::from(i.jt) << 40 | u64::from(i.jf) << 32 | u64::from(i.k)
        }))
    }

    #[expect(clippy::cast_possible_truncation, reason = "each field is cut out of its place")]
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<sock_filter>, D::Error> {
        let unpack = |i: u64| sock_filter {
            code: (i >> 48) as u16,
            jt: (i >> 40) as u8,
            jf: (i >> 32) as u8,
            k: i as u32,
        };
        Ok(Vec::deserialize(from)?.into_iter().map(unpack).collect())
    }
}

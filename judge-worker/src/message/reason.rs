//! Why a verdict is not `AC`: which mechanism fired, and what was measured against which limit.
//!
//! A [`Reason`] is shown for hidden tests too. So it is made of a mechanism, numbers and names that
//! are compiled into the worker, and writes its text itself: no test data can get into it.

use std::{borrow::Cow, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::{
    mechanism::{JudgingFault, Mechanism, Subject, Unit},
    reject::RejectedMessage,
};

/// Why one test, or the compiler, did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    mechanism: Mechanism,
    subject: Subject,
    measured: Option<u64>,
    limit: Option<u64>,
    unit: Option<Unit>,
    text: Text,
}

/// How the text is written. It has nowhere to keep a string that was made at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Used,
    Named(Option<&'static str>),
    Fixed(&'static str),
}

impl Reason {
    /// The CPU time limit.
    pub fn cpu_time(measured: Duration, limit: Duration) -> Self {
        Self::time(Mechanism::CpuTime, measured, limit)
    }

    /// The wall time limit.
    pub fn wall_time(measured: Duration, limit: Duration) -> Self {
        Self::time(Mechanism::WallTime, measured, limit)
    }

    /// The memory limit. What was measured may equal it: the kernel stops at the limit.
    pub fn memory_bytes(measured: u64, limit: u64) -> Self {
        Self::size(Mechanism::Memory, measured, limit)
    }

    /// The output limit.
    pub fn output_bytes(measured: u64, limit: u64) -> Self {
        Self::size(Mechanism::Output, measured, limit)
    }

    /// The limit for the size of one file; how large the file would have become is not known.
    pub fn file_size_bytes(limit: u64) -> Self {
        Self { measured: None, ..Self::size(Mechanism::FileSize, 0, limit) }
    }

    /// The limit of processes and threads.
    pub fn processes(measured: u64, limit: u64) -> Self {
        let numbers = (Some(measured), Some(limit), Some(Unit::Processes));
        Self::new(Mechanism::Processes, numbers, Text::Used)
    }

    /// An exit code other than 0.
    pub fn exit_code(code: i32) -> Self {
        let numbers = (Some(u64::from(code.unsigned_abs())), None, Some(Unit::ExitCode));
        Self::new(Mechanism::ExitCode, numbers, Text::Named(None))
    }

    /// A signal, and its name if the worker knows one, such as `SIGSEGV`.
    pub fn signal(number: i32, name: Option<&'static str>) -> Self {
        let numbers = (Some(u64::from(number.unsigned_abs())), None, Some(Unit::Signal));
        Self::new(Mechanism::Signal, numbers, Text::Named(name))
    }

    /// A forbidden system call, where it could be told which, and its name if the worker knows it.
    pub fn seccomp(number: Option<u32>, name: Option<&'static str>) -> Self {
        let numbers = (number.map(u64::from), None, number.map(|_| Unit::Syscall));
        Self::new(Mechanism::Seccomp, numbers, Text::Named(name))
    }

    /// The default output validator found a difference. Not where: with many submissions, the
    /// place alone would spell out a hidden answer.
    pub fn comparison() -> Self {
        Self::fixed(Mechanism::Comparison, "the output is not the expected one")
    }

    /// The problem's output validator refused the output.
    pub fn refused_by_validator() -> Self {
        Self::fixed(Mechanism::Validator, "the output validator refused the output")
    }

    /// The compiler ended with this exit code.
    pub fn compile_error(exit_code: i32) -> Self {
        Self { mechanism: Mechanism::Compiler, ..Self::exit_code(exit_code) }.by(Subject::Compiler)
    }

    /// Judging failed.
    pub fn judging(fault: JudgingFault) -> Self {
        let text = match fault {
            JudgingFault::Sandbox => "judging failed: the sandbox could not run the program",
            JudgingFault::Validator => "judging failed: the output validator is broken",
            JudgingFault::Problem => "judging failed: the problem is broken",
            JudgingFault::Toolchain => "judging failed: the toolchain is missing or broken",
            JudgingFault::TooLong => "judging failed: it took longer than any submission may",
            JudgingFault::Internal => "judging failed: an error of the judge",
        };
        Self::fixed(Mechanism::Judging, text).by(Subject::Judge)
    }

    /// Someone cancelled the submission.
    pub fn cancelled() -> Self {
        Self::fixed(Mechanism::Cancel, "the submission was cancelled").by(Subject::Judge)
    }

    /// The same of another run than the program's.
    #[must_use]
    pub fn by(self, subject: Subject) -> Self {
        Self { subject, ..self }
    }

    /// What fired.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// One sentence without a full stop.
    pub fn text(&self) -> String {
        let who = match self.subject {
            Subject::Program => "the program",
            Subject::Compiler => "the compiler",
            Subject::Validator => "the output validator",
            Subject::Judge => "the judge",
        };
        let (measured, limit) = (self.measured.unwrap_or(0), self.limit.unwrap_or(0));
        match (self.text, self.mechanism) {
            (Text::Fixed(text), _) => text.to_owned(),
            (Text::Used, Mechanism::CpuTime) => {
                format!("{who} used {measured} ms of CPU time, the limit is {limit} ms")
            }
            (Text::Used, Mechanism::WallTime) => {
                format!("{who} ran for {measured} ms, the limit is {limit} ms")
            }
            (Text::Used, Mechanism::Memory) => {
                format!("{who} used {measured} KiB of memory, the limit is {limit} KiB")
            }
            (Text::Used, Mechanism::Output) => {
                format!("{who} wrote {measured} KiB of output, the limit is {limit} KiB")
            }
            (Text::Used, Mechanism::FileSize) => {
                format!("{who} wrote a file of more than {limit} KiB, which is the limit")
            }
            (Text::Used, _) => {
                format!("{who} had {measured} processes and threads, the limit is {limit}")
            }
            (Text::Named(Some(name)), Mechanism::Signal) => {
                format!("{who} was killed by signal {measured} ({name})")
            }
            (Text::Named(None), Mechanism::Signal) => {
                format!("{who} was killed by signal {measured}")
            }
            (Text::Named(name), Mechanism::Seccomp) => match (name, self.measured) {
                (Some(name), _) => format!("{who} made the forbidden system call {name}"),
                (None, Some(number)) => format!("{who} made the forbidden system call {number}"),
                (None, None) => format!("{who} made a forbidden system call"),
            },
            (Text::Named(_), _) => format!("{who} ended with exit code {measured}"),
        }
    }

    fn time(mechanism: Mechanism, measured: Duration, limit: Duration) -> Self {
        let measured = u64::try_from(measured.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        Self::new(mechanism, (Some(measured), Some(limit), Some(Unit::Milliseconds)), Text::Used)
    }

    fn size(mechanism: Mechanism, measured: u64, limit: u64) -> Self {
        let numbers = (Some(measured.div_ceil(1024)), Some(limit / 1024), Some(Unit::Kibibytes));
        Self::new(mechanism, numbers, Text::Used)
    }

    fn fixed(mechanism: Mechanism, text: &'static str) -> Self {
        Self::new(mechanism, (None, None, None), Text::Fixed(text))
    }

    fn new(
        mechanism: Mechanism,
        (measured, limit, unit): (Option<u64>, Option<u64>, Option<Unit>),
        text: Text,
    ) -> Self {
        Self { mechanism, subject: Subject::Program, measured, limit, unit, text }
    }
}

/// Why the submission as a whole is not accepted: the reason of the test or the phase that decided,
/// or what is wrong with the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverallReason(Overall);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Overall {
    Judged(Reason),
    /// With the detail of a [`RejectedMessage`], bounded there.
    Refused(String),
}

impl From<Reason> for OverallReason {
    fn from(reason: Reason) -> Self {
        Self(Overall::Judged(reason))
    }
}

impl From<&RejectedMessage> for OverallReason {
    fn from(rejected: &RejectedMessage) -> Self {
        Self(Overall::Refused(rejected.detail().to_owned()))
    }
}

/// Both kinds of reason on the wire.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reason")]
struct Wire<'a> {
    /// What fired.
    mechanism: Mechanism,
    /// Whose run it was.
    subject: Subject,
    /// What was measured, in `unit`.
    measured: Option<u64>,
    /// The limit, in `unit`.
    limit: Option<u64>,
    /// What the numbers count.
    unit: Option<Unit>,
    /// One sentence for people.
    text: Cow<'a, str>,
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { mechanism, subject, measured, limit, unit, .. } = *self;
        let text = self.text().into();
        Wire { mechanism, subject, measured, limit, unit, text }.serialize(serializer)
    }
}

impl Serialize for OverallReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Overall::Judged(reason) => reason.serialize(serializer),
            Overall::Refused(detail) => Wire {
                mechanism: Mechanism::Message,
                subject: Subject::Judge,
                measured: None,
                limit: None,
                unit: None,
                text: detail.into(),
            }
            .serialize(serializer),
        }
    }
}

impl JsonSchema for Reason {
    fn schema_name() -> Cow<'static, str> {
        Wire::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Wire::json_schema(generator)
    }
}

impl JsonSchema for OverallReason {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OverallReason".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Reason>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_just_over_the_limit_does_not_look_equal_to_it() {
        let limit = Duration::from_secs(1);
        let reason = Reason::cpu_time(limit + Duration::from_nanos(1), limit);
        assert_eq!(reason.text(), "the program used 1001 ms of CPU time, the limit is 1000 ms");
    }

    #[test]
    fn a_reason_names_whose_run_it_was() {
        let reason = Reason::memory_bytes(2048, 2048).by(Subject::Compiler);
        assert_eq!(reason.text(), "the compiler used 2 KiB of memory, the limit is 2 KiB");
        assert_eq!(Reason::compile_error(1).text(), "the compiler ended with exit code 1");
    }

    #[test]
    fn names_are_given_where_they_are_known() {
        let texts = [
            Reason::signal(11, Some("SIGSEGV")),
            Reason::signal(64, None),
            Reason::seccomp(Some(101), Some("ptrace")),
            Reason::seccomp(Some(999), None),
            Reason::seccomp(None, None),
            Reason::exit_code(3),
            Reason::file_size_bytes(1 << 20),
            Reason::processes(65, 64),
        ]
        .map(|reason| reason.text());
        assert_eq!(
            texts,
            [
                "the program was killed by signal 11 (SIGSEGV)",
                "the program was killed by signal 64",
                "the program made the forbidden system call ptrace",
                "the program made the forbidden system call 999",
                "the program made a forbidden system call",
                "the program ended with exit code 3",
                "the program wrote a file of more than 1024 KiB, which is the limit",
                "the program had 65 processes and threads, the limit is 64",
            ]
        );
    }

    #[test]
    fn a_reason_has_every_key_whatever_is_known() {
        let json = serde_json::to_string(&Reason::comparison()).unwrap();
        assert_eq!(
            json,
            r#"{"mechanism":"comparison","subject":"program","measured":null,"limit":null,"unit":null,"text":"the output is not the expected one"}"#
        );
    }
}

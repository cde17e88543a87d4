//! The closed sets that label values come from.
//!
//! Every set is an enum, so a label cannot hold an id, a name or a message. A set that names what
//! arrives from outside as text has `Other`, and `From<&str>` maps what it does not know there.

use std::collections::BTreeSet;

/// The label value of everything outside its set.
pub const OTHER: &str = "other";

/// A closed set of label values: `ALL` lists them, `as_str` gives the text.
macro_rules! label_set {
    (
        $(#[$set_doc:meta])*
        $set:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }
        $(else $(#[$other_doc:meta])* $other:ident)?
    ) => {
        $(#[$set_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $set {
            $($(#[$doc])* $variant,)+
            $($(#[$other_doc])* $other,)?
        }

        impl $set {
            /// Every value of the set, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+ $(Self::$other,)?];

            /// The label value.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                    $(Self::$other => OTHER,)?
                }
            }
        }

        $(
            impl From<&str> for $set {
                fn from(text: &str) -> Self {
                    Self::ALL.iter().copied().find(|known| known.as_str() == text)
                        .unwrap_or(Self::$other)
                }
            }
        )?
    };
}

label_set! {
    /// A part of judging one submission.
    Phase {
        /// Getting the problem package ready on this host.
        Fetch = "fetch",
        /// Compiling the source, or finding it compiled.
        Compile = "compile",
        /// All runs of the program.
        Run = "run",
        /// All comparisons of its output, checkers included.
        Check = "check",
        /// The history transaction.
        Store = "store",
        /// From publishing the verdict to the broker's confirm.
        Publish = "publish",
    }
}

label_set! {
    /// A verdict code of the wire format.
    VerdictLabel {
        /// Accepted.
        Ac = "AC",
        /// Wrong answer.
        Wa = "WA",
        /// CPU time limit exceeded.
        Tle = "TLE",
        /// Wall time limit exceeded.
        Wtl = "WTL",
        /// Memory limit exceeded.
        Mle = "MLE",
        /// Output limit exceeded.
        Ole = "OLE",
        /// Run-time error.
        Rte = "RTE",
        /// Security violation.
        Sv = "SV",
        /// Compile error.
        Ce = "CE",
        /// Compiling exceeded its limits.
        Ctl = "CTL",
        /// Judging error: never the user's fault.
        Je = "JE",
        /// Cancelled before it was judged.
        Cancelled = "CANCELLED",
    } else
    /// A code this table does not know.
    Other
}

label_set! {
    /// What a submission asks to be run on.
    ModeLabel {
        /// All tests.
        Submit = "submit",
        /// The public tests.
        Sample = "sample",
        /// The user's own input.
        Custom = "custom",
    } else
    /// Unknown, as in a message that could not be read.
    Other
}

label_set! {
    /// How a delivery from the broker was settled.
    DeliveryOutcome {
        /// Judged, stored, its verdict confirmed, and acked.
        Acked = "acked",
        /// Acked because the same request had been judged before.
        Duplicate = "duplicate",
        /// Sent to the retry queue after a failure of ours.
        Retried = "retried",
        /// Given back to its queue, for another worker.
        Requeued = "requeued",
        /// Sent to the dead-letter queue.
        DeadLettered = "dead_lettered",
        /// The connection went before it could be settled; the broker delivers it again.
        Lost = "lost",
    }
}

label_set! {
    /// Why a message went to the dead-letter queue (`x-judge-reason`).
    DeadReason {
        /// Not JSON, or not UTF-8.
        NotJson = "not_json",
        /// JSON that breaks the submission schema.
        Schema = "schema",
        /// The message or its source exceeds a size limit.
        TooLarge = "too_large",
        /// No such problem here.
        UnknownProblem = "unknown_problem",
        /// No such language, or its toolchain is missing.
        UnknownLanguage = "unknown_language",
        /// The source is not what a program may be.
        BadSource = "bad_source",
        /// The request id is known with other content.
        Conflict = "conflict",
        /// It makes the worker fail in a way that no retry mends.
        Poison = "poison",
        /// Delivered more often than `x-delivery-limit` allows.
        DeliveryLimit = "delivery_limit",
        /// Every retry failed.
        RetriesExhausted = "retries_exhausted",
    } else
    /// Any other reason.
    Other
}

label_set! {
    /// What made the sandbox end a run.
    Mechanism {
        /// The CPU clock.
        CpuTime = "cpu_time",
        /// The wall clock.
        WallTime = "wall_time",
        /// The memory limit of the cgroup.
        Memory = "memory",
        /// The count of bytes written.
        Output = "output",
        /// The system call filter.
        Seccomp = "seccomp",
        /// Whoever read the output needed no more of it.
        Sink = "sink",
        /// The submission was cancelled, or the worker is going down.
        Cancel = "cancel",
    } else
    /// Any other mechanism.
    Other
}

label_set! {
    /// Why a run was made again.
    RerunCause {
        /// The host was noisy during the run.
        Noise = "noise",
        /// The time used was too near the limit to be trusted once.
        NearLimit = "near_limit",
        /// The sandbox failed, so there were no facts.
        SandboxFault = "sandbox_fault",
    } else
    /// Any other cause.
    Other
}

label_set! {
    /// What is kept to save work.
    Cache {
        /// Compiled submissions.
        Compile = "compile",
        /// Compiled checkers and other parts of a problem.
        Checker = "checker",
        /// Problem packages.
        Problem = "problem",
    }
}

label_set! {
    /// What asking a cache gave.
    CacheResult {
        /// It was there.
        Hit = "hit",
        /// It had to be made.
        Miss = "miss",
    }
}

label_set! {
    /// What a slot is doing.
    SlotState {
        /// Judging.
        Busy = "busy",
        /// Waiting for work.
        Idle = "idle",
        /// Thrown away after it failed, and not built again yet.
        Broken = "broken",
    }
}

label_set! {
    /// Which cgroup hierarchies the sandbox uses.
    CgroupLabel {
        /// The unified hierarchy alone.
        V2 = "v2",
        /// The legacy hierarchies alone.
        V1 = "v1",
        /// Legacy controllers beside a unified tree.
        Hybrid = "hybrid",
        /// None: limits are weaker, and every verdict says so.
        None = "none",
    }
}

label_set! {
    /// A measure of what else the host is doing.
    NoiseSource {
        /// CPU time the hypervisor gave to others.
        Steal = "steal",
        /// Time in which some task waited for a CPU.
        PsiCpu = "psi_cpu",
    }
}

/// The language ids that may be labels, fixed when the worker starts.
#[derive(Debug, Clone)]
pub struct Languages(BTreeSet<Box<str>>);

impl Languages {
    /// The label for `id`: itself if it is in the set, [`OTHER`] if not.
    pub fn label(&self, id: &str) -> &str {
        self.0.get(id).map_or(OTHER, |known| known)
    }

    /// The ids of the set, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|id| &**id)
    }
}

impl<S: Into<Box<str>>> FromIterator<S> for Languages {
    fn from_iter<I: IntoIterator<Item = S>>(ids: I) -> Self {
        Self(ids.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{DeadReason, Languages, VerdictLabel};
    use proptest::prelude::*;

    #[test]
    fn a_text_outside_its_set_becomes_other() {
        assert_eq!(DeadReason::from("not_json"), DeadReason::NotJson);
        assert_eq!(DeadReason::from("user 17 sent nonsense"), DeadReason::Other);
        assert_eq!(DeadReason::Other.as_str(), "other");
    }

    #[test]
    fn every_verdict_is_found_by_its_code() {
        for verdict in VerdictLabel::ALL {
            assert_eq!(VerdictLabel::from(verdict.as_str()), *verdict);
        }
    }

    proptest! {
        #[test]
        fn a_language_label_is_in_the_set_or_other(id in ".{0,12}") {
            let languages: Languages = ["c", "java"].into_iter().collect();
            prop_assert!(["c", "java", "other"].contains(&languages.label(&id)));
        }
    }
}

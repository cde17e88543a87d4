//! The arguments of the default output validator.

use super::number;

/// How outputs are compared; the default is token by token, ignoring case and amount of whitespace.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ComparisonFlags {
    /// Tokens must be the same byte for byte; otherwise ASCII letters match in either case.
    pub case_sensitive: bool,
    /// Whitespace must be the same byte for byte, at both ends too.
    pub space_change_sensitive: bool,
    /// Largest absolute error of a number, inclusive; finite and not negative.
    pub float_absolute_tolerance: Option<f64>,
    /// Largest error relative to the answer's number, inclusive; finite and not negative.
    pub float_relative_tolerance: Option<f64>,
}

/// The arguments say nothing that the default validator knows: the problem setter's mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// None of the five flags.
    #[error("the default output validator has no flag {0:?}")]
    Unknown(String),
    /// A tolerance is the last argument.
    #[error("{0} needs a number after it")]
    NoTolerance(&'static str),
    /// A tolerance is no number of the format's grammar, or is negative.
    #[error("{flag} needs a decimal number of at least 0 after it, not {value:?}")]
    BadTolerance {
        /// Which flag.
        flag: &'static str,
        /// What follows it.
        value: String,
    },
    /// See [`ComparisonFlags::parse`].
    #[error("{0} sets a tolerance that is set already")]
    Repeated(&'static str),
}

impl ComparisonFlags {
    /// Reads arguments by the format 2025-09, where no tolerance may be set twice.
    pub fn parse<S: AsRef<str>>(args: &[S]) -> Result<Self, FlagError> {
        Self::read(args, false)
    }

    /// Reads arguments by the legacy format. There the flags of a group follow those of the
    /// problem, so that a later tolerance stands in for an earlier one.
    pub fn parse_legacy<S: AsRef<str>>(args: &[S]) -> Result<Self, FlagError> {
        Self::read(args, true)
    }

    fn read<S: AsRef<str>>(args: &[S], may_repeat: bool) -> Result<Self, FlagError> {
        let mut flags = Self::default();
        let mut args = args.iter().map(AsRef::as_ref);
        while let Some(arg) = args.next() {
            let (flag, absolute, relative) = match arg {
                "case_sensitive" => {
                    flags.case_sensitive = true;
                    continue;
                }
                "space_change_sensitive" => {
                    flags.space_change_sensitive = true;
                    continue;
                }
                "float_absolute_tolerance" => ("float_absolute_tolerance", true, false),
                "float_relative_tolerance" => ("float_relative_tolerance", false, true),
                "float_tolerance" => ("float_tolerance", true, true),
                unknown => return Err(FlagError::Unknown(unknown.to_owned())),
            };
            let value = args.next().ok_or(FlagError::NoTolerance(flag))?;
            let tolerance = number::parse(value.as_bytes()).filter(|t| *t >= 0.0);
            let tolerance = tolerance
                .ok_or_else(|| FlagError::BadTolerance { flag, value: value.to_owned() })?;
            let again = absolute && flags.float_absolute_tolerance.is_some()
                || relative && flags.float_relative_tolerance.is_some();
            if again && !may_repeat {
                return Err(FlagError::Repeated(flag));
            }
            if absolute {
                flags.float_absolute_tolerance = Some(tolerance);
            }
            if relative {
                flags.float_relative_tolerance = Some(tolerance);
            }
        }
        Ok(flags)
    }

    pub(super) fn compares_numbers(&self) -> bool {
        self.float_absolute_tolerance.is_some() || self.float_relative_tolerance.is_some()
    }

    /// Either tolerance suffices where both are set.
    pub(super) fn tolerates(&self, answer: f64, output: f64) -> bool {
        let error = (answer - output).abs();
        self.float_absolute_tolerance.is_some_and(|most| error <= most)
            || self.float_relative_tolerance.is_some_and(|most| error <= most * answer.abs())
    }
}

//! What a rule file says of each system call.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
use serde::Deserialize;
use syscalls::Sysno;

use super::FilterError;

/// `errno(3)`: no such call.
const ENOSYS: u16 = 38;

/// What is done with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Allow,
    /// Allowed, and the init is told first.
    Notice,
    Errno(u16),
    Forbid,
}

impl Action {
    /// What nothing matches.
    pub const DEFAULT: Self = Self::Errno(ENOSYS);

    /// Of several actions that match a call, the one with the lowest goes first.
    fn precedence(self) -> u8 {
        match self {
            Self::Errno(_) => 0,
            Self::Forbid => 1,
            Self::Notice => 2,
            Self::Allow => 3,
        }
    }
}

/// What is done with the calls of one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// In order: the first whose conditions match counts.
    pub checks: Vec<(SeccompRule, Action)>,
    /// Where none does.
    pub otherwise: Action,
}

impl Answer {
    /// All that it can be.
    fn actions(&self) -> impl Iterator<Item = Action> {
        self.checks.iter().map(|(_, action)| *action).chain([self.otherwise])
    }
}

/// The numbers of the calls that the init is told of and lets go on.
pub fn noticed(answers: &BTreeMap<u32, Answer>) -> Result<BTreeSet<u32>, FilterError> {
    let is = |wanted: Action| {
        move |(_, answer): &(&u32, &Answer)| answer.actions().any(|it| it == wanted)
    };
    // The init knows a call by its number only.
    if let Some((&number, _)) = answers.iter().filter(is(Action::Notice)).find(is(Action::Forbid)) {
        return Err(FilterError::NoticedAndForbidden(super::name_of(number.into())));
    }
    Ok(answers.iter().filter(is(Action::Notice)).map(|(&number, _)| number).collect())
}

/// Whether one of `calls` may be let through without a word.
pub fn allows_any(answers: &BTreeMap<u32, Answer>, calls: &[Sysno]) -> bool {
    let answers = calls.iter().filter_map(|call| answers.get(&call.id().cast_unsigned()));
    answers.flat_map(Answer::actions).any(|action| action == Action::Allow)
}

/// Reads and checks a rule file. What is in no group is not in the answer either.
pub fn parse(text: &str) -> Result<BTreeMap<u32, Answer>, FilterError> {
    let RuleFile { groups, .. } = serde_json::from_str(text)?;
    let mut listed = BTreeSet::new();
    let mut by_number: BTreeMap<u32, Vec<(Option<SeccompRule>, Action)>> = BTreeMap::new();
    for Group { action, reason, syscalls, rules, .. } in groups {
        if syscalls.is_empty() && rules.is_empty() {
            return Err(FilterError::EmptyGroup { reason });
        }
        if let Action::Errno(errno @ 4096..) = action {
            return Err(FilterError::Errno(errno));
        }
        for name in syscalls {
            by_number.entry(number_of(&name)?).or_default().push((None, action));
            if let Some(twice) = listed.replace(name) {
                return Err(FilterError::Twice(twice));
            }
        }
        for rule in rules {
            let number = number_of(&rule.syscall)?;
            by_number.entry(number).or_default().push((Some(rule.compile()?), action));
        }
    }
    Ok(by_number.into_iter().map(|(number, rules)| (number, in_order(rules))).collect())
}

fn number_of(name: &str) -> Result<u32, FilterError> {
    let call = Sysno::from_str(name).map_err(|()| FilterError::Unknown(name.to_owned()))?;
    Ok(call.id().cast_unsigned())
}

fn in_order(mut rules: Vec<(Option<SeccompRule>, Action)>) -> Answer {
    // Stable: equals stay in the order of the file.
    rules.sort_by_key(|(_, action)| action.precedence());
    let mut checks = Vec::new();
    for (conditions, action) in rules {
        match conditions {
            Some(conditions) => checks.push((conditions, action)),
            None => return Answer { checks, otherwise: action },
        }
    }
    Answer { checks, otherwise: Action::DEFAULT }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[expect(dead_code, reason = "for the reader of the file")]
    description: String,
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    action: Action,
    #[expect(dead_code, reason = "names the number in `action` for the reader of the file")]
    errno_name: Option<String>,
    reason: String,
    #[serde(default)]
    syscalls: Vec<String>,
    #[serde(default)]
    rules: Vec<Rule>,
}

/// A call and what all must be true of its arguments; the form is `seccompiler`'s.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    syscall: String,
    args: Vec<Condition>,
    #[expect(dead_code, reason = "for the reader of the file")]
    comment: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    /// Of the argument, from 0 to 5.
    index: u8,
    /// How much of it is looked at: the kernel ignores the upper half of most.
    r#type: SeccompCmpArgLen,
    op: SeccompCmpOp,
    val: u64,
    #[expect(dead_code, reason = "names the number for the reader of the file")]
    comment: Option<String>,
}

impl Rule {
    fn compile(self) -> Result<SeccompRule, FilterError> {
        let Self { syscall: call, args, .. } = self;
        let conditions = args
            .into_iter()
            .map(|condition| {
                let Condition { index, r#type, op, val, .. } = condition;
                SeccompCondition::new(index, r#type, op, val)
            })
            .collect::<Result<Vec<_>, _>>();
        conditions
            .and_then(SeccompRule::new)
            .map_err(|source| FilterError::Conditions { call, source })
    }
}

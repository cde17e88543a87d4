//! A rule file as the tests read it, on their own: which of its groups decides about a call, and
//! calls that find it out for each of its rules.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use syscalls::Sysno;

/// A system call to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    pub number: u32,
    pub args: [u64; 6],
}

impl Call {
    /// With arguments that are an error, harmless, or both: no descriptor, address, process or set
    /// of flags is -1. Where the kernel itself would say `ENOSYS` to them, or make something that
    /// stays, others.
    pub fn harmless(number: u32) -> Self {
        const NONE: u64 = u64::MAX;
        let args = match usize::try_from(number).ok().and_then(Sysno::new) {
            // FUTEX_WAKE
            Some(Sysno::futex) => [NONE, 1, NONE, NONE, NONE, NONE],
            // A child that sends SIGCHLD.
            Some(Sysno::clone) => [17, 0, 0, 0, 0, 0],
            // No message queue is made.
            Some(Sysno::msgget) => [NONE, 0, 0, 0, 0, 0],
            // Reads nothing.
            Some(Sysno::modify_ldt) => [0; 6],
            _ => [NONE; 6],
        };
        Self { number, args }
    }

    pub fn named(name: &str) -> Self {
        Self::harmless(number_of(name))
    }

    fn name(&self) -> Option<&'static str> {
        usize::try_from(self.number).ok().and_then(Sysno::new).map(|call| call.name())
    }
}

pub fn number_of(name: &str) -> u32 {
    let call = Sysno::from_str(name).unwrap_or_else(|()| panic!("no call {name}"));
    call.id().cast_unsigned()
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    pub description: String,
    pub groups: Vec<Group>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub action: Action,
    #[serde(skip_serializing)]
    #[expect(dead_code, reason = "checked to be text, where it is there")]
    errno_name: Option<String>,
    pub reason: String,
    #[serde(default)]
    pub syscalls: Vec<String>,
    #[serde(default)]
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Allow,
    Notice,
    Errno(i64),
    Forbid,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub syscall: String,
    pub args: Vec<Condition>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub index: usize,
    pub r#type: Width,
    pub op: Op,
    pub val: u64,
    #[serde(skip_serializing)]
    #[expect(dead_code, reason = "checked to be text, where it is there")]
    comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Width {
    Dword,
    Qword,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    MaskedEq(u64),
}

impl Rule {
    fn holds(&self, call: &Call) -> bool {
        call.name() == Some(&self.syscall)
            && self.args.iter().all(|condition| condition.holds(&call.args))
    }
}

impl Condition {
    fn holds(&self, args: &[u64; 6]) -> bool {
        let mask = if self.r#type == Width::Qword { u64::MAX } else { u32::MAX.into() };
        let (arg, val) = (args[self.index] & mask, self.val & mask);
        match self.op {
            Op::Eq => arg == val,
            Op::Ne => arg != val,
            Op::Lt => arg < val,
            Op::Le => arg <= val,
            Op::Gt => arg > val,
            Op::Ge => arg >= val,
            Op::MaskedEq(bits) => arg & bits == val & bits,
        }
    }
}

impl Group {
    /// Of calls without conditions.
    pub fn of_names(action: Action, syscalls: Vec<String>) -> Self {
        let reason = "a test's".into();
        Self { action, errno_name: None, reason, syscalls, rules: vec![] }
    }

    /// Names of its calls, with and without conditions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let conditional = self.rules.iter().map(|rule| rule.syscall.as_str());
        self.syscalls.iter().map(String::as_str).chain(conditional)
    }

    fn matches(&self, call: &Call) -> bool {
        let named = call.name();
        self.syscalls.iter().any(|name| named == Some(name))
            || self.rules.iter().any(|rule| rule.holds(call))
    }
}

/// A call about which the group at a place in its file decides.
#[derive(Debug, Clone)]
pub struct Trial {
    pub group: usize,
    pub name: String,
    pub call: Call,
}

impl RuleFile {
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap()
    }

    /// The place of the group that decides about `call`. `None`: nothing matches.
    pub fn decider(&self, call: &Call) -> Option<usize> {
        let precedence = |at: &usize| match self.groups[*at].action {
            Action::Errno(_) => 0,
            Action::Forbid => 1,
            Action::Notice => 2,
            Action::Allow => 3,
        };
        (0..self.groups.len()).filter(|&at| self.groups[at].matches(call)).min_by_key(precedence)
    }

    /// What is done with `call`; `None`: nothing matches.
    pub fn action(&self, call: &Call) -> Option<Action> {
        self.decider(call).map(|at| self.groups[at].action)
    }

    /// A trial for everything that the group at `at` lists. Panics where something has none, since
    /// others always decide: it says nothing then.
    pub fn trials(&self, at: usize) -> Vec<Trial> {
        let group = &self.groups[at];
        let trial = |name: &str, call: Option<Call>| {
            let call = call.unwrap_or_else(|| panic!("no trial of {name}: {}", group.reason));
            Trial { group: at, name: name.to_owned(), call }
        };
        let plain = group.syscalls.iter().map(|name| {
            let none = |call: &Call| self.rules().all(|rule| !rule.holds(call));
            trial(name, self.find(name, |call| none(call) && self.decider(call) == Some(at)))
        });
        let conditional = group.rules.iter().map(|rule| {
            let alone = |call: &Call| {
                self.rules().all(|other| other.holds(call) == std::ptr::eq(rule, other))
            };
            let name = &rule.syscall;
            trial(name, self.find(name, |call| alone(call) && self.decider(call) == Some(at)))
        });
        plain.chain(conditional).collect()
    }

    /// For everything conditional that the group at `at` lists, a call of that number about which it
    /// does not decide.
    pub fn counter_trials(&self, at: usize) -> Vec<Trial> {
        let group = &self.groups[at];
        let counter = |rule: &Rule| {
            let name = rule.syscall.clone();
            let call = self.find(&name, |call| self.rules().all(|rule| !rule.holds(call)));
            let call = call.unwrap_or_else(|| panic!("{name}, whatever its arguments: {group:?}"));
            Trial { group: at, name, call }
        };
        let mut trials: Vec<Trial> = group.rules.iter().map(counter).collect();
        trials.dedup_by(|one, other| one.call == other.call);
        trials
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.groups.iter().flat_map(|group| &group.rules)
    }

    /// A call of that name with a property, among those whose arguments lie next to what conditions
    /// on it compare with.
    fn find(&self, name: &str, has: impl Fn(&Call) -> bool) -> Option<Call> {
        let mut calls = vec![Call::named(name)];
        let conditions =
            self.rules().filter(|rule| rule.syscall == name).flat_map(|rule| &rule.args);
        let conditions: Vec<&Condition> = conditions.collect();
        for index in 0..6 {
            let of_index = || conditions.iter().filter(|condition| condition.index == index);
            let mut values: Vec<u64> = of_index()
                .flat_map(|condition| {
                    let val = condition.val;
                    [val, val.wrapping_add(1), val.wrapping_sub(1), 0]
                })
                .collect();
            values.sort_unstable();
            values.dedup();
            let with = |call: &Call, value| {
                let mut call = *call;
                call.args[index] = value;
                call
            };
            let more = calls.iter().flat_map(|call| values.iter().map(|&value| with(call, value)));
            let more: Vec<Call> = more.collect();
            calls.extend(more);
        }
        calls.into_iter().find(has)
    }
}

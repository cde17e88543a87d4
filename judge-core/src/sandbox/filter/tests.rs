//! What the compiled program answers, asked in an interpreter of our own, against what the rules
//! say when they are read one by one.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::rules::Action;
use super::*;
use crate::sandbox::profile::ProfileSource;
use crate::sys::pass::Pass;

const AMD64: u32 = 0xc000_003e;
const I386: u32 = 0x4000_0003;

/// A call as the kernel shows it to a filter (`struct seccomp_data`).
#[derive(Debug, Clone)]
struct Call {
    number: u32,
    arch: u32,
    args: [u64; 6],
}

/// What came of a call.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    answer: u32,
    steps: usize,
    /// Whether anything but number and architecture was looked at: the kernel asks again then.
    looked_at_arguments: bool,
}

/// Runs classic BPF as `bpf(4)` of the BSDs and `linux/filter.h` define it, as far as filters use it.
fn run(program: &[sock_filter], call: &Call) -> Ran {
    let mut accumulator = 0;
    let mut at = 0;
    let mut looked_at_arguments = false;
    for steps in 1..=program.len() {
        let &sock_filter { code, jt, jf, k } = &program[at];
        at += 1;
        let mut jump_if = |holds: bool| at += usize::from(if holds { jt } else { jf });
        match code {
            0x20 => accumulator = load(call, k, &mut looked_at_arguments),
            0x54 => accumulator &= k,
            0x05 => at += k as usize,
            0x15 => jump_if(accumulator == k),
            0x25 => jump_if(accumulator > k),
            0x35 => jump_if(accumulator >= k),
            0x06 => return Ran { answer: k, steps, looked_at_arguments },
            _ => panic!("the instruction {code:#x} at {}", at - 1),
        }
    }
    panic!("no answer to {call:?}");
}

#[expect(clippy::cast_possible_truncation, reason = "halves of a word")]
fn load(call: &Call, place: u32, looked_at_arguments: &mut bool) -> u32 {
    match place {
        0 => call.number,
        4 => call.arch,
        16..64 => {
            *looked_at_arguments = true;
            let arg = call.args[(place as usize - 16) / 8];
            if place.is_multiple_of(8) { arg as u32 } else { (arg >> 32) as u32 }
        }
        _ => panic!("loads from {place}"),
    }
}

/// A group of a rule file, with the numbers of its calls.
#[derive(Debug, Clone)]
struct Rules {
    action: Action,
    syscalls: Vec<Sysno>,
    conditional: Vec<(Sysno, Vec<Condition>)>,
}

#[derive(Debug, Clone)]
struct Condition {
    index: usize,
    qword: bool,
    op: Op,
    val: u64,
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Masked(u64),
}

impl Condition {
    fn holds(&self, args: &[u64; 6]) -> bool {
        let seen = |value: u64| if self.qword { value } else { value & 0xffff_ffff };
        let (arg, val) = (seen(args[self.index]), seen(self.val));
        match self.op {
            Op::Eq => arg == val,
            Op::Ne => arg != val,
            Op::Lt => arg < val,
            Op::Le => arg <= val,
            Op::Gt => arg > val,
            Op::Ge => arg >= val,
            Op::Masked(mask) => arg & seen(mask) == val & seen(mask),
        }
    }

    fn to_json(&self) -> Value {
        let op = match self.op {
            Op::Eq => json!("eq"),
            Op::Ne => json!("ne"),
            Op::Lt => json!("lt"),
            Op::Le => json!("le"),
            Op::Gt => json!("gt"),
            Op::Ge => json!("ge"),
            Op::Masked(mask) => json!({ "masked_eq": mask }),
        };
        let width = if self.qword { "qword" } else { "dword" };
        json!({ "index": self.index, "type": width, "op": op, "val": self.val })
    }
}

impl Rules {
    fn match_call(&self, call: &Call) -> bool {
        let is_it = |name: &Sysno| name.id().cast_unsigned() == call.number;
        let holds = |conditions: &Vec<Condition>| conditions.iter().all(|c| c.holds(&call.args));
        self.syscalls.iter().any(is_it)
            || self.conditional.iter().any(|(name, conditions)| is_it(name) && holds(conditions))
    }

    fn to_json(&self) -> Value {
        let action = match self.action {
            Action::Allow => json!("allow"),
            Action::Notice => json!("notice"),
            Action::Errno(errno) => json!({ "errno": errno }),
            Action::Forbid => json!("forbid"),
        };
        let names: Vec<&str> = self.syscalls.iter().map(Sysno::name).collect();
        let rules = self.conditional.iter().map(|(name, conditions)| {
            let args: Vec<Value> = conditions.iter().map(Condition::to_json).collect();
            json!({ "syscall": name.name(), "args": args })
        });
        let rules: Vec<Value> = rules.collect();
        json!({ "action": action, "reason": "r", "syscalls": names, "rules": rules })
    }
}

/// The rules, read as their description says.
fn expected(file: &[Rules], call: &Call) -> u32 {
    if call.arch != AMD64 || (0x4000_0000..0x8000_0000).contains(&call.number) {
        return libc::SECCOMP_RET_KILL_PROCESS;
    }
    let matching = || file.iter().filter(|rules| rules.match_call(call)).map(|rules| rules.action);
    let errno = matching().find_map(|action| match action {
        Action::Errno(errno) => Some(errno),
        Action::Allow | Action::Notice | Action::Forbid => None,
    });
    if let Some(errno) = errno {
        libc::SECCOMP_RET_ERRNO | u32::from(errno)
    } else if matching().any(|action| matches!(action, Action::Forbid | Action::Notice)) {
        libc::SECCOMP_RET_USER_NOTIF
    } else if matching().any(|action| action == Action::Allow) {
        libc::SECCOMP_RET_ALLOW
    } else {
        libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned()
    }
}

/// Few enough that rules and calls meet often.
fn values() -> impl Strategy<Value = u64> {
    prop_oneof![0..4_u64, (0..4_u64).prop_map(|low| low | 1 << 32), any::<u64>()]
}

fn condition() -> impl Strategy<Value = Condition> {
    let op = prop_oneof![
        select(vec![Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge]),
        values().prop_map(Op::Masked)
    ];
    (0..3_usize, any::<bool>(), op, values()).prop_map(|(index, qword, op, val)| Condition {
        index,
        qword,
        op,
        val,
    })
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    // Beyond 42 conditions, `seccompiler` builds bridges for its jumps.
    prop_oneof![9 => vec(condition(), 1..4), 1 => vec(condition(), 40..60)]
}

/// Neighbours in the table, and calls far apart.
fn calls() -> impl Strategy<Value = Sysno> {
    let near = Sysno::iter().take(30).collect::<Vec<_>>();
    prop_oneof![select(near), select(Sysno::iter().collect::<Vec<_>>())]
}

fn files() -> impl Strategy<Value = Vec<Rules>> {
    let action = prop_oneof![
        Just(Action::Allow),
        Just(Action::Forbid),
        (0..4096_u16).prop_map(Action::Errno)
    ];
    let rules = (action, vec(calls(), 0..60), vec((calls(), conditions()), 0..12))
        .prop_map(|(action, syscalls, conditional)| Rules { action, syscalls, conditional });
    vec(rules, 0..8).prop_map(|mut file| {
        // A call stands in one place without conditions.
        let mut seen = BTreeSet::new();
        for rules in &mut file {
            rules.syscalls.retain(|call| seen.insert(*call));
        }
        file.retain(|rules| !(rules.syscalls.is_empty() && rules.conditional.is_empty()));
        file
    })
}

/// Calls of every kind: `choices` picks among what the file speaks of.
fn call_of(file: &[Rules], choices: &(usize, u32, [u64; 6])) -> Call {
    let (which, odd, args) = *choices;
    let spoken = file.iter().flat_map(|rules| {
        rules.conditional.iter().map(|(name, _)| name).chain(&rules.syscalls).map(Sysno::id)
    });
    let spoken: Vec<i32> = spoken.collect();
    let number = match spoken.get(which % (spoken.len() + 3)) {
        Some(number) => number.cast_unsigned().wrapping_add(odd % 3).wrapping_sub(1),
        None => odd,
    };
    let arch = if odd % 19 == 0 { I386 } else { AMD64 };
    Call { number, arch, args }
}

fn compile(file: &[Rules]) -> Filter {
    let groups: Vec<Value> = file.iter().map(Rules::to_json).collect();
    Filter::compile(&json!({ "description": "test", "groups": groups }).to_string()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_pass_is_good_for_its_calls_and_changes_nothing_else(
        file in files(),
        secret in any::<u64>(),
        choices in vec((any::<usize>(), any::<u32>(), prop::array::uniform6(values())), 50),
        guess in prop_oneof![any::<u64>(), Just(0)],
    ) {
        let filter = compile(&file);
        let passed = Filter::with_pass(filter.program(), Pass::of(secret));
        let numbers = Pass::CALLS.map(|call| call.id().cast_unsigned());
        let calls = choices.iter().map(|choice| call_of(&file, choice));
        let own = numbers.map(|number| Call { number, arch: AMD64, args: [1; 6] });
        for mut call in calls.chain(own) {
            for sixth in [secret, guess, secret ^ 1, secret ^ 1 << 40, call.args[5]] {
                call.args[5] = sixth;
                let (now, before) = (run(&passed, &call), run(filter.program(), &call));
                let is_one = call.arch == AMD64 && numbers.contains(&call.number);
                if is_one && sixth == secret {
                    prop_assert_eq!(now.answer, libc::SECCOMP_RET_ALLOW, "{:?}", call);
                } else {
                    prop_assert_eq!(now.answer, before.answer, "{:?}", call);
                    let looked = is_one || before.looked_at_arguments;
                    prop_assert_eq!(now.looked_at_arguments, looked, "{:?}", call);
                }
            }
        }
    }

    #[test]
    fn the_program_answers_as_the_rules_do(
        file in files(),
        choices in vec((any::<usize>(), any::<u32>(), prop::array::uniform6(values())), 200),
    ) {
        let filter = compile(&file);
        for choice in choices {
            let call = call_of(&file, &choice);
            prop_assert_eq!(run(filter.program(), &call).answer, expected(&file, &call), "{:?}", call);
        }
        for boundary in [0, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            let call = Call { number: boundary, arch: AMD64, args: [0; 6] };
            prop_assert_eq!(run(filter.program(), &call).answer, expected(&file, &call), "{:?}", call);
        }
    }
}

fn built_in() -> Filter {
    Filter::compile(&ProfileSource::BuiltIn.read("seccomp/program.json").unwrap()).unwrap()
}

/// The kernel tries every number when the program is installed, and remembers those whose answer is
/// to allow whatever the arguments.
#[test]
fn what_the_built_in_rules_always_allow_is_known_to_the_kernel_after_few_steps() {
    let filter = built_in();
    let rules =
        rules::parse(&ProfileSource::BuiltIn.read("seccomp/program.json").unwrap()).unwrap();
    let mut allowed = 0;
    for (number, answer) in &rules {
        let ran = run(filter.program(), &Call { number: *number, arch: AMD64, args: [0; 6] });
        if answer.checks.is_empty() {
            assert!(!ran.looked_at_arguments, "{number}: {ran:?}");
            // 4 to come so far, 1 to answer, and 2 for each of 7 turns: 128 ranges.
            assert!(ran.steps <= 4 + 1 + 2 * 7, "{number}: {ran:?}");
            allowed += usize::from(ran.answer == libc::SECCOMP_RET_ALLOW);
        }
    }
    assert!(200 < allowed, "{allowed}");
}

#[test]
fn a_foreign_abi_is_killed_before_its_number_means_anything() {
    let filter = built_in();
    let answer = |number, arch| run(filter.program(), &Call { number, arch, args: [0; 6] }).answer;
    let read = Sysno::read.id().cast_unsigned();
    assert_eq!(answer(read, AMD64), libc::SECCOMP_RET_ALLOW);
    assert_eq!(answer(read, I386), libc::SECCOMP_RET_KILL_PROCESS);
    assert_eq!(answer(0x4000_0000 | read, AMD64), libc::SECCOMP_RET_KILL_PROCESS);
    // No ABI has negative numbers; tracers use -1 for a call that is not to happen.
    let unknown = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();
    assert_eq!(answer(u32::MAX, AMD64), unknown);
}

fn file(groups: &str) -> String {
    format!(r#"{{"description": "test", "groups": [{groups}]}}"#)
}

#[test]
fn a_call_listed_twice_is_refused() {
    let group = r#"{"action": "allow", "reason": "r", "syscalls": ["read"]}"#;
    let error = Filter::compile(&file(&format!("{group},{group}"))).unwrap_err();
    assert!(matches!(error, FilterError::Twice(name) if name == "read"));
}

#[test]
fn an_unknown_call_does_not_compile() {
    let group = r#"{"action": "allow", "reason": "r", "syscalls": ["raed"]}"#;
    let error = Filter::compile(&file(group)).unwrap_err();
    assert!(matches!(error, FilterError::Unknown(name) if name == "raed"));
}

#[test]
fn a_group_without_calls_is_refused() {
    let group = r#"{"action": "allow", "reason": "r"}"#;
    assert!(matches!(Filter::compile(&file(group)), Err(FilterError::EmptyGroup { .. })));
}

#[test]
fn an_errno_that_the_kernel_would_cut_is_refused() {
    let group = |errno| {
        file(&format!(r#"{{"action": {{"errno": {errno}}}, "reason": "r", "syscalls": ["read"]}}"#))
    };
    assert!(Filter::compile(&group(4095)).is_ok());
    assert!(matches!(Filter::compile(&group(4096)), Err(FilterError::Errno(4096))));
}

#[test]
fn conditions_on_no_argument_are_refused() {
    let rule = |args: &str| {
        file(&format!(
            r#"{{"action": "forbid", "reason": "r", "rules": [{{"syscall": "read", "args": [{args}]}}]}}"#
        ))
    };
    let seventh = r#"{"index": 6, "type": "dword", "op": "eq", "val": 1}"#;
    for args in ["", seventh] {
        let error = Filter::compile(&rule(args)).unwrap_err();
        assert!(matches!(error, FilterError::Conditions { call, .. } if call == "read"));
    }
}

#[test]
fn more_instructions_than_the_kernel_takes_are_refused() {
    let condition = Condition { index: 0, qword: false, op: Op::Eq, val: 1 };
    let rules = |count| Rules {
        action: Action::Forbid,
        syscalls: vec![],
        conditional: vec![(Sysno::read, vec![condition.clone()]); count],
    };
    // 5 a rule, 13 around them, and 12 for the pass.
    let groups =
        |count| json!({ "description": "test", "groups": [rules(count).to_json()] }).to_string();
    assert_eq!(Filter::compile(&groups(814)).unwrap().program().len(), 4083);
    assert!(matches!(Filter::compile(&groups(815)), Err(FilterError::TooLong(4088))));
}

#[test]
fn instructions_survive_the_journey_to_the_init() {
    let filter = built_in();
    let there = serde_json::to_vec(&filter).unwrap();
    assert_eq!(serde_json::from_slice::<Filter>(&there).unwrap(), filter);
    let program = vec![sock_filter { code: 0x15, jt: 3, jf: 255, k: 0xdead_beef }];
    let filter = Filter { program, noticed: [29].into(), silent: true };
    let there = serde_json::to_value(filter).unwrap();
    let expected =
        json!({ "program": [0x0015_03ff_dead_beef_u64], "noticed": [29], "silent": true });
    assert_eq!(there, expected);
}

#[test]
fn rules_that_refuse_what_the_init_needs_are_refused() {
    let text = r#"{"description": "", "groups": [
        {"action": "allow", "reason": "", "syscalls": ["read"]}]}"#;
    let needed = |calls: &[Sysno]| Filter::compile_for(text, calls);
    assert!(needed(&[Sysno::read]).is_ok());
    assert!(matches!(needed(&[Sysno::read, Sysno::kill]), Err(FilterError::Needed("kill"))));
}

fn one_group(action: &str, more: &str) -> Result<Filter, FilterError> {
    Filter::compile(&format!(
        r#"{{"description": "", "groups": [
            {{"action": {action}, "reason": "", "syscalls": ["shmget", "semget", "msgget"]}},
            {{"action": "notice", "reason": "", "syscalls": ["mq_open"]}} {more}]}}"#
    ))
}

#[test]
fn a_noticed_call_is_asked_about_and_known_from_a_forbidden_one() {
    let filter = one_group("\"forbid\"", "").unwrap();
    assert!(filter.is_noticed(libc::SYS_mq_open));
    assert!(!filter.is_noticed(libc::SYS_shmget) && !filter.is_noticed(-1));
    let both = r#", {"action": "forbid", "reason": "", "rules": [{"syscall": "mq_open", "args":
        [{"index": 0, "type": "dword", "op": "eq", "val": 1}]}]}"#;
    let refused = one_group("\"allow\"", both);
    assert!(matches!(refused, Err(FilterError::NoticedAndForbidden(name)) if name == "mq_open"));
}

#[test]
fn rules_that_let_ipc_objects_be_made_unnoticed_are_known_as_silent() {
    assert!(!built_in().is_silent());
    assert!(!one_group("\"notice\"", "").unwrap().is_silent());
    assert!(!one_group(r#"{"errno": 38}"#, "").unwrap().is_silent());
    assert!(one_group("\"allow\"", "").unwrap().is_silent());
}

#[test]
fn numbers_turn_back_into_names() {
    assert_eq!(name_of(libc::SYS_ptrace), "ptrace");
    assert_eq!(name_of(9_999), "call 9999");
    assert_eq!(name_of(-1), "call -1");
    assert_eq!(known_name("ptrace"), Some("ptrace"));
    assert_eq!(known_name("call 9999"), None);
}

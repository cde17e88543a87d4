//! The BPF program that gives each call its answer.
//!
//! ```text
//! arch is not amd64? kill        ┌ number < 9 ─┬ … ─ allow
//! load the number ──▶ number < 24┤             └ … ─ conditions on mmap's arguments
//!                                └ 24 ≤ number ─ …
//! ```
//!
//! Numbers in a row with the same unconditional answer are one range, and a balanced tree finds the
//! range of a number. Jumps of classic BPF only go forward, so a branch is followed by what is below
//! it, and below the left side stands the right one (`linux/filter.h`).

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompRule, sock_filter};

use super::rules::{Action, Answer};
use crate::sys::pass::Pass;

/// `BPF_LD | BPF_W | BPF_ABS`: loads a word of `seccomp_data` into the accumulator.
const LOAD: u16 = 0x20;
/// `BPF_JMP | BPF_JA`: jumps by `k`.
const JUMP: u16 = 0x05;
/// `BPF_JMP | BPF_JEQ | BPF_K`: jumps by `jt` where the accumulator is `k`, else by `jf`.
const JUMP_IF_EQUAL: u16 = 0x15;
/// `BPF_JMP | BPF_JGE | BPF_K`: where it is at least `k`, unsigned.
const JUMP_IF_AT_LEAST: u16 = 0x35;
/// `BPF_RET | BPF_K`: answers `k`.
const RETURN: u16 = 0x06;

/// Places in `struct seccomp_data` (`seccomp(2)`).
const NUMBER_AT: u32 = 0;
const ARCH_AT: u32 = 4;
const SIXTH_ARGUMENT_AT: u32 = 16 + 5 * 8;

/// `linux/audit.h`. x32 has it too: its calls differ by their numbers.
const AUDIT_ARCH_X86_64: u32 = 0xc000_003e;

/// The numbers of the x32 ABI (`__X32_SYSCALL_BIT`). Those above are negative, and no ABI's.
const X32: std::ops::Range<u32> = 0x4000_0000..0x8000_0000;

/// Compiles `answers`; what they lack gets [`Action::DEFAULT`], and foreign ABIs are killed.
pub fn of(answers: BTreeMap<u32, Answer>) -> BpfProgram {
    let mut program = vec![
        plain(LOAD, ARCH_AT),
        sock_filter { code: JUMP_IF_EQUAL, jt: 1, jf: 0, k: AUDIT_ARCH_X86_64 },
        plain(RETURN, libc::SECCOMP_RET_KILL_PROCESS),
        plain(LOAD, NUMBER_AT),
    ];
    program.extend(tree(&ranges(answers)));
    program
}

/// How many instructions [`with_pass`] adds.
pub const PASS_INSTRUCTIONS: usize = 3 + Pass::CALLS.len() + 5;

/// `program` for somebody who may make the calls of `pass` too, with it as the sixth argument. Other
/// calls are answered as before, by their number alone where that was enough.
pub fn with_pass(program: &[sock_filter], pass: Pass) -> BpfProgram {
    let (low, high) = (SIXTH_ARGUMENT_AT, SIXTH_ARGUMENT_AT + 4);
    let checks = [
        plain(LOAD, low),
        // Where it is not the secret: the program behind the next two, or four, instructions.
        sock_filter { code: JUMP_IF_EQUAL, jt: 0, jf: 3, k: half(pass.secret()) },
        plain(LOAD, high),
        sock_filter { code: JUMP_IF_EQUAL, jt: 0, jf: 1, k: half(pass.secret() >> 32) },
        plain(RETURN, libc::SECCOMP_RET_ALLOW),
    ];
    let far = |distance: usize| u8::try_from(distance).expect("a handful of instructions");
    let calls = Pass::CALLS.len();
    let mut passed = vec![
        plain(LOAD, ARCH_AT),
        sock_filter {
            code: JUMP_IF_EQUAL,
            jt: 0,
            jf: far(1 + calls + checks.len()),
            k: AUDIT_ARCH_X86_64,
        },
        plain(LOAD, NUMBER_AT),
    ];
    for (at, call) in Pass::CALLS.iter().enumerate() {
        let behind = calls - at - 1;
        let otherwise = if behind == 0 { far(checks.len()) } else { 0 };
        let k = call.id().cast_unsigned();
        passed.push(sock_filter { code: JUMP_IF_EQUAL, jt: far(behind), jf: otherwise, k });
    }
    passed.extend(checks);
    passed.extend_from_slice(program);
    passed
}

#[expect(clippy::cast_possible_truncation, reason = "filters load words")]
fn half(secret: u64) -> u32 {
    secret as u32
}

/// Numbers from `start` to the start of the next range.
struct Range {
    start: u32,
    leaf: Leaf,
}

/// What is done at the end of a path.
#[derive(PartialEq, Eq)]
enum Leaf {
    Return(u32),
    /// The first that matches, or else the last.
    Checks(Vec<(SeccompRule, u32)>, u32),
}

/// All numbers from 0 to the largest.
fn ranges(answers: BTreeMap<u32, Answer>) -> Vec<Range> {
    let default = || Leaf::Return(returned(Action::DEFAULT));
    let mut ranges = vec![Range { start: 0, leaf: default() }];
    let mut go_on = |start: u32, leaf: Leaf| {
        // A range of no number at all: the next call follows at once.
        ranges.pop_if(|last| last.start == start);
        if ranges.last().is_none_or(|last| last.leaf != leaf) {
            ranges.push(Range { start, leaf });
        }
    };
    for (number, Answer { checks, otherwise }) in answers {
        let checks = checks.into_iter().map(|(rule, action)| (rule, returned(action)));
        let checks: Vec<_> = checks.collect();
        let leaf = match checks[..] {
            [] => Leaf::Return(returned(otherwise)),
            [..] => Leaf::Checks(checks, returned(otherwise)),
        };
        go_on(number, leaf);
        go_on(number + 1, default());
    }
    go_on(X32.start, Leaf::Return(libc::SECCOMP_RET_KILL_PROCESS));
    go_on(X32.end, default());
    ranges
}

fn returned(action: Action) -> u32 {
    match action {
        Action::Allow => libc::SECCOMP_RET_ALLOW,
        Action::Errno(errno) => libc::SECCOMP_RET_ERRNO | u32::from(errno),
        Action::Forbid | Action::Notice => libc::SECCOMP_RET_USER_NOTIF,
    }
}

/// With the number in the accumulator. As deep as the logarithm of the number of ranges.
fn tree(ranges: &[Range]) -> BpfProgram {
    match ranges {
        [] => vec![],
        [Range { leaf: Leaf::Return(answer), .. }] => vec![plain(RETURN, *answer)],
        [Range { leaf: Leaf::Checks(checks, otherwise), .. }] => checked(checks, *otherwise),
        [..] => {
            let (left, right) = ranges.split_at(ranges.len() / 2);
            let (boundary, left, right) = (right[0].start, tree(left), tree(right));
            let mut program = branch(boundary, left.len());
            program.extend(left);
            program.extend(right);
            program
        }
    }
}

/// Goes on with the next instruction below `boundary`, and `distance` further on from there on.
fn branch(boundary: u32, distance: usize) -> BpfProgram {
    let at_least = |jt, jf| sock_filter { code: JUMP_IF_AT_LEAST, jt, jf, k: boundary };
    match u8::try_from(distance) {
        Ok(near) => vec![at_least(near, 0)],
        // A conditional jump goes no further than 255.
        Err(_) => vec![
            at_least(0, 1),
            plain(JUMP, u32::try_from(distance).expect("bounded by the length of a rule file")),
        ],
    }
}

/// The number is not needed any more: conditions load arguments over it.
fn checked(checks: &[(SeccompRule, u32)], otherwise: u32) -> BpfProgram {
    let mut program = BpfProgram::new();
    for (rule, answer) in checks {
        // Goes on behind its end where it matches, else skips one instruction.
        program.extend(BpfProgram::from(rule.clone()));
        program.push(plain(RETURN, *answer));
    }
    program.push(plain(RETURN, otherwise));
    program
}

fn plain(code: u16, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k }
}

//! Syscall rules as reviewed data, compiled to BPF.
//!
//! A rule file sorts system calls into groups, each with an action and a reason:
//!
//! * `allow`
//! * `{"errno": N}`: refused with that errno, for what runtimes probe for and can do without
//! * `forbid`: the run ends, and its outcome names the call
//!
//! What stands in no group gets `ENOSYS`. A call from a foreign ABI (i386) kills the process.
//!
//! The kernel runs all installed filters and takes the sternest answer, in which an errno goes
//! before a notification and that before permission (`seccomp(2)`). So one program a concern is
//! enough: *known* (anything listed, else `ENOSYS`), one an errno, and *forbid*. `seccompiler` knows
//! no notifications; its `Trace` stands in for them and is rewritten in the finished program.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, TargetArch, sock_filter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    /// A forbidden call that could not be named in a verdict.
    #[error("{0} cannot be forbidden: its number is not known here (add it to `FORBIDDABLE`)")]
    Nameless(String),
    /// `seccompiler` refused it.
    #[error("the rules do not compile")]
    Compile(#[source] seccompiler::Error),
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
    /// Rules with conditions on arguments, in `seccompiler`'s own form.
    #[serde(default)]
    rules: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Allow,
    Errno(u32),
    Forbid,
}

/// BPF instructions as they travel to the init: `code << 48 | jt << 40 | jf << 32 | k`.
type Packed = Vec<u64>;

/// A compiled rule file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    silent: Vec<Packed>,
    forbid: Packed,
}

impl Filter {
    /// Compiles the text of a rule file.
    pub fn compile(text: &str) -> Result<Self, FilterError> {
        let RuleFile { groups, .. } = serde_json::from_str(text)?;
        check(&groups)?;
        let known = groups.iter().flat_map(names_of).map(|name| json!({ "syscall": name }));
        let enosys = json!({ "errno": libc::ENOSYS });
        let mut silent = vec![program(&known.collect::<Vec<_>>(), &json!("allow"), &enosys)?];
        let mut by_errno: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
        let mut forbidden = Vec::new();
        for group in &groups {
            let names = group.syscalls.iter().map(|name| json!({ "syscall": name }));
            let rules = names.chain(group.rules.iter().cloned());
            match group.action {
                Action::Allow => {}
                Action::Errno(errno) => by_errno.entry(errno).or_default().extend(rules),
                Action::Forbid => forbidden.extend(rules),
            }
        }
        for (errno, rules) in by_errno {
            silent.push(program(&rules, &json!({ "errno": errno }), &json!("allow"))?);
        }
        let mut forbid = program(&forbidden, &json!({ "trace": 0 }), &json!("allow"))?;
        forbid.iter_mut().for_each(trace_to_notify);
        let silent = silent.iter().map(|program| pack(program)).collect();
        Ok(Self { silent, forbid: pack(&forbid) })
    }

    /// The programs that answer by themselves.
    pub fn silent(&self) -> impl Iterator<Item = BpfProgram> + '_ {
        self.silent.iter().map(|packed| unpack(packed))
    }

    /// The program whose answer is to ask the listener.
    pub fn forbid(&self) -> BpfProgram {
        unpack(&self.forbid)
    }
}

/// Names of a group's calls, with and without conditions.
fn names_of(group: &Group) -> impl Iterator<Item = &str> {
    let conditional = group.rules.iter().filter_map(|rule| rule["syscall"].as_str());
    group.syscalls.iter().map(String::as_str).chain(conditional)
}

fn check(groups: &[Group]) -> Result<(), FilterError> {
    let mut seen = std::collections::BTreeSet::new();
    for group in groups {
        if group.syscalls.is_empty() && group.rules.is_empty() {
            return Err(FilterError::EmptyGroup { reason: group.reason.clone() });
        }
        if let Some(twice) = group.syscalls.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(FilterError::Twice(twice.clone()));
        }
        if group.action == Action::Forbid
            && let Some(nameless) = names_of(group).find(|name| number_of(name).is_none())
        {
            return Err(FilterError::Nameless(nameless.into()));
        }
    }
    Ok(())
}

fn program(
    rules: &[Value],
    on_match: &Value,
    otherwise: &Value,
) -> Result<BpfProgram, FilterError> {
    let text = json!({ "it": {
        "match_action": on_match,
        "mismatch_action": otherwise,
        "filter": rules,
    }})
    .to_string();
    let mut programs = seccompiler::compile_from_json(text.as_bytes(), TargetArch::x86_64)
        .map_err(FilterError::Compile)?;
    Ok(programs.remove("it").expect("the one program that was asked for"))
}

/// `BPF_RET | BPF_K`: a return whose value stands in the instruction.
const RETURN_CONSTANT: u16 = 0x06;

fn trace_to_notify(instruction: &mut sock_filter) {
    let returns = instruction.code == RETURN_CONSTANT;
    if returns && instruction.k & libc::SECCOMP_RET_ACTION_FULL == libc::SECCOMP_RET_TRACE {
        instruction.k = libc::SECCOMP_RET_USER_NOTIF;
    }
}

fn pack(program: &[sock_filter]) -> Packed {
    let pack_one = |i: &sock_filter| {
        u64::from(i.code) << 48 | u64::from(i.jt) << 40 | u64::from(i.jf) << 32 | u64::from(i.k)
    };
    program.iter().map(pack_one).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "each field is cut out of its place")]
fn unpack(packed: &[u64]) -> BpfProgram {
    let unpack_one = |&i: &u64| sock_filter {
        code: (i >> 48) as u16,
        jt: (i >> 40) as u8,
        jf: (i >> 32) as u8,
        k: i as u32,
    };
    packed.iter().map(unpack_one).collect()
}

/// The name of a forbidden call, as in `syscalls(2)`.
pub fn name_of(number: i64) -> String {
    let known = FORBIDDABLE.iter().find(|(_, known)| *known == number);
    known.map_or_else(|| format!("call {number}"), |(name, _)| (*name).to_owned())
}

/// The same name, if a rule file may forbid the call: one that is part of the binary, and so can't
/// hold anything of a run.
pub fn known_name(name: &str) -> Option<&'static str> {
    FORBIDDABLE.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
}

fn number_of(name: &str) -> Option<i64> {
    FORBIDDABLE.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

macro_rules! numbered {
    ($($name:ident = $number:ident),* $(,)?) => { &[$((stringify!($name), libc::$number)),*] };
}

/// Calls that a rule file may forbid: those whose numbers we can turn back into names.
const FORBIDDABLE: &[(&str, i64)] = numbered! {
    acct = SYS_acct, add_key = SYS_add_key, adjtimex = SYS_adjtimex, bpf = SYS_bpf,
    chroot = SYS_chroot, clock_adjtime = SYS_clock_adjtime, clock_settime = SYS_clock_settime,
    clone = SYS_clone, clone3 = SYS_clone3, connect = SYS_connect,
    delete_module = SYS_delete_module, execve = SYS_execve, execveat = SYS_execveat,
    fanotify_init = SYS_fanotify_init, finit_module = SYS_finit_module, fork = SYS_fork,
    fsconfig = SYS_fsconfig, fsmount = SYS_fsmount, fsopen = SYS_fsopen, fspick = SYS_fspick,
    init_module = SYS_init_module, io_uring_enter = SYS_io_uring_enter,
    io_uring_register = SYS_io_uring_register, io_uring_setup = SYS_io_uring_setup,
    ioperm = SYS_ioperm, iopl = SYS_iopl, kcmp = SYS_kcmp,
    kexec_file_load = SYS_kexec_file_load, kexec_load = SYS_kexec_load, keyctl = SYS_keyctl,
    modify_ldt = SYS_modify_ldt, mount = SYS_mount, mount_setattr = SYS_mount_setattr,
    move_mount = SYS_move_mount, name_to_handle_at = SYS_name_to_handle_at,
    open_by_handle_at = SYS_open_by_handle_at, open_tree = SYS_open_tree,
    perf_event_open = SYS_perf_event_open, personality = SYS_personality,
    pidfd_getfd = SYS_pidfd_getfd, pivot_root = SYS_pivot_root,
    process_madvise = SYS_process_madvise, process_vm_readv = SYS_process_vm_readv,
    process_vm_writev = SYS_process_vm_writev, ptrace = SYS_ptrace, quotactl = SYS_quotactl,
    quotactl_fd = SYS_quotactl_fd, reboot = SYS_reboot, request_key = SYS_request_key,
    seccomp = SYS_seccomp, setdomainname = SYS_setdomainname, sethostname = SYS_sethostname,
    setns = SYS_setns, settimeofday = SYS_settimeofday, socket = SYS_socket,
    socketpair = SYS_socketpair, swapoff = SYS_swapoff, swapon = SYS_swapon,
    syslog = SYS_syslog, umount2 = SYS_umount2, unshare = SYS_unshare,
    userfaultfd = SYS_userfaultfd, vfork = SYS_vfork, vhangup = SYS_vhangup,
};

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_forbidden_call_must_have_a_name_for_the_verdict() {
        let group = r#"{"action": "forbid", "reason": "r", "syscalls": ["read"]}"#;
        assert!(matches!(Filter::compile(&file(group)), Err(FilterError::Nameless(_))));
    }

    #[test]
    fn an_unknown_call_does_not_compile() {
        let group = r#"{"action": "allow", "reason": "r", "syscalls": ["raed"]}"#;
        assert!(matches!(Filter::compile(&file(group)), Err(FilterError::Compile(_))));
    }

    #[test]
    fn a_group_without_calls_is_refused() {
        let group = r#"{"action": "allow", "reason": "r"}"#;
        assert!(matches!(Filter::compile(&file(group)), Err(FilterError::EmptyGroup { .. })));
    }

    #[test]
    fn instructions_survive_the_journey_to_the_init() {
        let program = vec![sock_filter { code: 0x15, jt: 3, jf: 255, k: 0xdead_beef }];
        let there_and_back = unpack(&pack(&program));
        assert_eq!(format!("{there_and_back:?}"), format!("{program:?}"));
    }

    #[test]
    fn numbers_turn_back_into_names() {
        assert_eq!(name_of(libc::SYS_ptrace), "ptrace");
        assert_eq!(name_of(9_999), "call 9999");
    }
}

//! Tries every rule of every file in `sandbox-profiles/seccomp` both ways, in real sandboxes, as root.
//!
//! The trials are made from the files themselves, so that a new rule has one at once, or fails here.
//! An errno alone proves little, for the kernel has it too: each file is tried a second time with
//! errnos that the kernel never says (*marks*), one a group. What a kernel does not know says
//! `ENOSYS` whether it is allowed or not: it is asked outside of any sandbox first, and such calls
//! are tried as errnos with a mark.

#[path = "seccomp/prober.rs"]
mod prober;
#[path = "seccomp/rules.rs"]
mod rules;
#[path = "support/slots.rs"]
mod slots;

use std::path::Path;

use judge_core::judging::verdict::{Cause, Verdict, ruling_of};
use judge_core::sandbox::Termination;

use prober::{Answer, Inside, is_essential, limits, outside};
use rules::{Action, Call, Group, RuleFile, Trial};

const ENOSYS: i64 = 38;

/// Errnos from here on, inclusive, are said by no kernel but those of a filter.
const MARKS: i64 = 3000;

/// `uretprobe` and `uprobe`, by which the kernel traces programs for whoever runs the machine: from
/// 6.14 on it lets them past every filter, and does nothing for callers that it does not trace.
const PAST_EVERY_FILTER: [u32; 2] = [335, 336];

/// `signal(7)`, on amd64.
const SIGSYS: i32 = 31;

/// All rule files, with their names.
fn files() -> Vec<(String, RuleFile)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sandbox-profiles/seccomp");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, RuleFile::parse(&std::fs::read_to_string(path).unwrap()))
        })
        .collect();
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(!files.is_empty());
    files
}

/// With errnos that tell the groups apart.
fn marked(file: &RuleFile) -> RuleFile {
    let mut file = file.clone();
    for (at, group) in (0..).zip(&mut file.groups) {
        if let Action::Errno(errno) = &mut group.action {
            *errno = MARKS + at;
        }
    }
    file
}

fn calls_of(trials: &[Trial]) -> Vec<Call> {
    trials.iter().map(|trial| trial.call).collect()
}

/// Whether the kernel, left alone, says something else than `ENOSYS`.
fn known_to_the_kernel(trials: Vec<Trial>) -> (Vec<Trial>, Vec<Trial>) {
    let answers = outside(&calls_of(&trials));
    let (mut known, mut unknown) = (vec![], vec![]);
    for (trial, answer) in trials.into_iter().zip(answers) {
        if answer.errno() == Some(ENOSYS) { &mut unknown } else { &mut known }.push(trial);
    }
    (known, unknown)
}

/// Trials of the groups with a property.
fn trials_where(file: &RuleFile, has: impl Fn(Action) -> bool) -> Vec<Trial> {
    let places = 0..file.groups.len();
    places.filter(|&at| has(file.groups[at].action)).flat_map(|at| file.trials(at)).collect()
}

/// Complaints about answers that `wrong` says are none.
fn complain(
    inside: &mut Inside,
    trials: &[Trial],
    wrong: impl Fn(&Trial, Answer) -> bool,
) -> Vec<String> {
    let answers = inside.ask(&calls_of(trials));
    let answered = trials.iter().zip(answers);
    let wrong = answered.filter(|(trial, answer)| wrong(trial, *answer));
    wrong.map(|(trial, answer)| format!("{answer:?} to {trial:?}")).collect()
}

fn assert_none(complaints: &[String], what: &str) {
    assert!(complaints.is_empty(), "{what}:\n{}", complaints.join("\n"));
}

#[test]
fn what_is_allowed_reaches_the_kernel() {
    for (name, file) in files() {
        let (known, unknown) = known_to_the_kernel(trials_where(&file, |it| it == Action::Allow));
        assert!(100 < known.len(), "{name}: {unknown:?}");
        let mut inside = Inside::new(&file);
        let refused = complain(&mut inside, &known, |_, answer| answer.errno() == Some(ENOSYS));
        assert_none(&refused, &name);

        // What the kernel does not know is in the filter all the same.
        eprintln!("{name}: unknown here, so tried by a mark: {:?}", names_of(&unknown));
        let mut twin = file.clone();
        for group in &mut twin.groups {
            group.syscalls.retain(|name| unknown.iter().all(|trial| trial.name != *name));
        }
        let action = Action::Errno(MARKS);
        twin.groups.push(Group::of_names(action, names_of(&unknown)));
        twin.groups.retain(|group| !(group.syscalls.is_empty() && group.rules.is_empty()));
        let unmarked =
            complain(&mut Inside::new(&twin), &unknown, |_, answer| answer.errno() != Some(MARKS));
        assert_none(&unmarked, &name);
    }
}

fn names_of(trials: &[Trial]) -> Vec<String> {
    let mut names: Vec<String> = trials.iter().map(|trial| trial.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn an_errno_is_the_answer_where_its_conditions_hold_and_nowhere_else() {
    for (name, file) in files() {
        let trials = trials_where(&file, |it| matches!(it, Action::Errno(_)));
        let other = complain(&mut Inside::new(&file), &trials, |trial, answer| {
            answer.errno().map(Action::Errno) != Some(file.groups[trial.group].action)
        });
        assert_none(&other, &name);

        let marked = marked(&file);
        let mark_of = |trial: &Trial| match marked.groups[trial.group].action {
            Action::Errno(mark) => Some(mark),
            Action::Allow | Action::Notice | Action::Forbid => None,
        };
        let mut inside = Inside::new(&marked);
        let unmarked =
            complain(&mut inside, &trials, |trial, answer| answer.errno() != mark_of(trial));
        assert_none(&unmarked, &name);

        let places = 0..file.groups.len();
        let counter: Vec<Trial> = places.flat_map(|at| marked.counter_trials(at)).collect();
        assert!(!counter.is_empty(), "{name} has no conditions");
        let (known, unknown) = known_to_the_kernel(counter);
        assert!(
            unknown.is_empty(),
            "{name}: calls that need other harmless arguments: {unknown:?}"
        );
        let stopped = complain(&mut inside, &known, |_, answer| {
            answer.errno().is_none_or(|errno| errno == ENOSYS || MARKS <= errno)
        });
        assert_none(&stopped, &name);
    }
}

fn assert_forbidden(inside: &mut Inside, trial: &Trial) {
    let outcome = inside.attempt(trial.call);
    assert_eq!(outcome.termination, Termination::ForbiddenCall(trial.name.clone()), "{outcome:?}");
    let cause = Cause::ForbiddenCall(trial.name.clone());
    let ruling = ruling_of(&outcome, &limits(), None);
    assert_eq!(ruling, Some((Verdict::SecurityViolation, cause)));
}

#[test]
fn what_is_forbidden_ends_the_run_and_is_named_in_the_verdict() {
    for (name, file) in files() {
        let trials = trials_where(&file, |it| it == Action::Forbid);
        assert!(!trials.is_empty(), "{name} forbids nothing");
        let mut inside = Inside::new(&file);
        for trial in &trials {
            assert_forbidden(&mut inside, trial);
        }
    }
}

#[test]
fn what_is_forbidden_under_conditions_does_not_end_the_run_without_them() {
    for (_, mut file) in files() {
        let forbid = r#"{"action": "forbid", "reason": "a test's", "rules": [
            {"syscall": "lseek", "args": [
                {"index": 1, "type": "qword", "op": "eq", "val": 4294967301},
                {"index": 2, "type": "dword", "op": {"masked_eq": 6}, "val": 2}
            ]}
        ]}"#;
        file.groups.push(serde_json::from_str(forbid).unwrap());
        let at = file.groups.len() - 1;
        let mut inside = Inside::new(&file);
        for trial in file.trials(at) {
            assert_forbidden(&mut inside, &trial);
        }
        let [matching] = &file.trials(at)[..] else { panic!("one trial a rule") };
        let with = |index: usize, arg| {
            let mut call = matching.call;
            call.args[index] = arg;
            call
        };
        // The upper half counts in a qword only.
        let near = [with(1, 5), with(1, 1 << 32 | 4), with(2, 0), with(2, 6)];
        let answers = inside.ask(&near);
        let bad_descriptor = Answer::Value(-9);
        assert_eq!(answers, [bad_descriptor; 4]);
        let far = with(2, 1 << 32 | 3);
        assert_eq!(inside.attempt(far).termination, Termination::ForbiddenCall("lseek".into()));
    }
}

#[test]
fn what_no_group_lists_is_not_there_and_foreign_abis_kill() {
    for (name, file) in files() {
        // The table and beyond, to the first number of x32, and negative ones.
        let numbers = (0..=700).chain([0x3fff_ffff, 0x8000_0000, 0xc000_0027, u32::MAX]);
        let calls = numbers.map(Call::harmless);
        let calls: Vec<Call> = calls.filter(|call| file.decider(call).is_none()).collect();
        assert!(300 < calls.len(), "{calls:?}");
        let mut inside = Inside::new(&file);
        let answers = calls.iter().zip(inside.ask(&calls));
        let reached = answers.filter(|(call, answer)| {
            answer.errno() != Some(ENOSYS) && !PAST_EVERY_FILTER.contains(&call.number)
        });
        let reached: Vec<String> = reached.map(|reached| format!("{reached:?}")).collect();
        assert_none(&reached, &name);

        let x32 = [0x4000_0000, 0x4000_0027, 0x4000_0209, 0x7fff_ffff].map(Call::harmless);
        assert_eq!(inside.ask(&x32), [Answer::Signal(SIGSYS); 4]);
    }
}

#[test]
fn without_a_group_its_calls_are_answered_otherwise() {
    for (name, file) in files() {
        let with = marked(&file);
        for at in 0..file.groups.len() {
            let mut trials = with.trials(at);
            let mut without = with.clone();
            let mut taken = without.groups.remove(at);
            match file.groups[at].action {
                // Nothing else may say what the group said.
                Action::Allow | Action::Notice => {
                    trials.retain(|trial| !is_essential(&trial.name));
                    let own = taken.names().filter(|name| is_essential(name));
                    let own: Vec<String> = own.map(str::to_owned).collect();
                    if !own.is_empty() {
                        without.groups.push(Group::of_names(Action::Allow, own));
                    }
                }
                // The default says the same: it matters that nobody allows it.
                Action::Errno(ENOSYS) => {
                    taken.action = Action::Allow;
                    without.groups.push(taken);
                }
                Action::Errno(_) | Action::Forbid => {}
            }
            let complaints = complain_of_changed(&with, &without, trials);
            assert_none(&complaints, &format!("{name}, {:?}", file.groups[at].reason));
        }
    }
}

/// Runs `trials` under `without`, where each is answered otherwise than `with` did.
fn complain_of_changed(with: &RuleFile, without: &RuleFile, trials: Vec<Trial>) -> Vec<String> {
    let is_allowed =
        |trial: &Trial| matches!(without.action(&trial.call), Some(Action::Allow | Action::Notice));
    let (allowed, mut trials): (Vec<_>, Vec<_>) = trials.into_iter().partition(is_allowed);
    // What the kernel does not know says the same in both.
    let (known, unknown) = known_to_the_kernel(allowed);
    assert!(!(trials.is_empty() && known.is_empty() && unknown.is_empty()));
    trials.extend(known);
    complain(&mut Inside::new(without), &trials, |trial, answer| {
        let now = without.action(&trial.call);
        let errno = answer.errno();
        let right = match now {
            None => errno == Some(ENOSYS),
            Some(Action::Errno(mark)) => errno == Some(mark),
            Some(Action::Allow | Action::Notice) => {
                errno.is_none_or(|errno| errno != ENOSYS && errno < MARKS)
            }
            Some(Action::Forbid) => false,
        };
        !right || now == with.action(&trial.call)
    })
}

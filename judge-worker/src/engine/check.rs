//! Whether a judgement can be one of its package. The engine runs hostile programs: what it says
//! is not believed where it could have hidden data told, or break what comes after.

use std::time::Duration;

use judge_core::judging::package::{Package, Testcase, Visibility};
use judge_core::judging::{JudgedTest, Judgement, PublicData, SHOWN_BYTES, View};

use super::protocol::JobMode;

/// The engine's word can't be right, in what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Implausible(String);

/// No phase of a judgement takes longer: sums of such times stay far from any overflow.
const LONGEST_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Refuses a judgement that a sound engine could not have made: tests that the package does not
/// have or that are told twice, data of hidden tests, excerpts over their bound, numbers that mean
/// nothing.
pub fn plausible(
    judgement: &Judgement,
    package: &Package,
    mode: &JobMode,
) -> Result<(), Implausible> {
    let Judgement { score, max_score, phases, compile, tests, .. } = judgement;
    let numbers = [Some(*score), *max_score];
    refuse_if(numbers.iter().flatten().any(|number| !number.is_finite()), "a score is no number")?;
    let times = [phases.compile, phases.run, compile.usage.cpu, compile.usage.wall];
    times.into_iter().try_for_each(bounded)?;
    let mut last = 0;
    for test in tests {
        refuse_if(test.ordinal <= last, "tests are told twice or out of order")?;
        last = test.ordinal;
        match mode {
            JobMode::Custom(_) => {
                let known = test.ordinal == 1 && test.group.is_empty();
                refuse_if(!known, "there is one run on the user's own input")?;
            }
            JobMode::Submit | JobMode::Sample => of_package(test, package)?,
        }
        let times = [test.run.usage.cpu, test.run.usage.wall, test.run.overhead, test.run.checking];
        times.into_iter().try_for_each(bounded)?;
        if let View::Public(data) = &test.view {
            excerpts(data)?;
        }
    }
    Ok(())
}

fn of_package(test: &JudgedTest, package: &Package) -> Result<(), Implausible> {
    let is_it = |testcase: &&Testcase| testcase.ordinal == test.ordinal;
    let Some(testcase) = package.testcases.iter().find(is_it) else {
        return Err(Implausible(format!("the package has no test {}", test.ordinal)));
    };
    let told_as = match test.view {
        View::Public(_) => Visibility::Public,
        View::Hidden => Visibility::Hidden,
    };
    refuse_if(testcase.visibility != told_as, "a test's visibility is not the package's")?;
    refuse_if(package.group_name(testcase) != test.group, "a test's group is not the package's")
}

fn excerpts(data: &PublicData) -> Result<(), Implausible> {
    let PublicData { input, expected, actual, stderr, .. } = data;
    let mut shown = [Some(input), expected.as_ref(), Some(actual), Some(stderr)].into_iter();
    let too_long = shown.any(|shown| shown.is_some_and(|shown| SHOWN_BYTES < shown.bytes.len()));
    refuse_if(too_long, "an excerpt is longer than excerpts are")
}

fn bounded(time: Duration) -> Result<(), Implausible> {
    refuse_if(LONGEST_TIME < time, "a time is longer than a day")
}

fn refuse_if(wrong: bool, what: &str) -> Result<(), Implausible> {
    if wrong { Err(Implausible(what.to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use judge_core::judging::{CompileReport, Phases, TestRun, Verdict};
    use judge_core::sandbox::{Limits, Usage};
    use serde_json::json;

    use super::*;

    fn package() -> Package {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testcases/problems/sums");
        Package::read(&dir).expect("a sound package")
    }

    /// Data of a public test, as they come over the wire.
    fn told(stderr_bytes: usize) -> View {
        let shown = json!({ "bytes": [], "total": 0 });
        let stderr = json!({ "bytes": vec![0; stderr_bytes], "total": 0 });
        let data = json!({
            "input": shown, "expected": null, "actual": shown, "stderr": stderr,
            "checker_message": "",
        });
        View::Public(serde_json::from_value(data).expect("the form of public data"))
    }

    /// What a sound engine would say: one of each kind of test.
    fn sound(package: &Package) -> Judgement {
        let first =
            |visibility| package.testcases.iter().find(|test| test.visibility == visibility);
        let tests = [Visibility::Public, Visibility::Hidden].map(|visibility| {
            let testcase = first(visibility).expect("the package has both kinds");
            JudgedTest {
                ordinal: testcase.ordinal,
                group: package.group_name(testcase).to_owned(),
                run: TestRun {
                    verdict: Verdict::Accepted,
                    cause: None,
                    usage: Usage::default(),
                    limits: limits(),
                    overhead: Duration::ZERO,
                    checking: Duration::ZERO,
                },
                view: if visibility == Visibility::Public { told(0) } else { View::Hidden },
            }
        });
        Judgement {
            verdict: Verdict::Accepted,
            cause: None,
            score: 1.0,
            max_score: Some(1.0),
            compile: CompileReport {
                ok: true,
                output: vec![],
                usage: Usage::default(),
                cached: false,
            },
            tests: tests.into(),
            toolchain: String::new(),
            phases: Phases::default(),
        }
    }

    fn limits() -> Limits {
        let second = Duration::from_secs(1);
        Limits {
            cpu: second,
            wall: second,
            memory_bytes: 1,
            output_bytes: 1,
            processes: 1,
            open_files: 1,
            file_size_bytes: 1,
            stack_bytes: 1,
        }
    }

    #[test]
    fn a_sound_judgement_passes() {
        let package = package();
        assert_eq!(plausible(&sound(&package), &package, &JobMode::Submit), Ok(()));
    }

    #[test]
    fn what_could_tell_hidden_data_or_break_what_comes_after_is_refused() {
        type Lie = fn(&mut Judgement);
        let package = package();
        let lies: [(&str, Lie); 9] = [
            ("a hidden test with data", |j| j.tests[1].view = told(0)),
            ("a public test said to be hidden", |j| j.tests[0].view = View::Hidden),
            ("a test twice", |j| j.tests[1].ordinal = j.tests[0].ordinal),
            ("a test that is not there", |j| j.tests[1].ordinal = 10_000),
            ("a foreign group", |j| j.tests[1].group = "the answer is 42".into()),
            ("no score", |j| j.score = f64::NAN),
            ("no bound of the score", |j| j.max_score = Some(f64::INFINITY)),
            ("an endless time", |j| j.tests[0].run.checking = Duration::MAX),
            ("a long excerpt", |j| j.tests[0].view = told(SHOWN_BYTES + 1)),
        ];
        for (what, lie) in lies {
            let mut judgement = sound(&package);
            lie(&mut judgement);
            assert!(plausible(&judgement, &package, &JobMode::Submit).is_err(), "{what}");
        }
    }

    #[test]
    fn the_users_own_input_is_one_public_run() {
        let package = package();
        let custom = JobMode::Custom(String::new());
        assert!(plausible(&sound(&package), &package, &custom).is_err(), "two tests");
        let mut judgement = sound(&package);
        judgement.tests.truncate(1);
        judgement.tests[0].group.clear();
        assert_eq!(plausible(&judgement, &package, &custom), Ok(()));
    }
}

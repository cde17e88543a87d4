//! A problem whose tests are all alike.

use std::fs;
use std::path::Path;

use judge_benches::Fallible;
use judge_core::judging::Problem;
use judge_core::judging::package::Package;

/// Writes a package of `tests` tests below `folder`, each with the answer `answer`, and reads it.
pub fn write(folder: &Path, tests: u32, answer: &[u8]) -> Fallible<Problem> {
    let root = folder.join("manytests");
    let secret = root.join("data/secret");
    fs::create_dir_all(&secret)?;
    fs::create_dir_all(root.join("data/sample"))?;
    let metadata = "problem_format_version: 2025-09\nname: Many tests\n\
                    uuid: 0f5a1f0e-8a53-4c0e-9d5c-3f4f3a7f2c10\nlimits:\n  time_limit: 10\n";
    fs::write(root.join("problem.yaml"), metadata)?;
    for test in 1..=tests {
        fs::write(secret.join(format!("{test:05}.in")), format!("{test}\n"))?;
        fs::write(secret.join(format!("{test:05}.ans")), answer)?;
    }
    Ok(Problem::new(Package::read(&root)?))
}

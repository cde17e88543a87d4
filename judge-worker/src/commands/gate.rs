//! Whether anything may be judged here: what `serve` makes of the self-test.

use judge_core::sandbox::selftest::{Standing, Trial};

use crate::engine::EngineFailure;
use crate::http::{Condition, Readiness};
use crate::metrics::Metrics;
use crate::problems::chain;

/// Tells metrics, log and `/readyz` how each wall stands. Returns whether the gate is open; a
/// self-test that could not be made leaves it shut, for then nothing is known about any wall.
pub fn open(
    tried: &Result<Vec<Trial>, EngineFailure>,
    metrics: &Metrics,
    readiness: &Readiness,
) -> bool {
    let obstacle = match tried {
        Ok(trials) => breached(trials, metrics),
        Err(error) => Some(format!("the walls could not be tried: {}", chain(error))),
    };
    metrics.set_sandbox_selftest(obstacle.is_none());
    match &obstacle {
        None => readiness.hold(Condition::SandboxSelftestPassed),
        Some(reason) => {
            tracing::error!(reason, "nothing is judged; see `judge-worker doctor`");
            readiness.fail(Condition::SandboxSelftestPassed, reason);
        }
    }
    obstacle.is_none()
}

/// The names of the walls that attacks got through, if any.
fn breached(trials: &[Trial], metrics: &Metrics) -> Option<String> {
    for Trial { wall, standing, seen } in trials {
        metrics.set_sandbox_wall(*wall, *standing == Standing::Holds);
        let (wall, what) = (wall.as_str(), wall.to_string());
        match standing {
            Standing::Holds => {}
            Standing::GivenUp => tracing::warn!(wall, what, seen, "judging without this wall"),
            Standing::Breached => tracing::error!(wall, what, seen, "an attack got through"),
        }
    }
    let missing = trials.iter().filter(|trial| trial.standing == Standing::Breached);
    let names: Vec<_> = missing.map(|trial| trial.wall.as_str()).collect();
    let reason = format!("these walls do not hold: {}", names.join(", "));
    (!names.is_empty()).then_some(reason)
}

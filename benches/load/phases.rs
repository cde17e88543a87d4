//! Where the time of a submission goes, by the histograms of the workers.

use judge_benches::exposition::Histogram;

/// A part of a submission's way, and the histogram that has it.
struct Phase {
    name: &'static str,
    family: &'static str,
    label: Option<(&'static str, &'static str)>,
}

const fn phase(name: &'static str, label: &'static str) -> Phase {
    Phase { name, family: "judge_phase_duration_seconds", label: Some(("phase", label)) }
}

/// In the order in which a submission meets them. Fetching, comparing and publishing overlap others.
const PHASES: [Phase; 8] = [
    Phase { name: "queue wait", family: "judge_queue_wait_seconds", label: None },
    phase("fetch", "fetch"),
    phase("compile", "compile"),
    phase("run", "run"),
    phase("check", "check"),
    phase("store", "store"),
    phase("publish", "publish"),
    Phase { name: "all, to confirmed", family: "judge_submission_duration_seconds", label: None },
];

/// What happened in the workers between two looks at them: a name and a histogram in seconds for each
/// phase in which something was counted.
pub fn between(before: &[String], after: &[String]) -> Vec<(&'static str, Histogram)> {
    let counted = PHASES.iter().map(|phase| {
        let all = |looks: &[String]| {
            let each = looks.iter().map(|look| Histogram::of(look, phase.family, phase.label));
            each.fold(Histogram::default(), |all, one| all + &one)
        };
        (phase.name, all(after) - &all(before))
    });
    counted.filter(|(_, histogram)| 0.0 < histogram.total()).collect()
}

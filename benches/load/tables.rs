//! What is said of a schedule.

use judge_benches::Fallible;
use judge_benches::figures::{percentile, three_digits};
use judge_benches::load::books::number;
use judge_benches::load::schedule::Share;
use judge_benches::plot::{Mark, Panel, svg};
use judge_benches::report::Report;

use crate::Trial;

const PERCENTS: [f64; 3] = [50.0, 90.0, 99.0];

/// Whether the rate was sustained, and who was late if it was not the workers.
pub fn pace(report: &mut Report, trial: &Trial) {
    let Trial { books, pace, sustained, .. } = trial;
    let verdict = if *sustained {
        "Sustained"
    } else {
        "NOT SUSTAINED, so that latency grows with the length of the schedule"
    };
    let delays = books.delays();
    let delay = if delays.is_empty() { f64::NAN } else { percentile(&delays, 99.0) };
    report.say(&format!(
        "{verdict}: {} submissions in {} s; {:.2} a second were offered and {:.2} got their verdict (after the first quarter); \
         {:.1} were in the system on average in the second quarter and {:.1} in the last one; {} had no verdict at the end; \
         99 % were handed to the broker within {} ms of their moment.",
        books.entries.len(),
        books.duration.as_secs_f64(),
        pace.offered,
        pace.achieved,
        pace.early_backlog,
        pace.late_backlog,
        pace.lost,
        three_digits(delay),
    ));
    if 0 < books.repeated {
        report.say(&format!("{} verdicts came once more.", books.repeated));
    }
}

/// Latency by language and phases, as tables and as a plot.
pub fn latency(report: &mut Report, trial: &Trial, mix: &[Share]) -> Fallible<()> {
    let Trial { books, phases, patience, .. } = trial;
    let gave_up = books.duration + *patience;
    let mut rows = Vec::new();
    let mut names = Vec::new();
    let mut marks = Vec::new();
    let languages =
        mix.iter().enumerate().map(|(place, share)| (share.language.as_str(), Some(place)));
    for (name, place) in [("all", None)].into_iter().chain(languages) {
        let latencies = books.latencies(place, gave_up);
        if latencies.is_empty() {
            continue;
        }
        let figures = [50.0, 90.0, 99.0, 100.0].map(|percent| percentile(&latencies, percent));
        let head = [name.to_owned(), latencies.len().to_string()];
        rows.push(head.into_iter().chain(figures.map(three_digits)).collect());
        names.push(format!("verdict, {name}"));
        marks.push(mark(figures[0], figures[2]));
    }
    report.table(
        &["intended to verdict", "submissions", "p50 ms", "p90 ms", "p99 ms", "max ms"],
        rows,
    );

    let mut rows = Vec::new();
    for (name, histogram) in phases {
        let milliseconds = |seconds: Option<f64>| seconds.map_or(f64::NAN, |seconds| seconds * 1e3);
        let figures = PERCENTS.map(|percent| milliseconds(histogram.percentile(percent)));
        let mut row = vec![(*name).to_owned(), format!("{:.0}", histogram.total())];
        row.push(three_digits(milliseconds(histogram.mean())));
        row.extend(figures.map(three_digits));
        rows.push(row);
        names.push((*name).to_owned());
        marks.push(mark(figures[0], figures[2]));
    }
    if rows.is_empty() {
        report.say("No worker was named by `--metrics`, so there are no phases.");
    } else {
        let header =
            ["phase, by the workers", "submissions", "mean ms", "≈ p50 ms", "≈ p90 ms", "≈ p99 ms"];
        report.table(&header, rows);
    }
    let title = format!("median to 99th percentile, ms, at {:.2} a second", trial.pace.offered);
    let panel = Panel { title, series: vec!["median".into()], rows: marks };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    report.attach("load.svg", &svg(&names, &[panel]))
}

/// A microsecond stands for what a histogram can't tell from nothing: an axis of powers has no 0.
fn mark(median: f64, p99: f64) -> Vec<Mark> {
    let label = format!("{} … {}", three_digits(median), three_digits(p99));
    vec![Mark { dot: median.max(1e-3), end: p99.max(1e-3), label }]
}

/// One schedule of a search.
pub fn trial_row(rate: f64, trial: &Trial) -> Vec<String> {
    let Trial { books, pace, sustained, patience, .. } = trial;
    let latencies = books.latencies(None, books.duration + *patience);
    let percentiles = PERCENTS.map(|percent| match latencies.as_slice() {
        [] => "-".into(),
        all => three_digits(percentile(all, percent)),
    });
    let figures = [pace.offered, pace.achieved, pace.early_backlog, pace.late_backlog];
    let mut row = vec![format!("{rate:.2}")];
    row.extend(figures.map(three_digits));
    row.push(three_digits(number(pace.lost)));
    row.extend(percentiles);
    row.push(if *sustained { "yes" } else { "no" }.into());
    row
}

/// All schedules of a search.
pub fn trials(report: &mut Report, rows: Vec<Vec<String>>) {
    let header = [
        "rate",
        "offered/s",
        "achieved/s",
        "waiting early",
        "late",
        "no verdict",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "sustained",
    ];
    report.table(&header, rows);
}

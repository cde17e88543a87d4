//! Tables and progress bars for people.

use std::io::IsTerminal;
use std::time::Duration;

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use judge_core::judging::Verdict;

/// An empty table with these column heads; as wide as the terminal, or as it needs to be.
pub fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(heads.iter().map(|head| Cell::new(head).add_attribute(Attribute::Bold)));
    if !std::io::stdout().is_terminal() {
        table.force_no_tty();
    } else if table.width().is_some_and(|columns| LEAST_COLUMNS <= columns) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// A terminal that says it is narrower does not know, or is better served by long lines than by one
/// letter a line.
const LEAST_COLUMNS: u16 = 60;

/// A verdict, green or red.
pub fn verdict_cell(verdict: Verdict) -> Cell {
    let color = match verdict {
        Verdict::Accepted => Color::Green,
        Verdict::JudgingError | Verdict::Cancelled => Color::Magenta,
        Verdict::WrongAnswer
        | Verdict::TimeLimitExceeded
        | Verdict::WallTimeLimitExceeded
        | Verdict::MemoryLimitExceeded
        | Verdict::OutputLimitExceeded
        | Verdict::RunTimeError
        | Verdict::SecurityViolation
        | Verdict::CompileError
        | Verdict::CompileLimitExceeded => Color::Red,
    };
    Cell::new(verdict.code()).fg(color)
}

/// Milliseconds, to a tenth below ten.
pub fn time(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// Mebibytes, to a tenth.
pub fn memory(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people to read")]
    let mib = bytes as f64 / f64::from(1 << 20);
    format!("{mib:.1} MiB")
}

/// A progress bar on standard error; hidden where that is not a terminal.
pub fn bar(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} [{bar:30}] {pos}/{len} {elapsed}");
    let bar = ProgressBar::new(0).with_message(what.to_owned());
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

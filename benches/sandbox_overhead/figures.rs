//! From times to the figures that are shown.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

/// One line a contender. `times`: of each contender, in the order of the rounds, at least one; the
/// first contender is the one that the others are compared with.
pub fn table<'a>(names: impl Iterator<Item = &'a str>, times: &[Vec<Duration>]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.force_no_tty();
    table.set_header(["", "median", "p99", "over bare, median", "p99", "ratio to bare"]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let in_ms = |times: &Vec<Duration>| times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
    let mut times = times.iter().map(in_ms);
    let bare: Vec<f64> = times.next().expect("the caller measured something");
    let all = std::iter::once(bare.clone()).chain(times);
    for (name, times) in names.zip(all) {
        let rounds = || times.iter().zip(&bare);
        let over: Vec<f64> = rounds().map(|(time, bare)| time - bare).collect();
        let ratios: Vec<f64> = rounds().map(|(time, bare)| time / bare).collect();
        table.add_row([
            name.to_owned(),
            format!("{:.2} ms", percentile(&times, 50)),
            format!("{:.2} ms", percentile(&times, 99)),
            format!("{:.2} ms", percentile(&over, 50)),
            format!("{:.2} ms", percentile(&over, 99)),
            format!("{:.2}", percentile(&ratios, 50)),
        ]);
    }
    table
}

/// The smallest of `values` that at least `percent` (1–100) in a hundred of them don't exceed
/// (nearest rank).
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

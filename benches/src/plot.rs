//! Figures of several systems as a picture: one row a system, on logarithmic axes.
//!
//! ```text
//!               title of a panel      title of another
//! system        ●───| ×1.3               ○──●  ×1.9
//! other                   ●────| ×12   ○─●
//!               0.3   1   3   10       30   100   300
//! ```
//!
//! Written by hand: colours that follow the reader's light or dark scheme are style sheets, which the
//! SVG back ends of plotting crates don't write.

use std::fmt::Write;

/// One series of one system.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Where its dot is; above 0.
    pub dot: f64,
    /// Up to where a line goes; above 0.
    pub end: f64,
    /// What stands beside it.
    pub label: String,
}

/// What one axis shows.
#[derive(Debug, Clone)]
pub struct Panel {
    /// What and in which unit.
    pub title: String,
    /// The names of its series, two at most.
    pub series: Vec<String>,
    /// For each system, a mark of each series.
    pub rows: Vec<Vec<Mark>>,
}

const NAMES_WIDTH: f64 = 210.0;
const PANEL_WIDTH: f64 = 300.0;
/// Beside each panel at least.
const MARGIN: f64 = 40.0;
/// Of a small character, about: what draws it chooses the font.
const CHARACTER: f64 = 6.6;
/// Between the end of a mark and its label.
const GAP: f64 = 7.0;
/// The most ticks of an axis that have a number each; of more, only the powers of ten have.
const NUMBERED: usize = 8;
const HEAD: f64 = 76.0;
const ROW: f64 = 44.0;
const FOOT: f64 = 34.0;

const STYLE: &str = "\
text { font: 13px system-ui, 'DejaVu Sans', sans-serif; fill: #1f2328; }
.small { font-size: 11px; fill: #59636e; }
.title { font-weight: 600; }
.label { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }
.paper { fill: #ffffff; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.s0 { fill: #0969da; stroke: #0969da; }
.s1 { fill: #bc4c00; stroke: #bc4c00; }
line.s0, line.s1 { stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .small { fill: #9198a1; }
  .label { stroke: #0d1117; }
  .paper { fill: #0d1117; }
  .grid { stroke: #3d444d; }
  .s0 { fill: #58a6ff; stroke: #58a6ff; }
  .s1 { fill: #f0883e; stroke: #f0883e; }
}
";

/// The picture, a document by itself. `names`: of the systems, from the top.
pub fn svg(names: &[&str], panels: &[Panel]) -> String {
    let rows = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let width = NAMES_WIDTH + panels.iter().map(width_of).sum::<f64>();
    let height = HEAD + f64::from(rows) * ROW + FOOT;
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("a string takes everything");
    line(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">"#
    ));
    line(format!("<style>\n{STYLE}</style>"));
    line(format!(r#"<rect class="paper" width="{width}" height="{height}"/>"#));
    let mut y = HEAD;
    for name in names {
        line(format!(r#"<text x="12" y="{:.1}">{}</text>"#, y + ROW / 2.0 + 4.0, escaped(name)));
        y += ROW;
    }
    let mut left = NAMES_WIDTH;
    for panel in panels {
        draw(panel, left, height - FOOT, &mut line);
        left += width_of(panel);
    }
    line("</svg>".into());
    out
}

/// Of a panel with all its labels.
fn width_of(panel: &Panel) -> f64 {
    let axis = Axis::of(panel, 0.0);
    let ends = panel.rows.iter().flatten().map(|mark| {
        let characters = u32::try_from(mark.label.chars().count()).unwrap_or(u32::MAX);
        axis.x(mark.dot.max(mark.end)) + GAP + f64::from(characters) * CHARACTER
    });
    ends.fold(PANEL_WIDTH, f64::max) + MARGIN
}

fn draw(panel: &Panel, left: f64, bottom: f64, line: &mut dyn FnMut(String)) {
    let axis = Axis::of(panel, left);
    line(format!(r#"<text class="title" x="{left}" y="24">{}</text>"#, escaped(&panel.title)));
    let mut x = left;
    for (series, name) in panel.series.iter().enumerate() {
        line(format!(r#"<circle class="s{series}" cx="{:.1}" cy="46" r="4"/>"#, x + 5.0));
        line(format!(r#"<text class="small" x="{:.1}" y="50">{}</text>"#, x + 14.0, escaped(name)));
        x += PANEL_WIDTH / 2.0;
    }
    for &tick in &axis.ticks {
        let x = axis.x(tick);
        let top = HEAD - 8.0;
        line(format!(r#"<line class="grid" x1="{x:.1}" y1="{top}" x2="{x:.1}" y2="{bottom}"/>"#));
        let y = bottom + 18.0;
        if axis.has_number(tick) {
            line(format!(
                r#"<text class="small" x="{x:.1}" y="{y}" text-anchor="middle">{tick}</text>"#
            ));
        }
    }
    let mut top = HEAD;
    for row in &panel.rows {
        let mut y = top + ROW / 2.0 - if row.len() == 1 { 0.0 } else { 8.0 };
        for (series, mark) in row.iter().enumerate() {
            let (dot, end) = (axis.x(mark.dot), axis.x(mark.end));
            line(format!(
                r#"<line class="s{series}" x1="{dot:.1}" y1="{y:.1}" x2="{end:.1}" y2="{y:.1}"/>"#
            ));
            line(format!(r#"<circle class="s{series}" cx="{dot:.1}" cy="{y:.1}" r="4"/>"#));
            let (x, base, label) = (dot.max(end) + GAP, y + 4.0, escaped(&mark.label));
            line(format!(r#"<text class="small label" x="{x:.1}" y="{base:.1}">{label}</text>"#));
            y += 16.0;
        }
        top += ROW;
    }
}

/// A logarithmic axis from the first tick to the last.
struct Axis {
    ticks: Vec<f64>,
    left: f64,
}

impl Axis {
    /// Ticks at 1, 3, 10, 30 and so on, the least that hold everything.
    fn of(panel: &Panel, left: f64) -> Self {
        let values = || panel.rows.iter().flatten().flat_map(|mark| [mark.dot, mark.end]);
        let least = values().fold(f64::INFINITY, f64::min);
        let greatest = values().fold(0.0, f64::max);
        let grid: Vec<f64> =
            (-9..=9).flat_map(|power| [1.0, 3.0].map(|digit| tick(digit, power))).collect();
        let first = grid.iter().rposition(|&tick| tick <= least).unwrap_or(0);
        let last = grid.iter().position(|&tick| greatest <= tick).unwrap_or(grid.len() - 1);
        Self { ticks: grid[first.min(last)..=last.max(first + 1)].to_vec(), left }
    }

    fn has_number(&self, tick: f64) -> bool {
        let power = tick.log10();
        self.ticks.len() <= NUMBERED || (power - power.round()).abs() < 1e-9
    }

    fn x(&self, value: f64) -> f64 {
        let first = self.ticks.first().expect("there are two at least").ln();
        let last = self.ticks.last().expect("there are two at least").ln();
        self.left + (value.ln() - first) / (last - first) * PANEL_WIDTH
    }
}

/// By its text, which is exact where a product of powers is not.
fn tick(digit: f64, power: i32) -> f64 {
    format!("{digit}e{power}").parse().expect("it is a number")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(rows: &[(f64, f64)]) -> Panel {
        let mark = |&(dot, end): &(f64, f64)| Mark { dot, end, label: "×1 < 2".into() };
        let rows = rows.iter().map(|row| vec![mark(row)]).collect();
        Panel { title: "time & more".into(), series: vec!["one".into()], rows }
    }

    #[test]
    fn an_axis_holds_every_mark_between_its_ends() {
        let axis = Axis::of(&panel(&[(0.4, 0.9), (25.0, 101.0)]), 10.0);
        assert_eq!(axis.ticks, [0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0]);
        assert!((axis.x(0.3) - 10.0).abs() < 1e-9 && (axis.x(300.0) - 310.0).abs() < 1e-9);
        assert!(axis.x(0.4) < axis.x(0.9));
        assert_eq!(Axis::of(&panel(&[(1.0, 1.0)]), 0.0).ticks, [1.0, 3.0]);
    }

    #[test]
    fn the_longest_label_lies_within_the_picture() {
        let mut wide = panel(&[(1.0, 3.0)]);
        let narrow = width_of(&wide);
        wide.rows[0][0].label = "a label of more than forty characters, see".into();
        assert!(narrow + 30.0 * CHARACTER < width_of(&wide));
    }

    #[test]
    fn numbers_of_a_long_axis_are_powers_of_ten() {
        let numbered = |panel: &Panel| {
            let axis = Axis::of(panel, 0.0);
            let numbered = axis.ticks.iter().filter(|tick| axis.has_number(**tick));
            numbered.copied().collect::<Vec<_>>()
        };
        assert_eq!(numbered(&panel(&[(0.3, 30.0)])), [0.3, 1.0, 3.0, 10.0, 30.0]);
        assert_eq!(numbered(&panel(&[(0.3, 3000.0)])), [1.0, 10.0, 100.0, 1000.0]);
    }

    #[test]
    fn a_plot_is_well_formed_and_has_every_name() {
        let svg = svg(&["us", "<them>"], &[panel(&[(1.0, 2.0), (10.0, 20.0)])]);
        assert!(svg.contains(">&lt;them&gt;</text>") && svg.contains("time &amp; more"));
        assert_eq!(svg.matches("<circle").count(), 3, "one for each mark and one for the series");
        for element in ["<text", "<svg", "<style"] {
            let end = element.replace('<', "</");
            assert_eq!(svg.matches(element).count(), svg.matches(&end).count(), "{element}");
        }
        assert_eq!(
            svg.matches("<line").count(),
            svg.lines().filter(|l| l.ends_with("/>") && l.starts_with("<line")).count()
        );
    }
}

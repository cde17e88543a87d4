//! The figures as tables and as a plot. The first system is the one that others are compared with.

use judge_benches::figures::{median, percentile, ratios, three_digits};
use judge_benches::plot::{self, Mark, Panel};
use judge_benches::report::Report;
use judge_benches::throughput::Rates;

/// Of one system, in milliseconds and in the order of the rounds.
pub struct Times {
    pub back_to_back: Vec<f64>,
    pub idle: Vec<f64>,
}

/// Times of single runs.
pub fn latency(report: &mut Report, names: &[&str], times: &[Times]) {
    let header = [
        "one run",
        "median ms",
        "p99 ms",
        "by bare",
        "p99 by bare's",
        "idle: median ms",
        "p99 ms",
        "by bare",
        "p99 by bare's",
    ];
    let bare = &times[0];
    let rows = names.iter().zip(times).map(|(name, times)| {
        let mut row = vec![(*name).to_owned()];
        row.extend(figures(&times.back_to_back, &bare.back_to_back));
        row.extend(figures(&times.idle, &bare.idle));
        row
    });
    report.table(&header, rows.collect());
}

fn figures(times: &[f64], bare: &[f64]) -> [String; 4] {
    let p99 = percentile(times, 99.0);
    let by_bare = median(&ratios(times, bare));
    let p99_by_bare = p99 / percentile(bare, 99.0);
    [median(times), p99, by_bare, p99_by_bare].map(three_digits)
}

/// Runs a second.
pub fn throughput(report: &mut Report, names: &[&str], rates: &[Rates]) {
    let header = ["runs/s, medians", "one lane", "by bare", "two lanes", "by bare", "two by one"];
    let bare = &rates[0];
    let rows = names.iter().zip(rates).map(|(name, rates)| {
        let Rates { one, two } = rates;
        let figures = [
            median(one),
            median(&ratios(one, &bare.one)),
            median(two),
            median(&ratios(two, &bare.two)),
            median(&ratios(two, one)),
        ];
        std::iter::once((*name).to_owned()).chain(figures.map(three_digits)).collect()
    });
    report.table(&header, rows.collect());
}

/// Both as a picture.
pub fn plot(names: &[&str], times: &[Times], rates: &[Rates]) -> String {
    let time = |times: &[f64], bare: &[f64]| Mark {
        dot: median(times),
        end: percentile(times, 99.0),
        label: format!("×{}", three_digits(median(&ratios(times, bare)))),
    };
    let (bare, bare_rates) = (&times[0], &rates[0]);
    let of_times = |Times { back_to_back, idle }: &Times| {
        vec![time(back_to_back, &bare.back_to_back), time(idle, &bare.idle)]
    };
    let rate = |rates: &[f64], bare: &[f64]| Mark {
        dot: median(rates),
        end: median(rates),
        label: format!("×{}", three_digits(median(&ratios(rates, bare)))),
    };
    let of_rates =
        |Rates { one, two }: &Rates| vec![rate(one, &bare_rates.one), rate(two, &bare_rates.two)];
    let panels = [
        Panel {
            title: "ms for one run: median to p99, × bare".into(),
            series: vec!["back to back".into(), "after idle gaps".into()],
            rows: times.iter().map(of_times).collect(),
        },
        Panel {
            title: "runs a second, × bare".into(),
            series: vec!["one lane".into(), "two lanes, two cores".into()],
            rows: rates.iter().map(of_rates).collect(),
        },
    ];
    plot::svg(names, &panels)
}

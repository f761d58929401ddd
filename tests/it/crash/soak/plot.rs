//! A trial as a picture: what was taken, over time.

use std::fmt::Write as _;

use super::samples::{Sample, Samples};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 110.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 26.0;

/// What it is called, its colour, and how it is found in a sample.
type Row = (&'static str, &'static str, fn(&Sample) -> f64);

/// One row for each measure, each with its own scale from zero.
pub fn svg(samples: &Samples) -> String {
    let rows: [Row; 5] = [
        ("memory, MiB resident", "#1f5fa8", |s| s.rss / 1024.0),
        ("file descriptors", "#a8471f", |s| s.fds),
        ("threads", "#6b4fa0", |s| s.threads),
        ("store on disk, MiB", "#2f7d4f", |s| s.store / 1024.0),
        ("posts published that were for people (grey) and told (black)", "#111111", |s| s.told),
    ];
    let (row, end) = (HEIGHT + TOP, samples.last().as_secs_f64().max(1.0));
    let (wide, high) = (LEFT + WIDTH + 20.0, row * rows.len() as f64 + 40.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{wide}\" height=\"{high}\" fill=\"white\"/>\n"
    );
    for (n, (name, colour, what)) in rows.iter().enumerate() {
        let base = row * (n as f64 + 1.0);
        let most = samples.all().iter().map(what).fold(1.0, f64::max) * 1.1;
        let at = |sample: &Sample, value: f64| {
            format!("{:.1},{:.1}", LEFT + sample.seconds / end * WIDTH, base - value / most * HEIGHT)
        };
        let line = |values: &dyn Fn(&Sample) -> f64| {
            samples.all().iter().map(|s| at(s, values(s))).collect::<Vec<_>>().join(" ")
        };
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">{name}</text>", base - HEIGHT - 6.0);
        for (value, y) in [(0.0, base), (most, base - HEIGHT)] {
            let _ = writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#cccccc\"/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value:.0}</text>",
                LEFT + WIDTH,
                LEFT - 6.0,
                y + 4.0
            );
        }
        if n == rows.len() - 1 {
            let grey = line(&|s| s.posts / 10.0);
            let _ = writeln!(
                svg,
                "<polyline fill=\"none\" stroke=\"#bbbbbb\" stroke-width=\"3\" points=\"{grey}\"/>"
            );
        }
        let points = line(what);
        let _ = writeln!(svg, "<polyline fill=\"none\" stroke=\"{colour}\" points=\"{points}\"/>");
    }
    let base = row * rows.len() as f64 + 16.0;
    for tenth in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (x, minutes) = (LEFT + tenth * WIDTH, end * tenth / 60.0);
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{base}\" text-anchor=\"middle\">{minutes:.1} min</text>");
    }
    svg + "</svg>\n"
}

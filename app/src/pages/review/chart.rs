//! Received and decided by day as a line chart, with the same numbers as a table (R61).

use domain::view::DayCount;
use leptos::prelude::*;

// The plot inside of the 640 × 220 drawing; the rest is for the figures at the axes.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 604.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 184.0;
/// Spaces between the horizontal lines.
const LINES: u64 = 4;
/// About so many days are named at the axis.
const NAMED: usize = 5;

/// The step between two horizontal lines: 1, 2 or 5 times a power of ten, whole, and so that
/// everything fits.
fn step(most: u64) -> u64 {
    let mut power = 1;
    loop {
        if let Some(step) = [1, 2, 5].into_iter().map(|digit| digit * power).find(|step| step * LINES >= most)
        {
            return step;
        }
        power *= 10;
    }
}

/// Numbers of filings and days are small; what a chart loses beyond 2^53 nobody sees.
fn float(number: u64) -> f64 {
    number as f64
}

fn x_of(number: usize, days: usize) -> f64 {
    let spaces = days.saturating_sub(1).max(1);
    LEFT + (RIGHT - LEFT) * number as f64 / spaces as f64
}

fn y_of(value: u64, top: u64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * float(value) / float(top.max(1))
}

/// Corner points of a line, as `polyline` takes them.
fn points(values: &[u64], top: u64) -> String {
    let corners: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(number, value)| format!("{:.1},{:.1}", x_of(number, values.len()), y_of(*value, top)))
        .collect();
    corners.join(" ")
}

/// Whether a day is named at the axis; the last one, today, always is.
fn is_named(number: usize, days: usize) -> bool {
    let every = days.div_ceil(NAMED).max(1);
    (days - 1 - number).is_multiple_of(every)
}

#[component]
pub fn DaysChart(days: Vec<DayCount>) -> impl IntoView {
    let received: Vec<u64> = days.iter().map(|day| day.received).collect();
    let decided: Vec<u64> = days.iter().map(|day| day.decided).collect();
    let step = step(received.iter().chain(&decided).copied().max().unwrap_or(0));
    let top = step * LINES;
    let count = days.len();
    let spoken = format!(
        "近 {count} 天受理 {} 件，办结 {} 件；逐日数据见数据表",
        received.iter().sum::<u64>(),
        decided.iter().sum::<u64>()
    );
    let lines = (0..=LINES)
        .map(|number| format!("{:.1}", y_of(number * step, top)))
        .map(|y| view! { <line x1=LEFT.to_string() x2=RIGHT.to_string() y1=y.clone() y2=y></line> })
        .collect_view();
    let figures = (0..=LINES)
        .map(|number| {
            let y = format!("{:.1}", y_of(number * step, top) + 4.0);
            view! { <text x=(LEFT - 8.0).to_string() y=y text-anchor="end">{(number * step).to_string()}</text> }
        })
        .collect_view();
    let names = days
        .iter()
        .enumerate()
        .filter(|(number, _)| is_named(*number, count))
        .map(|(number, day)| {
            let x = format!("{:.1}", x_of(number, count));
            view! { <text x=x y="208" text-anchor="middle">{day.day.clone()}</text> }
        })
        .collect_view();
    view! {
        <figure class="chart">
            <figcaption>
                <h2>"受理与办结"</h2>
                <ul class="legend"><li class="key-received">"受理"</li><li class="key-decided">"办结"</li></ul>
            </figcaption>
            <svg viewBox="0 0 640 220" role="img" aria-label=spoken>
                <g class="chart-grid">{lines}</g>
                <g class="chart-axis">{figures}{names}</g>
                <polyline class="line-decided" points=points(&decided, top)></polyline>
                <polyline class="line-received" points=points(&received, top)></polyline>
            </svg>
            <details>
                <summary>"数据表"</summary>
                <DaysTable days/>
            </details>
        </figure>
    }
    .into_any()
}

#[component]
fn DaysTable(days: Vec<DayCount>) -> impl IntoView {
    view! {
        <div class="table-wrap table-wrap-plain">
            <table class="table table-plain">
                <caption class="visually-hidden">"逐日受理与办结"</caption>
                <thead>
                    <tr>
                        <th scope="col">"日期"</th>
                        <th scope="col" class="num">"受理"</th>
                        <th scope="col" class="num">"办结"</th>
                    </tr>
                </thead>
                <tbody>
                    {days.into_iter().rev().map(|day| view! {
                        <tr>
                            <td class="figures">{day.day}</td>
                            <td class="num">{day.received.to_string()}</td>
                            <td class="num">{day.decided.to_string()}</td>
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_whole_and_everything_fits_below_the_top_line() {
        for (most, wanted) in
            [(0, 1), (1, 1), (4, 1), (5, 2), (9, 5), (20, 5), (21, 10), (73, 20), (401, 200)]
        {
            assert_eq!(step(most), wanted, "{most}");
        }
    }

    #[test]
    fn lines_run_from_edge_to_edge_and_stay_inside() {
        assert_eq!(points(&[0, 4, 2], 4), "44.0,184.0 324.0,14.0 604.0,99.0");
        assert_eq!(points(&[3], 4), "44.0,56.5");
        assert_eq!(points(&[], 4), "");
    }

    #[test]
    fn today_is_named_and_few_others() {
        for days in [1, 2, 7, 14, 30] {
            let named = (0..days).filter(|number| is_named(*number, days)).count();
            assert!(is_named(days - 1, days) && named <= NAMED, "{days}: {named}");
        }
    }
}

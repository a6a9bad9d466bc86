//! Received and decided by day as bars, each read by pointer and keys, with the same numbers as a table (R61).

use domain::route;
use domain::view::{DayCount, Period};
use leptos::prelude::*;

use super::period::Periods;

// The plot inside of the 640 × 220 drawing; the rest is for the figures at the axes.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 604.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 184.0;
/// Spaces between the horizontal lines.
const LINES: u64 = 4;
/// A bar is no wider.
const WIDEST: f64 = 22.0;
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

/// The width of what belongs to one day.
fn band(days: usize) -> f64 {
    (RIGHT - LEFT) / days.max(1) as f64
}

/// The middle of a day.
fn x_of(number: usize, days: usize) -> f64 {
    LEFT + band(days) * (number as f64 + 0.5)
}

fn y_of(value: u64, top: u64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * float(value) / float(top.max(1))
}

/// The bars of one kind as a path: in each day's middle, to its left or right; none where there is nothing.
fn bars(values: &[u64], top: u64, is_left: bool) -> String {
    let width = (band(values.len()) * 0.36).min(WIDEST);
    let shape = |(number, value): (usize, &u64)| {
        let (middle, y) = (x_of(number, values.len()), y_of(*value, top));
        let x = if is_left { middle - width - 0.5 } else { middle + 0.5 };
        (*value > 0).then(|| format!("M{x:.1},{BOTTOM}V{y:.1}h{width:.1}V{BOTTOM}z"))
    };
    values.iter().enumerate().filter_map(shape).collect::<Vec<_>>().join("")
}

/// Whether a day is named at the axis; the last one, today, always is.
fn is_named(number: usize, days: usize) -> bool {
    let every = days.div_ceil(NAMED).max(1);
    (days - 1 - number).is_multiple_of(every)
}

#[component]
pub fn DaysChart(days: Vec<DayCount>, period: Period) -> impl IntoView {
    let received: Vec<u64> = days.iter().map(|day| day.received).collect();
    let decided: Vec<u64> = days.iter().map(|day| day.decided).collect();
    let step = step(received.iter().chain(&decided).copied().max().unwrap_or(0));
    let top = step * LINES;
    let count = days.len();
    let spoken = format!(
        "{}受理 {} 件，办结 {} 件；各日数据见数据表",
        period.label(),
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
                <Periods page=route::REVIEW period/>
            </figcaption>
            <div class="chart-plot">
                <svg viewBox="0 0 640 220" role="img" aria-label=spoken>
                    <g class="chart-grid">{lines}</g>
                    <g class="chart-axis">{figures}{names}</g>
                    <path class="bar-received" d=bars(&received, top, true)></path>
                    <path class="bar-decided" d=bars(&decided, top, false)></path>
                </svg>
                <Readout days=days.clone() period/>
            </div>
            <details>
                <summary>"数据表"</summary>
                <DaysTable days period/>
            </details>
        </figure>
    }
    .into_any()
}

/// What a bar stands for.
fn when(day: &str, period: Period) -> String {
    match period.days_together() {
        1 => day.to_owned(),
        _ => format!("{day} 起一周"),
    }
}

/// The numbers of the day that is pointed at, tapped, or reached with the arrow keys: one group of radio buttons over
/// the plot, so it is one stop of the tabulator and needs no script. What is said stands above the bars and hides none;
/// `frontend/js/chart.js` takes it away by Esc.
#[component]
fn Readout(days: Vec<DayCount>, period: Period) -> impl IntoView {
    let (count, last) = (days.len(), days.len().saturating_sub(1));
    let points = days
        .into_iter()
        .enumerate()
        .map(|(number, day)| {
            let said = format!("{}：受理 {} 件，办结 {} 件", when(&day.day, period), day.received, day.decided);
            // At the edges it grows inwards.
            let side = match number {
                _ if number * 4 < count => Some("start"),
                _ if number * 4 >= count * 3 => Some("end"),
                _ => None,
            };
            view! {
                <label class="chart-day" data-side=side>
                    <input type="radio" name="chart-day" aria-label=said.clone() checked=number == last autocomplete="off"/>
                    <span class="chart-tip figures" aria-hidden="true">{said}</span>
                </label>
            }
        })
        .collect_view();
    view! { <div class="chart-days" role="radiogroup" aria-label="逐日读数" data-days=period.code()>{points}</div> }.into_any()
}

#[component]
fn DaysTable(days: Vec<DayCount>, period: Period) -> impl IntoView {
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
                            <td class="figures">{when(&day.day, period)}</td>
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
    fn bars_stand_beside_each_other_and_none_where_there_is_nothing() {
        assert_eq!(bars(&[0, 4], 4, true), "M441.5,184V14.0h22.0V184z");
        assert_eq!(bars(&[2, 0], 4, false), "M184.5,184V99.0h22.0V184z");
        assert_eq!(bars(&[], 4, true), "");
        // However many there are, no bar reaches into the next day.
        for days in [7, 13, 30] {
            assert!((band(days) * 0.36).min(WIDEST) * 2.0 < band(days), "{days}");
        }
    }

    #[test]
    fn today_is_named_and_few_others() {
        for days in [1, 2, 7, 13, 30] {
            let named = (0..days).filter(|number| is_named(*number, days)).count();
            assert!(is_named(days - 1, days) && named <= NAMED, "{days}: {named}");
        }
    }
}

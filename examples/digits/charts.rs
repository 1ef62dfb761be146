//! Two pictures, each as SVG and PNG: how the loss falls, and the paths down the valley.

use crate::optimizers::{Entry, Family};
use crate::training::Outcome;
use crate::{Run, valley};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::error::Error;
use std::path::Path;

const SIZE: (u32, u32) = (2100, 1400);
const INK: RGBColor = RGBColor(40, 44, 52);
const FAINT: RGBColor = RGBColor(222, 226, 232);

/// Told apart by hue and by lightness.
const COLOURS: [RGBColor; 10] = [
    RGBColor(0, 90, 181),
    RGBColor(220, 50, 32),
    RGBColor(0, 145, 90),
    RGBColor(230, 140, 0),
    RGBColor(125, 70, 190),
    RGBColor(60, 185, 220),
    RGBColor(200, 60, 150),
    RGBColor(125, 100, 40),
    RGBColor(110, 120, 130),
    RGBColor(150, 190, 30),
];

/// A line of a panel and its name.
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

/// Draws both pictures into a folder.
pub(crate) fn draw(folder: &Path, runs: &[Run], outcomes: &[Outcome]) -> Result<(), Box<dyn Error>> {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular()).map_err(|_| "the font is broken")?;
    let at = |name: &str| folder.join(name);
    losses(SVGBackend::new(&at("losses.svg"), SIZE).into_drawing_area(), runs, outcomes)?;
    losses(BitMapBackend::new(&at("losses.png"), SIZE).into_drawing_area(), runs, outcomes)?;
    paths(SVGBackend::new(&at("valley.svg"), SIZE).into_drawing_area(), runs)?;
    paths(BitMapBackend::new(&at("valley.png"), SIZE).into_drawing_area(), runs)?;
    Ok(())
}

/// The picture's title and its six panels.
fn panels<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
) -> Result<Vec<DrawingArea<DB, Shift>>, Box<dyn Error>>
where
    DB::ErrorType: 'static,
{
    area.fill(&WHITE)?;
    let area = area.margin(20, 20, 20, 30).titled(title, ("sans-serif", 40).into_font().color(&INK))?;
    Ok(area.split_evenly((2, 3)))
}

fn losses<DB: DrawingBackend>(
    area: DrawingArea<DB, Shift>,
    runs: &[Run],
    outcomes: &[Outcome],
) -> Result<(), Box<dyn Error>>
where
    DB::ErrorType: 'static,
{
    let panels = panels(&area, "Training loss on handwritten digits, after each pass over the data")?;
    let line = |run: &Run, outcome: &Outcome, first: usize| Line {
        name: run.name.clone(),
        points: outcome.losses.iter().enumerate().skip(first).map(|(epoch, &loss)| (epoch as f64, loss)).collect(),
    };
    let chosen = |wanted: &dyn Fn(&Run) -> bool, first| -> Vec<Line> {
        let pairs = runs.iter().zip(outcomes).filter(|(run, _)| wanted(run));
        pairs.map(|(run, outcome)| line(run, outcome, first)).collect()
    };
    loss_panel(&panels[0], "SGD: samples in a step", &chosen(&|run| run.is_batch_study, 1), true)?;
    for (panel, (family, title)) in panels[1..].iter().zip(Family::ALL) {
        let of_family = |run: &Run| !run.is_batch_study && run.entry.family == family;
        loss_panel(panel, title, &chosen(&of_family, 0), false)?;
    }
    area.present()?;
    Ok(())
}

fn loss_panel<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    lines: &[Line],
    wide_range: bool,
) -> Result<(), Box<dyn Error>>
where
    DB::ErrorType: 'static,
{
    let last = lines.iter().flat_map(|line| &line.points).map(|point| point.0).fold(1.0, f64::max);
    let y = (1e-3..4.0f64).log_scale();
    let mut builder = ChartBuilder::on(area);
    builder
        .margin(16)
        .caption(title, ("sans-serif", 28).into_font().color(&INK))
        .x_label_area_size(52)
        .y_label_area_size(78);
    macro_rules! draw_on {
        ($chart:expr) => {{
            let mut chart = $chart;
            chart
                .configure_mesh()
                .light_line_style(WHITE)
                .bold_line_style(FAINT)
                .axis_style(INK)
                .label_style(("sans-serif", 20).into_font().color(&INK))
                .x_desc("epochs")
                .y_desc("loss")
                .x_label_formatter(&|x| format!("{x:.0}"))
                .y_label_formatter(&|y| format!("{y}"))
                .draw()?;
            for (line, colour) in lines.iter().zip(COLOURS) {
                chart
                    .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(3)))?
                    .label(&line.name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 26, y)], colour.stroke_width(4)));
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::LowerLeft)
                .label_font(("sans-serif", 20).into_font().color(&INK))
                .legend_area_size(34)
                .background_style(WHITE.mix(0.85))
                .draw()?;
        }};
    }
    if wide_range {
        draw_on!(builder.build_cartesian_2d((1.0..last).log_scale(), y)?);
    } else {
        draw_on!(builder.build_cartesian_2d(0.0..last, y)?);
    }
    Ok(())
}

fn paths<DB: DrawingBackend>(area: DrawingArea<DB, Shift>, runs: &[Run]) -> Result<(), Box<dyn Error>>
where
    DB::ErrorType: 'static,
{
    let panels = panels(&area, "Forty steps down the valley x²/20 + y² from (−7, 2)")?;
    let chosen = |wanted: &dyn Fn(&Entry) -> bool| -> Result<Vec<Line>, gradstep::Error> {
        let entries = runs.iter().filter(|run| !run.is_batch_study).map(|run| &run.entry);
        entries.filter(|entry| wanted(entry)).map(line_of).collect()
    };
    let textbook = chosen(&|entry| ["Sgd", "HeavyBall", "AdaGrad", "Adam"].contains(&entry.name))?;
    valley_panel(&panels[0], "As in the textbooks", &textbook)?;
    for (panel, (family, title)) in panels[1..].iter().zip(Family::ALL) {
        valley_panel(panel, title, &chosen(&|entry| entry.family == family)?)?;
    }
    area.present()?;
    Ok(())
}

fn line_of(entry: &Entry) -> Result<Line, gradstep::Error> {
    Ok(Line { name: format!("{}, lr {}", entry.name, entry.valley_lr), points: valley::path(entry)? })
}

fn valley_panel<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    lines: &[Line],
) -> Result<(), Box<dyn Error>>
where
    DB::ErrorType: 'static,
{
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .caption(title, ("sans-serif", 28).into_font().color(&INK))
        .x_label_area_size(52)
        .y_label_area_size(60)
        .build_cartesian_2d(-8.0..4.0, -4.8..2.8)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(INK)
        .label_style(("sans-serif", 20).into_font().color(&INK))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .x_desc("x")
        .y_desc("y")
        .draw()?;
    for i in 1..=8 {
        let height = f64::from(i * i) / 8.0;
        chart.draw_series(LineSeries::new(valley::contour(height), FAINT.stroke_width(2)))?;
    }
    for (line, colour) in lines.iter().zip(COLOURS) {
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(3)))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 26, y)], colour.stroke_width(4)));
        chart.draw_series(line.points.iter().map(|&point| Circle::new(point, 4, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .label_font(("sans-serif", 17).into_font().color(&INK))
        .legend_area_size(34)
        .background_style(WHITE.mix(0.85))
        .draw()?;
    Ok(())
}

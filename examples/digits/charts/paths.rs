//! The optimizers' paths down the valley, one panel an optimizer.

use super::{SIZE, captioned, group, grouped, inside, panels};
use crate::picture::{Done, INK, Picture, font, stroke};
use crate::{Run, valley};
use plotters::coord::Shift;
use plotters::prelude::*;

const COLUMNS: usize = 7;
const X: core::ops::Range<f64> = -8.0..3.0;
const Y: core::ops::Range<f64> = -2.8..2.8;

/// Contour lines: the kth is where f is k²/8, so that they are equally far apart along an axis.
const CONTOURS: u32 = 8;

pub(super) struct Paths<'a> {
    runs: Vec<&'a Run>,
    /// In the order of `runs`.
    paths: Vec<Vec<(f64, f64)>>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(runs: &'a [Run]) -> Result<Self, gradstep::Error> {
        let runs = grouped(&runs.iter().filter(|run| !run.is_batch_study).collect::<Vec<_>>());
        let paths = runs.iter().map(|run| valley::path(&run.entry)).collect::<Result<_, _>>()?;
        Ok(Paths { runs, paths })
    }
}

/// Darker towards the bottom of the valley.
fn tint(depth: u32) -> RGBColor {
    let share = f64::from(depth) / f64::from(CONTOURS);
    let mix = |high: f64, low: f64| (high + (low - high) * share) as u8;
    RGBColor(mix(248.0, 190.0), mix(250.0, 208.0), mix(252.0, 228.0))
}

impl Picture for Paths<'_> {
    const SIZE: (u32, u32) = SIZE;

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<DB, Shift>) -> Done {
        let title = format!("{} steps down the valley f(x, y) = x²/20 + y²", valley::STEPS);
        let explanation = "From (−7, 2), the ring, to the minimum, the cross. A dot is a step; contour lines are where f \
                           is 1/8, 4/8, 9/8, 16/8 …";
        let panels = panels(area, &title, explanation, COLUMNS, &self.runs)?;
        for (i, (run, path)) in self.runs.iter().zip(&self.paths).enumerate() {
            let chart_area = captioned(&panels[i], run, &format!("lr {}", run.entry.valley_lr))?;
            let mut chart = ChartBuilder::on(&chart_area)
                .margin_right(22)
                .x_label_area_size(94)
                .y_label_area_size(104)
                .build_cartesian_2d(X, Y)?;
            chart.plotting_area().fill(&tint(0))?;
            for k in (1..=CONTOURS).rev() {
                let contour: Vec<_> = valley::contour(f64::from(k * k) / 8.0).collect();
                let clipped = contour.iter().map(|&(x, y)| (x.clamp(X.start, X.end), y.clamp(Y.start, Y.end)));
                chart.draw_series([Polygon::new(clipped.collect::<Vec<_>>(), tint(CONTOURS + 1 - k))])?;
                for part in inside(&contour, |(x, y)| X.contains(&x) && Y.contains(&y)) {
                    chart.draw_series(LineSeries::new(part, WHITE.stroke_width(3)))?;
                }
            }
            let is_lowest = i + COLUMNS >= self.runs.len();
            chart
                .configure_mesh()
                .disable_mesh()
                .axis_style(INK.stroke_width(2))
                .label_style(font(28, INK))
                .axis_desc_style(font(32, INK))
                .set_all_tick_mark_size(8)
                .x_labels(6)
                .y_labels(5)
                .x_label_formatter(&|x| minus(*x))
                .y_label_formatter(&|y| minus(*y))
                .x_desc(if is_lowest { "x" } else { "" })
                .y_desc(if i % COLUMNS == 0 { "y" } else { "" })
                .draw()?;
            let color = group(run).1;
            chart.draw_series([Cross::new((0.0, 0.0), 14, INK.stroke_width(5))])?;
            stroke(chart.plotting_area(), path, color, 4)?;
            chart.draw_series(path.iter().map(|&point| Circle::new(point, 8, color.filled())))?;
            chart.draw_series([Circle::new(path[0], 16, INK.stroke_width(5))])?;
        }
        Ok(())
    }
}

/// A whole number with the sign that print has.
fn minus(value: f64) -> String {
    format!("{value:.0}").replace('-', "−")
}

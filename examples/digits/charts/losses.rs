//! The training loss after each epoch, one panel a run.

use super::{SIZE, captioned, group, grouped, inside, network_size, panels};
use crate::Run;
use crate::optimizers::MINI_BATCHES;
use crate::picture::{Done, FAINT, INK, Picture, font, stroke};
use crate::training::Outcome;
use plotters::coord::Shift;
use plotters::prelude::*;

const COLUMNS: usize = 8;
const LOSS: core::ops::Range<f64> = 2e-4..4.0;
const BAND: RGBColor = RGBColor(232, 235, 240);

pub(super) struct Losses<'a> {
    runs: Vec<&'a Run>,
    /// In the order of `runs`.
    outcomes: Vec<&'a Outcome>,
    /// The outline of the losses of all optimizers on mini-batches.
    band: Vec<(f64, f64)>,
}

impl<'a> Losses<'a> {
    pub(super) fn new(runs: &'a [Run], outcomes: &'a [Outcome]) -> Self {
        let order = grouped(&runs.iter().collect::<Vec<_>>());
        let outcome_of = |run: &Run| runs.iter().zip(outcomes).find(|(other, _)| core::ptr::eq(*other, run));
        let outcomes: Vec<_> = order.iter().filter_map(|run| outcome_of(run)).map(|(_, outcome)| outcome).collect();
        let band = band(&order, &outcomes);
        Losses { runs: order, outcomes, band }
    }
}

/// There along the largest loss of an epoch, back along the smallest.
fn band(runs: &[&Run], outcomes: &[&Outcome]) -> Vec<(f64, f64)> {
    let pairs = runs.iter().zip(outcomes).filter(|(run, _)| run.entry.plan == MINI_BATCHES);
    let all: Vec<_> = pairs.map(|(_, outcome)| &outcome.losses).collect();
    let along = |pick: fn(f64, f64) -> f64, start: f64| {
        let all = &all;
        (0..=MINI_BATCHES.epochs).map(move |epoch| {
            (epoch as f64, all.iter().map(|losses| losses[epoch]).fold(start, pick).clamp(LOSS.start, LOSS.end))
        })
    };
    along(f64::max, 0.0).chain(along(f64::min, f64::INFINITY).rev()).collect()
}

impl Picture for Losses<'_> {
    const SIZE: (u32, u32) = SIZE;

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<DB, Shift>) -> Done {
        let explanation = format!(
            "Mean training loss of a {} on handwritten digits after each epoch. \
             Grey: the range of all optimizers on mini-batches of {}.",
            network_size(),
            MINI_BATCHES.batch
        );
        let panels = panels(area, "Every optimizer learns to read digits", &explanation, COLUMNS, &self.runs)?;
        for (i, (run, outcome)) in self.runs.iter().zip(&self.outcomes).enumerate() {
            let note = format!("lr {}, test {:.1} %", run.entry.lr, 100.0 * outcome.accuracy);
            let mut chart = ChartBuilder::on(&captioned(&panels[i], run, &note)?)
                .margin_right(22)
                .x_label_area_size(94)
                .y_label_area_size(104)
                .build_cartesian_2d(0.0..run.entry.plan.epochs as f64, LOSS.log_scale())?;
            if run.entry.plan.epochs == MINI_BATCHES.epochs {
                chart.draw_series([Polygon::new(self.band.clone(), BAND)])?;
            }
            let is_lowest = i + COLUMNS >= self.runs.len();
            chart
                .configure_mesh()
                .disable_x_mesh()
                .light_line_style(TRANSPARENT)
                .bold_line_style(FAINT.stroke_width(2))
                .axis_style(INK.stroke_width(2))
                .label_style(font(28, INK))
                .axis_desc_style(font(32, INK))
                .set_all_tick_mark_size(8)
                .x_labels(4)
                .x_desc(if is_lowest { "epochs" } else { "" })
                .y_desc(if i % COLUMNS == 0 { "loss" } else { "" })
                .x_label_formatter(&|epochs| format!("{epochs:.0}"))
                .y_label_formatter(&|loss| loss.to_string())
                .draw()?;
            let points: Vec<_> = outcome.losses.iter().enumerate().map(|(epoch, &loss)| (epoch as f64, loss)).collect();
            for part in inside(&points, |(_, loss)| LOSS.contains(&loss)) {
                stroke(chart.plotting_area(), &part, group(run).1, 7)?;
            }
        }
        Ok(())
    }
}

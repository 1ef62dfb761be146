//! A picture of the training, as SVG and PNG: losses, learning rate and loss scale over the batches.

use crate::history::History;
use crate::picture::{Done, FAINT, INK, MUTED, Picture, font, stroke};
use crate::recipe::Report;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

type Points = Vec<(f64, f64)>;

const BATCH: RGBColor = RGBColor(156, 194, 228);
const TRAINING: RGBColor = RGBColor(0, 104, 190);
const HELD_OUT: RGBColor = RGBColor(208, 78, 12);
const RATE: RGBColor = RGBColor(0, 140, 100);
const SCALE: RGBColor = RGBColor(112, 66, 184);

const LOSS: core::ops::Range<f64> = 1.6..3.4;
const SCALES: core::ops::Range<f64> = 128.0..131_072.0;

/// Batches of which a point of the smooth line is the mean.
const SMOOTH: usize = 25;
const LEFT: i32 = 90;

/// What the picture shows, and what it says about it.
pub(crate) struct Chart<'a> {
    pub(crate) history: &'a History,
    pub(crate) explanation: String,
}

impl Chart<'_> {
    /// A number of each batch.
    fn points(&self, value: impl Fn(&Report) -> f64) -> Points {
        self.history.reports.iter().enumerate().map(|(i, report)| ((i + 1) as f64, value(report))).collect()
    }

    fn panel<DB: DrawingBackend<ErrorType: 'static>, Y>(
        &self,
        area: &DrawingArea<DB, Shift>,
        captions: &[(&str, RGBColor)],
        x_label: &str,
        range: Y,
        label: &dyn Fn(&f64) -> String,
        lines: &[(&Points, RGBColor, u32)],
    ) -> Done
    where
        Y: AsRangedCoord<Value = f64, CoordDescType: ValueFormatter<f64>>,
    {
        let (caption, area) = area.split_vertically(70);
        let mut x = LEFT + 60;
        for (text, color) in captions {
            caption.draw_text(text, &font(40, *color), (x, 10))?;
            x += caption.estimate_text_size(text, &font(40, *color))?.0 as i32 + 70;
        }
        let mut chart = ChartBuilder::on(&area)
            .margin_left(LEFT - 60)
            .margin_right(60)
            .x_label_area_size(if x_label.is_empty() { 70 } else { 120 })
            .y_label_area_size(130)
            .build_cartesian_2d(0.0..self.history.reports.len() as f64, range)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(FAINT.stroke_width(2))
            .axis_style(INK.stroke_width(2))
            .label_style(font(34, INK))
            .set_all_tick_mark_size(8)
            .y_labels(6)
            .x_desc(x_label)
            .axis_desc_style(font(36, INK))
            .x_label_formatter(&|batches| format!("{batches:.0}"))
            .y_label_formatter(label)
            .draw()?;
        for &(points, color, width) in lines {
            stroke(chart.plotting_area(), points, color, width)?;
        }
        Ok(())
    }
}

impl Picture for Chart<'_> {
    const SIZE: (u32, u32) = (2400, 2200);

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<DB, Shift>) -> Done {
        area.fill(&WHITE)?;
        area.draw_text("A small network learns English words", &font(70, INK), (LEFT, 44))?;
        area.draw_text(&self.explanation, &font(40, MUTED), (LEFT, 142))?;
        let (_, area) = area.split_vertically(230);
        let (losses, area) = area.split_vertically(1010);
        let (rates, scales) = area.split_vertically(460);

        let losses_of = |points: Points| -> Points {
            points.into_iter().map(|(x, loss)| (x, loss.clamp(LOSS.start, LOSS.end))).collect()
        };
        let each = losses_of(self.points(|report| report.loss));
        let means = (SMOOTH..=each.len()).map(|end| (end as f64, self.history.training_loss(end, SMOOTH)));
        let smooth = losses_of(means.collect());
        let held_out = losses_of(self.history.held_out.iter().map(|&(at, loss)| (at as f64, loss)).collect());
        self.panel(
            &losses,
            &[
                ("loss in nats: a batch", BATCH),
                (&format!("mean of {SMOOTH} batches"), TRAINING),
                ("held-out words, averaged weights", HELD_OUT),
            ],
            "",
            LOSS,
            &|loss| format!("{loss:.1}"),
            &[(&each, BATCH, 2), (&smooth, TRAINING, 5), (&held_out, HELD_OUT, 7)],
        )?;
        self.panel(
            &rates,
            &[("learning rate", RATE)],
            "",
            0.0..0.009,
            &|lr| format!("{lr:.3}"),
            &[(&self.points(|report| report.lr), RATE, 5)],
        )?;
        self.panel(
            &scales,
            &[("loss scale: half after an overflow, double after 200 steps without one", SCALE)],
            "batches",
            SCALES.log_scale().base(2.0),
            &|scale| format!("{scale:.0}"),
            &[(&self.points(|report| report.loss_scale), SCALE, 5)],
        )
    }
}

//! Two pictures, each as SVG and PNG: how the loss falls, and the paths down the valley. One panel an optimizer.

mod losses;
mod paths;

use crate::picture::{Done, INK, MUTED, font, save};
use crate::training::Outcome;
use crate::{Run, optimizers};
use gradstep_testkit::{Family, network};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;
use std::path::Path;

/// Pixels of the drawing, before it is reduced.
const SIZE: (u32, u32) = (4400, 4090);
const MARGIN: i32 = 60;
const HEADING: u32 = 310;
const CAPTION: u32 = 92;

/// Draws both pictures into a folder.
pub(crate) fn draw(folder: &Path, runs: &[Run], outcomes: &[Outcome]) -> Done {
    save(&losses::Losses::new(runs, outcomes), folder, "losses")?;
    save(&paths::Paths::new(runs)?, folder, "valley")
}

/// What panels have in common has a color: told apart by hue and by lightness.
fn group(run: &Run) -> (&'static str, RGBColor) {
    if run.is_batch_study {
        return ("SGD by batch size", RGBColor(70, 76, 88));
    }
    let color = match run.entry.family {
        Family::Momentum => RGBColor(0, 104, 190),
        Family::Accumulated => RGBColor(0, 140, 100),
        Family::Adam => RGBColor(208, 78, 12),
        Family::Descendants => RGBColor(190, 40, 120),
        Family::Signs => RGBColor(112, 66, 184),
        Family::Whole => RGBColor(128, 104, 0),
    };
    (optimizers::title(run.entry.family), color)
}

/// The order of panels: by group, and as in the registry within one.
fn grouped<'a>(runs: &[&'a Run]) -> Vec<&'a Run> {
    let mut runs = runs.to_vec();
    runs.sort_by_key(|run| (!run.is_batch_study, run.entry.family));
    runs
}

/// Heads a picture with what it shows and with the key of its colors, and splits the rest into panels.
fn panels<DB: DrawingBackend<ErrorType: 'static>>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    explanation: &str,
    columns: usize,
    runs: &[&Run],
) -> Result<Vec<DrawingArea<DB, Shift>>, Box<dyn Error>> {
    area.fill(&WHITE)?;
    let left = MARGIN + 30;
    area.draw_text(title, &font(78, INK), (left, 44))?;
    area.draw_text(explanation, &font(42, MUTED), (left, 148))?;
    let mut groups: Vec<_> = runs.iter().map(|run| group(run)).collect();
    groups.dedup();
    let mut x = left;
    for (name, color) in groups {
        area.draw(&Rectangle::new([(x, 222), (x + 56, 236)], color.filled()))?;
        area.draw_text(name, &font(40, color), (x + 74, 206))?;
        x += 74 + area.estimate_text_size(name, &font(40, color))?.0 as i32 + 90;
    }
    let (_, grid) = area.split_vertically(HEADING);
    let grid = grid.margin(0, 20, MARGIN, MARGIN);
    Ok(grid.split_evenly((runs.len().div_ceil(columns), columns)))
}

/// Writes a run's name and a note above its panel, and returns what is left.
fn captioned<DB: DrawingBackend<ErrorType: 'static>>(
    panel: &DrawingArea<DB, Shift>,
    run: &Run,
    note: &str,
) -> Result<DrawingArea<DB, Shift>, Box<dyn Error>> {
    let (caption, chart) = panel.split_vertically(CAPTION);
    caption.draw_text(&run.title(), &font(38, group(run).1), (104, 4))?;
    caption.draw_text(note, &font(33, MUTED), (104, 50))?;
    Ok(chart)
}

/// The parts of a line that are inside: what is outside would be drawn along the border.
fn inside(points: &[(f64, f64)], contains: impl Fn((f64, f64)) -> bool) -> Vec<Vec<(f64, f64)>> {
    points.split(|&point| !contains(point)).filter(|part| part.len() > 1).map(<[_]>::to_vec).collect()
}

/// The network in a few words.
fn network_size() -> String {
    format!("{}–{}–{} perceptron", network::PIXELS, network::HIDDEN, network::CLASSES)
}

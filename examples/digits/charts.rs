//! Two pictures, each as SVG and PNG: how the loss falls, and the paths down the valley. One panel an optimizer.

mod losses;
mod paths;

use crate::training::Outcome;
use crate::{Run, optimizers};
use gradstep_testkit::{Family, network};
use plotters::coord::{CoordTranslate, Shift};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::error::Error;
use std::fs;
use std::path::Path;

type Done = Result<(), Box<dyn Error>>;

/// Backends place lines on whole pixels, so pictures are drawn this many times as large and then reduced.
const OVERSAMPLING: u32 = 2;

/// Pixels of the drawing, before it is reduced.
const SIZE: (u32, u32) = (4400, 3160);
const MARGIN: i32 = 60;
const HEADING: u32 = 310;
const CAPTION: u32 = 92;

const INK: RGBColor = RGBColor(38, 42, 50);
const MUTED: RGBColor = RGBColor(112, 118, 130);
const FAINT: RGBColor = RGBColor(226, 230, 236);

/// A picture on any backend.
trait Picture {
    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<DB, Shift>) -> Done;
}

/// Draws both pictures into a folder.
pub(crate) fn draw(folder: &Path, runs: &[Run], outcomes: &[Outcome]) -> Done {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular()).map_err(|_| "the font is broken")?;
    save(&losses::Losses::new(runs, outcomes), folder, "losses")?;
    save(&paths::Paths::new(runs)?, folder, "valley")
}

fn save(picture: &impl Picture, folder: &Path, name: &str) -> Done {
    let (width, height) = SIZE;
    let reduced = (width / OVERSAMPLING, height / OVERSAMPLING);

    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
    picture.draw(&area)?;
    area.present()?;
    drop(area);
    let size = |(width, height)| format!("width=\"{width}\" height=\"{height}\"");
    fs::write(folder.join(name).with_extension("svg"), svg.replacen(&size(SIZE), &size(reduced), 1))?;

    let mut pixels = vec![0; 3 * width as usize * height as usize];
    let area = BitMapBackend::with_buffer(&mut pixels, SIZE).into_drawing_area();
    picture.draw(&area)?;
    area.present()?;
    drop(area);
    let path = folder.join(name).with_extension("png");
    let mut png = BitMapBackend::new(&path, reduced);
    png.blit_bitmap((0, 0), reduced, &reduce(&pixels))?;
    Ok(png.present()?)
}

/// The mean of each square of pixels.
fn reduce(pixels: &[u8]) -> Vec<u8> {
    let (factor, row) = (OVERSAMPLING as usize, 3 * SIZE.0 as usize);
    let mut reduced = Vec::with_capacity(pixels.len() / factor / factor);
    for rows in pixels.chunks_exact(factor * row) {
        for x in (0..row).step_by(3 * factor) {
            for channel in x..x + 3 {
                let square = (0..factor * factor).map(|i| channel + i / factor * row + i % factor * 3);
                let sum: usize = square.map(|at| usize::from(rows[at])).sum();
                reduced.push((sum / (factor * factor)) as u8);
            }
        }
    }
    reduced
}

fn font(size: u32, color: RGBColor) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&color)
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

/// A line with round joins: those of plotters are pointed, and shoot far beyond a sharp turn.
fn stroke<DB: DrawingBackend<ErrorType: 'static>, C: CoordTranslate<From = (f64, f64)>>(
    area: &DrawingArea<DB, C>,
    points: &[(f64, f64)],
    color: RGBColor,
    width: u32,
) -> Done {
    for pair in points.windows(2) {
        area.draw(&PathElement::new(pair.to_vec(), color.stroke_width(width)))?;
    }
    for &point in points {
        area.draw(&Circle::new(point, width / 2, color.filled()))?;
    }
    Ok(())
}

/// The network in a few words.
fn network_size() -> String {
    format!("{}–{}–{} perceptron", network::PIXELS, network::HIDDEN, network::CLASSES)
}

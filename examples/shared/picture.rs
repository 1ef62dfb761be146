//! A picture as SVG and PNG, and what pictures have in common.

use plotters::coord::{CoordTranslate, Shift};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

pub(crate) type Done = Result<(), Box<dyn Error>>;

/// Backends place lines on whole pixels, so pictures are drawn this many times as large and then reduced.
const OVERSAMPLING: u32 = 2;

pub(crate) const INK: RGBColor = RGBColor(38, 42, 50);
pub(crate) const MUTED: RGBColor = RGBColor(112, 118, 130);
pub(crate) const FAINT: RGBColor = RGBColor(226, 230, 236);

/// A picture on any backend.
pub(crate) trait Picture {
    /// Pixels of the drawing, before it is reduced.
    const SIZE: (u32, u32);

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<DB, Shift>) -> Done;
}

/// A folder beside the build's other products: an example is at `release/examples/` there.
pub(crate) fn folder(name: &str) -> Result<PathBuf, io::Error> {
    let program = env::current_exe()?;
    let folder = program.ancestors().nth(3).map_or_else(|| PathBuf::from("target"), PathBuf::from).join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Draws a picture into two files of a folder.
pub(crate) fn save<P: Picture>(picture: &P, folder: &Path, name: &str) -> Done {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular()).map_err(|_| "the font is broken")?;
    let (width, height) = P::SIZE;
    let reduced = (width / OVERSAMPLING, height / OVERSAMPLING);

    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, P::SIZE).into_drawing_area();
    picture.draw(&area)?;
    area.present()?;
    drop(area);
    let size = |(width, height)| format!("width=\"{width}\" height=\"{height}\"");
    fs::write(folder.join(name).with_extension("svg"), svg.replacen(&size(P::SIZE), &size(reduced), 1))?;

    let mut pixels = vec![0; 3 * width as usize * height as usize];
    let area = BitMapBackend::with_buffer(&mut pixels, P::SIZE).into_drawing_area();
    picture.draw(&area)?;
    area.present()?;
    drop(area);
    let path = folder.join(name).with_extension("png");
    let mut png = BitMapBackend::new(&path, reduced);
    png.blit_bitmap((0, 0), reduced, &reduce(&pixels, width))?;
    Ok(png.present()?)
}

/// The mean of each square of pixels.
fn reduce(pixels: &[u8], width: u32) -> Vec<u8> {
    let (factor, row) = (OVERSAMPLING as usize, 3 * width as usize);
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

pub(crate) fn font(size: u32, color: RGBColor) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&color)
}

/// A line with round joins: those of plotters are pointed, and shoot far beyond a sharp turn.
pub(crate) fn stroke<DB: DrawingBackend<ErrorType: 'static>, C: CoordTranslate<From = (f64, f64)>>(
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

//! The roofline: bytes a second over the bytes that a parameter moves, in cache and from memory.

use crate::{Row, Times};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

const INK: RGBColor = RGBColor(40, 44, 52);
const FAINT: RGBColor = RGBColor(222, 226, 232);
const CACHE: RGBColor = RGBColor(0, 90, 181);
const MEMORY: RGBColor = RGBColor(220, 50, 32);

pub(crate) fn draw(rows: &[Row], divide_and_root: f64) {
    let folder = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("limit");
    std::fs::create_dir_all(&folder).unwrap();
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular()).map_err(drop).unwrap();
    let size = (1800, 1000);
    let (svg, png) = (folder.join("roofline.svg"), folder.join("roofline.png"));
    roofline(&SVGBackend::new(&svg, size).into_drawing_area(), rows, divide_and_root);
    roofline(&BitMapBackend::new(&png, size).into_drawing_area(), rows, divide_and_root);
    println!("\n{}", png.display());
}

fn roofline<DB: DrawingBackend>(area: &DrawingArea<DB, plotters::coord::Shift>, rows: &[Row], divide_and_root: f64) {
    area.fill(&WHITE).unwrap();
    let (plot, list) = area.split_horizontally(1500);
    names(&list, rows);
    let mut chart = ChartBuilder::on(&plot)
        .margin(20)
        .caption("Throughput of a step against its limits", ("sans-serif", 34).into_font().color(&INK))
        .x_label_area_size(60)
        .y_label_area_size(90)
        .build_cartesian_2d(10.0..56.0, (3.0..400.0f64).log_scale())
        .unwrap();
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(FAINT)
        .axis_style(INK)
        .label_style(("sans-serif", 20).into_font().color(&INK))
        .x_desc("bytes read and written for a parameter")
        .y_desc("GB/s")
        .draw()
        .unwrap();
    let throughput = |row: &Row, ns: f64| row.bytes as f64 / ns;
    for (name, color, of) in
        [("in cache", CACHE, Row::cache as fn(&Row) -> Times), ("from memory, one core", MEMORY, Row::memory)]
    {
        // One point of the limit for each number of bytes.
        let mut limits: Vec<(usize, f64)> = rows.iter().map(|row| (row.bytes, of(row).limit)).collect();
        limits.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        limits.dedup_by_key(|limit| limit.0);
        let line = limits.iter().map(|&(bytes, ns)| (bytes as f64, bytes as f64 / ns));
        chart
            .draw_series(LineSeries::new(line, color.stroke_width(3)))
            .unwrap()
            .label(format!("limit {name}"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 26, y)], color.stroke_width(4)));
        let points = rows.iter().map(|row| (row.bytes as f64, throughput(row, of(row).ours)));
        chart
            .draw_series(points.map(|point| Circle::new(point, 6, color.filled())))
            .unwrap()
            .label(format!("optimizers {name}"))
            .legend(move |(x, y)| Circle::new((x + 13, y), 6, color.filled()));
    }
    let divided = (12..=44).map(|bytes| (f64::from(bytes), f64::from(bytes) / divide_and_root));
    chart
        .draw_series(LineSeries::new(divided, INK.stroke_width(2)))
        .unwrap()
        .label("limit of one division and one root")
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 26, y)], INK.stroke_width(3)));
    let style = ("sans-serif", 16).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
    let numbers = numbers(rows).into_iter();
    chart.draw_series(numbers.map(|(at, number)| Text::new(number.to_string(), at, style.clone()))).unwrap();
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font(("sans-serif", 20).into_font().color(&INK))
        .legend_area_size(34)
        .background_style(WHITE.mix(0.85))
        .draw()
        .unwrap();
    area.present().unwrap();
}

/// A number for each row and where it is drawn. In a column, numbers that would overlap are moved down.
fn numbers(rows: &[Row]) -> Vec<((f64, f64), usize)> {
    /// Two lines of text are this factor apart.
    const APART: f64 = 1.055;
    let mut points: Vec<(usize, f64, usize)> =
        rows.iter().zip(1..).map(|(row, number)| (row.bytes, row.bytes as f64 / row.cache().ours, number)).collect();
    points.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut numbers: Vec<((f64, f64), usize)> = Vec::new();
    for (bytes, throughput, number) in points {
        let x = bytes as f64 + 0.45;
        let y = match numbers.last() {
            Some(((last_x, last_y), _)) if *last_x == x => throughput.min(last_y / APART),
            _ => throughput,
        };
        numbers.push(((x, y), number));
    }
    numbers
}

/// The names of the numbers.
fn names<DB: DrawingBackend>(area: &DrawingArea<DB, plotters::coord::Shift>, rows: &[Row]) {
    let (_, height) = area.dim_in_pixel();
    let line = (height as i32 - 120) / rows.len().max(1) as i32;
    let style = ("sans-serif", 17).into_font().color(&INK);
    for (row, i) in rows.iter().zip(0..) {
        let text = format!("{:>2}  {}", i + 1, row.name);
        area.draw(&Text::new(text, (10, 70 + line.min(24) * i), style.clone())).unwrap();
    }
}

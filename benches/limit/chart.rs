//! The roofline: bytes a second over the bytes that a parameter moves, in cache and from memory.

use crate::Row;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

const INK: RGBColor = RGBColor(40, 44, 52);
const FAINT: RGBColor = RGBColor(222, 226, 232);
const CACHE: RGBColor = RGBColor(0, 90, 181);
const MEMORY: RGBColor = RGBColor(220, 50, 32);

pub(crate) fn draw(rows: &[Row], divide_and_root: f64) {
    let folder = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("limit");
    std::fs::create_dir_all(&folder).unwrap();
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular()).map_err(drop).unwrap();
    let size = (1500, 1000);
    let (svg, png) = (folder.join("roofline.svg"), folder.join("roofline.png"));
    roofline(&SVGBackend::new(&svg, size).into_drawing_area(), rows, divide_and_root);
    roofline(&BitMapBackend::new(&png, size).into_drawing_area(), rows, divide_and_root);
    println!("\n{}", png.display());
}

fn roofline<DB: DrawingBackend>(area: &DrawingArea<DB, plotters::coord::Shift>, rows: &[Row], divide_and_root: f64) {
    area.fill(&WHITE).unwrap();
    let mut chart = ChartBuilder::on(area)
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
    for (name, color, of) in [
        ("in cache", CACHE, (|row| row.cache) as fn(&Row) -> [f64; 2]),
        ("from memory, one core", MEMORY, |row| row.memory),
    ] {
        // One point of the limit for each number of bytes.
        let mut limits: Vec<(usize, f64)> = rows.iter().map(|row| (row.bytes, of(row)[1])).collect();
        limits.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        limits.dedup_by_key(|limit| limit.0);
        let line = limits.iter().map(|&(bytes, ns)| (bytes as f64, bytes as f64 / ns));
        chart
            .draw_series(LineSeries::new(line, color.stroke_width(3)))
            .unwrap()
            .label(format!("limit {name}"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 26, y)], color.stroke_width(4)));
        let points = rows.iter().map(|row| (row.bytes as f64, throughput(row, of(row)[0])));
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
    let style = ("sans-serif", 15).into_font().color(&INK);
    for (at, label) in labels(rows) {
        chart.draw_series([Text::new(label, at, style.clone())]).unwrap();
    }
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

/// Where names stand: those of points too near for a line each share one.
fn labels(rows: &[Row]) -> Vec<((f64, f64), String)> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|a, b| a.bytes.cmp(&b.bytes).then(a.cache[0].total_cmp(&b.cache[0])));
    let mut labels: Vec<((f64, f64), String)> = Vec::new();
    for row in rows {
        let (x, y) = (row.bytes as f64 + 0.4, row.bytes as f64 / row.cache[0]);
        match labels.last_mut() {
            // Two lines of text are a tenth of a factor apart.
            Some(((last_x, last_y), label)) if *last_x == x && *last_y < 1.12 * y => {
                if label.len() < 48 {
                    label.push_str(", ");
                    label.push_str(row.name);
                } else if !label.ends_with('…') {
                    label.push_str(", …");
                }
            }
            _ => labels.push(((x, y), row.name.into())),
        }
    }
    labels
}

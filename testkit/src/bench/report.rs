//! The command line of a bench, and its table.

use std::fs;
use std::path::PathBuf;

/// What a bench was asked for: names of optimizers choose, `--csv FILE` writes the table there too.
pub struct Arguments {
    /// Runs once, to see that the bench works: `cargo test` and `--test` ask for it.
    pub is_quick: bool,
    names: Vec<String>,
    csv: Option<PathBuf>,
}

impl Arguments {
    /// Those of this program.
    pub fn parse() -> Self {
        let mut parsed = Arguments { is_quick: true, names: Vec::new(), csv: None };
        let mut arguments = std::env::args().skip(1);
        let mut is_test = false;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--csv" => parsed.csv = Some(arguments.next().expect("--csv needs a file").into()),
                // Cargo gives this one to `cargo bench` alone.
                "--bench" => parsed.is_quick = false,
                "--test" => is_test = true,
                name if !name.starts_with("--") => parsed.names.push(argument),
                option => panic!("unknown option {option}"),
            }
        }
        parsed.is_quick |= is_test;
        parsed
    }

    /// Whether an optimizer was asked for. Without names, all were.
    pub fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }

    /// Begins the table and prints its head.
    pub fn table(&self, columns: &[&str]) -> Table {
        let mut table = Table { csv: self.csv.clone(), lines: Vec::new() };
        table.row(columns.iter().map(|column| column.to_string()));
        println!("|{}", "---|".repeat(columns.len()));
        table
    }
}

/// A table in Markdown on the screen, and with `--csv` in a file.
pub struct Table {
    csv: Option<PathBuf>,
    lines: Vec<String>,
}

impl Table {
    /// Prints a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        println!("| {} |", cells.join(" | "));
        self.lines.push(cells.join(","));
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if let Some(path) = &self.csv {
            fs::write(path, self.lines.join("\n") + "\n").expect("the file of --csv can be written");
        }
    }
}

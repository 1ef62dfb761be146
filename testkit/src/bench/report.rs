//! The command line of a bench, and its table.

use super::effort::Effort;
use gradstep::Backend;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// What a bench was asked for: `--quick` takes fewer samples, names of optimizers choose, `--csv FILE` writes the table there
/// too.
pub struct Arguments {
    /// How much to measure.
    pub effort: Effort,
    names: Vec<String>,
    csv: Option<PathBuf>,
}

impl Arguments {
    /// Those of this program.
    pub fn parse() -> Self {
        let mut parsed = Arguments { effort: Effort::Once, names: Vec::new(), csv: None };
        let (mut is_bench, mut is_test, mut is_quick) = (false, false, false);
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--csv" => parsed.csv = Some(arguments.next().expect("--csv needs a file").into()),
                "--quick" => is_quick = true,
                // Cargo gives this one to `cargo bench` alone.
                "--bench" => is_bench = true,
                "--test" => is_test = true,
                name if !name.starts_with("--") => parsed.names.push(argument),
                option => panic!("unknown option {option}; there are --quick and --csv FILE"),
            }
        }
        if is_bench && !is_test {
            parsed.effort = if is_quick { Effort::Quick } else { Effort::Full };
        }
        parsed
    }

    /// Whether an optimizer was asked for. Without names, all were. Case does not matter.
    pub fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
    }

    /// The same where, without names, only the usual ones were asked for.
    pub fn wants_or(&self, name: &str, usual: &[&str]) -> bool {
        if self.names.is_empty() { usual.contains(&name) } else { self.wants(name) }
    }

    /// Says what is measured, then begins the table and prints its head.
    pub fn table(&self, about: &str, columns: &[&str]) -> Table {
        let machine = format!("{}, {} threads, backend {}", cpu(), threads(), Backend::active());
        println!("{machine}\n{about}\n");
        let mut table = Table { csv: self.csv.clone(), text: format!("# {machine}\n") };
        table.row(columns.iter().map(|column| column.to_string()));
        println!("|{}", "---|".repeat(columns.len()));
        table
    }
}

/// A table in Markdown on the screen, and with `--csv` in a file. Both have each row as soon as it is measured.
pub struct Table {
    csv: Option<PathBuf>,
    text: String,
}

impl Table {
    /// Prints a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        println!("| {} |", cells.join(" | "));
        writeln!(self.text, "{}", cells.join(",")).expect("a string takes it");
        if let Some(path) = &self.csv {
            fs::write(path, &self.text).expect("the file of --csv can be written");
        }
    }
}

/// The name of the CPU, where the system tells it.
fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value =
        |key: &str| info.lines().find(|line| line.starts_with(key))?.split_once(':').map(|(_, value)| value.trim());
    match (value("model name"), value("cpu family"), value("model\t")) {
        (Some(name), Some(family), Some(model)) => format!("{name}, family {family} model {model}"),
        _ => std::env::consts::ARCH.into(),
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get())
}

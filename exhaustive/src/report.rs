//! Writes what is recorded to docs/exhaustive.md.

use crate::record::{Line, Record};
use gradstep_testkit::registry;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{read_to_string, write as write_file};
use std::process::{Command, ExitCode};

const INTRODUCTION: &str = "# Every float

A sweep runs a step with every bit pattern of an f32, or with every n-th, as one of its inputs. The other inputs stay the same.
There is a sweep for each input (the parameter, the gradient, each slot) of every optimizer with every preset and option:
alone, and with adapters, averages and the other things that can be fused in. Where a step looks at more than an element, the
pattern is one element of a tensor of two rows.

The other inputs come from one of five sets: a fresh state, a running one, one with large numbers, one with tiny numbers, and
special numbers in turn (zeros, subnormals, the ends of every range, infinities and NaN).

There are three tasks. `bits` compares every backend with the scalar one at 0 ULP. `primitives` does the same for the operations
that formulas are made of, and compares them with their definitions too. `errors` compares the scalar backend with the f64
formulas of `testkit/src/oracle/`.

```sh
cargo run --release -p gradstep-exhaustive -- bits          # resumes an interrupted run; --help has more
```

CI makes the same sweeps with every 997th, 150,001st and 4,000,037th pattern (`scripts/exhaustive`).
";

const ERRORS: &str = "
## The largest errors

The largest error of each optimizer, the input where it occurs, and the bound that the tests keep. From fresh and running
states, outside the ranges of the next table. An error is given in units of 2⁻²⁴ of the largest of three numbers: the result,
what it is added to, and its sensitivity to its inputs.

| optimizer | parameter | at | bound | state | at | bound |
|---|---|---|---|---|---|---|
";

const FAR: &str = "
## Where the parameter is far from the formula

Magnitudes of one input while the others are ordinary.

- *From* is the magnitude at which something overflows, with the default hyper-parameters.
- *Below* is the magnitude below which something underflows, with any of the tested options. All of these have no epsilon.
- *far* means more than the bound away from the formula. A parameter that does not move counts as far.

| optimizer | input | from | below |
|---|---|---|---|
";

/// The largest error of an optimizer and the input where it lies.
#[derive(Default)]
struct Worst {
    units: f64,
    place: String,
}

impl Worst {
    fn see(&mut self, units: f64, place: impl FnOnce() -> String) {
        if units > self.units {
            *self = Worst { units, place: place() };
        }
    }
}

/// Where results are far from the formula.
#[derive(Default)]
struct Far {
    /// From this magnitude of the input on.
    from: BTreeMap<String, f64>,
    /// Up to this magnitude.
    to: BTreeMap<String, f64>,
}

pub(crate) fn write() -> ExitCode {
    let lines = Record::read_all();
    let mut text = INTRODUCTION.to_owned();
    runs(&mut text, &lines);
    errors(&mut text, &lines);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/exhaustive.md");
    match write_file(path, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was run, where and when.
fn runs(text: &mut String, lines: &[Line]) {
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("").trim_matches([' ', '\t', ':']);
    let date = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().map(|date| date.stdout).unwrap_or_default();
    let date = String::from_utf8_lossy(&date);
    let backends: Vec<String> = gradstep_testkit::backends().map(|backend| backend.to_string()).collect();
    let (mut groups, mut all) = (BTreeMap::<(&str, u32), (usize, f64)>::new(), 0.0);
    for line in lines {
        let (sweeps, seconds) = groups.entry((&line.task, line.stride)).or_default();
        *sweeps += 1;
        *seconds += line.seconds;
        all += line.seconds;
    }
    _ = writeln!(
        text,
        "\nThe last run was on {}, on {cpu} with the backends {}. It took {:.1} hours of one core. No sweep found a \
         difference.\n",
        date.trim(),
        backends.join(", "),
        all / 3600.0
    );
    text.push_str(
        "| task | patterns of each sweep | sweeps | patterns | minutes of one core |\n|---|---|---|---|---|\n",
    );
    for ((task, stride), (sweeps, seconds)) in groups {
        let patterns = crate::patterns::Patterns::every(stride).count();
        let each = if stride == 1 { "all 2³²".to_owned() } else { format!("{patterns}, one in {stride}") };
        let total = sweeps as f64 * patterns as f64;
        _ = writeln!(text, "| {task} | {each} | {sweeps} | {total:.2e} | {:.0} |", seconds / 60.0);
    }
}

/// The largest errors, and where there is no bound.
fn errors(text: &mut String, lines: &[Line]) {
    let mut worst: BTreeMap<&str, [Worst; 2]> = BTreeMap::new();
    let mut far: BTreeMap<(&str, &str), Far> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.task == "errors") {
        // Name, variant, set and input; then what was found of parameter and state.
        let Some((name, rest)) = line.name.split_once(' ') else { continue };
        let [param, state, _] = line.found.split(" | ").collect::<Vec<_>>()[..] else { continue };
        let [variant, set, input] = rest.split(", ").collect::<Vec<_>>()[..] else { continue };
        // Large and tiny states are beyond most ranges already; what holds for the others is what users meet.
        if set != "Fresh" && set != "Running" {
            continue;
        }
        for (i, found) in [param, state].into_iter().enumerate() {
            let mut words = found.split(' ');
            let units = words.next().and_then(|units| units.parse().ok()).unwrap_or(0.0);
            let at = words.next().unwrap_or("");
            worst.entry(name).or_default()[i].see(units, || format!("{input} = {at}, {}", set.to_lowercase()));
        }
        let ranges = param.split_once('[').map_or("", |(_, ranges)| ranges.trim_end_matches(']'));
        for range in ranges.split("; ").filter(|range| !range.is_empty()) {
            let [kind, from, to] = range.split(' ').collect::<Vec<_>>()[..] else { continue };
            let (from, to): (f64, f64) = (from.parse().unwrap_or(0.0), to.parse().unwrap_or(f64::INFINITY));
            let (from, to) = (from.abs(), to.abs());
            let far = far.entry((name, input)).or_default();
            let entry = |ranges: &mut BTreeMap<String, f64>, limit: f64, pick: fn(f64, f64) -> f64| {
                let old = ranges.entry(kind.to_owned()).or_insert(limit);
                *old = pick(*old, limit);
            };
            // The default is the first variant; others may have no epsilon.
            if from == 0.0 {
                entry(&mut far.to, to, f64::max);
            } else if to > 1e38 && variant == "0" {
                entry(&mut far.from, from, f64::min);
            }
        }
    }
    text.push_str(ERRORS);
    for entry in registry() {
        if let Some([param, state]) = worst.get(entry.name) {
            let bounds = entry.variants.iter().map(|variant| variant.bound());
            let largest = bounds.fold([0.0f64; 2], |[p, s], bound| [p.max(bound.param), s.max(bound.state)]);
            _ = writeln!(
                text,
                "| `{}` | {:.2} | {} | {} | {:.2} | {} | {} |",
                entry.name, param.units, param.place, largest[0], state.units, state.place, largest[1]
            );
        }
    }
    text.push_str(FAR);
    for entry in registry() {
        for ((_, input), far) in far.iter().filter(|((name, _), _)| *name == entry.name) {
            let list = |ranges: &BTreeMap<String, f64>| {
                let words: Vec<String> = ranges.iter().map(|(kind, limit)| format!("{limit:.1e}: {kind}")).collect();
                if words.is_empty() { "–".to_owned() } else { words.join(", ") }
            };
            if !far.from.is_empty() || !far.to.is_empty() {
                _ = writeln!(text, "| `{}` | {input} | {} | {} |", entry.name, list(&far.from), list(&far.to));
            }
        }
    }
}

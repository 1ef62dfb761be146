//! Lists the loops of all rules, and holds their code: what `scripts/check_asm.py` reads.

fn main() {
    gradstep_conformance::rules(&mut |words, written| println!("{written} {}", words.join(" ")));
}

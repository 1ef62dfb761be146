//! Gives the linker the memory map of the machine that QEMU emulates for the target, and the program `cost` its trainer.

use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let map = if env::var("CARGO_CFG_TARGET_ARCH")? == "arm" { "mps2.x" } else { "riscv-virt.x" };
    let out = env::var("OUT_DIR")?;
    fs::copy(Path::new("memory").join(map), Path::new(&out).join("memory.x"))?;
    let trainer = env::var("TRAINER").unwrap_or_else(|_| "Plain".into());
    fs::write(Path::new(&out).join("trainer.rs"), format!("type Chosen = {trainer};\n"))?;
    println!("cargo::rustc-link-search={out}");
    println!("cargo::rerun-if-env-changed=TRAINER");
    println!("cargo::rerun-if-changed=memory");
    Ok(())
}

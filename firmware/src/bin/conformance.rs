//! The conformance program on bare metal: prints the hash of each subject through semihosting.
#![no_std]
#![no_main]

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use semihosting::{eprintln, print, println, process};

#[entry]
fn main() -> ! {
    let result = gradstep_conformance::run(None, |words, hash| {
        words.into_iter().filter(|word| !word.is_empty()).for_each(|word| print!("{word} "));
        println!("{hash:016x}");
    });
    match result {
        Ok(()) => process::exit(0),
        Err(error) => {
            eprintln!("{error}");
            process::exit(1)
        }
    }
}

//! Trains the network of the `digits` example on a microcontroller, with Adam, and prints what the example prints for
//! it: the same accuracy and the same hash of the weights.
//!
//! Everything is in static memory: the digits in flash, parameters, gradients and Adam's two moments in RAM.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use gradstep::{Adam, Error, Optimizer, sample};
use gradstep_testkit::network::{self, Digit, PARAMS, RECORD, backward, forward};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;
use semihosting::{eprintln, println, process};

static DIGITS: &[u8] = include_bytes!("../../../examples/data/digits.bin");
const COUNT: usize = DIGITS.len() / RECORD;
const TRAIN: usize = COUNT * 4 / 5;
const BATCH: usize = 32;
const EPOCHS: usize = 30;

/// All that training needs.
struct Memory {
    params: [f32; PARAMS],
    grads: [f32; PARAMS],
    moments: [[f32; PARAMS]; 2],
    /// The digits in random order: those to train with, then those to test with.
    split: [u16; COUNT],
    /// The order of an epoch.
    order: [u16; TRAIN],
}

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory {
        params: [0.0; PARAMS],
        grads: [0.0; PARAMS],
        moments: [[0.0; PARAMS]; 2],
        split: [0; COUNT],
        order: [0; TRAIN],
    };
    match train(MEMORY) {
        Ok(()) => process::exit(0),
        Err(error) => {
            eprintln!("{error}");
            process::exit(1)
        }
    }
}

fn digit(index: u16) -> Digit<'static> {
    let start = usize::from(index) * RECORD;
    Digit::new(&DIGITS[start..start + RECORD])
}

fn train(memory: &mut Memory) -> Result<(), Error> {
    let Memory { params, grads, moments: [m, v], split, order } = memory;
    (0..).zip(split.iter_mut()).for_each(|(i, slot)| *slot = i);
    sample::shuffle(split, &mut Pcg64Mcg::seed_from_u64(1));
    let (train, test) = split.split_at(TRAIN);

    let mut rng = Pcg64Mcg::seed_from_u64(2);
    network::initialize(params, &mut rng);
    let (adam, mut clock) = (Adam { lr: 0.005, ..Adam::default() }, 0);
    adam.init(params, [m, v])?;
    (0..).zip(order.iter_mut()).for_each(|(i, slot)| *slot = i);
    for _ in 0..EPOCHS {
        sample::shuffle(order, &mut rng);
        for batch in order.chunks(BATCH) {
            grads.fill(0.0);
            for &i in batch {
                let digit = digit(train[usize::from(i)]);
                let pass = forward(params, digit)?;
                backward(params, digit, &pass, digit.label, 1.0 / batch.len() as f64, grads)?;
            }
            adam.tick(&mut clock)?.apply(params, grads, [m, v])?;
        }
    }
    let mut recognised = 0;
    for &i in test {
        let digit = digit(i);
        recognised += usize::from(forward(params, digit)?.class() == digit.label);
    }
    let permille = (2000 * recognised + test.len()) / (2 * test.len());
    println!("Adam {}.{} % {:016x}", permille / 10, permille % 10, network::hash(params));
    Ok(())
}

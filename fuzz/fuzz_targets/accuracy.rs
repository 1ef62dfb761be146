//! Any optimizer and valid hyper-parameters on finite numbers: each step is as near its f64 oracle as the suite says.
#![no_main]

use arbitrary::Arbitrary;
use gradstep::Backend;
use gradstep_testkit::oracle::Dice;
use gradstep_testkit::{Entry, Tensor, expect, registry};
use libfuzzer_sys::fuzz_target;
use std::cell::OnceCell;

/// A sign, an exponent from −20 to 20 and a mantissa: nothing that a few steps make of it under- or overflows.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Moderate(u32);

impl Moderate {
    fn value(self) -> f32 {
        let Moderate(bits) = self;
        if bits & 0x7f80_0000 == 0 {
            return 0.0;
        }
        let exponent = 107 + ((bits >> 23) & 0xff) % 41;
        f32::from_bits(bits & 0x807f_ffff | exponent << 23)
    }
}

#[derive(Arbitrary, Debug)]
struct Input {
    optimizer: u8,
    rolls: [u8; 16],
    param: Moderate,
    grads: Vec<Moderate>,
}

thread_local! {
    static REGISTRY: OnceCell<Vec<Entry>> = const { OnceCell::new() };
}

fn test(entry: &Entry, input: &Input) {
    let mut run = (entry.random)(&mut Dice::new(&input.rolls.map(|share| f64::from(share) / 256.0)));
    let mut tensor = Tensor::new(&run, &[input.param.value()]);
    for g in input.grads.iter().take(10).map(|g| g.value()) {
        let Ok(step) = run.tick(None) else { panic!("refused: {}", run.hyper()) };
        let state: Vec<f64> = tensor.state.iter().map(|slot| slot[0].into()).collect();
        let p = tensor.params[0];
        let before = tensor.element(0);
        tensor.apply_on(Backend::active(), &step, &[g]);
        if !p.is_finite() || state.iter().any(|value| !value.is_finite()) {
            return;
        }
        let Some(expected) = expect(&mut run, p.into(), g.into(), &state) else { continue };
        let found = tensor.params.iter().chain(tensor.state.iter().flatten());
        for (place, (&found, expected)) in found.zip(&expected).enumerate() {
            let bound = if place == 0 { run.bound().param } else { run.bound().state };
            let error = expected.error(found);
            assert!(
                error <= bound,
                "place {place}: found {found:e}, expected {:e}, error {error}, bound {bound}\ng {g:e}, {before}\n{}",
                expected.value,
                run.hyper()
            );
        }
    }
}

fuzz_target!(|input: Input| {
    REGISTRY.with(|entries| {
        let entries = entries.get_or_init(registry);
        test(&entries[usize::from(input.optimizer) % entries.len()], &input);
    });
});

//! A rule of your own: written once for one element, it runs on every backend with the same bits.
//!
//! `cargo run --example own_rule`
#![allow(clippy::indexing_slicing, reason = "an example may panic where it is wrong")]

use gradstep::rule::{Descent, Direction};
use gradstep::{Backend, Error, Real, Step};

/// `m ← β·m + (1−β)·g; p ← p − lr · m / (1 + |m|)`: momentum whose step is never longer than `lr`.
#[derive(Clone, Copy)]
struct SoftSign {
    lr: f32,
    beta: f32,
}

impl Direction<1> for SoftSign {
    #[inline(always)] // without it a step costs a call per vector
    fn lane<R: Real>(&self, _: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let m = m + R::splat(1.0 - self.beta) * (g - m);
        (R::splat(self.lr) * (m / (R::splat(1.0) + m.abs())), [m])
    }
}

fn main() -> Result<(), Error> {
    let step = Step::of(Descent::new(SoftSign { lr: 0.01, beta: 0.9 }));
    let run = |backend| -> Result<Vec<f32>, Error> {
        let mut params: Vec<f32> = (0..100).map(|i| i as f32 - 50.0).collect();
        let mut exp_avg = vec![0.0; params.len()];
        for _ in 0..1000 {
            let grads = params.clone();
            // Adapters and wrappers fuse with it as with the rules of the crate.
            step.clip_by_value(10.0).cautious().apply_on(backend, &mut params, &grads, [&mut exp_avg])?;
        }
        Ok(params)
    };
    let scalar = run(Backend::Scalar)?;
    for backend in Backend::ALL.into_iter().filter(|backend| backend.is_supported()) {
        assert_eq!(run(backend)?, scalar);
        println!("{backend}: the same bits");
    }
    println!("from -50 to {:.2}", scalar[0]);
    assert!(scalar[0] > -50.0 + 8.0);
    Ok(())
}

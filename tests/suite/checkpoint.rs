//! A checkpoint is the slices and the clock: training that was interrupted gives the same bits.

use gradstep::Backend;
use gradstep_testkit::values::Source;
use gradstep_testkit::{Tensor, registry};

#[test]
fn resumed_training_gives_the_same_bits() {
    const N: usize = 29;
    const STEPS: usize = 40;
    for entry in registry() {
        for variant in &entry.variants {
            let mut source = Source::new(31);
            let params = source.many(N, Source::plain);
            let grads: Vec<_> = (0..STEPS).map(|_| source.many(N, Source::plain)).collect();

            let mut run = variant.restart();
            let mut straight = Tensor::new(&run, &params);
            let mut saved = None;
            for (t, grads) in grads.iter().enumerate() {
                if t == STEPS / 2 {
                    saved = Some((straight.clone(), run.clone()));
                }
                straight.apply_on(Backend::active(), &run.tick(None).unwrap(), grads);
            }

            let (slices, mut resumed) = saved.unwrap();
            let mut restored = Tensor { params: vec![f32::NAN; N], state: vec![vec![f32::NAN; N]; slices.state.len()] };
            restored.params.copy_from_slice(&slices.params);
            for (to, from) in restored.state.iter_mut().zip(&slices.state) {
                to.copy_from_slice(from);
            }
            for grads in &grads[STEPS / 2..] {
                restored.apply_on(Backend::active(), &resumed.tick(None).unwrap(), grads);
            }
            restored.assert_same_bits(&straight, |_| run.hyper());
            assert_eq!(resumed.clock, run.clock, "{}", run.hyper());
            assert!(straight.params.iter().all(|p| p.is_finite()), "{}", run.hyper());
        }
    }
}

//! Hyper-parameters, clocks and `any` through serde: training goes on with the same bits.
#![cfg(feature = "serde")]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic is how a test fails")]

use gradstep::any::AnyOptimizer;
use gradstep::optim::ClockData;
use gradstep::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Training {
    optimizer: AnyOptimizer,
    clock: ClockData,
    params: Vec<f32>,
    state: Vec<Vec<f32>>,
}

impl Training {
    fn start(optimizer: AnyOptimizer) -> Self {
        let params: Vec<f32> = (0..37).map(|i| (i as f32).sin()).collect();
        let lens = optimizer.slots().map(|slot| slot.extent.len(&Shape::vector(params.len())));
        let mut state: Vec<_> = lens.map(|len| vec![0.0; len]).collect();
        optimizer.init(&params, &mut state).unwrap();
        Training { optimizer, clock: optimizer.clock(), params, state }
    }

    fn steps(&mut self, count: usize) {
        for _ in 0..count {
            let grads: Vec<f32> = self.params.iter().map(|p| (3.0 * p).cos()).collect();
            let step = self.optimizer.begin(&self.clock).unwrap().loss(0.5);
            step.apply(&mut self.params, &grads, &mut self.state).unwrap().commit(&mut self.clock).unwrap();
        }
    }
}

fn through_json<T: Serialize + for<'a> Deserialize<'a>>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[test]
fn training_resumes_with_the_same_bits() {
    for optimizer in AnyOptimizer::ALL {
        let presets = optimizer.presets().iter().map(|preset| optimizer.preset(preset).unwrap());
        for optimizer in [*optimizer].into_iter().chain(presets) {
            let mut training = Training::start(optimizer);
            training.steps(7);
            let mut resumed = through_json(&training);
            assert_eq!(resumed, training);
            training.steps(7);
            resumed.steps(7);
            assert_eq!(resumed, training, "{optimizer:?}");
        }
    }
}

/// A checkpoint of a type rather than of `any`: its clock is a type too.
#[test]
fn typed_hyper_parameters_and_clocks() {
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {$({
            let optimizer = $Optimizer::DEFAULT;
            assert_eq!(through_json(&optimizer), optimizer);
            let lens = <$Optimizer as Optimizer<$slots>>::SLOTS.map(|slot| slot.extent.len(&Shape::vector(3)));
            let (mut params, mut state) = ([0.5; 3], lens.map(|len| vec![0.0; len]));
            optimizer.init(&params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
            let mut clock = <$Optimizer as Optimizer<$slots>>::Clock::default();
            for _ in 0..3 {
                let step = optimizer.begin(&clock).unwrap().loss(0.5);
                let state = state.each_mut().map(|slot| &mut slot[..]);
                step.apply(&mut params, &[0.25, -1.0, 0.75], state).unwrap().commit(&mut clock).unwrap();
            }
            assert_eq!(through_json(&clock), clock);
        })*};
    }
    for_each_optimizer!(each);
}

/// A misspelled field is an error that names it; a field that is missing has its default.
#[test]
fn unknown_fields_are_refused() {
    let error = serde_json::from_str::<Adam>(r#"{"lr": 0.1, "learning_rate": 0.1}"#).unwrap_err().to_string();
    assert!(error.contains("learning_rate"), "{error}");
    assert_eq!(serde_json::from_str::<Adam>(r#"{"lr": 0.1}"#).unwrap(), Adam { lr: 0.1, ..Adam::DEFAULT });
    let error = serde_json::from_str::<AnyOptimizer>(r#"{"Adamw": {}}"#).unwrap_err().to_string();
    assert!(error.contains("AdamW"), "{error}");
    let error =
        serde_json::from_str::<ClockData>(r#"{"step": 1, "values": [0, 0, 0], "t": 1}"#).unwrap_err().to_string();
    assert!(error.contains("`t`"), "{error}");
}

#[test]
fn clocks_as_bytes() {
    let clock = ClockData { step: 0x0102_0304_0506_0708, values: [1.5, -0.0, 3.0] };
    let bytes = clock.to_bytes();
    assert_eq!(&bytes[..8], &[8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(bytes[8..16], 1.5_f64.to_le_bytes());
    assert_eq!(ClockData::from_bytes(&bytes).to_bytes(), bytes);
    const START: ClockData = ClockData::from_bytes(&[0; 32]);
    assert_eq!(START, ClockData::default());
}

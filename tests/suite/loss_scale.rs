//! Loss scaling: torch's trace, growth and backoff at the ends of f32, errors, bytes.

use gradstep::loss_scale::{DynamicLossScale, LossScale};
use gradstep::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Trace {
    init_scale: Option<f64>,
    growth_interval: u64,
    bad: Vec<bool>,
    scale_after: Vec<f32>,
}

#[test]
fn the_trace_of_torch() {
    let Golden { cases } = serde_json::from_str(include_str!("../data/clipping.json")).unwrap();
    let case = cases.into_iter().find(|case| case["case"] == "torch_grad_scaler").unwrap();
    let Trace { init_scale, growth_interval, bad, scale_after } = serde_json::from_value(case).unwrap();
    let torch = DynamicLossScale::torch();
    let dynamic = DynamicLossScale { init_scale: init_scale.unwrap_or(torch.init_scale), growth_interval, ..torch };
    let mut scale = dynamic.start().unwrap();
    assert_eq!(bad.len(), scale_after.len());
    for (bad, after) in bad.into_iter().zip(scale_after) {
        dynamic.update(&mut scale, bad).unwrap();
        assert_eq!(scale.scale(), after);
    }
}

#[test]
fn it_grows_after_the_interval() {
    let dynamic = DynamicLossScale::default();
    assert_eq!(dynamic, DynamicLossScale::torch());
    let mut scale = dynamic.start().unwrap();
    for step in 1..=4_000 {
        dynamic.update(&mut scale, false).unwrap();
        let expected = (65_536.0 * [1.0, 2.0, 4.0][step / 2_000], step as u64 % 2_000);
        assert_eq!((scale.scale(), scale.good_steps()), expected, "{step}");
    }
    // A bad step starts the count again.
    dynamic.update(&mut scale, false).unwrap();
    dynamic.update(&mut scale, true).unwrap();
    assert_eq!((scale.scale(), scale.good_steps()), (131_072.0, 0));
    assert_eq!(DynamicLossScale::keras().start().unwrap().scale(), 32_768.0);
    // An interval that has become shorter than the count.
    let short = DynamicLossScale { growth_interval: 2, ..dynamic };
    (0..7).for_each(|_| dynamic.update(&mut scale, false).unwrap());
    short.update(&mut scale, false).unwrap();
    assert_eq!((scale.scale(), scale.good_steps()), (262_144.0, 0));
}

#[test]
fn the_ends_of_f32() {
    let dynamic = DynamicLossScale { growth_interval: 1, ..DynamicLossScale::DEFAULT };
    // Growth to infinity is left out, and counting starts again.
    let mut scale = LossScale::new(f64::from(f32::MAX)).unwrap();
    dynamic.update(&mut scale, false).unwrap();
    assert_eq!((scale.scale(), scale.good_steps()), (f32::MAX, 0));
    // The inverse is one that a step accepts.
    for limit in [f32::MAX, f32::MIN_POSITIVE] {
        let scale = LossScale::new(limit.into()).unwrap();
        let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap().scale_grads(scale.inverse());
        let mut w = [0.0];
        step.apply(&mut w, &[scale.scale()], []).unwrap();
        assert!((w[0] + 1.0).abs() < 1e-6, "{limit}");
    }
    let mut scale = LossScale::new(f64::from(f32::MIN_POSITIVE) * 2.0).unwrap();
    dynamic.update(&mut scale, false).unwrap();
    dynamic.update(&mut scale, true).unwrap();
    dynamic.update(&mut scale, true).unwrap();
    assert_eq!(scale.scale(), f32::MIN_POSITIVE);
    let before = scale;
    let error = dynamic.update(&mut scale, true);
    assert!(matches!(error, Err(Error::Coefficient { name: "backoff_factor", value: 0.5, .. })), "{error:?}");
    assert_eq!(scale, before);
    dynamic.update(&mut scale, false).unwrap();
}

#[test]
fn bad_settings_change_nothing() {
    let good = DynamicLossScale::DEFAULT;
    let before = good.start().unwrap();
    for x in [f64::NAN, f64::INFINITY, 0.0, -1.0, 1e39, 1e-50] {
        for (name, bad) in [
            ("init_scale", DynamicLossScale { init_scale: x, ..good }),
            ("growth_factor", DynamicLossScale { growth_factor: x, ..good }),
            ("backoff_factor", DynamicLossScale { backoff_factor: x, ..good }),
            ("growth_interval", DynamicLossScale { growth_interval: 0, ..good }),
        ] {
            for found in [false, true] {
                let mut scale = before;
                for error in [bad.update(&mut scale, found).err(), bad.start().err()] {
                    let is_named = matches!(error,
                        Some(Error::HyperParameter { name: n, .. } | Error::Coefficient { name: n, .. }) if n == name);
                    assert!(is_named, "{name} {x}: {error:?}");
                }
                assert_eq!(scale, before);
            }
        }
        assert!(matches!(LossScale::new(x), Err(Error::HyperParameter { name: "scale", .. })), "{x}");
    }
    assert!(DynamicLossScale { backoff_factor: 1.0, ..good }.start().is_err());
    assert!(DynamicLossScale { growth_factor: 0.9, ..good }.start().is_err());
}

#[test]
fn bytes_and_serde() {
    let mut scale = DynamicLossScale::DEFAULT.start().unwrap();
    (0..300).for_each(|_| DynamicLossScale::DEFAULT.update(&mut scale, false).unwrap());
    assert_eq!(scale.to_bytes(), [0, 0, 0x80, 0x47, 44, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(LossScale::from_bytes(&scale.to_bytes()), Ok(scale));
    let json = serde_json::to_string(&scale).unwrap();
    assert_eq!(serde_json::from_str::<LossScale>(&json).unwrap(), scale);
    for bad in [0.0, -1.0, f32::NAN, f32::INFINITY, f32::from_bits(1)] {
        let mut bytes = scale.to_bytes();
        bytes[..4].copy_from_slice(&bad.to_le_bytes());
        assert!(matches!(LossScale::from_bytes(&bytes), Err(Error::Clock { name: "scale", .. })), "{bad}");
        let json = format!(r#"{{"scale":{bad:?},"good_steps":3}}"#);
        assert!(serde_json::from_str::<LossScale>(&json).is_err(), "{bad}");
    }
}

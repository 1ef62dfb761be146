//! The powers that FTRL divides by, over every magnitude of f32.

use gradstep::*;
use gradstep_testkit::{backends, tolerance};

/// The power of each number, seen through a step whose z is −1 and whose other terms vanish: `p ← 1 / n^power`.
fn inverse_power(backend: Backend, power: f64, n: &[f32]) -> Vec<f32> {
    let rule = Ftrl { lr: 1.0, power, ..Ftrl::default() }.tick(&mut 0).unwrap();
    let (mut params, mut z, mut squares) = (vec![0.0; n.len()], vec![-1.0; n.len()], n.to_vec());
    rule.apply_on(backend, &mut params, &vec![0.0; n.len()], [&mut z, &mut squares]).unwrap();
    params
}

#[test]
fn every_magnitude() {
    let mantissas = (0..1 << 23).step_by(155_001);
    let normal = (1..250u32).flat_map(|exponent| mantissas.clone().map(move |m| f32::from_bits(exponent << 23 | m)));
    let subnormal = (0..23).map(|bit| f32::from_bits(1 << bit));
    let n: Vec<f32> = subnormal.chain(normal).collect();
    for power in [0.4, 0.3, 0.5, 0.25, 0.75, 0.9, 0.1, 1.0 / 3.0, 0.999_999, 1.0 / 1024.0] {
        let mut worst = 0.0f64;
        let expected = inverse_power(Backend::Scalar, power, &n);
        for (&n, &found) in n.iter().zip(&expected) {
            // The rule adds something to its divisor against underflow.
            let least = if power > 0.5 { f64::from(f32::MIN_POSITIVE) } else { libm::exp2(-74.5) };
            let exact = 1.0 / (libm::pow(n.into(), power) + least);
            let error = (f64::from(found) / exact - 1.0).abs() / tolerance::UNIT;
            assert!(error <= tolerance::POWER, "{n:e}^{power}: 1/{found:e}, error {error}");
            worst = worst.max(error);
        }
        println!("power {power}: largest error {worst:.2} units of 2^-24");
        for backend in backends() {
            assert!(inverse_power(backend, power, &n) == expected, "{backend}: power {power}");
        }
    }
}

/// Powers 0 and 1 are exact, and so is 0.
#[test]
fn ends() {
    for backend in backends() {
        assert_eq!(inverse_power(backend, 0.0, &[4.0, 1e-30]), [1.0; 2], "{backend}");
        assert_eq!(inverse_power(backend, 1.0, &[4.0, 0.125]), [0.25, 8.0], "{backend}");
        assert_eq!(inverse_power(backend, 0.25, &[16.0, 81.0, 0.0625]), [0.5, 1.0 / 3.0, 2.0], "{backend}");
    }
}

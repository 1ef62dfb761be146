//! The cube root that MADGRAD divides by, over every magnitude of f32.

use gradstep::*;
use gradstep_testkit::{backends, tolerance};

/// The root of `v`, seen through a step that divides a fixed sum by it.
fn cube_root(backend: Backend, v: &[f32]) -> Vec<f32> {
    let rule = Madgrad { lr: 0.0, momentum: 0.0, eps: 0.0, ..Madgrad::default() }.tick(&mut 0).unwrap();
    let (mut params, mut sum) = (vec![0.0; v.len()], vec![-1.0; v.len()]);
    let (mut squares, mut start) = (v.to_vec(), vec![0.0; v.len()]);
    rule.apply_on(backend, &mut params, &vec![0.0; v.len()], [&mut sum, &mut squares, &mut start]).unwrap();
    params.iter().map(|inverse| 1.0 / inverse).collect()
}

#[test]
fn every_magnitude() {
    // Each exponent with some mantissas, from the smallest subnormal number up.
    let mantissas = (0..1 << 23).step_by(55_001);
    let normal = (1..255u32).flat_map(|exponent| mantissas.clone().map(move |m| f32::from_bits(exponent << 23 | m)));
    let subnormal = (0..23).map(|bit| f32::from_bits(1 << bit));
    let v: Vec<f32> = subnormal.chain(normal).collect();
    for backend in backends() {
        let mut worst = 0.0f64;
        for (&v, found) in v.iter().zip(cube_root(backend, &v)) {
            let exact = libm::cbrt(v.into());
            let error = (f64::from(found) / exact - 1.0).abs() / tolerance::UNIT;
            assert!(error <= tolerance::CUBE_ROOT, "{backend}: root of {v:e} is {found:e}, error {error}");
            worst = worst.max(error);
        }
        println!("{backend}: largest error of the cube root {worst:.2} units of 2^-24");
    }
}

#[test]
fn ends_of_the_range() {
    for backend in backends() {
        // A divisor of 0 counts as infinite: the parameter stays where training began.
        let roots = cube_root(backend, &[0.0, f32::INFINITY, f32::NAN]);
        assert_eq!(&roots[..2], [f32::INFINITY; 2], "{backend}");
        assert!(roots[2].is_nan(), "{backend}");
    }
}

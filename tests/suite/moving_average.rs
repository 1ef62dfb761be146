//! `Ema`: how far a long average is from the exact one.

use gradstep::Error;
use gradstep::math::Ema;
use gradstep_testkit::tolerance;
use gradstep_testkit::values::Source;

/// The rms error of a second moment at the end, relative.
fn error_of(beta: f64, gradient: fn(&mut Source) -> f32) -> f64 {
    const ELEMENTS: usize = 64;
    let ema = Ema::new("beta", beta).unwrap();
    let mut source = Source::new(51);
    let (mut found, mut exact) = ([0.0f32; ELEMENTS], [0.0f64; ELEMENTS]);
    for _ in 0..20_000 {
        for (found, exact) in found.iter_mut().zip(&mut exact) {
            let g = gradient(&mut source);
            *found = ema.of(*found, g * g);
            *exact = beta * *exact + (1.0 - beta) * f64::from(g) * f64::from(g);
        }
    }
    let errors = found.iter().zip(&exact).map(|(&found, exact)| f64::from(found) / exact - 1.0);
    (errors.map(|error| error * error).sum::<f64>() / ELEMENTS as f64).sqrt()
}

#[test]
fn twenty_thousand_random_gradients() {
    println!("rms error of a second moment, relative: bell-shaped gradients, uniform ones");
    for (beta, bound) in tolerance::AVERAGE {
        let (bell, uniform) = (error_of(beta, Source::bell), error_of(beta, Source::plain));
        println!("beta {beta}: {bell:.2e} {uniform:.2e}, bound {bound:e}");
        assert!(bell <= bound && uniform <= bound, "beta {beta}: {bell:e} {uniform:e}");
    }
}

#[test]
fn without_memory_it_is_its_input() {
    let ema = Ema::new("beta", 0.0).unwrap();
    for x in [0.0f32, -0.0, 1.0, -3.25, f32::MIN_POSITIVE, f32::MAX] {
        assert_eq!(ema.of(7.0f32, x), x);
    }
}

/// An average that becomes infinite is NaN from the next number on, so that an overflow shows. Below ½, the number comes
/// first.
#[test]
fn infinity_becomes_nan() {
    for beta in [0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999] {
        let ema = Ema::new("beta", beta).unwrap();
        let is_slow = beta >= 0.5;
        assert_eq!(ema.of(1.0, f32::INFINITY).is_nan(), !is_slow, "{beta}");
        assert_eq!(ema.of(f32::INFINITY, -1.0).is_nan(), is_slow || beta == 0.0, "{beta}");
        assert!(ema.of(f32::NAN, 1.0).is_nan() && ema.of(1.0, f32::NAN).is_nan(), "{beta}");
    }
}

/// Of squares it is never negative, and it never leaves the range of what it has seen.
#[test]
fn it_stays_between_its_ends() {
    let mut source = Source::new(63);
    for beta in [0.0, 0.3, 0.5, 0.9, 0.999, 1.0 - 1e-9] {
        let ema = Ema::new("beta", beta).unwrap();
        for _ in 0..20_000 {
            let exponent = |source: &mut Source| f32::from_bits((source.below(200) as u32 + 1) << 23);
            let (a, x) = (exponent(&mut source) * source.plain().abs(), exponent(&mut source) * source.plain().abs());
            let found = ema.of(a, x);
            let rounding = 1.0 + 4.0 * f32::EPSILON;
            assert!(0.0 <= found && found <= a.max(x) * rounding, "{beta} {a:e} {x:e}: {found:e}");
        }
    }
}

#[test]
fn refuses_what_is_no_decay_rate() {
    for beta in [f64::NAN, f64::INFINITY, -0.1, 1.0, 1.5] {
        match Ema::new("rho", beta) {
            Err(Error::HyperParameter { name: "rho", value, .. }) => assert_eq!(value.to_bits(), beta.to_bits()),
            other => panic!("{beta}: {other:?}"),
        }
    }
}

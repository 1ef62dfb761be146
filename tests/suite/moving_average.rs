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

/// Infinity is an average that no number moves; it may not turn into ∞ − ∞ or 0 · ∞.
#[test]
fn infinity_stays() {
    for beta in [0.1, 0.5, 0.9, 0.99, 0.999, 0.9999] {
        let ema = Ema::new("beta", beta).unwrap();
        assert_eq!(ema.of(f32::INFINITY, -1.0), f32::INFINITY, "{beta}");
        assert_eq!(ema.of(f32::NEG_INFINITY, 1.0), f32::NEG_INFINITY, "{beta}");
        assert_eq!(ema.of(1.0, f32::INFINITY), f32::INFINITY, "{beta}");
        assert!(ema.of(f32::INFINITY, f32::NEG_INFINITY).is_nan(), "{beta}");
        assert!(ema.of(f32::NAN, 1.0).is_nan() && ema.of(1.0, f32::NAN).is_nan(), "{beta}");
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

//! The textbooks' valley `f(x, y) = x²/20 + y²`: steep across, flat along, and the paths that optimizers take down it.

use crate::optimizers::Entry;
use gradstep::Error;

const START: [f32; 2] = [-7.0, 2.0];
pub(crate) const STEPS: usize = 40;

/// The ellipse where f has a value: its half-axes are the roots of 20 and of 1 times that.
pub(crate) fn contour(value: f64) -> impl Iterator<Item = (f64, f64)> {
    (0..=120).map(move |step| {
        let angle = f64::from(step) / 120.0 * core::f64::consts::TAU;
        (libm::sqrt(20.0 * value) * libm::cos(angle), libm::sqrt(value) * libm::sin(angle))
    })
}

/// Writes the gradient of f and returns f.
fn gradient(params: &[f32], grads: &mut [f32]) -> Result<f64, Error> {
    let (x, y) = (params[0], params[1]);
    grads.copy_from_slice(&[x / 10.0, 2.0 * y]);
    Ok(f64::from(x) * f64::from(x) / 20.0 + f64::from(y) * f64::from(y))
}

/// The points that an optimizer visits.
pub(crate) fn path(entry: &Entry) -> Result<Vec<(f64, f64)>, Error> {
    let mut params = START;
    let mut grads = [0.0; 2];
    let mut trainer = (entry.start)(entry.valley_lr, &[[1, 2]], &params)?;
    let mut points = Vec::with_capacity(STEPS + 1);
    for _ in 0..STEPS {
        points.push((params[0].into(), params[1].into()));
        if trainer.wants_curvature().is_some() {
            trainer.curvature(&[0.1, 2.0])?;
        }
        trainer.advance(&mut params, &mut grads, gradient)?;
    }
    points.push((params[0].into(), params[1].into()));
    Ok(points)
}

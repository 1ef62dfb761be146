//! Parts that the crate does not have yet.

use core::f64::consts::PI;

pub(crate) struct WarmupCosine {
    pub(crate) peak: f64,
    pub(crate) warmup: u64,
    pub(crate) steps: u64,
    pub(crate) last: f64,
}

impl WarmupCosine {
    pub(crate) fn at(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / self.warmup as f64;
        }
        let done = (step - self.warmup) as f64 / (self.steps - self.warmup) as f64;
        self.last + (self.peak - self.last) * 0.5 * (1.0 + libm::cos(PI * done.min(1.0)))
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Scaler {
    pub(crate) scale: f64,
    pub(crate) good: u64,
}

impl Scaler {
    pub(crate) fn update(&mut self, finite: bool) {
        if finite {
            self.good += 1;
            if self.good == 200 {
                self.scale *= 2.0;
                self.good = 0;
            }
        } else {
            self.scale *= 0.5;
            self.good = 0;
        }
    }
}

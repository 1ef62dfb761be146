//! Averages of the weights, for evaluation. [`Step::then`](crate::Step::then) fuses them into a step, or their `apply`
//! updates them in a separate pass.
//!
//! ```
//! use gradstep::{Adam, Optimizer, average::WeightEma};
//!
//! let (adam, ema) = (Adam::DEFAULT, WeightEma { decay: 0.99, ..WeightEma::DEFAULT });
//! let (mut clock, mut ema_clock) = (0, 0);
//! let (mut w, grads) = ([1.0; 4], [0.5; 4]);
//! let (mut m, mut v, mut averaged) = ([0.0; 4], [0.0; 4], [0.0; 4]);
//! for _ in 0..3 {
//!     let (step, average) = (adam.tick(&mut clock)?, ema.tick(&mut ema_clock)?);
//!     step.then(average).apply(&mut w, &grads, [&mut m, &mut v, &mut averaged])?;
//! }
//! assert!(w[0] < averaged[0] && averaged[0] < 1.0);
//! # Ok::<(), gradstep::Error>(())
//! ```

mod lookahead;
mod moving;

pub use crate::rule::{Average, CompensatedAverage};
pub use lookahead::{Lookahead, Synchronize};
pub use moving::{Swa, WeightEma};

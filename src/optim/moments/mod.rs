//! Adam and its relatives: a moment of the gradient over a moment of its squares.

mod ac_prop;
mod ad_ema_mix;
mod ada_belief;
mod adam;
mod adam_w;
mod adamax;
mod adamax_w;
mod adan;
mod adopt;
mod ams_grad;
mod grams;
mod la_prop;
mod n_adam;
mod optimistic_adam;
mod r_adam;
mod simplified_ad_ema_mix;
mod yogi;

pub use ac_prop::*;
pub use ad_ema_mix::*;
pub use ada_belief::*;
pub use adam::*;
pub use adam_w::*;
pub use adamax::*;
pub use adamax_w::*;
pub use adan::*;
pub use adopt::*;
pub use ams_grad::*;
pub use grams::*;
pub use la_prop::*;
pub use n_adam::*;
pub use optimistic_adam::*;
pub use r_adam::*;
pub use simplified_ad_ema_mix::*;
pub use yogi::*;

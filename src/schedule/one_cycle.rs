use super::checked::{at_most, length, rate};
use super::curve::{between, cosine, linear};
use crate::check;
use crate::error::Error;
use crate::math::{self, Coefficient};
use crate::range::Range;

/// One cycle: a rise to the peak rate, and a fall far below the first rate. It keeps the last rate after its end.
///
/// ```text
/// start = peak / div_factor,   end = start / final_div_factor
/// two phases:    start → peak → end
/// three phases:  start → peak → start → end
/// ```
///
/// Source: Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2017,
/// arXiv 1708.07120. The libraries differ in the steps at which the phases of n steps end:
///
/// | preset | rise | fall to `start`, with three phases | end |
/// |---|---|---|---|
/// | [`OneCycle::torch`], `torch.optim.lr_scheduler.OneCycleLR`, PyTorch 2.15 | `pct_start·n − 1` | `2·pct_start·n − 2` | `n − 1` |
/// | [`OneCycle::optax`], `optax.cosine_onecycle_schedule` and `linear_onecycle_schedule`, optax 0.2.8 | `⌊pct_start·n⌋` | `⌊pct_final·n⌋` | `n` |
///
/// After step n torch raises an error. Here the rate stays the last one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct OneCycle {
    start: f64,
    peak: f64,
    end: f64,
    /// The step at which the rise ends. In torch it need not be a whole number.
    rise: f64,
    /// The step at which the fall to `start` ends. With two phases, the step at which the rise ends.
    fall: f64,
    last: f64,
    anneal: Anneal,
}

/// The form of each phase of [`OneCycle`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Anneal {
    /// Half a period of a cosine, the default.
    #[default]
    Cosine,
    /// A straight line.
    Linear,
}

/// The settings of [`OneCycle`], whose constructors check them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct OneCycleOptions {
    /// The form of each phase. Default [`Anneal::Cosine`].
    pub anneal: Anneal,
    /// Falls to the first rate before it falls to the last one. Default false.
    pub three_phase: bool,
    /// The part of the steps in which the rate rises. In [0, 1]; at most 0.5 in torch's three phases. Default 0.3.
    pub pct_start: f64,
    /// The part of the steps after which the rate is back at the first one: only in optax, with three phases. In [0, 1] and
    /// at least `pct_start`. Default 0.85.
    pub pct_final: f64,
    /// The peak rate over the first rate. Above 0. Default 25.
    pub div_factor: f64,
    /// The first rate over the last rate. Above 0. Default 1e4.
    pub final_div_factor: f64,
}

impl OneCycleOptions {
    /// The defaults, as a constant: those of torch's `OneCycleLR` and of `optax.cosine_onecycle_schedule`.
    pub const DEFAULT: Self = OneCycleOptions {
        anneal: Anneal::Cosine,
        three_phase: false,
        pct_start: 0.3,
        pct_final: 0.85,
        div_factor: 25.0,
        final_div_factor: 1e4,
    };

    /// Three linear phases: the defaults of `optax.linear_onecycle_schedule`.
    pub const LINEAR: Self = OneCycleOptions { anneal: Anneal::Linear, three_phase: true, ..OneCycleOptions::DEFAULT };

    const fn checked(&self) -> Result<(), Error> {
        check_all!(
            check::field("pct_start", self.pct_start, Range::Share),
            check::field("pct_final", self.pct_final, Range::Share),
            check::field("div_factor", self.div_factor, Range::Positive),
            check::field("final_div_factor", self.final_div_factor, Range::Positive),
        );
        Ok(())
    }
}

impl Default for OneCycleOptions {
    fn default() -> Self {
        OneCycleOptions::DEFAULT
    }
}

impl OneCycle {
    /// `torch.optim.lr_scheduler.OneCycleLR` of `total_steps` steps, at least 1. The momentum is not cycled.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `max_lr` that is no finite f32 of at least 0, for 0 steps, for an option out of
    /// its range and for a `pct_start` with less than one step, [`Error::Above`] for three phases with a `pct_start`
    /// above 0.5, [`Error::Coefficient`] for a number or a rate that f32 turns into 0.
    pub const fn torch(max_lr: f64, total_steps: u64, options: OneCycleOptions) -> Result<Self, Error> {
        let steps = total_steps as f64;
        check_all!(rate("max_lr", max_lr), length("total_steps", total_steps), options.checked());
        check_all!(check::field("pct_start", options.pct_start, Range::AtLeast(1.0 / steps)));
        let rise = options.pct_start * steps - 1.0;
        let fall = if options.three_phase {
            check_all!(at_most("pct_start", options.pct_start, "a half", 0.5));
            2.0 * options.pct_start * steps - 2.0
        } else {
            rise
        };
        match OneCycle::with_ends(max_lr, [rise, fall, steps - 1.0], options) {
            // The rise takes all steps, and the last one is its peak.
            Ok(cycle) if cycle.rise >= cycle.last => Ok(OneCycle { end: cycle.peak, ..cycle }),
            cycle => cycle,
        }
    }

    /// `optax.cosine_onecycle_schedule` of `transition_steps` steps, at least 1; with [`OneCycleOptions::LINEAR`],
    /// `optax.linear_onecycle_schedule`.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `peak_value` that is no finite f32 of at least 0, for 0 steps and for an option
    /// out of its range, [`Error::Above`] for three phases with a `pct_start` above `pct_final`, [`Error::Coefficient`]
    /// for a number or a rate that f32 turns into 0.
    pub const fn optax(transition_steps: u64, peak_value: f64, options: OneCycleOptions) -> Result<Self, Error> {
        let steps = transition_steps as f64;
        check_all!(rate("peak_value", peak_value), length("transition_steps", transition_steps), options.checked());
        let rise = (options.pct_start * steps) as u64 as f64;
        let fall = if options.three_phase {
            check_all!(at_most("pct_start", options.pct_start, "pct_final", options.pct_final));
            (options.pct_final * steps) as u64 as f64
        } else {
            rise
        };
        OneCycle::with_ends(peak_value, [rise, fall, steps], options)
    }

    /// A cycle whose phases end there.
    const fn with_ends(peak: f64, [rise, fall, last]: [f64; 3], options: OneCycleOptions) -> Result<Self, Error> {
        let OneCycleOptions { anneal, div_factor, final_div_factor, .. } = options;
        let start = peak / div_factor;
        let end = start / final_div_factor;
        check_all!(
            math::coefficient("div_factor", div_factor, Coefficient::new(start)),
            math::coefficient("final_div_factor", final_div_factor, Coefficient::new(end)),
        );
        OneCycle { start, peak, end, rise, fall, last, anneal }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(
            rate("start", self.start),
            rate("peak", self.peak),
            rate("end", self.end),
            check::field("rise", self.rise, Range::NonNegative),
            at_most("rise", self.rise, "fall", self.fall),
            at_most("fall", self.fall, "last", self.last),
            check::field("last", self.last, Range::NonNegative),
        );
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        let shape = match self.anneal {
            Anneal::Cosine => cosine,
            Anneal::Linear => linear,
        };
        let &OneCycle { start, peak, end, rise, fall, last, .. } = self;
        let step = step as f64;
        if step < rise {
            between(start, peak, step, rise, shape)
        } else if step < fall {
            between(peak, start, step - rise, fall - rise, shape)
        } else {
            let from = if fall > rise { start } else { peak };
            between(from, end, step - fall, last - fall, shape)
        }
    }
}

schedule!(OneCycle);

//! The rates of every schedule, and loss scaling.

use crate::inputs::{Dice, Hash};
use gradstep::Error;
use gradstep::loss_scale::DynamicLossScale;
use gradstep::schedule::*;

/// The rates of the first steps, and of some late ones.
fn rates(schedule: impl Schedule) -> u64 {
    let mut hash = Hash::new();
    let late = (10..64).flat_map(|power| [(1 << power) - 1, 1 << power]);
    (0..300u64).chain(late).chain([u64::MAX]).for_each(|step| hash.add_f64(schedule.at(step)));
    hash.value()
}

/// Calls `report` with each schedule and its hash.
pub(crate) fn schedules(mut report: impl FnMut([&str; 2], u64)) -> Result<(), Error> {
    let (start, peak, end) = (0.013, 0.3, 0.007);
    let options = OneCycleOptions { pct_start: 0.37, ..OneCycleOptions::DEFAULT };
    let three = OneCycleOptions { three_phase: true, ..options };
    let lines = OneCycleOptions { pct_start: 0.37, ..OneCycleOptions::LINEAR };
    let stable = |shape| WarmupStableDecay::new(start, peak, end, 17, 93, 151, shape);
    let cyclic = |amplitude| Cyclic::new(start, peak, 13, 29, amplitude);
    report(["Constant", "rates"], rates(Constant::new(peak)?));
    report(["Linear", "rates"], rates(Linear::optax(peak, end, 187, 13)?));
    report(["Polynomial", "rates"], rates(Polynomial::optax(peak, end, 1.7, 187, 13)?));
    report(["Cosine", "rates"], rates(Cosine::new(peak, end, 187)?));
    report(["Cosine", "torch"], rates(Cosine::torch(peak, 37, end)?));
    report(["Cosine", "optax"], rates(CosinePower::optax(peak, 187, 0.03, 1.7)?));
    report(["Cosine", "warmup"], rates(Cosine::with_warmup(start, peak, end, 23, 211)?));
    report(["CosineRestarts", "rates"], rates(CosineRestarts::new(peak, end, 11, 3)?));
    report(["CosineRestarts", "equal"], rates(CosineRestarts::new(peak, end, 11, 1)?));
    report(["OneCycle", "torch"], rates(OneCycle::torch(peak, 251, options)?));
    report(["OneCycle", "torch_three"], rates(OneCycle::torch(peak, 251, three)?));
    report(["OneCycle", "optax"], rates(OneCycle::optax(251, peak, options)?));
    report(["OneCycle", "optax_lines"], rates(OneCycle::optax(251, peak, lines)?));
    report(["StepDecay", "rates"], rates(StepDecay::new(peak, 7, 0.83)?));
    report(["MultiStep", "rates"], rates(MultiStep::optax(peak, [(31, 0.3), (77, 1.1), (201, 0.13)])?));
    report(["Exponential", "torch"], rates(Exponential::torch(peak, 0.983)?));
    report(["Exponential", "optax"], rates(Exponential::optax(peak, 7, 0.83, 3, false, Some(end))?));
    report(["InverseSqrt", "rates"], rates(InverseSqrt::new(start, peak, 31)?));
    report(["InverseSqrt", "noam"], rates(InverseSqrt::noam(1.3, 512, 31)?));
    report(["WarmupStableDecay", "linear"], rates(stable(DecayShape::Linear)?));
    report(["WarmupStableDecay", "one_minus_sqrt"], rates(stable(DecayShape::OneMinusSqrt)?));
    report(["WarmupStableDecay", "cosine"], rates(stable(DecayShape::Cosine)?));
    report(["Cyclic", "triangular"], rates(cyclic(Amplitude::Triangular)?));
    report(["Cyclic", "triangular2"], rates(cyclic(Amplitude::Triangular2)?));
    report(["Cyclic", "exp_range"], rates(cyclic(Amplitude::ExpRange(0.991))?));
    report(["chain", ""], rates(Cosine::new(peak, end, 91)?.warmup(0.1, 31)?.then(149, Constant::new(start)?)));
    report(["ReduceOnPlateau", "rates"], plateau()?);
    report(["DynamicLossScale", "scales"], loss_scale()?);
    Ok(())
}

fn plateau() -> Result<u64, Error> {
    let (mut hash, mut dice) = (Hash::new(), Dice::new(5));
    let settings = ReduceOnPlateau { factor: 0.7, patience: 2, cooldown: 1, ..ReduceOnPlateau::DEFAULT };
    let mut state = Plateau::new(0.3);
    for _ in 0..200 {
        settings.update(&mut state, dice.ordinary().into())?;
        hash.add_f64(state.lr);
    }
    Ok(hash.value())
}

fn loss_scale() -> Result<u64, Error> {
    let (mut hash, mut dice) = (Hash::new(), Dice::new(6));
    let settings = DynamicLossScale { growth_factor: 1.7, growth_interval: 3, ..DynamicLossScale::DEFAULT };
    let mut scale = settings.start()?;
    for _ in 0..200 {
        settings.update(&mut scale, dice.ordinary() > 0.8)?;
        hash.add_bits(scale.scale().to_bits());
        hash.add_f64(scale.inverse());
    }
    Ok(hash.value())
}

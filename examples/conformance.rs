//! Prints a hash of what every optimizer computes, a line for each subject, and fails where two backends differ.
//!
//! The hashes are the same on every target. `--check FILE` compares them with the lines of a file instead of printing;
//! `--rules` lists the type of every rule that runs here, for `scripts/check-asm`.

use gradstep::{Backend, Error, Optimizer, Real, Rule, for_each_optimizer};
use std::process::ExitCode;

/// Beyond every vector width, and long enough for each tail to follow several vectors.
const LENGTHS: [usize; 71] = {
    let mut lengths = [0; 71];
    let mut i = 0;
    while i < 68 {
        lengths[i] = i;
        i += 1;
    }
    lengths[68] = 127;
    lengths[69] = 257;
    lengths[70] = 1003;
    lengths
};

/// Where IEEE-754 arithmetic changes its ways.
const SPECIAL: [f32; 24] = [
    0.0,
    f32::from_bits(1),
    f32::from_bits(0x0000_1000),
    f32::from_bits(0x0040_0000),
    f32::from_bits(0x007f_ffff),
    f32::MIN_POSITIVE,
    f32::from_bits(0x0080_0001),
    1.5e-38,
    3e-23,
    1e-19,
    1e-8,
    1e-3,
    0.1,
    0.5,
    f32::from_bits(0x3f7f_ffff),
    1.0,
    f32::from_bits(0x3f80_0001),
    3.0,
    1e6,
    1.8e19,
    1e30,
    f32::MAX,
    f32::INFINITY,
    f32::NAN,
];

/// A linear congruential generator: the same numbers on every target.
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// In [−1, 1).
    fn ordinary(&mut self) -> f32 {
        (self.bits() >> 8) as f32 / 8_388_608.0 - 1.0
    }

    /// One of [`SPECIAL`] with either sign.
    fn special(&mut self) -> f32 {
        let bits = self.bits();
        let magnitude = SPECIAL.get((bits >> 1) as usize % SPECIAL.len()).copied().unwrap_or_default();
        if bits & 1 == 0 { magnitude } else { -magnitude }
    }

    fn fill(&mut self, len: usize, mut value: impl FnMut(&mut Dice) -> f32) -> Vec<f32> {
        (0..len).map(|_| value(self)).collect()
    }
}

/// FNV-1a over bit patterns. NaN payloads are unspecified, so every NaN counts as the same.
struct Hash(u64);

impl Hash {
    fn add(&mut self, values: &[f32]) {
        for value in values {
            let bits = if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() };
            for byte in bits.to_le_bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            }
        }
    }
}

/// A rule as a type of its own, so that what its steps are compiled to has one caller and one backend.
#[derive(Clone, Copy)]
struct Alone<U>(U);

impl<U: Rule<S>, const S: usize> Rule<S> for Alone<U> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        self.0.lane(p, g, state)
    }

    #[inline(always)]
    fn grad<R: Real>(&self, p: R, g: R) -> R {
        self.0.grad(p, g)
    }
}

/// A step on the scalar backend, in a function of its own.
#[inline(never)]
fn scalar<U: Rule<S>, const S: usize>(
    rule: &U,
    params: &mut [f32],
    grads: &[f32],
    state: [&mut [f32]; S],
) -> Result<(), Error> {
    Alone(Alone(*rule)).apply_on(Backend::Scalar, params, grads, state)
}

/// A step on the portable backend, in a function of its own.
#[inline(never)]
fn portable<U: Rule<S>, const S: usize>(
    rule: &U,
    params: &mut [f32],
    grads: &[f32],
    state: [&mut [f32]; S],
) -> Result<(), Error> {
    Alone(*rule).apply_on(Backend::Portable, params, grads, state)
}

/// A step on a chosen backend, or on the active one.
fn step<U: Rule<S>, const S: usize>(
    backend: Option<Backend>,
    rule: &U,
    params: &mut [f32],
    grads: &[f32],
    state: [&mut [f32]; S],
) -> Result<(), Error> {
    match backend {
        None => rule.apply(params, grads, state),
        Some(Backend::Scalar) => scalar(rule, params, grads, state),
        Some(Backend::Portable) => portable(rule, params, grads, state),
        Some(other) => rule.apply_on(other, params, grads, state),
    }
}

/// Ten steps from the start that the optimizer asks for, at every length.
fn ordinary<O: Optimizer<S> + Default, U: Rule<S>, const S: usize>(
    backend: Option<Backend>,
    fuse: impl Fn(O::Rule) -> U,
) -> Result<u64, Error> {
    let optimizer = O::default();
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    for len in LENGTHS {
        let mut dice = Dice(len as u64);
        let mut params = dice.fill(len, Dice::ordinary);
        let mut state = [(); S].map(|()| vec![f32::NAN; len]);
        optimizer.init(&params, state.each_mut().map(|slot| &mut slot[..]))?;
        let mut clock = O::Clock::default();
        for _ in 0..10 {
            let grads = dice.fill(len, Dice::ordinary);
            let rule = fuse(optimizer.tick(&mut clock)?);
            step(backend, &rule, &mut params, &grads, state.each_mut().map(|slot| &mut slot[..]))?;
        }
        hash.add(&params);
        state.iter().for_each(|slot| hash.add(slot));
    }
    Ok(hash.0)
}

/// Three steps on special values in every stream, the state too.
fn special<O: Optimizer<S> + Default, const S: usize>(backend: Option<Backend>) -> Result<u64, Error> {
    const LEN: usize = 8191;
    let optimizer = O::default();
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    let mut dice = Dice(0);
    let mut clock = O::Clock::default();
    for _ in 0..3 {
        let mut params = dice.fill(LEN, Dice::special);
        let grads = dice.fill(LEN, Dice::special);
        let mut state = [(); S].map(|()| dice.fill(LEN, Dice::special));
        let rule = optimizer.tick(&mut clock)?;
        step(backend, &rule, &mut params, &grads, state.each_mut().map(|slot| &mut slot[..]))?;
        hash.add(&params);
        state.iter().for_each(|slot| hash.add(slot));
    }
    Ok(hash.0)
}

/// Every adapter at once.
fn adapted<U: Rule<S>, const S: usize>(rule: U) -> impl Rule<S> {
    rule.scale_grads(0.75).clip_grads(0.5).l2(0.01).decoupled_decay(1e-3).maximize()
}

/// The hash of a subject, or what differs between two backends.
fn agreed(subject: &str, hash: impl Fn(Option<Backend>) -> Result<u64, Error>) -> Result<String, String> {
    let hash = |backend| hash(backend).map_err(|error| format!("{subject}: {error}"));
    let expected = hash(Some(Backend::Scalar))?;
    for backend in Backend::ALL.into_iter().filter(|backend| backend.is_supported()).map(Some).chain([None]) {
        let found = hash(backend)?;
        if found != expected {
            let backend = backend.map_or("apply".into(), |backend| backend.to_string());
            return Err(format!("{subject}: {backend} gives {found:016x}, scalar {expected:016x}"));
        }
    }
    Ok(format!("{subject} {expected:016x}"))
}

fn hashes() -> Vec<Result<String, String>> {
    let mut lines = Vec::new();
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            let name = stringify!($Optimizer);
            lines.push(agreed(&format!("{name} plain"), |backend| {
                ordinary::<gradstep::$Optimizer, _, $slots>(backend, |rule| rule)
            }));
            lines.push(agreed(&format!("{name} adapted"), |backend| {
                ordinary::<gradstep::$Optimizer, _, $slots>(backend, adapted)
            }));
            lines.push(agreed(&format!("{name} special"), special::<gradstep::$Optimizer, $slots>));
        )*};
    }
    for_each_optimizer!(each);
    lines
}

fn rules() -> Vec<String> {
    fn name<U>(_: fn(U) -> U) -> String {
        std::any::type_name::<U>().into()
    }
    fn name_adapted<U: Rule<S>, V: Rule<S>, const S: usize>(_: fn(U) -> V) -> String {
        std::any::type_name::<V>().into()
    }
    let mut names = Vec::new();
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            names.push(name::<<gradstep::$Optimizer as Optimizer<$slots>>::Rule>(|rule| rule));
            names.push(name_adapted(adapted::<<gradstep::$Optimizer as Optimizer<$slots>>::Rule, $slots>));
        )*};
    }
    for_each_optimizer!(each);
    names
}

/// What a file and this machine disagree on.
fn differences(file: &str, computed: &[String]) -> Vec<String> {
    let expected: Vec<&str> = file.lines().collect();
    let missing = computed.iter().filter(|line| !expected.contains(&line.as_str())).map(|line| format!("here: {line}"));
    let surplus =
        expected.iter().filter(|line| !computed.iter().any(|own| own == *line)).map(|line| format!("file: {line}"));
    missing.chain(surplus).collect()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let file = match arguments[..] {
        [] => None,
        ["--rules"] => {
            rules().iter().for_each(|name| println!("{name}"));
            return ExitCode::SUCCESS;
        }
        ["--check", file] => Some(file),
        _ => {
            eprintln!("usage: conformance [--check FILE | --rules]");
            return ExitCode::from(2);
        }
    };
    let (lines, mut faults): (Vec<_>, Vec<_>) = hashes().into_iter().partition(Result::is_ok);
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    let mut faults: Vec<String> = faults.drain(..).filter_map(Result::err).collect();
    match file.map(std::fs::read_to_string) {
        None => lines.iter().for_each(|line| println!("{line}")),
        Some(Ok(text)) => faults.extend(differences(&text, &lines)),
        Some(Err(error)) => faults.push(error.to_string()),
    }
    faults.iter().for_each(|fault| eprintln!("{fault}"));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

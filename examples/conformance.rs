//! Runs every optimizer on every backend of this machine over fixed inputs and prints a hash of the bits.
use gradstep::*;

fn inputs(n: usize, seed: u32) -> Vec<f32> {
    let mut x = seed;
    (0..n)
        .map(|_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

fn hash<O: Optimizer<S> + Default, const S: usize>(backend: Backend) -> Result<u64, Error> {
    let optimizer = O::default();
    let mut params = inputs(67, 1);
    let mut state = [(); S].map(|()| vec![0.0; 67]);
    optimizer.init(&params, state.each_mut().map(|s| &mut s[..]))?;
    let mut clock = O::Clock::default();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for step in 0..20 {
        let rule = optimizer.tick(&mut clock)?;
        rule.apply_on(backend, &mut params, &inputs(67, 2 + step), state.each_mut().map(|s| &mut s[..]))?;
    }
    for value in state.iter().flatten().chain(&params) {
        for byte in value.to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    Ok(hash)
}

fn main() -> Result<(), Error> {
    macro_rules! print {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            for backend in Backend::ALL.into_iter().filter(|backend| backend.is_supported()) {
                println!("{:24} {:9} {:016x}", stringify!($Optimizer), backend.to_string(), hash::<$Optimizer, $slots>(backend)?);
            }
        )*};
    }
    for_each_optimizer!(print);
    Ok(())
}

//! What the CPU and its operating system support. `#[target_feature]` lets the compiler use every feature that the named
//! ones imply, so all of them are asked for: a hypervisor may mask any of them.

use core::arch::x86_64::__cpuid;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

cpufeatures::new!(avx2, "sse3", "ssse3", "sse4.1", "sse4.2", "avx", "avx2");
cpufeatures::new!(avx512, "sse3", "ssse3", "sse4.1", "sse4.2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl");

/// Whether the functions of `avx2.rs` can run. The CPU is asked once, since the instruction traps in virtual machines.
#[inline(always)]
pub(super) fn has_avx2() -> bool {
    // Miri knows few vector instructions, whatever the build is for.
    !cfg!(miri) && avx2::get()
}

/// Whether the functions of `avx512.rs` can run. As above.
#[inline(always)]
pub(super) fn has_avx512() -> bool {
    const UNKNOWN: u8 = 2;
    static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);

    #[cold]
    fn ask() -> bool {
        let answer = avx512::get() && f16c();
        ANSWER.store(answer.into(), Relaxed);
        answer
    }

    if cfg!(miri) {
        return false;
    }
    if cfg!(all(target_feature = "avx512f", target_feature = "avx512bw", target_feature = "avx512vl")) {
        return true;
    }
    // One value on its own needs no ordering.
    match ANSWER.load(Relaxed) {
        UNKNOWN => ask(),
        answer => answer == 1,
    }
}

/// AVX-512F implies F16C, which `cpufeatures` does not know. Its registers are those of AVX.
fn f16c() -> bool {
    const F16C: u32 = 1 << 29;
    #[allow(unused_unsafe)] // newer compilers know that it is safe
    // SAFETY: every x86-64 CPU has the instruction; where it may not be used, in SGX, `avx512::get` was false.
    let features = unsafe { __cpuid(1) };
    features.ecx & F16C != 0
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    extern crate std;
    use std::is_x86_feature_detected as is;

    /// The standard library detects in its own way.
    #[test]
    fn the_standard_library_agrees() {
        let sse = is!("sse3") && is!("ssse3") && is!("sse4.1") && is!("sse4.2");
        let avx2 = sse && is!("avx") && is!("avx2");
        let avx512 = avx2 && is!("fma") && is!("f16c") && is!("avx512f") && is!("avx512bw") && is!("avx512vl");
        for _ in 0..2 {
            assert_eq!(has_avx2(), avx2);
            assert_eq!(has_avx512(), avx512);
        }
        assert_eq!(f16c(), is!("f16c"));
    }
}

//! The same loop compiled for several instruction sets, chosen when it runs.
//!
//! Cargo builds for the oldest CPUs of a target (SSE2 on `x86_64`). A loop over millions of floats
//! wants more, so its body is compiled for AVX2 and AVX-512 too. The results are the same bits:
//! the compiler neither reorders floating-point sums nor contracts `a * b + c` into one rounding.

/// A loop to run: captures its slices, and inlines all that it calls.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;

    /// The loop itself; mark it `#[inline(always)]`, or it stays compiled for the baseline.
    fn run(self) -> Self::Output;
}

/// An instruction set that this machine has. Only [`InstructionSet::available`] makes one, which
/// is what makes [`run_on`] sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InstructionSet(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl InstructionSet {
    /// What this machine has, best first. The machine is asked once; later calls read the answer.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let found = [
            is_x86_feature_detected!("avx512f").then_some(Set::Avx512),
            is_x86_feature_detected!("avx2").then_some(Set::Avx2),
            Some(Set::Baseline),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let found = [Some(Set::Baseline)];
        found.into_iter().flatten().map(Self)
    }

    /// The best that this machine has.
    pub(crate) fn best() -> Self {
        Self::available().next().unwrap_or(Self(Set::Baseline))
    }
}

/// Runs `kernel` on the best instruction set of this machine.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    run_on(InstructionSet::best(), kernel)
}

/// Runs `kernel` on `set`.
#[inline]
#[cfg_attr(target_arch = "x86_64", allow(unsafe_code, reason = "the one call into functions for newer CPUs"))]
pub(crate) fn run_on<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    match set.0 {
        Set::Baseline => kernel.run(),
        // SAFETY: the functions need nothing but a CPU with their feature, and an `InstructionSet`
        // for it exists only where `available` found that feature.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { run_avx2(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { run_avx512(kernel) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// Lets the memory fetch `block`, which will be wanted soon. No more than a hint, and none where the
/// target has no instruction for it.
#[inline]
#[cfg_attr(target_arch = "x86_64", allow(unsafe_code, reason = "the instruction has no safe form"))]
pub(crate) fn prefetch<V, const N: usize>(block: &[V; N]) {
    #[cfg(target_arch = "x86_64")]
    for line in block.chunks(64 / size_of::<V>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch changes nothing that a program can see, and every x86_64 processor has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = block;
}

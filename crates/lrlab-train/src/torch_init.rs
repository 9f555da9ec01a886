//! PyTorch's initial weights from the same seed: uniform ones bit for bit, normal ones within 2e-6.
//!
//! `torch.manual_seed(s)` seeds a 32-bit Mersenne Twister. On the CPU a uniform f32 takes the low
//! 24 bits of one draw, `u = (draw & (2^24 - 1)) / 2^24`, and stretches it to `u * (hi - lo) + lo`
//! with one rounding (PyTorch's build for AVX2 and later fuses the product and the sum; without the
//! fusion about half of the weights of a 128 x 10 layer differ in their last bit). `nn.Linear` and
//! `nn.Conv2d` draw their weight, then their bias, both between plus and minus `1 / sqrt(fan_in)`.
//!
//! Normal numbers are pairs of `sqrt(-2 ln u) cos(2 pi v)` and `.. sin(2 pi v)` (Box and Muller, 1958).
//! A tensor of 16 or more takes them in f32 from blocks of 16 uniform numbers, eight `1 - u` before eight
//! `v`, and what is over after whole blocks is drawn anew with the last 16 numbers; a smaller one takes
//! them one by one in f64, with `v` drawn before `1 - u` from 53 bits each, and the second of a pair is
//! kept for the next. PyTorch's vector code has a logarithm, sine and cosine of its own: hence the 2e-6.
//!
//! Source: PyTorch 2.15, `CPUGeneratorImpl`, `uniform_`, `normal_` and `nn.Linear.reset_parameters`,
//! checked against `golden/pytorch/init.json`.

use rand_mt::Mt;

/// PyTorch's CPU generator.
#[derive(Clone, Debug)]
pub struct TorchGenerator {
    twister: Mt,
    /// The second of a pair of normal numbers.
    kept: Option<f64>,
}

/// Normal numbers that are drawn together.
const BLOCK: usize = 16;

impl TorchGenerator {
    /// The generator after `torch.manual_seed(seed)`; PyTorch uses the low 32 bits of the seed.
    pub fn new(seed: u64) -> Self {
        Self { twister: Mt::new(seed as u32), kept: None }
    }

    /// `n` draws of `uniform_(lo, hi)` on an f32 tensor.
    pub fn uniform(&mut self, n: usize, lo: f32, hi: f32) -> Vec<f32> {
        (0..n)
            .map(|_| {
                let u = (self.twister.next_u32() & 0x00ff_ffff) as f32 / 16_777_216.0;
                u.mul_add(hi - lo, lo)
            })
            .collect()
    }

    /// `n` draws of `normal_(0, 1)` on an f32 tensor.
    pub fn normal(&mut self, n: usize) -> Vec<f32> {
        if n < BLOCK {
            return (0..n).map(|_| self.one_normal() as f32).collect();
        }
        let mut numbers = self.uniform(n, 0.0, 1.0);
        let (whole, rest) = numbers.as_chunks_mut::<BLOCK>();
        whole.iter_mut().for_each(box_muller);
        if !rest.is_empty() {
            let mut last = [0.0; BLOCK];
            last.copy_from_slice(&self.uniform(BLOCK, 0.0, 1.0));
            box_muller(&mut last);
            numbers[n - BLOCK..].copy_from_slice(&last);
        }
        numbers
    }

    /// A normal number by itself.
    fn one_normal(&mut self) -> f64 {
        if let Some(kept) = self.kept.take() {
            return kept;
        }
        let angle = std::f64::consts::TAU * self.wide_uniform();
        let radius = (-2.0 * (-self.wide_uniform()).ln_1p()).sqrt();
        self.kept = Some(radius * angle.sin());
        radius * angle.cos()
    }

    /// A uniform f64 of 53 bits, from two draws.
    fn wide_uniform(&mut self) -> f64 {
        let (high, low) = (u64::from(self.twister.next_u32()), u64::from(self.twister.next_u32()));
        ((high << 32 | low) & ((1 << 53) - 1)) as f64 / 9_007_199_254_740_992.0
    }

    /// The weight and bias of a layer with its default initialisation: `weight` numbers, then
    /// `bias` numbers, both uniform within `1 / sqrt(fan_in)` of zero.
    ///
    /// For `nn.Linear(in, out)`: weight `out * in` (row-major, `[out, in]`), bias `out`, `fan_in`
    /// = in. For `nn.Conv2d(in, out, k)`: weight `out * in * k * k`, `fan_in` = in * k * k.
    pub fn layer(&mut self, weight: usize, bias: usize, fan_in: usize) -> (Vec<f32>, Vec<f32>) {
        // Kaiming-uniform with a = sqrt(5), in f64 and in PyTorch's order of operations: the square of
        // the root is not quite 5, and the bound's last bit depends on it.
        let a = 5.0_f64.sqrt();
        let gain = (2.0 / (1.0 + a.powi(2))).sqrt();
        let weight_bound = 3.0_f64.sqrt() * (gain / (fan_in as f64).sqrt());
        let bias_bound = 1.0 / (fan_in as f64).sqrt();
        let weights = self.uniform(weight, -weight_bound as f32, weight_bound as f32);
        let biases = self.uniform(bias, -bias_bound as f32, bias_bound as f32);
        (weights, biases)
    }
}

/// Eight pairs of normal numbers in place of eight `1 - u` and eight `v`.
fn box_muller(block: &mut [f32; BLOCK]) {
    let (first, second) = block.split_at_mut(BLOCK / 2);
    for (a, b) in first.iter_mut().zip(second) {
        let radius = (-2.0 * (1.0 - *a).ln()).sqrt();
        let (sine, cosine) = (std::f32::consts::TAU * *b).sin_cos();
        (*a, *b) = (radius * cosine, radius * sine);
    }
}

//! PyTorch's initial weights, bit for bit, from the same seed.
//!
//! `torch.manual_seed(s)` seeds a 32-bit Mersenne Twister. On the CPU a uniform f32 takes the low
//! 24 bits of one draw, `u = (draw & (2^24 - 1)) / 2^24`, and stretches it to `u * (hi - lo) + lo`
//! with one rounding (PyTorch's build for AVX2 and later fuses the product and the sum; without the
//! fusion about half of the weights of a 128 x 10 layer differ in their last bit). `nn.Linear` and
//! `nn.Conv2d` draw their weight, then their bias, both between plus and minus `1 / sqrt(fan_in)`.
//!
//! Source: PyTorch 2.15, `CPUGeneratorImpl`, `uniform_` and `nn.Linear.reset_parameters`, checked
//! against `golden/pytorch/init.json`.

use rand_mt::Mt;

/// PyTorch's CPU generator.
#[derive(Clone, Debug)]
pub struct TorchGenerator(Mt);

impl TorchGenerator {
    /// The generator after `torch.manual_seed(seed)`; PyTorch uses the low 32 bits of the seed.
    pub fn new(seed: u64) -> Self {
        Self(Mt::new(seed as u32))
    }

    /// `n` draws of `uniform_(lo, hi)` on an f32 tensor.
    pub fn uniform(&mut self, n: usize, lo: f32, hi: f32) -> Vec<f32> {
        (0..n)
            .map(|_| {
                let u = (self.0.next_u32() & 0x00ff_ffff) as f32 / 16_777_216.0;
                u.mul_add(hi - lo, lo)
            })
            .collect()
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

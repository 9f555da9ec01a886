//! Random draws for resampling: a counter through a mixing function, the same on every machine.
//!
//! z = seed + k * 0x9E3779B97F4A7C15 for the k-th draw (no unit, 64 bits, wrapping), mixed by two
//! rounds of shift, xor and multiplication. Source: `SplitMix64`, Steele, Lea and Flood 2014, Fast
//! Splittable Pseudorandom Number Generators, with the constants of Vigna's reference. Good for
//! resampling, not for secrets; training draws from its own streams.

/// A stream of random numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Draws {
    state: u64,
}

impl Draws {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number of 0 to 1, 1 excluded.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (0.5_f64).powf(53.0)
    }

    /// A place in a list of `length`: 0 to `length` - 1, and 0 for an empty one. The bias of the
    /// multiplication is below `length` / 2^64.
    pub fn index(&mut self, length: usize) -> usize {
        ((u128::from(self.bits()) * length as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_those_of_the_reference() {
        // The first values of Vigna's splitmix64.c for the seed 1234567.
        let mut draws = Draws::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423_u64];
        assert_eq!([draws.bits(), draws.bits(), draws.bits()], expected);
    }

    #[test]
    fn places_are_even() {
        let mut draws = Draws::new(7);
        let mut counts = [0_u32; 5];
        for _ in 0..50_000 {
            counts[draws.index(5)] += 1;
        }
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 400), "{counts:?}");
        assert_eq!(draws.index(0), 0);
    }
}

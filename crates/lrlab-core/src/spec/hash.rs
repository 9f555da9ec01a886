//! Hashes that stay the same on every machine and in every version: FNV-1a over canonical text.

use super::{ScheduleSpec, Strategy};

/// FNV-1a, 64 bits.
pub(crate) fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Strategy {
    /// A hash of the canonical text: equal strategies have equal ones, on every machine.
    pub fn spec_hash(&self) -> u64 {
        fnv1a(&self.to_string())
    }
}

impl ScheduleSpec {
    /// A hash of the canonical text: equal schedules have equal ones, on every machine.
    pub fn spec_hash(&self) -> u64 {
        fnv1a(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    #[test]
    fn agrees_with_the_published_test_vectors() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }
}

//! The slots of one parameter as slices, put together without allocating.

use std::{
    array,
    ops::{Deref, DerefMut},
};

/// The most slots that an optimizer may keep for a parameter.
pub const MOST_SLOTS: usize = 6;

/// One slice for each slot of a parameter, in the optimizer's order: what a
/// [`ParamStep`](super::ParamStep) borrows for one update.
///
/// The numbers may live in a [`ParamState`](super::ParamState) or in memory of somebody else.
///
/// ```
/// use lrlab_core::optimizer::SlotSlices;
///
/// let mut kept = [vec![0.0_f32; 2], vec![1.0; 2]];
/// let slots: SlotSlices<'_, f32> = kept.iter_mut().map(Vec::as_mut_slice).collect();
/// assert_eq!((slots.len(), &slots[1][..]), (2, &[1.0, 1.0][..]));
/// ```
///
/// # Panics
///
/// Collecting more than [`MOST_SLOTS`] slices does.
#[derive(Debug)]
pub struct SlotSlices<'a, V> {
    slices: [&'a mut [V]; MOST_SLOTS],
    count: usize,
}

impl<'a, V> FromIterator<&'a mut [V]> for SlotSlices<'a, V> {
    fn from_iter<I: IntoIterator<Item = &'a mut [V]>>(slots: I) -> Self {
        let mut all = Self { slices: array::from_fn(|_| <&mut [V]>::default()), count: 0 };
        for slot in slots {
            assert!(all.count < MOST_SLOTS, "an optimizer has at most {MOST_SLOTS} slots for a parameter");
            all.slices[all.count] = slot;
            all.count += 1;
        }
        all
    }
}

impl<'a, V> Deref for SlotSlices<'a, V> {
    type Target = [&'a mut [V]];

    fn deref(&self) -> &Self::Target {
        &self.slices[..self.count]
    }
}

impl<V> DerefMut for SlotSlices<'_, V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.slices[..self.count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "at most 6 slots")]
    fn more_slots_than_there_is_room_for_are_refused() {
        let mut kept = vec![vec![0.0_f32]; MOST_SLOTS + 1];
        let _: SlotSlices<'_, f32> = kept.iter_mut().map(Vec::as_mut_slice).collect();
    }
}

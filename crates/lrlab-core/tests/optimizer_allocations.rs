//! Updates allocate nothing: the state is there before the first, and what else is needed after it.

mod optimizer_harness;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use optimizer_harness::{Trained, settings};

struct Counting;

thread_local! {
    // Per thread, since the test harness allocates on threads of its own.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn updates_allocate_nothing() {
    for (name, args) in settings() {
        let mut trained = Trained::new(name, &args, vec![0.5; 1000]);
        let grad = vec![0.25; 1000];
        // The first may make room that is kept.
        trained.step(&grad);
        let before = ALLOCATIONS.with(Cell::get);
        for _ in 0..10 {
            trained.step(&grad);
        }
        assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0, "{name} {args:?}");
    }
    assert!(ALLOCATIONS.with(Cell::get) > 0, "the counter counts");
}

//! Taking a reading allocates nothing: the smoothing window is there before the first.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use lrlab_core::{
    Horizon,
    registry::{Argument, Arguments},
    signal::{SIGNALS, Setting},
};

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
fn readings_allocate_nothing() {
    let setting = Setting { horizon: Horizon::new(1000, 10), warmup: 20 };
    for entry in SIGNALS {
        let mut args = Arguments::new();
        if entry.params.iter().any(|parameter| parameter.name == "smoothed") {
            args.insert("smoothed".to_owned(), Argument::Number(8.0));
        }
        // A copy has the whole window too.
        let mut signal = (entry.build)(&args, setting).unwrap().clone_box();
        let before = ALLOCATIONS.with(Cell::get);
        for t in 0..1000_u32 {
            signal.on_metric(t.into(), "validation loss", f64::from(t % 7)).unwrap();
        }
        assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0, "{}", entry.name);
        assert!(signal.factor() < 1.0, "{} reacted", entry.name);
    }
    assert!(ALLOCATIONS.with(Cell::get) > 0, "the counter counts");
}

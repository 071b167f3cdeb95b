//! What one input may cost: memory by a counting allocator, time by the thread's own clock.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use rustix::time::{ClockId, clock_gettime};

/// The most that one input may hold at a time, in bytes.
pub const BYTES_MAX: usize = 256 * 1024 * 1024;

/// The longest that one input may compute, in milliseconds.
pub const MS_MAX: i64 = 1_000;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting what each thread holds.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn grow(bytes: usize) {
    let held = HELD.get().saturating_add(bytes);
    HELD.set(held);
    MOST.set(MOST.get().max(held));
}

fn shrink(bytes: usize) {
    HELD.set(HELD.get().saturating_sub(bytes));
}

// SAFETY: everything is left to the system's allocator; the counts allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrink(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grow(size);
        shrink(layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Gives the input to the target and panics if that costs more than it may.
pub fn within(target: fn(&[u8]), data: &[u8]) {
    let before = HELD.get();
    MOST.set(before);
    let began = computed_ms();
    target(data);
    let took = computed_ms() - began;
    let most = MOST.get().saturating_sub(before);
    assert!(
        most <= BYTES_MAX,
        "{most} bytes for {} of input",
        data.len()
    );
    assert!(
        took <= MS_MAX,
        "{took} ms for {} bytes of input",
        data.len()
    );
}

/// What the thread has computed so far; waiting for others does not count.
fn computed_ms() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
}

//! Timers as values: what is due, when, and whether it still means anything.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rutter_engine::{Run, Timestamp, Wake};

/// Timers in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
    set: u64,
}

#[derive(Debug)]
struct Timer {
    due: Timestamp,
    number: u64,
    wake: Wake,
}

impl Timers {
    /// Sets a timer.
    pub(super) fn set(&mut self, due: Timestamp, wake: Wake) {
        self.set += 1;
        self.heap.push(Reverse(Timer {
            due,
            number: self.set,
            wake,
        }));
    }

    /// When the first timer is due that still means something to the run.
    pub(super) fn first(&mut self, run: &Run) -> Option<Timestamp> {
        while let Some(Reverse(timer)) = self.heap.peek() {
            if run.awaits(&timer.wake) {
                return Some(timer.due);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes every timer that is due.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Wake> {
        let mut due = Vec::new();
        while self
            .heap
            .peek()
            .is_some_and(|Reverse(timer)| timer.due <= now)
        {
            due.extend(self.heap.pop().map(|Reverse(timer)| timer.wake));
        }
        due
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.number) == (other.due, other.number)
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

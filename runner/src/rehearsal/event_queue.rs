//! The rehearsal's time: a heap of what will happen and when. Nothing here knows a real clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rutter_engine::{Input, Name, Timestamp};

/// What will happen, earliest first; at the same instant in the order of steps and items, then in the
/// order in which it was put in.
#[derive(Debug, Default)]
pub struct EventQueue {
    heap: BinaryHeap<Reverse<Entry>>,
    entered: u64,
}

#[derive(Debug)]
struct Entry {
    place: (Timestamp, Name, Option<Name>, u64),
    input: Input,
}

impl EventQueue {
    /// Puts an input in for an instant.
    pub fn enter(&mut self, due: Timestamp, step: Name, item: Option<Name>, input: Input) {
        self.entered += 1;
        self.heap.push(Reverse(Entry {
            place: (due, step, item, self.entered),
            input,
        }));
    }

    /// The earliest entry and its instant.
    pub fn next(&mut self) -> Option<(Timestamp, Input)> {
        let Reverse(Entry { place, input }) = self.heap.pop()?;
        Some((place.0, input))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

#[cfg(test)]
mod tests {
    use rutter_engine::{Input, Timestamp};

    use super::EventQueue;

    #[test]
    fn what_is_due_together_happens_in_the_order_of_steps() {
        let mut queue = EventQueue::default();
        let wish = |by: &str| Input::Undo { by: by.into() };
        queue.enter(Timestamp(2), "a".into(), None, wish("late"));
        queue.enter(Timestamp(1), "b".into(), None, wish("second"));
        queue.enter(Timestamp(1), "a".into(), None, wish("first"));
        let order: Vec<_> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(
            order,
            [
                (Timestamp(1), wish("first")),
                (Timestamp(1), wish("second")),
                (Timestamp(2), wish("late")),
            ]
        );
    }
}

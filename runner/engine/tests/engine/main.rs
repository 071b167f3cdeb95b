//! The engine by itself: scripts of inputs against records. No clock, no network, no code of guests.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod calls;
mod doubt;
mod flow;
mod ids;
mod illegal;

mod kit;
mod look;
mod nested;
mod part;
mod passing;
mod people;
mod properties;
mod redo;
mod resume;
mod sagas;
mod scale;
mod trust;
mod undo;
mod undo_asks;
mod waits;

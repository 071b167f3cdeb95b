//! The engine by itself: scripts of inputs against records. No clock, no network, no code of guests.

mod calls;
mod doubt;
mod flow;
mod illegal;
mod kit;
mod people;
mod properties;
mod resume;
mod undo;
mod waits;

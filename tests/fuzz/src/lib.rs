//! What reads foreign bytes, as functions of bytes: none may panic, hang or take memory without end, and what each says
//! must be true of every input.

pub mod bound;
pub mod mutate;

mod answer;
mod call;
mod component;
mod drive;
mod engine;
mod expression;
mod journal;
mod manifest;
mod runbook;
mod secrets;
mod wire;
mod world;

/// A target by the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("answer", answer::answer),
    ("call", call::call),
    ("component", component::component),
    ("engine", engine::engine),
    ("expression", expression::expression),
    ("journal", journal::journal),
    ("manifest", manifest::manifest),
    ("runbook", runbook::runbook),
    ("secrets", secrets::secrets),
    ("wire", wire::wire),
    ("world", world::world),
];

/// Splits bytes at the first line end: what is said about the rest, and the rest.
fn headed(data: &[u8]) -> (String, &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (head, rest) = data.split_at(end.unwrap_or(data.len()));
    let head = String::from_utf8_lossy(head).into_owned();
    (head, rest.get(1..).unwrap_or_default())
}

//! Guests of the corpus: the actor with a member's manifest, texts, and components too large to be kept.

use std::fmt::Write as _;

use rutter_manifest::SECTION;
use serde::Deserialize;

use super::{Guest, Member};
use crate::Bench;
use crate::fixture;

/// A component that is made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    /// Components in components, each started ten times by the one around it.
    NestedInstances,
    /// A core module of 200,000 functions.
    ManyFunctions,
    /// One function of seven megabytes.
    HugeFunction,
    /// A thousand tables of a hundred thousand elements.
    ManyTables,
    /// A function whose blocks nest and branch into each other, which is hard to compile.
    TangledFunction,
    /// The actor with two manifests.
    TwoManifests,
    /// The actor with a manifest of ten megabytes.
    HugeManifest,
    /// A module that asks for memory beyond four gigabytes.
    Memory64,
}

/// The bytes of a member's guest; `None` where it has none.
pub(super) fn component(member: &Member) -> Option<Vec<u8>> {
    let manifest = manifest(member);
    let text = || {
        std::fs::read_to_string(member.folder.join("guest.wat"))
            .expect("the member has `guest.wat`")
    };
    let bytes = match member.guest {
        Guest::None => return None,
        Guest::Actor => with_manifest(actor(), &manifest),
        Guest::Core => fixture::plugin_of(Some(&manifest), &fixture::module(&text(), "")),
        Guest::Text => with_manifest(parsed(&text()), &manifest),
        Guest::Made(made) => make(made, &manifest),
    };
    Some(bytes)
}

/// The manifest: the usual head and what the member says, or the member's alone.
fn manifest(member: &Member) -> String {
    if member.manifest.trim_start().starts_with("[plugin]") {
        return member.manifest.clone();
    }
    let undo = !member.undo.is_empty();
    // A step without any permission works in no account.
    let permissions = match member.manifest.contains("[[permissions]]") {
        true => member.manifest.clone(),
        false => format!(
            "{}\n[[permissions]]\ncall = [\"ram:GetRole\"]\nreason = \"tests\"\n",
            member.manifest
        ),
    };
    format!(
        "[plugin]\nname = \"hostile\"\nversion = \"0.1.0\"\nsummary = \"A member of the corpus\"\nkind = \"change\"\n\
         undo = {undo}\n[inputs.script]\ntype = \"list\"\noptional = true\n[inputs.undo]\ntype = \"list\"\n\
         optional = true\n[outputs.results]\ntype = \"list\"\noptional = true\n{permissions}"
    )
}

fn make(made: Made, manifest: &str) -> Vec<u8> {
    let module = |inside: &str| parsed(&format!("(component {IMPORT} (core module {inside}))"));
    match made {
        Made::NestedInstances => with_manifest(parsed(&nested(8)), manifest),
        Made::ManyFunctions => with_manifest(module(&"(func)".repeat(200_000)), manifest),
        Made::HugeFunction => {
            let body = "i32.const 1 drop ".repeat(2_300_000);
            with_manifest(module(&format!("(func {body})")), manifest)
        }
        Made::ManyTables => {
            let tables = "(table 100000 funcref)".repeat(1_000);
            with_manifest(module(&tables), manifest)
        }
        Made::TangledFunction => with_manifest(module(&tangled()), manifest),
        Made::TwoManifests => {
            let mut bytes = with_manifest(actor(), manifest);
            fixture::add_section(&mut bytes, SECTION, manifest.as_bytes());
            bytes
        }
        Made::HugeManifest => {
            let mut long = manifest.to_owned();
            for number in 0..120_000 {
                let _ = write!(
                    long,
                    "\n[inputs.i{number}]\ntype = \"string\"\noptional = true\n"
                );
            }
            with_manifest(actor(), &long)
        }
        Made::Memory64 => with_manifest(module("(memory i64 1)"), manifest),
    }
}

/// Levels of components that each start the one inside them ten times: 10 to that power of instances.
fn nested(levels: usize) -> String {
    let mut text = "(core module $m) ".to_owned() + &"(core instance (instantiate $m)) ".repeat(10);
    for _ in 0..levels {
        let inner = format!("(component $below {text}) ");
        text = inner + &"(instance (instantiate $below)) ".repeat(10);
    }
    format!("(component {IMPORT} {text})")
}

/// Functions just below the largest allowed, of values that all live across all branches: time and memory of
/// the compiler grow much faster than the text.
fn tangled() -> String {
    let mut text = String::new();
    for function in 0..40 {
        let locals = 4_000;
        let _ = write!(text, "(func $f{function} (param i32) (result i32) ");
        let _ = write!(text, "(local {})", " i32".repeat(locals));
        for local in 1..=locals {
            let _ = write!(
                text,
                "(block (br_if 0 (local.get {})) (local.set {local} (i32.add (local.get {}) (i32.const {local}))))",
                (local * 7) % locals,
                (local * 13) % locals
            );
        }
        text.push_str("(local.get 0)");
        for local in 1..=locals {
            let _ = write!(text, "(local.get {local}) i32.xor ");
        }
        text.push(')');
    }
    text
}

fn parsed(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("the text is sound: {error}"))
}

/// Whoever imports nothing of the interface is refused before anything is compiled.
const IMPORT: &str = r#"(import "rutter:step/log@0.1.0" (instance $host))"#;

/// The actor without any manifest.
fn actor() -> Vec<u8> {
    let path = Bench::target().join("hostile/actor.wasm");
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `make test` builds it", path.display()))
}

/// A component with this manifest and no other.
fn with_manifest(bytes: Vec<u8>, manifest: &str) -> Vec<u8> {
    let mut kept = without_manifest(&bytes);
    fixture::add_section(&mut kept, SECTION, manifest.as_bytes());
    kept
}

/// A component without its manifests: its sections one by one, each a byte for its kind, its size, its content.
fn without_manifest(bytes: &[u8]) -> Vec<u8> {
    let mut kept = bytes[..8].to_vec();
    let mut place = 8;
    while place < bytes.len() {
        let (size, start) = number(bytes, place + 1);
        let end = start + size;
        let (length, name) = match bytes[place] {
            0 => number(bytes, start),
            _ => (0, start),
        };
        if &bytes[name..name + length] != SECTION.as_bytes() {
            kept.extend_from_slice(&bytes[place..end]);
        }
        place = end;
    }
    kept
}

/// A number in LEB128 at a place, and the place after it.
fn number(bytes: &[u8], mut place: usize) -> (usize, usize) {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[place];
        place += 1;
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (value, place);
        }
    }
}

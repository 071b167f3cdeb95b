//! Small components for tests and measurements, written by hand: a core module as text, made into a
//! plugin the way `rutter plugin build` makes one.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// Where the text constants of a guest stand in its memory.
const TEXTS: &str = r#"
    (data (i32.const 1024) "account")
    (data (i32.const 1040) "{}")
    (data (i32.const 1056) "RAM")
    (data (i32.const 1072) "GetRole")
    (data (i32.const 1088) "CreateRole")
    (data (i32.const 1104) "a line of the log")
"#;

/// What every guest has: imports, memory, an allocator, and
/// `$ok` (returns the outputs `{}`), `$ask` (calls RAM:GetRole with the given parameters and returns
/// the answer as it came), `$change` (the same with RAM:CreateRole), `$pause` (waits a millisecond).
const COMMON: &str = r#"
    (import "rutter:step/accounts@0.1.0" "open" (func $open (param i32 i32 i32)))
    (import "rutter:step/accounts@0.1.0" "[method]account.call" (func $account_call (param i32 i32)))
    (import "rutter:step/flow@0.1.0" "wait" (func $wait (param i64 i32)))
    (import "rutter:step/log@0.1.0" "log" (func $log (param i32 i32 i32)))
    (memory (export "memory") 17)
    (global $free (mut i32) (i32.const 131072))

    (func (export "cabi_realloc") (param $old i32) (param i32 i32) (param $new i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
        (global.set $free (i32.add (local.get $at) (local.get $new)))
        (local.get $at))

    (func $ok (result i32)
        (i32.store8 (i32.const 2048) (i32.const 0))
        (i32.store (i32.const 2052) (i32.const 1040))
        (i32.store (i32.const 2056) (i32.const 2))
        (i32.const 2048))

    (func $pause (call $wait (i64.const 1) (i32.const 2112)))

    (func $request (param $action i32) (param $length i32) (param $text i32) (param $size i32) (result i32)
        (call $open (i32.const 1024) (i32.const 7) (i32.const 2112))
        (i32.store (i32.const 2304) (i32.load (i32.const 2116)))
        (i32.store (i32.const 2308) (i32.const 1056))
        (i32.store (i32.const 2312) (i32.const 3))
        (i32.store (i32.const 2316) (local.get $action))
        (i32.store (i32.const 2320) (local.get $length))
        (i32.store (i32.const 2348) (local.get $text))
        (i32.store (i32.const 2352) (local.get $size))
        (call $account_call (i32.const 2304) (i32.const 2048))
        (i32.const 2048))

    (func $ask (param $text i32) (param $size i32) (result i32)
        (call $request (i32.const 1072) (i32.const 7) (local.get $text) (local.get $size)))

    (func $change (param $text i32) (param $size i32) (result i32)
        (call $request (i32.const 1088) (i32.const 10) (local.get $text) (local.get $size)))

    (func (export "undo") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (call $ok))
"#;

/// The manifest of a guest that may make the calls of `$ask` and `$change`.
pub(crate) const MANIFEST: &str = r#"
[plugin]
name = "fixture"
version = "0.1.0"
summary = "A guest for tests"
kind = "change"

[outputs.text]
type = "string"
optional = true

[[permissions]]
call = ["ram:GetRole", "ram:CreateRole"]
reason = "tests"
"#;

/// A plugin whose `run` has this body: it has the inputs' text in `$text` and `$size`, and leaves the
/// address of a result.
pub(crate) fn plugin(body: &str) -> Vec<u8> {
    plugin_of(Some(MANIFEST), &module(body, ""))
}

/// A core module with this body of `run` and more definitions.
pub(crate) fn module(body: &str, more: &str) -> String {
    format!(
        "(module {COMMON} {more} (func $run (export \"run\") \
         (param $text i32) (param $size i32) (result i32) {body}) {TEXTS})"
    )
}

/// A plugin of a core module's text.
pub(crate) fn plugin_of(manifest: Option<&str>, module: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/wit/0.1");
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_path(folder).expect("the interface is sound");
    let world = resolve
        .select_world(&[package], Some("step"))
        .expect("the interface has the world");
    let mut core = wat::parse_str(module).expect("the module's text is sound");
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)
        .expect("the module takes the world's description");
    let mut bytes = ComponentEncoder::default()
        .module(&core)
        .and_then(|encoder| encoder.validate(true).encode())
        .expect("the module fits the world");
    if let Some(manifest) = manifest {
        add_section(&mut bytes, rutter_manifest::SECTION, manifest.as_bytes());
    }
    bytes
}

/// Appends a custom section.
pub(crate) fn add_section(bytes: &mut Vec<u8>, name: &str, data: &[u8]) {
    use wasm_encoder::{ComponentSection, CustomSection};
    CustomSection {
        name: name.into(),
        data: data.into(),
    }
    .append_to_component(bytes);
}

//! Components for tests that read plugins and run none.

use super::{Origin, Plugin};
use wasm_encoder::{ComponentSection as _, CustomSection};

/// A component that carries this manifest and does nothing.
pub(crate) fn bare(manifest: &str) -> Vec<u8> {
    let text = "(component (import \"rutter:step/log@0.1.0\" (instance)))";
    let mut bytes = wat::parse_str(text).expect("a component");
    CustomSection {
        name: rutter_manifest::SECTION.into(),
        data: manifest.as_bytes().into(),
    }
    .append_to_component(&mut bytes);
    bytes
}

/// A plugin with these bytes.
pub(crate) fn read(bytes: &[u8]) -> Plugin {
    Plugin::new("test.wasm".into(), bytes.to_vec(), Origin::Other).expect("a plugin")
}

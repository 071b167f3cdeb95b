//! Components for tests that read plugins and run none.

use wasm_encoder::{
    Component, ComponentImportSection, ComponentSection as _, ComponentTypeRef,
    ComponentTypeSection, CustomSection, InstanceType,
};

use super::{Origin, Plugin};

/// A component that carries this manifest and does nothing.
pub fn bare(manifest: &str) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut imports = ComponentImportSection::new();
    imports.import("rutter:step/log@0.1.0", ComponentTypeRef::Instance(0));
    let mut component = Component::new();
    component.section(&types);
    component.section(&imports);
    let mut bytes = component.finish();
    CustomSection {
        name: rutter_manifest::SECTION.into(),
        data: manifest.as_bytes().into(),
    }
    .append_to_component(&mut bytes);
    bytes
}

/// A plugin with these bytes.
///
/// # Panics
/// When they are none.
pub fn read(bytes: &[u8]) -> Plugin {
    Plugin::new("test.wasm".into(), bytes.to_vec(), Origin::Other).expect("a plugin")
}

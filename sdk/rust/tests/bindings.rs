//! The Rust side of the interface is generated once and kept: what generates it takes longer to compile than a plugin,
//! and everybody who builds one would compile it first.

use std::path::Path;

use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};

const FILE: &str = "src/guest/bindings.rs";

#[test]
fn the_bindings_are_those_of_the_interface() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let generated = generate(&folder.join("../wit/0.1"));
    let file = folder.join(FILE);
    if std::env::var_os("RUTTER_WRITE_BINDINGS").is_some() {
        std::fs::write(&file, &generated).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(
        kept == generated,
        "`{FILE}` is not what the interface in sdk/wit says: \
         `RUTTER_WRITE_BINDINGS=1 cargo test -p rutter-sdk --test bindings` writes it",
    );
}

fn generate(interface: &Path) -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(interface).expect("the interface is read");
    let world = resolve
        .select_world(&[package], Some("step"))
        .expect("it has the world");
    let options = wit_bindgen_rust::Opts {
        format: true,
        pub_export_macro: true,
        export_macro_name: Some("export_step".to_owned()),
        default_bindings_module: Some("rutter_sdk::guest::bindings".to_owned()),
        generate_all: true,
        ..Default::default()
    };
    let mut files = Files::default();
    options
        .build()
        .generate(&mut resolve, world, &mut files)
        .expect("bindings are generated");
    let (_, text) = files.iter().next().expect("one file");
    String::from_utf8(text.to_vec()).expect("text")
}

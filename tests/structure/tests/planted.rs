//! A small workspace with a circle behind a facade: the check sees through it.

use std::path::Path;

use rutter_structure::{circles, imports, packages};

/// Writes a package of these files and tells its circles, each by the names on the shortest way around.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "runner/Cargo.toml", "");
    for (name, text) in files {
        write(root.path(), &format!("runner/src/{name}"), text);
    }
    let packages = packages(root.path(), &["runner"]).expect("all files are read");
    let found = circles(&imports(&packages[0]));
    found
        .into_iter()
        .map(|circle| circle.way.into_iter().map(|import| import.path).collect())
        .collect()
}

fn write(root: &Path, name: &str, text: &str) {
    let file = root.join(name);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("is made");
    std::fs::write(file, text).expect("is written");
}

const FACADE: &str = "pub mod facade { pub use crate::low::{Low, low}; pub use crate::high::*; }\nmod low;\nmod high;\n";

#[test]
fn what_leads_one_way_is_no_circle() {
    let low = "pub struct Low;\npub fn low() {}\n";
    let high = "use crate::facade::Low;\npub struct High(Low);\n";
    assert_eq!(
        circles_of(&[("lib.rs", FACADE), ("low.rs", low), ("high.rs", high)]),
        Vec::<Vec<String>>::new()
    );
}

/// The ways back to `high.rs`, each written in `low.rs`.
#[test]
fn a_way_back_is_seen_however_it_is_written() {
    let high = "use crate::facade::Low;\npub struct High(Low);\nimpl High { pub const MANY: u8 = 2; }\npub enum Kind { One }\n#[macro_export]\nmacro_rules! made { () => {} }\n";
    let ways = [
        ("use crate::facade::High;", "crate::facade::High"),
        (
            "use crate::facade::{self, *};\nfn a() -> High { todo!() }",
            "High",
        ),
        (
            "use crate::facade as other;\nfn a() -> other::High { todo!() }",
            "other::High",
        ),
        (
            "fn a() -> crate::facade::High { todo!() }",
            "crate::facade::High",
        ),
        (
            "fn a() { let _ = super::facade::Kind::One; }",
            "super::facade::Kind::One",
        ),
        (
            "const A: [u8; crate::facade::High::MANY as usize] = [0; 2];",
            "crate::facade::High::MANY",
        ),
        (
            "fn a() { println!(\"{}\", 1 + crate::high::High::MANY); }",
            "crate::high::High::MANY",
        ),
        (
            "impl Into<crate::facade::High> for Low { fn into(self) {} }",
            "crate::facade::High",
        ),
        (
            "pub mod deep { pub fn a(_: super::super::facade::High) {} }",
            "super::super::facade::High",
        ),
    ];
    for (written, path) in ways {
        let low = format!("pub struct Low;\npub fn low() {{}}\n{written}\n");
        let found = circles_of(&[("lib.rs", FACADE), ("low.rs", &low), ("high.rs", high)]);
        assert_eq!(found, [["crate::facade::Low", path]], "{written}");
    }
}

#[test]
fn a_module_and_its_own_parts_are_one_but_its_parts_are_not() {
    let lib = "mod shop;\n";
    let shop = "mod shelf;\nmod till;\npub struct Shop(till::Till);\n";
    let till = "use super::Shop;\npub struct Till;\nfn a(_: Shop) {}\n";
    let alone = "pub struct Shelf;\n";
    let names_till = "pub struct Shelf(super::till::Till);\n";
    let files = |shelf, till| {
        [
            ("lib.rs", lib),
            ("shop/mod.rs", shop),
            ("shop/shelf.rs", shelf),
            ("shop/till.rs", till),
        ]
    };
    assert!(circles_of(&files(alone, till)).is_empty());
    assert!(circles_of(&files(names_till, till)).is_empty());
    let names_shelf = "pub struct Till;\nfn a(_: super::shelf::Shelf) {}\n";
    assert_eq!(
        circles_of(&files(names_till, names_shelf)),
        [["super::till::Till", "super::shelf::Shelf"]]
    );
}

/// `a.rs`, `b.rs`, `a/inner.rs`: no two files name each other, and the folder `a` and `b` do.
#[test]
fn folders_count_as_their_files_do() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\n"),
        ("a.rs", "pub mod inner;\npub struct A;\n"),
        ("a/inner.rs", "pub struct Inner(crate::b::B);\n"),
        ("b.rs", "pub struct B(crate::a::A);\n"),
    ];
    assert_eq!(circles_of(&files), [["crate::b::B", "crate::a::A"]]);
}

/// `pub use till::till`: the name is that of the module it comes out of.
#[test]
fn a_facade_may_have_the_name_of_a_module() {
    let files = [
        ("lib.rs", "mod low;\nmod shop;\n"),
        ("shop/mod.rs", "mod till;\npub use till::till;\n"),
        ("shop/till.rs", "pub fn till(_: crate::low::Low) {}\n"),
        (
            "low.rs",
            "pub struct Low;\nfn a() { let _ = crate::shop::till; }\n",
        ),
    ];
    assert_eq!(
        circles_of(&files),
        [["crate::shop::till", "crate::low::Low"]]
    );
}

/// What serde calls is named in a text.
#[test]
fn a_path_in_the_text_of_an_attribute_counts() {
    let low = "pub struct Low(#[serde(default = \"crate::high::one\", rename = \"a-b\")] u8);\n";
    let high = "pub fn one() -> u8 { 1 }\npub struct High(crate::low::Low);\n";
    let files = [
        ("lib.rs", "mod low;\nmod high;\n"),
        ("low.rs", low),
        ("high.rs", high),
    ];
    assert_eq!(
        circles_of(&files),
        [["crate::low::Low", "crate::high::one"]]
    );
}

#[test]
fn what_only_tests_compile_is_left_out() {
    let low = "pub struct Low;\n#[cfg(test)]\nmod tests { use crate::high::High; }\n#[cfg(test)]\nfn a(_: crate::high::High) {}\n";
    let high = "pub struct High(crate::low::Low);\n";
    assert!(
        circles_of(&[
            ("lib.rs", "mod low;\nmod high;\n"),
            ("low.rs", low),
            ("high.rs", high)
        ])
        .is_empty()
    );
}

/// The program's own files with one function put in, which names something high through a facade in a low file.
#[test]
fn a_circle_in_a_copy_of_the_program_is_found() {
    let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let copy = tempfile::tempdir().expect("a folder");
    let copied = copy.path().join("runner");
    copy_sources(&workspace.join("runner/src"), &copied.join("src"));
    std::fs::write(copied.join("Cargo.toml"), "").expect("is written");
    let found = || {
        let packages = packages(copy.path(), &["runner"]).expect("all files are read");
        circles(&imports(&packages[0]))
    };
    assert_eq!(found(), []);
    // `ui` uses what stands here; `ui::instant` is a facade of `ui/words.rs`.
    let low = copied.join("src/journal/mod.rs");
    let mut text = std::fs::read_to_string(&low).expect("is read");
    text.push_str("\nfn planted() {\n    let _ = crate::ui::instant;\n}\n");
    std::fs::write(&low, text).expect("is written");
    let circle = &found()[0];
    assert!(
        circle
            .way
            .iter()
            .any(|import| import.path == "crate::ui::instant"),
        "{circle}"
    );
    assert!(
        circle
            .way
            .iter()
            .any(|import| import.to.ends_with("ui/words.rs")),
        "{circle}"
    );
}

fn copy_sources(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("is made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy_sources(&path, &target),
            false => _ = std::fs::copy(&path, &target).expect("is copied"),
        }
    }
}

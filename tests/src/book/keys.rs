//! The keys that the program's source says a file can have.

use std::collections::BTreeSet;
use std::path::Path;

use regex_lite::Regex;
use syn::{Attribute, Fields, Item};

/// The keys that a file of source reads by calls such as `reader.text("title")`.
///
/// # Panics
/// When the file cannot be read.
pub fn read_by_calls(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).expect("the source can be read");
    let call = r#"(?:required_text|text|texts|table|list|node|integer|duration|choice|count)\(\s*(?:&mut reader, )?"([a-z_]+)""#;
    let call = Regex::new(call).expect("the pattern is sound");
    let found = call.captures_iter(&text);
    found.map(|found| found[1].to_owned()).collect()
}

/// The keys of the structures that a file of source reads from TOML.
///
/// # Panics
/// When the file cannot be read or is no Rust.
pub fn read_into_structures(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).expect("the source can be read");
    let source = syn::parse_file(&text).expect("the source is Rust");
    let mut keys = BTreeSet::new();
    for item in &source.items {
        let Item::Struct(item) = item else { continue };
        if !item.attrs.iter().any(is_read) {
            continue;
        }
        let Fields::Named(fields) = &item.fields else {
            continue;
        };
        for field in &fields.named {
            let name = field.ident.as_ref().map(ToString::to_string);
            keys.extend(name.map(|name| name.trim_start_matches("r#").to_owned()));
        }
    }
    keys
}

/// Whether a structure is read and not written: what is written too belongs to the journal.
fn is_read(attribute: &Attribute) -> bool {
    use quote::ToTokens as _;
    let derived = attribute.to_token_stream().to_string();
    derived.contains("derive") && derived.contains("Deserialize") && !derived.contains(" Serialize")
}

//! From the files of a folder to tests.

use std::path::PathBuf;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A test of each case, and one of all.
pub(crate) fn tests() -> TokenStream {
    let tests = names().into_iter().map(|name| {
        let ident = Ident::new(&identifier(&name), Span::call_site());
        let path = format!("cases/{name}.toml");
        // Reading the file at compile time as well makes the compiler look again when it changes.
        quote! {
            #[test]
            fn #ident() {
                const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", #path));
                ::rutter_sdk::testing::run_case(&crate::RUTTER_PLUGIN, env!("CARGO_MANIFEST_DIR"), #path);
            }
        }
    });
    quote! {
        mod cases {
            #(#tests)*

            #[test]
            fn every_permission_is_needed_by_a_case() {
                ::rutter_sdk::testing::run_folder(&crate::RUTTER_PLUGIN, env!("CARGO_MANIFEST_DIR"));
            }
        }
    }
}

/// The names of the cases, without `.toml`, in order.
fn names() -> Vec<String> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let Ok(entries) = std::fs::read_dir(PathBuf::from(folder).join("cases")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .filter(|name| !name.ends_with(".world"))
        .collect();
    names.sort();
    names
}

fn identifier(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let identifier: String = name.chars().map(letter).collect();
    format!("case_{identifier}")
}

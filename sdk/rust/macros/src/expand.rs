//! From the names of an author's functions to the code of a plugin.

use std::path::PathBuf;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use rutter_manifest::Manifest;
use syn::parse::{Parse, ParseStream};
use syn::{Path, Token};

use crate::types::Types;

/// What stands in `plugin!(…)`.
pub(crate) struct Functions {
    run: Path,
    undo: Option<Path>,
}

impl Parse for Functions {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let run = input.parse()?;
        let mut undo = None;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            undo = Some(input.parse()?);
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { run, undo })
    }
}

/// The code of the plugin whose crate is being compiled.
pub(crate) fn plugin(functions: &Functions) -> syn::Result<TokenStream> {
    let manifest = manifest()?;
    check_undo(&manifest, functions)?;
    let inputs = Types::new("Inputs", "What the step takes.", &manifest.inputs)?;
    let outputs = Types::new("Outputs", "What the step gives.", &manifest.outputs)?;
    let value = value(functions, manifest.plugin.nothing_to_undo.is_some());
    let export = export();
    Ok(quote! {
        #inputs
        #outputs
        #value
        #export
    })
}

fn manifest() -> syn::Result<Manifest> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let path = PathBuf::from(folder).join("plugin.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| error_here(format!("cannot read `plugin.toml`: {error}")))?;
    Manifest::parse(&text).map_err(|error| {
        let help = error.help.as_ref().map(|help| format!("; {help}"));
        error_here(format!(
            "plugin.toml:{}:{}: {}{}",
            error.line,
            error.column,
            error.message,
            help.unwrap_or_default()
        ))
    })
}

/// The manifest promises an undo exactly if there is one; an undo that has nothing to do is written here.
fn check_undo(manifest: &Manifest, functions: &Functions) -> syn::Result<()> {
    let has_nothing_to_undo = manifest.plugin.nothing_to_undo.is_some();
    match (manifest.plugin.undo, functions.undo.is_some()) {
        (true, true) if has_nothing_to_undo => Err(error_here(
            "the manifest says `nothing_to_undo`: write `plugin!(run)`".to_owned(),
        )),
        (true, false) if !has_nothing_to_undo => Err(error_here(
            "the manifest says `undo = true`: write `plugin!(run, undo)`".to_owned(),
        )),
        (false, true) => Err(error_here(
            "the manifest does not say `undo = true`: its changes are taken back by their reverses"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

fn value(functions: &Functions, has_nothing_to_undo: bool) -> TokenStream {
    let run = &functions.run;
    let undo = match &functions.undo {
        Some(undo) => quote! {
            ::core::option::Option::Some(|host, inputs, changes, outputs| {
                ::rutter_sdk::undo_typed::<Inputs, Outputs>(#undo, host, inputs, changes, outputs)
            })
        },
        None if has_nothing_to_undo => quote! {
            ::core::option::Option::Some(|_, _, _, _| ::core::result::Result::Ok(()))
        },
        None => quote!(::core::option::Option::None),
    };
    // Naming the manifest here also makes the compiler look again when it changes.
    quote! {
        #[cfg(target_arch = "wasm32")]
        const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));

        /// The plugin, with its types rubbed off.
        #[doc(hidden)]
        pub const RUTTER_PLUGIN: ::rutter_sdk::Plugin = ::rutter_sdk::Plugin {
            #[cfg(not(target_arch = "wasm32"))]
            manifest: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml")),
            run: |host, inputs| ::rutter_sdk::run_typed::<Inputs, Outputs>(#run, host, inputs),
            undo: #undo,
        };
    }
}

fn export() -> TokenStream {
    quote! {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use ::rutter_sdk::guest::{self, bindings};

            struct Step;

            impl bindings::Guest for Step {
                fn run(inputs: String) -> Result<String, bindings::rutter::step::types::Fault> {
                    guest::run(&RUTTER_PLUGIN, &inputs)
                }

                fn undo(
                    inputs: String,
                    changes: Vec<bindings::rutter::step::types::Change>,
                    outputs: Option<String>,
                ) -> Result<(), bindings::rutter::step::types::Fault> {
                    guest::undo(&RUTTER_PLUGIN, &inputs, changes, outputs.as_deref())
                }
            }

            bindings::export_step!(Step with_types_in ::rutter_sdk::guest::bindings);
        };
    }
}

fn error_here(message: String) -> syn::Error {
    syn::Error::new(Span::call_site(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a manifest with `line`, for what stands in `plugin!(…)`.
    fn said(line: &str, functions: &str) -> Option<String> {
        let head = "[plugin]\nname = 'p'\nversion = '0.1.0'\nsummary = 's'\nkind = 'change'\n";
        let manifest = Manifest::parse(&format!("{head}{line}")).expect("a manifest");
        let functions = syn::parse_str(functions).expect("functions");
        let checked = check_undo(&manifest, &functions);
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn there_is_an_undo_to_write_exactly_where_the_manifest_says_so() {
        assert_eq!(said("", "run"), None);
        assert_eq!(said("undo = true", "run, undo"), None);
        assert_eq!(said("nothing_to_undo = 'it reads'", "run"), None);
        for (line, functions, part) in [
            ("", "run, undo", "does not say `undo = true`"),
            ("undo = true", "run", "write `plugin!(run, undo)`"),
            (
                "nothing_to_undo = 'it reads'",
                "run, undo",
                "write `plugin!(run)`",
            ),
        ] {
            let said = said(line, functions).unwrap_or_default();
            assert!(said.contains(part), "{line}: {said}");
        }
    }
}

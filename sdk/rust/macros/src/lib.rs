//! The macro that makes a plugin's types from its manifest and exports its functions.

mod cases;
mod expand;
mod types;

/// Makes a plugin of a function.
///
/// `plugin!(run);` reads the crate's `plugin.toml` and makes `Inputs` and `Outputs` from it; `run` is
/// `fn(&Host, Inputs) -> Result<Outputs, Fault>`. Where the manifest says `undo = true`,
/// `plugin!(run, undo);` takes a second function,
/// `fn(&Host, Inputs, Vec<MadeChange>, Option<Outputs>) -> Result<(), Fault>`. Where it says why there is
/// `nothing_to_undo`, there is none to write.
///
/// Nested tables become structures named after their path, `InputsSource`; an optional field an
/// `Option`; a secret a `Secret`; a duration a `Duration`. Stands in the crate's root.
#[proc_macro]
pub fn plugin(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let functions = syn::parse_macro_input!(input as expand::Functions);
    expand::plugin(&functions)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes a test of every case in the folder `cases`, named after its file, and one that runs them all
/// and holds the manifest to the calls they made. Stands in the crate's root, below `#[cfg(test)]`;
/// needs the feature `testing` of the SDK. A file that is added is seen at once by the test of all,
/// and has a test of its own as soon as the crate is compiled again.
#[proc_macro]
pub fn cases(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    cases::tests().into()
}

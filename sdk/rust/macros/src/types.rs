//! From the fields of a manifest to structures.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use rutter_manifest::{Field, FieldKind};
use syn::Ident;

/// A structure and those nested in it.
pub(crate) struct Types {
    structures: Vec<TokenStream>,
}

impl ToTokens for Types {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.structures.iter().cloned());
    }
}

impl Types {
    /// The structure `name` for a table of fields. `fields` is any ordered map of them.
    pub(crate) fn new<'a>(
        name: &str,
        help: &str,
        fields: impl IntoIterator<Item = (&'a String, &'a Field)>,
    ) -> syn::Result<Self> {
        let mut types = Self {
            structures: Vec::new(),
        };
        types.add(name, help, fields)?;
        Ok(types)
    }

    fn add<'a>(
        &mut self,
        name: &str,
        help: &str,
        fields: impl IntoIterator<Item = (&'a String, &'a Field)>,
    ) -> syn::Result<()> {
        let mut members = Vec::new();
        for (field_name, field) in fields {
            members.push(self.member(name, field_name, field)?);
        }
        let ident = Ident::new(name, Span::call_site());
        self.structures.push(quote! {
            #[doc = #help]
            #[derive(
                Clone, Debug, PartialEq,
                ::rutter_sdk::serde::Serialize, ::rutter_sdk::serde::Deserialize,
            )]
            #[serde(crate = "::rutter_sdk::serde")]
            pub struct #ident { #(#members)* }
        });
        Ok(())
    }

    fn member(&mut self, parent: &str, name: &str, field: &Field) -> syn::Result<TokenStream> {
        let nested = format!("{parent}{}", pascal_case(name));
        let kind = self.kind(&nested, field)?;
        let help = match &field.help {
            Some(help) => help.clone(),
            None => format!("The field `{name}`."),
        };
        let ident = ident(name);
        let rename = (ident != name && ident != format!("r#{name}"))
            .then(|| quote!(#[serde(rename = #name)]));
        let with = (field.kind == FieldKind::Duration).then(|| {
            let module = if field.optional {
                "::rutter_sdk::duration::optional"
            } else {
                "::rutter_sdk::duration"
            };
            quote!(#[serde(with = #module)])
        });
        let (kind, absent) = if field.optional {
            (
                quote!(::core::option::Option<#kind>),
                Some(quote!(#[serde(default, skip_serializing_if = "Option::is_none")])),
            )
        } else {
            (kind, None)
        };
        Ok(quote! {
            #[doc = #help]
            #rename
            #with
            #absent
            pub #ident: #kind,
        })
    }

    /// The type of a field, leaving aside that it may be absent.
    fn kind(&mut self, nested: &str, field: &Field) -> syn::Result<TokenStream> {
        Ok(match field.kind {
            FieldKind::String | FieldKind::AccountId | FieldKind::Region => {
                quote!(::std::string::String)
            }
            FieldKind::Integer => quote!(i64),
            FieldKind::Number => quote!(f64),
            FieldKind::Boolean => quote!(bool),
            FieldKind::Duration => quote!(::core::time::Duration),
            FieldKind::Secret => quote!(::rutter_sdk::Secret),
            FieldKind::Table if field.fields.is_empty() => {
                quote!(::rutter_sdk::serde_json::Map<::std::string::String, ::rutter_sdk::serde_json::Value>)
            }
            FieldKind::Table => {
                let help = field.help.as_deref().unwrap_or("A table of the manifest.");
                self.add(nested, help, &field.fields)?;
                format_ident!("{nested}").into_token_stream()
            }
            FieldKind::List => {
                let item = match &field.items {
                    Some(item) if item.kind == FieldKind::Duration => {
                        return Err(syn::Error::new(
                            Span::call_site(),
                            "a list of durations has no type here: use a list of integers",
                        ));
                    }
                    Some(item) => self.kind(&format!("{nested}Item"), item)?,
                    None => quote!(::rutter_sdk::serde_json::Value),
                };
                quote!(::std::vec::Vec<#item>)
            }
        })
    }
}

/// A field's name as Rust can write it.
fn ident(name: &str) -> Ident {
    match name {
        // Words that may not even be raw identifiers.
        "self" | "super" | "crate" => format_ident!("{name}_"),
        _ => syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site())),
    }
}

fn pascal_case(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(inputs: &str) -> String {
        let text = format!(
            "{inputs}\n[plugin]\nname = 'a'\nversion = '0.1.0'\nsummary = 'a'\nkind = 'read'"
        );
        let manifest = rutter_manifest::Manifest::parse(&text).expect("a manifest");
        let types = Types::new("Inputs", "Help.", &manifest.inputs).expect("types");
        types.into_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn nested_tables_become_structures() {
        let code = code("inputs.source = { type = 'table', fields.role = { type = 'string' } }");
        assert!(code.contains("pubstructInputsSource{"), "{code}");
        assert!(code.contains("pubsource:InputsSource,"), "{code}");
    }

    #[test]
    fn optional_fields_and_words_of_the_language_are_possible() {
        let code = code(
            "inputs.type = { type = 'duration', optional = true }\ninputs.self = { type = 'list', items = { type = 'secret' } }",
        );
        assert!(
            code.contains("pubr#type:::core::option::Option<::core::time::Duration>,"),
            "{code}"
        );
        assert!(
            code.contains("pubself_:::std::vec::Vec<::rutter_sdk::Secret>,"),
            "{code}"
        );
        assert!(code.contains("#[serde(rename=\"self\")]"), "{code}");
    }
}

//! A field that is like another one: an input of a runbook that goes to an input of a plugin.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::field::{self, Field};
use crate::shape::Bound;

/// What is written with `like`: the input it is taken from, and what is said anew.
///
/// Type, items, fields, bounds, default and help come from there. What stands beside it may only narrow what values
/// it takes; `default`, `help` and `optional` are free.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Like {
    /// A plugin's name, and the path of its input: `configure-dts-task.source.kind`.
    pub like: String,
    /// Whether it may be left out; a default from there does not count any more then.
    pub optional: Option<bool>,
    /// The value when it is left out, as written.
    #[serde(default, deserialize_with = "field::plain")]
    pub default: Option<Value>,
    /// What it is, for people.
    pub help: Option<String>,
    #[serde(default, deserialize_with = "field::pattern")]
    pattern: Option<String>,
    #[serde(default, deserialize_with = "field::plain_list")]
    one_of: Vec<Value>,
    #[serde(default, deserialize_with = "field::bound")]
    #[schemars(with = "Option<Bound>")]
    min: Option<f64>,
    #[serde(default, deserialize_with = "field::bound")]
    #[schemars(with = "Option<Bound>")]
    max: Option<f64>,
}

impl Like {
    /// The plugin's name, and the names of the input and of what lies inside it.
    pub fn path(&self) -> (&str, impl Iterator<Item = &str>) {
        let (plugin, path) = self.like.split_once('.').unwrap_or((&self.like, ""));
        (plugin, path.split('.').filter(|name| !name.is_empty()))
    }

    /// The field that it is, made of the one it is like.
    ///
    /// # Errors
    /// Says in one sentence what stands beside `like` and would widen it, or does not fit it.
    pub fn of(&self, base: &Field) -> Result<Field, String> {
        let mut field = base.clone();
        narrow(&mut field.min, self.min, |base, own| own < base, "min")?;
        narrow(&mut field.max, self.max, |base, own| own > base, "max")?;
        if let Some(own) = &self.pattern {
            if let Some(base) = &base.pattern {
                return Err(format!(
                    "`pattern` would take the place of `{base}`: write `type` and `pattern` without `like`"
                ));
            }
            field.pattern = Some(own.clone());
        }
        if let Some(help) = &self.help {
            field.help = Some(help.clone());
        } else {
            field.help = base.help.as_deref().map(capitalised);
        }
        if let Some(optional) = self.optional {
            field.optional = optional;
            field.default = field.default.filter(|_| !optional);
        }
        if self.default.is_some() {
            field.optional = self.optional.unwrap_or_default();
            field.default = None;
        }
        let default = self.default.clone().or(field.default.take());
        let one_of = if self.one_of.is_empty() {
            base.one_of.clone()
        } else {
            self.one_of.clone()
        };
        let field = field.completed(one_of, default)?;
        match field
            .one_of
            .iter()
            .find(|value| !base.one_of.is_empty() && !base.one_of.contains(value))
        {
            Some(value) => Err(format!(
                "`one_of` has {value}, which the other does not take"
            )),
            None => Ok(field),
        }
    }
}

fn narrow(
    bound: &mut Option<f64>,
    own: Option<f64>,
    wider: impl Fn(f64, f64) -> bool,
    name: &str,
) -> Result<(), String> {
    let Some(own) = own else { return Ok(()) };
    if bound.is_some_and(|base| wider(base, own)) {
        return Err(format!(
            "`{name}` is wider than the other's: a rule beside `like` can only narrow it"
        ));
    }
    *bound = Some(own);
    Ok(())
}

/// Helps of plugins are fragments, those of runbooks sentences.
fn capitalised(help: &str) -> String {
    let mut characters = help.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(text: &str) -> Field {
        toml::from_str(text).expect("a field")
    }

    fn like(text: &str) -> Like {
        toml::from_str(&format!("like = \"p.i\"\n{text}")).expect("is like another")
    }

    #[test]
    fn all_comes_from_the_other_but_what_is_said_anew() {
        let base = field(
            "type = \"duration\"\ndefault = \"12h\"\nmin = \"10m\"\nmax = \"24h\"\nhelp = \"how long\"",
        );
        let same = like("").of(&base).unwrap();
        assert_eq!(
            same,
            Field {
                help: Some("How long".to_owned()),
                ..base.clone()
            }
        );
        let own = like("default = \"1h\"\nmax = \"2h\"\nhelp = \"So long\"")
            .of(&base)
            .unwrap();
        assert_eq!(
            (own.default, own.min, own.max),
            (Some(json!(3_600_000)), base.min, Some(7_200_000.0))
        );
        assert_eq!(own.help.as_deref(), Some("So long"));
        let optional = like("optional = true").of(&base).unwrap();
        assert_eq!((optional.optional, &optional.default), (true, &None));
        let given = like("default = \"1h\"").of(&optional).unwrap();
        assert_eq!(
            (given.optional, given.default),
            (false, Some(json!(3_600_000)))
        );
    }

    #[test]
    fn what_would_widen_it_is_refused() {
        let number = field("type = \"integer\"\nmin = 1\nmax = 9");
        let word = field("type = \"string\"\none_of = [\"a\", \"b\"]");
        let named = field("type = \"string\"\npattern = \"^a\"");
        for (base, own, why) in [
            (&number, "min = 0", "`min` is wider"),
            (&number, "max = 10", "`max` is wider"),
            (&number, "default = 12", "`default` does not fit"),
            (&number, "pattern = \"a\"", "cannot have `pattern`"),
            (&number, "min = 8\nmax = 2", "greater than"),
            (&word, "one_of = [\"a\", \"c\"]", "`one_of`"),
            (
                &word,
                "one_of = [\"a\"]\ndefault = \"b\"",
                "`default` does not fit",
            ),
            (&named, "pattern = \"^ab\"", "would take the place of `^a`"),
            (
                &number,
                "optional = true\ndefault = 3",
                "leave `optional` out",
            ),
        ] {
            let refused = like(own).of(base).expect_err(own);
            assert!(refused.contains(why), "{own}: {refused}");
        }
        assert!(toml::from_str::<Like>("like = \"p.i\"\ntype = \"string\"").is_err());
    }

    #[test]
    fn it_names_a_plugin_and_a_path() {
        let like: Like = toml::from_str("like = \"configure-task.source.kind\"").unwrap();
        let (plugin, path) = like.path();
        assert_eq!(
            (plugin, path.collect::<Vec<_>>()),
            ("configure-task", vec!["source", "kind"])
        );
        let like: Like = toml::from_str("like = \"configure-task\"").unwrap();
        assert_eq!(like.path().1.count(), 0);
    }
}

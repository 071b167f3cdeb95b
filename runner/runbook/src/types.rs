//! The type of a value, as far as inputs and manifests say, and what stands below it.

use rutter_expression::Segment;
use rutter_manifest::{Field, FieldKind, nearest};

/// The type of a reference.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type<'a> {
    Field(&'a Field),
    Kind(FieldKind),
    /// Neither an input nor a manifest says.
    Any,
}

/// Why a reference stands for nothing.
#[derive(Clone, Debug)]
pub(super) struct Nothing {
    pub title: String,
    pub help: Option<String>,
}

impl Type<'_> {
    /// Its kind, if something says.
    pub fn kind(self) -> Option<FieldKind> {
        match self {
            Self::Field(field) => Some(field.kind),
            Self::Kind(kind) => Some(kind),
            Self::Any => None,
        }
    }

    /// Whether it is a secret or holds one.
    pub fn holds_secret(self) -> bool {
        match self {
            Self::Field(field) => field.holds_secret(),
            Self::Kind(kind) => kind == FieldKind::Secret,
            Self::Any => false,
        }
    }

    /// Whether a value of this type can be one of `wanted`.
    pub fn fits(self, wanted: FieldKind) -> bool {
        use FieldKind as K;
        let Some(given) = self.kind() else {
            return true;
        };
        given == wanted
            || matches!(
                (given, wanted),
                (K::Integer, K::Number | K::Duration)
                    | (K::Number, K::Integer)
                    | (K::AccountId | K::Region | K::Secret, K::String)
                    | (
                        K::String,
                        K::AccountId | K::Region | K::Duration | K::Secret
                    )
                    | (K::Duration, K::Integer | K::Number)
            )
    }
}

pub(super) fn nothing(title: impl Into<String>, help: Option<String>) -> Nothing {
    Nothing {
        title: title.into(),
        help,
    }
}

/// The name that was probably meant, or those there are.
pub(super) fn near<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    none: &str,
) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let names: Vec<String> = known.take(20).map(|name| format!("`{name}`")).collect();
            if names.is_empty() {
                none.to_owned()
            } else {
                format!("there is {}", names.join(", "))
            }
        }
    }
}

/// What stands below a field.
pub(super) fn descend<'a>(
    field: &'a Field,
    path: &[Segment],
    place: &str,
) -> Result<Type<'a>, Nothing> {
    let Some((segment, rest)) = path.split_first() else {
        return Ok(Type::Field(field));
    };
    match (field.kind, segment) {
        (FieldKind::Table, Segment::Name(_)) if field.fields.is_empty() => Ok(Type::Any),
        (FieldKind::Table, Segment::Name(name)) => match field.fields.get(name) {
            Some(inner) => descend(inner, rest, &format!("{place}.{name}")),
            None => {
                let help = near(name, field.fields.keys().map(String::as_str), "");
                Err(nothing(
                    format!("`{place}` has no field `{name}`"),
                    Some(help),
                ))
            }
        },
        (FieldKind::List, Segment::Index(index)) => match &field.items {
            Some(items) => descend(items, rest, &format!("{place}[{index}]")),
            None => Ok(Type::Any),
        },
        (kind, _) => Err(nothing(
            format!("`{place}` is of type {}", kind.name()),
            Some(format!("nothing can follow it: write `{place}`")),
        )),
    }
}

//! The one spelling of a call: it is judged, recorded, shown and sent in this form and in no other.
//!
//! What has no such form is refused here, so that nothing which the contracts know is taken for something
//! that they do not know, and nothing is judged by one reading and sent in another.

use std::fmt;

use rutter_contracts::wire::encoded;
use rutter_contracts::{
    Action, Encoding, ParameterKind, action_name, canonical_json, is_common, nearest_action,
    nearest_region, product_name, product_version, region_known,
};
use rutter_engine::{Api, Fault};
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::class::known;
use crate::fault::wrong;
use crate::rules::{Rule, Rules};

/// Longer names are no names of products, actions or versions.
const NAME_MAX: usize = 64;

/// The product as the contracts spell it; the guest's own where they do not know it.
pub(crate) fn product(given: String, rules: Rules) -> Result<String, Fault> {
    if !rules.hold(Rule::Canonical) {
        return Ok(product_name(&given).map_or(given, str::to_owned));
    }
    let given = given.trim();
    match product_name(given) {
        Some(name) => Ok(name.to_owned()),
        None => name("a product", given),
    }
}

/// The version that is called: of a product that the contracts know theirs, and no other.
pub(crate) fn version(product: &str, given: Option<String>, rules: Rules) -> Result<String, Fault> {
    let own = product_version(product);
    let Some(given) = given else {
        return own.map(str::to_owned).ok_or_else(|| {
            wrong(format!(
                "the product `{product}` is not known, so a call of it has to name its API's version"
            ))
        });
    };
    if !rules.hold(Rule::Canonical) {
        return Ok(given);
    }
    match own {
        None => name("a version", given.trim()),
        Some(own) if own == given.trim() => Ok(own.to_owned()),
        Some(own) => Err(wrong(format!(
            "{product} is called by version {own} of its API, and {given:?} is another; leave it out"
        ))),
    }
}

/// The action as the contracts spell it; the guest's own where they do not know it.
pub(crate) fn action(product: &str, given: String, rules: Rules) -> Result<String, Fault> {
    if !rules.hold(Rule::Canonical) {
        return Ok(given);
    }
    let given = given.trim();
    match action_name(product, given) {
        Some(name) => Ok(name.to_owned()),
        None => name("an action", given).map_err(|mut fault| {
            if let Some(nearest) = nearest_action(product, given) {
                fault.message = format!("{}; {product} has `{nearest}`", fault.message);
            }
            fault
        }),
    }
}

/// The region whose endpoint is called.
pub(crate) fn region(given: Option<String>, rules: Rules) -> Result<Option<String>, Fault> {
    let Some(region) = given.as_deref() else {
        return Ok(None);
    };
    if region_known(region) || !rules.hold(Rule::Canonical) {
        return Ok(given);
    }
    let nearest = match nearest_region(region) {
        Some(nearest) => format!("; the nearest is `{nearest}`"),
        None => String::new(),
    };
    Err(wrong(format!(
        "{region:?} is not a region of this cloud{nearest}"
    )))
}

/// The parameters: none that is the host's to set, none under a second name, and JSON inside of texts
/// written in one way.
pub(crate) fn parameters(api: &mut Api, rules: Rules) -> Result<(), Fault> {
    let label = format!("{}:{}", api.product, api.action);
    let contract = known(api);
    let Value::Object(members) = &mut api.parameters else {
        return Err(wrong(format!(
            "the parameters of `{label}` are no JSON object"
        )));
    };
    let documented = |name: &str| contract.is_some_and(|one| one.parameter(name).is_some());
    for name in members.keys() {
        if rules.hold(Rule::CommonParameters) && is_common(name) && !documented(name) {
            return Err(wrong(format!(
                "`{label}`: the parameter `{name}` says who calls or for whom, which is the host's to set"
            )));
        }
        if rules.hold(Rule::Canonical) && !is_a_name(name) {
            return Err(wrong(format!(
                "`{label}`: {name:?} is no name of a parameter; lists and structures are given as such"
            )));
        }
    }
    if !rules.hold(Rule::Canonical) {
        return Ok(());
    }
    if let Some(name) = named_twice(contract, &api.parameters) {
        return Err(wrong(format!(
            "`{label}`: `{name}` is given twice, once by a name with a dot in it; lists and structures are given as such"
        )));
    }
    let (Some(contract), Value::Object(members)) = (contract, &mut api.parameters) else {
        return Ok(());
    };
    for (name, value) in members {
        if let Value::String(text) = value
            && holds_json(contract, name)
        {
            let parsed = parsed(text).map_err(|why| {
                wrong(format!(
                    "`{label}`: `{name}` holds JSON, and this is none: {why}"
                ))
            })?;
            *text = canonical_json(&parsed);
        }
    }
    Ok(())
}

/// A name under which two values would travel, as `A.B` of `{"A.B": 1, "A": {"B": 2}}`: nobody knows which is meant.
fn named_twice(contract: Option<&Action>, parameters: &Value) -> Option<String> {
    // What cannot be encoded is refused for that before it is sent.
    let wire = encoded(contract, parameters).ok()?;
    let mut names: Vec<String> = [wire.query, wire.form]
        .concat()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(twice[0].clone())
}

/// Whether a parameter holds JSON, be it handed over as text or as what it says.
fn holds_json(contract: &Action, name: &str) -> bool {
    let mut own = contract.parameters.iter();
    let structured = own.any(|parameter| {
        let json = parameter.encoding == Encoding::Json || parameter.kind == ParameterKind::Map;
        json && !parameter.secret && parameter.name.trim_end_matches("[]") == name
    });
    structured || contract.is_judged_inside(name)
}

/// A name of letters, digits, `-`, `_` and `.`.
fn name(what: &str, given: &str) -> Result<String, Fault> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if given.is_empty() || given.len() > NAME_MAX || !given.bytes().all(fits) {
        let shown: String = given.chars().take(NAME_MAX).collect();
        return Err(wrong(format!(
            "{shown:?} is no name of {what}: it has letters, digits, `-`, `_` and `.`, up to {NAME_MAX}"
        )));
    }
    Ok(given.to_owned())
}

/// A dot or a bracket would name a part of a parameter beside the parameter itself.
fn is_a_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

/// JSON that names nothing twice: of two readers each may take another.
fn parsed(text: &str) -> Result<Value, String> {
    let strict: Strict = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(strict.0)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        into.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Strict(element)) = from.next_element()? {
            elements.push(element);
        }
        Ok(elements.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = from.next_entry::<String, Strict>()? {
            if members.contains_key(&name) {
                let message = format!("it names `{name}` twice");
                return Err(serde::de::Error::custom(message));
            }
            members.insert(name, value);
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests;

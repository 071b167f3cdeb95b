//! What else could be so for something in a world, by the schema of world files: the other values of its switches and
//! choices. Texts and numbers have no end of values and are left to people.

use serde_json::Value;

/// Another value of a key, as TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub key: String,
    pub value: String,
}

/// Returns the other values of the keys of a table; where the schema does not say what a key is anyway, that is among them.
pub(super) fn choices(schema: &Value, table: &str) -> Vec<Choice> {
    let account = resolved(
        schema,
        &schema["properties"]["accounts"]["additionalProperties"],
    );
    let rows = &account["properties"][table];
    let row = resolved(schema, &rows["items"]);
    let Some(properties) = row["properties"].as_object() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, property) in properties {
        let default = &property["default"];
        for value in values(schema, property) {
            if value != *default {
                found.push(Choice {
                    key: key.clone(),
                    value: super::draft::toml_value(&value),
                });
            }
        }
    }
    found
}

/// The values of a switch or a choice; none of anything else.
fn values(schema: &Value, property: &Value) -> Vec<Value> {
    let property = resolved(schema, property);
    if property["type"] == "boolean" {
        return vec![false.into(), true.into()];
    }
    if let Some(values) = property["enum"].as_array() {
        return values.clone();
    }
    if let Some(value) = property.get("const") {
        return vec![value.clone()];
    }
    ["anyOf", "oneOf", "allOf"]
        .iter()
        .filter_map(|key| property[*key].as_array())
        .flatten()
        .flat_map(|inner| values(schema, inner))
        .collect()
}

/// Follows a reference.
fn resolved<'a>(schema: &'a Value, value: &'a Value) -> &'a Value {
    let name = value["$ref"]
        .as_str()
        .and_then(|path| path.strip_prefix("#/definitions/"));
    name.map_or(value, |name| &schema["definitions"][name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_instance_could_be_a_cluster_and_its_texts_are_left_to_people() {
        let schema = crate::schema::world();
        let choices = choices(&schema, "redis");
        let has = |key: &str, value: &str| {
            let mut found = choices.iter();
            found.any(|choice| choice.key == key && choice.value == value)
        };
        assert!(has("architecture", "\"cluster\"") && has("architecture", "\"rwsplit\""));
        assert!(has("tde", "true"));
        assert!(!choices.iter().any(|choice| choice.key == "status"));
    }
}

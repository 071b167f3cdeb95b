//! What a file says of one profile: texts by key, the same for every format.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::secrets::SecretText;

/// The texts of a profile, without the space around them. One that is empty, or `null`, counts as absent.
#[derive(Clone, Default)]
pub(super) struct Section(BTreeMap<String, SecretText>);

/// Keys by which a profile narrows what it may do, or says where STS is asked, and which are not spoken.
/// `false` is the same as their absence.
const UNSUPPORTED: [&str; 2] = ["enable_vpc", "sts_endpoint"];

impl Section {
    /// Adds a text, or puts it in the place of another.
    pub fn insert(&mut self, key: &str, text: &str) {
        let text = SecretText::new(text.trim());
        self.0.insert(key.trim().to_lowercase(), text);
    }

    /// Whether the file gives the key, even if with an empty text.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub fn secret(&self, key: &str) -> Option<SecretText> {
        self.0.get(key).filter(|text| !text.is_empty()).cloned()
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.secret(key).map(|text| text.expose().to_owned())
    }

    /// Reads a number of seconds; zero is how the aliyun CLI writes none.
    pub fn seconds(&self, key: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        let seconds: u64 = text
            .parse()
            .map_err(|_| format!("its `{key}` is not a number of seconds"))?;
        Ok(Some(seconds).filter(|seconds| *seconds > 0))
    }

    /// Whether the profile is switched off (`enable = false`).
    pub fn is_off(&self) -> Result<bool, String> {
        let Some(text) = self.text("enable") else {
            return Ok(false);
        };
        match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(false),
            "false" | "no" | "off" | "0" => Ok(true),
            _ => Err("its `enable` is neither `true` nor `false`".to_owned()),
        }
    }

    /// Returns the first key that would be ignored although its owner counts on it.
    pub fn unsupported(&self) -> Option<&'static str> {
        let counts = |key: &&str| {
            let text = self.text(key).unwrap_or_default().to_lowercase();
            !matches!(text.as_str(), "" | "false" | "no" | "off" | "0")
        };
        UNSUPPORTED.into_iter().find(counts)
    }

    /// Fills in what another section says and this one does not.
    pub fn inherit(&mut self, from: &Self) {
        for (key, text) in &from.0 {
            self.0.entry(key.clone()).or_insert_with(|| text.clone());
        }
    }

    /// Returns the keys that hold something and are none of these.
    pub fn unknown<'a>(&'a self, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let held = self.0.iter().filter(|(_, text)| !text.is_empty());
        let keys = held.map(|(key, _)| key.as_str());
        keys.filter(move |key| !known.contains(key) && !UNSUPPORTED.contains(key))
    }
}

/// A JSON object, whose values may be texts, numbers, booleans and `null`. It is read key by key, so that a
/// mistake is reported at its place and no secret is copied on the way.
impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Section;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a profile")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Section, A::Error> {
                let mut section = Section::default();
                while let Some(key) = map.next_key::<String>()? {
                    let Scalar(text) = map.next_value()?;
                    section.insert(&key, text.expose());
                }
                Ok(section)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// A value of a profile as text.
struct Scalar(SecretText);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Scalar;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, a number, a boolean or null")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(SecretText::new(text)))
            }

            fn visit_string<E>(self, text: String) -> Result<Scalar, E> {
                Ok(Scalar(SecretText::new(text)))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(SecretText::new(value.to_string())))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(SecretText::new(value.to_string())))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(SecretText::new(value.to_string())))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(SecretText::new(value.to_string())))
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar(SecretText::new("")))
            }

            // A policy may stand there as the object that it is.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                let mut object = serde_json::Map::new();
                while let Some((key, value)) = map.next_entry()? {
                    object.insert(key, value);
                }
                Ok(Scalar(SecretText::new(
                    serde_json::Value::Object(object).to_string(),
                )))
            }

            // No key that is read has a list.
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar(SecretText::new("[…]")))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

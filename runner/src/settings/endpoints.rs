//! `[endpoints]`: where the products of the cloud are reached, for all accounts or for one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use rutter_contracts::Network;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::value::{Endpoint, Product, is_loopback};

/// Where products are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// From where the published addresses are called: `public` or `vpc`.
    pub network: Option<Network>,
    products: BTreeMap<Product, OwnEndpoints>,
}

/// The addresses of one product that replace the published ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OwnEndpoints {
    /// In regions without one of their own.
    default: Option<Endpoint>,
    regions: BTreeMap<String, Endpoint>,
}

impl Endpoints {
    /// The address of a product in a region, where one is named here.
    pub fn own(&self, product: Product, region: &str) -> Option<&Endpoint> {
        let own = self.products.get(&product)?;
        own.regions.get(region).or(own.default.as_ref())
    }

    /// The products for which an address is named.
    pub fn products(&self) -> impl Iterator<Item = Product> + '_ {
        self.products.keys().copied()
    }

    /// Reaches a product at one address everywhere.
    pub(super) fn everywhere(&mut self, product: Product, endpoint: Endpoint) {
        let own = OwnEndpoints {
            default: Some(endpoint),
            regions: BTreeMap::new(),
        };
        self.products.insert(product, own);
    }

    /// Forgets what is named for a product.
    pub(super) fn forget(&mut self, product: Product) {
        self.products.remove(&product);
    }

    /// Whether everything that is named here leads to this machine.
    pub(super) fn is_local(&self) -> bool {
        let own = self.products.values();
        own.flat_map(|own| own.regions.values().chain(&own.default))
            .all(|endpoint| is_loopback(endpoint.url()))
    }

    /// Whether every product is reached at an address that is named here, in every region.
    pub(super) fn is_complete(&self) -> bool {
        let named = self.products.values().filter(|own| own.default.is_some());
        named.count() == rutter_contracts::products().count()
    }
}

impl<'de> Deserialize<'de> for Endpoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfProducts)
    }
}

struct OfProducts;

impl<'de> Visitor<'de> for OfProducts {
    type Value = Endpoints;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table of products and their addresses")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Endpoints, A::Error> {
        let mut endpoints = Endpoints::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Network => endpoints.network = Some(map.next_value()?),
                Key::Of(product) => {
                    endpoints.products.insert(product, map.next_value()?);
                }
            }
        }
        Ok(endpoints)
    }
}

/// A key of `[endpoints]`.
enum Key {
    Network,
    Of(Product),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "network" {
            return Ok(Self::Network);
        }
        let product = Product::read(&text);
        product.map(Self::Of).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for OwnEndpoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfRegions)
    }
}

struct OfRegions;

impl<'de> Visitor<'de> for OfRegions {
    type Value = OwnEndpoints;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an address, or a table of regions and their addresses with `default`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OwnEndpoints, E> {
        Ok(OwnEndpoints {
            default: Some(Endpoint::parse(text).map_err(E::custom)?),
            regions: BTreeMap::new(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OwnEndpoints, A::Error> {
        let mut own = OwnEndpoints::default();
        while let Some((region, endpoint)) = map.next_entry::<String, Endpoint>()? {
            if region == "default" {
                own.default = Some(endpoint);
            } else {
                own.regions.insert(region, endpoint);
            }
        }
        Ok(own)
    }
}

impl JsonSchema for Endpoints {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Endpoints".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let address = generator.subschema_for::<Endpoint>();
        let own = json_schema!({
            "anyOf": [address, { "type": "object", "additionalProperties": address }],
        });
        let mut products = serde_json::Map::new();
        products.insert(super::value::product_pattern(), own.to_value());
        json_schema!({
            "type": "object",
            "properties": {
                "network": {
                    "description": "From where the published addresses are called.",
                    "enum": ["public", "vpc"],
                },
            },
            "patternProperties": products,
            "additionalProperties": false,
        })
    }
}

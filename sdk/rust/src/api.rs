//! A call of the cloud's API, built up parameter by parameter.

use serde_json::{Map, Value, json};

use crate::secret::Secret;

/// A call of the cloud's API: structured, never encoded by the plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    pub(crate) product: String,
    pub(crate) action: String,
    pub(crate) version: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) parameters: Map<String, Value>,
}

impl Api {
    /// Returns a call of `action` of `product` (`RAM`, `STS`, `DTS`, `SMC`, `ECS`, `R-kvstore`), in
    /// the account's region and the contract's version.
    pub fn new(product: &str, action: &str) -> Self {
        Self {
            product: product.to_owned(),
            action: action.to_owned(),
            version: None,
            region: None,
            parameters: Map::new(),
        }
    }

    /// Sets a parameter; one that is `None` is left out. A parameter that the API wants as JSON text
    /// is handed over structured all the same.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl IntoParameter) -> Self {
        if let Some(value) = value.into_parameter() {
            self.parameters.insert(name.to_owned(), value);
        }
        self
    }

    /// Calls the endpoint of another region than the account's.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Calls the endpoint of `region` and names it in the parameter `RegionId`, as most actions of ECS and DTS want
    /// it: the endpoint alone does not say it.
    ///
    /// ```
    /// use rutter_sdk::prelude::*;
    ///
    /// let disks = Api::new("ECS", "DescribeDisks")
    ///     .in_region("cn-beijing")
    ///     .set("InstanceId", "i-1");
    /// assert_eq!(disks.parameter("RegionId"), Some(&json!("cn-beijing")));
    /// ```
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        self.region(region).set("RegionId", region)
    }

    /// Asks for another version of the API than the contract's.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.version = Some(version.to_owned());
        self
    }

    /// Returns the name for people, `RAM:CreateRole`.
    pub fn label(&self) -> String {
        format!("{}:{}", self.product, self.action)
    }

    /// Returns a parameter by its name, as it was set: structured, also where the API wants JSON text. `None` if it was
    /// left out.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters.get(name)
    }
}

/// Inside the parameters of a reverse: stands for a field of the change's own answer, by JSON pointer.
pub fn answer(pointer: &str) -> Value {
    json!({ "$answer": pointer })
}

/// As [`answer`], with a text before it.
pub fn answer_after(text: &str, pointer: &str) -> Value {
    json!({ "$text": [text, answer(pointer)] })
}

/// What can be the value of a parameter.
pub trait IntoParameter {
    /// Returns the value, or `None` to leave the parameter out.
    fn into_parameter(self) -> Option<Value>;
}

impl<T: IntoParameter> IntoParameter for Option<T> {
    fn into_parameter(self) -> Option<Value> {
        self.and_then(T::into_parameter)
    }
}

impl<T: IntoParameter> IntoParameter for Vec<T> {
    fn into_parameter(self) -> Option<Value> {
        Some(self.into_iter().filter_map(T::into_parameter).collect())
    }
}

impl<T: Clone + IntoParameter> IntoParameter for &T {
    fn into_parameter(self) -> Option<Value> {
        self.clone().into_parameter()
    }
}

impl IntoParameter for Value {
    fn into_parameter(self) -> Option<Value> {
        (!self.is_null()).then_some(self)
    }
}

impl IntoParameter for &str {
    fn into_parameter(self) -> Option<Value> {
        Some(self.into())
    }
}

impl IntoParameter for Secret {
    fn into_parameter(self) -> Option<Value> {
        Some(self.0.into())
    }
}

/// Types that JSON has itself.
macro_rules! plain_parameters {
    ($($kind:ty),*) => {
        $(impl IntoParameter for $kind {
            fn into_parameter(self) -> Option<Value> {
                Some(self.into())
            }
        })*
    };
}

plain_parameters!(String, bool, i32, i64, u32, u64, f64);

//! Which address serves a product in a region: the operator's, else the published one.

use std::collections::BTreeMap;

use rutter_engine::{Fault, FaultClass};
use url::Url;

use crate::settings::{Endpoint, Product};

pub(super) struct Endpoints(pub(super) BTreeMap<Product, Endpoint>);

impl Endpoints {
    /// Returns the address, path `/`.
    pub(super) fn address(&self, product: &str, region: &str) -> Result<Url, Fault> {
        let own = Product::named(product).and_then(|product| self.0.get(&product));
        if let Some(endpoint) = own {
            return Ok(endpoint.url().clone());
        }
        let host = rutter_contracts::endpoint(product, region).map_err(|error| {
            let fault = Fault::new(FaultClass::Fail, "rutter.endpoint", error.to_string());
            fault.advise(format!(
                "correct the region, or name the host under `[endpoints]` as `{}`",
                product.to_ascii_lowercase()
            ))
        })?;
        let address = Url::parse(&format!("https://{host}/"));
        Ok(address.expect("the table holds host names, and a test reads every one"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_endpoint_comes_before_the_published_one() {
        let own = Endpoint::parse("http://127.0.0.1:8100").unwrap();
        let ram = Product::named("ram").unwrap();
        let endpoints = Endpoints(BTreeMap::from([(ram, own)]));
        let address = |product, region| {
            endpoints
                .address(product, region)
                .map(|url| url.to_string())
        };
        assert_eq!(address("RAM", "").unwrap(), "http://127.0.0.1:8100/");
        let dts = address("DTS", "cn-hangzhou").unwrap();
        assert!(
            dts.starts_with("https://dts") && dts.ends_with(".aliyuncs.com/"),
            "{dts}"
        );
    }

    #[test]
    fn a_region_that_does_not_exist_is_a_fault_with_advice() {
        let fault = Endpoints(BTreeMap::new())
            .address("DTS", "cn-hangzou")
            .unwrap_err();
        assert_eq!(fault.code, "rutter.endpoint");
        assert!(fault.message.contains("cn-hangzou"));
        assert!(fault.advice.unwrap().contains("`[endpoints]`"));
    }

    #[test]
    fn every_published_host_is_one() {
        for (product, _) in rutter_contracts::products() {
            for region in rutter_contracts::regions() {
                if rutter_contracts::endpoint(product, region).is_ok() {
                    Endpoints(BTreeMap::new()).address(product, region).unwrap();
                }
            }
        }
    }
}

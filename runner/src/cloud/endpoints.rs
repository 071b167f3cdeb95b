//! Which address serves a product in a region for an account: the operator's, else the published one.

use std::collections::BTreeMap;

use rutter_engine::{Fault, FaultClass};
use url::Url;

use crate::settings::{self, Product, Settings};

pub(super) struct Endpoints {
    general: settings::Endpoints,
    /// Those of accounts, by their names in runbooks.
    accounts: BTreeMap<String, settings::Endpoints>,
}

impl Endpoints {
    pub(super) fn of(settings: &Settings) -> Self {
        let accounts = settings.accounts.iter();
        Self {
            general: settings.endpoints.clone(),
            accounts: accounts
                .map(|(name, account)| (name.clone(), account.endpoints.clone()))
                .collect(),
        }
    }

    /// Returns the address, path `/`.
    pub(super) fn address(&self, account: &str, product: &str, region: &str) -> Result<Url, Fault> {
        let own = self.accounts.get(account);
        let said = [own, Some(&self.general)];
        let said = said.into_iter().flatten();
        if let Some(known) = Product::named(product)
            && let Some(endpoint) = said.clone().find_map(|said| said.own(known, region))
        {
            return Ok(endpoint.url().clone());
        }
        let network = said.clone().find_map(|said| said.network);
        let network = network.unwrap_or_default();
        let host = rutter_contracts::endpoint_from(product, region, network).map_err(|error| {
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
    use std::path::Path;

    use rutter_contracts::Network;

    use super::*;
    use crate::settings::{Environment, SettingsOverrides};

    fn endpoints(text: &str) -> Endpoints {
        let environment = Environment::given([("HOME", "/home/o")]);
        let path = Path::new("rutter.toml");
        let settings =
            Settings::parse(text, path, &SettingsOverrides::default(), environment).unwrap();
        Endpoints::of(&settings)
    }

    #[test]
    fn an_account_s_address_comes_before_all_accounts_and_that_before_the_published_one() {
        let endpoints = endpoints(
            "[endpoints]\nram = \"http://127.0.0.1:8100\"\necs = { cn-beijing = \"b.example.com\" }\n\
             [accounts.source.endpoints]\nram = \"source.example.com\"\n\
             [accounts.inside.endpoints]\nnetwork = \"vpc\"\n",
        );
        let address = |account, product, region| {
            let address = endpoints.address(account, product, region);
            address.map(|url| url.to_string()).unwrap()
        };
        assert_eq!(address("x", "RAM", ""), "http://127.0.0.1:8100/");
        assert_eq!(address("source", "RAM", ""), "https://source.example.com/");
        assert_eq!(
            address("source", "ECS", "cn-beijing"),
            "https://b.example.com/"
        );
        let ecs = address("x", "ECS", "cn-hangzhou");
        assert_eq!(ecs, "https://ecs.cn-hangzhou.aliyuncs.com/");
        let ecs = address("inside", "ECS", "cn-hangzhou");
        assert_eq!(ecs, "https://ecs-vpc.cn-hangzhou.aliyuncs.com/");
        assert_eq!(
            address("inside", "ECS", "cn-beijing"),
            "https://b.example.com/"
        );
    }

    #[test]
    fn a_region_that_does_not_exist_is_a_fault_with_advice() {
        let fault = endpoints("").address("x", "DTS", "cn-hangzou").unwrap_err();
        assert_eq!(fault.code, "rutter.endpoint");
        assert!(fault.message.contains("cn-hangzou"));
        assert!(fault.advice.unwrap().contains("`[endpoints]`"));
    }

    #[test]
    fn every_published_host_is_one() {
        for network in ["public", "vpc"] {
            let endpoints = endpoints(&format!("[endpoints]\nnetwork = \"{network}\"\n"));
            let of = match network {
                "vpc" => Network::Vpc,
                _ => Network::Public,
            };
            for (product, _) in rutter_contracts::products() {
                for region in rutter_contracts::regions() {
                    if rutter_contracts::endpoint_from(product, region, of).is_ok() {
                        endpoints.address("x", product, region).unwrap();
                    }
                }
            }
        }
    }
}

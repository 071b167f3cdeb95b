//! Which host serves a product in a region.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::table::nearest;

/// From where a product is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// From anywhere.
    #[default]
    Public,
    /// From a machine inside a VPC of the same region, which may have no way to the internet.
    Vpc,
}

/// Why there is no host to name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The product is not in the table.
    #[error("no endpoint is known for the product `{product}`")]
    UnknownProduct {
        /// The product as it was given.
        product: String,
    },
    /// The region is not in the table.
    #[error("`{region}` is not a region of this cloud")]
    UnknownRegion {
        /// The region as it was given.
        region: String,
        /// The region most like it.
        nearest: Option<&'static str>,
    },
    /// The product is served by region, and not in this one.
    #[error("{product} is not offered in the region `{region}`")]
    NotOffered {
        /// The product as the table spells it.
        product: &'static str,
        /// The region as it was given.
        region: String,
    },
    /// The product has no host in the VPC's of this region.
    #[error("{product} has no host for VPCs in the region `{region}`")]
    NotInVpc {
        /// The product as the table spells it.
        product: &'static str,
        /// The region as it was given.
        region: String,
    },
    /// The product is served by region, and none was given.
    #[error("{product} has an endpoint for each region, and no region was given")]
    RegionMissing {
        /// The product as the table spells it.
        product: &'static str,
    },
}

#[derive(Deserialize)]
struct Table {
    products: BTreeMap<String, ProductRow>,
    regions: BTreeMap<String, RegionRow>,
}

#[derive(Deserialize)]
struct ProductRow {
    kind: Kind,
    host: Option<String>,
    /// The host for VPCs, with `<region>` in it where there is one for each.
    vpc: String,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
enum Kind {
    #[serde(rename = "central")]
    Central,
    #[serde(rename = "central+regional")]
    CentralAndRegional,
    #[serde(rename = "regional")]
    Regional,
}

#[derive(Deserialize)]
struct RegionRow {
    name: String,
    hosts: BTreeMap<String, String>,
    /// The products that have no host for VPCs here.
    #[serde(default)]
    no_vpc: Vec<String>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        serde_json::from_str(include_str!("../data/endpoints.json"))
            .expect("the table is compiled in and a test reads it")
    })
}

/// Returns the public host that serves a product in a region.
///
/// Products with one host for the whole world (RAM, SMC) take any known region, and an empty one.
/// STS is answered by the region's host where there is one and by the central one elsewhere.
///
/// # Errors
///
/// The product or the region is unknown, the product is not offered there, or the region is missing.
pub fn endpoint(product: &str, region: &str) -> Result<String, EndpointError> {
    endpoint_from(product, region, Network::Public)
}

/// Returns the host that serves a product in a region, as it is called from this network.
///
/// # Errors
///
/// As [`endpoint`], and when the product has no host for VPCs there.
pub fn endpoint_from(
    product: &str,
    region: &str,
    network: Network,
) -> Result<String, EndpointError> {
    let unknown = || EndpointError::UnknownProduct {
        product: product.to_owned(),
    };
    let name = crate::product_name(product).ok_or_else(unknown)?;
    let key = name.to_ascii_lowercase();
    let row = table().products.get(&key).ok_or_else(unknown)?;
    if region.is_empty() {
        let central = match network {
            Network::Public => row.host.clone(),
            Network::Vpc => Some(row.vpc.clone()).filter(|host| !host.contains('<')),
        };
        return central.ok_or(EndpointError::RegionMissing { product: name });
    }
    let place = table()
        .regions
        .get(region)
        .ok_or_else(|| EndpointError::UnknownRegion {
            region: region.to_owned(),
            nearest: nearest_region(region),
        })?;
    let regional = place.hosts.get(&key).cloned();
    let host = match row.kind {
        Kind::Central => row.host.clone(),
        Kind::CentralAndRegional => regional.or_else(|| row.host.clone()),
        Kind::Regional => regional,
    };
    let host = host.ok_or_else(|| EndpointError::NotOffered {
        product: name,
        region: region.to_owned(),
    })?;
    match network {
        Network::Public => Ok(host),
        Network::Vpc if has_host_for_vpcs(row, place, &key) => {
            Ok(row.vpc.replace("<region>", region))
        }
        Network::Vpc => Err(EndpointError::NotInVpc {
            product: name,
            region: region.to_owned(),
        }),
    }
}

/// Products with one host for all VPCs have it in regions too that have no row of theirs.
fn has_host_for_vpcs(row: &ProductRow, place: &RegionRow, key: &str) -> bool {
    let listed = place.hosts.contains_key(key) || !row.vpc.contains("<region>");
    listed && !place.no_vpc.iter().any(|product| product == key)
}

/// Returns whether the cloud has a region of this id.
pub fn region_known(region: &str) -> bool {
    table().regions.contains_key(region)
}

/// Returns the ids of all regions, sorted.
pub fn regions() -> impl Iterator<Item = &'static str> {
    table().regions.keys().map(String::as_str)
}

/// Returns a region's name for people, `Japan (Tokyo)`.
pub fn region_name(region: &str) -> Option<&'static str> {
    table().regions.get(region).map(|row| row.name.as_str())
}

/// Returns the region most like the given id, for "did you mean".
pub fn nearest_region(region: &str) -> Option<&'static str> {
    nearest(region, regions())
}

#[cfg(test)]
mod tests {
    use super::{EndpointError, endpoint, region_known, region_name, regions};

    fn host(product: &str, region: &str) -> String {
        endpoint(product, region).unwrap()
    }

    #[test]
    fn each_product_is_found_where_it_is_served() {
        assert_eq!(host("RAM", "cn-hangzhou"), "ram.aliyuncs.com");
        assert_eq!(host("ram", ""), "ram.aliyuncs.com");
        assert_eq!(host("STS", "cn-hangzhou"), "sts.cn-hangzhou.aliyuncs.com");
        assert_eq!(host("SMC", "cn-beijing"), "smc.aliyuncs.com");
        assert_eq!(host("ECS", "cn-beijing"), "ecs.cn-beijing.aliyuncs.com");
        assert_eq!(host("R-kvstore", "cn-hangzhou"), "r-kvstore.aliyuncs.com");
        assert_eq!(
            host("kvstore", "cn-beijing"),
            "r-kvstore.cn-beijing.aliyuncs.com"
        );
    }

    #[test]
    fn an_unknown_region_names_the_nearest_one() {
        let error = endpoint("DTS", "cn-hangzou").unwrap_err();
        let nearest = Some("cn-hangzhou");
        assert!(matches!(error, EndpointError::UnknownRegion { nearest: n, .. } if n == nearest));
        assert!(!region_known("cn-hangzou"));
        assert!(region_known("cn-hangzhou"));
    }

    #[test]
    fn a_region_without_the_product_and_a_missing_region_are_told_apart() {
        let elsewhere = endpoint("DTS", "ap-northeast-2").unwrap_err();
        assert!(matches!(
            elsewhere,
            EndpointError::NotOffered { product: "DTS", .. }
        ));
        let missing = endpoint("DTS", "").unwrap_err();
        assert!(matches!(
            missing,
            EndpointError::RegionMissing { product: "DTS" }
        ));
        assert!(endpoint("OSS", "cn-hangzhou").is_err());
    }

    #[test]
    fn every_region_has_a_name() {
        assert!(regions().count() > 30);
        assert!(regions().all(|region| region_name(region).is_some()));
    }

    #[test]
    fn machines_in_a_vpc_have_hosts_of_their_own() {
        let vpc = |product, region| super::endpoint_from(product, region, super::Network::Vpc);
        for (product, host) in [
            ("RAM", "ram.vpc-proxy.aliyuncs.com"),
            ("STS", "sts-vpc.cn-hangzhou.aliyuncs.com"),
            ("DTS", "dts-vpc.cn-hangzhou.aliyuncs.com"),
            ("ECS", "ecs-vpc.cn-hangzhou.aliyuncs.com"),
            ("R-kvstore", "r-kvstore-vpc.cn-hangzhou.aliyuncs.com"),
        ] {
            assert_eq!(vpc(product, "cn-hangzhou").unwrap(), host);
        }
        assert_eq!(
            vpc("ECS", "cn-hangzhou-finance").unwrap_err().to_string(),
            "ECS has no host for VPCs in the region `cn-hangzhou-finance`"
        );
        assert!(matches!(
            vpc("DTS", "ap-northeast-2"),
            Err(EndpointError::NotOffered { .. })
        ));
        assert_eq!(vpc("SMC", "").unwrap(), "smc.vpc-proxy.aliyuncs.com");
        assert!(vpc("STS", "").is_err());
    }
}

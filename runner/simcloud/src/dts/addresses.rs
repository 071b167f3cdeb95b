//! Where DTS comes from: the addresses that a database has to let in.

use serde_json::json;

use super::RequestContext;
use super::file::DtsFile;
use crate::answer::{Answer, Refusal};
use crate::identifier::digest;

/// `DescribeDTSIP`: the list stands, separated by commas, in a field that elsewhere is part of errors.
pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let mut regions = vec![context.required("SourceEndpointRegion")?];
    regions.extend(context.parameters.filled("DestinationEndpointRegion"));
    regions.dedup();
    let mut blocks: Vec<String> = Vec::new();
    for region in &regions {
        if !rutter_contracts::region_known(region) {
            let message =
                format!("The specified parameter is not valid: there is no region {region}.");
            return Err(Refusal::new(400, "InvalidParameter", message));
        }
        for block in of_region(context.world.file, region) {
            if !blocks.contains(&block) {
                blocks.push(block);
            }
        }
    }
    Ok(json!({
        "DynamicMessage": blocks.join(","),
        "DynamicCode": "",
        "ErrCode": "",
        "ErrMessage": "",
        "Success": "true",
    }))
}

/// Returns the addresses of the servers of a region, of the range that the cloud's own services use.
pub(super) fn of_region(file: &DtsFile, region: &str) -> Vec<String> {
    if let Some(blocks) = file.addresses.get(region) {
        return blocks.clone();
    }
    let digits = digest(&["dts-addresses", region]);
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or(0);
    let even = byte(0) & 0xfe;
    vec![
        format!("100.104.{even}.0/24"),
        format!("100.104.{}.0/24", even | 1),
    ]
}

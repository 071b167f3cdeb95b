//! The settings that have no parameter of their own, and what is verified after the copy.

use rutter_sdk::prelude::*;

use crate::{Inputs, objects};

/// The console and the documents count megabytes so.
const MB: i64 = 1_048_576;

/// The parameter `Reserve`. The documents ask for text, also where it is a number; limits they show as numbers.
pub(crate) fn reserve(inputs: &Inputs) -> Value {
    let mut reserve = json!({
        "targetTableMode": target_table_mode(inputs),
        // Otherwise the precheck would start by itself, in the middle of this step.
        "autoStartModulesAfterConfig": "none",
        "maxRetryTime": inputs.connection_retry.as_secs().to_string(),
        "retry.blind.seconds": inputs.other_retry.as_secs().to_string(),
    });
    // Documented to be set only when both ends are Tair.
    if inputs.source.edition == "enterprise" && inputs.destination.edition == "enterprise" {
        reserve["srcRedisType"] = json!("enterprise");
        reserve["destRedisType"] = json!("enterprise");
    }
    for (setting, cen) in [
        ("srcInstanceId", &inputs.source.cen),
        ("destInstanceId", &inputs.destination.cen),
    ] {
        if let Some(cen) = cen {
            reserve[setting] = json!(cen);
        }
    }
    if let Some(limit) = &inputs.full_limit {
        let queries = limit.queries_per_second;
        reserve["fullDynamicConfig"] =
            limits(queries, limit.rows_per_second, limit.megabytes_per_second);
    }
    if let Some(limit) = &inputs.incremental_limit {
        reserve["incDynamicConfig"] =
            limits(None, limit.rows_per_second, limit.megabytes_per_second);
    }
    if let Some(expiry) = &inputs.key_expiry {
        reserve[&expiry.setting] = json!(expiry.by.as_secs().to_string());
    }
    if let Some(statements) = &inputs.etl {
        reserve["etlOperatorCtl"] = json!("Y");
        reserve["etlOperatorSetting"] = json!(statements);
    }
    reserve
}

fn limits(queries: Option<i64>, rows: Option<i64>, megabytes: Option<i64>) -> Value {
    let given = [
        ("dts.datamove.blaster.qps.max", queries),
        ("dts.datamove.source.rps.max", rows),
        (
            "dts.datamove.source.bps.max",
            megabytes.map(|megabytes| megabytes.saturating_mul(MB)),
        ),
    ];
    let given = given
        .into_iter()
        .filter_map(|(name, limit)| Some((name.to_owned(), json!(limit?))));
    Value::Object(given.collect())
}

/// 0 lets the precheck fail where the destination holds data, 2 writes over it.
pub(crate) fn target_table_mode(inputs: &Inputs) -> &'static str {
    if inputs.existing_data == "overwrite" {
        "2"
    } else {
        "0"
    }
}

/// The parameter `DataCheckConfigure`; nothing if nothing is verified.
pub(crate) fn verification(inputs: &Inputs) -> Option<Value> {
    let wanted = inputs.verification.as_ref()?;
    let is_full = wanted.full != "none";
    let mut check = json!({
        "fullDataCheck": is_full,
        "incrementalDataCheck": wanted.incremental,
        // The document says that this is text.
        "dataCheckDbList": objects::list(inputs).to_string(),
    });
    if is_full {
        check["fullCheckModel"] = json!(if wanted.full == "sample" { 1 } else { 2 });
        check["fullCheckReferEndpoint"] = json!("all");
        check["checkMaximumHourEnable"] = json!(1);
        check["checkMaximumHour"] = json!(wanted.hours);
    }
    if wanted.full == "sample" {
        check["fullCheckRatio"] = json!(wanted.sample_percent);
    }
    Some(check)
}

/// Warns of settings that make a task end early.
pub(crate) fn warn(host: &Host, inputs: &Inputs) {
    /// Below these, a short disturbance ends the task.
    const CONNECTION_ADVISED: Duration = Duration::from_mins(30);
    const OTHER_ADVISED: Duration = Duration::from_mins(10);
    if inputs.connection_retry < CONNECTION_ADVISED {
        host.warn(
            "`connection_retry` is below 30 minutes: a short loss of the connection ends the task",
        );
    }
    if inputs.other_retry < OTHER_ADVISED {
        host.warn(
            "`other_retry` is below 10 minutes: a short problem of another kind ends the task",
        );
    }
}

//! `Reserve`, `DbList` and `DataCheckConfigure`: the settings of a task that travel as JSON.

use serde_json::{Value, json};

use super::RequestContext;
use super::endpoint::Endpoint;
use crate::answer::Refusal;

/// A length of time in `Reserve`: its key, its default and its least, in seconds. The most is a day.
pub(super) type Time = (&'static str, i64, i64);

/// How long a lost connection is tried again.
pub(super) const CONNECTION_RETRY: Time = ("maxRetryTime", 43_200, 600);

/// How long other problems are tried again.
pub(super) const OTHER_RETRY: Time = ("retry.blind.seconds", 600, 60);

const DAY_SECONDS: i64 = 86_400;

/// What limits the rate, in `fullDynamicConfig` and `incDynamicConfig`. Only the full copy asks the source in queries.
const LIMITS: [&str; 3] = [
    "dts.datamove.blaster.qps.max",
    "dts.datamove.source.rps.max",
    "dts.datamove.source.bps.max",
];

/// Reads the objects to copy.
pub(super) fn objects(context: &RequestContext<'_>, source: &Endpoint) -> Result<Value, Refusal> {
    let objects = context.parameters.document("DbList").filter(|objects| {
        objects
            .as_object()
            .is_some_and(|objects| !objects.is_empty())
    });
    let objects =
        objects.ok_or_else(|| invalid("DbList must be JSON that names at least one database"))?;
    for (name, entry) in objects.as_object().into_iter().flatten() {
        let target = entry["name"].as_str().unwrap_or_default();
        if target.is_empty() {
            return Err(invalid(&format!(
                "DbList gives `{name}` no name in the destination"
            )));
        }
        if source.is_redis() {
            for name in [name.as_str(), target] {
                if name.parse::<u8>().is_err() {
                    return Err(invalid(&format!(
                        "DbList names `{name}`, which is no Redis database from 0 to 255"
                    )));
                }
            }
            if entry["all"] != json!(true) {
                return Err(invalid(&format!(
                    "DbList takes a part of `{name}`; of Redis only whole databases can be chosen"
                )));
            }
        }
        tables(name, entry)?;
    }
    Ok(objects)
}

/// A database that is not copied as a whole names its tables, each with its name in the destination.
fn tables(database: &str, entry: &Value) -> Result<(), Refusal> {
    if entry["all"] == json!(true) {
        return Ok(());
    }
    let tables = entry["Table"].as_object().or(entry["Schema"].as_object());
    let Some(tables) = tables.filter(|tables| !tables.is_empty()) else {
        return Err(invalid(&format!(
            "DbList takes a part of `{database}` and names no table of it"
        )));
    };
    match tables.iter().find(|(_, table)| !table["name"].is_string()) {
        Some((table, _)) => Err(invalid(&format!(
            "DbList gives `{database}.{table}` no name in the destination"
        ))),
        None => Ok(()),
    }
}

/// Reads the further settings.
pub(super) fn reserve(context: &RequestContext<'_>) -> Result<Value, Refusal> {
    if context.parameters.filled("Reserve").is_none() {
        return Ok(json!({}));
    }
    let reserve = context
        .parameters
        .document("Reserve")
        .filter(Value::is_object)
        .ok_or_else(|| invalid("Reserve must be a JSON object"))?;
    let connection = in_range(&reserve, CONNECTION_RETRY)?;
    let other = in_range(&reserve, OTHER_RETRY)?;
    if other >= connection && reserve.get(OTHER_RETRY.0).is_some() {
        return Err(invalid(
            "retry.blind.seconds in Reserve must be smaller than maxRetryTime",
        ));
    }
    limits(&reserve, "fullDynamicConfig", &LIMITS)?;
    limits(&reserve, "incDynamicConfig", &LIMITS[1..])?;
    if reserve
        .get("etlOperatorCtl")
        .is_some_and(|value| value != "Y" && value != "N")
    {
        return Err(invalid("etlOperatorCtl in Reserve must be Y or N"));
    }
    match number(&reserve, "targetTableMode") {
        None | Some(0 | 2) => Ok(reserve),
        Some(_) => Err(invalid("targetTableMode in Reserve must be 0 or 2")),
    }
}

/// Reads what is verified after the copy; nothing if it is not.
pub(super) fn verification(context: &RequestContext<'_>) -> Result<Value, Refusal> {
    if context.parameters.filled("DataCheckConfigure").is_none() {
        return Ok(Value::Null);
    }
    let wanted = context
        .parameters
        .document("DataCheckConfigure")
        .filter(Value::is_object)
        .ok_or_else(|| invalid("DataCheckConfigure must be a JSON object"))?;
    if wanted["fullDataCheck"] == json!(true)
        && !matches!(number(&wanted, "fullCheckModel"), Some(1 | 2))
    {
        return Err(invalid(
            "fullCheckModel in DataCheckConfigure must be 1 or 2",
        ));
    }
    let is_sampled = number(&wanted, "fullCheckModel") == Some(1);
    let ratio = number(&wanted, "fullCheckRatio").unwrap_or(-1);
    if is_sampled && !(10..=100).contains(&ratio) {
        return Err(invalid(
            "fullCheckRatio in DataCheckConfigure must be 10 to 100",
        ));
    }
    Ok(wanted)
}

/// Returns the rate of the full copy in megabytes a second: the world's, or what the task is throttled to.
pub(super) fn full_rate(reserve: &Value, rate: f64) -> f64 {
    let limit = reserve["fullDynamicConfig"]["dts.datamove.source.bps.max"].as_f64();
    limit.map_or(rate, |bytes| rate.min(bytes / 1_000_000.0))
}

/// Returns a length of time in seconds.
pub(super) fn seconds(reserve: &Value, (name, default, _): Time) -> i64 {
    number(reserve, name).unwrap_or(default)
}

/// Reads a number, where documents ask for text and tools also send numbers. What is there and no number is -1.
pub(super) fn number(settings: &Value, name: &str) -> Option<i64> {
    match settings.get(name)? {
        Value::Number(number) => Some(number.as_i64().unwrap_or(-1)),
        Value::String(text) => Some(text.parse().unwrap_or(-1)),
        _ => Some(-1),
    }
}

fn in_range(reserve: &Value, time: Time) -> Result<i64, Refusal> {
    let (name, _, least) = time;
    let given = seconds(reserve, time);
    if (least..=DAY_SECONDS).contains(&given) {
        return Ok(given);
    }
    Err(invalid(&format!(
        "{name} in Reserve must be {least} to {DAY_SECONDS} seconds"
    )))
}

fn limits(reserve: &Value, name: &str, known: &[&str]) -> Result<(), Refusal> {
    for (limit, value) in reserve[name].as_object().into_iter().flatten() {
        if !known.contains(&limit.as_str()) || value.as_i64().is_none_or(|value| value < 1) {
            return Err(invalid(&format!(
                "{name} in Reserve has no limit {limit} of {value}"
            )));
        }
    }
    Ok(())
}

pub(super) fn invalid(message: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidParameter",
        format!("The specified parameter is not valid: {message}."),
    )
}

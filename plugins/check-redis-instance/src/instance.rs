//! What there is to know about an instance.

use rutter_sdk::instant;
use rutter_sdk::prelude::*;

/// How far back the monitoring is asked: it lags by a few minutes.
const MONITORED: Duration = Duration::from_mins(30);

/// The API counts storage in MB of this many bytes.
const MB: i64 = 1_048_576;

/// An instance as the API shows it.
pub(crate) struct Instance {
    pub(crate) status: String,
    pub(crate) region: String,
    pub(crate) zone: String,
    pub(crate) engine_version: String,
    pub(crate) is_tair: bool,
    pub(crate) architecture: String,
    pub(crate) cloud_native: bool,
    pub(crate) class: String,
    pub(crate) in_vpc: bool,
    pub(crate) vpc_id: Option<String>,
    pub(crate) capacity_mb: i64,
    /// `None` where the monitoring has no value yet.
    pub(crate) used_mb: Option<i64>,
    pub(crate) is_tls_on: bool,
    pub(crate) is_tde_on: bool,
    pub(crate) is_append_only: bool,
    pub(crate) maxmemory_policy: Option<String>,
}

impl Instance {
    /// Reads everything that the rules look at.
    pub(crate) fn read(
        host: &Host,
        account: &Account,
        id: &str,
        region: &str,
    ) -> Result<Self, Fault> {
        let cloud = Cloud {
            account,
            id,
            region,
        };
        let found = account.find(cloud.api("DescribeInstanceAttribute"))?;
        let list = "/Instances/DBInstanceAttribute";
        let shown = found.and_then(|answer| answer.items(list).into_iter().next());
        let Some(shown) = shown else {
            return Err(absent(&cloud));
        };
        let parameters = cloud.parameters()?;
        let parameter = |name: &str| {
            let is_it = |one: &&Answer| one.text_if_any("/ParameterName") == Some(name);
            let one = parameters.iter().find(is_it)?;
            one.text_if_any("/ParameterValue").map(str::to_owned)
        };
        let class = text(&shown, "/InstanceClass");
        let is_tair = text(&shown, "/InstanceType").eq_ignore_ascii_case("Tair")
            || class.starts_with("tair.")
            || class.starts_with("redis.amber.");
        Ok(Self {
            status: text(&shown, "/InstanceStatus"),
            region: text(&shown, "/RegionId"),
            zone: text(&shown, "/ZoneId"),
            engine_version: shown.text("/EngineVersion")?.to_owned(),
            is_tair,
            architecture: text(&shown, "/ArchitectureType").to_lowercase(),
            cloud_native: is_cloud_native(&shown, &class),
            class,
            in_vpc: text(&shown, "/NetworkType").eq_ignore_ascii_case("VPC"),
            vpc_id: shown.text_if_any("/VpcId").map(str::to_owned),
            capacity_mb: shown.integer("/Capacity")?,
            used_mb: cloud.used_mb(host.now())?,
            is_tls_on: cloud.is_on("DescribeInstanceSSL", "/SSLEnabled")?,
            is_tde_on: cloud.is_on("DescribeInstanceTDEStatus", "/TDEStatus")?,
            is_append_only: parameter("appendonly").as_deref() == Some("yes"),
            maxmemory_policy: parameter("maxmemory-policy"),
        })
    }

    pub(crate) fn edition(&self) -> &'static str {
        if self.is_tair {
            "enterprise"
        } else {
            "community"
        }
    }

    pub(crate) fn is_persistent_memory(&self) -> bool {
        self.class.starts_with("tair.scm.")
    }

    pub(crate) fn is_storage_optimised(&self) -> bool {
        ["tair.essd.", "tair.localssd."]
            .iter()
            .any(|kind| self.class.starts_with(kind))
    }
}

/// The instance's account and where to ask.
struct Cloud<'a> {
    account: &'a Account,
    id: &'a str,
    region: &'a str,
}

impl Cloud<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("R-kvstore", action)
            .region(self.region)
            .set("InstanceId", self.id)
    }

    fn parameters(&self) -> Result<Vec<Answer>, Fault> {
        let api = Api::new("R-kvstore", "DescribeParameters")
            .in_region(self.region)
            .set("DBInstanceId", self.id);
        let answer = self.account.read(api)?;
        // What runs counts; an instance that shows only what is configured runs on that.
        let mut parameters = answer.items("/RunningParameters/Parameter");
        parameters.extend(answer.items("/ConfigParameters/Parameter"));
        Ok(parameters)
    }

    /// Whether an encryption is on. Instances that cannot have it answer with one of the codes below.
    fn is_on(&self, action: &str, pointer: &str) -> Result<bool, Fault> {
        const WITHOUT: [&str; 3] = [
            "InstanceType.NotSupport",
            "IncorrectEngineVersion",
            "EnabledSSLNotSupport",
        ];
        match self.account.read(self.api(action)) {
            Ok(answer) => Ok(text(&answer, pointer).to_lowercase().starts_with("enable")),
            Err(fault) if WITHOUT.contains(&fault.code.as_str()) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// The most memory that the data took lately, rounded up.
    fn used_mb(&self, now: Duration) -> Result<Option<i64>, Fault> {
        let api = self
            .api("DescribeHistoryMonitorValues")
            .set("StartTime", instant::text(now.saturating_sub(MONITORED)))
            .set("EndTime", instant::text(now))
            .set("IntervalForHistory", "01m")
            .set("MonitorKeys", "UsedMemory");
        let answer = self.account.read(api)?;
        let history = answer.document("/MonitorHistory").unwrap_or_default();
        let moments = history.as_object().into_iter().flatten();
        let bytes = moments
            .filter_map(|(_, values)| number(&values["UsedMemory"]))
            .max();
        Ok(bytes.map(|bytes| bytes.div_euclid(MB) + i64::from(bytes % MB > 0)))
    }
}

/// Monitored values are text with or without a fraction.
fn number(value: &Value) -> Option<i64> {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())?;
    Some(number as i64)
}

/// No field says it in so many words: classes of the cloud-native kind have their own names, and the classic ones are
/// managed together with RDS.
fn is_cloud_native(shown: &Answer, class: &str) -> bool {
    class.starts_with("tair.")
        || class.ends_with(".ce")
        || shown.boolean("/IsRds").is_ok_and(|is_rds| !is_rds)
}

fn absent(cloud: &Cloud<'_>) -> Fault {
    Fault::fail(
        "check-redis-instance.absent",
        format!(
            "account {} has no instance `{}` in {}",
            cloud.account.id(),
            cloud.id,
            cloud.region
        ),
    )
    .advise("Correct the id or the region, or bind the account that owns the instance.")
}

fn text(answer: &Answer, pointer: &str) -> String {
    answer.text_if_any(pointer).unwrap_or_default().to_owned()
}

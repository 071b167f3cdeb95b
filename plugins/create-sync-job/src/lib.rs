//! The step `create-sync-job`: buys a synchronisation, which is configured afterwards. It does nothing else, so that
//! nothing can fail between the purchase and its record.
//!
//! A token keeps a purchase from being made twice for as long as the cloud remembers it. What was bought has no name yet:
//! where the answer was lost, it is found as the one that was not there before.

mod period;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// How often the purchase is sent again after looking found nothing.
const ATTEMPTS_MAX: u32 = 3;

/// How long the list may take to show a purchase. Generous: money is at stake.
const SETTLE: Duration = Duration::from_mins(2);

/// The longest token that the cloud takes.
const TOKEN_MAX: usize = 64;

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let period = period::of(&inputs)?;
    let account = host.account()?;
    let shop = Shop {
        host,
        account: &account,
        inputs: &inputs,
    };
    let (job, bought) = match &inputs.bought {
        Some(job) => (shop.bought_before(job)?, false),
        None => (shop.buy(period)?, true),
    };
    Ok(Outputs { job, bought })
}

/// Where it is bought, and what.
struct Shop<'a> {
    host: &'a Host,
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Shop<'_> {
    fn api(&self, action: &str) -> Api {
        let region = &self.inputs.destination_region;
        Api::new("DTS", action)
            .region(region)
            .set("RegionId", region)
    }

    fn purchase(&self, period: Option<(&'static str, i64)>) -> Api {
        let token = self.host.token("buy");
        let redis = || json!({ "InstanceType": "Redis" });
        self.api("CreateSynchronizationJob")
            .set("SourceEndpoint", redis())
            .set("DestinationEndpoint", redis())
            .set("SourceRegion", &self.inputs.source_region)
            .set("DestRegion", &self.inputs.destination_region)
            .set("Topology", "oneway")
            .set("SynchronizationJobClass", &self.inputs.instance_class)
            .set("PayType", self.pay_type())
            .set("Period", period.map(|(unit, _)| unit))
            .set("UsedTime", period.map(|(_, count)| count))
            .set("ClientToken", &token[..token.len().min(TOKEN_MAX)])
    }

    fn pay_type(&self) -> &'static str {
        match self.inputs.billing.as_str() {
            "subscription" => "PrePaid",
            _ => "PostPaid",
        }
    }

    /// Buys, and returns the id.
    fn buy(&self, period: Option<(&'static str, i64)>) -> Result<String, Fault> {
        let purchase = self.purchase(period);
        let release = self
            .api("DeleteSynchronizationJob")
            .set("SynchronizationJobId", answer("/SynchronizationJobId"));
        let before = self.unconfigured()?;
        // An earlier attempt may have bought it without hearing so.
        if let [job] = before.as_slice()
            && self.is_adopted(&purchase, job)?
        {
            return Ok(job.clone());
        }
        let mut attempt = 1;
        loop {
            let sent = self
                .account
                .change(purchase.clone())
                .reverse(release.clone())
                .send();
            let fault = match sent {
                Ok(answer) => return Ok(answer.text("/SynchronizationJobId")?.to_owned()),
                Err(fault) if fault.is_unknown() => fault,
                Err(fault) => return Err(fault),
            };
            self.host.wait(SETTLE)?;
            let mut new = self.unconfigured()?;
            new.retain(|job| !before.contains(job));
            match new.as_slice() {
                [job] => {
                    self.is_adopted(&purchase, job)?;
                    return Ok(job.clone());
                }
                [] if attempt < ATTEMPTS_MAX => attempt += 1,
                [] => return Err(fault),
                _ => return Err(self.several(&new)),
            }
        }
    }

    fn is_adopted(&self, purchase: &Api, job: &str) -> Result<bool, Fault> {
        let answer = json!({ "SynchronizationJobId": job });
        self.account.adopt(purchase, &answer)
    }

    /// Synchronisations of this class and billing that nobody configured, in the order of the list.
    fn unconfigured(&self) -> Result<Vec<String>, Fault> {
        let list = self
            .account
            .read_all(self.api("DescribeSynchronizationJobs"))?;
        let is_alike = |job: &&Answer| {
            let is = |pointer: &str, wanted: &str| {
                job.text_if_any(pointer)
                    .is_some_and(|found| found.eq_ignore_ascii_case(wanted))
            };
            is("/SynchronizationJobClass", &self.inputs.instance_class)
                && is("/PayType", self.pay_type())
                && job.text_if_any("/SynchronizationJobName").is_none()
                && job.text_if_any("/SourceEndpoint/InstanceType").is_none()
        };
        let jobs = list.items("/SynchronizationInstances");
        let ids = jobs.iter().filter(is_alike);
        ids.map(|job| job.text("/SynchronizationJobId").map(str::to_owned))
            .collect()
    }

    fn bought_before(&self, job: &str) -> Result<String, Fault> {
        let status = self
            .api("DescribeSynchronizationJobStatus")
            .set("SynchronizationJobId", job);
        if self.account.find(status)?.is_some() {
            return Ok(job.to_owned());
        }
        let message = format!(
            "there is no synchronisation `{job}` in {}",
            self.inputs.destination_region
        );
        Err(Fault::fail("create-sync-job.absent", message).advise(
            "Correct the id (it is listed in the region of the destination), or leave it out to buy one.",
        ))
    }

    fn several(&self, new: &[String]) -> Fault {
        let message = format!(
            "the purchase was not answered, and several new synchronisations wait to be configured in {}: {}",
            self.inputs.destination_region,
            new.join(", ")
        );
        Fault::fail("create-sync-job.several", message).advise(
            "Somebody else is buying. Find out which is this run's (the time of purchase is in the DTS console), release it \
             or say it as `bought`, and run the step again.",
        )
    }
}

#[cfg(test)]
rutter_sdk::cases!();

//! The step `create-sync-job`: buys a synchronisation, which is configured afterwards. It does nothing else, so that
//! nothing can fail between the purchase and its record.
//!
//! A token keeps a purchase from being made twice for as long as the cloud remembers it. What was bought has no name yet
//! and bears no mark: where the answer stays lost, one that was not there before may be somebody else's, and a person says
//! whose it is.

mod period;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// How long the list may take to show a purchase. Generous: money is at stake.
const SETTLE: Duration = Duration::from_mins(2);

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
        Api::new("DTS", action).in_region(region)
    }

    fn purchase(&self, period: Option<(&'static str, i64)>) -> Api {
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
            .set("ClientToken", self.host.token("buy"))
    }

    fn pay_type(&self) -> &'static str {
        match self.inputs.billing.as_str() {
            "subscription" => "PrePaid",
            _ => "PostPaid",
        }
    }

    /// Buys, and returns the id.
    fn buy(&self, period: Option<(&'static str, i64)>) -> Result<String, Fault> {
        let release = self
            .api("DeleteSynchronizationJob")
            .set("SynchronizationJobId", answer("/SynchronizationJobId"));
        let bought = self
            .account
            .change(self.purchase(period))
            .reverse(release)
            .find(self.look())
            .send()
            .map_err(explained)?;
        Ok(bought.text("/SynchronizationJobId")?.to_owned())
    }

    /// A synchronisation of this class and billing: the one that was not there before. Whether it is configured is no
    /// part of what it is known by, since it will be.
    fn look(&self) -> Find {
        let list = self.api("DescribeSynchronizationJobs");
        Find::in_pages(list, "/SynchronizationInstances")
            .one_of(
                "/SynchronizationJobClass",
                &[self.inputs.instance_class.as_str()],
            )
            .one_of("/PayType", &[self.pay_type()])
            .key("/SynchronizationJobId")
            .settle(SETTLE)
            .answer(json!({ "SynchronizationJobId": found("/SynchronizationJobId") }))
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
}

/// Says what a person has to do where nobody can tell what was bought.
fn explained(fault: Fault) -> Fault {
    if !fault.is_unknown() {
        return fault;
    }
    fault.advise(
        "Find out which synchronisation is this run's (the time of purchase is in the DTS console), release it or say it as \
         `bought`, and run the step again.",
    )
}

#[cfg(test)]
rutter_sdk::cases!();

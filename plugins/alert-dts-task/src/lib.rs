//! The step `alert-dts-task`: two rules for a task, one for failure and one for delay. They go with the task.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// Below this, an ordinary moment is told as a delay.
const DELAY_ADVISED: Duration = Duration::from_secs(10);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    if inputs.delay < DELAY_ADVISED {
        host.warn("`delay` is below 10 seconds: ordinary moments will be told as delays");
    }
    let api = |action: &str| {
        Api::new("DTS", action)
            .in_region(&inputs.region)
            .set("DtsJobId", &inputs.task)
    };
    let seconds = i64::try_from(inputs.delay.as_secs()).unwrap_or(i64::MAX);
    let wanted = [("error", None), ("delay", Some(seconds))];
    for (kind, delay) in wanted {
        let rule = api("CreateJobMonitorRule")
            .set("Type", kind)
            .set("State", "Y")
            .set("Phone", &inputs.phone)
            .set("DelayRuleTime", delay);
        let there = Find::in_list(api("DescribeJobMonitorRule"), "/MonitorRules")
            .equal("/Type", kind)
            .equal("/State", "Y")
            .equal("/Phone", &inputs.phone)
            .key("/Type");
        let there = match delay {
            Some(seconds) => there.equal("/DelayRuleTime", seconds),
            None => there,
        };
        account.create(rule).or_adopt(there)?;
    }
    let now = rules(&account, api("DescribeJobMonitorRule"))?;
    for (kind, delay) in wanted {
        if !now.iter().any(|rule| rule.is(kind, delay, &inputs.phone)) {
            let message = format!(
                "the task `{}` has no {kind} alert although it was made",
                inputs.task
            );
            return Err(Fault::fail("alert-dts-task.absent", message)
                .advise("Set the alerts of the task in the DTS console; then run this again."));
        }
    }
    Ok(Outputs {
        rules: i64::try_from(now.iter().filter(|rule| rule.is_on).count()).unwrap_or_default(),
    })
}

/// A rule of the task.
struct Rule {
    kind: String,
    is_on: bool,
    phone: String,
    delay_seconds: Option<i64>,
}

impl Rule {
    fn is(&self, kind: &str, delay_seconds: Option<i64>, phone: &str) -> bool {
        let is_as_late = delay_seconds.is_none() || self.delay_seconds == delay_seconds;
        self.is_on && self.kind == kind && self.phone == phone && is_as_late
    }
}

fn rules(account: &Account, read: Api) -> Result<Vec<Rule>, Fault> {
    let answer = account.read(read)?;
    let rule = |rule: &Answer| Rule {
        kind: rule.text_if_any("/Type").unwrap_or_default().to_owned(),
        is_on: rule.text_if_any("/State") == Some("Y"),
        phone: rule.text_if_any("/Phone").unwrap_or_default().to_owned(),
        delay_seconds: rule.integer("/DelayRuleTime").ok(),
    };
    Ok(answer.items("/MonitorRules").iter().map(rule).collect())
}

#[cfg(test)]
rutter_sdk::cases!();

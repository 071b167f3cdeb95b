//! Alert rules of a task: on delay, on failure, and on a full copy that takes too long.

use serde_json::{Value, json};

use super::{RequestContext, held, held_mut, named};
use crate::answer::{Answer, Refusal};

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    pub is_on: bool,
    /// Whom it tells: mobile numbers, comma separated.
    pub phone: String,
    /// The delay that is too much, in seconds.
    pub delay_seconds: Option<i64>,
    pub notice_value: Option<i64>,
    pub period_minutes: Option<i64>,
    pub times: Option<i64>,
}

impl Rule {
    /// Returns what it says, by the names that the cloud gives.
    pub fn values(&self) -> Value {
        let mut values = json!({
            "State": if self.is_on { "Y" } else { "N" },
            "Phone": self.phone,
        });
        let numbers = [
            ("DelayRuleTime", self.delay_seconds),
            ("NoticeValue", self.notice_value),
            ("Period", self.period_minutes),
            ("Times", self.times),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                values[name] = json!(number);
            }
        }
        values
    }
}

/// `CreateJobMonitorRule`: makes the rule of its kind, or gives it other values.
pub(super) fn create(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let parameters = context.parameters;
    let kind = parameters
        .filled("Type")
        .unwrap_or_else(|| "error".to_owned());
    let rule = Rule {
        is_on: parameters.filled("State").is_none_or(|state| state == "Y"),
        phone: parameters.text_or_empty("Phone"),
        delay_seconds: parameters.integer("DelayRuleTime"),
        notice_value: parameters.integer("NoticeValue"),
        period_minutes: parameters.integer("Period"),
        times: parameters.integer("Times"),
    };
    check(&kind, &rule)?;
    held_mut(context, &id).rules.insert(kind, rule);
    let mut answer = succeeded(&id);
    answer["Code"] = json!("200");
    Ok(answer)
}

/// `ConfigureDtsJob` makes rules too, by parameters of its own.
pub(super) fn configured(context: &RequestContext<'_>) -> Result<Vec<(String, Rule)>, Refusal> {
    let parameters = context.parameters;
    let rule = |phone: &str, delay_seconds| Rule {
        is_on: true,
        phone: parameters.text_or_empty(phone),
        delay_seconds,
        notice_value: None,
        period_minutes: None,
        times: None,
    };
    let mut rules = Vec::new();
    if parameters.is_true("DelayNotice") {
        let delay = parameters.integer("DelayRuleTime");
        rules.push(("delay".to_owned(), rule("DelayPhone", delay)));
    }
    if parameters.is_true("ErrorNotice") {
        rules.push(("error".to_owned(), rule("ErrorPhone", None)));
    }
    for (kind, rule) in &rules {
        check(kind, rule)?;
    }
    Ok(rules)
}

fn check(kind: &str, rule: &Rule) -> Result<(), Refusal> {
    if kind == "delay" && rule.is_on && rule.delay_seconds.is_none_or(|seconds| seconds < 1) {
        return Err(Refusal::new(
            400,
            "MissingParameter.DelayRuleTime",
            "The parameter DelayRuleTime is mandatory for an alert on delay.",
        ));
    }
    Ok(())
}

/// `DescribeJobMonitorRule`.
pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let job = held(context, &id);
    let shown = |(kind, rule): (&String, &Rule)| {
        let mut shown = rule.values();
        shown["JobId"] = json!(job.id);
        shown["JobType"] = json!(job.kind);
        shown["Type"] = json!(kind);
        shown
    };
    let mut answer = succeeded(&id);
    answer["MonitorRules"] = job.rules.iter().map(shown).collect();
    answer["Topics"] = json!([]);
    Ok(answer)
}

fn succeeded(id: &str) -> Value {
    let mut answer = super::succeeded();
    answer["DtsJobId"] = json!(id);
    answer
}

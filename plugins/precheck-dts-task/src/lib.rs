//! The step `precheck-dts-task`: lets DTS look at both ends of a task until every item passed, before anything is bought.
//!
//! Documented: `StartDtsJob` takes a task that has not started through the precheck first; 100 % must be reached before
//! an instance can be bought; ignored items (`SkipPreCheck`) count when the precheck runs again. So a task without an
//! instance comes no further than `PreCheckPass`, and starting it is how the precheck alone is run.

mod items;

use rutter_sdk::prelude::*;

use crate::items::Item;

rutter_sdk::plugin!(run);

/// States from which a start runs the precheck.
const STARTABLE: [&str; 2] = ["NotStarted", "PrecheckFailed"];

/// States behind the precheck: the task is an earlier run's, and this step has nothing left to do.
const BEYOND: [&str; 9] = [
    "Initializing",
    "InitializeFailed",
    "Synchronizing",
    "Failed",
    "Retrying",
    "Suspending",
    "Modifying",
    "Upgrade",
    "Downgrade",
];

/// What a deleted task still shows for a while.
const DELETED: &str = "Finished";

/// How long the task may go on showing the verdict of the precheck before.
const SETTLE: Duration = Duration::from_secs(15);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let task = Task {
        host,
        account: &account,
        inputs: &inputs,
    };
    let shown = task.detail()?;
    let status = shown.text("/Status")?;
    // An instance is bought only after a good precheck, and what has one would start for real.
    let is_bought = shown.text_if_any("/PayType").is_some();
    if shown.is_one_of("/Status", &BEYOND)
        || (is_bought && shown.is_one_of("/Status", &["NotStarted"]))
    {
        host.info(&format!(
            "the task is `{status}`: its precheck passed before"
        ));
        return Ok(outputs(&task.items()?, &[]));
    }
    if shown.is_one_of("/Status", &["PrecheckFailed"]) && !inputs.ignore.is_empty() {
        // A person has just decided about what failed: it need not fail once more before it is ignored.
        if let Ok(names) = items::to_ignore(&task.items()?, &inputs.ignore)
            && !names.is_empty()
        {
            return task.ignored(&names);
        }
    }
    // What was checked before is checked again only if it failed: the ends may have been mended since.
    if shown.is_one_of("/Status", &STARTABLE) {
        task.start(status)?;
    }
    let items = task.verdict()?;
    if inputs.ask {
        let open = items::to_decide(&items, &inputs.ignore)?;
        if !open.is_empty() {
            return Ok(outputs(&items, &open));
        }
    }
    let ignorable = items::to_ignore(&items, &inputs.ignore)?;
    if ignorable.is_empty() {
        return Ok(outputs(&items, &[]));
    }
    task.ignored(&ignorable)
}

/// The task and what is asked of it.
struct Task<'a> {
    host: &'a Host,
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Task<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("DTS", action)
            .in_region(&self.inputs.region)
            .set("DtsJobId", &self.inputs.task)
    }

    fn detail(&self) -> Result<Answer, Fault> {
        self.account
            .find(self.api("DescribeDtsJobDetail"))?
            .ok_or_else(|| {
                let message = format!(
                    "there is no task `{}` in {}",
                    self.inputs.task, self.inputs.region
                );
                Fault::fail("precheck-dts-task.absent", message)
                    .advise("It was deleted, or is another account's: configure it again.")
            })
    }

    /// Starts the precheck, unless the task has left the state it was seen in.
    fn start(&self, seen: &str) -> Result<(), Fault> {
        let started = self
            .account
            .create(self.api("StartDtsJob"))
            .or_adopt(self.has_left(seen))?;
        if started.made {
            self.host.wait(SETTLE)?;
        }
        Ok(())
    }

    /// Whether the task has left a state, and is not deleted.
    fn has_left(&self, state: &str) -> Find {
        Find::one(self.api("DescribeDtsJobDetail"))
            .none_of("/Status", &[state, DELETED])
            .key("/DtsJobId")
            .settle(SETTLE)
    }

    /// Waits until the precheck is over, and returns its items.
    fn verdict(&self) -> Result<Vec<Item>, Fault> {
        self.account
            .wait_for(self.precheck())
            .field("/State")
            .until(&["Finished", "Failed"])
            .timeout(self.inputs.wait)
            .wait()?;
        let items = self.items()?;
        if items.is_empty() {
            let message = format!(
                "the precheck of `{}` is over and has no items",
                self.inputs.task
            );
            return Err(Fault::fail("precheck-dts-task.no-items", message)
                .advise("Look at the task in the DTS console, then run this again."));
        }
        Ok(items)
    }

    fn items(&self) -> Result<Vec<Item>, Fault> {
        let answer = self.account.read_all(self.precheck())?;
        let items: Vec<Item> = answer
            .items("/JobProgress")
            .iter()
            .map(Item::read)
            .collect();
        for item in &items {
            self.host.info(&item.line());
        }
        Ok(items)
    }

    fn precheck(&self) -> Api {
        self.api("DescribePreCheckStatus").set("JobCode", "01")
    }

    /// Ignores items and returns what the precheck then says.
    fn ignored(&self, names: &[&str]) -> Result<Outputs, Fault> {
        self.ignore(names)?;
        let items = self.verdict()?;
        match items::to_ignore(&items, &self.inputs.ignore)?.as_slice() {
            [] => Ok(outputs(&items, &[])),
            still => Err(Fault::fail(
                "precheck-dts-task.not-ignored",
                format!(
                    "DTS goes on counting what was to be ignored: {}",
                    still.join(", ")
                ),
            )
            .advise(
                "Ignore the items in the DTS console and run the precheck there; then run this again.",
            )),
        }
    }

    /// Has items ignored and the precheck run again, without which it would not count.
    fn ignore(&self, names: &[&str]) -> Result<(), Fault> {
        self.host
            .warn(&format!("ignored on request: {}", names.join(", ")));
        let skip = self
            .api("SkipPreCheck")
            .set("Skip", true)
            .set("SkipPreCheckItems", json!(names));
        self.account.call(skip)?;
        self.start("PrecheckFailed")
    }
}

/// What is told of the items, and of those a person has to decide about.
fn outputs(items: &[Item], open: &[&Item]) -> Outputs {
    let passed = items.iter().filter(|item| item.has_passed()).count();
    let percent = (passed * 100).checked_div(items.len()).unwrap_or(0);
    Outputs {
        percent: i64::try_from(percent).unwrap_or(100),
        ignorable: open.iter().map(|item| item.name.clone()).collect(),
        question: items::question(open),
        items: items.iter().map(Item::output).collect(),
    }
}

#[cfg(test)]
rutter_sdk::cases!();

//! The step `clean-up-smc`: deletes the migration jobs of a server that are not finished. Their intermediate instance or
//! disk goes with them; what stands there without a job is named, because nobody else can say whose it is.

mod jobs;
mod leftovers;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let cleaning = Cleaning {
        account: host.account()?,
        inputs: &inputs,
    };
    let found = cleaning.unfinished()?;
    if inputs.delete {
        for job in &found {
            cleaning.check(job)?;
        }
        for job in &found {
            cleaning.delete(job)?;
        }
    }
    let leftovers = cleaning.leftovers()?;
    for leftover in &leftovers {
        host.warn(&format!(
            "{leftover} belongs to no migration job and is charged: look whose it is, and release it by hand"
        ));
    }
    let ids = found
        .iter()
        .map(|job| job.text("/JobId").map(str::to_owned));
    Ok(Outputs {
        jobs: ids.collect::<Result<_, _>>()?,
        leftovers,
    })
}

struct Cleaning<'a> {
    account: Account,
    inputs: &'a Inputs,
}

impl Cleaning<'_> {
    fn smc(&self, action: &str) -> Api {
        Api::new("SMC", action).region(&self.inputs.region)
    }

    fn refused(&self, code: &str, message: String) -> Fault {
        Fault::fail(format!("clean-up-smc.{code}"), message)
    }
}

#[cfg(test)]
rutter_sdk::cases!();

//! How a synchronisation is configured already. Which mode it has for existing data, and with which passwords, is not shown.

use std::collections::BTreeSet;

use rutter_sdk::prelude::*;

use crate::Inputs;

/// States in which it can still be configured.
const CONFIGURABLE: [&str; 3] = ["NotStarted", "NotConfigured", "PrecheckFailed"];

/// How long the cloud may take to show what was configured.
const SETTLE: Duration = Duration::from_secs(30);

/// What looking showed.
pub(crate) enum Seen {
    /// Nobody configured it.
    Nothing,
    /// It copies what is wanted, and has or has not started.
    Same { started: bool },
}

/// Looks; a fault if it is gone, or copies something else and runs.
pub(crate) fn look(account: &Account, inputs: &Inputs) -> Result<Seen, Fault> {
    let Some(job) = account.find(read(inputs))? else {
        let message = format!(
            "there is no synchronisation `{}` in {}",
            inputs.job, inputs.region
        );
        return Err(Fault::fail("configure-sync-job.absent", message)
            .advise("It was released, or is another account's: buy it again."));
    };
    if job.text_if_any("/SourceEndpoint/InstanceType").is_none() {
        return Ok(Seen::Nothing);
    }
    let status = job.text("/Status")?;
    let started = !job.is_one_of("/Status", &CONFIGURABLE);
    let differences = differences(&job, inputs);
    if differences.is_empty() {
        return Ok(Seen::Same { started });
    }
    if !started && job.text_if_any("/SynchronizationJobName") == Some(&inputs.name) {
        // An earlier try of the same, mended since.
        return Ok(Seen::Nothing);
    }
    let message = format!(
        "`{}` is configured already (`{}`, {status}), and otherwise: {}",
        inputs.job,
        job.text_if_any("/SynchronizationJobName")
            .unwrap_or("without a name"),
        differences.join(", ")
    );
    Err(Fault::fail("configure-sync-job.other", message).advise(
        "Say another synchronisation, or buy one; what is configured for something else is left as it is.",
    ))
}

/// The two ends as they are shown once it is configured. The databases are no part of it: how they are shown is not
/// certain.
pub(crate) fn find(inputs: &Inputs) -> Find {
    let job = Find::one(read(inputs))
        .key("/SynchronizationJobId")
        .settle(SETTLE);
    ends(inputs).iter().fold(job, |job, (pointer, wanted)| {
        job.one_of(pointer, &[wanted.as_str()])
    })
}

fn read(inputs: &Inputs) -> Api {
    Api::new("DTS", "DescribeSynchronizationJobStatus")
        .in_region(&inputs.region)
        .set("SynchronizationJobId", &inputs.job)
}

fn ends(inputs: &Inputs) -> [(&'static str, String); 5] {
    let (source, destination) = (&inputs.source, &inputs.destination);
    [
        ("/SourceEndpoint/InstanceType", "Express".to_owned()),
        ("/SourceEndpoint/InstanceId", source.vpc.clone()),
        ("/SourceEndpoint/IP", source.ip.clone()),
        ("/SourceEndpoint/Port", source.port.to_string()),
        (
            "/DestinationEndpoint/InstanceId",
            destination.instance.clone(),
        ),
    ]
}

fn differences(job: &Answer, inputs: &Inputs) -> Vec<String> {
    let mut differences: Vec<String> = Vec::new();
    for (pointer, wanted) in ends(inputs) {
        let found = job.text_if_any(pointer).unwrap_or("none");
        if !found.eq_ignore_ascii_case(&wanted) {
            let name = pointer[1..].replace('/', ".");
            differences.push(format!("{name} is {found} instead of {wanted}"));
        }
    }
    differences.extend(other_databases(job, inputs));
    differences
}

fn other_databases(job: &Answer, inputs: &Inputs) -> Option<String> {
    let objects = job.items("/SynchronizationObjects");
    let found: BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| object.text_if_any("/SchemaName"))
        .collect();
    let wanted: Vec<String> = inputs.databases.iter().map(i64::to_string).collect();
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let listed = |set: &BTreeSet<&str>| set.iter().copied().collect::<Vec<_>>().join(" ");
    // A form that is not understood is not judged.
    (!found.is_empty() && found != wanted).then(|| {
        format!(
            "it copies the databases {} instead of {}",
            listed(&found),
            listed(&wanted)
        )
    })
}

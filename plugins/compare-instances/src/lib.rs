//! The step `compare-instances`: holds a server against the one that was made of its image.
//!
//! Resource data comes from the API. Files, services and further commands are asked of the servers themselves, by one
//! script each that Cloud Assistant runs (`script.rs`); where files differ, further scripts find out which.

mod contents;
mod difference;
mod remote;
mod resources;
mod script;

use rutter_sdk::prelude::*;

use crate::difference::Difference;

rutter_sdk::plugin!(run);

/// How many differences a message names.
const NAMED_MAX: usize = 10;

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let mut compared = vec!["resource data".to_owned()];
    let pair = resources::Pair::read(&account, &inputs)?;
    let mut differences = pair.differences();
    if inputs.contents {
        let found = contents::compare(host, &account, &inputs, &pair)?;
        differences.extend(found);
        compared.extend(contents::compared(&inputs));
    }
    let unexpected: Vec<&Difference> = differences.iter().filter(|one| !one.expected).collect();
    for one in &unexpected {
        host.warn(&format!("differs: {}", one.sentence()));
    }
    if !unexpected.is_empty() && !inputs.allow_differences {
        return Err(differs(&inputs, &unexpected));
    }
    let mut report = vec![format!("compared: {}", compared.join(", "))];
    report.extend(differences.iter().map(Difference::sentence));
    Ok(Outputs {
        equal: unexpected.is_empty(),
        report,
        differences: differences.into_iter().map(Difference::output).collect(),
    })
}

fn differs(inputs: &Inputs, unexpected: &[&Difference]) -> Fault {
    let named: Vec<String> = unexpected
        .iter()
        .take(NAMED_MAX)
        .map(|one| one.sentence())
        .collect();
    let more = match unexpected.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let message = format!(
        "`{}` is not what `{}` is: {}{more}",
        inputs.target.instance,
        inputs.source.instance,
        named.join("; ")
    );
    Fault::fail("compare-instances.differs", message).advise(
        "Look at the differences. What may differ belongs into `exclude`; what must not is mended by hand, \
         or by taking the run back and making a new image. Then run the step again.",
    )
}

#[cfg(test)]
rutter_sdk::cases!();

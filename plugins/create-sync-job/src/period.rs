//! How long a subscription is for.

use rutter_sdk::prelude::*;

use crate::Inputs;

/// Unit and length of a subscription; `None` for pay-as-you-go.
pub(crate) fn of(inputs: &Inputs) -> Result<Option<(&'static str, i64)>, Fault> {
    let is_subscription = inputs.billing == "subscription";
    match (is_subscription, inputs.months, inputs.years) {
        (false, None, None) => Ok(None),
        (true, Some(months), None) => Ok(Some(("Month", months))),
        (true, None, Some(years)) => Ok(Some(("Year", years))),
        (false, ..) => Err(refused(
            "`months` and `years` are for subscriptions, and the billing is pay-as-you-go",
            "Leave them out, or say `billing = \"subscription\"`.",
        )),
        (true, ..) => Err(refused(
            "a subscription needs either `months` (1 to 9) or `years` (1, 2, 3 or 5)",
            "Say one of the two.",
        )),
    }
}

fn refused(why: &str, remedy: &str) -> Fault {
    Fault::fail("create-sync-job.period", why).advise(format!("{remedy} Nothing was bought."))
}

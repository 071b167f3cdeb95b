//! The two ends of a task.

use rutter_sdk::prelude::*;

use crate::{Inputs, InputsDestination, InputsSource};

/// The role of DTS itself: entering it where the owner's role is meant is a known mistake.
const DTS_OWN_ROLE: &str = "AliyunDTSDefaultRole";

/// One end.
pub(crate) struct Endpoint<'a> {
    /// What its parameters and the fields of answers begin with.
    pub(crate) prefix: &'static str,
    pub(crate) instance: &'a str,
    pub(crate) region: &'a str,
    pub(crate) owner: Option<&'a str>,
    pub(crate) role: Option<&'a str>,
    password: Option<&'a Secret>,
}

impl<'a> Endpoint<'a> {
    pub(crate) fn source(inputs: &'a InputsSource) -> Self {
        Self {
            prefix: "SourceEndpoint",
            instance: &inputs.instance,
            region: &inputs.region,
            owner: inputs.owner.as_deref(),
            role: inputs.role.as_deref(),
            password: inputs.password.as_ref(),
        }
    }

    pub(crate) fn destination(inputs: &'a InputsDestination) -> Self {
        Self {
            prefix: "DestinationEndpoint",
            instance: &inputs.instance,
            region: &inputs.region,
            owner: inputs.owner.as_deref(),
            role: inputs.role.as_deref(),
            password: Some(&inputs.password),
        }
    }

    /// Adds its parameters. The account stands before the password, if it is not the default one.
    pub(crate) fn add_to(&self, api: Api) -> Api {
        let name = |suffix: &str| format!("{}{suffix}", self.prefix);
        let password = self
            .password
            .filter(|password| !password.placeholder().is_empty());
        api.set(&name("InstanceType"), "REDIS")
            .set(&name("EngineName"), "REDIS")
            .set(&name("InstanceID"), self.instance)
            .set(&name("Region"), self.region)
            .set(&name("OwnerID"), self.owner)
            .set(&name("Role"), self.role)
            .set(&name("Password"), password)
    }

    fn check(&self, side: &str) -> Result<(), Fault> {
        if self.owner.is_some() != self.role.is_some() {
            let message = format!("the {side} has one of `owner` and `role`, and they go together");
            return Err(Fault::fail("configure-dts-task.role", message).advise(
                "Say both if the instance belongs to another account, and neither if it does not.",
            ));
        }
        if self
            .role
            .is_some_and(|role| role.eq_ignore_ascii_case(DTS_OWN_ROLE))
        {
            let message = format!(
                "`{DTS_OWN_ROLE}` is the role of DTS itself, not the owner's role for the {side}"
            );
            return Err(Fault::fail("configure-dts-task.role", message).advise(
                "Say the name of the role that the owner made for this purpose, such as `ram-for-dts`.",
            ));
        }
        Ok(())
    }
}

/// Refuses what the cloud would refuse, or worse, would take.
pub(crate) fn check(inputs: &Inputs) -> Result<(), Fault> {
    let (source, destination) = (
        Endpoint::source(&inputs.source),
        Endpoint::destination(&inputs.destination),
    );
    source.check("source")?;
    destination.check("destination")?;
    if source.instance == destination.instance {
        let message = format!("`{}` is both source and destination", source.instance);
        return Err(Fault::fail("configure-dts-task.same-instance", message)
            .advise("Say two different instances."));
    }
    Ok(())
}

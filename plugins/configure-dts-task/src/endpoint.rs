//! The two ends of a task.

use rutter_sdk::prelude::*;

use crate::{Inputs, InputsDestination, InputsSource, kinds};

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
    kind: &'a str,
    access: &'a str,
    ip: Option<&'a str>,
    port: Option<i64>,
    database: Option<&'a str>,
    user: Option<&'a str>,
    cen: Option<&'a str>,
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
            kind: &inputs.kind,
            access: &inputs.access,
            ip: inputs.ip.as_deref(),
            port: inputs.port,
            database: inputs.database.as_deref(),
            user: inputs.user.as_deref(),
            cen: inputs.cen.as_deref(),
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
            kind: &inputs.kind,
            access: &inputs.access,
            ip: inputs.ip.as_deref(),
            port: inputs.port,
            database: inputs.database.as_deref(),
            user: inputs.user.as_deref(),
            cen: inputs.cen.as_deref(),
            password: Some(&inputs.password),
        }
    }

    /// Adds its parameters. The account stands before the password, if it is not the default one.
    pub(crate) fn add_to(&self, api: Api) -> Api {
        let name = |suffix: &str| format!("{}{suffix}", self.prefix);
        let password = self
            .password
            .filter(|password| !password.placeholder().is_empty());
        let is_source = self.prefix == "SourceEndpoint";
        // The two sides spell this one differently.
        let database = if is_source {
            "DatabaseName"
        } else {
            "DataBaseName"
        };
        api.set(
            &name("InstanceType"),
            kinds::instance_type(self.kind, self.access),
        )
        .set(&name("EngineName"), kinds::engine(self.kind, is_source))
        .set(&name("IP"), self.ip)
        .set(&name("Port"), self.port.map(|port| port.to_string()))
        .set(&name(database), self.database)
        .set(&name("UserName"), self.user)
        .set(&name("InstanceID"), self.instance)
        .set(&name("Region"), self.region)
        .set(&name("OwnerID"), self.owner)
        .set(&name("Role"), self.role)
        .set(&name("Password"), password)
    }

    fn check(&self, side: &str) -> Result<(), Fault> {
        self.check_way(side)?;
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

impl Endpoint<'_> {
    /// Each way to a database has an address of its own kind.
    fn check_way(&self, side: &str) -> Result<(), Fault> {
        let refuse = |message: String, advice: &str| {
            Err(Fault::fail("configure-dts-task.way", message)
                .advise(format!("{advice}. Nothing was called.")))
        };
        let is_instance = self.access == "cloud-instance";
        if is_instance && kinds::instance_type(self.kind, self.access).is_none() {
            let message = format!("there are no Alibaba Cloud instances of {}", self.kind);
            return refuse(message, "Say how DTS gets to the database");
        }
        let needs = match self.access {
            "cloud-instance" => (false, false),
            "ecs" => (false, true),
            _ => (true, true),
        };
        if needs != (self.ip.is_some(), self.port.is_some()) {
            let wanted = match needs {
                (false, false) => "neither `ip` nor `port`",
                (false, true) => "`port` and no `ip`",
                _ => "`ip` and `port`",
            };
            let message = format!(
                "the {side} is reached by {}, which takes {wanted}",
                self.access
            );
            return refuse(message, "Say what the way needs, and no more");
        }
        if (self.access == "cen") != self.cen.is_some() {
            let message =
                format!("the {side} has one of `cen` and the access `cen`, and they go together");
            return refuse(message, "Say both, or neither");
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

//! The two ends of a task.

use rutter_sdk::prelude::*;

use crate::{InputsDestination, InputsSource, kinds};

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
    password: Option<&'a Secret>,
}

/// The two tables of the manifest have the same fields; a type each is made of them.
macro_rules! endpoint_of {
    ($table:ty, $prefix:literal) => {
        impl<'a> From<&'a $table> for Endpoint<'a> {
            fn from(inputs: &'a $table) -> Self {
                Self {
                    prefix: $prefix,
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
                    // A source may have none, a destination always has one.
                    password: (&inputs.password).into(),
                }
            }
        }
    };
}

endpoint_of!(InputsSource, "SourceEndpoint");
endpoint_of!(InputsDestination, "DestinationEndpoint");

impl Endpoint<'_> {
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
}

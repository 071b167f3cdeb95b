//! The step `allocate-direct-connection`: gives a cluster an endpoint that leads to its shards without the proxy, which
//! does not hand over the stream of changes. One that is there already is used as it is.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let cluster = Cluster {
        account: &account,
        inputs: &inputs,
    };
    let allocate = cluster
        .api("AllocateDirectConnection")
        .set("ConnectionString", inputs.prefix.as_deref())
        .set("Port", inputs.port);
    // One that does not run takes no endpoint, and would be asked in vain for long.
    cluster.wait()?;
    let made = account
        .create(allocate)
        .reverse(cluster.api("ReleaseDirectConnection"))
        .or_adopt(cluster.look());
    let made = made.map_err(|fault| explained(fault, &inputs))?;
    let endpoint = cluster.endpoint()?.ok_or_else(|| cluster.not_shown())?;
    let port = endpoint.integer("/Port")?;
    if !made.made && port != inputs.port {
        host.info(&format!(
            "`{}` has a direct endpoint with port {port} already, which is used",
            inputs.instance
        ));
    }
    Ok(Outputs {
        host: endpoint.text("/ConnectionString")?.to_owned(),
        ip: endpoint.text("/IPAddress")?.to_owned(),
        port,
        created: made.made,
    })
}

/// The instance.
struct Cluster<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Cluster<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("R-kvstore", action)
            .region(&self.inputs.region)
            .set("InstanceId", &self.inputs.instance)
    }

    fn wait(&self) -> Result<(), Fault> {
        self.account
            .wait_for(self.api("DescribeInstanceAttribute"))
            .timeout(self.inputs.wait)
            .wait()
            .map(|_| ())
    }

    /// The direct endpoint: an instance has one at most. One that is being made, or released, is not shown as it will
    /// be, so the instance must be at rest.
    fn look(&self) -> Find {
        Find::in_list(
            self.api("DescribeDBInstanceNetInfo"),
            "/NetInfoItems/InstanceNetInfo",
        )
        .at_rest(self.api("DescribeInstanceAttribute"))
        .rest_timeout(self.inputs.wait)
        .equal("/DirectConnection", 1)
        .key("/ConnectionString")
    }

    /// The direct endpoint, if there is one.
    fn endpoint(&self) -> Result<Option<Answer>, Fault> {
        self.wait()?;
        let shown = self.account.read(self.api("DescribeDBInstanceNetInfo"))?;
        let is_direct = |item: &Answer| {
            item.integer("/DirectConnection")
                .is_ok_and(|direct| direct == 1)
        };
        let mut items = shown.items("/NetInfoItems/InstanceNetInfo").into_iter();
        Ok(items.find(is_direct))
    }

    fn not_shown(&self) -> Fault {
        let message = format!(
            "the direct endpoint of `{}` was made, and the cloud does not show it",
            self.inputs.instance
        );
        Fault::fail("allocate-direct-connection.not-shown", message)
            .advise("Look at the instance's connections in the console, then run the step again.")
    }
}

fn explained(fault: Fault, inputs: &Inputs) -> Fault {
    if fault.code != "InvalidConnType" {
        return fault;
    }
    let message = format!(
        "`{}` takes no direct endpoint: {}",
        inputs.instance, fault.message
    );
    let mut refused = Fault::fail("allocate-direct-connection.not-offered", message).advise(
        "It is for classic clusters in a VPC whose TLS is off. An instance that is no cluster needs none: use its private \
         address.",
    );
    refused.request_id = fault.request_id;
    refused
}

#[cfg(test)]
rutter_sdk::cases!();

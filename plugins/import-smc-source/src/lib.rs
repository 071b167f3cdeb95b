//! The step `import-smc-source`: a server of another account becomes a migration source of this one.
//!
//! The console's import has no public action. It is put together from documented ones: make an
//! activation code, become the role in the server's account, run the SMC client on the server with
//! the code, wait until the source is online. The client's command line is not public: unverified.
//!
//! The code never comes here: what stands in its place is swapped by the host when the command is sent.

mod client;
mod token;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run, undo);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let import = Import::new(host, &inputs)?;
    if import.source_server()?.is_none() {
        host.warn(
            "SMC has no public import: this is put together from documented actions, and the \
             client's command line is not verified",
        );
        import.begin()?;
    }
    let online = import
        .account
        .wait_for(import.source_servers())
        .field("/SourceServers/SourceServer/0/State")
        .until(&["Available", "InUse"])
        .timeout(inputs.wait)
        .wait();
    let online = match online {
        Err(fault) if fault.is_wait_timeout() => return Err(import.not_online()?),
        other => other?,
    };
    import.close_tokens()?;
    let source_server = online
        .text("/SourceServers/SourceServer/0/SourceId")?
        .to_owned();
    Ok(Outputs {
        source_server,
        name: import.name,
    })
}

fn undo(
    host: &Host,
    inputs: Inputs,
    changes: Vec<MadeChange>,
    outputs: Option<Outputs>,
) -> Result<(), Fault> {
    let import = Import::new(host, &inputs)?;
    let tokens = import.tokens()?;
    // A source that no client of this step registered was there before.
    let has_run = |change: &MadeChange| change.api.label() == "ECS:RunCommand";
    let has_registered = changes.iter().any(has_run) || tokens.iter().any(token::has_registered);
    let mut client = Ok(());
    if has_registered {
        client = import.remove_client(&changes);
        import.delete_source(outputs.as_ref())?;
    }
    import.delete_tokens(&changes, &tokens)?;
    // A server that cannot be reached keeps its client, and nothing else.
    client
}

/// One import.
struct Import<'a> {
    inputs: &'a Inputs,
    /// The account that migrates.
    account: Account,
    /// The name of the migration source, by which it is found again.
    name: String,
    /// What marks the activation codes of this step, in every attempt.
    mark: String,
}

impl<'a> Import<'a> {
    fn new(host: &Host, inputs: &'a Inputs) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            account: host.account()?,
            name: inputs.instance.clone(),
            mark: host.mark_for_name("import"),
        })
    }

    fn source_servers(&self) -> Api {
        Api::new("SMC", "DescribeSourceServers").set("Name", &self.name)
    }

    /// The migration source of that name, in any state.
    fn source_server(&self) -> Result<Option<Answer>, Fault> {
        let found = self.account.read(self.source_servers())?;
        Ok(found
            .items("/SourceServers/SourceServer")
            .into_iter()
            .next())
    }

    fn delete_source(&self, outputs: Option<&Outputs>) -> Result<(), Fault> {
        let Some(source) = self.source_server()? else {
            return Ok(());
        };
        let id = source.text("/SourceId")?;
        if outputs.is_some_and(|outputs| outputs.source_server != id) {
            return Ok(());
        }
        let gone = Find::in_list(self.source_servers(), "/SourceServers/SourceServer")
            .equal("/SourceId", id)
            .none_of("/State", &["Deleting"])
            .gone();
        let delete = Api::new("SMC", "DeleteSourceServer").set("SourceId", id);
        self.account.change(delete).find(gone).send().or_absent()?;
        Ok(())
    }

    fn begin(&self) -> Result<(), Fault> {
        let there = self
            .account
            .assume_role(&self.inputs.role_arn, "rutter-import")?;
        let os = self.check_server(&there)?;
        let token = self.create_token()?;
        self.run_client(&there, os, &token)
    }

    /// A source that does not come online has failed, whatever else it is.
    fn not_online(&self) -> Result<Fault, Fault> {
        let source = self.source_server()?;
        let state = source
            .as_ref()
            .and_then(|source| source.text_if_any("/State"))
            .unwrap_or("not listed");
        let why = source
            .as_ref()
            .and_then(|source| source.text_if_any("/StatusInfo"))
            .unwrap_or("it gives no reason");
        let message = format!("the migration source `{}` is `{state}`: {why}", self.name);
        Ok(self.refused("not-online", message).advise(
            "Look at the client's logs on the server (`/smc` or `C:\\smc`). To import again, delete the source in the SMC console, or `rutter undo`, and begin anew.",
        ))
    }

    fn refused(&self, code: &str, message: String) -> Fault {
        Fault::fail(format!("import-smc-source.{code}"), message)
    }
}

#[cfg(test)]
rutter_sdk::cases!();

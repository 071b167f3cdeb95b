//! The SMC client as a command line on a server.
//!
//! The real command line is not public. The simulation understands, anywhere in a script, a line of the form
//!
//! ```text
//! smc_client --access-token-id ID --access-token-code CODE [--name NAME]
//! smc_client --uninstall
//! ```
//!
//! with any path before `smc_client` and with `--option=value` too. It runs as long as an import takes (3 to 10 minutes
//! live, `[durations] import` here), so that a command with the default timeout of a minute is cut off.

use std::collections::BTreeMap;

use super::{Smc, SourceServer};
use crate::ecs::{Done, EcsFile, Script};
use crate::identifier::{self, Counters};
use crate::settings::Settings;

/// The client, with what it reaches of the world.
pub(crate) struct Client<'a> {
    /// By account id.
    pub smc: &'a mut BTreeMap<String, Smc>,
    pub settings: &'a Settings,
    /// What the identifiers are derived from.
    pub seed: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Order {
    Register {
        id: String,
        code: String,
        name: Option<String>,
    },
    Uninstall,
}

impl Client<'_> {
    /// Runs the client if the script does; `None` if it does not.
    pub fn run(&mut self, script: Script<'_>, counters: &mut Counters) -> Option<Done> {
        match parse(script.text)? {
            Order::Uninstall => Some(self.uninstall(script)),
            Order::Register { id, code, name } => {
                Some(self.register(script, counters, &id, &code, name))
            }
        }
    }

    fn register(
        &mut self,
        script: Script<'_>,
        counters: &mut Counters,
        id: &str,
        code: &str,
        name: Option<String>,
    ) -> Done {
        let Script {
            server,
            limit_ms,
            now,
            ..
        } = script;
        let (command_ms, seed) = (self.settings.durations.command.0, self.seed);
        let import_ms = self.settings.durations.import.0.max(command_ms);
        let Some((owner, smc)) = self.owner(id, code, now) else {
            return failed(command_ms, "the access token is not valid");
        };
        let is_known = |source: &SourceServer| {
            source.instance == server.id && !source.is_deleting() && !source.is_offline(now)
        };
        if smc.sources.values().any(is_known) {
            let output = "this server is registered already; delete its migration source first";
            return failed(command_ms, output);
        }
        let counter = counters.count(owner, "source-server");
        let identifiers = identifier::IdentifierSource {
            seed,
            account: owner,
        };
        let source_id = identifiers.resource("s-", "source-server", counter);
        // A client that is cut off before the import is done leaves a source that never becomes available.
        let is_cut_off = import_ms > limit_ms;
        let source = SourceServer {
            name: name.unwrap_or_else(|| name_of(server)),
            instance: server.id.clone(),
            server: server.clone(),
            appears_ms: now.saturating_add(command_ms.min(limit_ms)),
            available_ms: (!is_cut_off).then(|| now.saturating_add(import_ms)),
            offline_ms: None,
            deleting_ms: None,
        };
        smc.sources.insert(source_id, source);
        if let Some(token) = smc.tokens.get_mut(id) {
            token.registered += 1;
        }
        Done {
            takes_ms: import_ms,
            exit_code: 0,
            output: "smc_client: registered\n".to_owned(),
        }
    }

    /// Returns the account whose token admits a client with this code.
    fn owner(&mut self, id: &str, code: &str, now: i64) -> Option<(&String, &mut Smc)> {
        let mut accounts = self.smc.iter_mut();
        let found = accounts.find(|(_, smc)| smc.tokens.contains_key(id));
        found.filter(|(_, smc)| smc.tokens[id].admits(code, now))
    }

    /// The server's sources, in whatever account, lose their client.
    fn uninstall(&mut self, script: Script<'_>) -> Done {
        let takes_ms = self.settings.durations.command.0;
        let at = script.now.saturating_add(takes_ms);
        for smc in self.smc.values_mut() {
            let sources = &mut smc.sources;
            let is_its = |source: &SourceServer| {
                source.instance == script.server.id && source.offline_ms.is_none()
            };
            let its = sources.iter().filter(|(_, source)| is_its(source));
            let its: Vec<String> = its.map(|(id, _)| id.clone()).collect();
            for id in its {
                if let Some(source) = sources.get_mut(&id) {
                    source.offline_ms = Some(at);
                }
            }
        }
        Done {
            takes_ms,
            exit_code: 0,
            output: "smc_client: uninstalled\n".to_owned(),
        }
    }
}

fn failed(takes_ms: i64, output: &str) -> Done {
    Done {
        takes_ms,
        exit_code: 1,
        output: format!("smc_client: {output}\n"),
    }
}

fn name_of(instance: &EcsFile) -> String {
    let name = if instance.name.is_empty() {
        &instance.id
    } else {
        &instance.name
    };
    name.clone()
}

fn parse(script: &str) -> Option<Order> {
    script.lines().find_map(parse_line)
}

fn parse_line(line: &str) -> Option<Order> {
    let mut words = line
        .split_whitespace()
        .map(|word| word.trim_matches(['"', '\'', ';']));
    words.find(|word| is_client(word))?;
    let (mut id, mut code, mut name) = (None, None, None);
    while let Some(word) = words.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value.trim_matches(['"', '\'']))),
            None => (word, None),
        };
        let slot = match option {
            "--uninstall" => return Some(Order::Uninstall),
            "--access-token-id" => &mut id,
            "--access-token-code" => &mut code,
            "--name" => &mut name,
            _ => continue,
        };
        *slot = value.or_else(|| words.next()).map(str::to_owned);
    }
    Some(Order::Register {
        id: id?,
        code: code?,
        name,
    })
}

fn is_client(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name == "smc_client" || name == "smc_client.exe"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(id: &str, code: &str, name: Option<&str>) -> Option<Order> {
        Some(Order::Register {
            id: id.into(),
            code: code.into(),
            name: name.map(Into::into),
        })
    }

    #[test]
    fn the_client_is_found_anywhere_in_a_script() {
        let script = "#!/bin/sh\nset -e\ncd /smc\nnohup ./smc_client --access-token-id at-1 --access-token-code \"c\" &\n";
        assert_eq!(parse(script), register("at-1", "c", None));
        assert_eq!(
            parse(r"C:\smc\smc_client.exe --access-token-code=c --access-token-id=at-1 --name=n"),
            register("at-1", "c", Some("n"))
        );
        assert_eq!(
            parse("sudo /smc/smc_client --uninstall"),
            Some(Order::Uninstall)
        );
    }

    #[test]
    fn other_scripts_and_incomplete_lines_are_none() {
        assert_eq!(parse("echo smc_clients"), None);
        assert_eq!(parse("smc_client --access-token-id at-1"), None);
        assert_eq!(
            parse("smc_client --access-token-id at-1 --access-token-code"),
            None
        );
    }
}

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

use crate::ecs::EcsFile;
use crate::identifier;
use crate::scene::Scene;
use crate::smc::Source;

/// What running the client comes to.
pub(crate) struct Done {
    pub takes_ms: i64,
    pub exit_code: i64,
    pub output: String,
}

impl Done {
    fn failed(takes_ms: i64, output: &str) -> Self {
        Self {
            takes_ms,
            exit_code: 1,
            output: format!("smc_client: {output}\n"),
        }
    }
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

/// Runs the client if the script does; `None` if it does not. `limit_ms` is when Cloud Assistant ends the script.
pub(crate) fn run(
    scene: &mut Scene<'_>,
    instance: &EcsFile,
    script: &str,
    limit_ms: i64,
) -> Option<Done> {
    match parse(script)? {
        Order::Uninstall => Some(uninstall(scene, instance)),
        Order::Register { id, code, name } => {
            Some(register(scene, instance, &id, &code, name, limit_ms))
        }
    }
}

fn register(
    scene: &mut Scene<'_>,
    instance: &EcsFile,
    id: &str,
    code: &str,
    name: Option<String>,
    limit_ms: i64,
) -> Done {
    let now = scene.now;
    let command_ms = scene.settings().durations.command.0;
    let import_ms = scene.settings().durations.import.0.max(command_ms);
    let Some(owner) = owner(scene, id, code) else {
        return Done::failed(command_ms, "the access token is not valid");
    };
    let is_known = |source: &Source| {
        source.instance == instance.id && !source.is_deleting() && !source.is_offline(now)
    };
    if scene.world.accounts[&owner]
        .smc
        .sources
        .values()
        .any(is_known)
    {
        let output = "this server is registered already; delete its migration source first";
        return Done::failed(command_ms, output);
    }
    let counter = scene.world.count(&owner, "source-server");
    let identifiers = identifier::Source {
        seed: scene.moment.seed,
        account: &owner,
    };
    let source_id = identifiers.resource("s-", "source-server", counter);
    // A client that is cut off before the import is done leaves a source that never becomes available.
    let is_cut_off = import_ms > limit_ms;
    let source = Source {
        name: name.unwrap_or_else(|| name_of(instance)),
        instance: instance.id.clone(),
        server: instance.clone(),
        appears_ms: now.saturating_add(command_ms.min(limit_ms)),
        available_ms: (!is_cut_off).then(|| now.saturating_add(import_ms)),
        offline_ms: None,
        deleting_ms: None,
    };
    let smc = &mut scene
        .world
        .accounts
        .get_mut(&owner)
        .expect("the token was found in it")
        .smc;
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
fn owner(scene: &Scene<'_>, id: &str, code: &str) -> Option<String> {
    let account = scene
        .world
        .accounts
        .values()
        .find(|account| account.smc.tokens.contains_key(id))?;
    account.smc.tokens[id]
        .admits(code, scene.now)
        .then(|| account.id.clone())
}

fn name_of(instance: &EcsFile) -> String {
    let name = if instance.name.is_empty() {
        &instance.id
    } else {
        &instance.name
    };
    name.clone()
}

/// The server's sources, in whatever account, lose their client.
fn uninstall(scene: &mut Scene<'_>, instance: &EcsFile) -> Done {
    let takes_ms = scene.settings().durations.command.0;
    let at = scene.now.saturating_add(takes_ms);
    for account in scene.world.accounts.values_mut() {
        let sources = &mut account.smc.sources;
        let is_its =
            |source: &Source| source.instance == instance.id && source.offline_ms.is_none();
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

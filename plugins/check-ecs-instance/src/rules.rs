//! What a server has to be, by what is wanted of it.

use rutter_sdk::Violations;

use crate::Inputs;
use crate::server::Server;

/// The rules that the server breaks.
pub(crate) fn broken(server: &Server, inputs: &Inputs) -> Violations {
    let mut rules = Violations::new();
    state(&mut rules, server, inputs);
    if inputs.snapshots {
        snapshots(&mut rules, server);
    }
    if inputs.release {
        release(&mut rules, server);
    }
    let os = inputs.os.as_deref().filter(|os| *os != server.os);
    rules.add_if(
        os.is_some(),
        format!(
            "its operating system is {} and not {}",
            server.os,
            os.unwrap_or_default()
        ),
        "choose the server that was meant, or say its operating system",
    );
    let network = inputs
        .network
        .as_deref()
        .filter(|network| *network != server.network);
    rules.add_if(
        network.is_some(),
        format!(
            "it is in the {} network and not in {}",
            server.network,
            network.unwrap_or_default()
        ),
        "choose a server that is there, or move it",
    );
    rules
}

fn state(rules: &mut Violations, server: &Server, inputs: &Inputs) {
    let (wanted, remedy): (&[&str], &str) = if inputs.running {
        (&["Running"], "start it, and wait until it is running")
    } else {
        (
            &["Running", "Stopped"],
            "wait until it is running or stopped",
        )
    };
    rules.add_if(
        !wanted.contains(&server.status.as_str()),
        format!(
            "it is `{}` and not {}",
            server.status,
            wanted.join(" or ").to_lowercase()
        ),
        remedy,
    );
    rules.add_if(
        inputs.cloud_assistant && !server.cloud_assistant,
        "its Cloud Assistant does not answer, so that no command can be run on it",
        "install or start the Cloud Assistant client on it",
    );
    rules.add_if(
        !server.locks.is_empty(),
        format!("it is locked ({})", server.locks.join(", ")),
        "settle what it is locked for; the console says how",
    );
}

fn snapshots(rules: &mut Violations, server: &Server) {
    let local: Vec<String> = server
        .disks
        .iter()
        .filter(|disk| disk.is_local())
        .map(|disk| format!("`{}` ({})", disk.id, disk.category))
        .collect();
    rules.add_if(
        !local.is_empty(),
        format!(
            "it has local disks, of which no snapshot can be made: {}",
            local.join(", ")
        ),
        "move their data to cloud disks and detach them, or copy the server with the Server Migration Center",
    );
}

fn release(rules: &mut Violations, server: &Server) {
    rules.add_if(
        server.is_subscription,
        "it is a subscription, which cannot be released before it ends",
        "leave the clean-up out, or turn it into pay-as-you-go",
    );
    rules.add_if(
        server.is_protected,
        "it is protected from being released",
        "take the deletion protection off if it may go, or leave the clean-up out",
    );
}

/// What does not stop anything and should be known.
pub(crate) fn warnings(server: &Server, inputs: &Inputs) -> Vec<String> {
    let mut warnings = Vec::new();
    let id = &server.id;
    if let Some(at) = &server.auto_release {
        warnings.push(format!(
            "`{id}` is released by itself at {at}: be done with it before, or take the time off"
        ));
    }
    if inputs.snapshots {
        warnings.push(format!(
            "an image of `{id}` is made from a snapshot of each of its {} disks, and snapshots are charged until they are deleted",
            server.disks.len()
        ));
    }
    warnings
}

//! The cloud's official clients against the simulated cloud: nobody here wrote them, so they do not share our mistakes.
//!
//! The Python beside this, `tests/clients/`, calls every simulated action and judges each answer by the typed models of
//! the clients; `tests/clients/README.md` says how to add a call.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing fails there")]

use std::collections::BTreeSet;
use std::path::Path;

use rutter_tests::official::{self, LIMIT};
use rutter_tests::{Bench, Cloud};

const WORLD: &str = "tests/clients/world.toml";

#[tokio::test]
async fn official_clients_are_understood_and_call_every_simulated_action() {
    let bench = Bench::default();
    let cloud = Cloud::start(&bench, WORLD).await;
    let python = official::environment().await;
    let ended = run(&python, &bench, &cloud).await;
    assert!(
        ended.0,
        "the official clients are not content:\n{}",
        ended.1
    );
    let uncalled = uncalled(&cloud).await;
    assert!(
        uncalled.is_empty(),
        "no official client was answered when it called {uncalled:?}; add a call to tests/clients/PRODUCT.py"
    );
}

/// Runs the clients' side; whether it was content, and what it says.
async fn run(python: &Path, bench: &Bench, cloud: &Cloud) -> (bool, String) {
    let ended = official::command(python, bench.path())
        .arg(Bench::top().join("tests/clients/run.py"))
        .arg(cloud.address())
        .args(["--missing", &known_and_not_simulated()])
        .arg("--program")
        .arg(Bench::binary())
        .output();
    let ended = tokio::time::timeout(LIMIT, ended)
        .await
        .expect("the official clients come to an end")
        .unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (
        ended.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Names an action of each product that its contract has and the simulated cloud does not, as `ram:GetUser,…`; a product
/// of which everything is simulated is left out.
fn known_and_not_simulated() -> String {
    let simulated: BTreeSet<_> = rutter_simcloud::simulated().collect();
    let mut named = BTreeSet::new();
    let mut list = Vec::new();
    for action in rutter_contracts::actions() {
        if !simulated.contains(&(action.product, action.name.as_str()))
            && named.insert(action.product)
        {
            let product = action.product.to_ascii_lowercase().replace('-', "_");
            list.push(format!("{product}:{}", action.name));
        }
    }
    list.join(",")
}

/// Returns the simulated actions that were not called with success.
async fn uncalled(cloud: &Cloud) -> BTreeSet<String> {
    let called: BTreeSet<String> = cloud.answered().await.into_iter().collect();
    rutter_simcloud::simulated()
        .map(|(product, action)| format!("{product}:{action}"))
        .filter(|action| !called.contains(action))
        .collect()
}

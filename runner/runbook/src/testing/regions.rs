//! Regions that do not exist, or in which nothing of the kind is offered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rutter_diagnostic::Source;

use super::{Binding, InputSources, Load, bindings, load_text, plugins};

const RUNBOOK: &str = r#"
schema = 1
[runbook]
name = "x"
[accounts.source]
help = "Account A"
[accounts.destination]
help = "Account B"
[[steps]]
id = "copies"
uses = "copy-image"
accounts = { from = "source", to = "destination" }
for_each = ["cn-hangzhou", "cn-hangzou", "cn-hangzou"]
with = { region = "{{ item }}", name = "n" }
"#;

/// What is said about the runbook where these products have an address of the operator's.
fn said(bound: &BTreeMap<String, Binding>, endpoints: &[&str]) -> Vec<String> {
    said_of(RUNBOOK, bound, endpoints)
}

fn said_of(text: &str, bound: &BTreeMap<String, Binding>, endpoints: &[&str]) -> Vec<String> {
    said_from(rutter_contracts::Network::Public, text, bound, endpoints)
}

fn said_from(
    network: rutter_contracts::Network,
    text: &str,
    bound: &BTreeMap<String, Binding>,
    endpoints: &[&str],
) -> Vec<String> {
    let bind = |names: &[&str]| super::known(bound.clone(), names);
    let load = Load {
        plugins: &plugins::Pretended,
        reach: &crate::Reach {
            own: endpoints.iter().copied().map(str::to_owned).collect(),
            network,
        },
        inputs: InputSources::default(),
        bind: Some(&bind),
        secret: &|path| path.to_owned(),
        accept: &|_| Ok(()),
    };
    let found = load_text(&Source::new("x.toml", text), Path::new(""), &load);
    let problems = found.map_or_else(|problems| problems, |_| Vec::new());
    let said = problems
        .into_iter()
        .map(|problem| format!("{}; {}", problem.title, problem.help.unwrap_or_default()));
    // In the order of the file otherwise, which is not looked at here.
    said.collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn a_region_that_does_not_exist_is_refused_once_with_the_nearest_one() {
    let mut bound = bindings(&["source", "destination"]);
    let step = "`region` of step `copies`: `cn-hangzou` is not a region of this cloud; did you mean `cn-hangzhou`?";
    assert_eq!(said(&bound, &[]), [step]);
    if let Some(binding) = bound.get_mut("source") {
        binding.region = "cn-beijin".to_owned();
    }
    let account = "the region of the account `source`: `cn-beijin` is not a region of this cloud; did you mean `cn-beijing`?";
    assert_eq!(said(&bound, &[]), [step, account]);
}

#[test]
fn an_address_of_the_operator_s_serves_any_region() {
    let mut bound = bindings(&["source", "destination"]);
    assert_eq!(said(&bound, &["ecs"]), Vec::<String>::new());
    if let Some(binding) = bound.get_mut("source") {
        binding.region = "xx-new-1".to_owned();
    }
    assert_eq!(said(&bound, &["ecs", "sts"]), Vec::<String>::new());
    assert_eq!(said(&bound, &["ecs"]).len(), 1);
}

#[test]
fn where_an_account_is_matters_to_plugins_that_are_given_no_region() {
    let mut bound = bindings(&["source"]);
    if let Some(binding) = bound.get_mut("source") {
        binding.region = "ap-northeast-2".to_owned();
    }
    let told = |plugin: &str| {
        let text = format!(
            "schema = 1\n[runbook]\nname = \"x\"\n[accounts.source]\nhelp = \"A\"\n\
            [[steps]]\nid = \"it\"\naccount = \"source\"\nuses = \"{plugin}\"\n"
        );
        let mut said = said_of(&text, &bound, &[]);
        said.retain(|said| said.contains("region"));
        said
    };
    let said = told("configure-task");
    let title =
        "the region of the account `source`: DTS is not offered in the region `ap-northeast-2`";
    assert!(said.len() == 1 && said[0].starts_with(title), "{said:?}");
    assert_eq!(told("say-hello"), Vec::<String>::new());
}

#[test]
fn what_has_no_host_for_vpcs_is_refused_where_it_is_called_from_one() {
    let mut bound = bindings(&["source", "destination"]);
    if let Some(binding) = bound.get_mut("source") {
        binding.region = "cn-hangzhou-finance".to_owned();
    }
    let text = RUNBOOK.replace("cn-hangzou", "cn-hangzhou");
    assert_eq!(said_of(&text, &bound, &[]), Vec::<String>::new());
    let said = said_from(rutter_contracts::Network::Vpc, &text, &bound, &[]);
    assert_eq!(said.len(), 1, "{said:?}");
    let text = "the region of the account `source`: STS has no host for VPCs in the region `cn-hangzhou-finance`";
    assert!(said[0].starts_with(text), "{said:?}");
}

//! A region that a step is given is one of the cloud's, and what the step's plugin calls is offered there.
//!
//! By convention a plugin calls its products in the region of its input `region`.

use std::collections::BTreeSet;

use rutter_contracts::{EndpointError, Network};
use rutter_manifest::{Field, FieldKind, Manifest};

use super::super::codes;
use super::super::document::{Node, NodeKind};
use super::super::file::Used;
use super::super::model::Model;
use super::super::problems::Problems;
use super::super::resolve::Local;
use super::super::schema::{Accounts, Step};
use super::with;

/// The input whose value says where a plugin's products are called.
const REGION: &str = "region";

pub(super) fn check(model: &Model<'_>, steps: &[bool], problems: &mut Problems<'_>) {
    let mut said = BTreeSet::new();
    let all = model.runbook.steps.iter().zip(model.used).enumerate();
    for (_, (step, used)) in all.filter(|(index, _)| steps[*index]) {
        let (Some(Used::Plugin(plugin)), Some(given)) = (used, &step.with) else {
            continue;
        };
        let manifest = plugin.manifest();
        let mut products = products_of(manifest);
        products.retain(|product| !model.reach.own.contains(product));
        // Where the operator names every address, the cloud knows regions that the table does not.
        if products.is_empty() {
            continue;
        }
        // One product in several regions: it is called in each.
        let in_each = products.len() == 1 && !manifest.inputs.contains_key(REGION);
        let mut regions = Vec::new();
        for local in with::items(step, model) {
            for (name, field) in &manifest.inputs {
                let (node, _, found) = given.find_entry(name);
                if found {
                    collect(name, field, node, local.as_ref(), model, &mut regions);
                }
            }
        }
        for (place, node, region) in regions {
            let problem = match place == REGION || (in_each && manifest.inputs.contains_key(&place))
            {
                true => products
                    .iter()
                    .find_map(|product| unserved(product, &region, model.reach.network)),
                false => unknown(&region),
            };
            let Some((what, help)) = problem else {
                continue;
            };
            if said.insert(what.clone()) {
                let title = format!("`{place}` of step `{}`: {what}", step.id.value);
                problems.push_at(codes::REGION, title, node.span, "", Some(help));
            }
        }
    }
}

/// The regions that accounts are bound to: there STS is asked whose they are, and plugins that are given no
/// region are at work.
pub(super) fn of_accounts(model: &Model<'_>, problems: &mut Problems<'_>) {
    for account in &model.runbook.accounts {
        let name = account.name.value.as_str();
        let binding = model.bindings.and_then(|bindings| bindings.get(name));
        let region = binding.map_or("", |binding| binding.region.as_str());
        if region.is_empty() {
            continue;
        }
        let mut products = BTreeSet::from(["sts".to_owned()]);
        let steps = model.runbook.steps.iter().zip(model.used);
        for (_, used) in steps.filter(|(step, _)| works_in(step, name)) {
            if let Some(Used::Plugin(plugin)) = used
                && !plugin.manifest().inputs.values().any(holds_region)
            {
                products.extend(products_of(plugin.manifest()));
            }
        }
        products.retain(|product| !model.reach.own.contains(product));
        let found = products
            .iter()
            .find_map(|product| unserved(product, region, model.reach.network));
        if let Some((what, help)) = found {
            let title = format!("the region of the account `{name}`: {what}");
            let (span, label) = (account.name.span, account.help.as_str());
            problems.push_at(codes::REGION, title, span, label, Some(help));
        }
    }
}

/// Whether a step names an account of the runbook.
fn works_in(step: &Step, account: &str) -> bool {
    match &step.accounts {
        Accounts::None => false,
        Accounts::One(name) => name.value == account,
        Accounts::Many(_, names) => names.iter().any(|(_, name)| name.value == account),
    }
}

/// Whether an input is a region or holds one.
fn holds_region(field: &Field) -> bool {
    field.kind == FieldKind::Region
        || field.fields.values().any(holds_region)
        || field.items.as_deref().is_some_and(holds_region)
}

/// The products that a plugin may call, in lower case.
fn products_of(manifest: &Manifest) -> BTreeSet<String> {
    let calls = manifest.permissions.iter().flat_map(|grant| &grant.call);
    let products = calls.filter_map(|call| call.split_once(':'));
    products
        .map(|(product, _)| product.to_ascii_lowercase())
        .collect()
}

/// The regions within a value, as far as they are known, with their places.
fn collect<'n>(
    place: &str,
    field: &Field,
    node: &'n Node,
    local: Option<&Local>,
    model: &Model<'_>,
    found: &mut Vec<(String, &'n Node, String)>,
) {
    match (field.kind, &node.kind) {
        (FieldKind::Region, NodeKind::Text(text)) => {
            let value = model.evaluate(text, local).ok();
            if let Some(region) = value.as_ref().and_then(|value| value.as_str()) {
                found.push((place.to_owned(), node, region.to_owned()));
            }
        }
        (FieldKind::Table, NodeKind::Table(table)) => {
            for (name, field) in &field.fields {
                if let Some(entry) = table.get(name) {
                    let place = format!("{place}.{name}");
                    collect(&place, field, &entry.value, local, model, found);
                }
            }
        }
        (FieldKind::List, NodeKind::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(field) = &field.items {
                    let place = format!("{place}[{index}]");
                    collect(&place, field, item, local, model, found);
                }
            }
        }
        _ => {}
    }
}

/// What is wrong with a region in which a product is called, and what to do.
fn unserved(product: &str, region: &str, network: Network) -> Option<(String, String)> {
    match rutter_contracts::endpoint_from(product, region, network) {
        Err(EndpointError::UnknownRegion { .. }) => unknown(region),
        Err(error @ EndpointError::NotOffered { .. }) => Some((
            error.to_string(),
            format!(
                "name another region, or the address of the product in rutter.toml: `[endpoints] {product} = \"https://…\"`"
            ),
        )),
        Err(error @ EndpointError::NotInVpc { .. }) => Some((
            error.to_string(),
            format!(
                "name the address of the product in rutter.toml, or the public network: `[endpoints] {product} = \"https://…\"`"
            ),
        )),
        // Products that the table does not have are said when they are called.
        Ok(_) | Err(_) => None,
    }
}

/// What is wrong with a region that a step only names.
fn unknown(region: &str) -> Option<(String, String)> {
    // What has not the shape of a region is refused as a value.
    if rutter_contracts::region_known(region) || !rutter_manifest::is_region(region) {
        return None;
    }
    let help = match rutter_contracts::nearest_region(region) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`cn-hangzhou` is one".to_owned(),
    };
    Some((format!("`{region}` is not a region of this cloud"), help))
}

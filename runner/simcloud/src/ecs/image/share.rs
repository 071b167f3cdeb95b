//! `ModifyImageSharePermission` and `DescribeImageSharePermission`: an image of one account that others may use.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Image, held, not_found};
use crate::answer::{Answer, Refusal};
use crate::ecs::RequestContext;
use crate::ecs::{refuse_dry_run, region};
use crate::paging::{Sizes, numbered};
use crate::time;

pub(in crate::ecs) fn modify(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let id = context.required("ImageId")?;
    own(context, &region, &id)?;
    let (add, remove) = (
        context.parameters.list("AddAccount"),
        context.parameters.list("RemoveAccount"),
    );
    if let Some(group) = context.parameters.filled("LaunchPermission") {
        let message = format!("The specified Group is wrongly formed: {group} is not simulated.");
        return Err(Refusal::new(400, "InvalidGroup.Malformed", message));
    }
    let unknown = |account: &&String| !context.world.accounts.contains_key(*account);
    if add.iter().chain(&remove).any(|account| unknown(&account)) {
        let message =
            "The specified parameter \"AddAccount.n\" or \"RemoveAccount.n\" does not exist.";
        return Err(Refusal::new(404, "InvalidAccount.NotFound", message));
    }
    if add.contains(&context.caller.account) {
        let message = "The specified Account does not yourself.";
        return Err(Refusal::new(404, "InvalidAccount.Forbbiden", message));
    }
    refuse_dry_run(context)?;
    let now = context.now;
    let owner = context.caller.account.clone();
    if let Some(image) = context.account_mut().images.get_mut(&id) {
        for account in &remove {
            image.shared_with.remove(account);
        }
        for account in &add {
            image.shared_with.entry(account.clone()).or_insert(now);
        }
    }
    let image = own(context, &region, &id)?.clone();
    for account in remove {
        withdraw(context, &account, &id);
    }
    for account in add {
        let shared = Image {
            shared_by: Some(owner.clone()),
            shared_with: BTreeMap::new(),
            ..image.clone()
        };
        if let Some(account) = context.world.accounts.get_mut(&account) {
            account.images.insert(id.clone(), shared);
        }
    }
    Ok(json!({}))
}

pub(in crate::ecs) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let id = context.required("ImageId")?;
    let image = own(context, &region, &id)?;
    let accounts = image
        .shared_with
        .iter()
        .map(|(account, since)| json!({ "AliyunId": account, "SharedTime": time::text(*since) }));
    let accounts: Vec<Value> = accounts.collect();
    let sizes = Sizes::new(10, 100);
    let (page, mut answer) = numbered(context.parameters, sizes, accounts);
    answer["ImageId"] = json!(id);
    answer["RegionId"] = json!(region);
    answer["Accounts"] = json!({ "Account": page });
    answer["ShareGroups"] = json!({ "ShareGroup": [] });
    Ok(answer)
}

/// An image that is deleted is gone for those that it was shared with.
pub(super) fn withdraw_from_all(context: &mut RequestContext<'_>, id: &str, image: &Image) {
    for account in image.shared_with.keys() {
        withdraw(context, account, id);
    }
}

fn withdraw(context: &mut RequestContext<'_>, account: &str, id: &str) {
    let owner = context.caller.account.clone();
    if let Some(account) = context.world.accounts.get_mut(account) {
        let theirs = &mut account.images;
        let shared = |image: &Image| image.shared_by.as_ref() == Some(&owner);
        if theirs.get(id).is_some_and(shared) {
            theirs.remove(id);
        }
    }
}

fn own<'a>(context: &'a RequestContext<'_>, region: &str, id: &str) -> Result<&'a Image, Refusal> {
    let image = held(context, region, id)?;
    match image.shared_by {
        None => Ok(image),
        Some(_) => Err(not_found()),
    }
}

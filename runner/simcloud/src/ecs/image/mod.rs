//! Images: made from a server, copied to another region, shared, listed, deleted.

mod copy;
mod create;
mod describe;
mod share;

pub(super) use copy::{cancel, copy};
pub(super) use create::create;
pub(super) use describe::describe;
pub(super) use share::{describe as describe_shares, modify as modify_shares};

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{GIB, refuse_dry_run, region, stock};
use crate::answer::{Answer, Refusal};
use crate::ecs::RequestContext;
use crate::ecs::content::Content;
use crate::ecs::file::{ImageFile, Os};
use crate::time::ALWAYS;

#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub region: String,
    pub name: String,
    pub description: String,
    pub os: Os,
    pub size_gb: u64,
    pub bytes: u64,
    pub snapshots: Vec<String>,
    /// When it begins to be made; before that it waits.
    pub from_ms: i64,
    pub until_ms: i64,
    /// The image that it is a copy of.
    pub copy_of: Option<String>,
    /// The account that shares it.
    pub shared_by: Option<String>,
    /// The accounts that it is shared with, and since when.
    pub shared_with: BTreeMap<String, i64>,
    /// What a server made of it has.
    pub content: Content,
    /// Of the processors that it runs on.
    pub architecture: &'static str,
}

impl Image {
    pub fn from_file(file: ImageFile) -> Self {
        Self {
            region: file.region,
            name: if file.name.is_empty() {
                file.id
            } else {
                file.name
            },
            description: String::new(),
            os: Os::Linux,
            size_gb: file.size_gb,
            bytes: file.size_gb.saturating_mul(GIB),
            snapshots: Vec::new(),
            from_ms: ALWAYS,
            until_ms: ALWAYS,
            copy_of: None,
            shared_by: file.shared_by,
            shared_with: BTreeMap::new(),
            content: Content::default(),
            architecture: stock::X86,
        }
    }

    pub fn status(&self, now: i64) -> &'static str {
        if now < self.from_ms {
            "Waiting"
        } else if now < self.until_ms {
            "Creating"
        } else {
            "Available"
        }
    }

    pub fn lasting(&self) -> Value {
        json!({ "region": self.region, "name": self.name, "description": self.description })
    }
}

fn check_name(
    context: &RequestContext<'_>,
    region: &str,
    name: Option<&str>,
) -> Result<(), Refusal> {
    let Some(name) = name else { return Ok(()) };
    let starts_well = name.chars().next().is_some_and(char::is_alphabetic);
    let reserved = ["http://", "https://", "acs:", "aliyun"]
        .iter()
        .any(|start| name.starts_with(start));
    if !starts_well || reserved {
        return Err(Refusal::new(
            400,
            "InvalidImageName.Malformed",
            "The specified Image name is wrongly formed.",
        ));
    }
    let is_taken =
        |image: &Image| image.region == region && image.name == name && image.shared_by.is_none();
    if context.account().images.values().any(is_taken) {
        return Err(Refusal::new(
            400,
            "InvalidImageName.Duplicated",
            "The specified Image name has already bean used.",
        ));
    }
    Ok(())
}

pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let id = context.required("ImageId")?;
    if held(context, &region, &id)?.shared_by.is_some() {
        return Err(not_found());
    }
    if !context.parameters.is_true("Force") && is_used(context, &id) {
        let message = "The specified image has been used to create instances.";
        return Err(Refusal::new(403, "ImageUsingByInstance", message));
    }
    let is_copied = |image: &Image| {
        image.copy_of.as_deref() == Some(id.as_str()) && image.status(context.now) != "Available"
    };
    if context.account().images.values().any(is_copied) {
        return Err(Refusal::new(
            403,
            "OperationDenied.ImageCopying",
            "The Image is coping.",
        ));
    }
    refuse_dry_run(context)?;
    if let Some(image) = context.account_mut().images.remove(&id) {
        share::withdraw_from_all(context, &id, &image);
    }
    Ok(json!({}))
}

fn is_used(context: &RequestContext<'_>, id: &str) -> bool {
    context
        .account()
        .instances
        .values()
        .any(|instance| instance.image == id)
}

pub(super) fn held<'a>(
    context: &'a RequestContext<'_>,
    region: &str,
    id: &str,
) -> Result<&'a Image, Refusal> {
    context
        .account()
        .images
        .get(id)
        .filter(|image| image.region == region)
        .ok_or_else(not_found)
}

pub(super) fn not_found() -> Refusal {
    Refusal::new(
        404,
        "InvalidImageId.NotFound",
        "The specified ImageId does not exist.",
    )
}

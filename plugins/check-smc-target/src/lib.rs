//! The step `check-smc-target`: looks at what a server is to become before anything is changed.

mod fit;

use rutter_sdk::prelude::*;
use rutter_sdk::{image, instant};

use crate::fit::Server;

rutter_sdk::plugin!(run);

/// How far ahead an instant lies.
struct Range {
    least: Duration,
    most: Duration,
    words: &'static str,
}

const SCHEDULE: Range = Range {
    least: Duration::from_mins(10),
    most: Duration::from_hours(30 * 24),
    words: "10 minutes to 30 days ahead",
};

const VALID: Range = Range {
    least: Duration::from_hours(7 * 24),
    most: Duration::from_hours(90 * 24),
    words: "7 to 90 days ahead",
};

/// How long an import takes at the most, which comes before the job is made.
const IMPORT: Duration = Duration::from_mins(10);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let target = Target {
        host,
        inputs: &inputs,
        account: host.open("destination")?,
    };
    let loses = match (&inputs.image_name, &inputs.target_instance) {
        (Some(image), None) => target.check_image(image).map(|()| Vec::new())?,
        (None, Some(instance)) => target.check_instance(instance)?,
        _ => {
            let message = "a server becomes either an image or the system of an instance";
            return Err(target
                .refused("misfit", message.to_owned())
                .advise("Give one of `image_name` and `target_instance`."));
        }
    };
    target.check_instants()?;
    Ok(Outputs { loses })
}

struct Target<'a> {
    host: &'a Host,
    inputs: &'a Inputs,
    account: Account,
}

impl Target<'_> {
    fn ecs(&self, action: &str) -> Api {
        Api::new("ECS", action).in_region(&self.inputs.region)
    }

    fn check_image(&self, name: &str) -> Result<(), Fault> {
        let read = self
            .ecs("DescribeImages")
            .set("ImageName", name)
            .set("ImageOwnerAlias", "self")
            .set("Status", image::EVERY_STATUS);
        let images = self.account.read(read)?.items("/Images/Image");
        let Some(image) = images.first() else {
            return Ok(());
        };
        let (id, region) = (image.text("/ImageId")?, &self.inputs.region);
        let message = format!("there is an image `{name}` in {region} already ({id})");
        Err(self
            .refused("image-name", message)
            .advise("Choose another name: the migration would break off after hours of copying."))
    }

    /// Returns the automatic snapshots that the instance loses.
    fn check_instance(&self, id: &str) -> Result<Vec<String>, Fault> {
        let inputs = self.inputs;
        let there = self.host.open("source")?;
        let source = Server::read(&there, &inputs.instance, &inputs.source_region)?;
        let target = Server::read(&self.account, id, &inputs.region)?;
        let source = source.ok_or_else(|| self.absent(&inputs.instance, &inputs.source_region))?;
        let target = target.ok_or_else(|| self.absent(id, &inputs.region))?;
        let misfits = fit::misfits(&source, &target);
        if !misfits.is_empty() {
            let message = format!(
                "{} does not fit into {id}: {}",
                inputs.instance,
                misfits.join("; ")
            );
            return Err(self.refused("target", message).advise(
                "Choose or create an instance with the same system and disks at least as large, or make an image instead.",
            ));
        }
        let loses = self.automatic_snapshots(&target)?;
        if loses.is_empty() || inputs.automatic_snapshots == "lose" {
            return Ok(loses);
        }
        let disk = &target.system_disk;
        let message = format!(
            "replacing the system of {id} clears automatic snapshots of its system disk {disk} for good: {}",
            loses.join(", ")
        );
        Err(self.refused("snapshots", message).advise(format!(
            "To keep them, turn off `Release automatic snapshots with disk` of {disk} (ModifyDiskAttribute, DeleteAutoSnapshot=false); to lose them, set `automatic_snapshots = \"lose\"`.",
        )))
    }

    fn automatic_snapshots(&self, target: &Server) -> Result<Vec<String>, Fault> {
        if !target.clears_snapshots {
            return Ok(Vec::new());
        }
        let read = self
            .ecs("DescribeSnapshots")
            .set("DiskId", &target.system_disk)
            .set("SnapshotType", "auto");
        let snapshots = self.account.read_all(read)?.items("/Snapshots/Snapshot");
        let ids = snapshots
            .iter()
            .map(|snapshot| snapshot.text("/SnapshotId"));
        ids.map(|id| id.map(str::to_owned)).collect()
    }

    fn check_instants(&self) -> Result<(), Fault> {
        let all = [
            ("scheduled_start", &self.inputs.scheduled_start, SCHEDULE),
            ("valid_until", &self.inputs.valid_until, VALID),
        ];
        if all.iter().all(|(_, given, _)| given.is_none()) {
            return Ok(());
        }
        let now = self.cloud_time()?;
        for (name, given, range) in all {
            if let Some(given) = given {
                self.check_instant(name, given, now, &range)?;
            }
        }
        Ok(())
    }

    fn check_instant(
        &self,
        name: &str,
        given: &str,
        now: Duration,
        range: &Range,
    ) -> Result<(), Fault> {
        let (from, until) = (now + range.least, now + range.most);
        let instant = instant::parse(given).unwrap_or_default();
        if instant < from || instant > until {
            let message = format!("`{name}` is {given}, and must be {}", range.words);
            let (from, until) = (instant::text(from), instant::text(until));
            return Err(self
                .refused("instant", message)
                .advise(format!("Choose an instant between {from} and {until}.")));
        }
        if instant < from + IMPORT {
            self.host.warn(&format!(
                "an import takes up to 10 minutes: `{name}` may be too near by then"
            ));
        }
        Ok(())
    }

    /// What time it is in the cloud, as far as the server's agent tells, which reports all the time; the time here can
    /// be wrong.
    fn cloud_time(&self) -> Result<Duration, Fault> {
        let Inputs {
            instance,
            source_region,
            ..
        } = self.inputs;
        let read = Api::new("ECS", "DescribeCloudAssistantStatus")
            .in_region(source_region)
            .set("InstanceId", json!([instance]));
        let answer = self.host.open("source")?.read(read)?;
        let seen = answer.text_if_any(
            "/InstanceCloudAssistantStatusSet/InstanceCloudAssistantStatus/0/LastHeartbeatTime",
        );
        Ok(seen
            .and_then(instant::parse)
            .unwrap_or_else(|| self.host.now()))
    }

    fn absent(&self, id: &str, region: &str) -> Fault {
        self.refused("absent", format!("there is no server `{id}` in {region}"))
            .advise("Check the id, the region and the account.")
    }

    fn refused(&self, code: &str, message: String) -> Fault {
        Fault::fail(format!("check-smc-target.{code}"), message)
    }
}

#[cfg(test)]
rutter_sdk::cases!();

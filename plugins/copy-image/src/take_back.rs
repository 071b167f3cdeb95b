//! Taking a copy back: one under way is cancelled; a finished one goes, then the snapshots behind it, which would
//! stay and be charged.

use std::collections::BTreeSet;

use rutter_sdk::prelude::*;

use crate::{Outputs, Wanted, snapshots};

const STATUS: &str = "/Images/Image/0/Status";

/// What a copy is while it can be cancelled.
const UNDER_WAY: [&str; 2] = ["Waiting", "Creating"];

/// What a copy is when nothing of it is under way.
const SETTLED: [&str; 4] = ["Available", "CreateFailed", "UnAvailable", "NOT_FOUND"];

impl Wanted<'_> {
    pub fn take_back(&self, changes: &[MadeChange], outputs: Option<Outputs>) -> Result<(), Fault> {
        let images = self.made(changes, outputs.as_ref())?;
        let mut behind: BTreeSet<String> = BTreeSet::new();
        behind.extend(outputs.into_iter().flat_map(|outputs| outputs.snapshots));
        for id in &images {
            behind.extend(self.snapshots_of(id)?);
        }
        for id in &images {
            self.delete_image(id)?;
        }
        // One that is refused does not keep the others.
        let deleted: Vec<_> = behind.iter().map(|id| self.delete_snapshot(id)).collect();
        deleted.into_iter().collect()
    }

    /// The images that were recorded, and one with this step's mark.
    fn made(
        &self,
        changes: &[MadeChange],
        outputs: Option<&Outputs>,
    ) -> Result<BTreeSet<String>, Fault> {
        let answers = changes
            .iter()
            .filter(|change| change.api.label() == "ECS:CopyImage")
            .filter_map(|change| change.answer.as_ref()?.pointer("/ImageId")?.as_str());
        let mut ids: BTreeSet<String> = answers.map(str::to_owned).collect();
        ids.extend(outputs.map(|outputs| outputs.id.clone()));
        for image in self.account.read(self.named())?.items("/Images/Image") {
            if image.text_if_any("/Description") == Some(&self.mark) {
                ids.insert(image.text("/ImageId")?.to_owned());
            }
        }
        Ok(ids)
    }

    /// The snapshots behind a copy, also when it is gone already. One under way is cancelled.
    fn snapshots_of(&self, id: &str) -> Result<Vec<String>, Fault> {
        let image = self.images().set("ImageId", id);
        let described = self.account.read(image.clone())?;
        let mut ids = snapshots(&described);
        let status = described.text_if_any(STATUS);
        if status.is_some_and(|status| !SETTLED.contains(&status)) {
            self.cancel(id)?;
        }
        let settled = self
            .account
            .wait_for(image)
            .field(STATUS)
            .until(&SETTLED)
            .timeout(self.inputs.wait)
            .wait()?;
        ids.extend(snapshots(&settled));
        ids.extend(self.snapshots_named(id)?);
        Ok(ids)
    }

    fn cancel(&self, id: &str) -> Result<(), Fault> {
        let cancel = self.here("CancelCopyImage").set("ImageId", id);
        let under_way = Find::in_list(self.images().set("ImageId", id), "/Images/Image")
            .one_of("/Status", &UNDER_WAY)
            .gone();
        match self
            .account
            .change(cancel)
            .find(under_way)
            .send()
            .or_absent()
        {
            // It has come to its end meanwhile.
            Err(fault) if fault.class == FaultClass::Busy => Ok(()),
            other => other.map(drop),
        }
    }

    /// The cloud names the snapshots that it makes for an image by the image's id.
    fn snapshots_named(&self, image: &str) -> Result<Vec<String>, Fault> {
        let named = self
            .here("DescribeSnapshots")
            .set("SnapshotName", format!("Created_from_{image}"));
        let found = self.account.read_all(named)?.items("/Snapshots/Snapshot");
        let ids = found
            .iter()
            .map(|snapshot| snapshot.text("/SnapshotId").map(str::to_owned));
        ids.collect()
    }

    fn delete_image(&self, id: &str) -> Result<(), Fault> {
        let delete = self.here("DeleteImage").set("ImageId", id);
        let gone = Find::in_list(self.images().set("ImageId", id), "/Images/Image").gone();
        self.account.change(delete).find(gone).send().or_absent()?;
        Ok(())
    }

    fn delete_snapshot(&self, id: &str) -> Result<(), Fault> {
        let region = &self.inputs.destination_region;
        let delete = Api::new("ECS", "DeleteSnapshot")
            .region(region)
            .set("SnapshotId", id);
        let read = self
            .here("DescribeSnapshots")
            .set("SnapshotIds", json!([id]).to_string());
        let gone = Find::in_list(read, "/Snapshots/Snapshot").gone();
        self.account.change(delete).find(gone).send().or_absent()?;
        Ok(())
    }

    fn here(&self, action: &str) -> Api {
        let region = &self.inputs.destination_region;
        Api::new("ECS", action)
            .region(region)
            .set("RegionId", region)
    }
}

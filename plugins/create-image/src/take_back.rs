//! Taking an image back: the image goes, then the snapshots behind it, which would stay and be charged.

use std::collections::BTreeSet;

use rutter_sdk::prelude::*;

use crate::{Outputs, Wanted, snapshots};

/// What an image is when nothing of it is under way.
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
            .filter(|change| change.api.label() == "ECS:CreateImage")
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

    /// The snapshots behind an image, also when it is gone already.
    fn snapshots_of(&self, id: &str) -> Result<Vec<String>, Fault> {
        // What is being made cannot be deleted.
        let described = self.settled(id)?;
        let mut ids = snapshots(&described);
        ids.extend(self.snapshots_named(id)?);
        Ok(ids)
    }

    fn settled(&self, id: &str) -> Result<Answer, Fault> {
        self.account
            .wait_for(self.images().set("ImageId", id))
            .field("/Images/Image/0/Status")
            .until(&SETTLED)
            .timeout(self.inputs.wait)
            .wait()
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
        let region = &self.inputs.region;
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
        let region = &self.inputs.region;
        Api::new("ECS", action)
            .region(region)
            .set("RegionId", region)
    }
}

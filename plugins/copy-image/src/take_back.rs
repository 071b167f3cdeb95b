//! Taking a copy back: one under way is cancelled, a finished one goes.

use std::collections::BTreeSet;

use rutter_sdk::prelude::*;

use crate::{Outputs, Wanted};

const STATUS: &str = "/Images/Image/0/Status";

/// What a copy is while it can be cancelled.
const UNDER_WAY: [&str; 2] = ["Waiting", "Creating"];

/// What a copy is when nothing of it is under way.
const SETTLED: [&str; 4] = ["Available", "CreateFailed", "UnAvailable", NOT_FOUND];

impl Wanted<'_> {
    pub fn take_back(&self, changes: &[MadeChange], outputs: Option<Outputs>) -> Result<(), Fault> {
        for id in &self.made(changes, outputs.as_ref())? {
            self.settle(id)?;
            self.delete_image(id)?;
        }
        Ok(())
    }

    /// The images that were recorded, and one with this step's mark.
    fn made(
        &self,
        changes: &[MadeChange],
        outputs: Option<&Outputs>,
    ) -> Result<BTreeSet<String>, Fault> {
        let answers = changes
            .iter()
            .filter_map(|change| change.made("ECS:CopyImage", "/ImageId"));
        let mut ids: BTreeSet<String> = answers.map(str::to_owned).collect();
        ids.extend(outputs.map(|outputs| outputs.id.clone()));
        for image in self.account.read(self.named())?.items("/Images/Image") {
            if image.text_if_any("/Description") == Some(&self.mark) {
                ids.insert(image.text("/ImageId")?.to_owned());
            }
        }
        Ok(ids)
    }

    /// Cancels a copy that is under way, and waits until nothing of it is.
    fn settle(&self, id: &str) -> Result<(), Fault> {
        let image = self.images().set("ImageId", id);
        let described = self.account.read(image.clone())?;
        let status = described.text_if_any(STATUS);
        if status.is_some_and(|status| !SETTLED.contains(&status)) {
            self.cancel(id)?;
        }
        self.account
            .wait_for(image)
            .field(STATUS)
            .until(&SETTLED)
            .timeout(self.inputs.wait)
            .wait()
            .map(drop)
    }

    fn cancel(&self, id: &str) -> Result<(), Fault> {
        let cancel = self.there("CancelCopyImage").set("ImageId", id);
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
            Err(fault) if fault.is_busy() => Ok(()),
            other => other.map(drop),
        }
    }

    fn delete_image(&self, id: &str) -> Result<(), Fault> {
        let delete = self.there("DeleteImage").set("ImageId", id);
        let gone = Find::in_list(self.images().set("ImageId", id), "/Images/Image").gone();
        self.account.change(delete).find(gone).send().or_absent()?;
        Ok(())
    }
}

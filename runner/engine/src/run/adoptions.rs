//! What this run, and what other runs took as it was.

use crate::adoption::{Adoption, Object};
use crate::call::{Call, Target};
use crate::run::Run;

impl Run {
    /// The object that a look found, where it can be told from others.
    pub(crate) fn object(&self, read: &Call, key: &str) -> Option<Object> {
        let Target::Api(api) = &read.target else {
            return None;
        };
        let account = read.account.as_ref()?;
        let id = match account.role() {
            Some(role) => role.account_id(),
            None => &self.identity(account.name())?.id,
        };
        Some(Object {
            account: id.to_owned(),
            product: api.product.clone(),
            key: key.to_owned(),
        })
    }

    /// Takes down what other runs took as it was. It is no fact of this run, and holds for this process.
    pub(crate) fn learn_adoptions(&mut self, adoptions: &[Adoption]) {
        self.adoptions = adoptions.to_vec();
    }

    /// The other runs that took an object as it was.
    pub(crate) fn adopters(&self, object: &Object) -> Vec<&str> {
        let others = self.adoptions.iter();
        let same = others.filter(|other| other.object == *object && other.run != self.id);
        let mut runs: Vec<_> = same.map(|other| other.run.as_str()).collect();
        runs.sort_unstable();
        runs.dedup();
        runs
    }
}

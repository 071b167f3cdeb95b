//! Drawing what stands for a secret, and putting the secret back.

use rutter_contracts::hex;
use rutter_meaning::placeholder::{DIGITS, PREFIX};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::vault::{VaultError, random};

/// Draws placeholders. Whoever does not have the key can compute none.
pub(super) struct Draw(Zeroizing<Vec<u8>>);

impl Draw {
    /// With a key that is forgotten with the process: what was drawn is kept with the first record, or in the
    /// vault.
    pub(super) fn random() -> Result<Self, VaultError> {
        Ok(Self(Zeroizing::new(random::<32>()?.to_vec())))
    }

    /// The same for the same seed.
    pub(super) fn seeded(seed: &str) -> Self {
        // A byte that no seed ends with keeps ("a", "bc") and ("ab", "c") apart.
        Self(Zeroizing::new([seed.as_bytes(), &[0]].concat()))
    }

    /// What stands for the secret at a path; the same each time.
    pub(super) fn placeholder(&self, path: &str) -> String {
        let digest = Sha256::new()
            .chain_update(&*self.0)
            .chain_update(path)
            .finalize();
        let digits = hex::encode(&digest[..DIGITS / 2]);
        format!("{PREFIX}{digits}")
    }
}

/// A placeholder whose secret is not known to this process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret behind `{placeholder}` is not known")]
pub struct UnknownPlaceholder {
    /// The placeholder.
    pub placeholder: String,
}

impl UnknownPlaceholder {
    pub(super) fn new(placeholder: &str) -> Self {
        Self {
            placeholder: placeholder.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rutter_meaning::placeholder::is_placeholder;

    use super::*;

    #[test]
    fn a_placeholder_cannot_be_computed_and_is_the_same_for_the_same_seed() {
        let one = Draw::random().unwrap();
        let path = "inputs.password";
        assert!(is_placeholder(&one.placeholder(path)));
        assert_eq!(one.placeholder(path), one.placeholder(path));
        assert_ne!(
            one.placeholder(path),
            Draw::random().unwrap().placeholder(path)
        );
        let seeded = Draw::seeded("7");
        assert_eq!(
            seeded.placeholder(path),
            Draw::seeded("7").placeholder(path)
        );
        assert_ne!(
            seeded.placeholder(path),
            Draw::seeded("8").placeholder(path)
        );
    }
}

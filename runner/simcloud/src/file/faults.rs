//! How many calls go wrong by chance.

use serde::Deserialize;
use toml::Spanned;

use super::error::{Place, WorldError};

/// Shares of all calls, from 0 to 1.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FaultsFile {
    pub throttled: f64,
    pub failed: f64,
    pub lost: f64,
}

impl FaultsFile {
    pub fn is_none(&self) -> bool {
        self.all().iter().all(|share| *share == 0.0)
    }

    fn all(&self) -> [f64; 3] {
        [self.throttled, self.failed, self.lost]
    }
}

pub(super) fn shares(
    file: Option<Spanned<FaultsFile>>,
    place: &Place<'_>,
) -> Result<FaultsFile, WorldError> {
    let Some(file) = file else {
        return Ok(FaultsFile::default());
    };
    let shares = file.get_ref().all();
    let sound = |share: &f64| (0.0..=1.0).contains(share);
    if shares.iter().all(sound) && shares.iter().sum::<f64>() <= 1.0 {
        return Ok(file.into_inner());
    }
    let message = "each share of `[faults]` is a number from 0 to 1, and so is their sum";
    Err(place.error(file.span(), message))
}

//! How many calls go wrong by chance.

use toml::Spanned;

use super::error::{WorldError, WorldText};
use crate::chance::FaultsFile;

pub(super) fn shares(
    file: Option<Spanned<FaultsFile>>,
    world_text: &WorldText<'_>,
) -> Result<FaultsFile, WorldError> {
    let Some(file) = file else {
        return Ok(FaultsFile::default());
    };
    if file.get_ref().is_sound() {
        return Ok(file.into_inner());
    }
    let message = "each share of `[faults]` is a number from 0 to 1, and so is their sum";
    Err(world_text.error(file.span(), message))
}

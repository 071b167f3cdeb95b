//! That a journal was damaged and begun again from what of it was sound.

/// A journal that was begun again from its sound part. What came after it is not known, so that the run can only be
/// shown and taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// So many records from the first on were sound.
    pub sound: u64,
    /// So many there had been, at least, if that is known.
    pub reached: Option<u64>,
    /// What the damage was.
    pub damage: String,
    /// The folder beside the journal in which the damaged files are kept.
    pub kept: String,
}

impl Recovery {
    /// Whether records are missing, or nobody knows.
    pub fn lost_records(&self) -> bool {
        self.reached.is_none_or(|reached| reached > self.sound)
    }
}

//! Why inputs that are each right still do not fit together.

/// Why checked inputs still do not fit a built-in step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The input, if it is one.
    pub input: Option<&'static str>,
    /// What does not fit, in one sentence.
    pub message: String,
    /// What to write.
    pub help: &'static str,
}

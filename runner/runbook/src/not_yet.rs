//! Values that will only be known during the run, where a check needs one in their place.

use serde_json::Value;

/// Stands where a value will only be known during the run. Who writes just this (`"\u0000"`) has it checked during
/// the run, and not before.
pub(super) const NOT_YET: &str = "\0";

/// Whether a value will only be known during the run.
pub(super) fn is_not_yet(value: &Value) -> bool {
    value.as_str() == Some(NOT_YET)
}

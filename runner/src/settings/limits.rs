//! `[limits]`: what one attempt of a step may use up, and why that much.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::{DurationText, Size};

const MIB: usize = 1024 * 1024;

/// The limits of one attempt. Each has an error of its own, `rutter.limit.…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of linear memory. A step is a script: the largest answer the host hands over and what
    /// is parsed from it fit many times over.
    pub memory_max: usize,
    /// Milliseconds of computing, waiting not counted. Steps need less than one; interpreters that
    /// are started inside a guest need some hundred. Nobody waits ten seconds for one that loops.
    pub cpu_max_ms: u64,
    /// Host calls. More than a loop over the largest page count of any read needs.
    pub calls_max: u32,
    /// Bytes of the JSON text of one call, and of a step's outputs. The cloud takes no request of this size.
    pub request_max: usize,
    /// Bytes of the JSON text of one answer.
    pub answer_max: usize,
    /// Bytes of all log lines and progress messages together. What comes after is left out.
    pub log_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_max: 64 * MIB,
            cpu_max_ms: 8_000,
            calls_max: 10_000,
            request_max: MIB,
            answer_max: 8 * MIB,
            log_max: 256 * 1024,
        }
    }
}

/// As it is written; what is left out has its default.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsDocument {
    /// Memory, `64MiB`.
    memory: Option<Size>,
    /// Time on the processor, `8s`.
    cpu: Option<DurationText>,
    /// Calls of the host.
    calls: Option<NonZeroU32>,
    /// The JSON text of one call, and of a step's outputs, `1MiB`.
    request: Option<Size>,
    /// The JSON text of one answer, `8MiB`.
    answer: Option<Size>,
    /// All log lines and progress messages together, `256KiB`.
    log: Option<Size>,
}

impl LimitsDocument {
    pub(super) fn limits(&self) -> Limits {
        let default = Limits::default();
        let size = |given: Option<Size>, default| given.map_or(default, |size| size.0);
        Limits {
            memory_max: size(self.memory, default.memory_max),
            cpu_max_ms: self.cpu.map_or(default.cpu_max_ms, |text| {
                u64::try_from(text.0.as_millis()).unwrap_or(u64::MAX)
            }),
            calls_max: self.calls.map_or(default.calls_max, NonZeroU32::get),
            request_max: size(self.request, default.request_max),
            answer_max: size(self.answer, default.answer_max),
            log_max: size(self.log, default.log_max),
        }
    }
}

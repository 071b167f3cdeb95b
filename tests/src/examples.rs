//! The runbooks of the repository with their example inputs.

use crate::Procedure;

/// A runbook with one set of example inputs, and from where on nothing is taken back.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Both.
    pub procedure: Procedure,
    /// The first step whose effect cannot be taken back; `None` when there is none.
    pub no_return: Option<&'static str>,
}

const fn example(
    runbook: &'static str,
    scenario: &'static str,
    no_return: Option<&'static str>,
) -> Example {
    Example {
        procedure: Procedure { runbook, scenario },
        no_return,
    }
}

/// All of them; a test sees that none is forgotten.
pub const EXAMPLES: &[Example] = &[
    example("redis_cross_account", "", None),
    example("redis_cross_account", "overwrite", Some("task")),
    example("redis_cluster_cross_account", "", None),
    example("redis_cluster_cross_account", "overwrite", Some("sync")),
    example("dts_cross_account", "", None),
    example("dts_cross_account", "destination", None),
    example("dts_cross_account", "both", None),
    example("ecs_cross_region", "", None),
    example("ecs_cross_region", "clean_up", Some("release")),
    example("smc_cross_account", "", None),
    example("smc_cross_account", "several", None),
    example("smc_cross_account", "instance", Some("migrate")),
    example("smc_cross_account", "incremental", Some("cut_over")),
    example("smc_cross_account", "scheduled", None),
    example("smc_cross_account", "create_only", None),
    example("smc_cross_account", "drill_only", None),
    example("smc_cross_account", "after_failure", Some("clean_up")),
    example("smc_clean_up", "", Some("clean_up")),
];

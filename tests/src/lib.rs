//! What the end-to-end tests share: a clean environment for the binary, the simulated cloud as a
//! process of its own, and a proxy between the two that knows the moment to kill.

mod blow;
pub mod book;
mod cloud;
mod command;
pub mod editor;
pub mod examples;
pub mod fetching;
#[path = "../../runner/src/host/fixture.rs"]
#[allow(dead_code, reason = "of the guests there, the corpus makes some")]
mod fixture;
pub mod ground;
pub mod hostile;
pub mod load;
pub mod made_up;
pub mod official;
pub mod overlay;
pub mod person;
pub mod planted;
mod procedure;
mod proxy;
pub mod random;
mod terminal;
mod waiter;
pub mod way_back;

pub use blow::{Blow, Place, Strike};
pub use cloud::{Cloud, Paused, client};
pub use command::{Bench, Ended};
pub use procedure::{Frozen, Made, Procedure, Rehearsed, Stage, facts};
pub use proxy::Proxy;
pub use terminal::{Sent, Terminal};
pub use waiter::waiter;

/// A world with the account `owner`, its operator, who may do everything, and nothing else.
pub const ONE_ACCOUNT: &str = r#"schema = 1
[accounts.owner]
id = "1111111111111111"
[[accounts.owner.users]]
name = "operator"
policies = ["AdministratorAccess"]
access_key_id = "LTAI-owner"
access_key_secret = "of-owner"
"#;

/// One-way Redis sync between two accounts.
pub const REDIS: Procedure = Procedure {
    runbook: "redis_cross_account",
    scenario: "",
};

/// An image made and copied to another region.
pub const ECS: Procedure = Procedure {
    runbook: "ecs_cross_region",
    scenario: "",
};

/// A server imported as a migration source of another account.
pub const SMC: Procedure = Procedure {
    runbook: "smc_cross_account",
    scenario: "",
};

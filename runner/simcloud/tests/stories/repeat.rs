//! The contracts' column `repeat`, proved by calling every simulated change twice.
//!
//! `same`: the second call leaves the state as it is, whatever it answers. `token`: the same answer, nothing new, and without
//! the token a second object. `look` and `never`: the second call is refused, or does something again; that is why it must
//! not be repeated unseen. Nothing may be called twice without a row here.

mod dts;
mod ecs;
mod older;
mod ram;
mod redis;
mod smc;

use rutter_contracts::{Access, Repeat};
use serde_json::{Value, json};

use crate::support::Story;

/// A change that is ready to be made: who makes it, and with what.
type Ready = (&'static str, Value);

/// What a second call of an action that must not be repeated does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Second {
    /// It is refused.
    Refused,
    /// It does something again.
    Repeats,
    /// It is harmless, or gives the first answer.
    Harmless,
}

/// A change, how to get ready for it, and what a second one does.
type Row = (&'static str, fn(&mut Story) -> Ready, Second);

const ROWS: &[Row] = &[
    ("RAM:CreateRole", ram::create_role, Second::Refused),
    ("RAM:UpdateRole", ram::update_role, Second::Harmless),
    ("RAM:DeleteRole", ram::delete_role, Second::Harmless),
    ("RAM:CreatePolicy", ram::create_policy, Second::Refused),
    ("RAM:DeletePolicy", ram::delete_policy, Second::Harmless),
    (
        "RAM:CreatePolicyVersion",
        ram::create_version,
        Second::Repeats,
    ),
    (
        "RAM:DeletePolicyVersion",
        ram::delete_version,
        Second::Harmless,
    ),
    (
        "RAM:SetDefaultPolicyVersion",
        ram::set_default,
        Second::Harmless,
    ),
    ("RAM:AttachPolicyToRole", ram::attach, Second::Harmless),
    ("RAM:DetachPolicyFromRole", ram::detach, Second::Harmless),
    ("DTS:ConfigureDtsJob", dts::configure, Second::Repeats),
    ("DTS:SkipPreCheck", dts::skip, Second::Harmless),
    ("DTS:CreateDtsInstance", dts::buy, Second::Repeats),
    ("DTS:StartDtsJob", dts::start, Second::Refused),
    ("DTS:SuspendDtsJob", dts::suspend, Second::Refused),
    ("DTS:StopDtsJob", dts::stop, Second::Refused),
    ("DTS:DeleteDtsJob", dts::delete_job, Second::Harmless),
    ("DTS:CreateSynchronizationJob", older::buy, Second::Harmless),
    (
        "DTS:ConfigureSynchronizationJob",
        older::configure,
        Second::Refused,
    ),
    ("DTS:StartSynchronizationJob", older::start, Second::Refused),
    (
        "DTS:SuspendSynchronizationJob",
        older::suspend,
        Second::Refused,
    ),
    (
        "DTS:DeleteSynchronizationJob",
        older::start,
        Second::Harmless,
    ),
    (
        "R-kvstore:ModifySecurityIps",
        redis::whitelist,
        Second::Harmless,
    ),
    (
        "R-kvstore:AllocateDirectConnection",
        redis::cluster,
        Second::Harmless,
    ),
    (
        "R-kvstore:ReleaseDirectConnection",
        redis::release_direct,
        Second::Refused,
    ),
    (
        "R-kvstore:CreateAccount",
        redis::create_account,
        Second::Refused,
    ),
    (
        "R-kvstore:DeleteAccount",
        redis::delete_account,
        Second::Harmless,
    ),
    (
        "DTS:CreateJobMonitorRule",
        dts::create_rule,
        Second::Harmless,
    ),
    ("ECS:RunCommand", ecs::run_command, Second::Harmless),
    ("ECS:RunInstances", ecs::run_instances, Second::Harmless),
    ("ECS:StopInstance", ecs::stop_instance, Second::Refused),
    ("ECS:StartInstance", ecs::start_instance, Second::Refused),
    ("ECS:DeleteInstance", ecs::delete_instance, Second::Harmless),
    ("ECS:CreateImage", ecs::create_image, Second::Harmless),
    ("ECS:CopyImage", ecs::copy_image, Second::Harmless),
    ("ECS:CancelCopyImage", ecs::cancel_copy, Second::Harmless),
    ("ECS:DeleteImage", ecs::delete_image, Second::Harmless),
    (
        "ECS:ModifyImageSharePermission",
        ecs::share_image,
        Second::Harmless,
    ),
    ("ECS:DeleteSnapshot", ecs::delete_snapshot, Second::Harmless),
    ("SMC:CreateAccessToken", smc::create_token, Second::Repeats),
    ("SMC:DisableAccessToken", smc::named_token, Second::Harmless),
    ("SMC:DeleteAccessToken", smc::named_token, Second::Harmless),
    (
        "SMC:DeleteSourceServer",
        smc::delete_source,
        Second::Harmless,
    ),
    (
        "SMC:CreateReplicationJob",
        smc::create_replication,
        Second::Harmless,
    ),
    (
        "SMC:StartReplicationJob",
        smc::start_replication,
        Second::Refused,
    ),
    (
        "SMC:StopReplicationJob",
        smc::stop_replication,
        Second::Refused,
    ),
    (
        "SMC:CutOverReplicationJob",
        smc::cut_over_replication,
        Second::Refused,
    ),
    (
        "SMC:ModifyReplicationJobAttribute",
        smc::modify_replication,
        Second::Harmless,
    ),
    (
        "SMC:DeleteReplicationJob",
        smc::delete_replication,
        Second::Harmless,
    ),
];

#[test]
fn a_second_call_does_what_the_contracts_say() {
    for (call, ready, second) in ROWS {
        let (product, action) = call.split_once(':').unwrap();
        let contract = rutter_contracts::action(product, action).unwrap();
        match contract.repeat {
            Repeat::Same => same(call, *ready, *second),
            Repeat::Token => token(call, *ready, *second),
            Repeat::Look | Repeat::Never => look(call, *ready, *second),
        }
    }
}

#[test]
fn every_simulated_change_has_a_row() {
    let story = Story::two_accounts();
    for contract in rutter_contracts::actions().filter(|contract| contract.access == Access::Change)
    {
        let has_row = ROWS.iter().any(|(call, ..)| *call == contract.label());
        assert_eq!(
            has_row,
            story.world.simulated(contract.product, &contract.name),
            "{}",
            contract.label()
        );
    }
}

fn same(call: &str, ready: fn(&mut Story) -> Ready, second: Second) {
    assert_eq!(second, Second::Harmless, "{call}");
    let mut story = fresh();
    let (who, parameters) = ready(&mut story);
    story.call(who, call, parameters.clone());
    let after = story.world.summary();
    let counted = objects(&story);
    story.send(who, call, parameters);
    assert_eq!(story.world.summary(), after, "{call}");
    assert_eq!(objects(&story), counted, "{call}");
}

fn token(call: &str, ready: fn(&mut Story) -> Ready, second: Second) {
    assert_eq!(second, Second::Harmless, "{call}");
    let mut story = fresh();
    let (who, mut parameters) = ready(&mut story);
    parameters["ClientToken"] = json!("token-1");
    let first = story.call(who, call, parameters.clone());
    let after = story.world.summary();
    let mut again = story.call(who, call, parameters.clone());
    again["RequestId"] = first["RequestId"].clone();
    assert_eq!(again, first, "{call}");
    assert_eq!(story.world.summary(), after, "{call}");
    assert_eq!(
        story
            .world
            .changes()
            .iter()
            .filter(|change| change.action == call)
            .count(),
        1,
        "{call}"
    );
    parameters["Description"] = json!("something else");
    parameters["DestinationDescription"] = json!("something else");
    parameters["SynchronizationJobClass"] = json!("large");
    let contract = rutter_contracts::action(
        call.split_once(':').unwrap().0,
        call.split_once(':').unwrap().1,
    )
    .unwrap();
    let fields = parameters.as_object_mut().unwrap();
    fields.retain(|name, _| {
        contract.parameter(name).is_some() || contract.parameter(&format!("{name}[]")).is_some()
    });
    assert_eq!(
        story.refused(who, call, parameters.clone()),
        "IdempotentParameterMismatch",
        "{call}"
    );
}

fn look(call: &str, ready: fn(&mut Story) -> Ready, second: Second) {
    let mut story = fresh();
    let (who, parameters) = ready(&mut story);
    let first = story.call(who, call, parameters.clone());
    let changes = story.world.change_count();
    let response = story.send(who, call, parameters);
    // Truth, or the text of it, as the action documents.
    let said = response.body.get("Success").map(Value::to_string);
    let was_refused = response.status != 200 || said.is_some_and(|said| said.contains("false"));
    match second {
        Second::Refused => assert!(was_refused, "{call}: {}", response.body),
        Second::Repeats => {
            assert!(!was_refused, "{call}: {}", response.body);
            assert_eq!(story.world.change_count(), changes + 1, "{call}");
            assert_ne!(
                named(&first),
                named(&response.body),
                "{call} makes a second thing"
            );
        }
        Second::Harmless => panic!("{call} could be marked `same`"),
    }
}

/// Returns what an answer names, without the request's id.
fn named(answer: &Value) -> Value {
    let mut answer = answer.clone();
    answer.as_object_mut().unwrap().remove("RequestId");
    answer
}

fn objects(story: &Story) -> usize {
    story
        .world
        .summary()
        .values()
        .flat_map(|kinds| kinds.values())
        .map(|resources| resources.len())
        .sum()
}

fn fresh() -> Story {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "[accounts.source]",
        "[[dts.precheck]]\nitem = \"CHECK_SUPER_AUTH_DEST\"\nstate = \"success\"\ncan_skip = true\n\n[accounts.source]",
    );
    Story::new(&world)
}

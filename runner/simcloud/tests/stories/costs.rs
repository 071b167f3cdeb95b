//! What a call costs the simulated cloud itself: the same after thousands of calls as at the first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Story, trust};

/// A kind of change, and what changes the nth time.
type Workload = (&'static str, fn(&mut Story, usize));

const WORKLOADS: &[Workload] = &[
    ("policies", |story, number| {
        let name = json!({ "PolicyType": "Custom", "PolicyName": format!("p{number}") });
        story.send("source", "RAM:GetPolicy", name);
        story.send("source", "RAM:CreatePolicy", policy(number));
    }),
    ("roles, each with a policy", |story, number| {
        let role = format!("r{number}");
        let trust = trust(&json!({ "RAM": ["acs:ram::1111111111111111:root"] }));
        let made = json!({ "RoleName": role, "AssumeRolePolicyDocument": trust });
        story.call("source", "RAM:CreateRole", made);
        story.call("source", "RAM:CreatePolicy", policy(number));
        let held =
            json!({ "RoleName": role, "PolicyType": "Custom", "PolicyName": format!("p{number}") });
        story.call("source", "RAM:AttachPolicyToRole", held.clone());
        story.call("source", "RAM:GetRole", json!({ "RoleName": role }));
        let described = json!({ "RoleName": role, "NewDescription": "again" });
        story.call("source", "RAM:UpdateRole", described);
    }),
    ("tasks of DTS", |story, _| {
        let bought = json!({
            "RegionId": "cn-hangzhou", "Type": "SYNC", "InstanceClass": "small", "PayType": "PostPaid",
            "SourceRegion": "cn-hangzhou", "DestinationRegion": "cn-hangzhou", "SourceEndpointEngineName": "Redis",
            "DestinationEndpointEngineName": "Redis",
        });
        let made = story.call("source", "DTS:CreateDtsInstance", bought);
        let named = json!({ "RegionId": "cn-hangzhou", "DtsInstanceID": made["InstanceId"] });
        story.call("source", "DTS:DescribeDtsJobDetail", named);
    }),
    ("activation codes", |story, number| {
        let code = story.call(
            "source",
            "SMC:CreateAccessToken",
            json!({ "Name": format!("c{number}") }),
        );
        let id = json!({ "AccessTokenId": code["AccessTokenId"] });
        story.call("source", "SMC:DisableAccessToken", id);
    }),
];

fn policy(number: usize) -> Value {
    let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecs:Describe*","Resource":"*"}]}"#;
    json!({ "PolicyName": format!("p{number}"), "PolicyDocument": document })
}

#[test]
fn a_change_costs_the_world_as_many_looks_after_hundreds_as_after_ten() {
    for (name, change) in WORKLOADS {
        let mut story = Story::two_accounts();
        let mut looks_of = |number: usize| {
            let before = story.world.looks();
            change(&mut story, number);
            story.world.looks() - before
        };
        let looks: Vec<u64> = (0..300).map(&mut looks_of).collect();
        assert_eq!(looks[10], looks[299], "{name}: {looks:?}");
    }
}

#[test]
#[ignore = "a measurement: `make bench`"]
#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn a_thousand_two_thousand_four_thousand_changes() {
    for (name, change) in WORKLOADS {
        let times = [1_000, 2_000, 4_000].map(|count| {
            let mut story = Story::two_accounts();
            let began = Instant::now();
            (0..count).for_each(|number| change(&mut story, number));
            began.elapsed()
        });
        println!("{name}: {}", ratios(times));
    }
}

fn ratios([one, two, four]: [Duration; 3]) -> String {
    let ratio = |time: Duration| time.as_secs_f64() / one.as_secs_f64();
    format!(
        "1,000 in {one:.0?}; 2,000 take {:.2} times that, 4,000 {:.2} times",
        ratio(two),
        ratio(four)
    )
}

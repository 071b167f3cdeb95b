//! What happens to tasks later: troubles, retries, alerts, tasks that were there before, and what the reads tell.

use serde_json::{Value, json};

use crate::dts::{buy, configuration, detail, prepare, status};
use crate::support::{Story, code};

/// A world with a trouble, and a task that begins to copy: a minute, and 3 GB at 50 MB/s.
fn troubled(trouble: &str, reserve: Value) -> (Story, String) {
    let world = include_str!("../worlds/two_accounts.world.toml").replacen(
        "[accounts.source]",
        &format!("[[dts.troubles]]\n{trouble}\n\n[accounts.source]"),
        1,
    );
    let mut story = Story::new(&world);
    prepare(&mut story);
    let job = begun(&mut story, reserve);
    (story, job)
}

fn begun(story: &mut Story, reserve: Value) -> String {
    let mut parameters = configuration();
    parameters["Reserve"] = reserve;
    let answer = story.call("destination", "DTS:ConfigureDtsJob", parameters);
    let job = answer["DtsJobId"].as_str().unwrap().to_owned();
    story.wait_seconds(121);
    story.call("destination", "DTS:CreateDtsInstance", buy(&job));
    job
}

fn start(story: &mut Story, job: &str) {
    story.call("destination", "DTS:StartDtsJob", json!({ "DtsJobId": job }));
}

#[test]
fn a_short_loss_of_the_connection_is_tried_again_and_costs_its_own_time() {
    let (mut story, job) = troubled(
        "instance = \"r-source0001\"\nafter = \"30s\"\nlasts = \"5m\"\nmessage = \"DTS-60001\"",
        json!({}),
    );
    story.wait_seconds(31);
    let shown = detail(&mut story, &job);
    assert_eq!(shown["Status"], "Retrying");
    assert_eq!(shown["RetryState"]["Retrying"], true);
    assert_eq!(shown["RetryState"]["RetryTarget"], "source");
    assert_eq!(shown["RetryState"]["MaxRetryTime"], 43_200);
    assert_eq!(shown["ErrorMessage"], "DTS-60001");
    story.wait_seconds(300);
    assert_eq!(status(&mut story, &job), "Initializing");
    story.wait_seconds(90);
    assert_eq!(status(&mut story, &job), "synchronizing");
}

#[test]
fn a_copy_that_gave_up_goes_on_where_it_stopped_once_it_is_started_again() {
    let (mut story, job) = troubled(
        "instance = \"r-destination01\"\nafter = \"1m\"\nmessage = \"DTS-71016\"",
        json!({ "maxRetryTime": "600", "retry.blind.seconds": "60" }),
    );
    story.wait_seconds(60 + 599);
    assert_eq!(status(&mut story, &job), "Retrying");
    story.wait_seconds(3);
    assert_eq!(status(&mut story, &job), "InitializeFailed");
    assert_eq!(detail(&mut story, &job)["ErrorMessage"], "DTS-71016");
    start(&mut story, &job);
    assert_eq!(status(&mut story, &job), "Initializing");
    // One of the two minutes was behind it.
    story.wait_seconds(61);
    assert_eq!(status(&mut story, &job), "synchronizing");
}

#[test]
fn other_problems_have_a_shorter_patience_and_fail_a_running_task() {
    let (mut story, job) = troubled(
        "instance = \"r-source0001\"\nstage = \"synchronise\"\nafter = \"10s\"\ncause = \"other\"\nmessage = \"CROSSSLOT\"",
        json!({ "retry.blind.seconds": "120" }),
    );
    story.wait_seconds(121 + 11);
    assert_eq!(status(&mut story, &job), "Retrying");
    story.wait_seconds(121);
    assert_eq!(status(&mut story, &job), "Failed");
    start(&mut story, &job);
    assert_eq!(status(&mut story, &job), "synchronizing");
}

#[test]
fn of_tasks_that_share_a_database_the_shortest_retry_time_counts() {
    let other = "\n[[accounts.destination.dts_jobs]]\nid = \"lother\"\nregion = \"cn-shanghai\"\n\
        source = { instance = \"r-source0001\", region = \"cn-hangzhou\", owner = \"1111111111111111\", role = \"ram-for-dts\" }\n\
        destination = { instance = \"r-third\", region = \"cn-shanghai\" }\nreserve = { maxRetryTime = \"900\" }\n";
    let world = include_str!("../worlds/two_accounts.world.toml").replacen(
        "[accounts.source]",
        "[[dts.troubles]]\ninstance = \"r-source0001\"\nafter = \"30s\"\n\n[accounts.source]",
        1,
    ) + other;
    let mut story = Story::new(&world);
    prepare(&mut story);
    let job = begun(&mut story, json!({}));
    story.wait_seconds(31);
    let state = detail(&mut story, &job)["RetryState"].clone();
    assert_eq!(state["MaxRetryTime"], 900);
    story.wait_seconds(901);
    assert_eq!(status(&mut story, &job), "InitializeFailed");
}

#[test]
fn a_throttled_copy_takes_as_long_as_its_limit_says() {
    let mut story = Story::two_accounts();
    prepare(&mut story);
    let limits = json!({ "dts.datamove.source.bps.max": 10_000_000, "dts.datamove.source.rps.max": 5000, "dts.datamove.blaster.qps.max": 100 });
    let job = begun(&mut story, json!({ "fullDynamicConfig": limits }));
    // A minute, and 3 GB at 10 MB/s.
    story.wait_seconds(355);
    assert_eq!(status(&mut story, &job), "Initializing");
    story.wait_seconds(6);
    assert_eq!(status(&mut story, &job), "synchronizing");
    let mut parameters = configuration();
    parameters["Reserve"] = json!({ "incDynamicConfig": { "dts.datamove.blaster.qps.max": 100 } });
    let refused = story.refused("destination", "DTS:ConfigureDtsJob", parameters);
    assert_eq!(
        refused, "InvalidParameter",
        "changes are not read by queries"
    );
}

#[test]
fn settings_out_of_their_ranges_are_refused() {
    let mut story = Story::two_accounts();
    prepare(&mut story);
    let mut refused = |name: &str, value: Value| {
        let mut parameters = configuration();
        parameters[name] = value;
        code(&story.send("destination", "DTS:ConfigureDtsJob", parameters))
    };
    let database = |name: &str, entry: Value| json!({ name: entry });
    for (name, value) in [
        ("Reserve", json!({ "maxRetryTime": "599" })),
        ("Reserve", json!({ "maxRetryTime": "86401" })),
        ("Reserve", json!({ "retry.blind.seconds": "59" })),
        (
            "Reserve",
            json!({ "maxRetryTime": "600", "retry.blind.seconds": "600" }),
        ),
        ("Reserve", json!({ "targetTableMode": "1" })),
        ("Reserve", json!({ "etlOperatorCtl": "yes" })),
        ("DataCheckConfigure", json!({ "fullDataCheck": true })),
        (
            "DataCheckConfigure",
            json!({ "fullDataCheck": true, "fullCheckModel": 1, "fullCheckRatio": 9 }),
        ),
        (
            "DbList",
            database("0", json!({ "name": "256", "all": true })),
        ),
        ("DbList", database("0", json!({ "all": true }))),
        (
            "DbList",
            database("0", json!({ "name": "0", "all": false })),
        ),
    ] {
        assert_eq!(
            refused(name, value.clone()),
            "InvalidParameter",
            "{name} {value}"
        );
    }
    assert_eq!(
        refused("DelayNotice", json!(true)),
        "MissingParameter.DelayRuleTime"
    );
}

#[test]
fn alert_rules_are_made_read_and_turned_off() {
    let mut story = Story::two_accounts();
    prepare(&mut story);
    let mut parameters = configuration();
    parameters["ErrorNotice"] = json!(true);
    parameters["ErrorPhone"] = json!("13000000000");
    let job = story.call("destination", "DTS:ConfigureDtsJob", parameters)["DtsJobId"].clone();
    let delay = |state: &str| json!({ "DtsJobId": job, "Type": "delay", "State": state, "DelayRuleTime": 60, "Phone": "13000000000" });
    story.call("destination", "DTS:CreateJobMonitorRule", delay("Y"));
    let without = json!({ "DtsJobId": job, "Type": "delay" });
    assert_eq!(
        story.refused("destination", "DTS:CreateJobMonitorRule", without),
        "MissingParameter.DelayRuleTime"
    );
    let mut read = || {
        let answer = story.call(
            "destination",
            "DTS:DescribeJobMonitorRule",
            json!({ "DtsJobId": job }),
        );
        let of = |rule: &Value| {
            (
                rule["Type"].clone(),
                rule["State"].clone(),
                rule["DelayRuleTime"].clone(),
            )
        };
        answer["MonitorRules"]
            .as_array()
            .unwrap()
            .iter()
            .map(of)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        read(),
        [
            (json!("delay"), json!("Y"), json!(60)),
            (json!("error"), json!("Y"), Value::Null)
        ]
    );
}

#[test]
fn tasks_of_the_world_can_be_read_resumed_and_found_locked() {
    let jobs = "\n[[accounts.destination.dts_jobs]]\nid = \"lpaused\"\nregion = \"cn-shanghai\"\nname = \"paused\"\nstatus = \"suspending\"\n\
        source = { instance = \"rm-1\", region = \"cn-shanghai\", type = \"mysql\" }\ndestination = { instance = \"rm-2\", region = \"cn-shanghai\", type = \"mysql\" }\n\
        \n[[accounts.destination.dts_jobs]]\nid = \"llocked\"\nregion = \"cn-shanghai\"\nkind = \"migration\"\nstatus = \"locked\"\n\
        source = { instance = \"r-1\", region = \"cn-shanghai\" }\ndestination = { instance = \"r-2\", region = \"cn-shanghai\" }\n";
    let mut story =
        Story::new(&(include_str!("../worlds/two_accounts.world.toml").to_owned() + jobs));
    assert_eq!(status(&mut story, "lpaused"), "Suspending");
    start(&mut story, "lpaused");
    assert_eq!(status(&mut story, "lpaused"), "synchronizing");
    assert_eq!(story.world.charges().len(), 2, "both are paid for");
    let refused = story.refused(
        "destination",
        "DTS:StartDtsJob",
        json!({ "DtsJobId": "llocked" }),
    );
    assert_eq!(refused, "InvalidJobStatus");
    // Without a type the list is of migrations.
    let listed = story.call(
        "destination",
        "DTS:DescribeDtsJobs",
        json!({ "Region": "cn-shanghai" }),
    );
    assert_eq!(listed["TotalRecordCount"], 1);
    assert_eq!(listed["DtsJobList"][0]["DtsJobId"], "llocked");
}

#[test]
fn a_database_that_cannot_be_reached_and_an_item_of_one_database_fail_the_precheck() {
    let world = include_str!("../worlds/two_accounts.world.toml")
        .replace("id = \"r-source0001\"", "id = \"r-source0001\"\nunreachable = true")
        .replacen(
            "[accounts.source]",
            "[[dts.precheck]]\nitem = \"CHECK_SERVER_ID\"\nstate = \"warning\"\ncan_skip = true\ninstance = \"r-destination01\"\n\n\
             [[dts.precheck]]\nitem = \"CHECK_SAME_USER\"\nstate = \"failed\"\ninstance = \"r-other\"\n\n[accounts.source]",
            1,
        );
    let mut story = Story::new(&world);
    prepare(&mut story);
    let job = crate::dts::configured(&mut story);
    story.wait_seconds(121);
    let (state, message) = crate::dts::item(&mut story, &job, "CHECK_CONN_SRC");
    assert_eq!(state, "Failed");
    assert!(message.starts_with("DTS-10015"), "{message}");
    assert_eq!(
        crate::dts::item(&mut story, &job, "CHECK_SERVER_ID").0,
        "Warning"
    );
    let items = crate::dts::precheck(&mut story, &job)["JobProgress"].to_string();
    assert!(
        !items.contains("CHECK_SAME_USER"),
        "it is another database's"
    );
}

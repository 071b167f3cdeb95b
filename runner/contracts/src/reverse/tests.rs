use serde_json::{Value, json};

use super::{BACKS, Called, InPassing, Shown, is_made_in_passing, takes_back};

fn called<'a>(label: &'a str, region: Option<&'a str>, parameters: &'a Value) -> Called<'a> {
    let (product, action) = label.split_once(':').unwrap();
    Called {
        product,
        action,
        region,
        parameters,
        elsewhere: false,
    }
}

#[test]
fn only_a_registration_may_be_taken_back_on_another_account() {
    let (none, source) = (json!({}), json!({ "SourceId": "s-1" }));
    let role = json!({ "RoleName": "r" });
    let takes = |change: &str, by: &str, given: &Value, elsewhere: bool| {
        let by = Called {
            elsewhere,
            ..called(by, None, given)
        };
        let made = if given == &role { given } else { &none };
        takes_back(called(change, None, made), None, by)
    };
    for elsewhere in [false, true] {
        let registered = "SMC:CreateAccessToken";
        assert!(takes(
            registered,
            "SMC:DeleteSourceServer",
            &source,
            elsewhere
        ));
        let own = takes("RAM:CreateRole", "RAM:DeleteRole", &role, elsewhere);
        assert_eq!(own, !elsewhere);
    }
}

#[test]
fn every_row_is_of_changes_and_parameters_that_the_table_has() {
    for row in &BACKS {
        let by = crate::labelled(row.by).unwrap_or_else(|| panic!("{}", row.by));
        let change = crate::labelled(row.change).unwrap_or_else(|| panic!("{}", row.change));
        assert!(by.as_read().is_none() && change.as_read().is_none());
        for (name, from) in row.object {
            assert!(by.parameter(name).is_some(), "{} {name}", row.by);
            if let super::From::Call(name) = from {
                assert!(change.parameter(name).is_some(), "{} {name}", row.change);
            }
        }
    }
}

#[test]
fn the_object_is_the_changes_own() {
    let create = json!({ "RoleName": "mine" });
    let change = called("RAM:CreateRole", None, &create);
    let takes = |by: &str, given: Value| takes_back(change, None, called(by, None, &given));
    assert!(takes("RAM:DeleteRole", json!({ "RoleName": "mine" })));
    assert!(!takes("RAM:DeleteRole", json!({ "RoleName": "another" })));
    assert!(!takes(
        "RAM:DeleteRole",
        json!({ "RoleName": { "$answer": "/Role/RoleName" } })
    ));
    assert!(!takes("RAM:DeletePolicy", json!({ "PolicyName": "mine" })));
    assert!(!takes("OSS:DeleteRole", json!({ "RoleName": "mine" })));
    assert!(!takes(
        "RAM:DeleteRole",
        json!({ "RoleName": "mine", "Force": true })
    ));
}

#[test]
fn an_id_comes_from_the_answer_and_is_used_where_it_was_made() {
    let create = json!({ "RegionId": "cn-beijing", "InstanceId": "i-1" });
    let change = called("ECS:CreateImage", Some("cn-beijing"), &create);
    let answer = json!({ "ImageId": "m-1" });
    let takes = |answer: Option<&Value>, region: Option<&str>, given: Value| {
        takes_back(change, answer, called("ECS:DeleteImage", region, &given))
    };
    let here = Some("cn-beijing");
    let open = json!({ "RegionId": "cn-beijing", "ImageId": { "$answer": "/ImageId" } });
    assert!(takes(None, here, open.clone()));
    assert!(!takes(None, Some("cn-hangzhou"), open.clone()));
    assert!(!takes(None, None, open));
    assert!(takes(
        Some(&answer),
        here,
        json!({ "ImageId": "m-1", "Force": true })
    ));
    assert!(!takes(Some(&answer), here, json!({ "ImageId": "m-2" })));
    assert!(!takes(None, here, json!({ "ImageId": "m-1" })));
    let elsewhere = json!({ "RegionId": "cn-hangzhou", "ImageId": { "$answer": "/ImageId" } });
    assert!(!takes(None, here, elsewhere));
    let list = json!({ "ImageId": ["m-1", "m-2"] });
    assert!(!takes(Some(&answer), here, list));
}

#[test]
fn a_task_that_was_there_is_not_taken_back_by_its_deletion() {
    let delete = json!({ "DtsJobId": { "$answer": "/DtsJobId" } });
    let by = called("DTS:DeleteDtsJob", None, &delete);
    let takes = |given: Value| takes_back(called("DTS:ConfigureDtsJob", None, &given), None, by);
    assert!(takes(json!({ "DtsJobName": "n" })));
    assert!(!takes(json!({ "DtsJobId": "victim" })));
    let bought = json!({ "JobId": "j" });
    assert!(!takes_back(
        called("DTS:CreateDtsInstance", None, &bought),
        None,
        by
    ));
}

#[test]
fn addresses_that_were_added_are_what_is_removed() {
    let append = json!({ "InstanceId": "r", "SecurityIps": "1.1.1.1", "ModifyMode": "Append" });
    let change = called("R-kvstore:ModifySecurityIps", None, &append);
    let takes = |ips: &str, mode: &str| {
        let given = json!({ "InstanceId": "r", "SecurityIps": ips, "ModifyMode": mode });
        takes_back(
            change,
            None,
            called("R-kvstore:ModifySecurityIps", None, &given),
        )
    };
    assert!(takes("1.1.1.1", "Delete"));
    assert!(!takes("0.0.0.0/0", "Delete") && !takes("1.1.1.1", "Cover"));
}

#[test]
fn what_is_made_in_passing_is_what_the_object_names() {
    let (empty, answer) = (json!({}), json!({ "ImageId": { "$found": "/ImageId" } }));
    let change = called("ECS:CreateImage", None, &empty);
    let shown = Shown {
        read: "DescribeImages",
        list: "/Images/Image",
        key: "/ImageId",
        answer: &answer,
    };
    let remove = json!({ "SnapshotId": { "$answer": "/Id" } });
    let snapshot = InPassing {
        read: None,
        list: "/DiskDeviceMappings/DiskDeviceMapping",
        id: "/SnapshotId",
        remove: called("ECS:DeleteSnapshot", None, &remove),
    };
    assert!(is_made_in_passing(change, shown, None, snapshot));
    let other = Shown {
        key: "/Region",
        ..shown
    };
    assert!(!is_made_in_passing(change, other, None, snapshot));
    let all = InPassing {
        read: Some(called("ECS:DescribeSnapshots", None, &empty)),
        list: "/Snapshots/Snapshot",
        ..snapshot
    };
    assert!(!is_made_in_passing(change, shown, None, all));
    let named =
        json!({ "SnapshotName": { "$text": ["Created_from_", { "$answer": "/ImageId" }] } });
    let named = InPassing {
        read: Some(called("ECS:DescribeSnapshots", None, &named)),
        ..all
    };
    assert!(is_made_in_passing(change, shown, None, named));
    let server = json!({ "InstanceId": { "$answer": "/Id" } });
    let server = InPassing {
        id: "/InstanceId",
        remove: called("ECS:DeleteInstance", None, &server),
        ..snapshot
    };
    assert!(!is_made_in_passing(change, shown, None, server));
}

//! What errors mean, told from real answers.

use serde_json::json;

use super::{
    ErrorClass, Giver, NOT_SIMULATED, all_meanings, classify, classify_run, failure_in,
    meaning_by_form, meanings, refused_before_acting, rows,
};

#[test]
fn every_code_says_why_it_happens_and_what_to_do() {
    for row in rows() {
        let known = match row.area.strip_suffix("-run") {
            Some(product) => classify_run(product, &row.code).unwrap(),
            None => classify(
                &row.area,
                400,
                &row.code,
                row.message.as_deref().unwrap_or(""),
            ),
        };
        assert!(known.listed, "{}", row.code);
        assert!(
            known.cause.len() > 10 && known.cause.ends_with('.'),
            "{}",
            row.code
        );
        assert!(known.fix.ends_with('.'), "{}", row.code);
        assert_eq!(known.class, row.class, "{}", row.code);
    }
}

#[test]
fn the_three_failures_to_assume_a_role_are_told_apart_by_their_message() {
    let code = "AssumeRoleFail";
    let arn = classify(
        "DTS",
        200,
        code,
        "InvalidParameter : Invalid role arn format:acs:ram***",
    );
    assert!(arn.fix.contains("only the role's name"), "{}", arn.fix);
    let absent = classify(
        "DTS",
        200,
        code,
        "EntityNotExist.Role : The role not exists",
    );
    assert!(absent.fix.contains("create the role"), "{}", absent.fix);
    let message =
        "NoPermission : You are not authorized to do this action. You should be authorized by RAM.";
    let denied = classify("DTS", 200, code, message);
    assert!(denied.fix.contains("AliyunDTSRolePolicy"), "{}", denied.fix);
    assert!(denied.fix.contains("trust policy"), "{}", denied.fix);
}

#[test]
fn a_product_s_own_meaning_comes_before_the_common_one() {
    assert_eq!(
        classify("RAM", 404, "EntityNotExist.Role", "").class,
        ErrorClass::Absent
    );
    assert_eq!(
        classify("STS", 404, "EntityNotExist.Role", "").class,
        ErrorClass::Fail
    );
    let denied = classify("STS", 403, "NoPermission", "");
    assert!(denied.fix.contains("AliyunSTSAssumeRoleAccess"));
}

#[test]
fn codes_with_a_parameter_s_name_are_recognised() {
    let known = classify("RAM", 400, "InvalidParameter.RoleName.Length", "");
    assert!(known.listed);
    assert_eq!(known.class, ErrorClass::Bug);
}

#[test]
fn unknown_codes_follow_the_http_status() {
    let class = |status, code| classify("ECS", status, code, "").class;
    assert_eq!(class(503, "Something.New"), ErrorClass::LookThenRetry);
    assert_eq!(class(400, "Something.New"), ErrorClass::Fail);
    assert_eq!(class(400, "Throttling.Something"), ErrorClass::Retry);
    assert_eq!(class(400, "MissingRegionId"), ErrorClass::Bug);
    assert_eq!(class(403, "Forbidden.Something"), ErrorClass::Fail);
}

#[test]
fn only_a_refusal_proves_that_nothing_happened() {
    for (code, status) in [
        ("Throttling.User", 400),
        ("Throttling", 503),
        ("Rejected.Throttling", 503),
        ("NoPermission", 403),
        ("EntityAlreadyExists.Role", 409),
        ("MissingRoleName", 400),
        ("SignatureDoesNotMatch", 400),
        ("Something.New", 404),
        ("AssumeRoleFail", 200),
    ] {
        assert!(refused_before_acting(code, status), "{code} {status}");
    }
    for (code, status) in [
        ("InternalError", 500),
        ("InternalError", 403),
        ("InternalError.Dispatch", 400),
        ("UnknownError", 400),
        ("ServiceUnavailable", 503),
        ("ServiceUnavailable.RegionMaintaining", 400),
        ("SystemBusy", 400),
        ("Something.New", 502),
        ("HttpStatus.504", 504),
    ] {
        assert!(!refused_before_acting(code, status), "{code} {status}");
    }
}

#[test]
fn a_failure_inside_an_http_200_of_dts_is_one() {
    for no in [json!(false), json!("false"), json!("False")] {
        let answer = json!({
            "Success": no, "ErrCode": "AssumeRoleFail", "HttpStatusCode": 403,
            "ErrMessage": "the role %s", "DynamicMessage": "does not exist", "RequestId": "R-1",
        });
        let failure = failure_in("dts", 200, &answer).unwrap();
        assert_eq!(failure.code, "AssumeRoleFail");
        assert_eq!(failure.message, "the role does not exist");
        assert_eq!(failure.request_id.as_deref(), Some("R-1"));
        assert_eq!(failure.status, 403);
    }
}

#[test]
fn a_success_is_no_failure() {
    for yes in [json!(true), json!("true")] {
        assert_eq!(failure_in("DTS", 200, &json!({"Success": yes})), None);
    }
    assert_eq!(failure_in("DTS", 200, &json!({"RequestId": "x"})), None);
    assert_eq!(failure_in("ECS", 200, &json!({"Success": false})), None);
}

#[test]
fn an_error_status_is_a_failure_whatever_the_body() {
    let answer =
        json!({"Code": "NoPermission", "Message": "no", "RequestId": "R-2", "HostId": "h"});
    let failure = failure_in("RAM", 403, &answer).unwrap();
    assert_eq!(
        (failure.code.as_str(), failure.status),
        ("NoPermission", 403)
    );
    for body in [json!(null), json!("<html>"), json!([1])] {
        let failure = failure_in("RAM", 502, &body).unwrap();
        assert_eq!(failure.code, "HttpStatus.502");
    }
}

#[test]
fn what_is_not_simulated_is_a_refusal_that_is_not_repeated() {
    let known = classify("ECS", 501, NOT_SIMULATED, "");
    assert_eq!(known.class, ErrorClass::Fail);
    assert!(refused_before_acting(NOT_SIMULATED, 501));
}

/// The codes that the published procedure across accounts names, with what tells their meanings apart.
const OF_DOCUMENT_000: [(&str, &str, &str); 7] = [
    ("DTS.Msg.Forbidden.AliyunUIDNotFound", "", "console"),
    ("DTS.Msg.InvalidParameter.AliyunUidFormat", "", "account"),
    (
        "AssumeRoleFail",
        "Invalid role arn format:acs:ram***",
        "only the role's name",
    ),
    (
        "AssumeRoleFail",
        "EntityNotExist.Role : The role not exists",
        "create the role",
    ),
    (
        "AssumeRoleFail",
        "NoPermission : You are not authorized",
        "AliyunDTSRolePolicy",
    ),
    (
        "NoPermission",
        "You are not authorized to do this action.",
        "rant",
    ),
    ("Abnormal.RamCheckUserRole", "", "AliyunDTSDefaultRole"),
];

#[test]
fn the_codes_of_the_procedure_across_accounts_have_remedies_of_their_own() {
    let mut told = std::collections::BTreeSet::new();
    for (code, message, part) in OF_DOCUMENT_000 {
        let known = classify("DTS", 403, code, message);
        let text = format!("{} {}", known.cause, known.fix);
        assert!(known.listed && text.contains(part), "{code}: {text}");
        assert!(told.insert(text), "{code} has a remedy that another has");
    }
}

#[test]
fn all_meanings_of_a_code_are_found_and_can_be_told_apart() {
    let roles = meanings("AssumeRoleFail", None);
    let whens: Vec<_> = roles.iter().map(|meaning| meaning.when).collect();
    assert_eq!(
        whens,
        [
            Some("Invalid role arn format"),
            Some("EntityNotExist.Role"),
            Some("NoPermission")
        ]
    );
    let givers = |product| -> Vec<Giver> {
        let found = meanings("NoPermission", product);
        found.iter().map(|meaning| meaning.giver).collect()
    };
    assert!(givers(None).len() > 3);
    assert_eq!(givers(Some("STS")), [Giver::Product("sts")]);
    assert_eq!(givers(Some("SMC")), [Giver::Any]);
    assert_eq!(
        meanings("InvalidParameter.RoleName.Length", None)[0].code,
        "InvalidParameter.<Name>.Length"
    );
    assert!(meanings("NoSuchCode", None).is_empty());
}

/// Two meanings of one code, given by the same, need something that tells them apart.
#[test]
fn no_two_meanings_of_a_code_look_alike() {
    let all: Vec<_> = all_meanings().collect();
    for (index, one) in all.iter().enumerate() {
        for other in &all[index + 1..] {
            let alike =
                (one.code, one.when) == (other.code, other.when) && one.giver == other.giver;
            assert!(!alike, "{} is there twice for {:?}", one.code, one.giver);
        }
    }
}

#[test]
fn a_code_that_is_not_listed_may_say_something_by_its_form() {
    assert!(meaning_by_form("Throttling.Something").is_some());
    assert!(meaning_by_form("MissingRegionId").is_some());
    assert!(meaning_by_form(NOT_SIMULATED).is_some());
    assert!(meaning_by_form("Something.New").is_none());
}

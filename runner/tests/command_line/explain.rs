//! What codes mean.

use serde_json::Value;

use crate::Bench;

#[test]
fn explain_says_what_a_code_means_and_how_meanings_are_told_apart() {
    let bench = Bench::new();
    let roles = bench.run(&["explain", "AssumeRoleFail"]);
    assert_eq!(roles.code, Some(0), "{}", roles.stderr);
    assert!(
        roles.stdout.starts_with("3 meanings:\n"),
        "{}",
        roles.stdout
    );
    for part in [
        "when the message says \"Invalid role arn format\"",
        "when the message says \"EntityNotExist.Role\"",
        "when the message says \"NoPermission\"",
        "  remedy:  Give only the role's name.\n",
    ] {
        assert!(roles.stdout.contains(part), "{}", roles.stdout);
    }
    let own = bench.run(&["explain", "NoPermission", "--product", "sts", "--json"]);
    let row: Value = serde_json::from_str(&own.stdout).unwrap();
    assert_eq!(row["giver"], "STS");
    let list = bench.run(&["explain", "--list"]);
    for code in ["Throttling.User", "rutter.denied", "step-inputs", "exit 5"] {
        assert!(list.stdout.contains(code), "{code}");
    }
    assert_eq!(
        bench.run(&["explain", "Do", "Grub", "Failed"]).code,
        Some(0)
    );
}

#[test]
fn a_code_that_nobody_knows_is_refused_with_the_nearest() {
    let bench = Bench::new();
    let near = bench.run(&["explain", "AssumeRoleFial"]);
    assert_eq!(near.code, Some(2));
    assert!(
        near.stderr.contains("did you mean `AssumeRoleFail`"),
        "{}",
        near.stderr
    );
    let none = bench.run(&["explain", "zzzzzzzzzzzz"]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("--list"), "{}", none.stderr);
    let product = bench.run(&["explain", "NoPermission", "--product", "ecss"]);
    assert_eq!(product.code, Some(2));
    assert!(product.stderr.contains("R-kvstore"), "{}", product.stderr);
    let other = bench.run(&["explain", "AssumeRoleFail", "--product", "ram"]);
    assert_eq!(other.code, Some(2));
    assert!(
        other.stderr.contains("means nothing to this product"),
        "{}",
        other.stderr
    );
}

//! The first minutes: `rutter init` writes what a rehearsal takes as it is, and never over what is there.

use std::os::unix::fs::PermissionsExt as _;

use rutter_tests::{Bench, Ended};

/// Runs the binary in a folder of the bench.
async fn run_in(bench: &Bench, folder: &str, arguments: &[&str]) -> Ended {
    let mut command = bench.command(arguments);
    command.current_dir(bench.path().join(folder));
    let output = command.output().await.expect("the binary can be started");
    Ended::from(output)
}

#[tokio::test]
async fn a_first_runbook_is_checked_and_rehearsed_as_it_was_written() {
    let bench = Bench::default();
    let made = run_in(&bench, ".", &["init", "my-shop"]).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(
        made.stdout,
        "my-shop/my_shop.toml\nmy-shop/my_shop.world.toml\n"
    );
    assert!(
        made.stderr
            .contains("cd my-shop && rutter rehearse my_shop.toml"),
        "{made:?}"
    );
    let checked = run_in(&bench, "my-shop", &["check", "my_shop.toml"]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert_eq!(checked.stderr, "", "no warning either");
    let rehearsed = run_in(&bench, "my-shop", &["rehearse", "my_shop.toml"]).await;
    assert_eq!(rehearsed.code, Some(0), "{rehearsed:?}");
    assert!(
        rehearsed.stdout.contains("+ created ecs-image"),
        "{rehearsed:?}"
    );
    assert!(
        rehearsed.stdout.contains("Make an image of web-1?"),
        "{rehearsed:?}"
    );
}

#[tokio::test]
async fn every_standard_runbook_can_be_copied_and_rehearsed_elsewhere() {
    let bench = Bench::default();
    let list = bench.run(&["init", "--list"]).await;
    let names: Vec<&str> = list.stdout.lines().collect();
    assert!(names.len() >= 6, "{names:?}");
    for name in names {
        let made = run_in(&bench, ".", &["init", name, "--from", name]).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        let inputs = format!("{name}.inputs.toml");
        let file = bench.path().join(name).join(&inputs);
        let mode = std::fs::metadata(file)
            .expect("it was written")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "inputs may hold secrets");
        let runbook = format!("{name}.toml");
        let rehearsed = run_in(&bench, name, &["rehearse", &runbook, "--inputs", &inputs]).await;
        assert_eq!(rehearsed.code, Some(0), "{name}: {rehearsed:?}");
    }
}

#[tokio::test]
async fn nothing_is_replaced_and_nothing_left_half() {
    let bench = Bench::default();
    std::fs::create_dir(bench.path().join("shop")).unwrap();
    bench.write("shop/shop.world.toml", "mine");
    let refused = run_in(&bench, ".", &["init", "shop"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("`shop/shop.world.toml` is there already"),
        "{refused:?}"
    );
    let left: Vec<_> = std::fs::read_dir(bench.path().join("shop"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let text = std::fs::read_to_string(bench.path().join("shop/shop.world.toml")).unwrap();
    assert_eq!(text, "mine");
    bench.write("file", "no folder");
    let refused = run_in(&bench, ".", &["init", "file"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("`file` cannot be written"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_misspelt_runbook_is_answered_with_the_nearest() {
    let bench = Bench::default();
    let refused = bench
        .run(&["init", "x", "--from", "redis_cros_account"])
        .await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("did you mean `redis_cross_account`?"),
        "{refused:?}"
    );
}

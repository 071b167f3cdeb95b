//! What `rutter world new` writes fits: a runbook ends well in it, or the world says where something is to be filled in.

use std::path::Path;

use rutter_simcloud::World;
use rutter_tests::examples::EXAMPLES;
use rutter_tests::made_up::MadeUp;
use rutter_tests::{Bench, Cloud, Ended, ONE_ACCOUNT};

/// Makes a world for a runbook and rehearses in it. Returns the world's text and how the rehearsal ended.
async fn fitted(bench: &Bench, runbook: &str, inputs: &str) -> (String, Ended) {
    let world = bench.path().join(format!("{}.new.toml", name_of(inputs)));
    let world = world.to_str().expect("a temporary path is text");
    let given = ["--inputs", inputs];
    let made = bench
        .run(
            &[
                &["world", "new", "--quiet", runbook, "-o", world],
                &given[..],
            ]
            .concat(),
        )
        .await;
    assert_eq!(made.code, Some(0), "{inputs}: {}", made.stderr);
    assert_eq!((&*made.stdout, &*made.stderr), ("", ""), "{inputs}");
    let rehearsed = bench
        .run(&[&["rehearse", runbook, "--world", world], &given[..]].concat())
        .await;
    let text = std::fs::read_to_string(world).expect("the world was written");
    (text, rehearsed)
}

fn name_of(path: &str) -> String {
    let name = Path::new(path).file_name().expect("it is a file");
    name.to_string_lossy().into_owned()
}

/// The accounts' ids are different and of the form that the cloud gives out.
fn has_good_accounts(text: &str) {
    let world = World::from_toml(text, "new").expect("a new world is read");
    for account in world.account_names() {
        let id = world.account_id(account).expect("it is there");
        assert!(
            id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_digit()),
            "{id}"
        );
        assert!(world.key(account).is_some(), "{account} has no key");
    }
}

#[tokio::test]
async fn each_runbook_ends_well_in_the_world_that_is_made_for_its_inputs() {
    let bench = Bench::default();
    for example in EXAMPLES {
        let (runbook, inputs) = (
            example.procedure.runbook_file(),
            example.procedure.inputs_file(),
        );
        let (world, rehearsed) = fitted(&bench, &runbook, &inputs).await;
        assert_eq!(
            rehearsed.code,
            Some(0),
            "{inputs}: {}\n{world}",
            rehearsed.stdout
        );
        assert!(!world.contains("To fill in"), "{inputs}: {world}");
        has_good_accounts(&world);
    }
}

#[tokio::test]
async fn without_inputs_each_runbook_says_which_one_is_missing_and_where() {
    let bench = Bench::default();
    let mut runbooks: Vec<String> = EXAMPLES
        .iter()
        .map(|example| example.procedure.runbook_file())
        .collect();
    runbooks.dedup();
    for part in ["authorise_dts", "run_dts_task"] {
        let path = Bench::top().join(format!("runbooks/{part}.toml"));
        runbooks.push(path.display().to_string());
    }
    for runbook in runbooks {
        let refused = bench.run(&["world", "new", &runbook]).await;
        assert_eq!(refused.code, Some(2), "{runbook}: {}", refused.stderr);
        for said in [
            "error[missing-input]",
            &format!("{}:", name_of(&runbook)),
            "help: ",
        ] {
            assert!(
                refused.stderr.contains(said),
                "{runbook}: {}",
                refused.stderr
            );
        }
    }
}

#[tokio::test]
async fn a_part_of_a_runbook_gets_the_task_and_the_role_that_it_goes_on_from() {
    let bench = Bench::default();
    let parts = [
        ("authorise_dts", "creator = \"2222222222222222\"\n"),
        (
            "run_dts_task",
            "task = \"dtsgiven\"\nregion = \"cn-hangzhou\"\n",
        ),
    ];
    for (part, inputs) in parts {
        let runbook = Bench::top().join(format!("runbooks/{part}.toml"));
        let inputs = bench.write(&format!("{part}.inputs.toml"), inputs);
        let (runbook, inputs) = (runbook.display().to_string(), inputs.display().to_string());
        let (world, rehearsed) = fitted(&bench, &runbook, &inputs).await;
        assert_eq!(rehearsed.code, Some(0), "{}\n{world}", rehearsed.stdout);
        // What another account's id is given for is not taken for the runbook's own account.
        assert!(!world.contains("id = \"2222222222222222\""), "{world}");
    }
}

#[tokio::test]
async fn a_made_up_runbook_ends_well_in_its_new_world() {
    for seed in 1..=10 {
        let made_up = MadeUp::new(seed);
        let bench = Bench::default();
        bench.write("part.toml", &made_up.part);
        let runbook = bench.write("made_up.toml", &made_up.runbook);
        let inputs = bench.write("made_up.inputs.toml", &made_up.inputs);
        let (runbook, inputs) = (runbook.display().to_string(), inputs.display().to_string());
        let (world, rehearsed) = fitted(&bench, &runbook, &inputs).await;
        has_good_accounts(&world);
        // Each of these ends well; one that does not says where in its world something is to be filled in.
        assert_eq!(
            rehearsed.code,
            Some(0),
            "seed {seed}:\n{}\n{}\n{world}",
            made_up.runbook,
            rehearsed.stdout
        );
    }
}

#[tokio::test]
async fn a_run_against_the_served_world_ends_as_its_rehearsal_did() {
    let mut bench = Bench::default();
    let runbook = Bench::top().join("runbooks/authorise_dts.toml");
    let inputs = bench.write("authorise.inputs.toml", "creator = \"2222222222222222\"\n");
    let (runbook, inputs) = (runbook.display().to_string(), inputs.display().to_string());
    let (world, rehearsed) = fitted(&bench, &runbook, &inputs).await;
    assert_eq!(rehearsed.code, Some(0), "{}", rehearsed.stdout);
    let parsed = World::from_toml(&world, "new").expect("a new world is read");
    let path = bench.write("served.world.toml", &world);
    let cloud = Cloud::start(&bench, path.to_str().expect("a temporary path is text")).await;
    let products = ["ram", "sts", "dts"]
        .map(|product| format!("{product} = \"http://{}\"\n", cloud.address()));
    let settings = bench.write(
        "rutter.toml",
        &format!("[endpoints]\n{}", products.concat()),
    );
    let mut words = vec!["run".to_owned(), runbook, "--inputs".to_owned(), inputs];
    words.extend(["--config".to_owned(), settings.display().to_string()]);
    for account in parsed.account_names() {
        let key = parsed.key(account).expect("it has a user");
        let profile = format!("RUTTER_PROFILE_{}", account.to_uppercase());
        bench.set(&format!("{profile}_ACCESS_KEY_ID"), key.id);
        bench.set(&format!("{profile}_ACCESS_KEY_SECRET"), key.secret);
        words.extend([
            "--account".to_owned(),
            format!("{account}={account}@cn-hangzhou"),
        ]);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = bench.run(&words).await;
    assert_eq!(ran.code, Some(0), "{}{}\n{world}", ran.stdout, ran.stderr);
}

#[tokio::test]
async fn a_rehearsal_that_misses_something_says_what_to_write_into_its_world() {
    let bench = Bench::default();
    let account = "schema = 1\n\n[accounts.owner]\nid = \"1111111111111111\"\n";
    let world = bench.write("bare.world.toml", account);
    let world = world.to_str().expect("a temporary path is text");
    let runbook = "runbooks/ecs_cross_region.toml";
    let inputs = "runbooks/ecs_cross_region.inputs.toml";
    let rehearsed = bench
        .run(&["rehearse", runbook, "--inputs", inputs, "--world", world])
        .await;
    assert_eq!(rehearsed.code, Some(1), "{}", rehearsed.stderr);
    for said in [
        "`i-hangzhou1`",
        "`[[accounts.NAME.ecs]]`",
        "`region = \"cn-hangzhou\"`",
        world,
    ] {
        assert!(
            rehearsed.stderr.contains(said),
            "{said}: {}",
            rehearsed.stderr
        );
    }
}

#[tokio::test]
async fn a_world_that_is_there_is_not_written_over() {
    let bench = Bench::default();
    let there = bench.write("there.world.toml", "mine\n");
    let there = there.to_str().expect("a temporary path is text");
    let runbook = "runbooks/ecs_cross_region.toml";
    let inputs = "runbooks/ecs_cross_region.inputs.toml";
    let refused = bench
        .run(&["world", "new", runbook, "--inputs", inputs, "-o", there])
        .await;
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    for said in [there, "move it away, or choose another name"] {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    let kept = std::fs::read_to_string(there).expect("it is there");
    assert_eq!(kept, "mine\n");
}

const ACCOUNT: &str = r#"schema = 1
[runbook]
name = "account"
[accounts.owner]
help = "the only account"
[inputs.password]
type = "secret"
[[steps]]
id = "account"
uses = "create-redis-account"
account = "owner"
with = { instance = "r-there", region = "cn-hangzhou", name = "copier", password = "{{ inputs.password }}" }
"#;

#[tokio::test]
async fn a_secret_that_looks_like_an_id_is_not_told_to_be_missing() {
    let mut bench = Bench::default();
    let runbook = bench.write("account.toml", ACCOUNT).display().to_string();
    // Refused for what it lacks, it has the form of a snapshot's id.
    bench.set("RUTTER_INPUT_PASSWORD", "s-planted");
    let there = "\n[[accounts.owner.redis]]\nid = \"r-there\"\nregion = \"cn-hangzhou\"\nengine_version = \"5.0\"\n";
    let world = bench.write("account.world.toml", &format!("{ONE_ACCOUNT}{there}"));
    let world = world.to_str().expect("a temporary path is text");
    let rehearsed = bench.run(&["rehearse", &runbook, "--world", world]).await;
    let said = format!("{}{}", rehearsed.stdout, rehearsed.stderr);
    assert_eq!(rehearsed.code, Some(1), "{said}");
    assert!(said.contains("CreateAccount"), "{said}");
    assert!(!said.contains("s-planted"), "{said}");
    assert!(!said.contains("looked for"), "{said}");
}

//! The activation code of an SMC import is shown once by the cloud, echoed with the command that used it, and stands
//! nowhere in what a run leaves behind or prints.

use rutter_tests::SMC;
use rutter_tests::planted::Search;

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_code_is_nowhere_in_what_a_run_leaves_behind() {
    let stage = SMC.rehearsed().await.stage().await;
    stage.proxy.watch("AccessTokenCode");
    let ended = stage.run().await;
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let codes = stage.proxy.held();
    assert!(!codes.is_empty(), "the cloud has shown a code");
    let shown = stage.bench.run(&["show", &stage.run_id(), "--json"]).await;
    let logs = stage.bench.run(&["logs", &stage.run_id()]).await;
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let search = Search::new(&codes);
    let mut found = search.of_folder(&stage.bench.state());
    for said in [&ended, &shown, &logs] {
        found.extend(search.of("standard output", said.stdout.as_bytes()));
        found.extend(search.of("standard error", said.stderr.as_bytes()));
    }
    assert!(found.is_empty(), "{found:?}");
}

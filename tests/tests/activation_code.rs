//! The activation code of an SMC import is shown once by the cloud, echoed with the command that used it, and stands
//! nowhere in what a run leaves behind or prints.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rutter_tests::SMC;

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    for entry in entries {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The code as it stands in plain text, and in Base64 at each of the three places where it may begin. At either end
/// there are characters that depend on the neighbours; they are left out.
fn forms(code: &str) -> Vec<String> {
    let shifted = (0..3).map(|before| {
        let text = format!("{}{code}", "x".repeat(before));
        let encoded = STANDARD_NO_PAD.encode(text);
        let sure = (code.len() + before) / 3 * 4;
        encoded[before.div_ceil(3) * 4..sure].to_owned()
    });
    let mut forms: Vec<String> = shifted.collect();
    forms.push(code.to_owned());
    forms
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn the_forms_find_a_code_wherever_it_stands() {
    let code = "sim0123456789abcdef0123456789ab";
    for before in ["", "a", "ab", "smc --code "] {
        let encoded = STANDARD_NO_PAD.encode(format!("{before}{code} --name i-1"));
        let is_found = forms(code)
            .iter()
            .any(|form| holds(encoded.as_bytes(), form));
        assert!(is_found, "{before}: {encoded}");
    }
}

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
    let state = files(&stage.bench.path().join("state"));
    assert!(!state.is_empty());
    for form in codes.iter().flat_map(|code| forms(code)) {
        for file in &state {
            let bytes = std::fs::read(file).expect("a file of the state can be read");
            assert!(!holds(&bytes, &form), "{} in {}", form, file.display());
        }
        for said in [&ended, &shown, &logs] {
            assert!(!said.stdout.contains(&form) && !said.stderr.contains(&form));
        }
    }
}

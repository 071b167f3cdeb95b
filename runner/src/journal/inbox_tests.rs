use std::os::unix::fs::symlink;

use rutter_engine::Run;

use super::*;

fn inbox() -> (tempfile::TempDir, Inbox) {
    let folder = tempfile::tempdir().unwrap();
    let inbox = Inbox::new(folder.path());
    inbox.make(None).unwrap();
    (folder, inbox)
}

fn yes() -> Message {
    Message::Approve {
        question: 1,
        evidence: Evidence::new(),
    }
}

/// Why the engine is told to ignore what was left.
fn ignored(input: &Input) -> &str {
    match input {
        Input::Ignore { why, .. } => why,
        other => panic!("it is acted upon: {other:?}"),
    }
}

#[test]
fn an_answer_is_known_by_the_owner_of_its_file_and_handed_out_once() {
    let (_folder, mut inbox) = inbox();
    let name = inbox.leave(&yes().into()).unwrap();
    let taken = inbox.take(&Run::new()).unwrap();
    let [
        Input::Approve {
            question: 1, by, ..
        },
    ] = taken.as_slice()
    else {
        panic!("{taken:?}");
    };
    assert_eq!(by.uid(), Some(user::current_uid()));
    assert_eq!(by.letter(), Some(name.as_str()));
    assert!(inbox.take(&Run::new()).unwrap().is_empty());
    assert!(!inbox.is_taken(&name));
    inbox.remove(&name);
    assert!(inbox.is_taken(&name));
}

#[test]
fn rubbish_gets_one_message_each_and_hides_no_answer() {
    let (folder, mut inbox) = inbox();
    let path = folder.path().join("inbox");
    let secret = folder.path().join("secret");
    fs::write(&secret, serde_json::to_string(&yes()).unwrap()).unwrap();
    symlink(&secret, path.join("a-link.json")).unwrap();
    symlink("/dev/zero", path.join("b-device.json")).unwrap();
    fs::create_dir(path.join("c-folder.json")).unwrap();
    fs::write(path.join("d-large.json"), vec![b' '; 70_000]).unwrap();
    fs::write(path.join("e-broken.json"), "{\"kind\":\"approve\"").unwrap();
    fs::write(path.join("f-binary.json"), [0xff, 0xfe, 0x00]).unwrap();
    fs::hard_link(&secret, path.join("g-second-name.json")).unwrap();
    let status = std::process::Command::new("mkfifo")
        .arg(path.join("h-pipe.json"))
        .status()
        .unwrap();
    assert!(status.success());
    fs::write(path.join("i\n\u{1b}[31m.json"), "no").unwrap();
    inbox.leave(&yes().into()).unwrap();
    let taken = inbox.take(&Run::new()).unwrap();
    assert_eq!(taken.len(), 10, "{taken:?}");
    let answers = taken
        .iter()
        .filter(|input| matches!(input, Input::Approve { .. }));
    assert_eq!(answers.count(), 1);
    for (name, why) in [
        ("a-link", "cannot be opened"),
        ("b-device", "cannot be opened"),
        ("c-folder", "no plain file"),
        ("d-large", "64 KiB"),
        ("e-broken", "no answer"),
        ("f-binary", "cannot be read"),
        ("g-second-name", "more than one name"),
        ("h-pipe", "no plain file"),
    ] {
        let told = taken
            .iter()
            .find(|input| matches!(input, Input::Ignore { said, .. } if said.contains(name)));
        let told = ignored(told.unwrap_or_else(|| panic!("{name}: {taken:?}")));
        assert!(told.contains(why), "{name}: {told}");
    }
    assert!(inbox.take(&Run::new()).unwrap().is_empty());
}

#[test]
fn only_the_owner_of_a_run_decides_about_it_as_a_whole() {
    let stranger = Person {
        name: "mallory".to_owned(),
        known: Known::Letter {
            uid: 4_242,
            id: "x".to_owned(),
        },
    };
    let resolve = Message::Resolve {
        step: "role".into(),
        item: None,
        about: 7,
        resolution: Resolution::Skip,
        why: "because".to_owned(),
    };
    for message in [resolve, Message::Undo {}] {
        let told = message.clone().said_by(stranger.clone(), 1_000);
        assert!(ignored(&told).contains("owner"), "{told:?}");
        let told = message.said_by(stranger.clone(), 4_242);
        assert!(!matches!(told, Input::Ignore { .. }), "{told:?}");
    }
    assert!(matches!(
        yes().said_by(stranger, 1_000),
        Input::Approve { .. }
    ));
}

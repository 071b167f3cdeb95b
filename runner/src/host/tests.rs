//! The sandbox as the driver sees it: guests are started, asked, answered, stopped and dropped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rutter_engine::{
    At, Class, Fault, FaultClass, HostCall, Input, Phase, Principal, Repeat, Target, Timestamp,
};
use rutter_plugin::fixture::read;
use rutter_plugin::{Origin, Plugin};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::fixture::{module, plugin, plugin_of};
use super::*;
use crate::settings::Limits;

fn sandbox() -> Sandbox {
    Sandbox::new(&SandboxSettings::default()).unwrap()
}

fn at() -> At {
    At {
        step: "step".into(),
        item: None,
        attempt: 1,
        phase: Phase::Run,
    }
}

fn job(inputs: Value, limits: Limits) -> GuestJob {
    let account = BoundAccount {
        principal: Principal::new("source").unwrap(),
        id: "1234567890123456".to_owned(),
        region: "cn-hangzhou".to_owned(),
    };
    GuestJob {
        at: at(),
        run_id: "run".to_owned(),
        generation: 0,
        inputs,
        undo: None,
        spent: std::collections::BTreeSet::new(),
        accounts: BTreeMap::from([("account".to_owned(), account)]),
        limits,
        hosts: Hosts::default(),
        secrets: crate::secrets::Secrets::new("run", None).unwrap(),
        started: Timestamp(1_000),
    }
}

/// One guest and the driver's end of its line.
struct Stage {
    guest: GuestHandle,
    events: mpsc::Receiver<GuestEvent>,
    time: i64,
}

impl Stage {
    fn start(sandbox: &Sandbox, bytes: &[u8], job: GuestJob) -> Self {
        let plugin = sandbox.load(&read(bytes)).unwrap();
        Self::start_loaded(sandbox, &plugin, job)
    }

    fn start_loaded(sandbox: &Sandbox, plugin: &Arc<LoadedPlugin>, job: GuestJob) -> Self {
        let (sender, events) = mpsc::channel(16);
        Self {
            guest: start_guest(sandbox, plugin, job, sender),
            events,
            time: 1_000,
        }
    }

    async fn next(&mut self) -> GuestEvent {
        tokio::time::timeout(Duration::from_secs(20), self.events.recv())
            .await
            .expect("the guest says something in time")
            .expect("the guest is there")
    }

    /// The next host call: its place, fingerprint, content, and whether it is denied.
    async fn called(&mut self) -> (u32, String, HostCall, Option<Fault>) {
        match self.next().await {
            GuestEvent::Input(Input::GuestCalled {
                index,
                fingerprint,
                call,
                denied,
                ..
            }) => (index, fingerprint, *call, denied),
            other => panic!("a host call was expected, not {other:?}"),
        }
    }

    fn answer(&mut self, index: u32, result: Result<Value, Fault>) {
        self.time += 1;
        assert!(self.guest.answer(index, result, Timestamp(self.time)));
    }

    async fn ended(&mut self) -> Result<Value, Fault> {
        loop {
            match self.next().await {
                GuestEvent::Input(Input::GuestEnded { result, .. }) => return result,
                GuestEvent::Input(other) => panic!("the end was expected, not {other:?}"),
                GuestEvent::Log { .. } | GuestEvent::Progress { .. } => {}
            }
        }
    }
}

async fn end_of(body: &str, limits: Limits) -> Fault {
    let sandbox = sandbox();
    let mut stage = Stage::start(&sandbox, &plugin(body), job(json!({}), limits));
    stage.ended().await.unwrap_err()
}

#[tokio::test]
async fn a_guest_runs_to_its_outputs() {
    let sandbox = sandbox();
    let mut stage = Stage::start(
        &sandbox,
        &plugin("(call $ok)"),
        job(json!({}), Limits::default()),
    );
    assert_eq!(stage.ended().await, Ok(json!({})));
    assert_eq!(sandbox.guests(), 0);
}

#[tokio::test]
async fn a_call_reaches_the_driver_bound_and_classed_and_its_answer_the_guest() {
    let sandbox = sandbox();
    let echo = plugin("(call $ask (local.get $text) (local.get $size))");
    let inputs = json!({"RoleName": "r"});
    let mut stage = Stage::start(&sandbox, &echo, job(inputs.clone(), Limits::default()));
    let (index, fingerprint, call, denied) = stage.called().await;
    assert_eq!((index, fingerprint.len(), denied), (0, 64, None));
    let HostCall::Call { call, reverse, .. } = call else {
        panic!("a call")
    };
    assert_eq!(reverse, None);
    assert_eq!(call.account, Principal::new("source").ok());
    assert_eq!((call.class, call.repeat), (Class::Read, Repeat::Same));
    let Target::Api(api) = call.target else {
        panic!("an API call")
    };
    assert_eq!(api.product, "RAM");
    assert_eq!(api.version, "2015-05-01");
    assert_eq!(api.parameters, inputs);
    stage.answer(0, Ok(json!({"text": "answer"})));
    assert_eq!(stage.ended().await, Ok(json!({"text": "answer"})));
}

#[tokio::test]
async fn a_fault_of_a_call_ends_a_guest_that_lets_it_through() {
    let sandbox = sandbox();
    let echo = plugin("(call $ask (local.get $text) (local.get $size))");
    let job = job(json!({"RoleName": "r"}), Limits::default());
    let mut stage = Stage::start(&sandbox, &echo, job);
    let (index, ..) = stage.called().await;
    let fault = Fault {
        request_id: Some("id".to_owned()),
        ..Fault::new(FaultClass::Absent, "EntityNotExist.Role", "no such role").advise("create it")
    };
    stage.answer(index, Err(fault.clone()));
    assert_eq!(stage.ended().await, Err(fault));
}

#[tokio::test]
async fn in_the_undo_phase_the_plugins_undo_runs_and_not_its_run() {
    let sandbox = sandbox();
    let mut job = job(json!({}), Limits::default());
    job.at.phase = Phase::Undo;
    let mut stage = Stage::start(&sandbox, &plugin("(unreachable)"), job);
    assert_eq!(stage.ended().await, Ok(Value::Null));
}

#[tokio::test]
async fn ten_calls_have_ten_places_and_a_second_start_makes_the_same_ones() {
    let sandbox = sandbox();
    let body = "(local $left i32) (local.set $left (i32.const 10)) \
        (loop $again (call $pause) \
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) \
        (call $ok)";
    let bytes = plugin(body);
    let mut fingerprints = Vec::new();
    for _ in 0..2 {
        let mut stage = Stage::start(&sandbox, &bytes, job(json!({}), Limits::default()));
        let mut of_start = Vec::new();
        for expected in 0..10 {
            let (index, fingerprint, call, _) = stage.called().await;
            assert_eq!(index, expected);
            assert_eq!(call, HostCall::Sleep { duration_ms: 1 });
            of_start.push(fingerprint);
            stage.answer(index, Ok(Value::Null));
        }
        assert_eq!(stage.ended().await, Ok(json!({})));
        fingerprints.push(of_start);
    }
    assert_eq!(fingerprints[0], fingerprints[1]);
}

#[tokio::test]
async fn an_endless_loop_is_stopped_by_its_budget_and_lets_others_run_meanwhile() {
    let sandbox = sandbox();
    let limits = Limits {
        cpu_max_ms: 150,
        ..Limits::default()
    };
    let endless = plugin("(loop $again (br $again)) (unreachable)");
    let mut hog = Stage::start(&sandbox, &endless, job(json!({}), limits));
    let mut other = Stage::start(
        &sandbox,
        &plugin("(call $pause) (call $ok)"),
        job(json!({}), Limits::default()),
    );
    let (index, ..) = other.called().await;
    other.answer(index, Ok(Value::Null));
    assert_eq!(other.ended().await, Ok(json!({})));
    let fault = hog.ended().await.unwrap_err();
    assert_eq!(fault.code, "rutter.limit.cpu");
    assert!(fault.message.contains("150 ms"), "{}", fault.message);
}

#[tokio::test]
async fn waiting_uses_up_no_budget() {
    let sandbox = sandbox();
    let limits = Limits {
        cpu_max_ms: 100,
        ..Limits::default()
    };
    let bytes = plugin("(call $pause) (call $pause) (call $ok)");
    let mut stage = Stage::start(&sandbox, &bytes, job(json!({}), limits));
    for _ in 0..2 {
        let (index, ..) = stage.called().await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        stage.answer(index, Ok(Value::Null));
    }
    assert_eq!(stage.ended().await, Ok(json!({})));
}

#[tokio::test]
async fn a_trap_names_the_functions_it_happened_in() {
    let inner = "(func $the_innermost (unreachable)) (func $the_caller (call $the_innermost))";
    let text = module("(call $the_caller) (call $ok)", inner);
    let bytes = plugin_of(Some(fixture::MANIFEST), &text);
    let sandbox = sandbox();
    let mut stage = Stage::start(&sandbox, &bytes, job(json!({}), Limits::default()));
    let fault = stage.ended().await.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.class),
        ("rutter.trap", FaultClass::Bug)
    );
    assert!(
        fault
            .message
            .ends_with("in `the_innermost`, called by `the_caller`, called by `run`"),
        "{}",
        fault.message
    );
    assert_eq!(sandbox.guests(), 0);
}

#[tokio::test]
async fn a_guest_that_recurses_without_end_traps_and_the_host_lives_on() {
    let text = module("(call $deep) (call $ok)", "(func $deep (call $deep))");
    let bytes = plugin_of(Some(fixture::MANIFEST), &text);
    let sandbox = sandbox();
    let mut stage = Stage::start(&sandbox, &bytes, job(json!({}), Limits::default()));
    assert_eq!(stage.ended().await.unwrap_err().code, "rutter.trap");
    let mut after = Stage::start(
        &sandbox,
        &plugin("(call $ok)"),
        job(json!({}), Limits::default()),
    );
    assert_eq!(after.ended().await, Ok(json!({})));
}

#[tokio::test]
async fn a_memory_hog_is_stopped_where_it_asks_for_too_much() {
    let body = "(loop $again (drop (memory.grow (i32.const 16))) (br $again)) (unreachable)";
    let limits = Limits {
        memory_max: 4 * 1024 * 1024,
        ..Limits::default()
    };
    let fault = end_of(body, limits).await;
    assert_eq!(fault.code, "rutter.limit.memory");
    assert!(fault.message.contains("4194304 bytes"), "{}", fault.message);
}

#[tokio::test]
async fn memory_a_guest_begins_with_counts() {
    let limits = Limits {
        memory_max: 1024 * 1024,
        ..Limits::default()
    };
    assert_eq!(
        end_of("(call $ok)", limits).await.code,
        "rutter.limit.memory"
    );
}

#[tokio::test]
async fn host_calls_are_counted() {
    let sandbox = sandbox();
    let limits = Limits {
        calls_max: 3,
        ..Limits::default()
    };
    let endless = plugin("(loop $again (call $pause) (br $again)) (unreachable)");
    let mut stage = Stage::start(&sandbox, &endless, job(json!({}), limits));
    for _ in 0..3 {
        let (index, ..) = stage.called().await;
        stage.answer(index, Ok(Value::Null));
    }
    assert_eq!(stage.ended().await.unwrap_err().code, "rutter.limit.calls");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_a_fault_for_the_guest() {
    let sandbox = sandbox();
    let limits = Limits {
        answer_max: 20,
        ..Limits::default()
    };
    let echo = plugin("(call $ask (local.get $text) (local.get $size))");
    let mut stage = Stage::start(&sandbox, &echo, job(json!({"RoleName": "r"}), limits));
    let (index, ..) = stage.called().await;
    stage.answer(index, Ok(json!({"text": "far too long for it"})));
    assert_eq!(stage.ended().await.unwrap_err().code, "rutter.limit.answer");
}

#[tokio::test]
async fn a_flood_of_log_lines_is_cut_off_and_says_so() {
    let sandbox = sandbox();
    let limits = Limits {
        log_max: 100,
        ..Limits::default()
    };
    let body = "(local $left i32) (local.set $left (i32.const 1000)) \
        (loop $again (call $log (i32.const 1) (i32.const 1104) (i32.const 17)) \
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) \
        (call $ok)";
    let mut stage = Stage::start(&sandbox, &plugin(body), job(json!({}), limits));
    let mut lines = Vec::new();
    loop {
        match stage.next().await {
            GuestEvent::Log { message, .. } => lines.push(message),
            GuestEvent::Input(Input::GuestEnded { result, .. }) => {
                assert_eq!(result, Ok(json!({})));
                break;
            }
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0], "a line of the log");
    assert!(lines[3].contains("rutter.limit.log"));
}

#[tokio::test]
async fn outputs_are_held_to_the_manifest() {
    let sandbox = sandbox();
    let echo = plugin("(call $ask (local.get $text) (local.get $size))");
    let mut stage = Stage::start(
        &sandbox,
        &echo,
        job(json!({"RoleName": "r"}), Limits::default()),
    );
    let (index, ..) = stage.called().await;
    stage.answer(index, Ok(json!({"text": 5})));
    let fault = stage.ended().await.unwrap_err();
    assert_eq!(fault.code, "rutter.outputs");
    assert!(fault.message.contains("`text`"), "{}", fault.message);
}

#[tokio::test]
async fn a_dropped_guest_is_gone_wherever_it_stood() {
    let sandbox = sandbox();
    let waiting = plugin("(call $pause) (call $ok)");
    let endless = plugin("(loop $again (br $again)) (unreachable)");
    let mut suspended = Stage::start(&sandbox, &waiting, job(json!({}), Limits::default()));
    let busy = Stage::start(&sandbox, &endless, job(json!({}), Limits::default()));
    let (index, ..) = suspended.called().await;
    assert_eq!(sandbox.guests(), 2);
    drop(busy);
    let Stage {
        guest, mut events, ..
    } = suspended;
    drop(guest);
    assert_eq!(events.recv().await, None, "index {index} is never answered");
    for _ in 0..200 {
        if sandbox.guests() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a dropped guest keeps its place");
}

#[tokio::test]
async fn only_the_call_a_guest_waits_for_is_answered_and_only_once() {
    let sandbox = sandbox();
    let waiting = plugin("(call $pause) (call $ok)");
    let mut stage = Stage::start(&sandbox, &waiting, job(json!({}), Limits::default()));
    let (index, ..) = stage.called().await;
    assert!(!stage.guest.answer(index + 1, Ok(Value::Null), Timestamp(1)));
    stage.answer(index, Ok(Value::Null));
    assert!(!stage.guest.answer(index, Ok(Value::Null), Timestamp(1)));
    assert_eq!(stage.ended().await, Ok(json!({})));
}

#[tokio::test]
async fn guests_beyond_the_first_pool_run_in_the_second_and_beyond_all_wait_for_a_place() {
    let settings = SandboxSettings {
        pool_size: 300,
        ..SandboxSettings::default()
    };
    let sandbox = Sandbox::new(&settings).unwrap();
    let loaded = sandbox
        .load(&read(&plugin("(call $pause) (call $ok)")))
        .unwrap();
    let mut stages = Vec::new();
    for _ in 0..300 {
        let job = job(json!({}), Limits::default());
        let mut stage = Stage::start_loaded(&sandbox, &loaded, job);
        stage.called().await;
        stages.push(stage);
    }
    assert_eq!(sandbox.compiled(), 1);
    let job = job(json!({}), Limits::default());
    let mut late = Stage::start_loaded(&sandbox, &loaded, job);
    let soon = Duration::from_millis(50);
    let called = tokio::time::timeout(soon, late.called()).await;
    assert!(called.is_err(), "there is no room for it");
    for stage in &mut stages {
        stage.answer(0, Ok(Value::Null));
        assert_eq!(stage.ended().await, Ok(json!({})));
    }
    late.called().await;
}

#[tokio::test]
async fn a_component_too_large_for_the_pool_runs_on_demand() {
    let text =
        module("(call $ok)", "").replace("(export \"memory\") 17", "(export \"memory\") 300");
    let bytes = plugin_of(Some(fixture::MANIFEST), &text);
    let sandbox = sandbox();
    let plugin = sandbox.load(&read(&bytes)).unwrap();
    assert!(plugin.is_large());
    let mut stage = Stage::start_loaded(&sandbox, &plugin, job(json!({}), Limits::default()));
    assert_eq!(stage.ended().await, Ok(json!({})));
}

#[test]
fn a_warm_start_compiles_nothing_and_a_damaged_cache_only_costs_time() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SandboxSettings {
        cache_dir: Some(folder.path().join("code")),
        cache_key: CacheKey::at(&folder.path().join("code.key")).ok(),
        ..SandboxSettings::default()
    };
    let bytes = plugin("(call $ok)");
    let compiled = || {
        let sandbox = Sandbox::new(&settings).unwrap();
        let first = sandbox.load(&read(&bytes)).unwrap();
        let second = sandbox.load(&read(&bytes)).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        sandbox.compiled()
    };
    assert_eq!(compiled(), 1);
    assert_eq!(compiled(), 0);
    for entry in std::fs::read_dir(folder.path().join("code")).unwrap() {
        std::fs::write(entry.unwrap().path(), b"damaged").unwrap();
    }
    assert_eq!(compiled(), 1);
    assert_eq!(compiled(), 0);
}

#[test]
fn what_is_no_plugin_is_refused_with_the_reason() {
    let sandbox = sandbox();
    let refusal = |bytes: &[u8]| match Plugin::new("it.wasm".into(), bytes.to_vec(), Origin::Other)
    {
        Err(error) => error.to_string(),
        Ok(plugin) => sandbox.load(&plugin).unwrap_err().to_string(),
    };
    assert!(refusal(b"#!/bin/sh").starts_with("it is no WebAssembly component"));
    assert!(refusal(&wat::parse_str("(module)").unwrap()).contains("core module"));
    let bare = plugin_of(None, &module("(call $ok)", ""));
    assert!(refusal(&bare).contains("no manifest"));
    let wrong = plugin_of(Some("[plugin]\nname = 5"), &module("(call $ok)", ""));
    assert!(refusal(&wrong).starts_with("its manifest is wrong"));
    let importing = |imports: &[&str]| {
        let imports: Vec<String> = imports
            .iter()
            .map(|import| format!("(import \"{import}\" (instance))"))
            .collect();
        let mut bytes = wat::parse_str(format!("(component {})", imports.join(" "))).unwrap();
        let manifest = fixture::MANIFEST.as_bytes();
        fixture::add_section(&mut bytes, rutter_manifest::SECTION, manifest);
        refusal(&bytes)
    };
    let wasi = importing(&["rutter:step/flow@0.1.0", "wasi:cli/environment@0.2.0"]);
    assert!(wasi.contains("`wasi:cli/environment@0.2.0`"), "{wasi}");
    assert!(importing(&["rutter:step/flow@0.2.0"]).ends_with("upgrade rutter"));
    assert!(importing(&["rutter:step/flow@0.1.7"]).contains("does not fit the interface"));
}

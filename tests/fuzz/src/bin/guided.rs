//! One target, `FUZZ_TARGET`, with inputs that libFuzzer chooses by what they reach: `make fuzz`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rutter_fuzz::{TARGETS, bound};

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    let known = TARGETS.iter().find(|(known, _)| *known == name);
    known.expect("FUZZ_TARGET is one of them").1
});

fuzz_target!(|data: &[u8]| bound::within(*TARGET, data));

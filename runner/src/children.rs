//! Programs that this one starts: each sees of the environment what it needs, and no secret.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use rutter_meaning::Rule;
use rutter_meaning::held;

/// What every program needs to find others, its user's files and its language.
const COMMON: [&str; 9] = [
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TERM",
];

/// What cargo and the compiler go by, and how they reach a registry.
const CARGO: [&str; 33] = [
    "CARGO",
    "CARGO_HOME",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_JOBS",
    "CARGO_INCREMENTAL",
    "CARGO_NET_OFFLINE",
    "CARGO_NET_RETRY",
    "CARGO_NET_GIT_FETCH_WITH_CLI",
    "CARGO_HTTP_CAINFO",
    "CARGO_TERM_COLOR",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_BOOTSTRAP",
    "RUSTFLAGS",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "AR",
    "CC",
    "CXX",
    "LD_LIBRARY_PATH",
    "NO_COLOR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// How a signer reaches its agent, and asks for a passphrase.
const SIGNER: [&str; 8] = [
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_SK_PROVIDER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
];

/// A program that compiles plugins: whatever their packages run while they are built sees no more.
pub fn cargo(program: impl AsRef<OsStr>) -> Command {
    command(program.as_ref(), &CARGO)
}

/// A program that signs.
pub fn signer(program: impl AsRef<OsStr>) -> Command {
    command(program.as_ref(), &SIGNER)
}

/// Any other program.
pub fn plain(program: impl AsRef<OsStr>) -> Command {
    command(program.as_ref(), &[])
}

/// A program that needs nothing of the environment.
pub fn bare(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command
}

fn command(program: &OsStr, more: &[&str]) -> Command {
    let mut command = Command::new(program);
    if held::hold(Rule::CleanEnvironment) {
        command.env_clear().envs(kept(std::env::vars_os(), more));
    }
    command
}

fn kept(
    environment: impl Iterator<Item = (OsString, OsString)>,
    more: &[&str],
) -> Vec<(OsString, OsString)> {
    let is_kept = |name: &OsStr| COMMON.iter().chain(more).any(|kept| name == *kept);
    environment.filter(|(name, _)| is_kept(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{CARGO, SIGNER, kept, plain};

    #[test]
    fn a_child_sees_what_it_needs_and_no_secret() {
        let all = [
            "PATH",
            "CARGO_HOME",
            "SSH_AUTH_SOCK",
            "RUTTER_INPUT_PASSWORD",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "CARGO_REGISTRY_TOKEN",
        ];
        let seen = |more: &[&str]| {
            let all = all.iter().map(|name| ((*name).into(), "x".into()));
            let kept = kept(all, more).into_iter();
            kept.map(|(name, _)| name.into_string().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(seen(&CARGO), ["PATH", "CARGO_HOME"]);
        assert_eq!(seen(&SIGNER), ["PATH", "SSH_AUTH_SOCK"]);
        assert_eq!(seen(&[]), ["PATH"]);
    }

    #[test]
    fn what_a_child_prints_of_its_environment_holds_nothing_else() {
        // Cargo gives each test its own variables, none of which a child needs.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let printed = plain("env").output().unwrap();
        let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
        assert!(!printed.contains("CARGO_PKG_NAME"), "{printed}");
        assert!(printed.contains("PATH="), "{printed}");
    }
}

//! What a script prints on a simulated server.
//!
//! Nothing is executed. Line by line, the simulation prints what the world file says under `content.answers`, or knows
//! the line; what it does not know prints nothing. It knows, on Linux,
//!
//! ```text
//! echo 'TEXT'
//! find 'PATH' [-xdev] [\( -path 'PATH' -o -path 'PATH' \) -prune -o] [-type f] (-printf 'FORMAT' | -exec sha256sum {} +)
//! systemctl is-active 'NAME'…
//! ```
//!
//! followed by any of `| sort`, `| sha256sum`, `| wc -l` and `| head -n N`, and on Windows (`PowerShell`)
//!
//! ```text
//! Write-Output 'TEXT'
//! Get-ChildItem -LiteralPath 'PATH' -Recurse -Force [-File]
//! (Get-Service -Name 'NAME' …).Status
//! ```
//!
//! where the second may be followed by `| Where-Object FullName -NotLike 'PATH*'`, `| Sort-Object …`, `| Get-FileHash …`,
//! `| ForEach-Object …`, `| Select-Object -First N`, and `| Digest`, a function that a script has to declare by itself.

mod files;
mod linux;
mod pipe;
mod windows;

use crate::ecs::file::{EcsFile, Os};

/// Returns what a script prints on a server.
pub(super) fn run(server: &EcsFile, script: &str) -> String {
    let content = &server.content;
    let known = match server.os {
        Os::Linux => linux::line,
        Os::Windows => windows::line,
    };
    let lines = script.lines().map(str::trim);
    let printed = lines.filter_map(|line| match content.answers.get(line) {
        Some(answer) => Some(with_newline(answer)),
        None => known(content, line),
    });
    printed.collect()
}

fn with_newline(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') {
        text.to_owned()
    } else {
        format!("{text}\n")
    }
}

//! What a job means by the code that it reports about itself: cause and remedy, in the words of the table of errors.

/// Code, cause, remedy.
const CAUSES: &[(&str, &str, &str)] = &[
    (
        "Connect to Server Failed",
        "SMC client cannot reach the intermediate instance.",
        "Check instance state and ports 80, 443, 8080, 8703.",
    ),
    (
        "Do Rsync Disk x Failed",
        "Data transfer broke off.",
        "Stop databases and containers or exclude their folders; check ports.",
    ),
    (
        "check rsync failed",
        "Rsync is missing on the source.",
        "Install rsync on the source, then start the job again.",
    ),
    (
        "check virtio failed",
        "The virtio driver is missing on the source.",
        "Install the virtio driver on the source, then start the job again.",
    ),
    (
        "check selinux failed",
        "SELinux is on.",
        "Disable SELinux on the source, then start the job again.",
    ),
    (
        "Do Grub Failed",
        "The boot loader could not be written.",
        "Repair the boot loader on the source, then start the job again.",
    ),
    (
        "Create transition vpc failed (QuotaExceeded.Vpc)",
        "VPC quota of the region used up.",
        "Give an existing VSwitchId.",
    ),
    (
        "InvalidAccountStatus.NotEnoughBalance",
        "No money for the pay-as-you-go intermediate instance.",
        "Top up the account, then start the job again.",
    ),
    (
        "InvalidAccountStatus.SnapshotServiceUnavailable",
        "Snapshot service not activated.",
        "Activate the snapshot service, then start the job again.",
    ),
    (
        "InvalidImageName.Duplicated",
        "ImageName already used in the target region.",
        "Change the image's name in the job, then start it again.",
    ),
    (
        "IllegalTimestamp",
        "Source clock is wrong.",
        "Set the clock of the source by the network's time, then start the job again.",
    ),
    (
        "Your Account Haven't Authorized For SMC RAM Role",
        "Service role for SMC missing (today AliyunServiceRoleForSMC is made on import).",
        "Authorise SMC in its console, which makes AliyunServiceRoleForSMC.",
    ),
];

/// Returns cause and remedy of a code.
pub fn of(code: &str) -> Option<(&'static str, &'static str)> {
    let known = CAUSES.iter().find(|(known, ..)| is(known, code));
    known.map(|(_, cause, fix)| (*cause, *fix))
}

/// A word `x` stands for the number of a disk.
fn is(known: &str, code: &str) -> bool {
    let (mut known, mut code) = (known.split_whitespace(), code.split_whitespace());
    loop {
        match (known.next(), code.next()) {
            (None, None) => return true,
            (Some("x"), Some(_)) => {}
            (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_table() {
        for (code, cause, fix) in CAUSES {
            let known = rutter_contracts::classify_run("SMC", code).expect("the table has it");
            assert_eq!((known.cause, known.fix), (*cause, *fix), "{code}");
        }
    }

    #[test]
    fn a_disk_s_number_does_not_matter() {
        assert!(of("Do Rsync Disk 2 Failed").is_some());
        assert!(of("do rsync disk x failed").is_some());
        assert!(of("Do Rsync Disk Failed").is_none());
    }
}

//! Durations as people write them: `90s`, `5m`, `1h30m`.

/// The units, largest first, with their length in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Returns the milliseconds that `text` stands for: whole numbers, each with one of the units `d`,
/// `h`, `m`, `s` and `ms`, larger units first. `None` if it is anything else.
pub fn parse_duration(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    let mut unit_ms_before = u64::MAX;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let (_, unit_ms) = UNITS.iter().find(|(unit, _)| *unit == &rest[..letters])?;
        if *unit_ms >= unit_ms_before {
            return None;
        }
        unit_ms_before = *unit_ms;
        total = total.checked_add(number.checked_mul(*unit_ms)?)?;
        rest = rest[letters..].trim_start();
    }
    // Values are JSON integers, which are signed.
    i64::try_from(total).is_ok().then_some(total)
}

/// Returns the text for a number of milliseconds: `5400000` is `1h30m`.
pub fn duration_text(duration_ms: u64) -> String {
    let mut rest = duration_ms;
    let mut text = String::new();
    for (unit, unit_ms) in UNITS {
        if rest >= unit_ms {
            text.push_str(&format!("{}{unit}", rest / unit_ms));
            rest %= unit_ms;
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        assert_eq!(parse_duration("90s"), Some(90_000));
        assert_eq!(parse_duration("5m"), Some(300_000));
        assert_eq!(parse_duration("12h"), Some(43_200_000));
        assert_eq!(parse_duration("2d"), Some(172_800_000));
        assert_eq!(parse_duration("1h30m"), Some(5_400_000));
        assert_eq!(parse_duration("250ms"), Some(250));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "90",
            "s",
            "1.5h",
            "-5m",
            "5 minutes",
            "5m1h",
            "5m5m",
            "999999999999d",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_reads_back_as_itself() {
        for duration_ms in [0, 1, 90_000, 5_400_000, 172_800_000, 86_461_001] {
            assert_eq!(
                parse_duration(&duration_text(duration_ms)),
                Some(duration_ms)
            );
        }
    }
}

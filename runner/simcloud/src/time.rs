//! Instants as the cloud writes them.

use jiff::Timestamp;

/// The instant of what the world began with: it has always been there.
pub(crate) const ALWAYS: i64 = i64::MIN;

/// Returns `2026-01-15T20:00:00Z` for an instant in milliseconds since the epoch; instants no calendar has are clamped.
pub(crate) fn text(instant_ms: i64) -> String {
    let instant = Timestamp::from_millisecond(instant_ms).unwrap_or(if instant_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads an RFC 3339 instant; `None` if it is none.
pub(crate) fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_millisecond)
}

/// Returns how long moving `bytes` takes at `megabytes_per_second`, in milliseconds. A rate of nothing takes forever, which is a year.
pub(crate) fn transfer_ms(bytes: u64, megabytes_per_second: f64) -> i64 {
    const YEAR_MS: f64 = 365.0 * 86_400_000.0;
    let seconds = bytes as f64 / (megabytes_per_second * 1_000_000.0);
    (seconds * 1000.0).clamp(0.0, YEAR_MS) as i64
}

/// Returns how far `now` is between `from` and `until`, 0 to 100.
pub(crate) fn percent(from: i64, until: i64, now: i64) -> i64 {
    if now >= until {
        return 100;
    }
    if now <= from {
        return 0;
    }
    let done = now.saturating_sub(from) as f64;
    let all = until.saturating_sub(from) as f64;
    ((done / all * 100.0) as i64).clamp(0, 99)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_back_as_written() {
        assert_eq!(
            parse("2026-01-15T20:00:00Z").map(text).as_deref(),
            Some("2026-01-15T20:00:00Z")
        );
    }

    #[test]
    fn absurd_instants_and_rates_are_clamped() {
        assert!(text(i64::MAX).starts_with("9999"));
        assert!(text(i64::MIN).starts_with('-'));
        assert!(transfer_ms(u64::MAX, 0.0) > 0);
        assert_eq!(percent(0, 10, 5), 50);
        assert_eq!(percent(0, 10, 10), 100);
    }
}

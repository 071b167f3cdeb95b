//! Instants as this cloud's APIs write and take them: UTC, `2023-11-14T22:13:20Z`. In code they are a [`Duration`]
//! since 1970-01-01T00:00:00Z, as [`Host::now`](crate::Host::now) gives them.
//!
//! ```
//! use rutter_sdk::prelude::*;
//! use rutter_sdk::instant;
//!
//! /// What the monitoring saw of an instance in the last hour.
//! fn last_hour(host: &Host, instance: &str) -> Api {
//!     let now = host.now();
//!     Api::new("R-kvstore", "DescribeHistoryMonitorValues")
//!         .set("InstanceId", instance)
//!         .set("StartTime", instant::text(now.saturating_sub(Duration::from_hours(1))))
//!         .set("EndTime", instant::text(now))
//! }
//! ```

use std::time::Duration;

/// Seconds of a day; UTC as computers count it has no other days.
const DAY: u64 = 86_400;

/// The year that instants are counted from.
const EPOCH: u64 = 1970;

/// Returns an instant as text, in whole seconds.
///
/// ```
/// use std::time::Duration;
///
/// let instant = Duration::from_secs(1_700_000_000);
/// assert_eq!(rutter_sdk::instant::text(instant), "2023-11-14T22:13:20Z");
/// ```
pub fn text(instant: Duration) -> String {
    let seconds = instant.as_secs();
    let (year, month, day) = date(seconds / DAY);
    let second = seconds % DAY;
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z",
        second % 60
    )
}

/// Reads an instant that is written so; some actions leave the seconds out, `2023-11-14T22:13Z`. `None` for any
/// other text, for a date that there is not, and before 1970.
///
/// ```
/// use rutter_sdk::instant;
///
/// let seconds = |text| instant::parse(text).map(|instant| instant.as_secs());
/// assert_eq!(seconds("2023-11-14T22:13:20Z"), Some(1_700_000_000));
/// assert_eq!(seconds("2023-11-14T22:13Z"), Some(1_699_999_980));
/// assert_eq!(seconds("2023-02-29T00:00:00Z"), None);
/// ```
pub fn parse(text: &str) -> Option<Duration> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let days = days_until(numbers(date, '-', &[4, 2, 2])?)?;
    let time = match time.len() {
        5 => numbers(time, ':', &[2, 2])?,
        _ => numbers(time, ':', &[2, 2, 2])?,
    };
    let (hour, minute, second) = (time[0], time[1], time.get(2).copied().unwrap_or_default());
    let there_is = hour < 24 && minute < 60 && second < 60;
    let seconds = days * DAY + hour * 3_600 + minute * 60 + second;
    there_is.then(|| Duration::from_secs(seconds))
}

/// The numbers of a text, each with so many digits.
fn numbers(text: &str, between: char, digits: &[usize]) -> Option<Vec<u64>> {
    let parts: Vec<&str> = text.split(between).collect();
    let is_number = |(part, digits): (&&str, &usize)| {
        part.len() == *digits && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let fits = parts.len() == digits.len() && parts.iter().zip(digits).all(is_number);
    fits.then(|| parts.iter().filter_map(|part| part.parse().ok()).collect())
}

/// The days from the epoch to a date, given as year, month and day.
fn days_until(date: Vec<u64>) -> Option<u64> {
    let [year, month, day]: [u64; 3] = date.try_into().ok()?;
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    let lengths = month_lengths(year);
    let there_is = (1..=*lengths.get(before)?).contains(&day) && year >= EPOCH;
    let years: u64 = (EPOCH..year).map(year_length).sum();
    let months: u64 = lengths.iter().take(before).sum();
    there_is.then(|| years + months + day - 1)
}

/// Year, month and day of a day counted from the epoch.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = EPOCH;
    while days >= year_length(year) {
        days -= year_length(year);
        year += 1;
    }
    let mut month = 1;
    for length in month_lengths(year) {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn month_lengths(year: u64) -> [u64; 12] {
    let february = year_length(year) - 337;
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

fn year_length(year: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if is_leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_the_api_wants_them_and_read_again() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
        ] {
            let instant = Duration::from_secs(seconds);
            assert_eq!(text(instant), expected);
            assert_eq!(parse(expected), Some(instant));
        }
    }

    #[test]
    fn what_is_no_instant_is_not_read() {
        for text in [
            "",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20+08:00",
            "2023-11-14T22Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:60:00Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2023-04-31T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "+023-11-14T22:13:20Z",
            "２023-11-14T22:13:20Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

//! Instants as the API writes them.

use std::time::Duration;

const DAY: u64 = 86_400;

/// Returns an instant, given since 1970, as `2023-11-14T22:13:20Z`.
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

/// Reads an instant that is written so, as time since 1970.
pub fn parse(text: &str) -> Option<Duration> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    // Some actions leave the seconds out.
    let second = number(17, 19).unwrap_or_default();
    let years: u64 = (1970..year).map(year_length).sum();
    let months = lengths(year)
        .into_iter()
        .take(usize::try_from(month).ok()?.checked_sub(1)?);
    let days = years + months.sum::<u64>() + day.checked_sub(1)?;
    Some(Duration::from_secs(
        days * DAY + hour * 3_600 + minute * 60 + second,
    ))
}

/// Year, month and day of a day counted from 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= year_length(year) {
        days -= year_length(year);
        year += 1;
    }
    let mut month = 1;
    for length in lengths(year) {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn lengths(year: u64) -> [u64; 12] {
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
    fn instants_are_written_as_the_api_wants_them() {
        for (seconds, expected) in [
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
        ] {
            let instant = Duration::from_secs(seconds);
            assert_eq!(text(instant), expected);
            assert_eq!(parse(expected), Some(instant));
        }
    }
}

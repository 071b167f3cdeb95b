//! Instants, durations, places and faults, written for people.

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{At, Fault, Phase, Run, Timestamp};

/// This instant, by the clock of this machine.
pub(crate) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// An instant in RFC 3339, UTC, to the millisecond.
pub fn instant(time: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(time.0) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => format!("{} ms", time.0),
    }
}

/// An instant in UTC and, where that is another, in the operator's zone, named.
pub fn instant_here(time: Timestamp) -> String {
    instant_in(time, jiff::tz::TimeZone::system())
}

fn instant_in(time: Timestamp, zone: jiff::tz::TimeZone) -> String {
    let utc = instant(time);
    let Ok(at) = jiff::Timestamp::from_millisecond(time.0) else {
        return utc;
    };
    let here = at.to_zoned(zone);
    if here.offset().is_zero() {
        return utc;
    }
    // Short names such as CST mean several zones.
    let name = here.time_zone().iana_name().map(str::to_owned);
    let name = name.unwrap_or_else(|| here.offset().to_string());
    format!("{utc} ({} {name})", here.strftime("%Y-%m-%d %H:%M:%S"))
}

/// The time of the day of an instant in the operator's zone, which is named: `01:35 Asia/Shanghai`,
/// with the date where that is another day than `now`.
pub(super) fn clock(time: Timestamp, now: Timestamp) -> String {
    clock_in(time, now, jiff::tz::TimeZone::system())
}

fn clock_in(time: Timestamp, now: Timestamp, zone: jiff::tz::TimeZone) -> String {
    let local = |time: Timestamp| {
        let time = jiff::Timestamp::from_millisecond(time.0).ok()?;
        Some(time.to_zoned(zone.clone()))
    };
    let (Some(at), Some(now)) = (local(time), local(now)) else {
        return instant(time);
    };
    let day = match at.date() == now.date() {
        true => String::new(),
        false => at.strftime("%Y-%m-%d ").to_string(),
    };
    let zone = match at.time_zone().iana_name() {
        _ if at.offset().is_zero() => "UTC".to_owned(),
        Some(name) => name.to_owned(),
        None => at.offset().to_string(),
    };
    format!("{day}{} {zone}", at.strftime("%H:%M"))
}

/// A duration in at most two units: `850ms`, `12s`, `3m12s`, `11h05m`, `2d03h`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if ms < 1_000 {
        format!("{ms}ms")
    } else if seconds < 60 {
        format!("{seconds}s")
    } else if minutes < 60 {
        format!("{minutes}m{:02}s", seconds % 60)
    } else if hours < 24 {
        format!("{hours}h{:02}m", minutes % 60)
    } else {
        format!("{days}d{:02}h", hours % 24)
    }
}

/// A step and its item: `role`, `copy[db1]`, `role (undo)`.
pub fn place(at: &At, run: &Run) -> String {
    let item = at.item.as_ref().map(|key| run.item_name(&at.step, key));
    place_called(at, item)
}

/// The same with what people call the item.
pub(super) fn place_called(at: &At, item: Option<&str>) -> String {
    let undo = match at.phase {
        Phase::Run => "",
        Phase::Undo => " (undo)",
    };
    match item {
        Some(item) => format!("{}[{}]{undo}", at.step, one_line(item)),
        None => format!("{}{undo}", at.step),
    }
}

/// `2 people`.
pub(super) fn people(number: u32) -> String {
    match number {
        1 => "1 person".to_owned(),
        number => format!("{number} people"),
    }
}

/// `1 step`, `2 steps`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A fault on one line, with what the operator should do.
pub(super) fn why(fault: &Fault) -> String {
    let mut text = format!("{}: {}", one_line(&fault.code), one_line(&fault.message));
    if let Some(advice) = &fault.advice {
        text.push_str(" — ");
        text.push_str(&one_line(advice));
    }
    if let Some(id) = &fault.request_id {
        text.push_str(&format!(" (request {})", one_line(id)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{clock_in, duration, instant, instant_in};
    use rutter_engine::Timestamp;

    #[test]
    fn durations_take_two_units_at_most() {
        let shown: Vec<_> = [0, 999, 1_000, 59_999, 192_000, 39_900_000, 183_600_000]
            .map(duration)
            .into();
        assert_eq!(
            shown,
            ["0ms", "999ms", "1s", "59s", "3m12s", "11h05m", "2d03h"]
        );
    }

    #[test]
    fn instants_are_rfc_3339() {
        assert_eq!(
            instant(Timestamp(1_700_000_000_000)),
            "2023-11-14T22:13:20.000Z"
        );
    }

    #[test]
    fn an_instant_is_told_in_the_operator_s_zone_too_which_is_named() {
        let at = Timestamp(1_700_000_000_000);
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(
            instant_in(at, zone),
            "2023-11-14T22:13:20.000Z (2023-11-15 06:13:20 Asia/Shanghai)"
        );
        let fixed = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(
            instant_in(at, fixed),
            "2023-11-14T22:13:20.000Z (2023-11-15 06:13:20 +08)"
        );
        assert_eq!(instant_in(at, jiff::tz::TimeZone::UTC), instant(at));
    }

    #[test]
    fn the_time_of_the_day_names_its_zone_and_another_day() {
        let now = Timestamp(1_700_000_000_000);
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let hour = 3_600_000;
        assert_eq!(clock_in(now, now, zone.clone()), "06:13 Asia/Shanghai");
        assert_eq!(
            clock_in(now.after(20 * hour), now, zone),
            "2023-11-16 02:13 Asia/Shanghai"
        );
        assert_eq!(clock_in(now, now, jiff::tz::TimeZone::UTC), "22:13 UTC");
    }
}

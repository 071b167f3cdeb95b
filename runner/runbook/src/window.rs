//! When a pause ends: an instant, or the next time of day in a zone; and until when what follows may
//! begin.

use jiff::civil::Time;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use serde_json::{Value, json};

use super::misfit::Misfit;

/// A point in time as a runbook writes it.
enum Point {
    /// An instant, `2026-01-31T22:00:00+08:00`.
    Instant(Timestamp),
    /// `02:00`, in a zone.
    Daily(Time, TimeZone),
}

/// The end of a pause as the engine takes it: `until_ms`, perhaps `latest_ms`, and the words for people.
pub(super) fn complete(inputs: &Value, now: Timestamp) -> Result<Value, Misfit> {
    let text = |name: &str| inputs.get(name).and_then(Value::as_str);
    let zone = text("zone").map(zone).transpose()?;
    let until = text("until").unwrap_or_default();
    let until_point = point("until", until, zone.as_ref())?;
    let Some(latest_text) = text("latest") else {
        let until_ms = next(&until_point, now).as_millisecond();
        return Ok(with_zone(
            json!({ "until_ms": until_ms, "until": until }),
            text("zone"),
        ));
    };
    let latest_point = point("latest", latest_text, zone.as_ref())?;
    let latest = next(&latest_point, now);
    // Within the window the pause is over at once.
    let until_instant = match &until_point {
        Point::Instant(instant) => *instant,
        Point::Daily(time, zone) => last(*time, zone, latest),
    };
    if until_instant > latest {
        return Err(misfit("latest", "`latest` is before `until`".to_owned()));
    }
    let window = json!({
        "until_ms": until_instant.as_millisecond(),
        "until": until,
        "latest_ms": latest.as_millisecond(),
        "latest": latest_text,
    });
    Ok(with_zone(window, text("zone")))
}

/// The zone goes along, so that a window can be found for another day.
fn with_zone(mut window: Value, zone: Option<&str>) -> Value {
    if let Some(zone) = zone {
        window["zone"] = zone.into();
    }
    window
}

/// The input of a pause that says an instant which is past, and what a run would do about it.
pub(super) fn past(inputs: &Value, now: Timestamp) -> Option<(&'static str, &'static str)> {
    let is_past = |name: &str| {
        let instant = inputs.get(name).and_then(Value::as_str);
        let instant = instant.and_then(|text| text.parse::<Timestamp>().ok());
        instant.is_some_and(|instant| instant < now)
    };
    match inputs.get("latest") {
        Some(_) => is_past("latest").then_some(("latest", "a run fails there")),
        None => is_past("until").then_some(("until", "a run asks there whether to go on")),
    }
}

/// When the window of a pause begins and ends for a run that gets there at `now`; times of day are those
/// next to it.
pub fn at(inputs: &Value, now: Timestamp) -> Option<(Timestamp, Option<Timestamp>)> {
    let window = complete(inputs, now).ok()?;
    let instant = |name: &str| {
        let ms = window.get(name).and_then(Value::as_i64)?;
        Timestamp::from_millisecond(ms).ok()
    };
    Some((instant("until_ms")?, instant("latest_ms")))
}

/// What is said of a window that a run which begins at `now` gets to at `reached`, where that is too late; and
/// what helps.
pub fn missed(
    inputs: &Value,
    now: Timestamp,
    reached: Timestamp,
) -> Option<(String, &'static str)> {
    let text = |name: &str| inputs.get(name).and_then(Value::as_str).unwrap_or_default();
    match at(inputs, now)? {
        (_, Some(to)) if reached > to => Some((
            format!("later than {}", text("latest")),
            "begin earlier, or widen the window",
        )),
        (from, None) if reached > from => {
            let until = text("until");
            let then = match until.parse::<Timestamp>() {
                Ok(_) => "it asks",
                Err(_) => "it waits for the next day's",
            };
            Some((
                format!("{until} is past then, and {then}"),
                "begin earlier, or wait for a later instant",
            ))
        }
        _ => None,
    }
}

fn point(input: &'static str, text: &str, zone: Option<&TimeZone>) -> Result<Point, Misfit> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(Point::Instant(instant));
    }
    let Ok(time) = text.parse::<Time>() else {
        let message = format!(
            "`{text}` is neither an instant such as `2026-01-31T22:00:00+08:00` nor a time of day such as `02:00`"
        );
        return Err(misfit(input, message));
    };
    match zone {
        Some(zone) => Ok(Point::Daily(time, zone.clone())),
        None => Err(misfit(
            input,
            format!(
                "`{text}` is a time of day, and no `zone` says where: `zone = \"Asia/Shanghai\"`"
            ),
        )),
    }
}

fn zone(text: &str) -> Result<TimeZone, Misfit> {
    let fixed = || {
        // `+08:00` is how people write a zone without a name.
        let instant: Timestamp = format!("1970-01-01T12:00:00{text}").parse().ok()?;
        let seconds = 12 * 3_600 - instant.as_second();
        Some(TimeZone::fixed(
            Offset::from_seconds(i32::try_from(seconds).ok()?).ok()?,
        ))
    };
    let named = || TimeZone::get(text).ok();
    let found = match text.starts_with(['+', '-']) {
        true => fixed(),
        false => named(),
    };
    found.ok_or_else(|| {
        misfit(
            "zone",
            format!("`{text}` is no time zone such as `Asia/Shanghai` or `+08:00`"),
        )
    })
}

/// The first such time that is not before `now`.
fn next(point: &Point, now: Timestamp) -> Timestamp {
    let (time, zone) = match point {
        Point::Instant(instant) => return *instant,
        Point::Daily(time, zone) => (*time, zone),
    };
    let day = |days: i64| on_day(time, zone, now, days);
    (0..=2)
        .map(day)
        .find(|instant| *instant >= now)
        .unwrap_or_else(|| day(2))
}

/// The last such time that is not after `end`.
fn last(time: Time, zone: &TimeZone, end: Timestamp) -> Timestamp {
    let day = |days: i64| on_day(time, zone, end, -days);
    (0..=2)
        .map(day)
        .find(|instant| *instant <= end)
        .unwrap_or_else(|| day(2))
}

/// A time of day so many days from a day. A time that a change of clocks leaves out is the one after.
fn on_day(time: Time, zone: &TimeZone, from: Timestamp, days: i64) -> Timestamp {
    let there: Zoned = from.to_zoned(zone.clone());
    let date = there
        .date()
        .saturating_add(SignedDuration::from_hours(24 * days));
    let zoned = date.to_datetime(time).to_zoned(zone.clone());
    zoned.map_or(from, |zoned| zoned.timestamp())
}

fn misfit(input: &'static str, message: String) -> Misfit {
    Misfit {
        input: Some(input),
        message,
        help: "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(inputs: Value, now: &str) -> (String, Option<String>) {
        let now = now.parse().unwrap();
        let ends = complete(&inputs, now).unwrap();
        let at = |name: &str| {
            let ms = ends.get(name)?.as_i64()?;
            Some(Timestamp::from_millisecond(ms).unwrap().to_string())
        };
        (at("until_ms").unwrap(), at("latest_ms"))
    }

    #[test]
    fn a_time_of_day_is_the_next_one_in_its_zone() {
        let inputs = || json!({ "until": "02:00", "zone": "Asia/Shanghai" });
        let (until, _) = ends(inputs(), "2026-01-15T10:00:00+08:00");
        assert_eq!(until, "2026-01-15T18:00:00Z");
        let (until, _) = ends(inputs(), "2026-01-15T01:59:00+08:00");
        assert_eq!(until, "2026-01-14T18:00:00Z");
        let fixed = json!({ "until": "02:00", "zone": "+08:00" });
        assert_eq!(
            ends(fixed, "2026-01-15T10:00:00+08:00").0,
            "2026-01-15T18:00:00Z"
        );
    }

    #[test]
    fn a_window_that_is_open_is_over_at_once_and_one_that_is_closed_is_tomorrow_s() {
        let inputs = || json!({ "until": "22:00", "latest": "04:00", "zone": "Asia/Shanghai" });
        let open = ends(inputs(), "2026-01-15T23:30:00+08:00");
        assert_eq!(open.0, "2026-01-15T14:00:00Z");
        assert_eq!(open.1.as_deref(), Some("2026-01-15T20:00:00Z"));
        let closed = ends(inputs(), "2026-01-16T05:00:00+08:00");
        assert_eq!(closed.0, "2026-01-16T14:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_to_write() {
        let now: Timestamp = "2026-01-15T10:00:00Z".parse().unwrap();
        for inputs in [
            json!({ "until": "tomorrow" }),
            json!({ "until": "02:00" }),
            json!({ "until": "02:00", "zone": "Nowhere" }),
            json!({ "until": "2026-01-31T22:00:00+08:00", "latest": "2026-01-31T20:00:00+08:00" }),
        ] {
            assert!(complete(&inputs, now).is_err(), "{inputs}");
        }
    }
}

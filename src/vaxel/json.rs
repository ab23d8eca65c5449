//! Answers for programs.
//!
//! The contract promises that times sort as text, which needs the same number of decimals in each: `…:00Z`
//! sorts after `…:00.5Z`.

use crate::error::Error;
use serde::Serialize;
use serde_json::Value;

/// Keys that hold a time wherever they hold text that is one.
const TIMES: [&str; 7] = ["time", "since", "began", "answered", "ended", "expires", "started"];

/// One JSON value, indented, with an end of line.
pub(crate) fn one_value<T: Serialize>(value: &T) -> Result<String, Error> {
    // By way of text: made into a value directly, an f32 of 4.4 would read 4.400000095367432.
    let text = serde_json::to_string(value);
    let mut value = text
        .and_then(|text| serde_json::from_str(&text))
        .map_err(|problem| Error::Unknown(problem.to_string()))?;
    even_times(&mut value);
    Ok(format!("{value:#}\n"))
}

/// Gives every time six decimals.
fn even_times(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(even_times),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if TIMES.contains(&key.as_str()) => {
                        if let Ok(time) = text.parse::<jiff::Timestamp>() {
                            *text = format!("{time:.6}");
                        }
                    }
                    field => even_times(field),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_sort_as_text() {
        let whole = one_value(&json!([{"time": "2026-11-23T12:00:00Z"}])).unwrap();
        let later = one_value(&json!([{"time": "2026-11-23T12:00:00.25Z"}])).unwrap();
        assert!(whole < later, "{whole} {later}");
    }

    #[test]
    fn what_only_looks_like_a_time_stays() {
        let shown = one_value(&json!({"to": "2026-11-23T12:00:00Z", "answered": 3, "ended": null})).unwrap();
        let back: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(back, json!({"to": "2026-11-23T12:00:00Z", "answered": 3, "ended": null}));
    }
}

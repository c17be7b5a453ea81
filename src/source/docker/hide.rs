//! Secrets in what an engine says of an object, taken out of the tree before it is kept.

use crate::model::redact;
use serde_json::Value;

/// Hides what is secret: values of names that say so, `NAME=value` in lists, arguments of commands, and whatever is known by its
/// shape.
pub(super) fn hide(value: &mut Value) {
    hide_in("", value);
}

fn hide_in(name: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| hide_in(name, value)),
        Value::Array(list) if matches!(name, "Cmd" | "Args" | "Entrypoint" | "Test") => arguments(list),
        Value::Array(list) if name == "Env" => list.iter_mut().for_each(variable),
        Value::Array(list) => list.iter_mut().for_each(|value| hide_in(name, value)),
        Value::String(text) => *text = redact::value(name, text).into_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn arguments(list: &mut [Value]) {
    let texts: Vec<String> = list.iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect();
    let shown = redact::arguments(texts.iter().map(String::as_str));
    for (value, shown) in list.iter_mut().zip(shown) {
        *value = Value::String(shown.into_owned());
    }
}

fn variable(value: &mut Value) {
    if let Value::String(text) = value {
        *text = match text.split_once('=') {
            Some((name, value)) => format!("{name}={}", redact::value(name, value)),
            None => redact::text(text).into_owned(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_gone_and_the_rest_stays() {
        let mut value = json!({
            "Config": {
                "Env": ["PASSWORD=hunter2", "PLAIN=visible", "DATABASE_URL=postgres://shop:s3cret@db/shop", "odd"],
                "Cmd": ["run", "--token", "abc123", "--port", "80"],
                "Labels": { "api-key": "k3y", "team": "shop" },
            },
            "Path": "mysql -psecret1", "Pid": 4,
        });
        hide(&mut value);
        let text = value.to_string();
        for secret in ["hunter2", "s3cret", "abc123", "k3y", "secret1"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        for plain in ["PLAIN=visible", "--port", "80", "shop", "odd"] {
            assert!(text.contains(plain), "{plain} not in {text}");
        }
    }
}

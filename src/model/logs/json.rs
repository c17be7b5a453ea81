//! Lines that are JSON objects: their fields, as columns want them. Read only where they are shown.

use serde_json::Value;

/// A field of a line, and its value in one line of text.
pub type Field = (String, String);

/// Names under which loggers write what they have to say, the most usual first.
const MESSAGES: &[&str] = &["msg", "message", "text", "event", "log", "@message", "short_message"];
/// Fields that the viewer shows by itself.
const SHOWN_OTHERWISE: &[&str] =
    &["level", "severity", "lvl", "time", "ts", "timestamp", "@timestamp", "levelname", "asctime"];

/// Whether a line may be a JSON object; says nothing of its inside.
pub fn looks_like_object(text: &str) -> bool {
    let text = text.trim();
    text.len() > 1 && text.starts_with('{') && text.ends_with('}')
}

/// The fields of a line by name, those of inner objects by their path: `http.status`. `None` where it is no JSON object.
pub fn fields(text: &str) -> Option<Vec<Field>> {
    let Ok(Value::Object(object)) = serde_json::from_str(text.trim()) else { return None };
    let mut fields = Vec::new();
    for (name, value) in object {
        flatten(name, value, 0, &mut fields);
    }
    Some(fields)
}

/// How deep inner objects are opened.
const DEPTH: usize = 3;

fn flatten(name: String, value: Value, depth: usize, fields: &mut Vec<Field>) {
    match value {
        Value::Object(object) if depth < DEPTH && !object.is_empty() => {
            for (inner, value) in object {
                flatten(format!("{name}.{inner}"), value, depth + 1, fields);
            }
        }
        Value::String(text) => fields.push((name, text)),
        other => fields.push((name, other.to_string())),
    }
}

/// What the line has to say: the place of the field among the others.
pub fn message(fields: &[Field]) -> Option<usize> {
    MESSAGES.iter().find_map(|known| fields.iter().position(|(name, _)| name == known))
}

/// Whether the viewer shows a field by itself, as time or level.
pub fn is_shown_otherwise(name: &str) -> bool {
    SHOWN_OTHERWISE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_flat() {
        let line = r#" {"level":"info","msg":"served","http":{"status":200,"path":"/a"},"tags":["x",1],"n":null} "#;
        assert!(looks_like_object(line));
        let fields = fields(line).expect("an object");
        let shown: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut sorted = shown.clone();
        sorted.sort();
        assert_eq!(
            sorted,
            ["http.path=/a", "http.status=200", "level=info", "msg=served", "n=null", "tags=[\"x\",1]",]
        );
        assert_eq!(message(&fields).map(|at| fields[at].1.as_str()), Some("served"));
        assert_eq!(super::fields("{not json}"), None);
        assert!(!looks_like_object("[1]"));
    }
}

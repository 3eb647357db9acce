//! JSON as the sender wrote it: numbers stay text, members keep their order, names may not repeat.
//!
//! The common JSON value turns `12.10` into a binary fraction and forgets repeated names; neither may happen to
//! something that is hashed. Depth is bounded while reading, so that no document can exhaust the stack.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, unescaped.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object: members in the order of the text, names unique.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses a text, nested at most `depth_max` levels.
    ///
    /// # Errors
    /// [`JsonError`] with the byte position.
    pub fn parse(text: &str, depth_max: usize) -> Result<Self, JsonError> {
        let mut reader = Reader { bytes: text.as_bytes(), text, position: 0 };
        let value = reader.value(depth_max)?;
        reader.blanks();
        if reader.position < text.len() {
            return Err(reader.error("something follows the value"));
        }
        Ok(value)
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members().iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of an array, or the value itself as the only one; none of `null`.
    pub fn elements(&self) -> &[Json] {
        match self {
            Self::Null => &[],
            Self::Array(elements) => elements,
            other => std::slice::from_ref(other),
        }
    }
}

/// Deepest nesting that is read from a field of a request or a record. A document's own bound is lower, see
/// [`Limits`](super::Limits); this one only keeps the reader from recursing as deep as anybody cares to write.
const FIELD_DEPTH_MAX: usize = 64;

/// As a field, in `serde_json` only: the text itself, so that no number passes through binary floating point.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(text.get(), FIELD_DEPTH_MAX).map_err(de::Error::custom)
    }
}

impl JsonSchema for Json {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Json".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

/// Compact JSON with the members in their order.
impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Number(text) => formatter.write_str(text),
            Self::Text(text) => write_text(formatter, text),
            Self::Array(elements) => {
                formatter.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    write!(formatter, "{}{element}", if index == 0 { "" } else { "," })?;
                }
                formatter.write_str("]")
            }
            Self::Object(members) => {
                formatter.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    formatter.write_str(if index == 0 { "" } else { "," })?;
                    write_text(formatter, name)?;
                    write!(formatter, ":{value}")?;
                }
                formatter.write_str("}")
            }
        }
    }
}

fn write_text(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => formatter.write_str("\\\"")?,
            '\\' => formatter.write_str("\\\\")?,
            '\n' => formatter.write_str("\\n")?,
            '\r' => formatter.write_str("\\r")?,
            '\t' => formatter.write_str("\\t")?,
            control if control < ' ' => write!(formatter, "\\u{:04x}", control as u32)?,
            other => write!(formatter, "{other}")?,
        }
    }
    formatter.write_str("\"")
}

/// What is wrong with a JSON text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON at byte {position}: {reason}")]
pub struct JsonError {
    /// Byte position, counted from 0.
    pub position: usize,
    /// What is wrong.
    pub reason: &'static str,
}

impl JsonError {
    /// Whether the text may be JSON and only nests deeper than was asked for.
    pub fn is_too_deep(&self) -> bool {
        self.reason == TOO_DEEP
    }
}

const TOO_DEEP: &str = "nested too deeply";

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    position: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth_left: usize) -> Result<Json, JsonError> {
        self.blanks();
        match self.peek() {
            Some(b'{') => self.object(self.deeper(depth_left)?),
            Some(b'[') => self.array(self.deeper(depth_left)?),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.error("no value starts like this")),
            None => Err(self.error("the text ends where a value should stand")),
        }
    }

    fn deeper(&self, depth_left: usize) -> Result<usize, JsonError> {
        depth_left.checked_sub(1).ok_or(self.error(TOO_DEEP))
    }

    fn object(&mut self, depth_left: usize) -> Result<Json, JsonError> {
        self.position += 1;
        let mut members: Vec<(String, Json)> = Vec::new();
        // A sorted list of names finds repetitions without comparing every pair.
        let mut names = std::collections::BTreeSet::new();
        self.blanks();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.error("a member's name should stand here"));
            }
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return Err(self.error("a name stands twice in one object"));
            }
            self.blanks();
            if !self.take(b':') {
                return Err(self.error("a colon should stand here"));
            }
            let value = self.value(depth_left)?;
            members.push((name, value));
            self.blanks();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return Err(self.error("a comma or the object's end should stand here"));
            }
        }
    }

    fn array(&mut self, depth_left: usize) -> Result<Json, JsonError> {
        self.position += 1;
        let mut elements = Vec::new();
        self.blanks();
        if self.take(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth_left)?);
            self.blanks();
            if self.take(b']') {
                return Ok(Json::Array(elements));
            }
            if !self.take(b',') {
                return Err(self.error("a comma or the array's end should stand here"));
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.position += 1;
        let mut string = String::new();
        loop {
            let start = self.position;
            while matches!(self.peek(), Some(byte) if byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.position += 1;
            }
            string.push_str(&self.text[start..self.position]);
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    self.position += 1;
                    string.push(self.escape()?);
                }
                Some(_) => return Err(self.error("a control character inside a string")),
                None => return Err(self.error("a string without end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek().ok_or(self.error("a string without end"))?;
        self.position += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(self.error("an unknown escape")),
        })
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.four_digits()?;
        let code = match first {
            0xd800..0xdc00 => {
                if !(self.take(b'\\') && self.take(b'u')) {
                    return Err(self.error("half of a surrogate pair"));
                }
                let second = self.four_digits()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err(self.error("half of a surrogate pair"));
                }
                0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            other => other,
        };
        char::from_u32(code).ok_or(self.error("half of a surrogate pair"))
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or(self.error("four hexadecimal digits should stand here"))?;
            self.position += 1;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.position;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(self.error("a digit should stand here"));
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.error("a digit should stand here"));
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(self.error("a digit should stand here"));
            }
        }
        Ok(Json::Number(self.text[start..self.position].to_owned()))
    }

    fn digits(&mut self) -> usize {
        let start = self.position;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.position += 1;
        }
        self.position - start
    }

    fn word(&mut self, word: &'static str, value: Json) -> Result<Json, JsonError> {
        if self.bytes[self.position..].starts_with(word.as_bytes()) {
            self.position += word.len();
            Ok(value)
        } else {
            Err(self.error("no value starts like this"))
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn error(&self, reason: &'static str) -> JsonError {
        JsonError { position: self.position, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_names_and_order_survive_a_round_trip() {
        for text in [
            r#"{"b":1.10,"a":[true,false,null,-0.5e+3,"é\n\"\\"],"":{}}"#,
            "[]",
            "\"\u{1f600}\"",
            "12345678901234567890.000",
        ] {
            assert_eq!(Json::parse(text, 8).map(|value| value.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(Json::parse(r#""\ud83d\ude00\u0041""#, 1), Ok(Json::Text("😀A".into())));
    }

    #[test]
    fn a_field_keeps_its_numbers() -> Result<(), serde_json::Error> {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct Record {
            event: Json,
        }
        let text = r#"{"event":{"b":0.1000000000000000055511151231257827,"a":[9007199254740993.0,1e-7]}}"#;
        let record: Record = serde_json::from_str(text)?;
        assert_eq!(serde_json::to_string(&record)?, text);
        assert!(serde_json::from_str::<Record>(r#"{"event":{"a":1,"a":2}}"#).is_err());
        let deep = format!("{{\"event\":{}{}}}", "[".repeat(65), "]".repeat(65));
        assert!(serde_json::from_str::<Record>(&deep).is_err());
        Ok(())
    }

    #[test]
    fn malformed_texts_are_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "-",
            "1e",
            "+1",
            "nul",
            "\"\\x\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\u0041\"",
            "\"\\udc00\"",
            "\"a\nb\"",
            "\"abc",
            "1 2",
            "{\"a\":1,\"a\":2}",
            "NaN",
        ] {
            assert!(Json::parse(text, 8).is_err(), "{text:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(&nested(8), 8).is_ok());
        assert_eq!(Json::parse(&nested(9), 8).map_err(|error| error.reason), Err("nested too deeply"));
        assert!(Json::parse(&"[".repeat(1_000_000), 8).is_err());
    }
}

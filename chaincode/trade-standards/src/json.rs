//! JSON as the sender wrote it: numbers stay text, members keep their order, names may not repeat.
//!
//! The common JSON value turns `12.10` into a binary fraction and forgets repeated names; neither may happen to
//! something that is hashed or decided on. Bytes, nesting and the number of values are bounded while reading, so that no
//! text can exhaust stack or memory. Errors name positions and never quote the text.
//!
//! Not done: schemas. To get a type of its own from a [`Json`], print it and let `serde_json` read that: it has no
//! repeated names any more, and its nesting is bounded.

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
    /// Parses a text, nested at most `depth_max` levels; its length is bounded already.
    ///
    /// # Errors
    /// [`JsonError`] with the byte position.
    pub fn parse(text: &str, depth_max: usize) -> Result<Self, JsonError> {
        Self::within(text, &JsonLimits { bytes_max: usize::MAX, depth_max, values_max: usize::MAX })
    }

    /// Reads one JSON value from bytes that came from outside.
    ///
    /// # Errors
    /// [`JsonError`]: beyond a bound, not UTF-8, not JSON, a repeated name, or something behind the value.
    pub fn read(bytes: &[u8], limits: &JsonLimits) -> Result<Self, JsonError> {
        if bytes.len() > limits.bytes_max {
            return Err(JsonError::TooLong { max: limits.bytes_max });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError::NotUtf8 { position: error.valid_up_to() })?;
        Self::within(text, limits)
    }

    fn within(text: &str, limits: &JsonLimits) -> Result<Self, JsonError> {
        let mut reader = Reader { bytes: text.as_bytes(), text, position: 0, limits, values: 0 };
        let value = reader.value(0)?;
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

/// Bounds on a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Bytes of the whole text.
    pub bytes_max: usize,
    /// Nesting of objects and arrays; a plain value has none.
    pub depth_max: usize,
    /// Values in all, objects and arrays counted like the others. In memory each takes about 30 bytes, where two may do
    /// in the text.
    pub values_max: usize,
}

/// Default: 4 MiB, 32 levels, 500 000 values.
impl Default for JsonLimits {
    fn default() -> Self {
        Self { bytes_max: 4 << 20, depth_max: 32, values_max: 500_000 }
    }
}

/// Deepest nesting that is read from a field of a request or a record. A document's own bound is lower, see
/// [`Limits`](crate::epcis::Limits); this one only keeps the reader from recursing as deep as anybody cares to write.
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

/// What is wrong with a JSON text, and where. Positions are bytes, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Longer than the bound.
    #[error("longer than {max} bytes")]
    TooLong {
        /// [`JsonLimits::bytes_max`].
        max: usize,
    },
    /// Nested deeper than the bound.
    #[error("nested deeper than {max} levels at byte {position}")]
    TooDeep {
        /// [`JsonLimits::depth_max`].
        max: usize,
        /// Where the level begins that is too deep.
        position: usize,
    },
    /// More values than the bound.
    #[error("more than {max} values at byte {position}")]
    TooMany {
        /// [`JsonLimits::values_max`].
        max: usize,
        /// Where the value begins that is one too many.
        position: usize,
    },
    /// Not UTF-8.
    #[error("not UTF-8 at byte {position}")]
    NotUtf8 {
        /// The first byte that belongs to no character.
        position: usize,
    },
    /// Two members of one object have one name.
    #[error("a name stands twice in one object, before byte {position}")]
    RepeatedName {
        /// Where the second one ends.
        position: usize,
    },
    /// Not JSON.
    #[error("not valid JSON at byte {position}: {reason}")]
    Malformed {
        /// Where.
        position: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

impl JsonError {
    /// What is wrong, without the place.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "the text is too long",
            Self::TooDeep { .. } => "nested too deeply",
            Self::TooMany { .. } => "too many values",
            Self::NotUtf8 { .. } => "not UTF-8",
            Self::RepeatedName { .. } => "a name stands twice in one object",
            Self::Malformed { reason, .. } => reason,
        }
    }

    /// The byte of the fault, where it has one.
    pub fn position(&self) -> Option<usize> {
        match *self {
            Self::TooLong { .. } => None,
            Self::TooDeep { position, .. }
            | Self::TooMany { position, .. }
            | Self::NotUtf8 { position }
            | Self::RepeatedName { position }
            | Self::Malformed { position, .. } => Some(position),
        }
    }
}

/// Line and column of a byte, both counted from 1; columns are bytes.
pub fn line_and_column(text: &[u8], position: usize) -> (usize, usize) {
    let before = &text[..position.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    position: usize,
    limits: &'a JsonLimits,
    /// How many values were begun.
    values: usize,
}

impl Reader<'_> {
    /// The value below `depth` objects and arrays.
    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.blanks();
        self.values += 1;
        if self.values > self.limits.values_max {
            return Err(JsonError::TooMany { max: self.limits.values_max, position: self.position });
        }
        match self.peek() {
            Some(b'{') => self.object(self.deeper(depth)?),
            Some(b'[') => self.array(self.deeper(depth)?),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.error("no value starts like this")),
            None => Err(self.error("the text ends where a value should stand")),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize, JsonError> {
        if depth < self.limits.depth_max {
            return Ok(depth + 1);
        }
        Err(JsonError::TooDeep { max: self.limits.depth_max, position: self.position })
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
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
                return Err(JsonError::RepeatedName { position: self.position });
            }
            self.blanks();
            if !self.take(b':') {
                return Err(self.error("a colon should stand here"));
            }
            let value = self.value(depth)?;
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

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.position += 1;
        let mut elements = Vec::new();
        self.blanks();
        if self.take(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth)?);
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
        JsonError::Malformed { position: self.position, reason }
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
        assert_eq!(Json::parse(&nested(9), 8), Err(JsonError::TooDeep { max: 8, position: 8 }));
        assert_eq!(Json::parse("1", 0), Ok(Json::Number("1".into())));
        assert!(Json::parse(&"[".repeat(1_000_000), 8).is_err());
    }

    #[test]
    fn what_comes_from_outside_is_bounded_and_placed() {
        let limits = JsonLimits { bytes_max: 12, depth_max: 2, values_max: 4 };
        assert_eq!(Json::read(b"[1,[2,3]]", &limits), Err(JsonError::TooMany { max: 4, position: 6 }));
        assert_eq!(Json::read(b"[1,[2]]", &limits), Json::parse("[1,[2]]", 2));
        assert_eq!(Json::read(b"[1,2,3,4,5,6]", &limits), Err(JsonError::TooLong { max: 12 }));
        assert_eq!(Json::read(b"[\"\xff\"]", &limits), Err(JsonError::NotUtf8 { position: 2 }));
        assert_eq!(Json::read(br#"{"a":1,"a":2"#, &limits), Err(JsonError::RepeatedName { position: 10 }));
        let broken = b"{\"a\":\n x}";
        let position = Json::read(broken, &limits).map_err(|error| error.position());
        assert_eq!(position, Err(Some(7)));
        assert_eq!((line_and_column(broken, 7), line_and_column(broken, 0)), ((2, 2), (1, 1)));
    }

    #[test]
    fn no_error_quotes_the_text() {
        for text in [r#"{"price":canary}"#, r#"{"canary":1,"canary":2}"#, r#"{"canary" 1}"#, "[\"canary\n\"]"] {
            let error = Json::parse(text, 8).expect_err(text).to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}

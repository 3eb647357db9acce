//! From text to value, in one pass that recurses as deep as the bound allows.

use super::error::JsonError;
use super::limits::JsonLimits;
use super::value::Json;

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

//! Forms of type `multipart/form-data` (RFC 7578), as far as a channel is joined with one: a few parts, all in memory.

/// The most parts of a form.
const PARTS_MAX: usize = 16;

/// Why a body is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormError {
    #[error("multipart: boundary is empty")]
    NoBoundary,
    #[error("multipart: NextPart: EOF")]
    Incomplete,
    #[error("malformed MIME header")]
    Header,
    #[error("multipart: message too large")]
    TooMany,
}

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    /// Whether it came with the name of a file.
    pub(super) is_file: bool,
    pub(super) content: &'a [u8],
}

/// The named parts of a form whose `Content-Type` is this.
pub(super) fn parts<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, FormError> {
    let boundary = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty());
    let delimiter = format!("--{}", boundary.ok_or(FormError::NoBoundary)?).into_bytes();
    let between = [b"\r\n", delimiter.as_slice()].concat();
    // What stands before the first boundary counts for nothing.
    let mut rest = match body.strip_prefix(delimiter.as_slice()) {
        Some(rest) => rest,
        None => split_at(body, &between).ok_or(FormError::Incomplete)?.1,
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        if parts.len() == PARTS_MAX {
            return Err(FormError::TooMany);
        }
        let part = rest.strip_prefix(b"\r\n").ok_or(FormError::Incomplete)?;
        let (part, after) = split_at(part, &between).ok_or(FormError::Incomplete)?;
        let (headers, content) = split_at(part, b"\r\n\r\n").ok_or(FormError::Header)?;
        if let Some((name, is_file)) = disposition(headers)? {
            parts.push(Part { name, is_file, content });
        }
        rest = after;
    }
    Ok(parts)
}

/// The value of a parameter of a header, such as `boundary` of a `Content-Type`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (key, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => value
                .split_once(';')
                .map_or((value.trim().to_owned(), ""), |(value, after)| (value.trim().to_owned(), after)),
        };
        if key.trim_matches([' ', '\t', ';']).eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

/// A quoted text after its opening mark, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => value.push(letters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// Name and kind of a part; `None` for one without a name.
fn disposition(headers: &[u8]) -> Result<Option<(String, bool)>, FormError> {
    let headers = std::str::from_utf8(headers).map_err(|_| FormError::Header)?;
    for line in headers.split("\r\n") {
        let (key, value) = line.split_once(':').ok_or(FormError::Header)?;
        if key.eq_ignore_ascii_case("content-disposition") {
            let name = parameter(value, "name").filter(|name| !name.is_empty());
            return Ok(name.map(|name| (name, parameter(value, "filename").is_some())));
        }
    }
    Ok(None)
}

fn split_at<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=XX";
    const FILE: &str = "--XX\r\nContent-Disposition: form-data; name=\"config-block\"; filename=\"a.block\"\r\nContent-Type: application/octet-stream\r\n\r\n\0\r\n-\r\n--XX--\r\n";

    #[test]
    fn parts_are_found_with_their_names_and_bytes() {
        let file = Part { name: "config-block".into(), is_file: true, content: b"\0\r\n-" };
        assert_eq!(parts(TYPE, FILE.as_bytes()), Ok(vec![file]));
        let body = b"before\r\n--X X\r\ncontent-disposition: form-data; filename=\"a\\\"b\"; name=n\r\n\r\nv\r\n--X X\r\nX: y\r\n\r\nunnamed\r\n--X X--";
        let file = Part { name: "n".into(), is_file: true, content: b"v" };
        assert_eq!(parts("multipart/form-data; charset=x; boundary=\"X X\"", body), Ok(vec![file]));
        assert_eq!(parts(TYPE, b"--XX--"), Ok(vec![]));
    }

    #[test]
    fn bodies_that_break_off_anywhere_are_refused() {
        let whole = FILE.as_bytes();
        for length in 0..whole.len() - 4 {
            assert!(parts(TYPE, &whole[..length]).is_err(), "{length}");
        }
        assert_eq!(parts("multipart/form-data", whole), Err(FormError::NoBoundary));
        assert_eq!(parts("multipart/form-data; boundary=\"open", whole), Err(FormError::NoBoundary));
        assert_eq!(parts(TYPE, b"--XX\r\nno header\r\n--XX--"), Err(FormError::Header));
        assert_eq!(parts(TYPE, b"--XX\r\nno colon\r\n\r\n\r\n--XX--"), Err(FormError::Header));
        assert_eq!(parts(TYPE, b"--XX\r\n\xff: \r\n\r\n\r\n--XX--"), Err(FormError::Header));
        let many =
            [b"--XX".to_vec(), b"\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--XX".repeat(17)].concat();
        assert_eq!(parts(TYPE, &many), Err(FormError::TooMany));
    }
}

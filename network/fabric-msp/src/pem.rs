//! Finding and writing PEM blocks. Like Go's decoder it skips text around a block and header lines inside it, because
//! files that Fabric accepts must be accepted here.

use openssl::base64;

/// The label that certificates carry.
pub const CERTIFICATE: &str = "CERTIFICATE";

/// The contents of the first block in `text`, and what follows that block; `None` without a complete block.
pub fn first(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let start = if text.starts_with(BEGIN) { 0 } else { find(text, b"\n-----BEGIN ")? + 1 };
    let after_begin = &text[start + BEGIN.len()..];
    let label_length = find(after_begin, b"-----")?;
    let label = &after_begin[..label_length];
    if label.contains(&b'\n') {
        return None;
    }
    let body_and_rest = &after_begin[label_length + 5..];
    let end_line = [b"-----END ", label, b"-----"].concat();
    let body_length = find(body_and_rest, &end_line)?;
    let body = std::str::from_utf8(&body_and_rest[..body_length]).ok()?;
    let encoded: String = body
        .lines()
        .filter(|line| !line.contains(':'))
        .flat_map(str::chars)
        .filter(|letter| !letter.is_ascii_whitespace())
        .collect();
    let contents = base64::decode_block(&encoded).ok()?;
    Some((contents, &body_and_rest[body_length + end_line.len()..]))
}

/// Writes one block with lines of 64 characters, as Go and OpenSSL do.
pub fn encode(label: &str, contents: &[u8]) -> Vec<u8> {
    let encoded = base64::encode_block(contents);
    let mut out = format!("-----BEGIN {label}-----\n").into_bytes();
    for line in encoded.as_bytes().chunks(64) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    out
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_comes_back_with_text_around_it() {
        for length in [0, 1, 2, 3, 48, 49, 500] {
            let contents: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let mut text = b"Subject: a user\n".to_vec();
            text.extend(encode(CERTIFICATE, &contents));
            text.extend(b"trailing");
            let (decoded, rest) = first(&text).expect("a block is there");
            assert_eq!(decoded, contents);
            assert_eq!(rest, b"\ntrailing");
        }
    }

    #[test]
    fn text_without_a_complete_block_holds_nothing() {
        for text in ["", "-----BEGIN", "-----BEGIN X-----\nAAAA", "-----BEGIN X-----\n!!!!\n-----END X-----"] {
            assert!(first(text.as_bytes()).is_none(), "{text}");
        }
    }
}

//! The few lines of DER (X.690) that are written or taken apart here and in block headers. It is not a general decoder:
//! definite lengths and single-byte tags are all that certificates and block headers use.

/// The tag of a SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// The tag of an INTEGER.
pub const INTEGER: u8 = 0x02;
/// The tag of a BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// The tag of an OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;

/// One element.
pub struct Element<'a> {
    /// Its tag.
    pub tag: u8,
    /// What stands after tag and length.
    pub contents: &'a [u8],
    /// Its whole encoding.
    pub whole: &'a [u8],
}

/// Splits the first element from `bytes`; `None` when it is cut short or not plain DER.
pub fn take(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, after_tag) = bytes.split_first()?;
    let (&first, after_first) = after_tag.split_first()?;
    let (length, start) = if first < 0x80 {
        (usize::from(first), 2)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 || after_first.len() < count {
            return None;
        }
        let length = after_first[..count].iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        (length, 2 + count)
    };
    let end = start.checked_add(length)?;
    let contents = bytes.get(start..end)?;
    Some((Element { tag, contents, whole: &bytes[..end] }, &bytes[end..]))
}

/// Writes one element around `contents`.
pub fn put(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = contents.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let skip = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | (bytes.len() - skip) as u8);
        out.extend_from_slice(&bytes[skip..]);
    }
    out.extend_from_slice(contents);
    out
}

/// Writes a non-negative INTEGER in its shortest form.
pub fn unsigned(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let skip = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
    let mut contents = Vec::with_capacity(9);
    if bytes[skip] & 0x80 != 0 {
        contents.push(0);
    }
    contents.extend_from_slice(&bytes[skip..]);
    put(INTEGER, &contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_contents_get_a_long_length_and_come_back() {
        for length in [0_usize, 1, 127, 128, 255, 256, 70_000] {
            let contents = vec![7_u8; length];
            let encoded = put(OCTET_STRING, &contents);
            let (element, rest) = take(&encoded).expect("just written");
            assert_eq!(element.tag, OCTET_STRING);
            assert_eq!(element.contents, contents);
            assert_eq!(element.whole, encoded);
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn integers_take_the_shortest_form_and_stay_positive() {
        assert_eq!(unsigned(0), [2, 1, 0]);
        assert_eq!(unsigned(127), [2, 1, 127]);
        assert_eq!(unsigned(128), [2, 2, 0, 128]);
        assert_eq!(unsigned(u64::MAX), [2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    }

    #[test]
    fn a_cut_or_indefinite_element_is_refused() {
        for bytes in [&[][..], &[0x30], &[0x30, 2, 1], &[0x30, 0x80, 0, 0], &[0x30, 0x85, 1, 1, 1, 1, 1], &[4, 0x82, 1]]
        {
            assert!(take(bytes).is_none());
        }
    }
}

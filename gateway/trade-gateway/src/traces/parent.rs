//! The header `traceparent` (W3C Trace Context).

/// The trace of a caller, and where in it the request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    /// Whether the caller's own span is kept.
    pub(super) is_sampled: bool,
}

/// What the header says; none when it is not of the form (section 3.2), and then it is as if there were none.
pub(super) fn parse(header: &[u8]) -> Option<Parent> {
    let text = std::str::from_utf8(header).ok()?;
    let mut parts = text.split('-');
    let version = lower_hex::<1>(parts.next()?)?[0];
    let (trace_id, span_id) = (lower_hex(parts.next()?)?, lower_hex(parts.next()?)?);
    let [flags] = lower_hex(parts.next()?)?;
    // A later version may say more; 255 is none.
    let is_known = version != u8::MAX && (version > 0 || parts.next().is_none());
    let is_set = trace_id != [0; 16] && span_id != [0; 8];
    (is_known && is_set).then_some(Parent { trace_id, span_id, is_sampled: flags & 1 == 1 })
}

fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (is_lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_form_of_the_standard_is_taken() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = parse(good.as_bytes()).unwrap_or_else(|| panic!("{good}"));
        assert_eq!(hex::encode(parent.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(hex::encode(parent.span_id), "00f067aa0ba902b7");
        assert!(parent.is_sampled);
        let unsampled = parse(good.replace("b7-01", "b7-02").as_bytes());
        assert!(unsampled.is_some_and(|parent| !parent.is_sampled));
        assert!(parse(good.replace("00-4b", "cc-4b").replace("-01", "-01-what-ever").as_bytes()).is_some());
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse(b"\xff"), None);
    }
}

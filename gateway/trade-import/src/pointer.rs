//! Places in a request, as JSON pointers (RFC 6901) write them.

/// The steps of a pointer such as `/subjects/0/kind`; a name without a slash means a field of the request itself.
pub(crate) fn steps(text: &str) -> Option<Vec<String>> {
    let steps: Vec<String> = match text.strip_prefix('/') {
        Some(rest) => rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
        None if text.contains('/') => return None,
        None => vec![text.to_owned()],
    };
    steps.iter().all(|step| !step.is_empty()).then_some(steps)
}

/// The pointer with these steps.
pub(crate) fn text<S: AsRef<str>>(steps: &[S]) -> String {
    steps.iter().map(|step| format!("/{}", step.as_ref().replace('~', "~0").replace('/', "~1"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_and_plain_names_lead_to_the_same_place() {
        assert_eq!(steps("gtin"), steps("/gtin"));
        assert_eq!(steps("/a~1b/0").as_deref(), Some(&["a/b".to_owned(), "0".to_owned()][..]));
        assert_eq!(text(&["a/b", "0"]), "/a~1b/0");
        for wrong in ["", "/", "a/b", "//a"] {
            assert_eq!(steps(wrong), None, "{wrong:?}");
        }
    }
}

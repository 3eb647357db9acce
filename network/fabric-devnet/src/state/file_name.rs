//! Names of files for things that have other names.

use std::path::Path;

/// An MSP id as the name of a folder: anything unusual becomes its code.
pub(crate) fn file_name(msp_id: &str) -> String {
    let mut name = String::new();
    for byte in msp_id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => name.push(char::from(byte)),
            other => name.push_str(&format!("_{other:02x}")),
        }
    }
    name
}

/// The MSP id of a folder; `None` when its name is of no id.
pub(crate) fn original_name(folder: &Path) -> Option<String> {
    let mut rest = folder.file_name()?.to_str()?;
    let mut bytes = Vec::new();
    while let Some(next) = rest.chars().next() {
        if next != '_' {
            bytes.extend(next.to_string().bytes());
            rest = &rest[next.len_utf8()..];
            continue;
        }
        bytes.push(u8::from_str_radix(rest.get(1..3)?, 16).ok()?);
        rest = &rest[3..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_msp_id_can_be_read_off_its_folder() {
        for msp_id in ["Org1MSP", "a.b_c/../d", "Größe MSP"] {
            assert_eq!(original_name(Path::new(&file_name(msp_id))).as_deref(), Some(msp_id));
        }
        assert_eq!(original_name(Path::new("broken_x")), None);
    }
}

//! Names of files for things that have other names.

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

//! Secret keys of the gateway's own that authenticate bytes (HMAC-SHA-256), and the files in which they lie: 32 bytes
//! in hexadecimal in the first line.

use std::{ffi::OsString, fmt, fs, io, path::Path};

use fabric_msp::private;
use openssl::{
    hash::MessageDigest,
    pkey::{PKey, Private},
    rand::rand_bytes,
    sign::Signer,
};

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// A secret key.
pub(crate) struct MacKey(PKey<Private>);

impl MacKey {
    /// The key with these bytes.
    pub(crate) fn of(secret: &[u8]) -> Self {
        Self(PKey::hmac(secret).expect("HMAC takes any bytes as its key"))
    }

    /// The key in the text of a file, with the lines after its own; none when the first line holds no key.
    pub(crate) fn parse(text: &[u8]) -> Option<(Self, &str)> {
        let text = std::str::from_utf8(text).ok()?;
        let (first, others) = text.split_once('\n').unwrap_or((text, ""));
        let secret = hex::decode(first.trim()).ok().filter(|secret| secret.len() == KEY_BYTES)?;
        Some((Self::of(&secret), others))
    }

    /// Makes a file with a new key. Nobody else can read it, not even for a moment, and a crash leaves all of it or
    /// nothing.
    ///
    /// # Errors
    /// There is something at the path already, or the file cannot be written.
    pub(crate) fn create(path: &Path) -> io::Result<()> {
        // Of a link, the link itself: its end may only be missing for a while.
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
        }
        let mut secret = [0; KEY_BYTES];
        rand_bytes(&mut secret)?;
        let mut unfinished = OsString::from(path);
        unfinished.push(".unfinished");
        // What was made with a key that is lost is worth nothing.
        private::replace(path, Path::new(&unfinished), format!("{}\n", hex::encode(secret)).as_bytes(), true)
    }

    /// What authenticates these bytes.
    pub(crate) fn mac(&self, bytes: &[u8]) -> [u8; 32] {
        let signer = Signer::new(MessageDigest::sha256(), &self.0);
        let made = signer.and_then(|mut signer| signer.sign_oneshot_to_vec(bytes));
        let made = made.expect("HMAC of bytes in memory cannot fail");
        made.try_into().expect("SHA-256 has 32 bytes")
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MacKey(..)")
    }
}

/// Texts behind one another, each after its length, so that no other texts give the same bytes.
pub(crate) fn joined<const COUNT: usize>(texts: [&str; COUNT]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_whole() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.key");
        // What a crash has left behind is in nobody's way.
        fs::write(folder.path().join("a.key.unfinished"), "")?;
        MacKey::create(&path)?;
        let text = private::read_key(&path)?;
        let (key, others) = MacKey::parse(&text).ok_or("a key")?;
        assert_eq!((others, fs::read_dir(folder.path())?.count()), ("", 1));
        assert_eq!(MacKey::create(&path).map_err(|error| error.kind()), Err(io::ErrorKind::AlreadyExists));
        let (again, _) = MacKey::parse(&text).ok_or("a key")?;
        assert_eq!(key.mac(b"bytes"), again.mac(b"bytes"));
        assert_ne!(key.mac(b"bytes"), MacKey::of(&[0; KEY_BYTES]).mac(b"bytes"));
        Ok(())
    }

    #[test]
    fn what_holds_no_key_in_its_first_line_is_none() {
        let digits = "0f".repeat(KEY_BYTES);
        for text in ["", "00\n", &digits[1..], &format!("{digits}00"), &format!("\n{digits}")] {
            assert!(MacKey::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(MacKey::parse(b"\xff").is_none());
        let marked = format!("{digits}\r\nmarked\n");
        assert_eq!(MacKey::parse(marked.as_bytes()).map(|(_, others)| others), Some("marked\n"));
    }

    #[test]
    fn texts_are_told_apart_where_they_meet() {
        assert_ne!(joined(["ab", "c"]), joined(["a", "bc"]));
        assert_eq!(joined(["a"]), [0, 0, 0, 0, 0, 0, 0, 1, b'a']);
    }
}

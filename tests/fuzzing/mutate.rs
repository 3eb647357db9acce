//! Small changes to bytes, the same for the same seed: what a fuzzer does without watching the program.

/// A generator of numbers (xorshift64*). Good enough to choose bytes with.
pub struct Numbers(u64);

impl Numbers {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0).checked_rem(end).unwrap_or(0)
    }
}

/// Values that lie at the edge of something.
const EDGES: [u8; 12] = [0, 1, 0x7f, 0x80, 0xff, 0xfe, b'"', b'{', b'(', b'/', b'%', b'9'];

/// Changes a copy in one to four places.
pub fn mutated(seed: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let length = numbers.below(16).min(bytes.len() - at);
        match numbers.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            1 if !bytes.is_empty() => bytes[at] = EDGES[numbers.below(EDGES.len())],
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..at + length)),
            4 => bytes.insert(at, EDGES[numbers.below(EDGES.len())]),
            5 => {
                let again = bytes[at..at + length].to_vec();
                let repeated = again.repeat(1 + numbers.below(8));
                drop(bytes.splice(at..at, repeated));
            }
            _ => {
                let other = numbers.below(bytes.len());
                let piece = bytes[other..(other + length).min(bytes.len())].to_vec();
                let end = (at + piece.len()).min(bytes.len());
                drop(bytes.splice(at..end, piece));
            }
        }
    }
    bytes
}

//! The version of a value: where in the chain it was last written.

use fabric_protos::kvrwset;

/// Block and position of the transaction that wrote a value last. Ordered as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The block's number.
    pub block: u64,
    /// The transaction's position in the block, from 0.
    pub transaction: u64,
}

impl Version {
    /// A version from its two parts.
    pub fn new(block: u64, transaction: u64) -> Self {
        Self { block, transaction }
    }

    /// As a message of a read set.
    pub fn to_message(self) -> kvrwset::Version {
        kvrwset::Version { block_num: self.block, tx_num: self.transaction }
    }

    /// From a message of a read set.
    pub fn from_message(message: &kvrwset::Version) -> Self {
        Self { block: message.block_num, transaction: message.tx_num }
    }

    /// The form in which Fabric hashes versions: each number as a length byte and its significant bytes.
    pub fn order_preserving_bytes(self) -> Vec<u8> {
        let mut bytes = order_preserving(self.block);
        bytes.extend(order_preserving(self.transaction));
        bytes
    }
}

/// Fabric's error texts print versions this way.
impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{{BlockNum: {}, TxNum: {}}}", self.block, self.transaction)
    }
}

/// An absent version, as Fabric's error texts print it.
pub(crate) fn display(version: Option<Version>) -> String {
    version.map_or_else(|| "<nil>".to_owned(), |version| version.to_string())
}

fn order_preserving(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = (number.leading_zeros() / 8) as usize;
    let mut encoded = vec![(bytes.len() - zeros) as u8];
    encoded.extend(&bytes[zeros..]);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_encoded_so_that_bytes_compare_like_numbers() {
        assert_eq!(Version::new(0, 1).order_preserving_bytes(), [0, 1, 1]);
        assert_eq!(Version::new(256, 255).order_preserving_bytes(), [2, 1, 0, 1, 255]);
        assert_eq!(Version::new(u64::MAX, 0).order_preserving_bytes(), [8, 255, 255, 255, 255, 255, 255, 255, 255, 0]);
        assert!(order_preserving(255) < order_preserving(256));
    }

    #[test]
    fn versions_print_like_fabrics() {
        assert_eq!(Version::new(3, 1).to_string(), "{BlockNum: 3, TxNum: 1}");
        assert_eq!(display(None), "<nil>");
    }
}

//! Block hashes and the fixed parts of a block. Nothing here says whether a block is valid.

use fabric_msp::{der, hash};
use fabric_protos::common::{Block, BlockData, BlockHeader, BlockMetadata};

/// The number of metadata entries that every block carries.
pub const METADATA_ENTRIES: usize = 5;

/// The bytes that are hashed and signed for a header: DER of number, previous hash and data hash.
pub fn header_bytes(header: &BlockHeader) -> Vec<u8> {
    let mut contents = der::unsigned(header.number);
    contents.extend(der::put(der::OCTET_STRING, &header.previous_hash));
    contents.extend(der::put(der::OCTET_STRING, &header.data_hash));
    der::put(der::SEQUENCE, &contents)
}

/// The hash of a header, which is the next block's previous hash.
pub fn header_hash(header: &BlockHeader) -> [u8; 32] {
    hash::sha256(&header_bytes(header))
}

/// The hash of all envelopes of a block, one after another.
pub fn data_hash(data: &BlockData) -> [u8; 32] {
    let parts: Vec<&[u8]> = data.data.iter().map(Vec::as_slice).collect();
    hash::sha256_parts(&parts)
}

/// A block with the right hashes and empty metadata. `previous_hash` is empty for block 0.
pub fn assemble(number: u64, previous_hash: &[u8], envelopes: Vec<Vec<u8>>) -> Block {
    let data = BlockData { data: envelopes };
    let header = BlockHeader { number, previous_hash: previous_hash.to_vec(), data_hash: data_hash(&data).to_vec() };
    let metadata = BlockMetadata { metadata: vec![Vec::new(); METADATA_ENTRIES] };
    Block { header: Some(header), data: Some(data), metadata: Some(metadata) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_der_sequence_of_three() {
        let header = BlockHeader { number: 200, previous_hash: vec![1, 2], data_hash: vec![3] };
        assert_eq!(header_bytes(&header), [0x30, 11, 2, 2, 0, 200, 4, 2, 1, 2, 4, 1, 3]);
    }

    #[test]
    fn the_first_block_has_an_empty_previous_hash() {
        let block = assemble(0, &[], vec![b"a".to_vec(), b"b".to_vec()]);
        let header = block.header.expect("assemble sets a header");
        assert_eq!(header_bytes(&header)[..7], [0x30, 39, 2, 1, 0, 4, 0]);
        assert_eq!(header.data_hash, hash::sha256(b"ab"));
    }
}

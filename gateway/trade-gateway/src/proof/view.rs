//! The answer of `GET /v1/transactions/{transaction_id}`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A transaction as it stands in a block, with what shows that it does.
///
/// To check an endorsement: ECDSA over SHA-256 of the bytes of `endorsed` followed by those of its `endorser`, with the
/// key of its certificate. To check the block: the orderers' signatures over `signed`, which ends with the DER form of
/// number, previous digest and data digest; and the data digest is SHA-256 over all envelopes of the block one after
/// another, which `GET /v1/blocks/{number}` has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransactionView {
    /// Id of the Fabric transaction: SHA-256 of nonce and creator.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub transaction_id: String,
    /// The channel.
    #[schemars(length(min = 1, max = 249), example = &"trade")]
    pub channel: String,
    /// The chaincode whose writes are listed.
    #[schemars(length(min = 1, max = 128), example = &"entrepot")]
    pub chaincode: String,
    /// The MSP id of the organization whose peer gave the block: the caller's own.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"ExporterMSP")]
    pub told_by: String,
    /// The verdict of that peer, by Fabric's name.
    #[schemars(regex(pattern = r"^[A-Z0-9_]{1,100}$"), example = &"VALID")]
    pub validation: String,
    /// The block.
    pub block: BlockView,
    /// The transaction's place in the block, from 0.
    pub place: u32,
    /// When, by the clock of the client, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub claimed_at: String,
    /// The MSP id of the identity that signed it.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"ExporterMSP")]
    pub creator: String,
    /// SHA-256 of that identity's certificate, hex.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub creator_certificate_sha256: String,
    /// The function that was called.
    #[schemars(length(min = 1, max = 1000), example = &<trade_model::payment::IssueInvoice as trade_model::Transaction>::NAME)]
    pub function: String,
    /// What it wrote to the chaincode's public state; nothing when it is not valid.
    pub writes: Vec<WrittenKey>,
    /// What every endorser signed before its own identity: a `protos.ProposalResponsePayload`, base64.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"CiDjsMRC")]
    pub endorsed: String,
    /// Who endorsed it.
    pub endorsements: Vec<Endorsement>,
    /// The whole transaction, a `common.Envelope`, base64.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"CoEBCh0IAxoLCOXR")]
    pub envelope: String,
}

/// What shows where a record comes from, beside the record as the contract answers it (`?proof=transaction`). One peer
/// has told the record and its entries at once, so that it shows that very version. What is private in an answer stands
/// in no entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordProof {
    /// The MSP id of the organization whose peer has read the record: the caller's own, or where that runs no
    /// chaincode, the one that lends the gateway's identity. That nothing was written later is this peer's word.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"ExporterMSP")]
    pub read_by: String,
    /// The public entries from which the record was read, the one that was written last first. A record may have been
    /// written in parts, by one transaction each.
    #[schemars(length(min = 1))]
    pub entries: Vec<ProvenEntry>,
    /// The transaction that wrote the first of them, with its value among what it wrote.
    pub transaction: TransactionView,
}

/// An entry of a record, and where the transaction stands that wrote it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProvenEntry {
    /// `record` for the record itself, or the name of what belongs to it, as in histories.
    #[schemars(regex(pattern = r"^[a-z_]{1,64}$"), example = &"record")]
    pub part: String,
    /// The table and the parts of the key, as in what a transaction wrote.
    pub key: Vec<String>,
    /// The block.
    pub block: u64,
    /// The transaction's place in it, from 0.
    pub place: u32,
}

/// The block that holds a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockView {
    /// Its number, from 0.
    pub number: u64,
    /// How many transactions it holds.
    pub transactions: u32,
    /// SHA-256 of its head in Fabric's form, hex; the next block names it.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub header_sha256: String,
    /// That of the block before, hex.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub previous_sha256: String,
    /// SHA-256 of all its envelopes, hex.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub data_sha256: String,
    /// The orderers' signatures of it.
    pub signatures: Vec<OrdererSignature>,
}

/// An orderer's signature of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrdererSignature {
    /// The MSP id of the orderer; absent where the block names a consenter by number only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"OrdererMSP")]
    pub msp_id: Option<String>,
    /// Its certificate, PEM; absent in the same case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20000), example = &"-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n")]
    pub certificate: Option<String>,
    /// The consenter's number in the channel's configuration, where the block names it so (BFT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consenter: Option<u32>,
    /// The bytes that were signed, base64.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"CgIIBxJA")]
    pub signed: String,
    /// The signature, base64 of its DER form.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"MEUCIQDx")]
    pub signature: String,
}

/// One endorsement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endorsement {
    /// The MSP id of the peer.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"ExporterMSP")]
    pub msp_id: String,
    /// Its certificate, PEM.
    #[schemars(length(min = 1, max = 20000), example = &"-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n")]
    pub certificate: String,
    /// Its identity as it was signed with the answer, a `msp.SerializedIdentity`, base64.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"CgtFeHBvcnRlck1TUA==")]
    pub endorser: String,
    /// The signature, base64 of its DER form.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"MEUCIQDx")]
    pub signature: String,
}

/// A key of the public state that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenKey {
    /// The table and the parts of the key.
    pub key: Vec<String>,
    /// The value, JSON as it stands byte for byte in what was endorsed; absent when the key was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10_485_760), example = &"{\"number\":\"4711\"}")]
    pub value: Option<String>,
}

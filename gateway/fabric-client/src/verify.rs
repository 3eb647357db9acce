//! Checks what a gateway made of a proposal before anybody signs it. The official SDKs sign what they get; a gateway
//! that lies could then have another transaction signed. Whether the endorsements satisfy the policy is for the ledger
//! to say.

use std::collections::BTreeSet;

use fabric_config::transaction;
use fabric_msp::msp::{IdentityError, MspManager};
use fabric_protos::{
    common::Payload,
    kvrwset::{HashedRwSet, KvWrite, KvrwSet},
    protos::{
        self, ChaincodeAction, ChaincodeActionPayload, ChaincodeProposalPayload, Endorsement, ProposalResponsePayload,
    },
    rwset::{NsReadWriteSet, TxReadWriteSet},
};
use prost::Message;

use crate::{
    proposal::{Contents, Proposal},
    transaction::Transaction,
};

/// Why a prepared transaction must not be signed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Some part cannot be read.
    #[error("the prepared transaction cannot be read: {0}")]
    Unreadable(prost::DecodeError),
    /// The headers are not those of the proposal: another channel, chaincode, creator or time.
    #[error("the headers are not those of the proposal")]
    Header,
    /// There is more than one action, which Fabric's validators refuse.
    #[error("the transaction has {0} actions")]
    Actions(usize),
    /// The action carries other headers than the transaction.
    #[error("the header of the action is not that of the transaction")]
    ActionHeader,
    /// Transient data would be written into a block for all to read.
    #[error("the transaction contains transient data")]
    Transient,
    /// The call is another than the one that was proposed.
    #[error("the call is not the one that was proposed")]
    Call,
    /// The peers endorsed something else.
    #[error("the endorsed proposal hash is not that of the proposal")]
    ProposalHash,
    /// The result belongs to another chaincode.
    #[error("the endorsed result is that of chaincode {0:?}")]
    Chaincode(String),
    /// Nobody endorsed.
    #[error("the transaction has no endorsement")]
    NoEndorsement,
    /// One identity endorsed twice, which counts once.
    #[error("an identity endorsed more than once")]
    DuplicateEndorser,
    /// An endorser's identity is not valid on the channel.
    #[error("an endorser's identity is not valid: {0}")]
    Identity(IdentityError),
    /// An endorsement's signature is wrong.
    #[error("the endorsement of {0} has a wrong signature")]
    Signature(String),
    /// An organization that should endorse did not.
    #[error("{0} was named to endorse and did not")]
    NotEndorsedBy(String),
}

impl From<prost::DecodeError> for VerifyError {
    fn from(cause: prost::DecodeError) -> Self {
        Self::Unreadable(cause)
    }
}

impl From<IdentityError> for VerifyError {
    fn from(cause: IdentityError) -> Self {
        Self::Identity(cause)
    }
}

/// What a prepared transaction would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// What the chaincode returned.
    pub result: Vec<u8>,
    /// The organizations of the endorsers, in the order of their signatures, as they claim in their identities.
    pub endorsers: Vec<String>,
    /// What would be written, by namespace; namespaces without writes are left out.
    pub writes: Vec<NamespaceWrites>,
}

/// The writes in one namespace, which is a chaincode's name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamespaceWrites {
    /// The chaincode.
    pub namespace: String,
    /// Public writes.
    pub public: Vec<KvWrite>,
    /// Public keys whose metadata would change: their endorsement policy.
    pub policies: Vec<String>,
    /// Collections with private writes, purges or changes of metadata, and how many.
    pub private: Vec<(String, usize)>,
}

/// Checks that `prepared` is `proposal` and nothing else: the same headers, the same call without its transient data,
/// endorsed for the same proposal hash by the organizations that were named. With `msps`, also that every endorser is
/// valid and really signed.
///
/// # Errors
/// One variant of [`VerifyError`] per rule.
pub fn verify_prepared(
    proposal: &Proposal,
    prepared: &Transaction,
    msps: Option<&MspManager>,
) -> Result<Prepared, VerifyError> {
    let verified = check(proposal.contents(), prepared.signing_input(), msps)?;
    let silent =
        proposal.endorsing_organizations().iter().find(|organization| !verified.endorsers.contains(organization));
    match silent {
        Some(organization) => Err(VerifyError::NotEndorsedBy(organization.clone())),
        None => Ok(verified),
    }
}

/// Checks that the bytes of a prepared transaction are those of a proposal with these contents.
pub(crate) fn check(
    contents: &Contents,
    signing_input: &[u8],
    msps: Option<&MspManager>,
) -> Result<Prepared, VerifyError> {
    let payload = Payload::decode(signing_input)?;
    if payload.header.as_ref() != Some(&contents.header) {
        return Err(VerifyError::Header);
    }
    let transaction = protos::Transaction::decode(payload.data.as_slice())?;
    let [action] = transaction.actions.as_slice() else { return Err(VerifyError::Actions(transaction.actions.len())) };
    if action.header != contents.header.signature_header {
        return Err(VerifyError::ActionHeader);
    }
    let action_payload = ChaincodeActionPayload::decode(action.payload.as_slice())?;
    let proposed = transaction::without_transient(&contents.payload)?;
    check_call(&action_payload.chaincode_proposal_payload, &proposed)?;

    // An absent action, like every absent part below, differs from what was proposed.
    let endorsed = action_payload.action.unwrap_or_default();
    let response = ProposalResponsePayload::decode(endorsed.proposal_response_payload.as_slice())?;
    let header = &contents.header;
    let hash = transaction::proposal_hash(&header.channel_header, &header.signature_header, &proposed);
    if response.proposal_hash != hash {
        return Err(VerifyError::ProposalHash);
    }
    let endorsers = check_endorsements(&endorsed.endorsements, &endorsed.proposal_response_payload, msps)?;
    let action = ChaincodeAction::decode(response.extension.as_slice())?;
    let chaincode = action.chaincode_id.unwrap_or_default().name;
    if chaincode != contents.chaincode {
        return Err(VerifyError::Chaincode(chaincode));
    }
    let result = action.response.unwrap_or_default().payload;
    Ok(Prepared { result, endorsers, writes: writes(&action.results)? })
}

fn check_call(prepared: &[u8], proposed: &[u8]) -> Result<(), VerifyError> {
    if !ChaincodeProposalPayload::decode(prepared)?.transient_map.is_empty() {
        return Err(VerifyError::Transient);
    }
    if prepared == proposed { Ok(()) } else { Err(VerifyError::Call) }
}

/// The organizations of the endorsers.
fn check_endorsements(
    endorsements: &[Endorsement],
    response: &[u8],
    msps: Option<&MspManager>,
) -> Result<Vec<String>, VerifyError> {
    if endorsements.is_empty() {
        return Err(VerifyError::NoEndorsement);
    }
    let mut seen = BTreeSet::new();
    let mut organizations = Vec::new();
    for endorsement in endorsements {
        if !seen.insert(&endorsement.endorser) {
            return Err(VerifyError::DuplicateEndorser);
        }
        let claimed = fabric_protos::msp::SerializedIdentity::decode(endorsement.endorser.as_slice())?;
        if let Some(msps) = msps {
            let identity = msps.deserialize(&endorsement.endorser)?;
            msps.validate(&identity)?;
            let signed = [response, &endorsement.endorser].concat();
            let verified = identity.verify(&signed, &endorsement.signature);
            verified.map_err(|_| VerifyError::Signature(claimed.mspid.clone()))?;
        }
        organizations.push(claimed.mspid);
    }
    Ok(organizations)
}

fn writes(results: &[u8]) -> Result<Vec<NamespaceWrites>, VerifyError> {
    let namespaces: Result<Vec<_>, _> =
        TxReadWriteSet::decode(results)?.ns_rwset.into_iter().map(namespace_writes).collect();
    // Namespaces that were only read say nothing here; the lifecycle's is one of them in every transaction.
    Ok(namespaces?.into_iter().filter(NamespaceWrites::is_something).collect())
}

impl NamespaceWrites {
    fn is_something(&self) -> bool {
        !self.public.is_empty() || !self.policies.is_empty() || !self.private.is_empty()
    }
}

fn namespace_writes(set: NsReadWriteSet) -> Result<NamespaceWrites, VerifyError> {
    let KvrwSet { writes: public, metadata_writes, .. } = KvrwSet::decode(set.rwset.as_slice())?;
    let policies = metadata_writes.into_iter().map(|write| write.key).collect();
    let mut private = Vec::new();
    for collection in set.collection_hashed_rwset {
        let hashed = HashedRwSet::decode(collection.hashed_rwset.as_slice())?;
        let count = hashed.hashed_writes.len() + hashed.metadata_writes.len();
        if count > 0 {
            private.push((collection.collection_name, count));
        }
    }
    Ok(NamespaceWrites { namespace: set.namespace, public, policies, private })
}

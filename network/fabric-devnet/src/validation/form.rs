//! Whether a transaction is well formed and properly signed. No ledger is needed to say so.

use std::collections::BTreeSet;

use fabric_config::{
    ChannelConfig,
    transaction::{proposal_hash, transaction_id},
};
use fabric_msp::{identity::Identity, policy::SignedData};
use fabric_protos::{
    common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader},
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ChaincodeEvent, ChaincodeHeaderExtension, Endorsement,
        ProposalResponsePayload, Transaction, TxValidationCode,
    },
};
use prost::Message;

use super::context::ValidationContext;
use crate::state::rwset::ReadWriteSet;

/// A transaction after the first look.
pub(crate) struct Prepared {
    /// The id in its header, even when the rest is unusable.
    pub(crate) id: Option<String>,
    pub(crate) form: Form,
}

/// What the first look says.
pub(crate) enum Form {
    Rejected(TxValidationCode),
    Config(Box<ChannelConfig>),
    /// A signed transaction with a right id. A broken content counts only if the id is new.
    Endorsed {
        id: String,
        content: Result<Box<Endorsed>, TxValidationCode>,
    },
}

/// The content of an endorser transaction.
pub(crate) struct Endorsed {
    /// The chaincode that was invoked.
    pub(crate) chaincode: String,
    /// Its version, as the endorsers have it.
    pub(crate) version: String,
    pub(crate) set: ReadWriteSet,
    /// Endorsers with good signatures, each once.
    pub(crate) endorsers: Vec<Identity>,
}

impl Prepared {
    pub(crate) fn new(bytes: &[u8], context: &ValidationContext<'_>) -> Self {
        let mut id = None;
        let form = examine(bytes, context, &mut id).unwrap_or_else(Form::Rejected);
        Self { id, form }
    }
}

fn examine(bytes: &[u8], context: &ValidationContext<'_>, id: &mut Option<String>) -> Result<Form, TxValidationCode> {
    if bytes.is_empty() {
        return Err(TxValidationCode::NilEnvelope);
    }
    let envelope = Envelope::decode(bytes).map_err(|_| TxValidationCode::InvalidOtherReason)?;
    let payload = Payload::decode(&*envelope.payload).map_err(|_| TxValidationCode::BadPayload)?;
    let header = payload.header.as_ref().ok_or(TxValidationCode::BadCommonHeader)?;
    let channel_header =
        ChannelHeader::decode(&*header.channel_header).map_err(|_| TxValidationCode::BadCommonHeader)?;
    if !channel_header.tx_id.is_empty() {
        *id = Some(channel_header.tx_id.clone());
    }
    let (kind, signature_header) = check_headers(&channel_header, header)?;
    if channel_header.channel_id != context.channel.channel_id() {
        return Err(TxValidationCode::TargetChainNotFound);
    }
    check_creator(&envelope, &signature_header, context).ok_or(TxValidationCode::BadCreatorSignature)?;
    match kind {
        HeaderType::EndorserTransaction => {
            if channel_header.tx_id != transaction_id(&signature_header.nonce, &signature_header.creator) {
                return Err(TxValidationCode::BadProposalTxid);
            }
            let parts = bound_parts(&payload, header).ok_or(TxValidationCode::InvalidEndorserTransaction)?;
            let content = content(&channel_header, parts, context).map(Box::new);
            Ok(Form::Endorsed { id: channel_header.tx_id, content })
        }
        HeaderType::Config => context
            .channel
            .next(&envelope)
            .map(|config| Form::Config(Box::new(config)))
            .map_err(|_| TxValidationCode::InvalidConfigTransaction),
        _ => Err(TxValidationCode::UnsupportedTxPayload),
    }
}

fn check_headers(
    channel_header: &ChannelHeader,
    header: &Header,
) -> Result<(HeaderType, SignatureHeader), TxValidationCode> {
    let signature_header =
        SignatureHeader::decode(&*header.signature_header).map_err(|_| TxValidationCode::BadCommonHeader)?;
    let kind = match HeaderType::try_from(channel_header.r#type) {
        Ok(kind @ (HeaderType::EndorserTransaction | HeaderType::ConfigUpdate | HeaderType::Config)) => kind,
        _ => return Err(TxValidationCode::BadCommonHeader),
    };
    let whole = channel_header.epoch == 0 && is_whole(&signature_header);
    if whole { Ok((kind, signature_header)) } else { Err(TxValidationCode::BadCommonHeader) }
}

fn is_whole(header: &SignatureHeader) -> bool {
    !header.nonce.is_empty() && !header.creator.is_empty()
}

fn check_creator(envelope: &Envelope, header: &SignatureHeader, context: &ValidationContext<'_>) -> Option<()> {
    let msps = context.channel.msps();
    let creator = msps.deserialize(&header.creator).ok()?;
    msps.validate(&creator).ok()?;
    match context.signatures {
        Some(known) => known.verify(&creator, &envelope.payload, &envelope.signature).ok(),
        None => Some(()),
    }
}

/// What endorsers signed, and their signatures.
struct BoundParts {
    response_payload: Vec<u8>,
    response: ProposalResponsePayload,
    endorsements: Vec<Endorsement>,
}

/// Takes the one action apart and checks that the proposal in it is the one that was endorsed.
fn bound_parts(payload: &Payload, header: &Header) -> Option<BoundParts> {
    let transaction = Transaction::decode(&*payload.data).ok()?;
    let [action] = <[_; 1]>::try_from(transaction.actions).ok()?;
    if !is_whole(&SignatureHeader::decode(&*action.header).ok()?) {
        return None;
    }
    let action_payload = ChaincodeActionPayload::decode(&*action.payload).ok()?;
    let endorsed = action_payload.action?;
    let response = ProposalResponsePayload::decode(&*endorsed.proposal_response_payload).ok()?;
    let hash = proposal_hash(&header.channel_header, &action.header, &action_payload.chaincode_proposal_payload);
    let fits = response.proposal_hash == hash;
    fits.then_some(BoundParts {
        response_payload: endorsed.proposal_response_payload,
        response,
        endorsements: endorsed.endorsements,
    })
}

fn content(
    header: &ChannelHeader,
    parts: BoundParts,
    context: &ValidationContext<'_>,
) -> Result<Endorsed, TxValidationCode> {
    let extension =
        ChaincodeHeaderExtension::decode(&*header.extension).map_err(|_| TxValidationCode::BadHeaderExtension)?;
    if parts.response.extension.is_empty() {
        return Err(TxValidationCode::BadResponsePayload);
    }
    let action =
        ChaincodeAction::decode(&*parts.response.extension).map_err(|_| TxValidationCode::BadResponsePayload)?;
    let set = ReadWriteSet::decode(&action.results).map_err(|_| TxValidationCode::BadRwset)?;
    let named = extension.chaincode_id.ok_or(TxValidationCode::InvalidOtherReason)?.name;
    let acted = action.chaincode_id.ok_or(TxValidationCode::InvalidOtherReason)?;
    if named.is_empty() || named != acted.name || acted.version.is_empty() {
        return Err(TxValidationCode::InvalidChaincode);
    }
    if !action.events.is_empty() {
        let event = ChaincodeEvent::decode(&*action.events).map_err(|_| TxValidationCode::InvalidOtherReason)?;
        if event.chaincode_id != named {
            return Err(TxValidationCode::InvalidOtherReason);
        }
    }
    let distinct: BTreeSet<&str> = set.namespaces.iter().map(|part| part.name.as_str()).collect();
    if distinct.len() != set.namespaces.len() {
        return Err(TxValidationCode::IllegalWriteset);
    }
    let endorsers = endorsers(&parts, context);
    Ok(Endorsed { chaincode: named, version: acted.version, set, endorsers })
}

/// Endorsers sign the response payload followed by their own identity.
fn endorsers(parts: &BoundParts, context: &ValidationContext<'_>) -> Vec<Identity> {
    let Some(known) = context.signatures else { return Vec::new() };
    let signed: Vec<SignedData> = parts
        .endorsements
        .iter()
        .map(|endorsement| SignedData {
            data: [parts.response_payload.as_slice(), &endorsement.endorser].concat(),
            identity: endorsement.endorser.clone(),
            signature: endorsement.signature.clone(),
        })
        .collect();
    known.valid_identities(&signed, context.channel.msps())
}

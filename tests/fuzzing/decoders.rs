//! One function per decoder of foreign bytes: the body of its fuzz target, and what the regression tests run.
//!
//! Each gives the bytes to everything that would read them, and looks at what comes back as their readers do. None says
//! whether the bytes are good; none may panic, hang or take more memory than the decoder's bounds allow.

use fabric_client::{Commit, Proposal, Transaction, verify_prepared};
use fabric_config::{
    ChannelConfig,
    transaction::{proposal_hash, transaction_id},
};
use fabric_devnet::decoders as devnet;
use fabric_msp::{
    certificate::Certificate,
    msp::Msp,
    policy::{self, CompiledPolicy},
    signer::Signer,
};
use fabric_protos::{
    common::{Block, ChannelHeader, Config, Envelope, Payload, SignatureHeader},
    discovery,
    protos::{ChaincodeMessage, SignedProposal},
};
use prost::Message;

use trade_model::{
    common::{
        AlarmGroupId, AlarmId, CompanyPrefix, DeclarationId, EventRecordId, HoldId, InvoiceId, ItemId, MediaType,
        OfficeCode, ProposalId, RegistrationNumber, RightId, SaltedDigest, TransactionId,
    },
    item::SerialNumber,
};
use trade_proofs::{Commitment, OpeningText, Proof, Range, Verifier};
use trade_standards::{
    customs::{TariffCode, TariffPrefix, UnitCode},
    digest::Digest256,
    epcis::{EventHash, EventId},
    identifier::{
        Bic, ContainerNumber, CountryCode, CreditorReference, Gln, Gtin, Iban, ImoNumber, Lei, MspId, Sscc, Uetr,
        UnLocode,
    },
    money::CurrencyCode,
};
use trade_standards::{epcis, gs1, iso20022, json};

use super::world::{World, world};

/// The functions of `_lifecycle`; the first byte of an input chooses one.
pub const LIFECYCLE: [&str; 11] = [
    "InstallChaincode",
    "QueryInstalledChaincode",
    "QueryInstalledChaincodes",
    "GetInstalledChaincodePackage",
    "ApproveChaincodeDefinitionForMyOrg",
    "QueryApprovedChaincodeDefinition",
    "QueryApprovedChaincodeDefinitions",
    "CheckCommitReadiness",
    "CommitChaincodeDefinition",
    "QueryChaincodeDefinition",
    "QueryChaincodeDefinitions",
];

/// The most questions of one chaincode that are asked in one simulation.
const QUESTIONS_MAX: usize = 16;

/// A decoder's name and body.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 25] = [
    ("proposal", proposal),
    ("envelope", envelope),
    ("transaction", transaction),
    ("read_write_set", read_write_set),
    ("block", block),
    ("prepared", prepared),
    ("configuration", configuration),
    ("chaincode_answer", chaincode_answer),
    ("chaincode_question", chaincode_question),
    ("certificate", certificate),
    ("revocation_list", revocation_list),
    ("policy_text", policy_text),
    ("policy_bytes", policy_bytes),
    ("package", package),
    ("lifecycle", lifecycle),
    ("epcis", epcis),
    ("camt", camt),
    ("digital_link", digital_link),
    ("texts", texts),
    ("proof", proof),
    ("gateway_body", gateway_body),
    ("import_file", import_file),
    ("connection", connection),
    ("discovery", discovery),
    ("join_form", join_form),
];

/// A signed proposal at an endorser and a gateway, and a proposal that a client kept.
pub fn proposal(bytes: &[u8]) {
    devnet::proposal(bytes);
    // The same bytes as the unsigned part: a signature is not looked at here.
    let signed = SignedProposal { proposal_bytes: bytes.to_vec(), signature: vec![1] };
    devnet::proposal(&signed.encode_to_vec());
    let world = world();
    if let Ok(kept) = Proposal::from_bytes(&world.gateway, bytes) {
        assert_eq!(kept.arguments().len(), kept.arguments().iter().count());
        Proposal::from_bytes(&world.gateway, &kept.bytes()).expect("what was read can be read again");
    }
}

/// A message at the orderer and in a block, as it came.
pub fn envelope(bytes: &[u8]) {
    let world = world();
    if let Ok(envelope) = Envelope::decode(bytes) {
        world.sandbox().admits(&envelope);
    }
    validate(world, bytes.to_vec());
}

/// A payload with the right creator, id and signature, so that its content is looked at.
pub fn transaction(bytes: &[u8]) {
    let world = world();
    let Ok(mut payload) = Payload::decode(bytes) else { return };
    if let Some(header) = &mut payload.header {
        let (channel, signature) =
            (ChannelHeader::decode(&*header.channel_header), SignatureHeader::decode(&*header.signature_header));
        if let (Ok(mut channel), Ok(mut signature)) = (channel, signature) {
            signature.creator = world.client.creator().to_vec();
            channel.tx_id = transaction_id(&signature.nonce, &signature.creator);
            header.channel_header = channel.encode_to_vec();
            header.signature_header = signature.encode_to_vec();
        }
    }
    let payload = payload.encode_to_vec();
    let signature = world.client.sign(&payload).expect("our own key signs");
    validate(world, Envelope { payload, signature }.encode_to_vec());
}

/// What a transaction read and wrote, in a transaction that is right in all else.
pub fn read_write_set(bytes: &[u8]) {
    let world = world();
    let envelope = world.transaction(bytes);
    world.sandbox().admits(&envelope);
    validate(world, envelope.encode_to_vec());
}

fn validate(world: &World, envelope: Vec<u8>) {
    // Twice, because the second of two is validated against what the first would change.
    let codes = world.sandbox().validate(&[envelope.clone(), envelope]).expect("a code for every transaction");
    assert_eq!(codes.len(), 2);
}

/// A block: its hashes, its validation codes, its transactions, and the configuration that it may hold.
pub fn block(bytes: &[u8]) {
    let Ok(block) = Block::decode(bytes) else { return };
    fabric_devnet::ledger::validation_codes(&block);
    let envelopes = fabric_devnet::ledger::envelopes(&block).flatten().count();
    if let Some(header) = &block.header {
        fabric_config::block::header_hash(header);
    }
    let data = block.data.clone().unwrap_or_default();
    assert!(envelopes <= data.data.len());
    fabric_config::block::data_hash(&data);
    let codes = world().sandbox().validate(&data.data).expect("a code for every transaction");
    assert_eq!(codes.len(), data.data.len());
    look(ChannelConfig::from_genesis_block(&block).ok().as_ref());
}

/// A prepared transaction and the requests that a client keeps, as bytes and against the proposal that they answer.
pub fn prepared(bytes: &[u8]) {
    let world = world();
    if let Ok(prepared) = Transaction::from_bytes(&world.gateway, bytes) {
        Transaction::from_bytes(&world.gateway, &prepared.bytes()).expect("what was read can be read again");
        drop(verify_prepared(&world.proposal, &prepared, None));
        drop(verify_prepared(&world.proposal, &prepared, Some(world.channel.msps())));
    }
    if let Ok(commit) = Commit::from_bytes(&world.gateway, bytes) {
        Commit::from_bytes(&world.gateway, &commit.bytes()).expect("what was read can be read again");
    }
    drop(fabric_client::events::ChaincodeEventsRequest::from_bytes(&world.gateway, bytes));
    drop(fabric_client::events::BlocksRequest::<fabric_client::events::Filtered>::from_bytes(&world.gateway, bytes));
    drop(fabric_client::events::BlocksRequest::<fabric_client::events::Full>::from_bytes(&world.gateway, bytes));
}

/// A channel's configuration, in a block or alone.
pub fn configuration(bytes: &[u8]) {
    if let Ok(block) = Block::decode(bytes) {
        look(ChannelConfig::from_genesis_block(&block).ok().as_ref());
    }
    if let Ok(config) = Config::decode(bytes) {
        look(ChannelConfig::from_config("trade", config).ok().as_ref());
    }
}

fn look(config: Option<&ChannelConfig>) {
    let Some(config) = config else { return };
    config.batch();
    config.orderer_endpoints();
    let identities = world().identities();
    for path in ["/Channel/Application/Writers", "/Channel/Application/Endorsement", "/Channel/Orderer/BlockValidation"]
    {
        let policy = config.policy(path);
        policy.signature_policy();
        drop(policy.evaluate_identities(&identities));
    }
}

/// What a peer sends to a chaincode.
pub fn chaincode_answer(bytes: &[u8]) {
    fabric_shim::testing::message(&world().router, bytes);
}

/// What a chaincode asks of a peer: length-prefixed messages, answered in one simulation.
pub fn chaincode_question(bytes: &[u8]) {
    let mut rest = bytes;
    let mut messages = Vec::new();
    while messages.len() < QUESTIONS_MAX && !rest.is_empty() {
        let Ok(message) = ChaincodeMessage::decode_length_delimited(&mut rest) else { break };
        messages.push(message);
    }
    let answers = world().sandbox().answers(&messages).expect("the ledger can be read");
    assert_eq!(answers.len(), messages.len());
}

/// A certificate, in PEM or DER, and as part of an identity.
pub fn certificate(bytes: &[u8]) {
    for certificate in [Certificate::from_pem(bytes), Certificate::from_der(bytes)].into_iter().flatten() {
        certificate.client_id();
        certificate.subject().common_name();
        certificate.is_expired(0);
        drop(certificate.attributes());
        Certificate::from_pem(certificate.pem()).expect("what was read can be read again");
    }
    let msps = world().channel.msps();
    let identity = fabric_protos::msp::SerializedIdentity { mspid: "Org1MSP".to_owned(), id_bytes: bytes.to_vec() };
    for serialized in [bytes.to_vec(), identity.encode_to_vec()] {
        if let Ok(identity) = msps.deserialize(&serialized) {
            drop(msps.validate(&identity));
        }
    }
}

/// A revocation list in an organization's configuration.
pub fn revocation_list(bytes: &[u8]) {
    let mut config = world().msp.clone();
    config.revocation_list = vec![bytes.to_vec()];
    drop(Msp::from_config(&config));
}

/// The policy language.
pub fn policy_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(policy::parse_implicit_meta(text));
    if let Ok(parsed) = policy::parse(text) {
        policy_bytes(&parsed.encode_to_vec());
    }
}

/// An encoded signature policy, evaluated.
pub fn policy_bytes(bytes: &[u8]) {
    let Ok(policy) = CompiledPolicy::decode(bytes) else { return };
    let world = world();
    drop(policy.evaluate_identities(&world.identities(), world.channel.msps()));
    CompiledPolicy::new(&policy.envelope()).expect("what was read can be read again");
}

/// A chaincode package.
pub fn package(bytes: &[u8]) {
    devnet::package(bytes);
}

/// The argument of a function of `_lifecycle`.
pub fn lifecycle(bytes: &[u8]) {
    let Some((choice, argument)) = bytes.split_first() else { return };
    let function = LIFECYCLE[usize::from(*choice) % LIFECYCLE.len()];
    drop(world().sandbox().lifecycle(function, argument));
}

/// An EPCIS document.
pub fn epcis(bytes: &[u8]) {
    drop(epcis::parse(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(json::Json::parse(text, 64));
        epcis::EventTime::parse(text);
    }
}

/// A message of a bank.
pub fn camt(bytes: &[u8]) {
    drop(iso20022::parse_camt(bytes));
}

/// Every kind of text with a form of its own. What is taken must be taken again as it is written.
pub fn texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    macro_rules! read {
        ($($type:ty),+ $(,)?) => {$(
            if let Ok(value) = <$type>::parse(text) {
                let again = <$type>::parse(value.as_str()).expect("what was written is read");
                assert_eq!(again.as_str(), value.as_str());
            }
        )+};
    }
    read!(
        TariffCode,
        TariffPrefix,
        UnitCode,
        Digest256,
        EventHash,
        EventId,
        CurrencyCode,
        Bic,
        ContainerNumber,
        CountryCode,
        CreditorReference,
        Gln,
        Gtin,
        Sscc,
        Iban,
        ImoNumber,
        Lei,
        MspId,
        Uetr,
        UnLocode,
    );
    read!(
        SaltedDigest,
        OfficeCode,
        RegistrationNumber,
        MediaType,
        CompanyPrefix,
        ItemId,
        SerialNumber,
        RightId,
        InvoiceId,
        AlarmId,
        AlarmGroupId,
        ProposalId,
        TransactionId,
        HoldId,
        EventRecordId,
        DeclarationId,
    );
}

/// A GS1 Digital Link or an EPC URN. Its canonical form must be one that is read as itself.
pub fn digital_link(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    gs1::Gs1Uri::parse_form_only(text);
    drop(gs1::ObjectUri::parse_form_only(text));
    if let Ok(Some(uri)) = gs1::Gs1Uri::parse(text) {
        let canonical = uri.canonical();
        let again = gs1::Gs1Uri::parse(canonical).expect("a canonical form is well formed");
        assert_eq!(again.as_ref().map(gs1::Gs1Uri::canonical), Some(canonical));
    }
    if let Ok(uri) = gs1::ObjectUri::parse(text) {
        let again = gs1::ObjectUri::parse(uri.canonical()).expect("a canonical form is well formed");
        assert_eq!(again.canonical(), uri.canonical());
    }
}

/// A proof, a commitment or an opening, as text or bytes.
pub fn proof(bytes: &[u8]) {
    let world = world();
    let text = std::str::from_utf8(bytes).ok();
    let proofs = [Proof::from_bytes(bytes).ok(), text.and_then(|text| Proof::parse(text).ok())];
    for proof in proofs.into_iter().flatten() {
        let again = Proof::parse(&proof.to_text()).expect("what was read can be read again");
        assert_eq!(again.as_bytes(), proof.as_bytes());
        let statement = Range::at_most(world.commitment, 1_000_000);
        let _verdict = Verifier::new(&world.context).verify(&statement, &proof);
    }
    if let Some(Ok(commitment)) = text.map(Commitment::parse) {
        let opening = trade_proofs::Opening::new(1, [1; 32]).expect("a canonical scalar");
        assert!(!opening.opens(&commitment) || commitment == opening.commitment());
    }
    if let Ok(opening) = serde_json::from_slice::<OpeningText>(bytes)
        && let Ok(opening) = opening.open()
    {
        assert!(opening.opens(&opening.commitment()));
    }
}

/// The body of a request.
pub fn gateway_body(bytes: &[u8]) {
    trade_gateway::decoders::body(bytes);
}

/// A file of a bulk import.
pub fn import_file(bytes: &[u8]) {
    trade_gateway::decoders::file(bytes);
}

/// A `connection.json`.
pub fn connection(bytes: &[u8]) {
    devnet::connection(bytes);
}

/// The hash that binds a response to the proposal of a [`World`].
pub(super) fn hash_of(channel_header: &[u8], signature_header: &[u8], payload: &[u8]) -> Vec<u8> {
    proposal_hash(channel_header, signature_header, payload).to_vec()
}

/// A request to discovery, signed by a client of the channel, so that its queries are looked at.
pub fn discovery(bytes: &[u8]) {
    let world = world();
    let Ok(mut request) = discovery::Request::decode(bytes) else { return };
    if let Some(authentication) = &mut request.authentication {
        authentication.client_identity = world.client.creator().to_vec();
    }
    let queries = request.queries.len();
    let payload = request.encode_to_vec();
    let signature = world.client.sign(&payload).expect("our own key signs");
    if let Ok(answers) = world.sandbox().discovers(discovery::SignedRequest { payload, signature }) {
        assert_eq!(answers.results.len(), queries);
    }
}

/// A form with the genesis block of a channel: the header that says where its parts end, a line end, and the body.
pub fn join_form(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let body = bytes.get(end + 1..).unwrap_or_default();
    devnet::join_form(&String::from_utf8_lossy(&bytes[..end]), body);
}

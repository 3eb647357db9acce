//! Where mutations start: golden files, documents of the demo, and what our own code makes in a [`World`].
//!
//! Everything is made when it is needed; nothing is kept in files except the golden ones and what once went wrong.

use anyhow::{Context, Result};
use entrepot::demo::documents;
use fabric_msp::{policy, signer::Signer};
use fabric_operator::package::{Connection, Package};
use fabric_protos::{
    common::Config,
    discovery,
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, CommitChaincodeDefinitionArgs, InstallChaincodeArgs,
        QueryChaincodeDefinitionArgs,
    },
    protos::{
        ApplicationPolicy, ChaincodeCall, ChaincodeInput, ChaincodeInterest, ChaincodeMessage, ChaincodeSpec, DelState,
        GetHistoryForKey, GetState, GetStateByRange, GetStateMultiple, PutState, PutStateMetadata, QueryStateNext,
        StateMetadata, WriteBatchState, WriteRecord, application_policy, chaincode_message::Type,
    },
};
use prost::Message;
use serde_json::json;
use trade_proofs::{OpeningText, Prover, Range, rand_core::SeedableRng};

use super::{
    decoders::LIFECYCLE,
    world::{CHANNEL, World, world},
};

/// The golden files, beside this folder's parent.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/golden/node-gateway-1.11");

/// The seeds of one decoder.
///
/// # Errors
/// A golden file is missing, or our own code refuses to make one.
pub fn of(target: &str) -> Result<Vec<Vec<u8>>> {
    let world = world();
    let signed = || world.signed.encode_to_vec();
    Ok(match target {
        "proposal" => {
            let mut seeds = golden(&["proposed-transaction.bin", "proposed-transaction-signed.bin"])?;
            seeds.extend([signed(), world.signed.proposal_bytes.clone(), world.proposal.bytes()]);
            seeds
        }
        "envelope" => {
            let mut seeds = golden(&["deliver-envelope-block-0.bin"])?;
            seeds.push(world.transaction(&results(world)?).encode_to_vec());
            seeds.extend(genesis_envelope(world));
            seeds
        }
        "transaction" => vec![world.transaction(&results(world)?).payload],
        "read_write_set" => vec![results(world)?],
        "block" => {
            let transaction = world.transaction(&results(world)?).encode_to_vec();
            let block = fabric_config::block::assemble(1, &[0; 32], vec![transaction]);
            let mut seeds = vec![block.encode_to_vec(), world.genesis.encode_to_vec()];
            seeds.extend(golden(&["deliver-response-block.bin"])?);
            seeds
        }
        "prepared" => golden(&[
            "prepared-transaction.bin",
            "prepared-transaction-signed.bin",
            "signed-commit-status-request.bin",
            "chaincode-events-request-after.bin",
            "deliver-envelope-filtered-next.bin",
            "deliver-envelope-block-0.bin",
        ])?,
        "configuration" => {
            let config: &Config = world.channel.config();
            vec![world.genesis.encode_to_vec(), config.encode_to_vec()]
        }
        "chaincode_answer" => chaincode_answers(world),
        "chaincode_question" => vec![questions()],
        "certificate" => {
            let mut seeds = golden(&["certificate.pem"])?;
            let own = world.authority.certificate();
            seeds.extend([own.pem().to_vec(), own.der().to_vec(), world.client.creator().to_vec()]);
            seeds.push(world.client.certificate().der().to_vec());
            seeds
        }
        "revocation_list" => {
            let list = world.authority.revocation_list(&[world.client.certificate().serial(), &[1]], 1)?;
            let der = openssl::x509::X509Crl::from_pem(&list)?.to_der()?;
            vec![list, der]
        }
        "policy_text" => POLICIES.iter().map(|text| text.as_bytes().to_vec()).collect(),
        "policy_bytes" => {
            let parsed = POLICIES.iter().filter_map(|text| policy::parse(text).ok());
            parsed.map(|policy| policy.encode_to_vec()).collect()
        }
        "package" => vec![Package::new("entrepot", &connection())?.bytes],
        "lifecycle" => lifecycle()?,
        "epcis" => epcis(),
        "camt" => vec![notification().into_bytes()],
        "digital_link" => LINKS.iter().map(|text| text.as_bytes().to_vec()).collect(),
        "texts" => TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect(),
        "proof" => proofs(world)?,
        "gateway_body" => bodies(),
        "import_file" => import_files(),
        "connection" => vec![
            serde_json::to_vec(&connection())?,
            br#"{"address":"cc.{{.peername}}:1","dial_timeout":"1m1.5s","tls_required":true,"root_cert":"r"}"#.to_vec(),
        ],
        "discovery" => queries().into_iter().map(|request| request.encode_to_vec()).collect(),
        "join_form" => vec![join_form(world)],
        other => anyhow::bail!("no decoder is called {other}"),
    })
}

/// A request with every kind of query, and one for each alone.
fn queries() -> Vec<discovery::Request> {
    use discovery::query::Query as Kind;
    let call = |name: &str, collections: &[&str]| ChaincodeCall {
        name: name.to_owned(),
        collection_names: collections.iter().map(|name| (*name).to_owned()).collect(),
        ..Default::default()
    };
    let interest = |chaincodes| ChaincodeInterest { chaincodes };
    let interests = vec![
        interest(vec![call("_lifecycle", &[])]),
        interest(vec![call("_lifecycle", &["_implicit_org_Org1MSP"]), call("cc", &["missing"])]),
    ];
    let filter = Some(interest(vec![call("_lifecycle", &[])]));
    let kinds = [
        (CHANNEL, Kind::ConfigQuery(discovery::ConfigQuery {})),
        (CHANNEL, Kind::PeerQuery(discovery::PeerMembershipQuery { filter: None })),
        (CHANNEL, Kind::PeerQuery(discovery::PeerMembershipQuery { filter })),
        (CHANNEL, Kind::CcQuery(discovery::ChaincodeQuery { interests })),
        ("", Kind::LocalPeers(discovery::LocalPeerQuery {})),
    ];
    let all = kinds.map(|(channel, kind)| discovery::Query { channel: channel.to_owned(), query: Some(kind) });
    let authentication = || Some(discovery::AuthInfo { client_identity: vec![1], client_tls_cert_hash: vec![2; 32] });
    let alone = all.clone().map(|query| discovery::Request { authentication: authentication(), queries: vec![query] });
    let together = discovery::Request { authentication: authentication(), queries: all.into() };
    alone.into_iter().chain([together]).collect()
}

/// The form with which an orderer is asked to join.
fn join_form(world: &World) -> Vec<u8> {
    let mut form =
        b"multipart/form-data; boundary=\"b\"\n--b\r\nContent-Disposition: form-data; name=\"config-block\"; \
                     filename=\"config.block\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            .to_vec();
    form.extend(world.genesis.encode_to_vec());
    form.extend(b"\r\n--b--\r\n");
    form
}

const POLICIES: [&str; 5] = [
    "OR('Org1MSP.client','Org2MSP.peer')",
    "AND('Org1MSP.member', OR('Org1MSP.admin', 'OrdererMSP.orderer'))",
    "OutOf(2,'Org1MSP.client','Org1MSP.peer','Org2MSP.peer')",
    "OutOf(1, AND('Org1MSP.peer','Org2MSP.peer'), 'Org3MSP.peer')",
    "MAJORITY Endorsement",
];

/// One of each form that the standards give a text, and of those that the ledger's own ids have.
const TEXTS: [&str; 23] = [
    "9521234543213",
    "9521234000006",
    "095212340000000016",
    "DE89370400440532013000",
    "DEUTDEFF500",
    "RF18539007547034",
    "213800KUD8LAJWSQ9D15",
    "CSQU3054383",
    "9319466",
    "DEHAM",
    "DE",
    "EUR",
    "97ed4827-7b6f-4491-a06f-b548d5a7512d",
    "BrandMSP",
    "9101210000",
    "KGM",
    "ni:///sha-256;e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855?ver=CBV2.0",
    "ni:///sha-256;e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855?ver=CBV2.0&recorder=BrandMSP",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "0123456789abcdef0123456789abcdef",
    "image/jpeg",
    "EM-mark-018123456",
    "https://id.gs1.org/01/09521234543213/21/000100",
];

const LINKS: [&str; 8] = [
    "https://id.gs1.org/01/09521234543213/21/SN-1",
    "https://id.gs1.org/01/09521234543213/10/LOT%2F1/21/a%20b?17=251231",
    "https://example.com/some/path/00/095212340000000016",
    "https://id.gs1.org/414/9521234000006/254/12",
    "urn:epc:id:sgtin:9521234.054321.SN-1",
    "urn:epc:id:sscc:9521234.0000000001",
    "urn:epc:id:sgln:9521234.00000.12",
    "urn:epc:class:lgtin:9521234.054321.LOT1",
];

fn golden(names: &[&str]) -> Result<Vec<Vec<u8>>> {
    // From the tests and from the fuzz workspace below them.
    let folders = [GOLDEN, concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/golden/node-gateway-1.11")];
    let folder = folders.iter().find(|folder| std::path::Path::new(folder).is_dir()).context("no golden files")?;
    let read = |name: &&str| std::fs::read(format!("{folder}/{name}")).with_context(|| (*name).to_owned());
    names.iter().map(read).collect()
}

/// What approving a definition reads and writes.
fn results(world: &World) -> Result<Vec<u8>> {
    let results = world.sandbox().lifecycle("ApproveChaincodeDefinitionForMyOrg", &approval()?.encode_to_vec());
    results.map_err(|cause| anyhow::anyhow!("the approval is refused: {cause}"))
}

fn approval() -> Result<ApproveChaincodeDefinitionForMyOrgArgs> {
    Ok(ApproveChaincodeDefinitionForMyOrgArgs {
        name: "cc".to_owned(),
        version: "1.0".to_owned(),
        sequence: 1,
        validation_parameter: application_policy()?,
        ..Default::default()
    })
}

fn application_policy() -> Result<Vec<u8>> {
    let policy = application_policy::Type::SignaturePolicy(policy::parse(POLICIES[0])?);
    Ok(ApplicationPolicy { r#type: Some(policy) }.encode_to_vec())
}

fn lifecycle() -> Result<Vec<Vec<u8>>> {
    let approve = approval()?;
    let commit = CommitChaincodeDefinitionArgs {
        name: "cc".to_owned(),
        version: "1.0".to_owned(),
        sequence: 1,
        validation_parameter: application_policy()?,
        ..Default::default()
    };
    let install = InstallChaincodeArgs { chaincode_install_package: Package::new("entrepot", &connection())?.bytes };
    let query = QueryChaincodeDefinitionArgs { name: "cc".to_owned() };
    let arguments = [
        ("InstallChaincode", install.encode_to_vec()),
        ("ApproveChaincodeDefinitionForMyOrg", approve.encode_to_vec()),
        ("CheckCommitReadiness", commit.encode_to_vec()),
        ("CommitChaincodeDefinition", commit.encode_to_vec()),
        ("QueryChaincodeDefinition", query.encode_to_vec()),
    ];
    let choice =
        |function: &str| LIFECYCLE.iter().position(|one| *one == function).and_then(|at| u8::try_from(at).ok());
    arguments
        .into_iter()
        .map(|(function, argument)| Ok([vec![choice(function).context("a function")?], argument].concat()))
        .collect()
}

fn genesis_envelope(world: &World) -> Option<Vec<u8>> {
    world.genesis.data.as_ref()?.data.first().cloned()
}

fn message(kind: Type, payload: Vec<u8>) -> ChaincodeMessage {
    let (txid, channel_id) = ("tx".to_owned(), CHANNEL.to_owned());
    ChaincodeMessage { r#type: kind.into(), payload, txid, channel_id, ..Default::default() }
}

fn chaincode_answers(world: &World) -> Vec<Vec<u8>> {
    let call = |name: &str, argument: &str| {
        let args = [name, argument].iter().map(|text| text.as_bytes().to_vec()).collect();
        let mut message = message(Type::Transaction, ChaincodeInput { args, ..Default::default() }.encode_to_vec());
        message.proposal = Some(world.signed.clone());
        message.encode_to_vec()
    };
    vec![
        message(Type::Ready, vec![8, 1, 16, 100]).encode_to_vec(),
        message(Type::Response, b"value".to_vec()).encode_to_vec(),
        message(Type::Error, b"no".to_vec()).encode_to_vec(),
        call("item:ReadItem", r#"{"item":"https://id.gs1.org/01/09521234543213/21/SN-1"}"#),
        call("item:Capture", &documents::commissioning(&["SN-1"], "2026-01-01T00:00:00Z", PLANT).to_string()),
        call("governance:ReadMembers", "{}"),
    ]
}

fn questions() -> Vec<u8> {
    let (key, collection) = ("k".to_owned(), String::new());
    let put = PutState { key: key.clone(), value: b"v".to_vec(), collection: collection.clone() };
    let metadata = StateMetadata { metakey: "VALIDATION_PARAMETER".to_owned(), value: vec![1] };
    let range = GetStateByRange { start_key: "a".to_owned(), end_key: "z".to_owned(), ..Default::default() };
    let record = WriteRecord { key: key.clone(), value: b"w".to_vec(), r#type: 1, ..Default::default() };
    let input = ChaincodeInput { args: vec![b"GetChainInfo".to_vec()], ..Default::default() };
    let id = fabric_protos::protos::ChaincodeId { name: "qscc".to_owned(), ..Default::default() };
    let spec = ChaincodeSpec { chaincode_id: Some(id), input: Some(input), ..Default::default() };
    let all = [
        message(Type::GetState, GetState { key: key.clone(), collection: collection.clone() }.encode_to_vec()),
        message(
            Type::GetStateMultiple,
            GetStateMultiple { keys: vec![key.clone()], ..Default::default() }.encode_to_vec(),
        ),
        message(Type::GetStateByRange, range.encode_to_vec()),
        message(Type::QueryStateNext, QueryStateNext { id: "1".to_owned() }.encode_to_vec()),
        message(Type::GetHistoryForKey, GetHistoryForKey { key: key.clone() }.encode_to_vec()),
        message(Type::PutState, put.encode_to_vec()),
        message(
            Type::PutStateMetadata,
            PutStateMetadata { key: key.clone(), metadata: Some(metadata), ..Default::default() }.encode_to_vec(),
        ),
        message(Type::WriteBatchState, WriteBatchState { rec: vec![record] }.encode_to_vec()),
        message(Type::DelState, DelState { key, collection }.encode_to_vec()),
        message(Type::InvokeChaincode, spec.encode_to_vec()),
    ];
    all.iter().flat_map(Message::encode_length_delimited_to_vec).collect()
}

fn connection() -> Connection {
    Connection {
        address: "127.0.0.1:9999".to_owned(),
        dial_timeout: "3s".to_owned(),
        tls_required: false,
        client_auth_required: false,
        client_key: String::new(),
        client_cert: String::new(),
        root_cert: String::new(),
    }
}

const PLANT: &str = "https://id.gs1.org/414/9521234000006";

fn epcis() -> Vec<Vec<u8>> {
    let (first, second) = ("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00Z");
    let made = documents::commissioning(&["SN-1", "SN-2"], first, PLANT);
    let shipped = documents::packing_and_shipping("095212340000000016", &["SN-1", "SN-2"], first, second, PLANT);
    [made, shipped].iter().map(|document| document.to_string().into_bytes()).collect()
}

fn import_files() -> Vec<Vec<u8>> {
    let mut files = vec![
        b"end_to_end_id;day\r\n\"INV-1\";02.11.2026\r\n".to_vec(),
        b"{\"end_to_end_id\":\"INV-1\",\"n\":[1e3]}\n".to_vec(),
        notification().into_bytes(),
    ];
    files.extend(epcis());
    files
}

fn notification() -> String {
    documents::credit_notification(&documents::Credit {
        minor: 150_000,
        currency: "EUR",
        end_to_end_id: "INV-1",
        creditor_reference: "RF18539007547034",
        servicer_reference: "REF-1",
        day: "2026-11-05",
    })
}

fn proofs(world: &World) -> Result<Vec<Vec<u8>>> {
    let mut rng = trade_proofs::ChaCha20Rng::from_seed([9; 32]);
    let statement = Range::at_most(world.commitment, 1_000_000);
    let proof = Prover::new(&world.context).prove(&statement, &world.opening, &mut rng)?;
    let opening = serde_json::to_vec(&OpeningText::from(&world.opening))?;
    let commitment = world.commitment.to_string().into_bytes();
    Ok(vec![proof.as_bytes().to_vec(), proof.to_text().into_bytes(), opening, commitment])
}

fn bodies() -> Vec<Vec<u8>> {
    let offer =
        json!({"item": LINKS[0], "to": "LogisticsMSP", "private": {"price": {"amount": "1500.00", "currency": "EUR"}}});
    let mut bodies = epcis();
    bodies.extend([offer.to_string().into_bytes(), br#"{"a":[1,-2,2.5,"x\"[",null,true],"b":{"c":{}}}"#.to_vec()]);
    bodies
}

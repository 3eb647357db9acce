//! Every digest in the model has a reason to be public: what it was made from is public or cannot be guessed.
//!
//! The digest of a document whose parts are known or guessed tells its content to everybody who tries: an amount has
//! few millions of values. Such a document takes a `SaltedDigest`. A new field of type `Digest256` fails this test
//! until it stands here with its reason.

use std::path::{Path, PathBuf};

/// Fields by file and name, and why each may be unsalted.
const UNSALTED: &[(&str, &str, &str)] = &[
    ("agreement/records.rs", "offer_sha256", "of an offer that stands on the ledger"),
    ("authorship.rs", "sha256", "of a statement that stands on the ledger"),
    ("common/beside.rs", "client_reference", "made with a key, by the gateway or by the caller, who is told to"),
    ("common/beside.rs", "if_match", "of what every member is answered who asks for the record"),
    ("common/document.rs", "sha256", "of a document; beside its salt, in private inputs and collections only"),
    ("common/operator.rs", "caller_sha256", "of a certificate, whose key and signature nobody guesses"),
    ("common/operator.rs", "certificate_sha256", "of a certificate, whose key and signature nobody guesses"),
    ("common/operator.rs", "key_sha256", "of a public key, which nobody guesses"),
    (
        "common/operator.rs",
        "name_digest",
        "salted by the gateway; of a person who signed himself it is plain, and the name stands in the transaction",
    ),
    ("customs/records/act.rs", "evidence_sha256", "the id of a deposit"),
    ("customs/records/act.rs", "report_sha256", "the id of a deposit"),
    ("customs/records/act.rs", "sha256", "of a document; its request's documentation says when to salt it first"),
    ("customs/records/decision.rs", "decision_sha256", "of a decision that stands on the ledger"),
    ("customs/records/decision.rs", "inputs_sha256", "of facts that stand in the same decision"),
    ("customs/requests/act.rs", "evidence_sha256", "the id of a deposit"),
    ("customs/requests/act.rs", "report_sha256", "the id of a deposit"),
    ("customs/requests/act.rs", "sha256", "of a document; its documentation says when to salt it first"),
    ("disclosure/records.rs", "order_sha256", "of an order that stands on the ledger"),
    ("evidence/events.rs", "sha256", "the id of a deposit, see below"),
    (
        "evidence/records.rs",
        "sha256",
        "the id of a deposit: a holder of the original is to find it by the digest alone",
    ),
    ("evidence/rejections.rs", "sha256", "the id of a deposit"),
    ("evidence/requests.rs", "sha256", "the id of a deposit; its documentation says when to salt the original first"),
    ("governance/events.rs", "list_sha256", "of a list of members that stands on the ledger"),
    ("governance/founding_name.rs", "list_sha256", "of a list of members that stands on the ledger"),
    ("governance/proposal.rs", "based_on_sha256", "of an entry or of rules that stand on the ledger"),
    ("governance/requests.rs", "list_sha256", "of a list of members that stands on the ledger"),
    ("item/alarm.rs", "evidence_sha256", "of facts that the ledger wrote itself"),
    ("item/alarm_group.rs", "evidence_sha256", "of facts that the ledger wrote itself"),
    ("item/capture.rs", "evidence_sha256", "of facts that the ledger wrote itself"),
    ("payment/credit.rs", "credit_sha256", "of a credit note that stands on the ledger"),
    ("payment/credit.rs", "invoice_sha256", "of an invoice that stands on the ledger"),
    ("payment/invoice.rs", "invoice_sha256", "of an invoice that stands on the ledger"),
    ("payment/invoice.rs", "withdrawal_sha256", "of a withdrawal that stands on the ledger"),
    ("payment/settlement.rs", "entry_sha256", "of an entry that stands on the ledger"),
    ("payment/settlement.rs", "invoice_sha256", "of an invoice that stands on the ledger"),
    ("payment/settlement.rs", "settlement_sha256", "of a settlement that stands on the ledger"),
    ("rejection/condition.rs", "current", "of what every member is answered who asks for the record"),
    ("rights/records/assignment.rs", "assignment_sha256", "of a record that stands on the ledger"),
    ("rights/records/licence.rs", "licence_sha256", "of a record that stands on the ledger"),
    ("rights/records/opposition.rs", "evidence", "ids of deposits"),
    ("rights/records/right.rs", "entry_sha256", "of what a registry office publishes"),
    ("rights/records/right.rs", "representation_sha256", "of what a registry office publishes"),
    ("rights/records/right.rs", "sha256", "the id of a deposit"),
    ("rights/records/transfer.rs", "offer_sha256", "of a record that stands on the ledger"),
    ("rights/rejections.rs", "sha256", "the id of a deposit"),
    ("rights/requests/opposition.rs", "evidence", "ids of deposits"),
    ("rights/requests/right.rs", "representation_sha256", "of what a registry office publishes"),
    ("verification.rs", "authored", "a key of memory, of a ledger key that is public"),
    ("verification.rs", "sha256", "in memory, of a record that is public"),
    ("verification.rs", "stamps", "a key of memory, of a ledger key that is public"),
];

#[test]
fn every_unsalted_digest_has_a_reason() {
    let mut found = Vec::new();
    for (file, source) in sources() {
        for line in source.lines().map(str::trim).filter(|line| line.contains("Digest256")) {
            let Some((field, kind)) = line.trim_start_matches("pub ").split_once(": ") else { continue };
            if field.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') && !kind.contains('(') {
                found.push((file.clone(), field.to_owned()));
            }
        }
    }
    // A variant of a rejection names its field on the same line.
    for (file, source) in sources() {
        let named =
            source.lines().filter_map(|line| line.split_once("{ ")).filter(|(_, rest)| rest.contains(": Digest256"));
        found.extend(named.filter_map(|(_, rest)| Some((file.clone(), rest.split_once(": Digest256")?.0.to_owned()))));
    }
    found.sort();
    found.dedup();
    let listed: Vec<(String, String)> =
        UNSALTED.iter().map(|(file, field, _)| ((*file).to_owned(), (*field).to_owned())).collect();
    assert_eq!(found, listed);
}

/// Each file of the model's source, by its path, with its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut open, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the source").flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("below the root").display().to_string();
                found.push((name, std::fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    found
}

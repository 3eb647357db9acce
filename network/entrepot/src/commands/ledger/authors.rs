//! Whether the records of a channel were made by the organizations for which they speak, told from its blocks and from
//! which of their transactions count as valid.

use std::fmt;

use fabric_config::written::{WrittenTransaction, written};
use fabric_protos::common::Block;
use trade_model::verification::{Verification, Written};

/// The records of a channel's blocks so far.
#[derive(Default)]
pub(super) struct Authors {
    verification: Verification,
    findings: Vec<Finding>,
    written: bool,
}

/// Something wrong, and where.
pub(super) struct Finding {
    block: u64,
    transaction: Option<String>,
    flaw: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transaction {
            Some(transaction) => write!(f, "block {}, transaction {transaction}: {}", self.block, self.flaw),
            None => write!(f, "block {}: {}", self.block, self.flaw),
        }
    }
}

impl Authors {
    /// Adds the next block.
    pub(super) fn add(&mut self, chaincode: &str, block: &Block) {
        let number = block.header.as_ref().map_or(0, |header| header.number);
        match written(block) {
            Ok(transactions) => {
                transactions.iter().for_each(|transaction| self.take(number, chaincode, transaction));
            }
            Err(cause) => {
                self.findings.push(Finding { block: number, transaction: None, flaw: cause.to_string() });
            }
        }
    }

    /// How many stamps were compared with creators, and how many statements of organizations with digests.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.verification.stamps(), self.verification.statements())
    }

    /// Whether the chaincode has written anything.
    pub(super) fn has_written(&self) -> bool {
        self.written
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn take(&mut self, block: u64, chaincode: &str, transaction: &WrittenTransaction) {
        for namespace in transaction.namespaces.iter().filter(|namespace| namespace.name == chaincode) {
            self.written = true;
            let records: Vec<_> =
                namespace.writes.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
            let hashes: Vec<_> =
                namespace.hashes.iter().map(|hash| (hash.collection.as_str(), hash.key, hash.value)).collect();
            let found = self.verification.add(&Written {
                transaction_id: &transaction.id,
                creator: &transaction.creator,
                certificate_sha256: transaction.certificate_sha256,
                records: &records,
                hashes: &hashes,
            });
            self.findings.extend(found.into_iter().map(|finding| Finding {
                block,
                transaction: Some(transaction.id.clone()),
                flaw: finding.to_string(),
            }));
        }
    }
}

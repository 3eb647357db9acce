//! What officer and importer do about a declaration between filing and decision, each with a record of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::common::{DeclarationId, Digest256, Person, Quantity, Remark, Scoped, Set, Stamp, Text};
use crate::customs::DOCUMENTS_MAX;

/// One act about a declaration: the answer of `customs:RequestDocuments`, `customs:ProvideDocument`, `customs:Inspect`,
/// `customs:Appeal` and `customs:WithdrawDeclaration`. Acts are facts of every later decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeclarationAct {
    /// The declaration.
    pub declaration_id: Scoped<DeclarationId>,
    /// Which act about it, from 1.
    pub number: u32,
    /// What was done.
    #[serde(flatten)]
    pub kind: ActKind,
    /// Who did it when.
    pub done: Stamp,
    /// The person that did it.
    pub person: Person,
}

/// What was done about a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum ActKind {
    /// The authority asked for documents.
    DocumentsRequested {
        /// What it asked for, each provided once; a document is known by its place in the list, from 1.
        documents: Set<Text<200>, 1, DOCUMENTS_MAX>,
    },
    /// The importer provided one that was asked for.
    DocumentProvided {
        /// The number of the act that asked for it.
        request: u32,
        /// Its place in that act's list, from 1.
        document: u32,
        /// SHA-256 of the document: 64 hexadecimal digits. With `evidence:Deposit` others can say what it is.
        sha256: Digest256,
    },
    /// An officer looked at the goods.
    Inspected {
        /// Whether the goods are what was declared.
        result: InspectionResult,
        /// What was found.
        findings: Remark,
        /// How much there was, in the unit of the declaration, when it was counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quantity_found: Option<Quantity>,
        /// SHA-256 of the report.
        report_sha256: Digest256,
    },
    /// The importer appealed against a decision.
    Appealed {
        /// The number of the decision.
        decision: u32,
        /// Why.
        reason: Remark,
        /// SHA-256 of what it rests on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence_sha256: Option<Digest256>,
    },
    /// The importer took the declaration back.
    Withdrawn {
        /// Why.
        reason: Remark,
    },
}

/// What an inspection found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InspectionResult {
    /// The goods are what was declared.
    Conforms,
    /// They are not.
    Differs,
}

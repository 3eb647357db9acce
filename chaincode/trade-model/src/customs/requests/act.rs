//! What officer and importer can do about a declaration beside filing and deciding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ReadDeclaration;
use crate::common::{Attested, DeclarationId, Digest256, Quantity, Remark, Role, ScopedRef, Set, Text};
use crate::customs::{DOCUMENTS_MAX, DeclarationAct, InspectionResult};
use crate::transaction::transactions;

/// `customs:WithdrawDeclaration` (submit): the importer takes its declaration back, before the authority has done
/// anything about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawDeclaration {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `customs:RequestDocuments` (submit): an officer asks the importer for documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestDocuments {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// What is asked for, 1 to 20 descriptions of at most 200 characters.
    pub documents: Set<Text<200>, 1, DOCUMENTS_MAX>,
}

/// `customs:ProvideDocument` (submit): the importer provides one document that was asked for, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvideDocument {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// The number of the act that asked for it.
    pub request: u32,
    /// Its place in that act's list, from 1.
    pub document: u32,
    /// SHA-256 of the document: 64 hexadecimal digits. It is public: a document that others could guess, an invoice for
    /// example, is hashed with a salt that goes to the authority with it.
    pub sha256: Digest256,
}

/// `customs:Inspect` (submit): an officer records what it found when it looked at the goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inspect {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// Whether the goods are what was declared.
    pub result: InspectionResult,
    /// What was found, 1 to 500 characters.
    pub findings: Remark,
    /// How much there was, in the unit of the declaration, when it was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_found: Option<Quantity>,
    /// SHA-256 of the report.
    pub report_sha256: Digest256,
}

/// `customs:Appeal` (submit): the importer asks for another decision, once for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
    /// SHA-256 of what it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_sha256: Option<Digest256>,
}

/// Asks `customs:ReadActs` (evaluate): everything that was done about a declaration, oldest first, at most 200 acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadActs {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
}

transactions! {
    submit(Clerk) "customs:WithdrawDeclaration" by &[Role::Seller],
        WithdrawDeclaration, seen by ReadDeclaration { declaration_id } => DeclarationAct;
    submit(Officer) "customs:RequestDocuments" by &[Role::Customs], RequestDocuments => DeclarationAct;
    submit(Clerk) "customs:ProvideDocument" by &[Role::Seller], ProvideDocument => DeclarationAct;
    submit(Officer) "customs:Inspect" by &[Role::Customs], Inspect => DeclarationAct;
    submit(Clerk) "customs:Appeal" by &[Role::Seller], Appeal => DeclarationAct;
    evaluate "customs:ReadActs", ReadActs => Vec<Attested<DeclarationAct>>;
}

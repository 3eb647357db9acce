//! The value of a declaration lies in the tariff band under which it is filed.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use trade_model::common::{
    BandId, Commitment, DeclarationId, Malformed, Opening, Proof, ScopedRef, organization_collection,
};
use trade_model::customs::{CustomsRejection, Declaration, FileDeclaration, ReadTariff, TariffBand, TariffName};
use trade_model::rejection::Rejection;
use trade_proofs::{ContextError, ProofContext, Range, StatementError};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use crate::claim::{Claim, Deployment};
use crate::error::DocumentError;
use crate::request::{Facts, OpeningsOf, RequestClaim, opening_of};

/// The field of the commitment in request and record.
const COMMITMENT: &str = "value_commitment";

/// The committed value of a declaration lies between the bounds of a band, both included, in minor units.
#[derive(Debug, Clone)]
pub struct DeclaredValue {
    /// The declaration and its band.
    pub of: DeclarationPlace,
    /// The bounds of the band, in minor units.
    pub bounds: (u64, u64),
    /// The commitment to the value.
    pub commitment: Commitment,
}

/// To which declaration, and to which band of which tariff, a proof is bound.
#[derive(Debug, Clone)]
pub struct DeclarationPlace {
    /// The importer.
    pub importer: MspId,
    /// The declaration.
    pub declaration_id: DeclarationId,
    /// The tariff.
    pub tariff_id: TariffName,
    /// Its version.
    pub tariff_version: u32,
    /// The band.
    pub band_id: BandId,
    /// Currency of the value.
    pub currency: CurrencyCode,
}

impl DeclaredValue {
    /// What the proof of a request must show.
    pub fn of_request(importer: &MspId, request: &FileDeclaration, band: &TariffBand) -> Self {
        let of = DeclarationPlace {
            importer: importer.clone(),
            declaration_id: request.declaration_id.clone(),
            tariff_id: request.tariff_id.clone(),
            tariff_version: request.tariff_version,
            band_id: request.band_id.clone(),
            currency: request.currency.clone(),
        };
        Self { of, bounds: bounds(band), commitment: request.value_commitment.clone() }
    }

    /// What the proof of a record must show.
    pub fn of_record(declaration: &Declaration, band: &TariffBand) -> Self {
        let of = DeclarationPlace {
            importer: declaration.importer.clone(),
            declaration_id: declaration.declaration_id.id.clone(),
            tariff_id: declaration.tariff_id.clone(),
            tariff_version: declaration.tariff_version,
            band_id: declaration.band_id.clone(),
            currency: declaration.currency.clone(),
        };
        Self { of, bounds: bounds(band), commitment: declaration.value_commitment.clone() }
    }
}

fn bounds(band: &TariffBand) -> (u64, u64) {
    (band.value_min_minor.get(), band.value_max_minor.get())
}

impl DeclarationPlace {
    /// The place from texts: importer, declaration, the tariff's whole name with its version, band, currency.
    ///
    /// # Errors
    /// The first text that is not of its form.
    pub fn parse(
        importer: &str,
        declaration_id: &str,
        (tariff_id, tariff_version): (&str, u32),
        band_id: &str,
        currency: &str,
    ) -> Result<Self, Malformed> {
        Ok(Self {
            importer: MspId::parse(importer).map_err(|error| Malformed::from(&error))?,
            declaration_id: DeclarationId::parse(declaration_id)?,
            tariff_id: tariff_id.parse()?,
            tariff_version,
            band_id: BandId::parse(band_id)?,
            currency: CurrencyCode::parse(currency).map_err(|error| Malformed::from(&error))?,
        })
    }

    /// To what a proof about this declaration is bound.
    ///
    /// # Errors
    /// When a part is longer than 256 bytes.
    pub fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        let Self { tariff_id, tariff_version, band_id, .. } = self;
        let band = Sha256::digest(format!("{tariff_id}\n{tariff_version}\n{band_id}"));
        ProofContext::builder()
            .channel(deployment.channel)
            .chaincode(deployment.chaincode)
            .collection(organization_collection(self.importer.as_str()))
            .record("declaration", self.declaration_id.as_str(), 1)
            .msp_id(self.importer.as_str())
            .purpose("declared-value")
            .currency(self.currency.as_str())
            .public_inputs_digest(band.into())
            .build()
    }
}

impl Claim for DeclaredValue {
    const PROOF: &'static str = "/value_proof";
    type Statement = Range;

    fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        self.of.context(deployment)
    }

    fn statement(&self) -> Result<Range, StatementError> {
        Range::within(*self.commitment.get(), self.bounds.0, self.bounds.1)
    }
}

/// The fields of a declaration, request or record, that say what its proof claims.
#[derive(Deserialize)]
pub(crate) struct DeclarationDraft {
    /// The id alone in a request, with the importer in the record.
    declaration_id: ScopedRef<DeclarationId>,
    /// In the record only.
    importer: Option<MspId>,
    tariff_id: TariffName,
    tariff_version: u32,
    band_id: BandId,
    currency: CurrencyCode,
    value_commitment: Option<Commitment>,
    value_proof: Option<Proof>,
}

impl RequestClaim for DeclaredValue {
    type Request = FileDeclaration;
    const KNOWN_BY: &'static [&'static str] = &["declaration_id", "tariff_id", "band_id"];
    type Draft = DeclarationDraft;

    fn of_draft(draft: &DeclarationDraft, facts: &Facts, openings: &[Opening]) -> Result<Self, DocumentError> {
        let (tariff_id, tariff_version) = (draft.tariff_id.clone(), draft.tariff_version);
        let question = ReadTariff { tariff_id: tariff_id.clone().into(), version: Some(tariff_version), on: None };
        let tariff = facts.answer_to(&question, |tariff| {
            tariff.record.tariff_id == tariff_id && tariff.record.version == tariff_version
        })?;
        let tariff = tariff.record;
        let band = tariff.bands.iter().find(|band| band.band_id == draft.band_id);
        let band = band.ok_or_else(|| DocumentError::BandUnknown { band_id: draft.band_id.to_string() })?;
        if band.is_too_narrow() {
            return Err(Rejection::from(CustomsRejection::BandTooNarrow { band_id: band.band_id.clone() }).into());
        }
        let sender = draft.importer.clone().or_else(|| facts.sender.clone()).ok_or(DocumentError::SenderMissing)?;
        let declaration = draft.declaration_id.clone().of(&sender);
        let commitment = match (&draft.value_commitment, openings) {
            (Some(commitment), _) => commitment.clone(),
            (None, [opening]) => opening.get().commitment().into(),
            (None, _) => return Err(DocumentError::CommitmentMissing { field: COMMITMENT }),
        };
        let of = DeclarationPlace {
            importer: declaration.owner,
            declaration_id: declaration.id,
            tariff_id,
            tariff_version,
            band_id: draft.band_id.clone(),
            currency: draft.currency.clone(),
        };
        Ok(Self { of, bounds: bounds(band), commitment })
    }

    fn proof(draft: DeclarationDraft) -> Option<Proof> {
        draft.value_proof
    }

    fn openings<'o>(&self, given: &'o [Opening]) -> Result<OpeningsOf<'o, Self>, DocumentError> {
        opening_of(given, &self.commitment, "the commitment to the declared value")
    }

    fn own_commitment(&self) -> Option<(&'static str, &Commitment)> {
        Some((COMMITMENT, &self.commitment))
    }
}

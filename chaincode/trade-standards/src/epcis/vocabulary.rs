//! The words of CBV 2.0: bare in JSON-LD, full URIs everywhere inside.

/// Stands before the 41 business steps.
pub const BIZ_STEP_PREFIX: &str = "https://ref.gs1.org/cbv/BizStep-";
/// Stands before the 33 dispositions.
pub const DISPOSITION_PREFIX: &str = "https://ref.gs1.org/cbv/Disp-";
/// Stands before the 13 business transaction types.
pub const TRANSACTION_PREFIX: &str = "https://ref.gs1.org/cbv/BTT-";
/// Stands before the three source and destination types.
pub const PARTY_PREFIX: &str = "https://ref.gs1.org/cbv/SDT-";
pub(super) const ERROR_REASON_PREFIX: &str = "https://ref.gs1.org/cbv/ER-";
pub(super) const COMPONENT_PREFIX: &str = "https://ref.gs1.org/cbv/Comp-";
pub(super) const GS1_PREFIX: &str = "https://gs1.org/voc/";

/// The business steps of CBV 2.0.
pub const BIZ_STEPS: &[&str] = &[
    "accepting",
    "arriving",
    "assembling",
    "collecting",
    "commissioning",
    "consigning",
    "creating_class_instance",
    "cycle_counting",
    "decommissioning",
    "departing",
    "destroying",
    "disassembling",
    "dispensing",
    "encoding",
    "entering_exiting",
    "holding",
    "inspecting",
    "installing",
    "killing",
    "loading",
    "other",
    "packing",
    "picking",
    "receiving",
    "removing",
    "repackaging",
    "repairing",
    "replacing",
    "reserving",
    "retail_selling",
    "sampling",
    "sensor_reporting",
    "shipping",
    "staging_outbound",
    "stock_taking",
    "stocking",
    "storing",
    "transporting",
    "unloading",
    "unpacking",
    "void_shipping",
];

/// The dispositions of CBV 2.0.
pub const DISPOSITIONS: &[&str] = &[
    "active",
    "available",
    "completeness_inferred",
    "completeness_verified",
    "conformant",
    "container_closed",
    "container_open",
    "damaged",
    "destroyed",
    "dispensed",
    "disposed",
    "encoded",
    "expired",
    "in_progress",
    "in_transit",
    "inactive",
    "mismatch_class",
    "mismatch_instance",
    "mismatch_quantity",
    "needs_replacement",
    "no_pedigree_match",
    "non_conformant",
    "non_sellable_other",
    "partially_dispensed",
    "recalled",
    "reserved",
    "retail_sold",
    "returned",
    "sellable_accessible",
    "sellable_not_accessible",
    "stolen",
    "unavailable",
    "unknown",
];

const TRANSACTION_TYPES: &[&str] = &[
    "bol",
    "cert",
    "desadv",
    "inv",
    "pedigree",
    "po",
    "poc",
    "prodorder",
    "recadv",
    "rma",
    "testprd",
    "testres",
    "upevt",
];
const PARTY_TYPES: &[&str] = &["location", "owning_party", "possessing_party"];
const ERROR_REASONS: &[&str] = &["did_not_occur", "incorrect_data"];

/// A part of the vocabulary: its words and what stands before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    BizStep,
    Disposition,
    TransactionType,
    PartyType,
    ErrorReason,
    /// Measurement types and alarm conditions: open lists, any bare word belongs to GS1's vocabulary.
    Gs1,
    /// Components of a measurement: an open list.
    Component,
}

impl Vocabulary {
    /// The full URI of `word`: known words get their prefix, URIs stay. `None` for a bare word that is not listed.
    pub(super) fn expand(self, word: &str) -> Option<String> {
        if word.contains(':') {
            return Some(word.to_owned());
        }
        let (prefix, words) = match self {
            Self::BizStep => (BIZ_STEP_PREFIX, BIZ_STEPS),
            Self::Disposition => (DISPOSITION_PREFIX, DISPOSITIONS),
            Self::TransactionType => (TRANSACTION_PREFIX, TRANSACTION_TYPES),
            Self::PartyType => (PARTY_PREFIX, PARTY_TYPES),
            Self::ErrorReason => (ERROR_REASON_PREFIX, ERROR_REASONS),
            Self::Gs1 => return Some(format!("{GS1_PREFIX}{word}")),
            Self::Component => return Some(format!("{COMPONENT_PREFIX}{word}")),
        };
        words.contains(&word).then(|| format!("{prefix}{word}"))
    }
}

/// The URNs of CBV 1 by their successors. Only these five families were moved to web URIs.
pub(super) fn modernise(text: &str) -> Option<String> {
    let rest = text.strip_prefix("urn:epcglobal:cbv:")?;
    let (family, word) = rest.split_once(':')?;
    let prefix = match family {
        "bizstep" => BIZ_STEP_PREFIX,
        "disp" => DISPOSITION_PREFIX,
        "btt" => TRANSACTION_PREFIX,
        "sdt" => PARTY_PREFIX,
        "er" => ERROR_REASON_PREFIX,
        _ => return None,
    };
    Some(format!("{prefix}{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_have_the_sizes_the_standard_gives() {
        assert_eq!((BIZ_STEPS.len(), DISPOSITIONS.len(), TRANSACTION_TYPES.len()), (41, 33, 13));
    }

    #[test]
    fn old_urns_and_bare_words_mean_the_same() {
        let old = modernise("urn:epcglobal:cbv:bizstep:receiving");
        assert_eq!(old, Vocabulary::BizStep.expand("receiving"));
        assert_eq!(modernise("urn:epcglobal:cbv:bt:4012345000009:ASN1099"), None);
        assert_eq!(Vocabulary::BizStep.expand("recieving"), None);
    }
}

//! Every refusal the trade ledger can give: one variant per rule, with a stable code, a title, a status and the facts.
//!
//! A rejection says that the caller broke a rule; it is deterministic and part of the API. Faults (a peer that does not
//! answer, a collection that is not there) are not here. No text of a rejection ever holds a private value: it names
//! fields, ids and rules. Each domain lists its own rules; here stands what they have in common.

mod caller;
mod condition;
mod declare;
mod proof;
mod request;
pub(crate) mod rule;

pub use caller::CallerRejection;
pub use condition::ConditionRejection;
pub(crate) use declare::rejections;
pub use proof::ProofRejection;
pub use request::{RequestRejection, read};
pub use rule::Rule;

use crate::{
    agreement::AgreementRejection, custody::CustodyRejection, customs::CustomsRejection,
    disclosure::DisclosureRejection, evidence::EvidenceRejection, governance::GovernanceRejection, item::ItemRejection,
    mandate::MandateRejection, payment::PaymentRejection, rights::RightsRejection, title::TitleRejection,
};

macro_rules! of_every_domain {
    ($($(#[$doc:meta])* $domain:ident($rejection:ty);)+) => {
        /// A broken rule of any domain.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Rejection {
            $($(#[$doc])* $domain($rejection),)+
        }

        impl Rejection {
            /// All rules, domain by domain.
            pub fn rules() -> impl Iterator<Item = &'static Rule> {
                [$(<$rejection>::RULES),+].into_iter().flatten()
            }

            /// The stable code, `<domain>.<rule>`.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$domain(rejection) => rejection.code(),)+ }
            }

            /// A short title that never varies.
            pub fn title(&self) -> &'static str {
                match self { $(Self::$domain(rejection) => rejection.title(),)+ }
            }

            /// The HTTP-like status, 400 to 499.
            pub fn status(&self) -> u16 {
                match self { $(Self::$domain(rejection) => rejection.status(),)+ }
            }

            /// One sentence with the facts of this case.
            pub fn detail(&self) -> String {
                match self { $(Self::$domain(rejection) => rejection.detail(),)+ }
            }
        }

        $(impl From<$rejection> for Rejection {
            fn from(rejection: $rejection) -> Self {
                Self::$domain(rejection)
            }
        })+
    };
}

of_every_domain! {
    /// Who asks.
    Caller(CallerRejection);
    /// What is said beside a request.
    Condition(ConditionRejection);
    /// The form of a request.
    Request(RequestRejection);
    /// Commitments, openings and proofs.
    Proof(ProofRejection);
    /// Of `governance`.
    Governance(GovernanceRejection);
    /// Of `item`.
    Item(ItemRejection);
    /// Of `custody`.
    Custody(CustodyRejection);
    /// Of `title`.
    Title(TitleRejection);
    /// Of `mandate`.
    Mandate(MandateRejection);
    /// Of `rights`.
    Rights(RightsRejection);
    /// Of `evidence`.
    Evidence(EvidenceRejection);
    /// Of `customs`.
    Customs(CustomsRejection);
    /// Of `agreement`.
    Agreement(AgreementRejection);
    /// Of `payment`.
    Payment(PaymentRejection);
    /// Of `disclosure`.
    Disclosure(DisclosureRejection);
}

impl Rejection {
    /// The place in the request that breaks the rule, as a JSON pointer, when there is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Request(rejection) => Some(rejection.field()),
            Self::Proof(ProofRejection::ProofOfAnother { field } | ProofRejection::ProofRejected { field }) => {
                Some(field)
            }
            Self::Proof(ProofRejection::OpeningWrong | ProofRejection::DocumentWrong) => Some("/private"),
            _ => None,
        }
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code(), self.detail())
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::common::Role;

    #[test]
    fn every_code_is_unique_and_names_its_domain() {
        let unique: BTreeSet<_> = Rejection::rules().map(|rule| rule.code).collect();
        assert_eq!(unique.len(), Rejection::rules().count());
        for rule in Rejection::rules() {
            let (domain, name) = rule.code.split_once('.').expect("a code has a domain");
            let words = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(words(domain) && words(name) && (400..500).contains(&rule.status), "{rule:?}");
        }
    }

    #[test]
    fn a_detail_states_the_facts() {
        let rejection = Rejection::from(CallerRejection::RoleMissing { msp_id: "BankMSP".into(), role: Role::Customs });
        assert_eq!(rejection.to_string(), "caller.role_missing: BankMSP does not have the role customs");
        assert_eq!((rejection.status(), rejection.field()), (403, None));
    }
}

//! Building certificate chains the way Go's verifier does when Fabric calls it: no names to match, any number of
//! intermediates, the clock set to one second after the start of the certificate's validity, and the default key usage
//! (a certificate that lists extended usages must list server authentication).
//!
//! One difference is deliberate: an authority with name constraints is refused, because nobody issues Fabric identities
//! below one and getting the matching rules half right would be worse.

use crate::certificate::Certificate;

/// Signatures that are checked at most for one certificate, as in Go.
const SIGNATURE_CHECKS_MAX: usize = 100;

/// Why there is no single chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No authority of the organization leads to the certificate.
    #[error("x509: certificate signed by unknown authority")]
    UnknownAuthority,
    /// The certificate, or an authority at the moment the certificate began, is outside its validity.
    #[error("x509: certificate has expired or is not yet valid")]
    OutsideValidity,
    /// A critical extension that nobody here understands.
    #[error("x509: unhandled critical extension")]
    UnknownCriticalExtension,
    /// A certificate lists extended key usages without the one that Go asks for.
    #[error("x509: certificate specifies an incompatible key usage")]
    KeyUsage,
    /// An authority allows fewer authorities below it.
    #[error("x509: too many intermediates for path length constraint")]
    PathTooLong,
    /// An authority restricts names.
    #[error("an authority with name constraints is not supported")]
    NameConstraints,
    /// Too many signatures would have to be checked.
    #[error("x509: signature check attempts limit reached while verifying certificate chain")]
    TooManyChecks,
    /// It would be unclear who answers for the identity.
    #[error("this MSP only supports a single validation chain, got {0}")]
    Several(usize),
}

/// The authorities of an organization.
#[derive(Clone, Default)]
pub(super) struct Pools {
    pub(super) roots: Vec<Certificate>,
    pub(super) intermediates: Vec<Certificate>,
}

struct Search<'a> {
    pools: &'a Pools,
    at: i64,
    checks_left: usize,
    found: Vec<Vec<Certificate>>,
    /// The last reason why a candidate was not taken, for the message when none is.
    reason: ChainError,
}

impl Pools {
    /// The one chain from `certificate` to a root, both included. A root is its own chain.
    pub(super) fn unique_chain(&self, certificate: &Certificate) -> Result<Vec<Certificate>, ChainError> {
        let at = certificate.not_before().saturating_add(1);
        check_alone(certificate, at)?;
        let mut chains = if self.roots.contains(certificate) {
            vec![vec![certificate.clone()]]
        } else {
            let mut search = Search {
                pools: self,
                at,
                checks_left: SIGNATURE_CHECKS_MAX,
                found: Vec::new(),
                reason: ChainError::UnknownAuthority,
            };
            search.extend(vec![certificate.clone()])?;
            if search.found.is_empty() {
                return Err(search.reason);
            }
            search.found
        };
        chains.retain(|chain| chain.iter().all(Certificate::allows_server_use));
        match chains.len() {
            1 => Ok(chains.remove(0)),
            0 => Err(ChainError::KeyUsage),
            several => Err(ChainError::Several(several)),
        }
    }
}

impl Search<'_> {
    fn extend(&mut self, chain: Vec<Certificate>) -> Result<(), ChainError> {
        let child = chain[chain.len() - 1].clone();
        for (is_root, pool) in [(true, &self.pools.roots), (false, &self.pools.intermediates)] {
            for parent in pool {
                if parent.subject_raw() != child.issuer_raw() || contains_key(&chain, parent) {
                    continue;
                }
                self.checks_left = self.checks_left.checked_sub(1).ok_or(ChainError::TooManyChecks)?;
                if !child.is_signed_by(parent) {
                    continue;
                }
                if let Err(reason) = check_authority(parent, chain.len() - 1, self.at) {
                    self.reason = reason;
                    continue;
                }
                let longer = [chain.as_slice(), std::slice::from_ref(parent)].concat();
                if is_root {
                    self.found.push(longer);
                } else {
                    self.extend(longer)?;
                }
            }
        }
        Ok(())
    }
}

fn check_authority(authority: &Certificate, intermediates_below: usize, at: i64) -> Result<(), ChainError> {
    check_alone(authority, at)?;
    if authority.has_name_constraints() {
        return Err(ChainError::NameConstraints);
    }
    match authority.path_length_max() {
        Some(max) if intermediates_below > max as usize => Err(ChainError::PathTooLong),
        _ => Ok(()),
    }
}

fn check_alone(certificate: &Certificate, at: i64) -> Result<(), ChainError> {
    if certificate.has_unknown_critical() {
        return Err(ChainError::UnknownCriticalExtension);
    }
    if at < certificate.not_before() || at > certificate.not_after() {
        return Err(ChainError::OutsideValidity);
    }
    Ok(())
}

/// Go treats a certificate with the same subject and key as the same authority.
fn contains_key(chain: &[Certificate], candidate: &Certificate) -> bool {
    chain.iter().any(|known| known.subject_raw() == candidate.subject_raw() && known.spki() == candidate.spki())
}

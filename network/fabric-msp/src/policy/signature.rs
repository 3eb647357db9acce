//! Evaluation of one signature policy.

use std::collections::BTreeSet;

use fabric_protos::common::{MspPrincipal, SignaturePolicy, SignaturePolicyEnvelope, signature_policy::Type};
use prost::Message;

use super::error::PolicyError;
use crate::{identity::Identity, msp::MspManager};

/// How deeply gates may nest. prost itself reads no more than about fifty levels; Fabric has no bound.
const DEPTH_MAX: usize = 64;

/// A signature with what was signed and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedData {
    /// The signed bytes.
    pub data: Vec<u8>,
    /// The signer's `SerializedIdentity`.
    pub identity: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// A signature policy whose references have been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledPolicy {
    version: i32,
    rule: Gate,
    principals: Vec<MspPrincipal>,
}

#[derive(Clone, Debug, PartialEq)]
enum Gate {
    SignedBy(usize),
    AtLeast { needed: i32, arms: Vec<Gate> },
}

impl CompiledPolicy {
    /// Checks the policy of a chaincode, a collection or a key. Its version counts for nothing: Fabric's
    /// `EnvelopeBasedPolicyProvider` does not look at it.
    ///
    /// # Errors
    /// [`PolicyError`] when a rule is missing, points at no identity, or is nested too deeply.
    pub fn new(envelope: &SignaturePolicyEnvelope) -> Result<Self, PolicyError> {
        let rule = envelope.rule.as_ref().ok_or(PolicyError::Empty)?;
        let rule = compile(rule, envelope.identities.len(), 0)?;
        Ok(Self { version: envelope.version, rule, principals: envelope.identities.clone() })
    }

    /// Reads and checks an encoded `SignaturePolicyEnvelope` of a channel's configuration, where there is version 0
    /// only.
    ///
    /// # Errors
    /// As [`CompiledPolicy::new`], or when the bytes are not such a message or of another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, PolicyError> {
        let envelope = SignaturePolicyEnvelope::decode(bytes).map_err(|_| PolicyError::Malformed)?;
        match envelope.version {
            0 => Self::new(&envelope),
            version => Err(PolicyError::Version(version)),
        }
    }

    /// The policy as a message.
    pub fn envelope(&self) -> SignaturePolicyEnvelope {
        let (version, identities) = (self.version, self.principals.clone());
        SignaturePolicyEnvelope { version, rule: Some(rule_of(&self.rule)), identities }
    }

    /// Whether any set of signatures satisfies the policy: no gate that matters needs more arms than it has.
    pub fn can_be_satisfied(&self) -> bool {
        self.rule.can_hold()
    }

    /// Whom the policy names, in its order.
    pub fn principals(&self) -> &[MspPrincipal] {
        &self.principals
    }

    /// Checks signatures and then the policy. Signatures that are wrong or repeated are left out without a word.
    ///
    /// # Errors
    /// [`PolicyError::NotSatisfied`].
    pub fn evaluate(&self, signatures: &[SignedData], msps: &MspManager) -> Result<(), PolicyError> {
        self.evaluate_identities(&valid_identities(signatures, msps), msps)
    }

    /// Checks the policy for identities whose signatures have been checked, in their order.
    ///
    /// # Errors
    /// [`PolicyError::NotSatisfied`].
    pub fn evaluate_identities(&self, identities: &[Identity], msps: &MspManager) -> Result<(), PolicyError> {
        let satisfies = |identity: usize, principal: usize| {
            msps.satisfies(&identities[identity], &self.principals[principal]).is_ok()
        };
        let mut used = vec![false; identities.len()];
        if self.rule.holds(&mut used, &satisfies) { Ok(()) } else { Err(PolicyError::NotSatisfied) }
    }
}

impl Gate {
    fn can_hold(&self) -> bool {
        match self {
            Self::SignedBy(_) => true,
            Self::AtLeast { needed, arms } => {
                let possible = arms.iter().filter(|arm| arm.can_hold()).count();
                i32::try_from(possible).is_ok_and(|possible| possible >= *needed)
            }
        }
    }

    /// Whether the gate holds; `used` then names the identities it took. After a failure `used` means nothing.
    fn holds(&self, used: &mut [bool], satisfies: &impl Fn(usize, usize) -> bool) -> bool {
        match self {
            Self::SignedBy(principal) => {
                let free = (0..used.len()).find(|&identity| !used[identity] && satisfies(identity, *principal));
                if let Some(identity) = free {
                    used[identity] = true;
                }
                free.is_some()
            }
            Self::AtLeast { needed, arms } => {
                let mut satisfied = 0;
                // All arms are tried, even when enough are satisfied: that is what uses up identities.
                for arm in arms {
                    let mut tried = used.to_vec();
                    if arm.holds(&mut tried, satisfies) {
                        satisfied += 1;
                        used.copy_from_slice(&tried);
                    }
                }
                satisfied >= *needed
            }
        }
    }
}

/// Whether already verified identities satisfy a policy. A policy that cannot be evaluated is not satisfied.
pub fn evaluate_identities(policy: &SignaturePolicyEnvelope, identities: &[Identity], msps: &MspManager) -> bool {
    CompiledPolicy::new(policy).is_ok_and(|policy| policy.evaluate_identities(identities, msps).is_ok())
}

/// The identities behind good signatures, each once, in order. Two encodings of one certificate are one identity; a bad
/// signature does not keep a later good one of the same identity out.
pub fn valid_identities(signatures: &[SignedData], msps: &MspManager) -> Vec<Identity> {
    let mut seen = BTreeSet::new();
    let mut identities = Vec::new();
    for signed in signatures {
        let identity = match msps.deserialize(&signed.identity) {
            Ok(identity) => identity,
            Err(cause) => {
                tracing::debug!(%cause, "a signature of an unknown identity is left out");
                continue;
            }
        };
        let key = (identity.msp_id().to_owned(), identity.certificate().sha256());
        if seen.contains(&key) {
            continue;
        }
        if let Err(cause) = identity.verify(&signed.data, &signed.signature) {
            tracing::debug!(?identity, %cause, "a wrong signature is left out");
            continue;
        }
        seen.insert(key);
        identities.push(identity);
    }
    identities
}

fn compile(rule: &SignaturePolicy, identities: usize, depth: usize) -> Result<Gate, PolicyError> {
    if depth > DEPTH_MAX {
        return Err(PolicyError::TooDeep(DEPTH_MAX));
    }
    match &rule.r#type {
        Some(Type::SignedBy(index)) => match usize::try_from(*index) {
            Ok(found) if found < identities => Ok(Gate::SignedBy(found)),
            _ => Err(PolicyError::IdentityIndex { index: *index, count: identities }),
        },
        Some(Type::NOutOf(gate)) => {
            let arms = gate.rules.iter().map(|arm| compile(arm, identities, depth + 1)).collect::<Result<_, _>>()?;
            Ok(Gate::AtLeast { needed: gate.n, arms })
        }
        None => Err(PolicyError::Empty),
    }
}

fn rule_of(gate: &Gate) -> SignaturePolicy {
    let r#type = match gate {
        // Came from an i32 when it was compiled.
        Gate::SignedBy(index) => Type::SignedBy(*index as i32),
        Gate::AtLeast { needed, arms } => Type::NOutOf(fabric_protos::common::signature_policy::NOutOf {
            n: *needed,
            rules: arms.iter().map(rule_of).collect(),
        }),
    };
    SignaturePolicy { r#type: Some(r#type) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::dsl::parse;

    /// Evaluates a policy over letters: identity `A` satisfies every principal of the organization `A`.
    fn holds(policy: &str, signers: &str) -> bool {
        let policy = CompiledPolicy::new(&parse(policy).expect("a policy")).expect("compiles");
        let organizations: Vec<String> = policy
            .principals
            .iter()
            .map(|principal| {
                let role = fabric_protos::common::MspRole::decode(&*principal.principal).expect("a role");
                role.msp_identifier
            })
            .collect();
        let signers: Vec<String> = signers.chars().map(String::from).collect();
        let satisfies = |identity: usize, principal: usize| signers[identity] == organizations[principal];
        policy.rule.holds(&mut vec![false; signers.len()], &satisfies)
    }

    #[test]
    fn policies_are_evaluated_greedily() {
        let table = [
            ("OR('A.peer','B.peer')", "A", true),
            ("OR('A.peer','B.peer')", "C", false),
            ("AND('A.peer','B.peer')", "BA", true),
            ("AND('A.peer','B.peer')", "A", false),
            ("AND('A.peer','A.peer')", "A", false),
            ("AND('A.peer','A.peer')", "AA", true),
            // The OR takes both signatures, so nothing is left for the second arm.
            ("AND(OR('A.peer','B.peer'),'B.peer')", "AB", false),
            ("AND(OR('A.peer','B.peer'),'B.peer')", "ABB", true),
            ("AND('B.peer',OR('A.peer','B.peer'))", "AB", true),
            ("OutOf(2,'A.peer','B.peer','C.peer')", "CA", true),
            ("OutOf(2,'A.peer','B.peer','C.peer')", "C", false),
            // A failed gate gives back what it took.
            ("OR(AND('A.peer','B.peer'),'A.peer')", "A", true),
            ("AND(OutOf(0,AND('A.peer','C.peer')),'A.peer')", "A", true),
            ("OutOf(0,'A.peer')", "", true),
            ("OutOf(2,'A.peer')", "AAA", false),
        ];
        for (policy, signers, expected) in table {
            assert_eq!(holds(policy, signers), expected, "{policy} with {signers}");
        }
    }

    #[test]
    fn a_policy_that_nobody_can_satisfy_is_recognised() {
        let table = [
            ("OR('A.peer')", true),
            ("OutOf(0, 'A.peer')", true),
            ("OutOf(2, 'A.peer')", false),
            ("OR(OutOf(2, 'A.peer'), 'B.peer')", true),
            ("AND(OutOf(2, 'A.peer'), 'B.peer')", false),
        ];
        for (policy, expected) in table {
            let compiled = CompiledPolicy::new(&parse(policy).expect("a policy")).expect("compiles");
            assert_eq!(compiled.can_be_satisfied(), expected, "{policy}");
        }
    }

    #[test]
    fn policies_that_point_nowhere_are_refused() {
        let mut envelope = parse("OR('A.peer','B.peer')").expect("a policy");
        envelope.identities.pop();
        assert_eq!(CompiledPolicy::new(&envelope), Err(PolicyError::IdentityIndex { index: 1, count: 1 }));
        assert_eq!(CompiledPolicy::new(&SignaturePolicyEnvelope::default()), Err(PolicyError::Empty));
        assert_eq!(CompiledPolicy::decode(&[]), Err(PolicyError::Empty));
        assert_eq!(CompiledPolicy::decode(&[0xff]), Err(PolicyError::Malformed));
    }

    #[test]
    fn only_a_channels_configuration_asks_for_the_version() {
        let later = SignaturePolicyEnvelope { version: 7, ..parse("OR('A.peer')").expect("a policy") };
        assert_eq!(CompiledPolicy::new(&later).map(|policy| policy.envelope()), Ok(later.clone()));
        assert_eq!(CompiledPolicy::decode(&later.encode_to_vec()), Err(PolicyError::Version(7)));
    }

    /// As Fabric's `cauthdsl` compares them: the satisfied arms must be at least as many, whatever there is.
    #[test]
    fn a_gate_counts_its_satisfied_arms_whatever_number_it_needs() {
        let gate = |n: i32, arms: usize| {
            let arm = SignaturePolicy { r#type: Some(Type::SignedBy(0)) };
            let gate = fabric_protos::common::signature_policy::NOutOf { n, rules: vec![arm; arms] };
            let rule = SignaturePolicy { r#type: Some(Type::NOutOf(gate)) };
            let envelope =
                SignaturePolicyEnvelope { version: 0, rule: Some(rule), identities: vec![MspPrincipal::default()] };
            let policy = CompiledPolicy::new(&envelope).expect("compiles");
            policy.rule.holds(&mut [false], &|_, _| true)
        };
        let table = [(0, 0, true), (-1, 0, true), (1, 0, false), (-1, 1, true), (1, 1, true), (2, 2, false)];
        for (n, arms, expected) in table {
            assert_eq!(gate(n, arms), expected, "{n} of {arms}");
        }
    }

    #[test]
    fn deep_nesting_ends_in_an_error_and_not_in_the_stack() {
        let mut rule = SignaturePolicy { r#type: Some(Type::SignedBy(0)) };
        for _ in 0..1000 {
            let gate = fabric_protos::common::signature_policy::NOutOf { n: 1, rules: vec![rule] };
            rule = SignaturePolicy { r#type: Some(Type::NOutOf(gate)) };
        }
        let envelope =
            SignaturePolicyEnvelope { version: 0, rule: Some(rule), identities: vec![MspPrincipal::default()] };
        assert_eq!(CompiledPolicy::new(&envelope), Err(PolicyError::TooDeep(DEPTH_MAX)));
    }

    #[test]
    fn compiling_loses_nothing() {
        let envelope = parse("OutOf(2,'A.peer',OR('B.peer','C.admin'),AND('D.member','E.client'))").expect("a policy");
        assert_eq!(CompiledPolicy::new(&envelope).expect("compiles").envelope(), envelope);
    }
}

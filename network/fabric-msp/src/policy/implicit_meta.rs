//! Implicit meta policies, and policies as they stand in a channel configuration.

use fabric_protos::common::{ImplicitMetaPolicy, Policy, implicit_meta_policy::Rule, policy::PolicyType};
use prost::Message;

use super::dsl::DslError;

/// The policy `rule name`, for example `MAJORITY Admins`, over the groups below the one it stands in.
///
/// # Errors
/// [`DslError`] when it is not two words of which the first is `ANY`, `ALL` or `MAJORITY`.
pub fn parse_implicit_meta(text: &str) -> Result<ImplicitMetaPolicy, DslError> {
    let words: Vec<&str> = text.split(' ').collect();
    let [rule, name] = words[..] else { return Err(DslError::ImplicitMetaWords(words.len())) };
    let rule = Rule::from_str_name(rule).ok_or_else(|| DslError::ImplicitMetaRule(rule.to_owned()))?;
    Ok(ImplicitMetaPolicy { sub_policy: name.to_owned(), rule: rule as i32 })
}

/// Wraps a signature policy for a channel configuration.
pub fn signature_policy(envelope: &fabric_protos::common::SignaturePolicyEnvelope) -> Policy {
    Policy { r#type: PolicyType::Signature as i32, value: envelope.encode_to_vec() }
}

/// Wraps an implicit meta policy for a channel configuration.
pub fn implicit_meta_policy(policy: &ImplicitMetaPolicy) -> Policy {
    Policy { r#type: PolicyType::ImplicitMeta as i32, value: policy.encode_to_vec() }
}

/// How many of `count` groups an implicit meta policy needs. Groups without a policy of the name count too: they are
/// never satisfied. With no groups at all nothing is needed.
pub fn implicit_meta_threshold(rule: Rule, count: usize) -> usize {
    match (rule, count) {
        (_, 0) => 0,
        (Rule::Any, _) => 1,
        (Rule::All, count) => count,
        (Rule::Majority, count) => count / 2 + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implicit_meta_policies_are_two_words() {
        assert!(parse_implicit_meta("MAJORITY Endorsement").is_ok());
        assert_eq!(parse_implicit_meta("ANY"), Err(DslError::ImplicitMetaWords(1)));
        assert_eq!(parse_implicit_meta("any Readers"), Err(DslError::ImplicitMetaRule("any".to_owned())));
    }
}

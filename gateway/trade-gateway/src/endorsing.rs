//! Who must endorse a transaction with private input: exactly those whose collections receive it.
//!
//! A peer that endorses sees the private input. So the organizations are named by rule from the caller and the public
//! part of the request, and never left to the network's choice.

use serde_json::Value;

use crate::problem::{Problem, ProblemCode};

/// A rule that names endorsing organizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endorsing {
    /// The caller's organization and the one named in this field of the request.
    CallerAnd(&'static str),
    /// The caller's organization and the customs authority.
    CallerAndAuthority,
}

impl Endorsing {
    /// The MSP ids, without repetition.
    ///
    /// # Errors
    /// The field does not name a known organization, or it is not clear which authority is meant.
    pub fn organizations(
        self,
        caller: &str,
        request: &Value,
        known: &dyn Fn(&str) -> bool,
        authorities: &[&str],
    ) -> Result<Vec<String>, Problem> {
        let other = match self {
            Self::CallerAnd(field) => {
                let named = request.get(field).and_then(Value::as_str).unwrap_or_default();
                if !known(named) {
                    return Err(Problem::of(ProblemCode::OrganizationUnknown)
                        .with_detail("Private input can only be sent to organizations that this gateway knows.")
                        .with_field(format!("/{field}"), "not the MSP id of a known organization"));
                }
                named
            }
            Self::CallerAndAuthority => match authorities {
                [authority] => authority,
                _ => {
                    return Err(Problem::of(ProblemCode::AuthorityUnclear)
                        .with_detail(format!("{} customs authorities are known here.", authorities.len())));
                }
            },
        };
        let mut organizations = vec![caller.to_owned()];
        if other != caller {
            organizations.push(other.to_owned());
        }
        Ok(organizations)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn caller_and_partner_are_named_once_each() -> Result<(), Problem> {
        let rule = Endorsing::CallerAnd("buyer");
        let known = |msp: &str| msp.ends_with("MSP");
        let named = |buyer: &str| rule.organizations("AMSP", &json!({"buyer": buyer}), &known, &[]);
        assert_eq!(named("BMSP")?, ["AMSP", "BMSP"]);
        assert_eq!(named("AMSP")?, ["AMSP"]);
        assert_eq!(named("stranger").expect_err("unknown").code, "organization_unknown");
        assert_eq!(rule.organizations("AMSP", &json!({}), &known, &[]).expect_err("absent").status, 422);
        Ok(())
    }

    #[test]
    fn an_unclear_authority_is_refused_rather_than_guessed() -> Result<(), Problem> {
        let rule = Endorsing::CallerAndAuthority;
        let named = |authorities: &[&str]| rule.organizations("AMSP", &json!({}), &|_| true, authorities);
        assert_eq!(named(&["CustomsMSP"])?, ["AMSP", "CustomsMSP"]);
        assert_eq!(named(&[]).expect_err("none").code, "authority_unclear");
        assert_eq!(named(&["XMSP", "YMSP"]).expect_err("two").code, "authority_unclear");
        Ok(())
    }
}

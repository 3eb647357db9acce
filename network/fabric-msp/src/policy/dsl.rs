//! The language in which people write signature policies: `AND`, `OR`, `OutOf(n, …)` over `'Organization.role'`.
//!
//! Fabric runs these texts through a general expression evaluator; this is a parser for the language itself, so it
//! refuses the arithmetic and the variables that the evaluator would let through. What both accept, both read alike
//! to the byte: the same gates, no principal shared, and principals in the order in which Fabric's evaluator comes to
//! them, which is that of the text but for those of a gate that stand beside gates: a gate counts its own last.
//! Organizations that approve a definition compare bytes.

use fabric_protos::common::{
    MspPrincipal, MspRole, SignaturePolicy, SignaturePolicyEnvelope,
    msp_principal::Classification,
    msp_role::MspRoleType,
    signature_policy::{NOutOf, Type},
};
use prost::Message;

use super::error::PolicyError;

/// The longest text that is read, in bytes (16 KiB).
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// How deeply gates may nest.
const DEPTH_MAX: usize = 32;
/// How many principals one policy may name.
const PRINCIPALS_MAX: usize = 1024;

/// Why a text is not a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DslError {
    /// More bytes than any policy needs.
    #[error("the policy has {0} bytes, more than the {TEXT_BYTES_MAX} that are read")]
    TooLong(usize),
    /// Gates inside gates inside gates.
    #[error("the policy is nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
    /// Too many principals.
    #[error("the policy names more than {PRINCIPALS_MAX} principals")]
    TooManyPrincipals,
    /// Something else was expected here.
    #[error("unrecognized token '{found}' in policy string at byte {at}, expected {expected}")]
    Unexpected {
        /// Where, in bytes from the start.
        at: usize,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// Not `Organization.role`, or a role that does not exist.
    #[error("error parsing principal {0}")]
    Principal(String),
    /// A gate without arms.
    #[error("expected at least two arguments to NOutOf. Given 1")]
    NoArms,
    /// More arms are asked for than there are.
    #[error("invalid t-out-of-n predicate, t {needed}, n {arms}")]
    Threshold {
        /// How many are asked for.
        needed: u32,
        /// How many there are.
        arms: usize,
    },
    /// An implicit meta policy is two words.
    #[error("expected two space separated tokens, but got {0}")]
    ImplicitMetaWords(usize),
    /// An implicit meta policy begins with its rule.
    #[error("unknown rule type '{0}', expected ALL, ANY, or MAJORITY")]
    ImplicitMetaRule(String),
}

/// Reads a policy such as `OutOf(2, 'AMSP.peer', 'BMSP.peer', OR('CMSP.admin', 'CMSP.client'))`.
///
/// # Errors
/// [`DslError`] says what is wrong and where.
pub fn parse(text: &str) -> Result<SignaturePolicyEnvelope, DslError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(DslError::TooLong(text.len()));
    }
    let mut parser = Parser { text, at: 0, principals: Vec::new() };
    parser.skip_space();
    if matches!(parser.peek(), Some('\'' | '"')) {
        // Fabric reads a lone principal as a string and not as a policy.
        return Err(parser.unexpected("AND, OR or OutOf"));
    }
    let rule = parser.gate(0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.unexpected("the end"));
    }
    Ok(SignaturePolicyEnvelope { version: 0, rule: Some(rule), identities: parser.principals })
}

/// Writes a policy in the language. [`parse`] gives back the same policy, or one of the same meaning when the policy
/// refers twice to one principal or has its principals in another order.
///
/// # Errors
/// [`PolicyError`] when the policy cannot be said in the language: it names something other than a role, or is
/// malformed.
pub fn format(policy: &SignaturePolicyEnvelope) -> Result<String, PolicyError> {
    let rule = policy.rule.as_ref().ok_or(PolicyError::Empty)?;
    let mut text = String::new();
    write(rule, &policy.identities, &mut text, 0)?;
    Ok(text)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    principals: Vec<MspPrincipal>,
}

/// What stands in a gate.
enum Arm {
    Principal(MspPrincipal),
    Gate(SignaturePolicy),
}

impl Parser<'_> {
    fn gate(&mut self, depth: usize) -> Result<SignaturePolicy, DslError> {
        let start = self.at;
        let gate = self.word();
        let needed = match gate {
            "AND" | "And" | "and" | "OR" | "Or" | "or" => None,
            "OutOf" | "OUTOF" | "outof" => Some(()),
            _ => {
                self.at = start;
                return Err(self.unexpected("AND, OR, OutOf or a principal in quotes"));
            }
        };
        let is_and = gate.eq_ignore_ascii_case("and");
        self.expect('(', "an opening parenthesis")?;
        let needed = needed.map(|()| self.number()).transpose()?;
        let mut arms = Vec::new();
        if needed.is_none() {
            arms.push(self.arm(depth + 1)?);
        }
        loop {
            self.skip_space();
            match self.peek() {
                Some(',') => {
                    self.at += 1;
                    arms.push(self.arm(depth + 1)?);
                }
                Some(')') => {
                    self.at += 1;
                    break;
                }
                _ => return Err(self.unexpected("a comma or a closing parenthesis")),
            }
        }
        // The gates in it are read and have their numbers; its own principals get theirs now.
        let arms = arms.into_iter().map(|arm| self.numbered(arm)).collect::<Result<Vec<_>, _>>()?;
        gate_of(needed.unwrap_or(if is_and { arms.len() as u32 } else { 1 }), arms)
    }

    fn arm(&mut self, depth: usize) -> Result<Arm, DslError> {
        if depth > DEPTH_MAX {
            return Err(DslError::TooDeep);
        }
        self.skip_space();
        match self.peek() {
            Some(quote @ ('\'' | '"')) => self.principal(quote).map(Arm::Principal),
            _ => self.gate(depth).map(Arm::Gate),
        }
    }

    fn principal(&mut self, quote: char) -> Result<MspPrincipal, DslError> {
        self.at += 1;
        let rest = &self.text[self.at..];
        let Some(length) = rest.find(quote) else { return Err(self.unexpected("a closing quote")) };
        let name = &rest[..length];
        self.at += length + 1;
        principal(name).ok_or_else(|| DslError::Principal(name.to_owned()))
    }

    fn numbered(&mut self, arm: Arm) -> Result<SignaturePolicy, DslError> {
        let principal = match arm {
            Arm::Gate(gate) => return Ok(gate),
            Arm::Principal(principal) => principal,
        };
        if self.principals.len() >= PRINCIPALS_MAX {
            return Err(DslError::TooManyPrincipals);
        }
        self.principals.push(principal);
        // At most PRINCIPALS_MAX, so it fits.
        Ok(SignaturePolicy { r#type: Some(Type::SignedBy(self.principals.len() as i32 - 1)) })
    }

    fn number(&mut self) -> Result<u32, DslError> {
        self.skip_space();
        // Fabric takes the number as a number or in quotes.
        let quote = self.peek().filter(|letter| matches!(letter, '\'' | '"'));
        self.at += usize::from(quote.is_some());
        let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        let number = self.text[self.at..self.at + digits].parse().map_err(|_| self.unexpected("a number"))?;
        self.at += digits;
        if let Some(quote) = quote {
            self.expect(quote, "a closing quote")?;
        }
        Ok(number)
    }

    fn word(&mut self) -> &str {
        let length = self.text[self.at..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        let word = &self.text[self.at..self.at + length];
        self.at += length;
        word
    }

    fn expect(&mut self, wanted: char, name: &'static str) -> Result<(), DslError> {
        self.skip_space();
        if self.peek() != Some(wanted) {
            return Err(self.unexpected(name));
        }
        self.at += wanted.len_utf8();
        Ok(())
    }

    fn skip_space(&mut self) {
        self.at += self.text[self.at..].bytes().take_while(u8::is_ascii_whitespace).count();
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn unexpected(&self, expected: &'static str) -> DslError {
        let found = self.text[self.at..].chars().take(24).collect();
        DslError::Unexpected { at: self.at, found, expected }
    }
}

fn gate_of(needed: u32, arms: Vec<SignaturePolicy>) -> Result<SignaturePolicy, DslError> {
    if arms.is_empty() {
        return Err(DslError::NoArms);
    }
    // Fabric allows one more than can ever be satisfied: a way to write "nobody".
    if needed as usize > arms.len() + 1 {
        return Err(DslError::Threshold { needed, arms: arms.len() });
    }
    Ok(SignaturePolicy { r#type: Some(Type::NOutOf(NOutOf { n: needed as i32, rules: arms })) })
}

fn principal(name: &str) -> Option<MspPrincipal> {
    let (msp_id, role) = name.rsplit_once('.')?;
    let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-');
    if msp_id.is_empty() || !msp_id.chars().all(legal) {
        return None;
    }
    let role = match role {
        "member" => MspRoleType::Member,
        "admin" => MspRoleType::Admin,
        "client" => MspRoleType::Client,
        "peer" => MspRoleType::Peer,
        "orderer" => MspRoleType::Orderer,
        _ => return None,
    };
    let role = MspRole { msp_identifier: msp_id.to_owned(), role: role as i32 };
    Some(MspPrincipal { principal_classification: Classification::Role as i32, principal: role.encode_to_vec() })
}

fn write(
    rule: &SignaturePolicy,
    principals: &[MspPrincipal],
    text: &mut String,
    depth: usize,
) -> Result<(), PolicyError> {
    if depth > DEPTH_MAX {
        return Err(PolicyError::TooDeep(DEPTH_MAX));
    }
    match &rule.r#type {
        Some(Type::SignedBy(index)) => {
            let found = usize::try_from(*index).ok().and_then(|index| principals.get(index));
            let principal = found.ok_or(PolicyError::IdentityIndex { index: *index, count: principals.len() })?;
            text.push_str(&format!("'{}'", role_name(principal)?));
        }
        Some(Type::NOutOf(gate)) => {
            let opening = match (gate.n, gate.rules.len()) {
                (1, _) => "OR(".to_owned(),
                (n, arms) if usize::try_from(n) == Ok(arms) => "AND(".to_owned(),
                (n, _) => format!("OutOf({n}, "),
            };
            text.push_str(&opening);
            for (index, arm) in gate.rules.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write(arm, principals, text, depth + 1)?;
            }
            text.push(')');
        }
        None => return Err(PolicyError::Empty),
    }
    Ok(())
}

fn role_name(principal: &MspPrincipal) -> Result<String, PolicyError> {
    if principal.principal_classification != Classification::Role as i32 {
        return Err(PolicyError::UnknownType(principal.principal_classification));
    }
    let role = MspRole::decode(&*principal.principal).map_err(|_| PolicyError::Malformed)?;
    let kind = MspRoleType::try_from(role.role).map_err(|_| PolicyError::Malformed)?;
    Ok(format!("{}.{}", role.msp_identifier, kind.as_str_name().to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_comes_back_from_its_text() {
        for text in [
            "OR('AMSP.peer')",
            "AND('AMSP.peer', 'BMSP.admin')",
            "OutOf(2, 'A.peer', 'B.client', 'C.member', 'D.orderer')",
            "OR('A.peer', AND('B.peer', 'C.peer'), OutOf(2, 'D.peer', 'E.peer', 'F.peer'))",
            "OutOf(0, 'A.peer')",
            "OutOf(3, 'A.peer', 'B.peer')",
            "OR('a.b-c.example.com.peer', 'A.peer')",
        ] {
            let policy = parse(text).expect(text);
            assert_eq!(format(&policy).expect("can be said"), text);
        }
    }

    /// As `peer lifecycle chaincode approveformyorg` of Fabric 2.5 and 3.1 encodes such a text.
    #[test]
    fn a_gate_numbers_its_own_principals_after_those_of_the_gates_in_it() {
        let names = |text: &str| {
            let policy = parse(text).expect(text);
            let roles = policy.identities.iter().map(|one| role_name(one).expect("a role"));
            (roles.collect::<Vec<_>>().join(" "), policy.rule)
        };
        assert_eq!(names("AND('A.peer', 'B.peer')").0, "A.peer B.peer");
        assert_eq!(names("AND('A.peer', OR('B.peer', 'C.peer'), 'D.peer')").0, "B.peer C.peer A.peer D.peer");
        assert_eq!(names("OR(AND('A.peer', OR('B.peer')), 'C.peer', AND('D.peer'))").0, "B.peer A.peer D.peer C.peer");
        let signed_by = |index| SignaturePolicy { r#type: Some(Type::SignedBy(index)) };
        let gate = |n, rules| SignaturePolicy { r#type: Some(Type::NOutOf(NOutOf { n, rules })) };
        let expected = gate(2, vec![signed_by(1), gate(1, vec![signed_by(0)])]);
        assert_eq!(names("AND('A.peer', OR('B.peer'))").1, Some(expected));
    }

    #[test]
    fn spelling_and_space_do_not_matter() {
        let expected = parse("AND('A.peer', OR('B.peer', 'C.peer'))");
        assert!(expected.is_ok());
        for text in [
            "and('A.peer',or('B.peer','C.peer'))",
            "And ( \"A.peer\" , Or ( 'B.peer' , 'C.peer' ) ) ",
            "OutOf(2,'A.peer',outof(1,'B.peer','C.peer'))",
            "\n\tOUTOF( '2' , 'A.peer',OutOf(\"1\",'B.peer','C.peer'))",
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_policy_are_refused() {
        let unexpected = |text: &str| matches!(parse(text), Err(DslError::Unexpected { .. }));
        for text in [
            "",
            "   ",
            "'A.peer'",
            "AND",
            "AND(",
            "AND()",
            "AND('A.peer'",
            "AND('A.peer',)",
            "AND('A.peer') x",
            "AND('A.peer",
            "NAND('A.peer')",
            "OutOf('A.peer')",
            "OutOf(-1,'A.peer')",
            "OutOf(1.5,'A.peer')",
            "OutOf(99999999999,'A.peer')",
            "AND(A.peer)",
            "1+1",
            "AND('A.peer' 'B.peer')",
            "ÄND('A.peer')",
            "AND(é)",
        ] {
            assert!(unexpected(text), "{text}: {:?}", parse(text));
        }
        for text in
            ["OR('A')", "OR('A.boss')", "OR('.peer')", "OR('A B.peer')", "OR('A_B.peer')", "OR('A.Peer')", "OR('')"]
        {
            assert!(matches!(parse(text), Err(DslError::Principal(_))), "{text}: {:?}", parse(text));
        }
        assert_eq!(parse("OutOf(1)"), Err(DslError::NoArms));
        assert_eq!(parse("OutOf(3,'A.peer')"), Err(DslError::Threshold { needed: 3, arms: 1 }));
    }

    #[test]
    fn size_and_depth_are_bounded() {
        assert!(matches!(parse(&" ".repeat(TEXT_BYTES_MAX + 1)), Err(DslError::TooLong(_))));
        let deep = format!("{}'A.peer'{}", "OR(".repeat(3000), ")".repeat(3000));
        assert_eq!(parse(&deep), Err(DslError::TooDeep));
        let wide = format!("OR({})", vec!["'A.peer'"; PRINCIPALS_MAX + 1].join(","));
        assert_eq!(parse(&wide), Err(DslError::TooManyPrincipals));
    }
}

//! The endorsement policy of a single key: which organizations must endorse a change of it.
//!
//! Covers two shapes: "at least n of these organizations", which is what Fabric's libraries offer too, and the same
//! "and at least m of those". A key's policy takes the place of the chaincode's, so one owner alone would need no other
//! endorser any more; the second shape gives it as many as the chaincode's policy asks for. Writes the few protobuf
//! bytes itself, so that contracts need no protobuf library.

use std::collections::BTreeSet;

use crate::Fault;

/// At least `needed` of the named organizations must endorse, and at least some number of others if there are such,
/// each with a peer or, if so chosen, any member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndorserPolicy {
    needed: usize,
    msp_ids: BTreeSet<String>,
    /// Of these, `others_needed` must endorse as well; empty when nobody else is asked for.
    others: BTreeSet<String>,
    others_needed: usize,
    role: u8,
}

impl EndorserPolicy {
    /// All of these organizations.
    ///
    /// # Errors
    /// [`Fault::EndorserPolicy`] when none is named.
    pub fn all_of<'m>(msp_ids: impl IntoIterator<Item = &'m str>) -> Result<Self, Fault> {
        let msp_ids: BTreeSet<String> = msp_ids.into_iter().map(str::to_owned).collect();
        Self::checked(msp_ids.len(), msp_ids, ROLE_PEER)
    }

    /// At least `needed` of these organizations.
    ///
    /// # Errors
    /// [`Fault::EndorserPolicy`] when `needed` is 0 or more than are named.
    pub fn at_least<'m>(needed: usize, msp_ids: impl IntoIterator<Item = &'m str>) -> Result<Self, Fault> {
        Self::checked(needed, msp_ids.into_iter().map(str::to_owned).collect(), ROLE_PEER)
    }

    /// The same policy, and at least `needed` of these organizations must endorse as well, or all of them when they are
    /// fewer. Those that the policy names already do not count among them; when no other is left, the policy stays as
    /// it is.
    #[must_use]
    pub fn and_others<'m>(self, needed: usize, msp_ids: impl IntoIterator<Item = &'m str>) -> Self {
        let foreign = msp_ids.into_iter().filter(|msp_id| !self.msp_ids.contains(*msp_id));
        let others: BTreeSet<String> = foreign.map(str::to_owned).collect();
        let others_needed = needed.min(others.len());
        let others = if others_needed == 0 { BTreeSet::new() } else { others };
        Self { others, others_needed, ..self }
    }

    /// The same policy, which any member of an organization can fulfil. For organizations whose certificates do not
    /// tell peers from others, as without NodeOUs nobody has the role of a peer.
    #[must_use]
    pub fn by_any_member(self) -> Self {
        Self { role: ROLE_MEMBER, ..self }
    }

    /// The policy with one organization more, all of which must endorse if all had to before.
    #[must_use]
    pub fn with(mut self, msp_id: &str) -> Self {
        let all = self.needed == self.msp_ids.len();
        if self.msp_ids.insert(msp_id.to_owned()) && all {
            self.needed += 1;
        }
        self
    }

    /// The policy without an organization, all others of which must endorse if all had to before.
    ///
    /// # Errors
    /// [`Fault::EndorserPolicy`] when fewer are left than are needed, or none.
    pub fn without(mut self, msp_id: &str) -> Result<Self, Fault> {
        let all = self.needed == self.msp_ids.len();
        if self.msp_ids.remove(msp_id) && all {
            self.needed -= 1;
        }
        let (others, others_needed) = (self.others, self.others_needed);
        Ok(Self { others, others_needed, ..Self::checked(self.needed, self.msp_ids, self.role)? })
    }

    /// How many of the organizations must endorse.
    pub fn needed(&self) -> usize {
        self.needed
    }

    /// The organizations, sorted.
    pub fn msp_ids(&self) -> impl Iterator<Item = &str> {
        self.msp_ids.iter().map(String::as_str)
    }

    /// How many of the others must endorse as well.
    pub fn others_needed(&self) -> usize {
        self.others_needed
    }

    /// The organizations some of which must endorse as well, sorted.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// The policy as a `common.SignaturePolicyEnvelope`. Organizations are sorted, as in Fabric's Go library, so one
    /// policy has one encoding.
    pub fn encode(&self) -> Vec<u8> {
        let (own, all) = (self.msp_ids.len(), self.msp_ids.len() + self.others.len());
        let mut rule = n_out_of(self.needed, (0..own).map(signed_by));
        if !self.others.is_empty() {
            rule = n_out_of(2, [rule, n_out_of(self.others_needed, (own..all).map(signed_by))]);
        }
        let mut envelope = field(2, &rule);
        for msp_id in self.msp_ids.iter().chain(&self.others) {
            let mut role = field(1, msp_id.as_bytes());
            // As ever in this encoding, 0 is not written.
            if self.role != ROLE_MEMBER {
                role.extend([0x10, self.role]);
            }
            envelope.extend(field(3, &field(2, &role)));
        }
        envelope
    }

    /// Reads a policy of this shape; none for any other policy or foreign bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        // There is one encoding only, so it is enough to collect the parts and to compare.
        let (mut needed, mut others_needed, mut own) = (0, 0, 0);
        let mut msp_ids = Vec::new();
        let mut chosen = ROLE_MEMBER;
        for (number, value) in Fields(bytes) {
            match (number, value) {
                (2, Value::Bytes(rule)) => {
                    let mut n_out_of = Fields(rule).find_map(|found| found.bytes(2))?;
                    // With others, there are two rules that are of this form again.
                    let mut nested = Fields(n_out_of).filter_map(|found| found.bytes(2));
                    let mut inner = || Fields(nested.next()?).find_map(|found| found.bytes(2));
                    if let Some(first) = inner() {
                        others_needed = Fields(inner()?).find_map(|found| found.number(1))?;
                        n_out_of = first;
                    }
                    needed = Fields(n_out_of).find_map(|found| found.number(1))?;
                    own = Fields(n_out_of).filter(|found| found.bytes(2).is_some()).count();
                }
                (3, Value::Bytes(principal)) => {
                    let role = Fields(principal).find_map(|found| found.bytes(2))?;
                    let msp_id = Fields(role).find_map(|found| found.bytes(1))?;
                    chosen = u8::try_from(Fields(role).find_map(|found| found.number(2)).unwrap_or_default()).ok()?;
                    msp_ids.push(String::from_utf8(msp_id.to_vec()).ok()?);
                }
                _ => {}
            }
        }
        let (own, others) = msp_ids.split_at_checked(own)?;
        let policy = Self::checked(usize::try_from(needed).ok()?, own.iter().cloned().collect(), chosen).ok()?;
        let others_needed = usize::try_from(others_needed).ok()?;
        let policy = Self { others: others.iter().cloned().collect(), others_needed, ..policy };
        (matches!(chosen, ROLE_MEMBER | ROLE_PEER) && policy.encode() == bytes).then_some(policy)
    }

    fn checked(needed: usize, msp_ids: BTreeSet<String>, role: u8) -> Result<Self, Fault> {
        if needed == 0 || needed > msp_ids.len() {
            return Err(Fault::EndorserPolicy);
        }
        Ok(Self { needed, msp_ids, others: BTreeSet::new(), others_needed: 0, role })
    }
}

/// `MSPRole.MEMBER` and `MSPRole.PEER`.
const ROLE_MEMBER: u8 = 0;
const ROLE_PEER: u8 = 3;

/// A rule that the identity with this number must sign.
fn signed_by(index: usize) -> Vec<u8> {
    let mut rule = vec![0x08];
    put_varint(&mut rule, index as u64);
    rule
}

/// A rule that at least `needed` of these rules must hold.
fn n_out_of(needed: usize, rules: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut content = vec![0x08];
    put_varint(&mut content, needed as u64);
    content.extend(rules.into_iter().flat_map(|rule| field(2, &rule)));
    field(2, &content)
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    put_varint(&mut out, content.len() as u64);
    out.extend_from_slice(content);
    out
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Walks over a message's fields; stops at the first thing it does not understand.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

trait Found<'a> {
    fn bytes(&self, number: u64) -> Option<&'a [u8]>;
    fn number(&self, number: u64) -> Option<u64>;
}

impl<'a> Found<'a> for (u64, Value<'a>) {
    fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        match self {
            (own, Value::Bytes(bytes)) if *own == number => Some(bytes),
            _ => None,
        }
    }

    fn number(&self, number: u64) -> Option<u64> {
        match self {
            (own, Value::Number(value)) if *own == number => Some(*value),
            _ => None,
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = take_varint(&mut self.0)?;
        let value = match tag & 7 {
            0 => Value::Number(take_varint(&mut self.0)?),
            2 => {
                let length = usize::try_from(take_varint(&mut self.0)?).ok()?;
                let (content, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Value::Bytes(content)
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_a_signature_policy_envelope_with_sorted_peers() -> Result<(), Fault> {
        let bytes = EndorserPolicy::all_of(["B", "A"])?.encode();
        // rule: n_out_of { n: 2, rules: [signed_by 0, signed_by 1] }; identities: A.peer, B.peer
        assert_eq!(
            hex::encode(bytes),
            "120c120a08021202080012020801".to_owned() + "1a071205" + "0a01411003" + "1a071205" + "0a01421003"
        );
        Ok(())
    }

    #[test]
    fn a_policy_survives_encoding() -> Result<(), Fault> {
        let policy = EndorserPolicy::at_least(2, ["OneMSP", "TwoMSP", "ThreeMSP"])?;
        assert_eq!(EndorserPolicy::decode(&policy.encode()), Some(policy));
        Ok(())
    }

    #[test]
    fn others_can_be_asked_for_as_well() -> Result<(), Fault> {
        let alone = EndorserPolicy::all_of(["B"])?;
        assert_eq!(alone.clone().and_others(1, ["B"]), alone, "nobody else is there");
        assert_eq!(alone.clone().and_others(0, ["A"]), alone, "nobody else is asked for");
        for needed in [1, 2] {
            let policy = alone.clone().and_others(needed, ["C", "A", "B"]);
            assert_eq!((policy.others_needed(), policy.others().collect::<Vec<_>>()), (needed, vec!["A", "C"]));
            // rule: 2 of (1 of (B), n of (A, C)); identities in that order, all peers
            let own = "1208120608011202".to_owned() + "0800";
            let others = format!("120c120a080{needed}1202080112020802");
            let rule = format!("0802{own}{others}");
            let rule = format!("12{:02x}{rule}", rule.len() / 2);
            let roles = ["42", "41", "43"].map(|id| format!("1a0712050a01{id}1003")).concat();
            assert_eq!(hex::encode(policy.encode()), format!("12{:02x}{rule}{roles}", rule.len() / 2));
            assert_eq!(EndorserPolicy::decode(&policy.encode()), Some(policy.clone()));
            assert_ne!(policy, alone);
        }
        assert_eq!(alone.clone().and_others(3, ["A", "C"]), alone.and_others(2, ["A", "C"]), "all there are");
        let two = EndorserPolicy::all_of(["A", "B"])?.and_others(1, ["C"]);
        assert_eq!(two.clone().without("B")?, EndorserPolicy::all_of(["A"])?.and_others(1, ["C"]));
        assert_eq!(EndorserPolicy::decode(&two.encode()), Some(two));
        Ok(())
    }

    #[test]
    fn organizations_come_and_go() -> Result<(), Fault> {
        let all = EndorserPolicy::all_of(["A", "B"])?;
        assert_eq!(all.clone().with("C").with("C"), EndorserPolicy::all_of(["A", "B", "C"])?);
        assert_eq!(all.clone().without("A")?.without("X")?, EndorserPolicy::all_of(["B"])?);
        assert_eq!(all.without("A")?.without("B"), Err(Fault::EndorserPolicy));
        let some = EndorserPolicy::at_least(1, ["A", "B"])?;
        assert_eq!(some.clone().with("C"), EndorserPolicy::at_least(1, ["A", "B", "C"])?);
        assert_eq!(some.without("B")?.needed(), 1);
        Ok(())
    }

    #[test]
    fn a_policy_for_any_member_names_no_other_role() -> Result<(), Fault> {
        let policy = EndorserPolicy::all_of(["A"])?.by_any_member();
        assert_eq!(hex::encode(policy.encode()), "120812060801120208001a0512030a0141");
        assert_eq!(EndorserPolicy::decode(&policy.encode()), Some(policy.clone()));
        assert_ne!(policy, EndorserPolicy::all_of(["A"])?);
        assert_eq!(policy.with("B").without("A")?, EndorserPolicy::all_of(["B"])?.by_any_member());
        Ok(())
    }

    #[test]
    fn foreign_bytes_are_no_policy() {
        for bytes in [&[][..], &[0xff; 20], &[0x12, 0x7f], &[0x12, 0x02, 0x12, 0x00], b"{}"] {
            assert_eq!(EndorserPolicy::decode(bytes), None);
        }
    }

    #[test]
    fn a_policy_nobody_or_too_few_could_meet_is_refused() {
        assert_eq!(EndorserPolicy::all_of([]), Err(Fault::EndorserPolicy));
        assert_eq!(EndorserPolicy::at_least(0, ["A"]), Err(Fault::EndorserPolicy));
        assert_eq!(EndorserPolicy::at_least(2, ["A"]), Err(Fault::EndorserPolicy));
    }
}

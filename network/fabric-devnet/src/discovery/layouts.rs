//! Which combinations of principals satisfy policies, alone and together.
//!
//! The smallest combinations of several policies are found as Fabric finds them: where one policy's combination is
//! covered by another's, the larger stands for both; the rest is combined pair by pair.

use std::collections::BTreeSet;

use fabric_protos::common::{SignaturePolicy, SignaturePolicyEnvelope, signature_policy::Type};

use super::principal::Principal;
use crate::limits::PEERS_MAX;

/// Combinations that are kept at one time.
const SETS_MAX: usize = 2048;
/// Principals in one combination that matter: no network has so many peers, and each signs for one.
const SET_MAX: usize = PEERS_MAX + 1;
/// How deeply policies may nest; deeper ones are taken as unsatisfiable.
const DEPTH_MAX: usize = 32;

/// Principals that must all sign, some perhaps several times.
pub(super) type Set = Vec<Principal>;

/// Stands in a combination for a part of the policy that is no principal.
const NOBODY: usize = usize::MAX;

/// The combinations that satisfy one policy; `None` when there is none, when one of them holds what is no principal, or
/// when the policy names what cannot be compared.
pub(super) fn satisfying(policy: &SignaturePolicyEnvelope) -> Option<Vec<Set>> {
    let identities: Vec<Option<Principal>> = policy.identities.iter().map(Principal::new).collect();
    let sets = choices(policy.rule.as_ref()?, identities.len(), 0);
    if sets.is_empty() || sets.iter().flatten().any(|index| *index == NOBODY) {
        return None;
    }
    sets.into_iter().map(|set| set.into_iter().map(|index| identities[index].clone()).collect()).collect()
}

/// Whether there is any combination of principals that satisfies a policy, before peers are looked for.
pub(crate) fn is_satisfiable(policy: &SignaturePolicyEnvelope) -> bool {
    satisfying(policy).is_some()
}

/// The combinations that satisfy all policies, each of which has been given by its own combinations.
pub(super) fn together(policies: Vec<Vec<Set>>) -> Vec<Set> {
    policies.into_iter().reduce(|left, right| merge(&left, &right)).unwrap_or_default()
}

/// By positions of principals. As in Fabric's tree of a policy, a gate that has no arms, or is left with none because
/// it needs none, is a leaf that is no principal, although the validation of transactions takes such a gate for
/// satisfied.
fn choices(rule: &SignaturePolicy, principals: usize, depth: usize) -> Vec<Vec<usize>> {
    let nobody = || vec![vec![NOBODY]];
    match rule.r#type.as_ref() {
        Some(Type::SignedBy(index)) => match usize::try_from(*index) {
            Ok(index) if index < principals => vec![vec![index]],
            _ => nobody(),
        },
        Some(Type::NOutOf(gate)) if depth < DEPTH_MAX && !gate.rules.is_empty() && gate.n != 0 => {
            // Less than nothing cannot be chosen, and neither can more than there is.
            let Some(needed) = usize::try_from(gate.n).ok().filter(|needed| *needed <= gate.rules.len()) else {
                return Vec::new();
            };
            // By how many arms have been chosen so far.
            let mut by_count = vec![Vec::new(); needed + 1];
            by_count[0].push(Vec::new());
            for arm in &gate.rules {
                let of_arm = choices(arm, principals, depth + 1);
                for count in (0..needed).rev() {
                    let pairs = by_count[count].iter().flat_map(|set| of_arm.iter().map(move |more| (set, more)));
                    let room = SETS_MAX.saturating_sub(by_count[count + 1].len());
                    let joined: Vec<Vec<usize>> = pairs.take(room).map(|(set, more)| joined(set, more)).collect();
                    by_count[count + 1].extend(joined);
                }
            }
            by_count.pop().unwrap_or_default()
        }
        Some(Type::NOutOf(_)) | None => nobody(),
    }
}

/// One combination and another. It is cut where there can be no more peers anyway, and what holds nobody is all that
/// matters about it.
fn joined(set: &[usize], more: &[usize]) -> Vec<usize> {
    match set.iter().chain(more).any(|index| *index == NOBODY) {
        true => vec![NOBODY],
        false => set.iter().chain(more).copied().take(SET_MAX).collect(),
    }
}

fn merge(left: &[Set], right: &[Set]) -> Vec<Set> {
    let in_right = covered(left, right);
    let covered_left: BTreeSet<usize> = in_right.iter().map(|(index, _)| *index).collect();
    let covering_right: BTreeSet<usize> = in_right.iter().map(|(_, index)| *index).collect();
    let mut found: Vec<Set> = in_right.iter().map(|(small, large)| united(&left[*small], &right[*large])).collect();

    let left = without(left, &covered_left);
    let in_left = covered(right, &left);
    let covered_right: BTreeSet<usize> = in_left.iter().map(|(index, _)| *index).collect();
    let covering_left: BTreeSet<usize> = in_left.iter().map(|(_, index)| *index).collect();
    found.extend(in_left.iter().map(|(small, large)| united(&right[*small], &left[*large])));

    let left = without(&left, &covering_left);
    let right = without(right, &covered_right.union(&covering_right).copied().collect());
    let pairs = left.iter().flat_map(|one| right.iter().map(move |other| (one, other)));
    found.extend(pairs.take(SETS_MAX).map(|(one, other)| united(one, other)));
    reduced(found)
}

/// Pairs of positions: a set on the left whose principals are all implied by one on the right.
fn covered(small: &[Set], large: &[Set]) -> Vec<(usize, usize)> {
    let implied = |set: &Set, by: &Set| set.iter().all(|principal| by.iter().any(|other| other.is_a(principal)));
    let pairs = small.iter().enumerate().flat_map(|one| large.iter().enumerate().map(move |other| (one, other)));
    let covered = pairs.filter(|((_, set), (_, by))| implied(set, by));
    covered.map(|((index, _), (other, _))| (index, other)).take(SETS_MAX).collect()
}

/// The larger set, and what of the smaller it does not yet stand for, each principal standing for one.
fn united(small: &Set, large: &Set) -> Set {
    let mut used = BTreeSet::new();
    let mut result = large.clone();
    for principal in small {
        let cover = (0..large.len()).find(|index| !used.contains(index) && large[*index].is_a(principal));
        match cover {
            Some(index) => drop(used.insert(index)),
            None if result.len() < SET_MAX => result.push(principal.clone()),
            None => {}
        }
    }
    result
}

fn without(sets: &[Set], positions: &BTreeSet<usize>) -> Vec<Set> {
    let kept = sets.iter().enumerate().filter(|(index, _)| !positions.contains(index));
    kept.map(|(_, set)| set.clone()).collect()
}

/// Leaves out sets that contain another one; of two that contain each other the first stays.
fn reduced(sets: Vec<Set>) -> Vec<Set> {
    let contains = |large: &Set, small: &Set| small.iter().all(|principal| large.contains(principal));
    let mut kept: Vec<Set> = Vec::new();
    for (index, set) in sets.iter().enumerate() {
        let replaced = sets.iter().enumerate().any(|(other_index, other)| {
            index != other_index && contains(set, other) && (!contains(other, set) || other_index < index)
        });
        if !replaced && kept.len() < SETS_MAX {
            kept.push(set.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use fabric_protos::common::MspRole;
    use prost::Message;

    use super::*;

    fn named(sets: Option<Vec<Set>>) -> Option<Vec<String>> {
        let name = |principal: &Principal| {
            let role = MspRole::decode(&*principal.original.principal).expect("a role");
            format!("{}{}", role.msp_identifier, role.role)
        };
        let text = |set: &Set| set.iter().map(name).collect::<Vec<_>>().join("+");
        sets.map(|sets| sets.iter().map(text).collect())
    }

    fn alone(policy: &str) -> Option<Vec<Set>> {
        satisfying(&fabric_msp::policy::parse(policy).expect("a policy"))
    }

    fn both(one: &str, other: &str) -> Option<Vec<String>> {
        named(Some(together(vec![alone(one)?, alone(other)?])))
    }

    fn texts(texts: &[&str]) -> Option<Vec<String>> {
        Some(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn one_policy_is_satisfied_by_each_choice_of_its_arms() {
        assert_eq!(named(alone("OR('A.peer','B.member')")), texts(&["A3", "B0"]));
        assert_eq!(named(alone("AND('A.peer',OR('B.peer','C.peer'))")), texts(&["A3+B3", "A3+C3"]));
        assert_eq!(named(alone("OutOf(2,'A.peer','A.peer','B.peer')")), texts(&["A3+A3", "A3+B3", "A3+B3"]));
        assert_eq!(alone("OutOf(3,'A.peer','B.peer')"), None);
    }

    /// What Fabric's planner makes of gates that validation accepts or refuses without a word.
    #[test]
    fn gates_without_arms_and_with_odd_numbers_are_planned_as_fabric_does() {
        let leaf = |index: i32| SignaturePolicy { r#type: Some(Type::SignedBy(index)) };
        let gate = |n: i32, rules: Vec<SignaturePolicy>| SignaturePolicy {
            r#type: Some(Type::NOutOf(fabric_protos::common::signature_policy::NOutOf { n, rules })),
        };
        let nothing = SignaturePolicy { r#type: None };
        let table = [
            ("no arms", gate(0, vec![]), None),
            ("one of no arms", gate(1, vec![]), None),
            ("none of two", gate(0, vec![leaf(0), leaf(1)]), None),
            ("three of two", gate(3, vec![leaf(0), leaf(1)]), None),
            ("less than none", gate(-1, vec![leaf(0)]), None),
            ("an arm that cannot be chosen", gate(1, vec![leaf(0), gate(-1, vec![leaf(1)])]), texts(&["A3"])),
            ("an arm without arms", gate(1, vec![leaf(0), gate(0, vec![])]), None),
            ("an arm that needs nothing", gate(1, vec![leaf(0), gate(0, vec![leaf(1)])]), None),
            ("an arm without a rule", gate(1, vec![leaf(0), nothing.clone()]), None),
            ("no rule", nothing, None),
            ("an index beyond", gate(1, vec![leaf(0), leaf(2)]), None),
            (
                "a bad arm that is never chosen",
                gate(1, vec![leaf(0), gate(2, vec![gate(0, vec![]), gate(5, vec![leaf(1)])])]),
                texts(&["A3"]),
            ),
        ];
        let identities = fabric_msp::policy::parse("OR('A.peer','B.peer')").expect("a policy").identities;
        for (case, rule, expected) in table {
            let policy = SignaturePolicyEnvelope { version: 0, rule: Some(rule), identities: identities.clone() };
            assert_eq!(named(satisfying(&policy)), expected, "{case}");
        }
    }

    #[test]
    fn policies_that_imply_one_another_need_no_further_signature() {
        // As on Fabric, whose planner then sees no more than this one.
        assert_eq!(both("OR('A.peer','B.peer')", "OR('A.member')"), texts(&["A3"]));
        assert_eq!(both("OR('A.peer','B.peer')", "OR('A.peer','B.peer')"), texts(&["A3", "B3"]));
        assert_eq!(both("OR('A.peer')", "OR('B.peer')"), texts(&["B3+A3"]));
        assert_eq!(both("AND('A.peer','B.peer')", "OR('B.member','C.peer')"), texts(&["A3+B3"]));
    }

    #[test]
    fn a_policy_of_many_principals_stays_bounded_and_keeps_too_many() {
        let many = format!("AND({})", vec!["'A.peer'"; 1000].join(","));
        let sets = alone(&many).expect("one combination");
        assert_eq!(sets.iter().map(Vec::len).collect::<Vec<_>>(), [SET_MAX]);
        let others = format!("AND({})", vec!["'B.peer'"; 60].join(","));
        let merged = together(vec![sets, alone(&others).expect("one combination")]);
        assert!(merged.iter().all(|set| set.len() == SET_MAX));
    }

    #[test]
    fn a_policy_built_to_explode_stays_bounded() {
        let arm = format!("OutOf(3,{})", ["'A.peer','B.peer','C.peer','D.peer','E.peer'"; 6].join(","));
        let policy = format!("OutOf(4,{})", vec![arm; 8].join(","));
        assert!(alone(&policy).is_some_and(|sets| sets.len() <= SETS_MAX));
    }
}

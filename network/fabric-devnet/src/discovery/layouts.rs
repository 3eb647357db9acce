//! Which combinations of principals satisfy policies, alone and together.
//!
//! The smallest combinations of several policies are found as Fabric finds them: where one policy's combination is
//! covered by another's, the larger stands for both; the rest is combined pair by pair.

use std::collections::BTreeSet;

use fabric_protos::common::{SignaturePolicy, SignaturePolicyEnvelope, signature_policy::Type};

use super::principal::Principal;

/// Combinations that are kept at one time.
const SETS_MAX: usize = 2048;
/// How deeply policies may nest; deeper ones are taken as unsatisfiable.
const DEPTH_MAX: usize = 32;

/// Principals that must all sign, some perhaps several times.
pub(super) type Set = Vec<Principal>;

/// The combinations that satisfy one policy; `None` when there is none, or the policy names what cannot be compared.
pub(super) fn satisfying(policy: &SignaturePolicyEnvelope) -> Option<Vec<Set>> {
    let identities: Vec<Option<Principal>> = policy.identities.iter().map(Principal::new).collect();
    let sets = choices(policy.rule.as_ref()?, identities.len(), 0)?;
    if sets.is_empty() || sets.iter().any(Vec::is_empty) {
        return None;
    }
    sets.into_iter().map(|set| set.into_iter().map(|index| identities[index].clone()).collect()).collect()
}

/// The combinations that satisfy all policies, each of which has been given by its own combinations.
pub(super) fn together(policies: Vec<Vec<Set>>) -> Vec<Set> {
    policies.into_iter().reduce(|left, right| merge(&left, &right)).unwrap_or_default()
}

/// By positions of principals; `None` when the policy is malformed.
fn choices(rule: &SignaturePolicy, principals: usize, depth: usize) -> Option<Vec<Vec<usize>>> {
    match rule.r#type.as_ref()? {
        Type::SignedBy(index) => {
            let index = usize::try_from(*index).ok().filter(|index| *index < principals)?;
            Some(vec![vec![index]])
        }
        Type::NOutOf(gate) if depth < DEPTH_MAX => {
            let needed = usize::try_from(gate.n).ok()?;
            // By how many arms have been chosen so far.
            let mut by_count = vec![Vec::new(); needed.min(gate.rules.len()) + 1];
            by_count[0].push(Vec::new());
            for arm in &gate.rules {
                let of_arm = choices(arm, principals, depth + 1)?;
                for count in (0..by_count.len() - 1).rev() {
                    let pairs = by_count[count].iter().flat_map(|set| of_arm.iter().map(move |more| (set, more)));
                    let room = SETS_MAX.saturating_sub(by_count[count + 1].len());
                    let joined: Vec<Vec<usize>> =
                        pairs.take(room).map(|(set, more): (&Vec<usize>, _)| [set.as_slice(), more].concat()).collect();
                    by_count[count + 1].extend(joined);
                }
            }
            if needed > gate.rules.len() { Some(Vec::new()) } else { by_count.pop() }
        }
        Type::NOutOf(_) => None,
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
            None => result.push(principal.clone()),
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

    #[test]
    fn policies_that_imply_one_another_need_no_further_signature() {
        // As on Fabric, whose planner then sees no more than this one.
        assert_eq!(both("OR('A.peer','B.peer')", "OR('A.member')"), texts(&["A3"]));
        assert_eq!(both("OR('A.peer','B.peer')", "OR('A.peer','B.peer')"), texts(&["A3", "B3"]));
        assert_eq!(both("OR('A.peer')", "OR('B.peer')"), texts(&["B3+A3"]));
        assert_eq!(both("AND('A.peer','B.peer')", "OR('B.member','C.peer')"), texts(&["A3+B3"]));
    }

    #[test]
    fn a_policy_built_to_explode_stays_bounded() {
        let arm = format!("OutOf(3,{})", ["'A.peer','B.peer','C.peer','D.peer','E.peer'"; 6].join(","));
        let policy = format!("OutOf(4,{})", vec![arm; 8].join(","));
        assert!(alone(&policy).is_some_and(|sets| sets.len() <= SETS_MAX));
    }
}

//! Which sets of peers can endorse a transaction.
//!
//! A set is found by walking the policies and choosing peers for their principals, each peer once within one policy.
//! Like Fabric's planner this does not know how greedily policies are evaluated later, so for a policy such as
//! `AND(OR(A, B), B)` it plans a set that validation then refuses.

use std::{collections::BTreeSet, sync::Arc};

use fabric_msp::{identity::Identity, msp::MspManager};
use fabric_protos::{
    common::{SignaturePolicy, SignaturePolicyEnvelope, signature_policy::Type},
    protos::ChaincodeInterest,
};

use super::{
    chance::Chance,
    plan_error::PlanError,
    policies::{self, Demands},
};
use crate::{channel::Channel, discovery::layouts, limits::PEERS_MAX, peer::Peer, state::collection::is_sent_to};

/// Sets that are kept at one time while policies are walked.
const SETS_MAX: usize = 4096;
/// How deeply policies may nest; deeper ones are taken as unsatisfiable.
const DEPTH_MAX: usize = 32;

/// Sets of peers each of which can endorse: first those with the preferred peer, in any order, and then the others, in
/// any order, as with Fabric, so that a peer that hangs or differs is found out. Peers are given by their positions.
pub(super) fn layouts(
    channel: &Channel,
    peers: &[Arc<Peer>],
    interest: &ChaincodeInterest,
    preferred: Option<usize>,
    chance: &Chance,
) -> Result<Vec<Vec<usize>>, PlanError> {
    let demands = policies::demands(channel, interest)?;
    if !demands.policies.iter().all(layouts::is_satisfiable) {
        return Err(PlanError::Unsatisfiable);
    }
    if !demands.key_policies.iter().all(layouts::is_satisfiable) {
        return Err(PlanError::KeyUnsatisfiable);
    }
    let config = channel.config();
    let gets_all = |peer: &Peer| demands.collections.iter().all(|config| is_sent_to(config, peer.msp_id()));
    let runs_all = |peer: &Peer| demands.chaincodes.iter().all(|name| super::is_able(peer, channel, name));
    let members = choose(peers, |peer| peer.channel(channel.id()).is_some() && gets_all(peer), config.msps());
    if satisfying(&demands, &members, config.msps()).is_empty() {
        return Err(PlanError::NoCombination);
    }
    let able: Vec<_> = members.into_iter().filter(|(index, _)| runs_all(&peers[*index])).collect();
    let sets = satisfying(&demands, &able, config.msps());
    if sets.is_empty() {
        return Err(PlanError::NotInstalled);
    }
    Ok(in_order(&sets, preferred, chance))
}

/// Peers with their identities, as far as the channel knows them.
fn choose(peers: &[Arc<Peer>], wanted: impl Fn(&Peer) -> bool, msps: &MspManager) -> Vec<(usize, Identity)> {
    let wanted = peers.iter().enumerate().take(PEERS_MAX).filter(|(_, peer)| wanted(peer));
    wanted.filter_map(|(index, peer)| Some((index, msps.deserialize(peer.creator()).ok()?))).collect()
}

/// A set of peers, one bit for each.
type Set = u64;

fn satisfying(demands: &Demands, peers: &[(usize, Identity)], msps: &MspManager) -> BTreeSet<Set> {
    let mut sets = BTreeSet::from([0]);
    for policy in demands.policies.iter().chain(&demands.key_policies) {
        let of_policy = sets_of(policy, |principal| {
            let Some(principal) = policy.identities.get(principal) else { return 0 };
            let fits = |(_, identity): &&(usize, Identity)| msps.satisfies(identity, principal).is_ok();
            peers.iter().filter(fits).fold(0, |set, (index, _)| set | (1 << index))
        });
        sets = minimal(sets.iter().flat_map(|left| of_policy.iter().map(move |right| left | right)));
    }
    sets
}

/// The smallest sets that satisfy one policy; `fitting` gives the peers that satisfy a principal.
fn sets_of(policy: &SignaturePolicyEnvelope, fitting: impl Fn(usize) -> Set) -> BTreeSet<Set> {
    match &policy.rule {
        Some(rule) => minimal(extend(rule, &BTreeSet::from([0]), &fitting, 0)),
        None => BTreeSet::new(),
    }
}

/// Adds to each set the peers that a rule needs beside those already taken.
fn extend(
    rule: &SignaturePolicy,
    taken: &BTreeSet<Set>,
    fitting: &dyn Fn(usize) -> Set,
    depth: usize,
) -> BTreeSet<Set> {
    match &rule.r#type {
        Some(Type::SignedBy(index)) => {
            let peers = usize::try_from(*index).map_or(0, fitting);
            let with_one = |set: &Set| {
                let (set, free) = (*set, peers & !*set);
                (0..PEERS_MAX).filter(move |index| free & (1 << index) != 0).map(move |index| set | (1 << index))
            };
            taken.iter().flat_map(with_one).take(SETS_MAX).collect()
        }
        Some(Type::NOutOf(gate)) if depth < DEPTH_MAX => {
            let Ok(needed) = usize::try_from(gate.n) else { return BTreeSet::new() };
            if needed > gate.rules.len() {
                return BTreeSet::new();
            }
            // By how many arms have been satisfied so far.
            let mut by_count = vec![BTreeSet::new(); needed + 1];
            by_count[0].clone_from(taken);
            for arm in &gate.rules {
                for count in (0..needed).rev() {
                    let more = extend(arm, &by_count[count], fitting, depth + 1);
                    let room = SETS_MAX.saturating_sub(by_count[count + 1].len());
                    by_count[count + 1].extend(more.into_iter().take(room));
                }
            }
            by_count.pop().unwrap_or_default()
        }
        _ => BTreeSet::new(),
    }
}

/// Only the sets that contain no other.
fn minimal(sets: impl IntoIterator<Item = Set>) -> BTreeSet<Set> {
    let mut by_size: Vec<Set> = sets.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    by_size.sort_by_key(|set| set.count_ones());
    let mut kept: Vec<Set> = Vec::new();
    for set in by_size {
        if kept.len() < SETS_MAX && !kept.iter().any(|smaller| set & smaller == *smaller) {
            kept.push(set);
        }
    }
    kept.into_iter().collect()
}

fn in_order(sets: &BTreeSet<Set>, preferred: Option<usize>, chance: &Chance) -> Vec<Vec<usize>> {
    let has_preferred = |set: &Set| preferred.is_some_and(|index| set & (1 << index) != 0);
    let (mut first, mut rest): (Vec<Set>, Vec<Set>) = sets.iter().copied().partition(has_preferred);
    chance.shuffle(&mut first);
    chance.shuffle(&mut rest);
    first
        .into_iter()
        .chain(rest)
        .map(|set| {
            let mut members: Vec<usize> = (0..PEERS_MAX).filter(|index| set & (1 << index) != 0).collect();
            members.sort_by_key(|index| Some(*index) != preferred);
            members
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets for organizations named A to E that run one peer each.
    fn sets(policy: &str) -> Vec<String> {
        let policy = fabric_msp::policy::parse(policy).expect("a policy");
        let found = sets_of(&policy, |principal| {
            let bytes = &policy.identities[principal].principal;
            (0..5).filter(|index| bytes.contains(&(b'A' + index))).fold(0, |set, index| set | (1 << index))
        });
        let name =
            |set: &Set| (0..5).filter(|index| set & (1 << index) != 0).map(|index| (b'A' + index) as char).collect();
        found.iter().map(name).collect()
    }

    #[test]
    fn the_smallest_sets_are_found() {
        assert_eq!(sets("OR('A.peer','B.peer','C.peer')"), ["A", "B", "C"]);
        assert_eq!(sets("OutOf(2,'A.peer','B.peer','C.peer')"), ["AB", "AC", "BC"]);
        assert_eq!(sets("AND('A.peer',OR('B.peer','C.peer'))"), ["AB", "AC"]);
        assert_eq!(sets("OR('A.peer',AND('A.peer','B.peer'))"), ["A"]);
        assert!(sets("OutOf(4,'A.peer','B.peer','C.peer')").is_empty());
    }

    #[test]
    fn a_set_is_planned_although_evaluation_will_refuse_it() {
        assert_eq!(sets("AND(OR('A.peer','B.peer'),'B.peer')"), ["AB"]);
    }

    #[test]
    fn one_peer_does_not_count_twice() {
        assert!(sets("AND('A.peer','A.peer')").is_empty());
    }

    #[test]
    fn the_preferred_peer_comes_first_and_the_others_take_turns() {
        let sets = BTreeSet::from([0b011, 0b110, 0b101]);
        let chance = Chance::new(Some(1));
        let orders: Vec<_> = (0..64).map(|_| in_order(&sets, Some(2), &chance)).collect();
        assert!(orders.iter().all(|order| order[0][0] == 2 && order[1][0] == 2 && order[2] == [0, 1]));
        let with = |other: usize| orders.iter().filter(|order| order[0] == [2, other]).count();
        assert!(with(0) > 20 && with(1) > 20, "{} and {} of 64", with(0), with(1));
        let again = Chance::new(Some(1));
        assert!(orders.iter().all(|order| *order == in_order(&sets, Some(2), &again)), "one seed, one order");
        let firsts: BTreeSet<_> = (0..64).map(|_| in_order(&sets, None, &chance)[0].clone()).collect();
        assert_eq!(firsts.len(), 3);
    }

    #[test]
    fn a_policy_built_to_explode_stays_bounded() {
        let arm = format!("OutOf(3,{})", ["'A.peer','B.peer','C.peer','D.peer','E.peer'"; 6].join(","));
        let policy = format!("OutOf(4,{})", vec![arm; 8].join(","));
        assert!(sets(&policy).is_empty());
    }
}

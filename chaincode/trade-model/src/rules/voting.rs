//! How members vote about members and rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::common::Bounded;

/// How members vote. A proposal is accepted by more than `quorum_percent` of those that have a vote on it; silence is
/// no vote for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VotingRules {
    /// More than this percentage of the members with a vote must say yes. Default: 50.
    pub quorum_percent: Bounded<50, 75>,
    /// How many days a proposal is open for votes. Default: 30.
    pub open_days: Bounded<1, 365>,
    /// How many days after its decision, and after the day from which it is to hold, an accepted proposal can be put
    /// into force. Default: 30.
    pub enactment_days: Bounded<1, 365>,
    /// How many days a member that was suspended by vote still counts among those that have a vote, as one
    /// that is silent: a majority cannot shrink the number that it needs by excluding others one by one. Default: 180.
    pub exclusion_days: Bounded<30, 3650>,
    /// How many open proposals one member can have. Default: 5.
    pub open_proposals: Bounded<1, 20>,
    /// Whether a ballot counts only when a second person of the member has approved it. Default: `false`.
    pub ballots_by_two: bool,
}

impl VotingRules {
    /// How many of `voters` must say yes: more than the percentage of them.
    pub fn needed(&self, voters: usize) -> usize {
        voters * self.quorum_percent.get() as usize / 100 + 1
    }
}

impl Default for VotingRules {
    fn default() -> Self {
        const DEFAULT: VotingRules = VotingRules {
            quorum_percent: Bounded::of(50),
            open_days: Bounded::of(30),
            enactment_days: Bounded::of(30),
            exclusion_days: Bounded::of(180),
            open_proposals: Bounded::of(5),
            ballots_by_two: false,
        };
        DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_percentage_is_needed() {
        let half = VotingRules::default();
        for (voters, needed) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4)] {
            assert_eq!(half.needed(voters), needed, "{voters}");
        }
        let two_thirds = VotingRules { quorum_percent: Bounded::of(66), ..half };
        for (voters, needed) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (9, 6)] {
            assert_eq!(two_thirds.needed(voters), needed, "{voters}");
        }
    }
}

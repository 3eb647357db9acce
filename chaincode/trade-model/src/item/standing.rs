//! Who may change what about a thing: the effects of EPCIS events and the relations of members to things, as data.
//!
//! An event is a statement of its recorder. It changes a thing's state only as far as the recorder's relations to the
//! thing give it standing for the event's effects; the rest of it is a *sighting*.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::common::{ItemId, Malformed, Set};

/// What a member is to a thing. Several can hold at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It may put the thing into use now: by its company prefix, by a licence in force when it is recorded, or, where
    /// no member has named the prefix, by its role.
    Entitled,
    /// It put the thing into use and was entitled to.
    Maker,
    /// It has named the company prefix with which the thing's key begins.
    Brand,
    /// It owns the thing; where nobody is recorded as owner, who holds it.
    Owner,
    /// It holds the thing.
    Holder,
    /// The thing, or a unit around it, is offered to it, and the offer has not expired.
    OfferedTo,
    /// It recorded the last sale of the thing.
    SellerOfRecord,
    /// It has the owner's mandate for what the event does.
    Mandated,
    /// It is the customs authority of the country in which the thing is, or in which its holder is registered.
    Authority,
}

/// What an event does to a thing, by its business step, action, disposition and contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepEffect {
    /// Commissioning.
    PutIntoUse,
    /// Shipping, departing, loading, packing, unpacking and what else moves things.
    Move,
    /// Storing, inspecting and what else tells place and condition.
    Keep,
    /// Receiving, accepting, arriving.
    Receive,
    /// Sale to a consumer.
    Sell,
    /// Return into stock.
    Return,
    /// Recall and non-conformity, and the end of them.
    Recall,
    /// Decommissioning and destroying.
    End,
    /// Repairing, assembling, installing and what else changes the thing.
    Repair,
    /// Repacking, relabelling, sampling.
    Repack,
}

impl StepEffect {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::PutIntoUse,
        Self::Move,
        Self::Keep,
        Self::Receive,
        Self::Sell,
        Self::Return,
        Self::Recall,
        Self::End,
        Self::Repair,
        Self::Repack,
    ];
}

/// What becomes of an event by a member without standing for its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It is kept and changes nothing.
    Sighting,
    /// It is kept, changes nothing and raises an alarm about its recorder.
    SightingAndAlarm,
}

/// Relations that must all hold.
pub type Together = Set<Relation, 1, 4>;

/// Who may cause one effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingRow {
    /// The effect.
    pub effect: StepEffect,
    /// Which relations suffice: one of these groups.
    pub acts: Set<Together, 0, 8>,
    /// Which relations suffice with the owner's consent, which is a mandate for the effect.
    #[serde(default, skip_serializing_if = "Set::is_unset")]
    pub with_consent: Set<Together, 0, 8>,
    /// What becomes of everybody else's event.
    pub otherwise: Otherwise,
}

/// Who may cause which effect: at most one row per effect. What has no row is a sighting, by whomever it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<StandingRow>", into = "Vec<StandingRow>")]
pub struct StandingTable(Vec<StandingRow>);

impl TryFrom<Vec<StandingRow>> for StandingTable {
    type Error = Malformed;

    fn try_from(mut rows: Vec<StandingRow>) -> Result<Self, Malformed> {
        rows.sort_by_key(|row| row.effect);
        if rows.windows(2).any(|pair| pair[0].effect == pair[1].effect) {
            return Err(Malformed::new("request.duplicate", "names an effect twice"));
        }
        Ok(Self(rows))
    }
}

impl From<StandingTable> for Vec<StandingRow> {
    fn from(table: StandingTable) -> Self {
        table.0
    }
}

/// How an event stands with its recorder, for one effect on one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It changes state, by the recorder's own relations or by the owner's consent.
    Acts,
    /// It changes nothing.
    Sighting,
    /// It changes nothing and raises an alarm.
    SightingAndAlarm,
}

impl Standing {
    /// Whether the event changes state.
    pub fn acts(self) -> bool {
        self == Self::Acts
    }
}

/// A part of an event that changed nothing, because its recorder has no standing for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Sighted {
    /// The thing.
    pub item_id: ItemId,
    /// For what.
    pub effect: StepEffect,
}

impl StandingTable {
    /// Whether it matters for the effect that a member has the relation.
    pub fn asks(&self, effect: StepEffect, relation: Relation) -> bool {
        self.row(effect).is_some_and(|row| {
            let consent = relation == Relation::Mandated && !row.with_consent.is_unset();
            consent || row.acts.iter().chain(&row.with_consent).any(|group| group.has(&relation))
        })
    }

    fn row(&self, effect: StepEffect) -> Option<&StandingRow> {
        self.0.iter().find(|row| row.effect == effect)
    }

    /// How an event of a member with these relations stands.
    pub fn judge(&self, effect: StepEffect, holds: impl Fn(Relation) -> bool) -> Standing {
        let Some(row) = self.row(effect) else { return Standing::Sighting };
        let all = |group: &Together| group.iter().all(|&relation| holds(relation));
        if row.acts.iter().any(all) || (holds(Relation::Mandated) && row.with_consent.iter().any(all)) {
            return Standing::Acts;
        }
        match row.otherwise {
            Otherwise::Sighting => Standing::Sighting,
            Otherwise::SightingAndAlarm => Standing::SightingAndAlarm,
        }
    }
}

/// The table that ships.
impl Default for StandingTable {
    fn default() -> Self {
        use Otherwise::{Sighting, SightingAndAlarm};
        use Relation::{Authority, Brand, Entitled, Holder, Maker, OfferedTo, Owner, SellerOfRecord};
        let row = |effect, acts: &[&[Relation]], with_consent: &[&[Relation]], otherwise| StandingRow {
            effect,
            acts: groups(acts),
            with_consent: groups(with_consent),
            otherwise,
        };
        let rows = vec![
            row(StepEffect::PutIntoUse, &[&[Entitled]], &[], SightingAndAlarm),
            row(StepEffect::Move, &[&[Holder]], &[], SightingAndAlarm),
            row(StepEffect::Keep, &[&[Holder]], &[], Sighting),
            row(StepEffect::Receive, &[&[OfferedTo], &[Holder]], &[], SightingAndAlarm),
            row(StepEffect::Sell, &[&[Owner]], &[&[Holder]], SightingAndAlarm),
            row(StepEffect::Return, &[&[SellerOfRecord], &[Owner]], &[], Sighting),
            row(StepEffect::Recall, &[&[Maker], &[Brand], &[Authority]], &[], Sighting),
            row(StepEffect::End, &[&[Owner, Holder], &[Authority, Holder]], &[&[Holder]], SightingAndAlarm),
            row(StepEffect::Repair, &[&[Owner, Holder]], &[&[Holder]], SightingAndAlarm),
            row(StepEffect::Repack, &[&[Owner, Holder]], &[&[Holder]], SightingAndAlarm),
        ];
        Self::try_from(rows).expect("one row per effect")
    }
}

fn groups(rows: &[&[Relation]]) -> Set<Together, 0, 8> {
    let group = |relations: &&[Relation]| Set::new(relations.to_vec()).expect("a few different relations");
    Set::new(rows.iter().map(group).collect()).expect("a few different groups")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_effect_has_one_row_and_a_stranger_never_acts() {
        let table = StandingTable::default();
        for effect in StepEffect::ALL {
            assert!(table.row(effect).is_some(), "{effect:?}");
            assert!(!table.judge(effect, |_| false).acts(), "{effect:?}");
        }
    }

    #[test]
    fn a_holder_ends_what_it_owns_and_what_the_owner_lets_it_end() {
        let table = StandingTable::default();
        let judge = |relations: &[Relation]| table.judge(StepEffect::End, |relation| relations.contains(&relation));
        assert_eq!(judge(&[Relation::Holder]), Standing::SightingAndAlarm);
        assert_eq!(judge(&[Relation::Owner]), Standing::SightingAndAlarm);
        assert_eq!(judge(&[Relation::Holder, Relation::Owner]), Standing::Acts);
        assert_eq!(judge(&[Relation::Holder, Relation::Mandated]), Standing::Acts);
        assert_eq!(judge(&[Relation::Mandated]), Standing::SightingAndAlarm);
    }

    #[test]
    fn a_table_without_rows_lets_nobody_act() {
        let table: StandingTable = serde_json::from_str("[]").expect("a table");
        assert_eq!(table.judge(StepEffect::Move, |_| true), Standing::Sighting);
        let row = r#"{"effect":"move","acts":[],"otherwise":"sighting"}"#;
        assert!(serde_json::from_str::<StandingTable>(&format!("[{row},{row}]")).is_err());
    }
}

//! Private data collections and who belongs to them.

use std::collections::BTreeSet;

use crate::organization_collection;

/// The name's beginning of an organization's own collection.
const IMPLICIT: &str = "_implicit_org_";

/// A private data collection of the chaincode's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    pub(super) name: String,
    pub(super) members: BTreeSet<String>,
    pub(super) member_only_read: bool,
    pub(super) member_only_write: bool,
}

impl Collection {
    /// A collection whose values the peers of `members` hold, and whose creators may be anyone.
    pub fn new(name: &str, members: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            members: members.iter().map(|member| (*member).to_owned()).collect(),
            member_only_read: false,
            member_only_write: false,
        }
    }

    /// An organization's own collection, as deployments define it: only its creators read, all may write.
    pub fn of_organization(msp_id: &str) -> Self {
        Self::new(&organization_collection(msp_id), &[msp_id]).member_only_read()
    }

    /// Lets only creators of member organizations read.
    #[must_use]
    pub fn member_only_read(mut self) -> Self {
        self.member_only_read = true;
        self
    }

    /// Lets only creators of member organizations write.
    #[must_use]
    pub fn member_only_write(mut self) -> Self {
        self.member_only_write = true;
        self
    }

    /// The implicit collection that `name` stands for, when its organization is on the channel.
    pub(super) fn implicit(name: &str, organizations: &BTreeSet<String>) -> Option<Self> {
        let msp_id = name.strip_prefix(IMPLICIT)?;
        organizations.contains(msp_id).then(|| Self::new(name, &[msp_id]))
    }
}

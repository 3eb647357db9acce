//! Shares of what is bounded: what one certificate may take of what its organization may take of all.
//!
//! Half of all is kept for the organizations, the same for each, so that no organizations together lock another one
//! out; the rest goes to the first that ask.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::members::Principal;

/// How much may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// By all together.
    pub(crate) all: usize,
    /// By the members of one organization together.
    pub(crate) organization: usize,
    /// By the holder of one certificate.
    pub(crate) certificate: usize,
    /// By all callers together who are not known as members.
    pub(crate) public: usize,
    /// How many organizations there are: half of all is kept for them, the same for each.
    pub(crate) organizations: usize,
}

impl Bounds {
    /// What is kept for one organization; never more than it may take.
    fn kept(&self) -> usize {
        let kept = (self.all / 2).checked_div(self.organizations).unwrap_or(0);
        kept.min(self.organization)
    }

    /// What is kept for nobody.
    fn common(&self) -> usize {
        self.all - self.kept() * self.organizations
    }
}

/// For whom something is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A member.
    Member {
        /// The organization.
        msp_id: String,
        /// SHA-256 of the certificate, hex.
        certificate_sha256: String,
    },
    /// Everybody else.
    Public,
}

/// Something bounded.
#[derive(Debug)]
pub(crate) struct Shares {
    taken: Mutex<Taken>,
}

#[derive(Debug)]
struct Taken {
    bounds: Bounds,
    all: usize,
    /// By callers who are not known as members, and by organizations beyond what is kept for them.
    common: usize,
    public: usize,
    organizations: BTreeMap<String, usize>,
    certificates: BTreeMap<String, usize>,
}

/// What was taken; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    of: Arc<Shares>,
    holder: Holder,
    count: usize,
}

impl Holder {
    /// The caller, if it is known as a member.
    pub(crate) fn of(principal: Option<&Principal>) -> Self {
        principal.map_or(Self::Public, |principal| Self::Member {
            msp_id: principal.msp_id.clone(),
            certificate_sha256: principal.certificate_sha256(),
        })
    }
}

impl Holder {
    /// A listed proxy. All of them together are held like one organization; no MSP id is empty.
    pub(crate) fn proxy(name: &str) -> Self {
        Self::Member { msp_id: String::new(), certificate_sha256: format!("proxy:{name}") }
    }
}

impl Shares {
    pub(crate) fn new(bounds: Bounds) -> Arc<Self> {
        let (organizations, certificates) = (BTreeMap::new(), BTreeMap::new());
        let taken = Taken { bounds, all: 0, common: 0, public: 0, organizations, certificates };
        Arc::new(Self { taken: Mutex::new(taken) })
    }

    /// Bounds what is taken from now on. What was taken stays, though it may be more.
    pub(crate) fn bound(&self, bounds: Bounds) {
        let mut taken = self.taken();
        let beyond = taken.organizations.values().map(|held| held.saturating_sub(bounds.kept()));
        taken.common = taken.public + beyond.sum::<usize>();
        taken.bounds = bounds;
    }

    /// Takes `count`, unless one of the bounds forbids it.
    #[must_use]
    pub(crate) fn take(self: &Arc<Self>, holder: Holder, count: usize) -> Option<Share> {
        let mut share = Share { of: Arc::clone(self), holder, count: 0 };
        share.grow(count).then_some(share)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn in_use(&self) -> usize {
        self.taken().all
    }
}

impl Share {
    /// Takes `count` more. Whether no bound forbade it.
    pub(crate) fn grow(&mut self, count: usize) -> bool {
        let fits = |taken: usize, bound: usize| taken.checked_add(count).is_some_and(|sum| sum <= bound);
        let mut taken = self.of.taken();
        let bounds = taken.bounds;
        let allowed = match &self.holder {
            Holder::Public => fits(taken.public, bounds.public),
            Holder::Member { msp_id, certificate_sha256 } => {
                fits(held(&taken.organizations, msp_id), bounds.organization)
                    && fits(held(&taken.certificates, certificate_sha256), bounds.certificate)
            }
        };
        let common = taken.common_after(&self.holder, count, bounds.kept());
        let allowed = allowed && fits(taken.all, bounds.all) && common <= bounds.common();
        if allowed {
            taken.add(&self.holder, count, bounds.kept());
            drop(taken);
            self.count += count;
        }
        allowed
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.of.taken();
        let kept = taken.bounds.kept();
        taken.subtract(&self.holder, self.count, kept);
    }
}

impl Taken {
    /// How much of what is kept for nobody is taken when a holder has taken `count` more.
    fn common_after(&self, holder: &Holder, count: usize, kept: usize) -> usize {
        let more = match holder {
            Holder::Public => count,
            Holder::Member { msp_id, .. } => {
                let held = held(&self.organizations, msp_id);
                held.saturating_add(count).saturating_sub(kept) - held.saturating_sub(kept)
            }
        };
        self.common.saturating_add(more)
    }

    fn add(&mut self, holder: &Holder, count: usize, kept: usize) {
        self.common = self.common_after(holder, count, kept);
        self.all += count;
        match holder {
            Holder::Public => self.public += count,
            Holder::Member { msp_id, certificate_sha256 } => {
                give(&mut self.organizations, msp_id, count);
                give(&mut self.certificates, certificate_sha256, count);
            }
        }
    }

    fn subtract(&mut self, holder: &Holder, count: usize, kept: usize) {
        self.all -= count;
        match holder {
            Holder::Public => {
                self.common -= count;
                self.public -= count;
            }
            Holder::Member { msp_id, certificate_sha256 } => {
                let held = held(&self.organizations, msp_id);
                self.common -= held.saturating_sub(kept) - (held - count).saturating_sub(kept);
                give_back(&mut self.organizations, msp_id, count);
                give_back(&mut self.certificates, certificate_sha256, count);
            }
        }
    }
}

fn held(of: &BTreeMap<String, usize>, name: &str) -> usize {
    of.get(name).copied().unwrap_or(0)
}

/// Called for each part of a body that arrives, so the name is copied only when it is new.
fn give(of: &mut BTreeMap<String, usize>, name: &str, count: usize) {
    match of.get_mut(name) {
        Some(held) => *held += count,
        None => drop(of.insert(name.to_owned(), count)),
    }
}

/// Names that hold nothing are forgotten: there may be any number of certificates.
fn give_back(of: &mut BTreeMap<String, usize>, name: &str, count: usize) {
    if let Some(held) = of.get_mut(name) {
        *held -= count;
        if *held == 0 {
            of.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(msp_id: &str, certificate: &str) -> Holder {
        Holder::Member { msp_id: msp_id.to_owned(), certificate_sha256: certificate.to_owned() }
    }

    #[test]
    fn a_certificate_an_organization_and_the_public_have_bounds_inside_the_bound_of_all() {
        let shares = Shares::new(Bounds { all: 10, organization: 6, certificate: 4, public: 2, organizations: 0 });
        let take = |holder: Holder, count| shares.take(holder, count);
        let own = take(member("AMSP", "a1"), 4).expect("the certificate's bound");
        assert!(take(member("AMSP", "a1"), 1).is_none(), "the certificate has all it may");
        let colleague = take(member("AMSP", "a2"), 2).expect("the organization's bound");
        assert!(take(member("AMSP", "a3"), 1).is_none(), "the organization has all it may");
        let public = take(Holder::Public, 2).expect("the public's bound");
        assert!(take(Holder::Public, 1).is_none());
        let other = take(member("BMSP", "b1"), 2).expect("what is left of all");
        assert!(take(member("CMSP", "c1"), 1).is_none(), "nothing is left of all");
        drop((own, colleague, public, other));
        assert_eq!(shares.in_use(), 0);
        let taken = shares.taken();
        assert!(taken.organizations.is_empty() && taken.certificates.is_empty());
    }

    #[test]
    fn a_share_grows_within_its_bounds_and_comes_back_whole() {
        let shares = Shares::new(Bounds { all: 10, organization: 8, certificate: 4, public: 2, organizations: 0 });
        let mut share = shares.take(member("AMSP", "a1"), 1).expect("room");
        assert!(share.grow(3) && !share.grow(1) && !share.grow(usize::MAX));
        assert_eq!(shares.in_use(), 4);
        drop(share);
        assert_eq!(shares.in_use(), 0);
    }

    #[test]
    fn other_bounds_count_at_once_and_what_was_taken_comes_back_whole() {
        let bounds = Bounds { all: 10, organization: 8, certificate: 8, public: 4, organizations: 2 };
        let shares = Shares::new(bounds);
        let (own, public) = (shares.take(member("AMSP", "a1"), 6).expect("room"), shares.take(Holder::Public, 2));
        shares.bound(Bounds { all: 4, organization: 4, certificate: 4, public: 1, ..bounds });
        assert!(shares.take(member("BMSP", "b1"), 1).is_none() && shares.take(Holder::Public, 1).is_none());
        drop(own);
        assert_eq!(shares.in_use(), 2);
        assert!(shares.take(Holder::Public, 1).is_none(), "two of one");
        let other = shares.take(member("BMSP", "b1"), 1).expect("kept for it");
        shares.bound(bounds);
        drop((public, other));
        assert!(shares.take(member("AMSP", "a1"), 8).is_some(), "as at the beginning");
        let taken = shares.taken();
        assert_eq!((taken.all, taken.common, taken.public), (0, 0, 0));
    }

    #[test]
    fn organizations_together_lock_no_other_one_out() {
        // The second row is the control: nothing is kept for anybody.
        for (organizations, comes_in) in [(4, true), (0, false)] {
            let shares = Shares::new(Bounds { all: 80, organization: 40, certificate: 20, public: 10, organizations });
            let mut flood = Vec::new();
            for msp_id in ["AMSP", "BMSP"] {
                for certificate in ["1", "2", "3", "4"] {
                    let holder = member(msp_id, &format!("{msp_id} {certificate}"));
                    flood.extend(std::iter::from_fn(|| shares.take(holder.clone(), 1)));
                }
            }
            flood.extend(std::iter::from_fn(|| shares.take(Holder::Public, 1)));
            let honest: Vec<_> = std::iter::from_fn(|| shares.take(member("CMSP", "c1"), 1)).collect();
            assert_eq!(honest.len(), if comes_in { 10 } else { 0 });
            assert_eq!(shares.take(member("DMSP", "d1"), 10).is_some(), comes_in);
            drop((flood, honest));
            let taken = shares.taken();
            assert_eq!((taken.all, taken.common), (0, 0));
        }
    }
}

//! What is done to the index from outside of a running gateway: looking how far it is, reading it anew, and comparing
//! it with what contracts answer.

use std::time::Duration;

use fabric_client::{Gateway, Peers, peers::Verdict};
use serde_json::{Map, Value};
use trade_index::{
    FollowError, Follower, ListQuery, ListRow, QueryError, Reader, ReaderId, Resource, Store, StoreError, newest_block,
    resources,
};

use crate::{
    fabric::{Fabric, FabricError},
    index::place_of,
    ledger::{Cause, Ledger, LedgerError},
    members::{Members, MembersError},
    routes::{self, Parameter, ParameterIn, ParameterKind, Route},
    service::evaluate_as,
    settings::Settings,
};

/// How often what differs is compared again: it may have changed between the two answers.
const TRIES: u32 = 4;

/// How long to wait before that.
const PAUSE: Duration = Duration::from_secs(1);

/// Rows that are compared at once.
const PAGE: u32 = 200;

/// Differences that are told.
const TOLD_MAX: usize = 100;

/// The index that a gateway's settings name, and the peers whose blocks it holds.
pub struct Upkeep {
    store: Store,
    reader: Reader,
    reader_id: ReaderId,
    members: Members,
    ledger: Fabric,
    blocks: Peers,
}

/// Why something cannot be done to an index.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The index's database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The organizations' directories.
    #[error(transparent)]
    Members(#[from] MembersError),
    /// The peers' addresses.
    #[error(transparent)]
    Fabric(#[from] FabricError),
    /// The peer's blocks, or reading them into the index.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The question to a list.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The peer does not evaluate.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The peer of the organization that lends the gateway's identity is not listed.
    #[error("the settings name no peer of {0}")]
    NoPeer(String),
}

/// How far an index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose peer's blocks it holds.
    pub organization: String,
    /// The block that is needed next.
    pub next_block: u64,
    /// The peer's newest block.
    pub newest: u64,
}

/// What a comparison with contracts' answers gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Rows whose records the contracts answered alike.
    pub alike: u64,
    /// What differs, at most a hundred of them.
    pub differences: Vec<String>,
    /// Lists whose records no contract answers one by one.
    pub not_compared: Vec<&'static str>,
}

impl Upkeep {
    /// Opens the index of a gateway. The gateway may run meanwhile.
    ///
    /// # Errors
    /// [`UpkeepError`] when the database or the settings cannot be used.
    pub async fn open(settings: &Settings) -> Result<Self, UpkeepError> {
        let members = Members::load(settings)?;
        let ledger = Fabric::connect(settings, &members)?;
        let (url, reader) = place_of(settings);
        let blocks = ledger.blocks(&reader.organization);
        let blocks = blocks.ok_or_else(|| UpkeepError::NoPeer(reader.organization.clone()))?;
        let store = Store::open(&url).await?;
        let reader_id = store.reader(&reader).await?;
        Ok(Self { store, reader, reader_id, members, ledger, blocks })
    }

    /// How far the index is, and the peer.
    ///
    /// # Errors
    /// The database or the peer does not answer.
    pub async fn standing(&self) -> Result<Standing, UpkeepError> {
        let organization = self.reader.organization.clone();
        let newest = |_, peer: Gateway| async move { newest_block(&peer, &self.reader.channel).await };
        let verdict = |error: &FollowError| if error.is_of_one_peer() { Verdict::Next } else { Verdict::Answered };
        let newest = self.blocks.ask_while(newest, verdict).await?;
        Ok(Standing { organization, next_block: self.store.next_block(self.reader_id).await?, newest })
    }

    /// Forgets what the index holds and reads it anew from block 0 up to the peer's newest block. `told` is told the
    /// block that is needed next and the last one.
    ///
    /// # Errors
    /// The database or the peer fails; what was read until then stays, and a gateway or another call reads on.
    pub async fn rebuild(&self, mut told: impl FnMut(u64, u64)) -> Result<Standing, UpkeepError> {
        let last = self.standing().await?.newest;
        self.store.clear(self.reader_id).await?;
        let follower = Follower::new(self.store.clone(), self.reader.clone(), self.blocks.clone());
        let progress = follower.progress();
        let reading = follower.until(last);
        tokio::pin!(reading);
        loop {
            tokio::select! {
                done = &mut reading => break done?,
                () = tokio::time::sleep(PAUSE) => told(progress.borrow().next_block, last),
            }
        }
        self.standing().await
    }

    /// Compares each row with what the contract answers about its record at the peer, where a transaction reads records
    /// of its kind one by one.
    ///
    /// # Errors
    /// The database or the peer fails.
    pub async fn compare(&self) -> Result<Compared, UpkeepError> {
        let mut compared = Compared::default();
        for resource in resources().iter().copied() {
            match reading_route(resource) {
                Some(route) => self.compare_list(resource, route, &mut compared).await?,
                None => compared.not_compared.push(resource.name),
            }
        }
        Ok(compared)
    }

    async fn compare_list(
        &self,
        resource: &'static Resource,
        route: &Route,
        compared: &mut Compared,
    ) -> Result<(), UpkeepError> {
        let mut after = None;
        loop {
            let mut parameters = vec![("sort".to_owned(), "id".to_owned()), ("limit".to_owned(), PAGE.to_string())];
            parameters.extend(after.map(|after| ("after".to_owned(), after)));
            let query = ListQuery::parse(resource, &parameters, PAGE)?;
            let page = self.store.list(self.reader_id, &query).await?;
            for row in page.rows {
                match self.difference(resource, route, row).await? {
                    None => compared.alike += 1,
                    Some(difference) if compared.differences.len() < TOLD_MAX => compared.differences.push(difference),
                    Some(_) => {}
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// How a row differs from the contract's answer, once it does so several times.
    async fn difference(
        &self,
        resource: &'static Resource,
        route: &Route,
        mut row: ListRow,
    ) -> Result<Option<String>, UpkeepError> {
        let mut tries = TRIES;
        loop {
            let Some(difference) = self.differs(resource, route, &row).await? else { return Ok(None) };
            tries -= 1;
            if tries == 0 {
                return Ok(Some(difference));
            }
            tokio::time::sleep(PAUSE).await;
            let id = [("id".to_owned(), row.id.clone())];
            let page = self.store.list(self.reader_id, &ListQuery::parse(resource, &id, 1)?).await?;
            match page.rows.into_iter().next() {
                Some(now) => row = now,
                None => return Ok(None),
            }
        }
    }

    async fn differs(&self, resource: &Resource, route: &Route, row: &ListRow) -> Result<Option<String>, UpkeepError> {
        let place = format!("{} {}", resource.name, row.id);
        let Some((function, argument)) = question(resource, route, row) else {
            return Ok(Some(format!("{place}: its id has not the parts of the record's key")));
        };
        let (signer, organization) = (self.members.service(), &self.reader.organization);
        let argument = argument.to_string().into_bytes();
        let answer = match evaluate_as(&self.ledger, signer.as_ref(), organization, function, argument).await {
            Ok(answer) => answer,
            Err(LedgerError { cause: Cause::Contract { message, .. }, .. }) => {
                return Ok(Some(format!("{place}: the contract answers {message}")));
            }
            Err(error) => return Err(error.into()),
        };
        let answer: Value = serde_json::from_slice(&answer).unwrap_or(Value::Null);
        Ok(unlike(resource, row, &answer).map(|field| format!("{place}: the contract answers another {field}")))
    }
}

/// The route that reads one record of a list by the parts of its key.
fn reading_route(resource: &Resource) -> Option<&'static Route> {
    let reads = |route: &&Route| routes::record_of(route).is_some_and(|read| read.name == resource.name);
    routes::all().iter().copied().find(reads)
}

/// The transaction that reads a row's record, and its argument.
fn question(resource: &Resource, route: &Route, row: &ListRow) -> Option<(&'static str, Value)> {
    let parts: Vec<&str> = match resource.key.len() {
        1 => vec![row.id.as_str()],
        parts => row.id.splitn(parts, '/').collect(),
    };
    let in_path: Vec<&Parameter> =
        route.parameters.iter().filter(|parameter| parameter.place == ParameterIn::Path).collect();
    if parts.len() != in_path.len() {
        return None;
    }
    let mut argument = Map::new();
    for (parameter, text) in in_path.into_iter().zip(parts) {
        let field = parameter.field?;
        let value = match (parameter.kind, argument.get(field).and_then(Value::as_str)) {
            (ParameterKind::PartysId, Some(party)) => Value::from(format!("{party}/{text}")),
            (ParameterKind::Number, _) => Value::from(text.parse::<u32>().ok()?),
            _ => Value::from(text),
        };
        argument.insert(field.to_owned(), value);
    }
    Some((route.transaction()?.name, Value::Object(argument)))
}

/// The first field of a row's record that the answer has otherwise, or `record` when they have no field in common.
fn unlike(resource: &Resource, row: &ListRow, answer: &Value) -> Option<String> {
    let record = row.document.as_object()?;
    let own = record.iter().filter(|(name, _)| resource.parts.iter().all(|part| part.name != name.as_str()));
    let common: Vec<_> = own.filter_map(|(name, value)| Some((name, value, answer.get(name)?))).collect();
    if common.is_empty() {
        return Some("record".to_owned());
    }
    common.into_iter().find(|(_, ours, theirs)| ours != theirs).map(|(name, ..)| name.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(id: &str, document: Value) -> ListRow {
        ListRow { id: id.to_owned(), document, block: 1, place: 0, authenticated: None, flaws: Vec::new() }
    }

    #[test]
    fn records_are_asked_for_by_the_parts_of_their_keys() {
        let asked = |name: &str, id: &str| {
            let resource = Resource::find(name)?;
            question(resource, reading_route(resource)?, &row(id, json!({})))
        };
        assert_eq!(asked("invoices", "AMSP/2026/7").map(|found| found.1), Some(json!({"invoice_id": "AMSP/2026/7"})));
        let item = "https://id.gs1.org/01/09521234543213/21/7";
        assert_eq!(asked("items", item).map(|found| found.1), Some(json!({"item": item})));
        assert_eq!(
            asked("accounts", "AMSP/BMSP").map(|found| found.1),
            Some(json!({"holder": "AMSP", "bank": "BMSP"}))
        );
        assert_eq!(asked("invoices", "AMSP"), None);
        assert_eq!(asked("evidence", "x"), None);
    }

    #[test]
    fn a_record_is_alike_when_all_fields_that_both_have_are() {
        let invoices = Resource::find("invoices").expect("a resource");
        let unlike = |document: Value, answer: Value| unlike(invoices, &row("A/1", document), &answer);
        let record = json!({"seller": "AMSP", "currency": "EUR", "answer": {"verdict": "accepted"}});
        assert_eq!(unlike(record.clone(), json!({"seller": "AMSP", "currency": "EUR", "answer": null})), None);
        assert_eq!(unlike(record.clone(), json!({"seller": "BMSP", "currency": "EUR"})), Some("seller".to_owned()));
        assert_eq!(unlike(record, json!({"standing": "open"})), Some("record".to_owned()));
    }
}

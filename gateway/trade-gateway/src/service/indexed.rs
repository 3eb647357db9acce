//! What the index answers: lists, histories, search, events.

use std::{collections::BTreeSet, future::Future};

use serde_json::{Value, json};
use trade_index::{
    EVENTS_MAX, EventId, EventIdError, EventNames, FOUND_MAX, ListQuery, QueryError, Resource, Search, StoreError,
    VERSIONS_MAX,
};
use trade_standards::percent;

use super::core::{Service, path};
use crate::{
    answer::Answer,
    index::{AsOf, EventsAnswer, HistoryAnswer, ListAnswer, Open, SearchAnswer},
    members::Principal,
    problem::{Problem, ProblemCode},
    request::{Parts, check_text},
    routes::OWN_PARTY,
};

/// How long an answer may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

impl Service {
    /// A page of a list.
    pub(super) async fn list(
        &self,
        resource: &'static Resource,
        caller: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        check_values(parts)?;
        let query = ListQuery::parse(resource, &parts.query, self.limits().page).map_err(|error| bad(&error))?;
        let open = self.readable(caller).await?;
        let page = in_time(open.store.list(open.reader, &query)).await?;
        let as_of = self.as_of(page.height)?;
        let answer = ListAnswer::of(page, as_of);
        Ok(paged(Answer::json(200, &answer), parts, answer.next.as_deref()))
    }

    /// What became of a record.
    pub(super) async fn history(
        &self,
        resource: &'static Resource,
        caller: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let [after, limit] = named(parts, ["after", "limit"])?;
        let after = number("after", after.as_deref(), 0, 0, u32::MAX)?;
        let limit = self.limit(limit.as_deref(), VERSIONS_MAX)?;
        let key = key_of(resource, caller, parts)?;
        let open = self.readable(caller).await?;
        // One more tells whether there are more.
        let asked = limit.saturating_add(1);
        let mut history = in_time(open.store.history(open.reader, resource, &key, after, asked)).await?;
        if history.versions.is_empty() && after == 0 {
            return Err(Problem::of(ProblemCode::RecordUnknown));
        }
        let as_of = self.as_of(history.height)?;
        let more = history.versions.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        history.versions.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let answer = HistoryAnswer::of(history, more.then(|| after.saturating_add(limit)), as_of);
        Ok(paged(Answer::json(200, &answer), parts, answer.next.as_deref()))
    }

    /// Records of all lists by words.
    pub(super) async fn search(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let [q, after, limit] = named(parts, ["q", "after", "limit"])?;
        let limit = self.limit(limit.as_deref(), FOUND_MAX)?;
        let search = Search::parse(q.as_deref().unwrap_or_default(), after.as_deref(), limit);
        let search = search.map_err(|error| bad(&error))?;
        let open = self.readable(caller).await?;
        let page = in_time(open.store.search(open.reader, &search)).await?;
        let as_of = self.as_of(page.height)?;
        let answer = SearchAnswer::of(page, as_of);
        Ok(paged(Answer::json(200, &answer), parts, answer.next.as_deref()))
    }

    /// What committed transactions announced.
    pub(super) async fn ledger_events(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let (names, [after, limit]) = names_and(parts, ["after", "limit"])?;
        let limit = self.limit(limit.as_deref(), EVENTS_MAX)?;
        let after = Place::parse(after.as_deref())?;
        let open = self.readable(caller).await?;
        let after = after.event(open).await?;
        let page = in_time(open.store.events(open.reader, after, &names, limit)).await?;
        let as_of = self.as_of(page.height)?;
        let is_full = page.events.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let answer = EventsAnswer::of(page, after, as_of);
        Ok(paged(Answer::json(200, &answer), parts, answer.next.as_deref().filter(|_| is_full)))
    }

    /// What readiness tells about the index.
    pub(super) async fn index_condition(&self) -> Value {
        let Some(open) = self.index.opened() else { return json!({ "status": "unavailable" }) };
        let next = match in_time(open.store.next_block(open.reader)).await {
            Ok(next) => next,
            Err(_) => return json!({ "status": "unavailable" }),
        };
        let newest = self.ledger.newest_block(self.index.organization());
        let lag = newest.map(|newest| newest.saturating_add(1).saturating_sub(next));
        let trouble = self.index.progress().and_then(|progress| progress.trouble);
        json!({
            "status": if trouble.is_some() { "stopped" } else { "following" },
            "organization": self.index.organization(),
            "height": next,
            "lag": lag,
            "trouble": trouble,
        })
    }

    /// Tells the token endpoint which organizations are not on the channel, as far as the index knows.
    pub(crate) async fn note_channel(&self) {
        let (Some(oauth), Some(open)) = (self.oauth(), self.index.opened()) else { return };
        if !in_time(open.store.next_block(open.reader)).await.is_ok_and(|next| next > 0) {
            return;
        }
        let mut off_channel = BTreeSet::new();
        for msp_id in self.members.msp_ids() {
            match in_time(open.store.is_on_channel(open.reader, msp_id)).await {
                Ok(true) => {}
                Ok(false) => drop(off_channel.insert(msp_id.to_owned())),
                // What was known before stays.
                Err(_) => return,
            }
        }
        oauth.note_off_channel(off_channel);
    }

    /// The index's database, for a caller whose organization is on the channel: it could read the same at its own peer.
    pub(super) async fn readable(&self, caller: &Principal) -> Result<&Open, Problem> {
        let open = self.index.opened().ok_or_else(unavailable)?;
        if in_time(open.store.is_on_channel(open.reader, &caller.msp_id)).await? {
            return Ok(open);
        }
        match in_time(open.store.next_block(open.reader)).await? {
            0 => Err(unavailable()),
            _ => {
                Err(Problem::of(ProblemCode::FabricAccessDenied)
                    .with_detail("Your organization is not on the channel."))
            }
        }
    }

    fn as_of(&self, height: u64) -> Result<AsOf, Problem> {
        let block = height.checked_sub(1).ok_or_else(unavailable)?;
        Ok(AsOf { organization: self.index.organization().to_owned(), block })
    }

    pub(super) fn limit(&self, text: Option<&str>, most: u32) -> Result<u32, Problem> {
        let most = self.limits().page.min(most.saturating_sub(1));
        number("limit", text, most.min(100), 1, most)
    }
}

/// Where reading events begins.
pub(super) enum Place {
    Beginning,
    Behind(EventId),
    End,
}

/// What stands for the place behind all events that there are.
const LATEST: &str = "latest";

impl Place {
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Problem> {
        match text {
            None => Ok(Self::Beginning),
            Some(LATEST) => Ok(Self::End),
            Some(text) => {
                let refused =
                    |error: EventIdError| refused("after", &format!("is neither `{LATEST}` nor an id: {error}"));
                text.parse().map(Self::Behind).map_err(refused)
            }
        }
    }

    /// The event behind which it is; none is the beginning.
    pub(super) async fn event(&self, open: &Open) -> Result<Option<EventId>, Problem> {
        Ok(match self {
            Self::Beginning => None,
            Self::Behind(id) => Some(*id),
            Self::End => EventId::end_of(in_time(open.store.next_block(open.reader)).await?),
        })
    }
}

/// The parameters of these names, and the names of events that are wanted.
pub(super) fn names_and<const N: usize>(
    parts: &Parts,
    names: [&str; N],
) -> Result<(EventNames, [Option<String>; N]), Problem> {
    let (wanted, query): (Vec<_>, Vec<_>) = parts.query.iter().cloned().partition(|(name, _)| name == "name");
    let wanted = EventNames::parse(wanted.into_iter().map(|(_, value)| value));
    let wanted = wanted.map_err(|error| refused("name", &error.to_string()))?;
    Ok((wanted, named(&Parts { query, ..Parts::default() }, names)?))
}

fn unavailable() -> Problem {
    Problem::of(ProblemCode::IndexUnavailable).retry_after(5)
}

/// What the database answers, if it does so in time.
pub(super) async fn in_time<T>(asking: impl Future<Output = Result<T, StoreError>>) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::error!("{error}");
            Err(unavailable())
        }
        Err(_) => {
            tracing::warn!("the index did not answer within {} s", PATIENCE.as_secs());
            Err(unavailable())
        }
    }
}

/// The key of the record that a path names.
pub(super) fn key_of(resource: &Resource, caller: &Principal, parts: &Parts) -> Result<Vec<String>, Problem> {
    let part = |name: &&'static str| {
        let text = path(parts, name);
        match *name {
            "party" if text == OWN_PARTY => Ok(caller.msp_id.clone()),
            "number" | "version" => Ok(format!("{:010}", number(name, Some(text), 0, 0, u32::MAX)?)),
            _ => Ok(resource.stored_id(text)),
        }
    };
    resource.key.iter().map(part).collect()
}

/// The parameters of these names; others are refused, and so is one that is given twice.
pub(super) fn named<const N: usize>(parts: &Parts, names: [&str; N]) -> Result<[Option<String>; N], Problem> {
    check_values(parts)?;
    let mut found = [const { None }; N];
    for (name, value) in &parts.query {
        let place = names.iter().position(|known| known == name).ok_or_else(|| {
            let name: String = name.chars().take(64).filter(|character| !character.is_control()).collect();
            refused(&name, "is not known for this route")
        })?;
        if found[place].replace(value.clone()).is_some() {
            return Err(refused(name, "is given twice"));
        }
    }
    Ok(found)
}

/// Values hold no control or invisible characters. A cursor is read by what made it.
fn check_values(parts: &Parts) -> Result<(), Problem> {
    parts.query.iter().filter(|(name, _)| name != "after").try_for_each(|(name, value)| check_text(name, value))
}

pub(super) fn number(name: &str, text: Option<&str>, default: u32, least: u32, most: u32) -> Result<u32, Problem> {
    let Some(text) = text else { return Ok(default) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| refused(name, &format!("must be a whole number from {least} to {most}")))
}

fn bad(error: &QueryError) -> Problem {
    let name: String = error.parameter().chars().take(64).filter(|character| !character.is_control()).collect();
    Problem::of(ProblemCode::ParameterInvalid).with_detail(error.to_string()).with_field(name, error.to_string())
}

pub(super) fn refused(name: &str, reason: &str) -> Problem {
    Problem::of(ProblemCode::ParameterInvalid).with_detail(format!("`{name}` {reason}")).with_field(name, reason)
}

/// Adds where the next page is (RFC 8288).
pub(super) fn paged(answer: Answer, parts: &Parts, next: Option<&str>) -> Answer {
    let Some(next) = next else { return answer };
    let (path, query) = parts.target.split_once('?').unwrap_or((&parts.target, ""));
    let others = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("after"));
    let next = format!("after={}", percent::encode(next));
    let query: Vec<&str> = others.chain([next.as_str()]).collect();
    answer.with_header("Link", format!("<{path}?{}>; rel=\"next\"", query.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_asked_for_as_this_one_was() {
        let parts = |target: &str| Parts { target: target.to_owned(), ..Parts::default() };
        let link = |target: &str| paged(Answer::json(200, &1), &parts(target), Some("a/b")).headers;
        assert_eq!(link("/v1/items"), [("Link", "</v1/items?after=a%2Fb>; rel=\"next\"".to_owned())]);
        let told = link("/v1/items?limit=2&after=x&holder=AMSP");
        assert_eq!(told, [("Link", "</v1/items?limit=2&holder=AMSP&after=a%2Fb>; rel=\"next\"".to_owned())]);
        assert!(paged(Answer::json(200, &1), &parts("/v1/items"), None).headers.is_empty());
    }

    #[test]
    fn a_parameter_that_is_none_is_refused_by_its_name() {
        let parts = |query: &[(&str, &str)]| Parts {
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Parts::default()
        };
        for query in [&[("colour", "red")][..], &[("after", "1"), ("after", "2")], &[("limit", "\u{202e}")]] {
            let refused = named(&parts(query), ["after", "limit"]).expect_err("a bad parameter");
            assert_eq!(refused.code, "parameter_invalid", "{query:?}");
        }
        assert!(number("limit", Some("0"), 1, 1, 9).is_err() && number("limit", Some("x"), 1, 1, 9).is_err());
        assert_eq!(number("limit", None, 5, 1, 9).ok(), Some(5));
    }
}

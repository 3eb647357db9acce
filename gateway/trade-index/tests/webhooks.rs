//! Webhooks in the database: who works on one, how far it gets, and what takes it back. On SQLite and, where
//! `ENTREPOT_POSTGRES` names a server, on PostgreSQL.

mod database;

use database::{Database, Tried as TestResult, block};
use trade_index::{
    BlockFacts, DELIVERIES_MAX, EventId, EventNames, Failed, Put, ReaderId, Store, Tried, WEBHOOKS_MAX, Webhook, Wish,
    Work,
};

const OWNER: &str = "SellerMSP";

fn wish() -> Wish {
    Wish {
        url: "https://erp.example/hooks".to_owned(),
        names: EventNames::default(),
        secret: "whsec_c2VjcmV0".to_owned(),
        after: None,
    }
}

fn event(block: u64) -> EventId {
    EventId { block, place: 0 }
}

fn tried(event: EventId, failure: Option<&str>) -> Tried {
    Tried { event, at: 5, milliseconds: 3, status: Some(200), failure: failure.map(str::to_owned) }
}

/// Blocks of another chain, whose headers are others.
fn elsewhere(number: u64) -> BlockFacts {
    let mut facts = block(number, vec![Vec::new()]);
    for digest in [&mut facts.previous_sha256, &mut facts.header_sha256] {
        digest[31] = 1;
    }
    facts
}

async fn due(
    store: &Store,
    reader: ReaderId,
    process: &str,
    now: i64,
) -> Result<Vec<Webhook>, trade_index::StoreError> {
    store.webhooks_due(reader, process, now).await
}

/// Takes the only webhook that is due.
async fn take(store: &Store, reader: ReaderId, process: &str, now: i64) -> Result<Work, Box<dyn std::error::Error>> {
    let webhook = due(store, reader, process, now).await?.pop().ok_or("nothing is due")?;
    let taken = store.take_webhook(reader, webhook, process, now, now + 60).await?;
    Ok(taken.ok_or("another process works on it")?)
}

#[tokio::test]
async fn one_process_works_on_a_webhook_and_takes_its_work_back_when_it_runs_again() -> TestResult {
    for database in Database::all("webhooks-work").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        store.apply(reader, &block(0, vec![Vec::new()])).await?;
        store.put_webhook(reader, OWNER, "erp", wish()).await?;
        let seen = due(store, reader, "second", 100).await?.pop().ok_or("nothing is due")?;
        let mut work = take(store, reader, "first", 100).await?;
        assert!(due(store, reader, "second", 101).await?.is_empty());
        // Who has seen it free a moment ago is late.
        assert!(store.take_webhook(reader, seen.clone(), "second", 101, 200).await?.is_none());
        assert!(store.webhook_moved(&mut work, event(0), Some(&tried(event(0), None)), 170).await?);
        // The process was killed, and runs again under its name; the other one waits until the time is over.
        assert_eq!(take(store, reader, "first", 102).await?.webhook.after, Some(event(0)));
        assert_eq!(due(store, reader, "second", 200).await?.len(), 1);
        let other = take(store, reader, "second", 200).await?;
        assert!(!store.webhook_moved(&mut work, event(0), None, 300).await?, "it is another one's");
        store.release_webhook(other).await?;
        assert_eq!(due(store, reader, "first", 201).await?.len(), 1);
        // Who has seen it before it moved on does not move it back.
        assert!(store.take_webhook(reader, seen, "first", 202, 300).await?.is_none());
        assert_eq!(take(store, reader, "first", 202).await?.webhook.after, Some(event(0)));
        store.remove_webhook(reader, OWNER, "erp").await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_its_organization_says_meanwhile_is_not_taken_back() -> TestResult {
    for database in Database::all("webhooks-change").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        store.apply(reader, &block(0, vec![Vec::new()])).await?;
        store.put_webhook(reader, OWNER, "erp", wish()).await?;
        let mut work = take(store, reader, "one", 10).await?;
        assert!(store.resume_webhook(reader, OWNER, "erp", Some(None)).await?);
        assert!(!store.webhook_moved(&mut work, event(0), Some(&tried(event(0), None)), 70).await?);
        store.release_webhook(work).await?;
        let work = take(store, reader, "one", 11).await?;
        assert_eq!(work.webhook.after, None, "it begins anew, as was asked");
        assert!(store.remove_webhook(reader, OWNER, "erp").await?);
        store.webhook_failed(work, &tried(event(0), Some("late")), &Failed { due: 0, stopped: None }).await?;
        assert!(matches!(store.put_webhook(reader, OWNER, "erp", wish()).await?, Put::Made(_)));
        assert!(store.deliveries(reader, OWNER, "erp", None, 10).await?.is_empty(), "another one's deliveries");
        store.remove_webhook(reader, OWNER, "erp").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_failure_waits_or_stops_and_saying_it_again_lets_it_go_on() -> TestResult {
    for database in Database::all("webhooks-failure").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        store.apply(reader, &block(0, vec![Vec::new()])).await?;
        store.put_webhook(reader, OWNER, "erp", wish()).await?;
        let work = take(store, reader, "one", 10).await?;
        store.webhook_failed(work, &tried(event(0), Some("500")), &Failed { due: 50, stopped: None }).await?;
        assert!(due(store, reader, "one", 49).await?.is_empty());
        let work = take(store, reader, "one", 50).await?;
        assert_eq!((work.webhook.failures, work.webhook.failing_since), (1, 5));
        let stopped = Failed { due: 60, stopped: Some("gone".to_owned()) };
        store.webhook_failed(work, &tried(event(0), Some("410")), &stopped).await?;
        assert!(due(store, reader, "one", 1_000).await?.is_empty());
        let stand = store.webhooks_stand(reader).await?;
        assert_eq!((stand.active, stand.stopped, stand.next_block), (0, 1, None));
        let webhook = store.webhook(reader, OWNER, "erp").await?.ok_or("it is gone")?;
        assert_eq!((webhook.stopped.as_deref(), webhook.failures), (Some("gone"), 2));
        let Put::Changed(webhook) = store.put_webhook(reader, OWNER, "erp", wish()).await? else {
            return Err("it was there".into());
        };
        assert_eq!((webhook.stopped, webhook.failures, webhook.after), (None, 0, None));
        // Blocks without an event that is told are nothing to get over.
        store.apply(reader, &block(1, vec![])).await?;
        let mut withheld = block(2, vec![Vec::new()]);
        withheld.transactions[0].event.as_mut().ok_or("an event")?.name = "item.alarm_answered".into();
        store.apply(reader, &withheld).await?;
        let stand = store.webhooks_stand(reader).await?;
        assert_eq!((stand.active, stand.failing, stand.stopped, stand.next_block), (1, 0, 0, Some(0)));
        assert_eq!(stand.events_end, 1);
        let log = store.deliveries(reader, OWNER, "erp", None, 10).await?;
        assert_eq!(log.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(store.deliveries(reader, OWNER, "erp", Some(1), 10).await?.len(), 1);
        store.remove_webhook(reader, OWNER, "erp").await?;
    }
    Ok(())
}

#[tokio::test]
async fn on_another_chain_it_begins_anew_and_while_blocks_are_read_anew_it_waits() -> TestResult {
    for database in Database::all("webhooks-chain").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        for number in 0..3 {
            store.apply(reader, &block(number, vec![Vec::new()])).await?;
        }
        let latest = Wish { after: EventId::end_of(3), ..wish() };
        store.put_webhook(reader, OWNER, "erp", latest).await?;
        store.clear(reader).await?;
        let webhook = due(store, reader, "one", 10).await?.pop().ok_or("nothing is due")?;
        assert!(store.take_webhook(reader, webhook, "one", 10, 70).await?.is_none());
        for number in 0..3 {
            store.apply(reader, &block(number, vec![Vec::new()])).await?;
        }
        let work = take(store, reader, "one", 11).await?;
        assert_eq!(work.webhook.after, EventId::end_of(3), "the same chain");
        store.release_webhook(work).await?;
        store.clear(reader).await?;
        for number in 0..4 {
            store.apply(reader, &elsewhere(number)).await?;
        }
        assert_eq!(take(store, reader, "one", 12).await?.webhook.after, None, "another chain");
        store.remove_webhook(reader, OWNER, "erp").await?;
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_organization_has_its_own_and_not_too_many() -> TestResult {
    for database in Database::all("webhooks-bounds").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        store.apply(reader, &block(0, vec![Vec::new()])).await?;
        for number in 0..WEBHOOKS_MAX {
            let made = store.put_webhook(reader, OWNER, &format!("{number:02}"), wish()).await?;
            assert!(matches!(made, Put::Made(_)));
        }
        assert_eq!(store.put_webhook(reader, OWNER, "more", wish()).await?, Put::TooMany);
        assert!(matches!(store.put_webhook(reader, "BuyerMSP", "00", wish()).await?, Put::Made(_)));
        assert_eq!(store.webhooks(reader, "BuyerMSP").await?.len(), 1);
        assert_eq!(store.webhooks(reader, OWNER).await?.len(), WEBHOOKS_MAX);
        assert!(!store.change_webhook_secret(reader, "BuyerMSP", "01", "whsec_eA==", 9).await?);
        assert!(store.change_webhook_secret(reader, OWNER, "01", "whsec_eA==", 9).await?);
        let changed = store.webhook(reader, OWNER, "01").await?.ok_or("it is there")?;
        assert_eq!(changed.former, Some(("whsec_c2VjcmV0".to_owned(), 9)));
        assert!(!format!("{changed:?}").contains("whsec"));
        // The log of tries has an end.
        let mut work = {
            let webhook = store.webhook(reader, OWNER, "00").await?.ok_or("it is there")?;
            store.take_webhook(reader, webhook, "one", 10, 70).await?.ok_or("it is free")?
        };
        for _ in 0..DELIVERIES_MAX + 5 {
            store.webhook_moved(&mut work, event(0), Some(&tried(event(0), None)), 70).await?;
        }
        let log = store.deliveries(reader, OWNER, "00", None, u32::MAX).await?;
        assert_eq!((log.len(), log[0].number), (1_000, 1_004));
        for organization in [OWNER, "BuyerMSP"] {
            for webhook in store.webhooks(reader, organization).await? {
                assert!(store.remove_webhook(reader, organization, &webhook.id).await?);
            }
        }
        assert!(!store.remove_webhook(reader, OWNER, "00").await?);
    }
    Ok(())
}

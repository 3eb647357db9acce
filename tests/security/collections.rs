//! Reading another organization's private data collection (*PDC*) by every door that a channel has.
//!
//! The control is the *implicit* collection that Fabric gives every organization: it cannot be closed to the clients of
//! others, so the same doors show its values. The embedded network has neither snapshots nor gossip; what Fabric's
//! gossip would have brought to a peer is looked for in the files of that peer.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use fabric_client::{Start, events::verify_private_data};
use fabric_contract::organization_collection;
use fabric_operator::{collections::of_organization, consortium::Role};
use fabric_protos::protos::{DeliverResponse, StaticCollectionConfig, TxValidationCode};
use futures_util::StreamExt;
use prost::Message;
use serde_json::json;
use trade_model::{
    Transaction as _,
    customs::{ReadDecision, ReadDeclaration, Replay},
    payment::{ReadEntry, ReadInvoice, ReadSettlement},
};
use trade_tests::{
    Case,
    ask::{Ask, Refusal},
    deliver::{Kind, Seek, newest, oldest},
    net::{N, Who},
    network::Site,
    own::{ANY, Own},
    run,
    script::{
        Step, call, history, private_get, private_get_many, private_hash, private_page, private_put,
        private_put_transient, private_range,
    },
};

use crate::{
    e2e::canaries::{Canary, a_day_of_business},
    harness::{PROGRAM, System, everywhere},
};

/// A value and the key under which it lies, which occur nowhere by chance.
const VALUE: &str = "canary-value-7f3a91";
const KEY: &str = "canary-key-c20d55";

const ATTACK: Case = Case {
    name: "s001_no_door_shows_what_lies_in_the_collection_of_another",
    run: |net| Box::pin(every_door(net)),
    orders: false,
    switched: false,
    own: true,
    alone: false,
};

#[test]
fn no_door_shows_what_lies_in_the_collection_of_another() -> Result<()> {
    run::check(Path::new(PROGRAM), &[], ATTACK)
}

/// A way to a value of the first organization.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Door {
    /// A transaction that reads for every caller, as a faulty contract might.
    Evaluate,
    /// As [`Door::Evaluate`], several keys at once.
    EvaluateMany,
    /// Keys from one to another.
    Range,
    /// The same by pages.
    Page,
    /// A transaction of another chaincode that calls such a one.
    OtherChaincode,
    /// The stream of blocks with private data.
    DeliverWithPrivateData,
    /// The past of a key.
    History,
    /// The stream of blocks.
    Deliver,
    /// The stream of blocks without payloads.
    DeliverFiltered,
    /// The block, asked of the system chaincode.
    SystemChaincode,
}

const DOORS: [Door; 10] = [
    Door::Evaluate,
    Door::EvaluateMany,
    Door::Range,
    Door::Page,
    Door::OtherChaincode,
    Door::DeliverWithPrivateData,
    Door::History,
    Door::Deliver,
    Door::DeliverFiltered,
    Door::SystemChaincode,
];

impl Door {
    /// Whether it shows what lies in a collection that is not closed: the control.
    fn shows_open_collections(self) -> bool {
        !matches!(self, Self::History | Self::Deliver | Self::DeliverFiltered | Self::SystemChaincode)
    }

    /// What it would show. The steps of the cases find the keys of a range and the values of everything else; and the
    /// key is no secret, because it stands in the arguments of the transaction that wrote it.
    fn canary(self) -> &'static str {
        if matches!(self, Self::Range | Self::Page) { KEY } else { VALUE }
    }

    /// Peers learnt to read several keys at once with version 3.1.
    fn is_there(self, net: N) -> bool {
        self != Self::EvaluateMany || !net.is_fabric_2()
    }
}

async fn every_door(net: N) -> Result<()> {
    // One endorser, so that the value comes to the owner's peer alone: each endorser sees it.
    // The owner's peer alone endorses, so that no other endorser has seen the value.
    let own = deployed(net, |owner, _| of_organization(owner, &[owner])).await?;
    let (closed, open) = (organization_collection(&Site::msp_id(1)), format!("_implicit_org_{}", Site::msp_id(1)));
    // A seller's client writes into the buyer's collection, and the buyer's peer endorses.
    let writes = [&closed, &open].map(|collection| private_put_transient(collection, KEY, "value"));
    let write = own.conf(&writes).transient("value", VALUE).by(&net.u(2)).at(1).naming(&[Site::msp_id(1)]);
    let block = write.done().await.context("the write")?.block;
    let owner = own.conf(&[private_get(&closed, KEY)]).first().await?;
    ensure!(owner == json!(VALUE), "control: the owner reads {owner}");

    for door in DOORS.into_iter().filter(|door| door.is_there(net)) {
        for stranger in [2, 3] {
            for who in [net.u(stranger), net.admin(stranger)] {
                for at in 1..=3 {
                    let shown = shows(&own, door, &who, at, &closed, block).await?;
                    ensure!(!shown, "{door:?} at peer {at} shows organization {stranger} the value");
                }
            }
        }
        let shown = shows(&own, door, &net.u(3), 1, &open, block).await?;
        ensure!(shown == door.shows_open_collections(), "control: through {door:?} an open collection shows {shown}");
    }
    everyone_gets_the_hash(&own, &closed).await?;
    others_cannot_write_without_the_owners_peer(&own, &closed).await?;
    nothing_lies_with_other_peers(net)
}

/// A channel whose chaincode has a collection for each organization: `collection` gives it for an organization among
/// all.
pub(super) async fn deployed(
    net: N,
    collection: impl Fn(&str, &[&str]) -> Result<StaticCollectionConfig>,
) -> Result<Own> {
    let own = Own::create(net, &[1, 2, 3], |_| Ok(())).await?;
    let mut definition = own.definition("conf", ANY);
    let msp_ids: [String; 3] = [1, 2, 3].map(Site::msp_id);
    let all: [&str; 3] = [0, 1, 2].map(|one| msp_ids[one].as_str());
    definition.collections = all.iter().map(|one| collection(one, &all)).collect::<Result<_>>()?;
    definition.establish(net, &net.chaincode("conf")?.package.id).await?;
    own.until_usable("conf", &own.organizations).await?;
    own.deploy("ev", ANY).await?;
    Ok(own)
}

/// Whether the canary can be seen through a door by a client at a peer.
async fn shows(own: &Own, door: Door, who: &Who, at: usize, collection: &str, block: u64) -> Result<bool> {
    let (get, channel) = (private_get(collection, KEY), own.name.as_bytes());
    let seen = match door {
        Door::Evaluate => answered(own.conf(&[get]).by(who).at(at)).await,
        Door::EvaluateMany => answered(own.conf(&[private_get_many(collection, &[KEY])]).by(who).at(at)).await,
        Door::Range => answered(own.conf(&[private_range(collection, "canary", "canarz", 10)]).by(who).at(at)).await,
        Door::Page => answered(own.conf(&[private_page(collection, "canary", "canarz", 10)]).by(who).at(at)).await,
        Door::OtherChaincode => {
            let steps: [Step; 1] = [call("conf", "", &[get])];
            answered(own.on("ev", &steps).by(who).at(at)).await
        }
        Door::History => answered(own.conf(&[history(KEY)]).by(who).at(at)).await,
        Door::SystemChaincode => {
            let arguments = vec![b"GetBlockByNumber".to_vec(), channel.to_vec(), block.to_string().into_bytes()];
            answered(Ask::new(own.net, &own.name, "qscc", arguments).by(who).at(at)).await
        }
        Door::DeliverWithPrivateData => streamed(own, Kind::Private, who, at, collection).await?,
        Door::Deliver => streamed(own, Kind::Blocks, who, at, collection).await?,
        Door::DeliverFiltered => streamed(own, Kind::Filtered, who, at, collection).await?,
    };
    Ok(contains(&seen, door.canary().as_bytes()))
}

/// Everything that an evaluation brings back, refusals included.
async fn answered(ask: Ask) -> Vec<u8> {
    let response: Result<_, Refusal> = ask.evaluate().await;
    match response {
        Ok(response) => response.encode_to_vec(),
        Err(refusal) => refusal.to_string().into_bytes(),
    }
}

/// Everything that a stream brings. Of private data only what lies in one collection: the two hold the same value.
async fn streamed(own: &Own, kind: Kind, who: &Who, at: usize, collection: &str) -> Result<Vec<u8>> {
    let seek = Seek::new(own.net, oldest(), newest()).channel(&own.name).by(who).at(at);
    let (answers, _) = seek.ask(kind).await?;
    let mut seen = Vec::new();
    for mut answer in answers {
        if let fabric_protos::protos::deliver_response::Type::BlockAndPrivateData(both) = &mut answer {
            let parts = both.private_data_map.values_mut().flat_map(|set| &mut set.ns_pvt_rwset);
            parts.for_each(|part| part.collection_pvt_rwset.retain(|one| one.collection_name == collection));
        }
        seen.extend(DeliverResponse { r#type: Some(answer) }.encode_to_vec());
    }
    ensure!(!seen.is_empty(), "the stream brought nothing");
    Ok(seen)
}

/// The hash is meant to be seen, so that a value can be proved; values must not be guessable from it.
async fn everyone_gets_the_hash(own: &Own, collection: &str) -> Result<()> {
    let hash = own.conf(&[private_hash(collection, KEY)]).of(3).first().await?;
    let expected = hex::encode(fabric_msp::hash::sha256(VALUE.as_bytes()));
    ensure!(hash == json!(expected), "the hash is {hash}");
    Ok(())
}

/// Two others together have no say about what lies in a collection.
async fn others_cannot_write_without_the_owners_peer(own: &Own, collection: &str) -> Result<()> {
    let two = [Site::msp_id(2), Site::msp_id(3)];
    let forged = own.conf(&[private_put(collection, KEY, "forged")]).of(2).naming(&two).endorse().await?;
    forged.ends(TxValidationCode::EndorsementPolicyFailure).await?;
    let kept = own.conf(&[private_get(collection, KEY)]).first().await?;
    ensure!(kept == json!(VALUE), "the value is {kept} now");
    Ok(())
}

/// The value stands not in the files of the others' peers.
fn nothing_lies_with_other_peers(net: N) -> Result<()> {
    let site = net.network().site();
    for organization in 1..=3 {
        let (msp_id, domain) = (Site::msp_id(organization), Site::domain(organization));
        let of_it = |path: &PathBuf| {
            path.components().any(|part| {
                let part = part.as_os_str().to_string_lossy();
                part == msp_id || part.ends_with(&domain)
            })
        };
        let files = files(site.layout.root())?.into_iter().filter(of_it);
        let found: Vec<PathBuf> = files.filter(|path| holds(path)).collect();
        match (organization, found.as_slice()) {
            (1, []) => bail!("control: the value is not in the files of its owner's peer"),
            (1, _) | (_, []) => {}
            (_, found) => bail!("the value lies with organization {organization}: {found:?}"),
        }
    }
    Ok(())
}

fn holds(path: &Path) -> bool {
    // Databases remove files of theirs at any time.
    fs::read(path).is_ok_and(|bytes| contains(&bytes, VALUE.as_bytes()))
}

fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// The chaincode's own doors, after a day of business on the channel of the demo.
#[tokio::test]
async fn none_but_the_two_parties_sees_an_opening() -> Result<()> {
    for system in everywhere()? {
        let canaries = a_day_of_business(system).await?;
        for organization in &system.consortium.organizations {
            for user in ["User1", "Admin"] {
                for at in &system.consortium.organizations {
                    streams_show_own_collections_only(system, (&organization.msp_id, user), &at.msp_id, &canaries)
                        .await?;
                }
            }
            answers_show_no_secret(system, &organization.msp_id, &canaries).await?;
        }
    }
    Ok(())
}

async fn streams_show_own_collections_only(
    system: &System,
    (msp_id, user): (&str, &str),
    at: &str,
    canaries: &[Canary],
) -> Result<()> {
    let gateway = system.fabric_as(msp_id, user, at).await?;
    let channel = &system.consortium.channel;
    let newest = gateway.blocks(channel).start(Start::Newest).open()?.next().await.context("no block")??;
    let last = newest.header.context("a block without a header")?.number;
    let mut blocks = gateway.blocks_with_private_data(channel).start(Start::Oldest).until(last).open()?;
    let (mut values, mut implicit_of_others) = (0, 0);
    while let Some(block) = blocks.next().await {
        let block = block?;
        for part in verify_private_data(&block)? {
            let lifecycle = part.namespace == "_lifecycle";
            implicit_of_others += usize::from(lifecycle && !part.collection.ends_with(msp_id));
            values += usize::from(!lifecycle);
            let own = lifecycle || part.collection == organization_collection(msp_id);
            ensure!(own, "the peer of {at} shows {user} of {msp_id} the collection {}", part.collection);
        }
        let bytes = block.encode_to_vec();
        for canary in canaries.iter().filter(|canary| !canary.keepers.contains(&msp_id)) {
            ensure!(!canary.is_in(&bytes), "the peer of {at} shows {user} of {msp_id} {}", canary.what);
        }
    }
    // Beside openings, a collection holds the digests of what its organization has signed.
    let is_party = canaries.iter().any(|canary| canary.keepers.contains(&msp_id));
    let expected = if at == msp_id { !is_party || values > 0 } else { values == 0 };
    ensure!(expected, "control: {msp_id} sees {values} values at {at}");
    // The lifecycle's approvals lie in implicit collections; a regulator gives none.
    let approves = system.consortium.organization(at)?.role != Role::Regulator;
    let expected = approves && at != msp_id;
    ensure!((implicit_of_others > 0) == expected, "control: {msp_id} sees {implicit_of_others} approvals at {at}");
    Ok(())
}

/// What the contracts answer about the records of the day.
async fn answers_show_no_secret(system: &System, msp_id: &str, canaries: &[Canary]) -> Result<()> {
    let questions = [
        (ReadDeclaration::NAME, json!({ "declaration_id": "ImporterMSP/D" })),
        (ReadDecision::NAME, json!({ "declaration_id": "ImporterMSP/D" })),
        (Replay::NAME, json!({ "declaration_id": "ImporterMSP/D" })),
        (ReadInvoice::NAME, json!({ "invoice_id": "ExporterMSP/I" })),
        (ReadEntry::NAME, json!({ "entry_id": "BankMSP/E" })),
        (ReadSettlement::NAME, json!({ "invoice_id": "ExporterMSP/I" })),
    ];
    for at in ["ExporterMSP", msp_id] {
        let gateway = system.fabric(msp_id, at).await?;
        let contract = gateway.contract(&system.consortium.channel, &system.consortium.chaincode.name);
        for (name, question) in &questions {
            let answer = contract.transaction(name).json(question).evaluate().await?;
            for canary in canaries {
                ensure!(!canary.is_in(&answer), "{name} at {at} shows {msp_id} {}", canary.what);
            }
        }
    }
    Ok(())
}

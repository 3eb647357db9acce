//! Private data collections.

use fabric_msp::hash::sha256;

use super::tools::*;
use crate::deliver::height;

const NOT_HERE: &str = "private data matching public hash version is not available";

/// A key of a collection that holds `v`.
async fn written(net: N, collection: &str) -> Result<String> {
    let key = net.name("private");
    net.conf(&[private_put_transient(collection, &key, "value")]).transient("value", "v").done().await?;
    Ok(key)
}

/// Reads a private key at a peer until it finds what is expected there.
async fn found_at(net: N, organization: usize, step: Step, expected: Value) -> Result<()> {
    eventually(&format!("{step} at peer {organization} finds {expected}"), async || {
        same(net.conf(std::slice::from_ref(&step)).of(organization).first().await?, expected.clone())
    })
    .await
}

async fn refused(ask: Ask, saying: &str) -> Result<()> {
    ask.evaluate().await.refused(Code::Unknown, "")?.saying(saying).map(drop)
}

/// As [`refused`], as soon as the hash has arrived at the peer.
async fn refused_at_last(ask: Ask, saying: &str) -> Result<()> {
    eventually("a refusal", async || refused(ask.clone(), saying).await).await
}

pub async fn c106_members_read_what_one_of_them_wrote(net: N) -> Result<()> {
    let key = written(net, "A").await?;
    same(net.conf(&[private_get("A", &key)]).first().await?, json!("v"))?;
    found_at(net, 2, private_get("A", &key), json!("v")).await
}

pub async fn c107_clients_of_others_may_not_read_where_only_members_may(net: N) -> Result<()> {
    let key = written(net, "A").await?;
    for at in [3, 1] {
        let ask = net.conf(&[private_get("A", &key)]).by(&net.u(3)).at(at);
        refused(ask, "tx creator does not have read access permission on privatedata").await?;
    }
    Ok(())
}

pub async fn c108_a_peer_that_is_no_member_has_only_the_hash(net: N) -> Result<()> {
    let key = written(net, "A").await?;
    refused_at_last(net.conf(&[private_get("A", &key)]).by(&net.u(1)).at(3), NOT_HERE).await
}

pub async fn c109_an_open_collection_is_read_by_all_where_the_data_is(net: N) -> Result<()> {
    let key = written(net, "O").await?;
    same(net.conf(&[private_get("O", &key)]).by(&net.u(3)).at(1).first().await?, json!("v"))?;
    refused_at_last(net.conf(&[private_get("O", &key)]).of(3), NOT_HERE).await?;
    same(net.conf(&[private_get("O", &net.name("absent"))]).of(3).first().await?, Value::Null)
}

pub async fn c110_clients_of_others_may_not_write_where_only_members_may(net: N) -> Result<()> {
    let ask = net.conf(&[private_put("M", &net.name("m"), "v")]).of(2);
    refused(ask, "does not have write access permission").await
}

pub async fn c111_everybody_gets_the_hash(net: N) -> Result<()> {
    let key = written(net, "A").await?;
    for organization in 1..=3 {
        found_at(net, organization, private_hash("A", &key), json!(hex::encode(sha256(b"v")))).await?;
    }
    Ok(())
}

pub async fn c112_unknown_collections_have_names_in_their_refusals(net: N) -> Result<()> {
    refused(net.conf(&[private_get("nope", "k")]), "collection conf/conf/nope could not be found").await?;
    refused(net.conf(&[private_put("nope", "k", "v")]), "collection conf/conf/nope could not be found").await?;
    let text = "not defined in the collection config";
    refused(net.conf(&[private_hash("nope", "k")]), &format!("collection [nope] {text}")).await?;
    let implicit = "_implicit_org_Org9MSP";
    refused(net.conf(&[private_get(implicit, "k")]), &format!("collection [{implicit}] {text}")).await
}

pub async fn c113_a_write_after_a_private_range_is_refused(net: N) -> Result<()> {
    let ask = net.conf(&[private_range("A", "a", "b", 10), put(&net.name("after"), "v")]);
    refused(ask, "already performed queries on pvt data").await
}

pub async fn c114_with_three_blocks_to_live_a_value_goes_with_the_fourth_block_after_it(net: N) -> Result<()> {
    let key = net.name("private");
    let steps = [private_get("B", &key), private_hash("B", &key)];
    let block = net.conf(&[private_put("B", &key, "v")]).done().await?.block;
    let hash = json!(hex::encode(sha256(b"v")));
    loop {
        let newest = height(net).await? - 1;
        let found = net.conf(&steps).found().await?;
        if newest >= block + 4 {
            return same(found, json!([null, null]));
        }
        same(found, json!(["v", hash]))?;
        net.conf(&[put(&net.name("filler"), "v")]).done().await?;
    }
}

pub async fn c115_a_deleted_value_has_no_hash(net: N) -> Result<()> {
    let key = written(net, "A").await?;
    net.conf(&[private_delete("A", &key)]).done().await?;
    same(net.conf(&[private_get("A", &key), private_hash("A", &key)]).found().await?, json!([null, null]))
}

pub async fn c116_a_purge_is_marked_as_deletion_and_purge(net: N) -> Result<()> {
    let key = written(net, "A").await?;
    let endorsed = net.conf(&[purge("A", &key)]).endorse().await?;
    let writes = endorsed.hashed("A")?.hashed_writes;
    same(writes.iter().map(|write| (write.is_delete, write.is_purge)).collect(), vec![(true, true)])?;
    endorsed.ends(Valid).await?;
    same(net.conf(&[private_get("A", &key), private_hash("A", &key)]).found().await?, json!([null, null]))
}

pub async fn c117_an_implicit_collection_belongs_to_its_organization(net: N) -> Result<()> {
    let (collection, key) = ("_implicit_org_Org2MSP", net.name("implicit"));
    let ask = net.conf(&[private_put_transient(collection, &key, "value")]).transient("value", "v");
    ask.endorse().await?.ends(Valid).await?;
    found_at(net, 2, private_get(collection, &key), json!("v")).await?;
    refused_at_last(net.conf(&[private_get(collection, &key)]), NOT_HERE).await?;
    let alone = net.conf(&[private_put(collection, &key, "new")]).naming(&["Org1MSP"]).endorse().await?;
    alone.ends(EndorsementPolicyFailure).await.map(drop)
}

//! Endorsement policies of single keys.

use super::tools::*;

const FIRST: &str = "OR('Org1MSP.peer')";
const BOTH: &str = "AND('Org1MSP.peer', 'Org2MSP.peer')";

/// A key with a policy of its own.
async fn with_policy(net: N, policy: &str) -> Result<String> {
    let key = net.name("keyed");
    net.conf(&[put(&key, "v")]).done().await?;
    net.conf(&[set_policy("", &key, policy)]).done().await?;
    Ok(key)
}

/// A transaction on `conf` that only the named organizations endorse.
async fn by(net: N, organizations: &[&str], steps: &[Step]) -> Result<Endorsed> {
    Ok(net.conf(steps).naming(organizations).endorse().await?)
}

pub async fn c099_a_keys_policy_decides_over_writing_deleting_and_changing_it(net: N) -> Result<()> {
    let key = with_policy(net, FIRST).await?;
    for step in [put(&key, "new"), delete(&key), set_policy("", &key, BOTH)] {
        by(net, &["Org2MSP"], &[step]).await?.ends(EndorsementPolicyFailure).await?;
    }
    for step in [put(&key, "new"), set_policy("", &key, FIRST), delete(&key)] {
        by(net, &["Org1MSP"], &[step]).await?.ends(Valid).await?;
    }
    Ok(())
}

pub async fn c100_a_write_after_a_change_of_policy_in_the_same_block_fails(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let key = with_policy(net, FIRST).await?;
        let change = by(net, &["Org1MSP"], &[set_policy("", &key, BOTH)]).await?;
        let write = by(net, &["Org1MSP", "Org2MSP"], &[put(&key, "new")]).await?;
        Ok(vec![change, write])
    });
    verdicts(&outcomes.await?, &[Valid, EndorsementPolicyFailure])
}

pub async fn c101_two_writes_under_a_keys_policy_in_a_block_are_valid(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let key = with_policy(net, BOTH).await?;
        let both = ["Org1MSP", "Org2MSP"];
        Ok(vec![by(net, &both, &[put(&key, "1")]).await?, by(net, &both, &[put(&key, "2")]).await?])
    });
    verdicts(&outcomes.await?, &[Valid, Valid])
}

pub async fn c102_a_key_that_is_made_again_has_no_policy(net: N) -> Result<()> {
    let key = with_policy(net, FIRST).await?;
    by(net, &["Org1MSP"], &[delete(&key)]).await?.ends(Valid).await?;
    by(net, &["Org2MSP"], &[put(&key, "new")]).await?.ends(Valid).await?;
    same(net.conf(&[has_policy("", &key)]).first().await?, json!(false))
}

pub async fn c103_a_policy_for_an_absent_key_is_valid_and_does_nothing(net: N) -> Result<()> {
    let key = net.name("absent");
    net.conf(&[set_policy("", &key, FIRST)]).done().await?;
    same(net.conf(&[has_policy("", &key), get(&key)]).found().await?, json!([false, null]))
}

pub async fn c104_changes_of_policy_do_not_stand_in_the_history(net: N) -> Result<()> {
    let key = with_policy(net, FIRST).await?;
    same(net.conf(&[history(&key)]).first().await?, json!(["v"]))
}

pub async fn c105_a_private_keys_policy_is_demanded_and_planned_for(net: N) -> Result<()> {
    let key = net.name("private");
    net.conf(&[private_put("A", &key, "v")]).done().await?;
    net.conf(&[set_policy("A", &key, "OR('Org2MSP.peer')")]).done().await?;
    by(net, &["Org1MSP"], &[private_put("A", &key, "1")]).await?.ends(EndorsementPolicyFailure).await?;
    net.conf(&[private_put("A", &key, "2")]).endorse().await?.endorsed_by(&[2])?.ends(Valid).await.map(drop)
}

pub async fn c154_a_change_of_policy_that_fails_does_not_hinder_a_later_write(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let key = with_policy(net, FIRST).await?;
        let change = by(net, &["Org2MSP"], &[set_policy("", &key, BOTH)]).await?;
        Ok(vec![change, by(net, &["Org1MSP"], &[put(&key, "new")]).await?])
    });
    verdicts(&outcomes.await?, &[EndorsementPolicyFailure, Valid])
}

pub async fn c155_a_change_of_policy_conflicts_with_who_read_the_key_before(net: N) -> Result<()> {
    let key = with_policy(net, FIRST).await?;
    let stale = by(net, &["Org1MSP"], &[get(&key), put(&key, "late")]).await?;
    by(net, &["Org1MSP"], &[set_policy("", &key, "OR('Org1MSP.peer', 'Org2MSP.peer')")]).await?.ends(Valid).await?;
    stale.ends(MvccReadConflict).await.map(drop)
}

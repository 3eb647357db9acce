//! Two organizations whose peers run a changed chaincode write in the name of a third, and an organization alone takes
//! back what it has signed.
//!
//! What the contracts make of such a record is tested with them (`trade-contracts`, `tests/authorship.rs`); here stands
//! what the network itself refuses: changes of a key with a policy of its own (*key-level endorsement*), and an
//! authorship digest without the author's peer. The control is the chaincode's own policy, which the two satisfy.

use std::path::Path;

use anyhow::{Result, ensure};
use fabric_contract::organization_collection;
use fabric_operator::collections::of_organization;
use fabric_protos::protos::TxValidationCode::{EndorsementPolicyFailure, Valid};
use serde_json::{Value, json};
use trade_tests::{
    Case,
    net::N,
    network::Site,
    own::Own,
    run,
    script::{Step, delete, get, private_delete, private_hash, private_put, put, set_policy},
};

use super::collections::deployed;
use crate::harness::PROGRAM;

const ATTACK: Case = Case {
    name: "s002_two_organizations_do_not_write_in_the_name_of_a_third",
    run: |net| Box::pin(two_write_for_a_third(net)),
    orders: false,
    switched: false,
    own: true,
    alone: false,
};

#[test]
fn two_organizations_do_not_write_in_the_name_of_a_third() -> Result<()> {
    run::check(Path::new(PROGRAM), &[], ATTACK)
}

async fn two_write_for_a_third(net: N) -> Result<()> {
    let own = deployed(net, of_organization).await?;
    let collection = organization_collection(&Site::msp_id(1));
    // The third organization makes a record together with one of the others, leaves its digest, and lets nobody change
    // the record without it.
    let [owner, two, three] = [1, 2, 3].map(Site::msp_id);
    let owned = format!("AND('{owner}.peer', OR('{two}.peer', '{three}.peer'))");
    let record = [put("record", "cleared"), set_policy("", "record", &owned), private_put(&collection, "record", "d")];
    let made = own.conf(&record).naming(&[owner.clone(), two]).endorse().await?;
    made.ends(Valid).await?;
    ensure!(own.conf(&[private_hash(&collection, "record")]).of(3).first().await? != Value::Null);

    ensure!(!by_the_two(&own, &[put("record", "intercepted")]).await?, "the two changed a record of a third");
    let kept = own.conf(&[get("record")]).of(3).first().await?;
    ensure!(kept == json!("cleared"), "the record says {kept}");
    let digest = private_put(&collection, "forged", "d");
    ensure!(!by_the_two(&own, &[put("forged", "cleared"), digest]).await?, "the two made a digest of a third");

    // Nor does the owner alone rewrite, remove or disown what others rely on.
    for (taken_back, what) in [
        (put("record", "intercepted"), "rewrote its record"),
        (delete("record"), "removed its record"),
        (private_delete(&collection, "record"), "took its digest back"),
    ] {
        ensure!(!by(&own, 1, std::slice::from_ref(&owner), &[taken_back]).await?, "an owner alone {what}");
    }

    ensure!(by_the_two(&own, &[put("forged", "cleared")]).await?, "control: a new record takes no consent of a third");
    let (record, hash) = (get("forged"), private_hash(&collection, "forged"));
    let found = own.conf(&[record, hash]).found().await?;
    ensure!(found == json!(["cleared", null]), "a forged record can be told by its missing digest: {found}");
    ensure!(by_the_two(&own, &[put("forged", "intercepted")]).await?, "control: a record without a policy is changed");
    Ok(())
}

/// Whether a transaction that only the two others endorse is valid.
async fn by_the_two(own: &Own, steps: &[Step]) -> Result<bool> {
    by(own, 2, &[Site::msp_id(2), Site::msp_id(3)], steps).await
}

/// Whether a transaction of an organization's client that only these organizations endorse is valid.
async fn by(own: &Own, client: usize, endorsers: &[String], steps: &[Step]) -> Result<bool> {
    let outcome = own.conf(steps).of(client).naming(endorsers).endorse().await?.commit().await?;
    match outcome.code {
        Valid => Ok(true),
        EndorsementPolicyFailure => Ok(false),
        other => anyhow::bail!("the transaction ended with {}", other.as_str_name()),
    }
}

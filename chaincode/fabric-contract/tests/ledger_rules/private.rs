//! Private data: who reads it, and what is left of it.

use super::*;

fn private_reader() -> Contract {
    Contract::new("t")
        .evaluate("Get", |context, key: String| Ok::<_, Fault>(text(context.private(SHARED).get(&key)?)))
        .evaluate("Many", |context, keys: Vec<String>| {
            let values = context.private(SHARED).get_many(&keys)?;
            Ok::<_, Fault>(values.into_iter().map(text).collect::<Vec<_>>())
        })
        .evaluate("Hash", |context, key: String| Ok::<_, Fault>(context.private(SHARED).hash(&key)?.map(hex::encode)))
        .submit("Purge", |context, key: String| context.private(SHARED).purge(&key))
}

#[test]
fn private_values_reach_members_and_their_hashes_everybody() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, SHARED, "k", "secret")?;
    assert_eq!(ledger.private("AMSP", SHARED, "k"), Some(b"secret".to_vec()));
    assert_eq!(ledger.private("BMSP", SHARED, "k"), Some(b"secret".to_vec()));
    assert_eq!(ledger.private("CMSP", SHARED, "k"), None);
    let hash: Option<String> = ledger.call("t:Hash").arg("k").endorsed_by(&["AMSP", "CMSP"]).evaluate()?.json()?;
    assert_eq!(hash, ledger.private_hash(SHARED, "k").map(hex::encode));
    assert_eq!(hash.as_deref(), Some("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"));
    Ok(())
}

#[test]
fn a_private_value_that_is_not_at_this_peer_is_a_named_fault() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, SHARED, "k", "secret")?;
    let unavailable = failed(500, "private_data_unavailable");
    assert_eq!(code_of(ledger.call("t:Get").arg("k").endorsed_by(&["CMSP"]).evaluate()), unavailable);
    assert_eq!(code_of(ledger.call("t:Many").json(&["x", "k"]).endorsed_by(&["CMSP"]).evaluate()), unavailable);
    assert_eq!(ledger.call("t:Get").arg("x").endorsed_by(&["CMSP"]).evaluate()?.payload, b"none");
    ledger.lose_private("BMSP", SHARED, "k");
    assert_eq!(code_of(ledger.call("t:Get").arg("k").endorsed_by(&["BMSP"]).evaluate()), unavailable);
    let many: Vec<String> = ledger.call("t:Many").json(&["x", "k"]).evaluate()?.json()?;
    assert_eq!(many, ["none", "secret"]);
    Ok(())
}

#[test]
fn member_only_collections_refuse_other_creators() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, SHARED, "k", "secret")?;
    let outsider = creator("CMSP").build();
    let refused = failed(500, "collection_not_authorised");
    let read = ledger.call("t:Get").creator(&outsider).arg("k").endorsed_by(&["AMSP"]).evaluate();
    assert_eq!(code_of(read), refused);
    let write = ledger.call("note:Secret").creator(&outsider).json(&(SHARED, "k")).transient("value", "v").submit();
    assert_eq!(code_of(write), refused);
    let hash = ledger.call("t:Hash").creator(&outsider).arg("k").evaluate()?;
    assert!(hash.json::<Option<String>>()?.is_some());
    Ok(())
}

#[test]
fn implicit_collections_exist_for_organizations_of_the_channel_only() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, "_implicit_org_BMSP", "k", "secret")?;
    assert_eq!(ledger.private("BMSP", "_implicit_org_BMSP", "k"), Some(b"secret".to_vec()));
    assert_eq!(ledger.private("AMSP", "_implicit_org_BMSP", "k"), None);
    let unknown = keep_secret(&mut ledger, "_implicit_org_XMSP", "k", "secret");
    assert_eq!(code_of(unknown), failed(500, "peer_refused"));
    Ok(())
}

#[test]
fn a_purged_value_is_gone_everywhere() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, SHARED, "k", "secret")?;
    let purged = ledger.call("t:Purge").arg("k").submit()?;
    assert!(purged.read_write_set.hashed_writes.values().all(|write| write.purge));
    assert_eq!((ledger.private("AMSP", SHARED, "k"), ledger.private_hash(SHARED, "k")), (None, None));
    Ok(())
}

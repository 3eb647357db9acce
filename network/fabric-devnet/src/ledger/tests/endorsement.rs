//! Who must endorse what (cases C040, C076, C088 to C105, C139 and C154).

use fabric_msp::policy::parse;
use fabric_protos::{
    common::{
        Envelope, SignaturePolicy, SignaturePolicyEnvelope,
        signature_policy::{NOutOf, Type},
    },
    protos::{
        ApplicationPolicy, ChaincodeCall,
        TxValidationCode::{EndorsementPolicyFailure, InvalidChaincode, MvccReadConflict, Valid},
        application_policy,
    },
};
use prost::Message;

use crate::{
    ledger::{Metadata, SimulationError, VALIDATION_PARAMETER},
    testing::{CHAINCODE, Parts, TestLedger, collection},
};

fn put_by(test: &TestLedger, endorsers: &[&str], key: &str, value: &str) -> Envelope {
    test.transaction(endorsers, |simulator| simulator.put_state(CHAINCODE, key, value.as_bytes().to_vec()))
}

fn policy(text: &str) -> Metadata {
    match text {
        "" => Metadata::new(),
        text => Metadata::from([(VALIDATION_PARAMETER.to_owned(), parse(text).expect("a policy").encode_to_vec())]),
    }
}

fn set_policy(test: &TestLedger, endorsers: &[&str], key: &str, text: &str) -> Envelope {
    test.transaction(endorsers, |simulator| simulator.set_metadata(CHAINCODE, key, policy(text)))
}

#[test]
fn policies_are_evaluated_greedily_for_transactions_too() {
    let test = TestLedger::with(Vec::new());
    let table: [(&str, &[&str], _); 5] = [
        ("AND(OR('Org1MSP.peer','Org2MSP.peer'),'Org2MSP.peer')", &["Org1MSP", "Org2MSP"], EndorsementPolicyFailure),
        ("AND('Org2MSP.peer',OR('Org1MSP.peer','Org2MSP.peer'))", &["Org1MSP", "Org2MSP"], Valid),
        ("OutOf(2,'Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')", &["Org1MSP", "Org3MSP"], Valid),
        ("OutOf(2,'Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')", &["Org1MSP"], EndorsementPolicyFailure),
        ("OutOf(2,'Org1MSP.peer','Org1MSP.peer')", &["Org1MSP", "Org1MSP"], EndorsementPolicyFailure),
    ];
    for (index, (policy, endorsers, expected)) in table.into_iter().enumerate() {
        let name = format!("cc{index}");
        assert_eq!(test.commit(&[test.define(&name, policy, Vec::new())]), [Valid]);
        let write = test.transaction_on(&name, endorsers, |simulator| simulator.put_state(&name, "k", b"v".to_vec()));
        assert_eq!(test.commit(&[write]), [expected], "{policy} with {endorsers:?}");
    }
}

/// Policies that no tool writes, and whether a signature of Org1's peer satisfies each on Fabric, whose `cauthdsl`
/// reads those of chaincodes, collections and keys without a look at the version.
fn odd_policies() -> Vec<(&'static str, SignaturePolicyEnvelope, bool)> {
    let own = parse("OR('Org1MSP.peer')").expect("a policy");
    let foreign = parse("OR('Org2MSP.peer')").expect("a policy");
    let leaf = |index: i32| SignaturePolicy { r#type: Some(Type::SignedBy(index)) };
    let with = |rule: Option<SignaturePolicy>| SignaturePolicyEnvelope { rule, ..own.clone() };
    let gate = |n: i32, rules: Vec<SignaturePolicy>| {
        with(Some(SignaturePolicy { r#type: Some(Type::NOutOf(NOutOf { n, rules })) }))
    };
    vec![
        ("another version", SignaturePolicyEnvelope { version: 7, ..own.clone() }, true),
        ("another version of another's", SignaturePolicyEnvelope { version: 7, ..foreign }, false),
        ("none of an empty list", gate(0, vec![]), true),
        ("one of an empty list", gate(1, vec![]), false),
        ("less than none", gate(-1, vec![]), true),
        ("none of one", gate(0, vec![leaf(0)]), true),
        ("two of one", gate(2, vec![leaf(0)]), false),
        ("an index beyond", gate(1, vec![leaf(0), leaf(1)]), false),
        ("an index below", gate(1, vec![leaf(0), leaf(-1)]), false),
        ("an arm without a rule", gate(1, vec![leaf(0), SignaturePolicy { r#type: None }]), false),
        ("no rule", with(None), false),
        ("a rule of no kind", with(Some(SignaturePolicy { r#type: None })), false),
    ]
}

#[test]
fn odd_policies_of_chaincodes_collections_and_keys_are_read_as_fabric_reads_them() {
    for (case, policy, is_enough) in odd_policies() {
        let expected = if is_enough { Valid } else { EndorsementPolicyFailure };
        let test = TestLedger::with(Vec::new());
        let mut guarded = collection("E", "OR('Org1MSP.member')");
        let own = application_policy::Type::SignaturePolicy(policy.clone());
        guarded.endorsement_policy = Some(ApplicationPolicy { r#type: Some(own) });
        let lenient = parse("OR('Org1MSP.peer')").expect("a policy");
        let define = [test.define_by("odd", policy.clone(), Vec::new()), test.define_by("lax", lenient, vec![guarded])];
        assert_eq!(test.commit(&define), [Valid, Valid], "{case}");
        let own = ["Org1MSP"];
        let by_chaincode = test.transaction_on("odd", &own, |simulator| simulator.put_state("odd", "k", b"v".to_vec()));
        let by_collection =
            test.transaction_on("lax", &own, |simulator| simulator.put_private("lax", "E", "k", b"v".to_vec()));
        assert_eq!(test.commit(&[by_chaincode, by_collection]), [expected, expected], "{case}");

        test.put_all(["k".to_owned()]);
        let by_key = put_by(&test, &own, "k", "new");
        let guard = Metadata::from([(VALIDATION_PARAMETER.to_owned(), policy.encode_to_vec())]);
        let guard = test.transaction(&own, |simulator| simulator.set_metadata(CHAINCODE, "k", guard));
        assert_eq!(test.commit(&[guard]), [Valid], "{case}");
        assert_eq!(test.commit(&[by_key]), [expected], "{case}, of a key");
    }
}

/// Fabric's peers stop at the second block for ever; see ARCHITECTURE.md.
#[test]
fn a_write_that_was_endorsed_before_its_key_got_bytes_for_a_policy_is_refused() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["k".to_owned()]);
    let before = put_by(&test, &["Org1MSP"], "k", "new");
    let guard = Metadata::from([(VALIDATION_PARAMETER.to_owned(), b"\xff\xff".to_vec())]);
    let guard = test.transaction(&["Org1MSP"], |simulator| simulator.set_metadata(CHAINCODE, "k", guard));
    assert_eq!(test.commit(&[guard]), [Valid]);
    assert_eq!(test.commit(&[before, put_by(&test, &["Org1MSP"], "l", "v")]), [EndorsementPolicyFailure, Valid]);
    let mut simulator = test.simulator("Org1MSP");
    simulator.put_state(CHAINCODE, "k", b"later".to_vec()).expect("written");
    assert!(matches!(simulator.finish(), Err(SimulationError::KeyPolicy)), "nobody endorses a later one");
}

#[test]
fn missing_wrong_and_foreign_endorsements_do_not_count() {
    let test = TestLedger::with(Vec::new());
    let client = &test.channel.clients["Org1MSP"];
    let peer = &test.channel.peers["Org1MSP"];
    let spoilt = |spoil: &dyn Fn(&mut Parts)| {
        let mut parts = Parts::new(CHAINCODE, client);
        parts.endorse([peer]);
        spoil(&mut parts);
        parts.envelope(client)
    };
    let block = [
        spoilt(&|_| {}),
        spoilt(&|parts| parts.endorsements.clear()),
        spoilt(&|parts| parts.endorsements[0].signature[10] ^= 1),
        spoilt(&|parts| parts.endorsements[0].endorser = b"nobody".to_vec()),
        // The client is a member, but the policy asks for a peer.
        spoilt(&|parts| {
            parts.endorsements.clear();
            parts.endorse([client]);
        }),
        spoilt(&|parts| {
            parts.endorsements.clear();
            parts.endorse([&*test.channel.orderer]);
        }),
    ];
    let mut expected = vec![EndorsementPolicyFailure; 6];
    expected[0] = Valid;
    assert_eq!(test.commit(&block), expected);
}

#[test]
fn every_written_namespace_needs_its_own_policy_and_must_exist() {
    let test = TestLedger::with(Vec::new());
    let strict = "AND('Org1MSP.peer','Org2MSP.peer')";
    assert_eq!(test.commit(&[test.define("strict", strict, Vec::new())]), [Valid]);
    let both = |endorsers: &[&str], namespace: &'static str| {
        test.transaction(endorsers, |simulator| {
            simulator.put_state(CHAINCODE, "k", b"v".to_vec())?;
            simulator.put_state(namespace, "k", b"v".to_vec())
        })
    };
    let read_only = test.transaction(&["Org1MSP"], |simulator| {
        simulator.get_state("strict", "absent")?;
        simulator.put_state(CHAINCODE, "r", b"v".to_vec())
    });
    let block = [
        both(&["Org1MSP"], "strict"),
        both(&["Org1MSP", "Org2MSP"], "strict"),
        both(&["Org1MSP"], "nowhere"),
        read_only,
    ];
    assert_eq!(test.commit(&block), [EndorsementPolicyFailure, Valid, InvalidChaincode, Valid]);
}

#[test]
fn lifecycle_changes_need_a_majority_and_the_owner_of_an_implicit_collection() {
    let test = TestLedger::empty();
    let write = |endorsers: &[&str]| {
        test.transaction_on("_lifecycle", endorsers, |simulator| {
            simulator.put_state("_lifecycle", "namespaces/fields/x/Other", b"v".to_vec())
        })
    };
    assert_eq!(test.commit(&[write(&["Org1MSP"]), write(&["Org1MSP", "Org3MSP"])]), [EndorsementPolicyFailure, Valid]);
    let approve = |endorsers: &[&str], collection: &'static str| {
        test.transaction_on("_lifecycle", endorsers, |simulator| {
            simulator.put_private("_lifecycle", collection, "namespaces/metadata/x#1", b"v".to_vec())
        })
    };
    let block = [approve(&["Org1MSP"], "_implicit_org_Org1MSP"), approve(&["Org1MSP"], "_implicit_org_Org2MSP")];
    assert_eq!(test.commit(&block), [Valid, EndorsementPolicyFailure]);
}

#[test]
fn a_collections_policy_replaces_the_chaincodes() {
    let mut strict = collection("E", "OR('Org1MSP.member','Org2MSP.member')");
    let both = parse("AND('Org1MSP.peer','Org2MSP.peer')").expect("a policy");
    strict.endorsement_policy =
        Some(ApplicationPolicy { r#type: Some(application_policy::Type::SignaturePolicy(both)) });
    let test = TestLedger::with(vec![strict, collection("A", "OR('Org1MSP.member','Org2MSP.member')")]);
    let write = |endorsers: &[&str], collection: &'static str| {
        test.transaction(endorsers, |simulator| simulator.put_private(CHAINCODE, collection, "k", b"v".to_vec()))
    };
    let block = [
        write(&["Org1MSP"], "E"),
        write(&["Org2MSP", "Org3MSP"], "E"),
        write(&["Org1MSP", "Org2MSP"], "E"),
        write(&["Org3MSP"], "A"),
    ];
    assert_eq!(test.commit(&block), [EndorsementPolicyFailure, EndorsementPolicyFailure, Valid, Valid]);
}

#[test]
fn a_keys_own_policy_guards_its_value_its_deletion_and_itself() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["e".to_owned()]);
    assert_eq!(test.commit(&[set_policy(&test, &["Org2MSP"], "e", "OR('Org1MSP.peer')")]), [Valid]);
    let by = |msp_id: &'static str| {
        [
            put_by(&test, &[msp_id], "e", "new"),
            put_by(&test, &[msp_id], "e", ""),
            set_policy(&test, &[msp_id], "e", "OR('Org2MSP.peer')"),
        ]
    };
    for foreign in by("Org2MSP") {
        assert_eq!(test.commit(&[foreign]), [EndorsementPolicyFailure]);
    }
    for own in by("Org1MSP") {
        assert_eq!(test.commit(&[own]), [Valid]);
    }
    // The key was deleted before the last policy was set, so that went nowhere.
    assert_eq!(test.value("e"), None);
}

#[test]
fn a_keys_own_policy_is_enough_where_the_chaincodes_is_stricter() {
    let test = TestLedger::with(Vec::new());
    let both: &[&str] = &["Org1MSP", "Org2MSP"];
    assert_eq!(test.commit(&[test.define("strict", "AND('Org1MSP.peer','Org2MSP.peer')", Vec::new())]), [Valid]);
    let put = |endorsers: &[&str], key: &'static str| {
        test.transaction_on("strict", endorsers, |simulator| simulator.put_state("strict", key, b"v".to_vec()))
    };
    assert_eq!(test.commit(&[put(both, "e"), put(&["Org1MSP"], "e")]), [Valid, EndorsementPolicyFailure]);
    let loosen = test.transaction_on("strict", both, |simulator| {
        simulator.set_metadata("strict", "e", policy("OR('Org1MSP.peer')"))
    });
    assert_eq!(test.commit(&[loosen]), [Valid]);
    let mixed = test.transaction_on("strict", &["Org1MSP"], |simulator| {
        simulator.put_state("strict", "e", b"v".to_vec())?;
        simulator.put_state("strict", "other", b"v".to_vec())
    });
    assert_eq!(test.commit(&[put(&["Org1MSP"], "e"), mixed]), [Valid, EndorsementPolicyFailure]);
}

#[test]
fn a_key_whose_policy_changed_earlier_in_the_block_cannot_be_written() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["e".to_owned()]);
    let both: &[&str] = &["Org1MSP", "Org2MSP"];
    let block = [set_policy(&test, both, "e", "OR('Org1MSP.peer')"), put_by(&test, both, "e", "new")];
    assert_eq!(test.commit(&block), [Valid, EndorsementPolicyFailure]);
    // A change that failed endorsement does not stand in the way.
    let block = [set_policy(&test, &["Org2MSP"], "e", "OR('Org2MSP.peer')"), put_by(&test, &["Org1MSP"], "e", "new")];
    assert_eq!(test.commit(&block), [EndorsementPolicyFailure, Valid]);
}

#[test]
fn several_writes_under_one_key_policy_share_a_block() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["e".to_owned()]);
    let both: &[&str] = &["Org1MSP", "Org2MSP"];
    let policy = "AND('Org1MSP.peer','Org2MSP.peer')";
    assert_eq!(test.commit(&[set_policy(&test, both, "e", policy)]), [Valid]);
    assert_eq!(test.commit(&[put_by(&test, both, "e", "1"), put_by(&test, both, "e", "2")]), [Valid, Valid]);
    assert_eq!(test.commit(&[put_by(&test, &["Org1MSP"], "e", "3")]), [EndorsementPolicyFailure]);
}

#[test]
fn deleting_a_key_frees_it_and_a_policy_on_an_absent_key_has_no_effect() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["e".to_owned()]);
    assert_eq!(test.commit(&[set_policy(&test, &["Org1MSP"], "e", "OR('Org1MSP.peer')")]), [Valid]);
    assert_eq!(test.commit(&[put_by(&test, &["Org1MSP"], "e", "")]), [Valid]);
    assert_eq!(test.commit(&[set_policy(&test, &["Org1MSP"], "e", "OR('Org1MSP.peer')")]), [Valid]);
    assert_eq!(test.commit(&[put_by(&test, &["Org2MSP"], "e", "again")]), [Valid]);
    let entry = test.ledger.state(CHAINCODE, "e").expect("readable").expect("there");
    assert!(entry.metadata().is_empty());
}

#[test]
fn a_changed_policy_invalidates_earlier_readers() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["e".to_owned()]);
    let late = test.transaction(&["Org1MSP"], |simulator| {
        simulator.get_state(CHAINCODE, "e")?;
        simulator.put_state(CHAINCODE, "e", b"late".to_vec())
    });
    assert_eq!(test.commit(&[set_policy(&test, &["Org1MSP"], "e", "OR('Org1MSP.peer')")]), [Valid]);
    assert_eq!(test.commit(&[late]), [MvccReadConflict]);
}

#[test]
fn private_keys_have_policies_too() -> Result<(), SimulationError> {
    let test = TestLedger::with(vec![collection("A", "OR('Org1MSP.member','Org2MSP.member')")]);
    let put = |endorser: &'static str| {
        test.transaction(&[endorser], |simulator| simulator.put_private(CHAINCODE, "A", "p", b"v".to_vec()))
    };
    assert_eq!(test.commit(&[put("Org1MSP")]), [Valid]);
    let guard = test.transaction(&["Org1MSP"], |simulator| {
        simulator.set_private_metadata(CHAINCODE, "A", "p", policy("OR('Org2MSP.peer')"))
    });
    assert_eq!(test.commit(&[guard]), [Valid]);
    let mut simulator = test.simulator("Org1MSP");
    // The value is still there although only the metadata has the newest version.
    assert_eq!(simulator.get_private(CHAINCODE, "A", "p")?, Some(b"v".to_vec()));
    assert_eq!(simulator.get_private_metadata(CHAINCODE, "A", "p")?, policy("OR('Org2MSP.peer')"));
    assert_eq!(test.commit(&[put("Org1MSP"), put("Org2MSP")]), [EndorsementPolicyFailure, Valid]);

    let mut simulator = test.simulator("Org1MSP");
    simulator.put_private(CHAINCODE, "A", "p", b"v2".to_vec())?;
    let expected = ChaincodeCall {
        name: CHAINCODE.to_owned(),
        key_policies: vec![parse("OR('Org2MSP.peer')").expect("a policy")],
        disregard_namespace_policy: true,
        ..Default::default()
    };
    assert_eq!(simulator.finish()?.interest.chaincodes, [expected]);
    Ok(())
}

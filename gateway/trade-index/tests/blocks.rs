//! What is read from blocks as peers give them: valid transactions with all they wrote, others by their verdict.

mod envelope;

use envelope::{Call, namespace, write};
use fabric_protos::{common::Block, kvrwset::KvWriteHash};
use trade_index::{BlockError, read_block};

type Tried = Result<(), Box<dyn std::error::Error>>;

fn block(envelopes: Vec<Vec<u8>>, verdicts: Vec<u8>) -> Block {
    envelope::block(7, vec![3; 32], envelopes, verdicts)
}

#[test]
fn a_valid_transaction_tells_what_it_wrote_and_an_invalid_one_its_verdict() -> Tried {
    let call = |function: &'static [u8]| Call {
        chaincode: "trade",
        function,
        creator: "SellerMSP",
        certificate: b"no certificate",
        transaction_id: "ab".repeat(32),
        event: "item.captured",
        namespaces: vec![
            namespace(
                "trade",
                vec![
                    write("\u{0}invoice\u{0}SellerMSP\u{0}7\u{0}", b"{\"a\":1}", false),
                    write("\u{0}invoice\u{0}SellerMSP\u{0}8\u{0}", b"", true),
                    write("\u{0}invoice\u{0}SellerMSP\u{0}9\u{0}", &[255], false),
                    write("plain", b"1", false),
                ],
                vec![KvWriteHash { key_hash: vec![5; 32], value_hash: vec![6; 32], ..Default::default() }],
            ),
            namespace("other", vec![write("\u{0}invoice\u{0}x\u{0}", b"{}", false)], Vec::new()),
        ],
    };
    let envelopes = vec![call(b"payment-issue").envelope(), call(b"a\0b\x1bc").envelope(), vec![255, 1]];
    let facts = read_block(&block(envelopes, vec![0, 11, 255]), "trade")?;
    assert_eq!((facts.number, facts.previous_sha256, facts.transactions.len()), (7, [3; 32], 2));
    let [valid, invalid] = facts.transactions.as_slice() else { return Err("two transactions".into()) };
    assert_eq!((valid.place, valid.creator.as_str(), valid.function.as_str()), (0, "SellerMSP", "payment-issue"));
    let told: Vec<_> = valid.writes.iter().map(|write| (write.key.join("/"), write.value.as_deref())).collect();
    let expected = [
        ("invoice/SellerMSP/7".to_owned(), Some("{\"a\":1}")),
        ("invoice/SellerMSP/8".to_owned(), None),
        ("invoice/SellerMSP/9".to_owned(), Some("\"ff\"")),
    ];
    assert_eq!(told, expected);
    assert_eq!((valid.hashes.len(), valid.hashes[0].value_sha256), (1, Some([6; 32])));
    assert_eq!(valid.event.as_ref().map(|event| event.name.as_str()), Some("item.captured"));
    assert_eq!((invalid.code, invalid.writes.len(), invalid.hashes.len(), &invalid.event), (11, 0, 0, &None));
    assert_eq!(invalid.function, "a\u{fffd}b\u{fffd}c");
    Ok(())
}

#[test]
fn what_another_chaincode_had_this_one_write_counts_and_its_own_does_not() -> Tried {
    let wrote = write("\u{0}item\u{0}x\u{0}", b"{}", false);
    let through = Call {
        chaincode: "other",
        function: b"call",
        creator: "SellerMSP",
        certificate: b"no certificate",
        transaction_id: "ab".repeat(32),
        event: "item.captured",
        namespaces: vec![namespace("trade", vec![wrote.clone()], Vec::new())],
    };
    let own = Call {
        chaincode: "other",
        function: b"call",
        creator: "SellerMSP",
        certificate: b"no certificate",
        transaction_id: "ab".repeat(32),
        event: "item.captured",
        namespaces: vec![namespace("other", vec![wrote], Vec::new())],
    };
    let facts = read_block(&block(vec![through.envelope(), own.envelope()], vec![0, 0]), "trade")?;
    let [through] = facts.transactions.as_slice() else { return Err("one transaction".into()) };
    assert_eq!((through.place, through.writes.len(), &through.event), (0, 1, &None));
    Ok(())
}

#[test]
fn what_a_changed_chaincode_endorses_can_be_read_later_too() -> Tried {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let values = ["{\"a\":1}", "1e999", "\"\\ud800\"", &deep];
    let key = |part: usize| format!("\u{0}invoice\u{0}SellerMSP\u{0}{part}\u{0}");
    let writes = values.iter().enumerate().map(|(part, value)| write(&key(part), value.as_bytes(), false));
    // One key twice, which has one version.
    let again = [write(&key(0), b"{\"a\":2}", false), write(&key(9), b"{}", false), write(&key(9), b"", true)];
    let call = Call {
        chaincode: "trade",
        function: b"payment-issue",
        creator: "SellerMSP",
        certificate: b"no certificate",
        transaction_id: "ab".repeat(32),
        event: &format!("a\0{}", "b".repeat(300)),
        namespaces: vec![namespace("trade", writes.chain(again).collect(), Vec::new())],
    };
    let facts = read_block(&block(vec![call.envelope()], vec![0]), "trade")?;
    let [valid] = facts.transactions.as_slice() else { return Err("one transaction".into()) };
    for value in valid.writes.iter().filter_map(|write| write.value.as_deref()) {
        serde_json::from_str::<serde_json::Value>(value)?;
    }
    let told: Vec<_> = valid.writes.iter().map(|write| (write.key[2].as_str(), write.value.as_deref())).collect();
    let digits = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let [infinite, half, nested] = [values[1], values[2], values[3]].map(|text| Some(format!("\"{}\"", digits(text))));
    let expected = [
        ("1", infinite.as_deref()),
        ("2", half.as_deref()),
        ("3", nested.as_deref()),
        ("0", Some("{\"a\":2}")),
        ("9", None),
    ];
    assert_eq!(told, expected);
    let event = valid.event.as_ref().ok_or("an event")?;
    assert_eq!(event.name, format!("a\u{fffd}{}", "b".repeat(253)));
    Ok(())
}

#[test]
fn a_block_that_no_peer_has_validated_is_refused() {
    assert!(matches!(read_block(&block(vec![vec![1]], Vec::new()), "trade"), Err(BlockError::Incomplete("verdicts"))));
    let malformed = read_block(&block(vec![vec![255]], vec![0]), "trade");
    assert!(matches!(malformed, Err(BlockError::Malformed { block: 7, place: 0, .. })), "{malformed:?}");
}

//! From a function name and arguments to a contract, and the description of it all.

use fabric_contract::{Context, Contract, Failure, Fault, Kind, Router, testing::MemoryLedger};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Item {
    id: String,
    state: Lifecycle,
    parent: Option<Box<Item>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Lifecycle {
    Made,
    Sold,
}

fn capture(_: &mut Context<'_>, item: Item) -> Result<Item, Failure> {
    Ok(item)
}

fn router() -> Router {
    let item = Contract::new("item")
        .submit("Capture", capture)
        .evaluate("Read", |_, id: String| Ok::<_, Fault>(Item { id, state: Lifecycle::Made, parent: None }))
        .submit("Nothing", |_, (): ()| Ok::<_, Fault>(()));
    let rights = Contract::new("rights")
        .evaluate("Check", |_, (): ()| Ok::<_, Fault>(true))
        .evaluate("Find", |_, any: Value| Ok::<_, Fault>(serde_json::from_value::<Item>(any).ok()));
    Router::new("Trade", "2.1").contract(item).contract(rights)
}

fn ledger() -> MemoryLedger {
    MemoryLedger::new(router(), &["AMSP"])
}

#[test]
fn an_extra_argument_is_what_the_caller_gave_after_the_request() -> Result<(), Failure> {
    let contract = Contract::new("item").submit_with_extra("Signed", |context, _: Item| {
        Ok::<_, Fault>(context.extra_argument().map(|text| String::from_utf8_lossy(text).into_owned()))
    });
    let mut ledger = MemoryLedger::new(Router::new("Trade", "2.1").contract(contract), &["AMSP"]);
    let item = r#"{"id":"1","state":"made","parent":null}"#;
    for (extra, expected) in [(None, Value::Null), (Some("by me"), json!("by me")), (Some(""), json!(""))] {
        let call = extra.into_iter().fold(ledger.call("item:Signed").arg(item), |call, extra| call.arg(extra));
        let answer: Value = call.evaluate()?.json()?;
        assert_eq!(answer, expected);
    }
    for count in [0, 3] {
        let call = (0..count).fold(ledger.call("item:Signed"), |call, _| call.arg(item));
        let refused = call.evaluate().map(drop).map_err(|failure| failure.code);
        assert_eq!(refused, Err("argument_count".to_owned()));
    }
    Ok(())
}

#[test]
fn names_lead_to_their_function_or_to_a_named_refusal() {
    let rows: [(&str, &[&str], u16, &str); 11] = [
        ("item:Nothing", &[], 200, ""),
        ("Nothing", &[], 200, ""),
        ("rights:Check", &[], 200, ""),
        ("other:Nothing", &[], 404, "contract_unknown"),
        ("item:Other", &[], 404, "function_unknown"),
        ("Check", &[], 404, "function_unknown"),
        ("item:nothing", &[], 404, "function_unknown"),
        ("a:b:c", &[], 400, "function_name_malformed"),
        ("item:Nothing", &["x"], 400, "argument_count"),
        ("item:Capture", &["{}", "{}"], 400, "argument_count"),
        ("item:Capture", &[r#"{"id":"1","state":"made","parent":null,"more":1}"#], 400, "argument_malformed"),
    ];
    for (name, args, status, code) in rows {
        let mut ledger = ledger();
        let call = args.iter().fold(ledger.call(name), |call, arg| call.arg(arg));
        let (found, named) = match call.evaluate() {
            Ok(_) => (200, String::new()),
            Err(failure) => (failure.status, failure.code),
        };
        assert_eq!((found, named.as_str()), (status, code), "{name} {args:?}");
    }
}

#[test]
fn initialisation_without_arguments_succeeds() {
    use fabric_contract::{Backend, Invocation, Reply, Request, Timestamp, testing::creator};
    struct Silent;
    impl Backend for Silent {
        fn request(&mut self, request: Request) -> Result<Reply, Fault> {
            Err(Fault::Unsupported { operation: request.operation() })
        }
    }
    let mut invocation = Invocation {
        channel_id: "c".to_owned(),
        tx_id: "t".to_owned(),
        chaincode: "n".to_owned(),
        timestamp: Timestamp::default(),
        creator: creator("AMSP").build(),
        args: Vec::new(),
        transient: [("private".to_owned(), b"canary".to_vec())].into(),
        is_init: true,
    };
    assert_eq!(router().invoke(&mut Silent, &invocation).status, 200);
    invocation.is_init = false;
    assert_eq!(router().invoke(&mut Silent, &invocation).status, 400);
    assert!(!format!("{invocation:?}").contains("99, 97, 110"), "transient values stay out of debug output");
}

#[test]
fn transactions_are_listed_with_their_schemas() {
    let listed = router().transactions();
    let names: Vec<_> = listed.iter().map(|info| (info.name.as_str(), info.kind)).collect();
    let expected = [
        ("item:Capture", Kind::Submit),
        ("item:Nothing", Kind::Submit),
        ("item:Read", Kind::Evaluate),
        ("rights:Check", Kind::Evaluate),
        ("rights:Find", Kind::Evaluate),
    ];
    assert_eq!(names, expected);
    let capture = listed[0].request.as_ref().expect("it takes an item");
    assert_eq!(capture["title"], "Item");
    assert_eq!(capture["additionalProperties"], false);
    assert_eq!((&listed[1].request, &listed[1].response), (&None, &None));
    assert_eq!(listed[2].request.as_ref().map(|schema| schema["type"].clone()), Some(json!("string")));
}

#[test]
fn metadata_has_the_form_that_other_libraries_read() -> Result<(), Failure> {
    let metadata: Value = ledger().call("org.hyperledger.fabric:GetMetadata").evaluate()?.json()?;
    assert_eq!(metadata["info"], json!({ "title": "Trade", "version": "2.1" }));
    let item = &metadata["contracts"]["item"];
    assert_eq!((&item["name"], &item["default"]), (&json!("item"), &json!(true)));
    assert_eq!(metadata["contracts"]["rights"]["default"], false);
    let reference = json!({ "$ref": "#/components/schemas/Item" });
    assert_eq!(
        item["transactions"][0],
        json!({
            "name": "Capture",
            "tag": ["submit", "SUBMIT"],
            "parameters": [{ "name": "request", "required": true, "schema": reference }],
            "returns": reference,
        })
    );
    assert_eq!(item["transactions"][1], json!({ "name": "Nothing", "tag": ["submit", "SUBMIT"] }));
    assert_eq!(item["transactions"][2]["tag"], json!(["evaluate", "EVALUATE"]));
    let schema = &metadata["components"]["schemas"]["Item"];
    assert_eq!(schema["$id"], "Item");
    assert_eq!(schema["required"], json!(["id", "state"]));
    assert_eq!(schema["additionalProperties"], false);
    Ok(())
}

#[test]
fn what_the_format_has_no_words_for_becomes_a_component() -> Result<(), Failure> {
    let metadata: Value = ledger().call("org.hyperledger.fabric:GetMetadata").evaluate()?.json()?;
    let find = &metadata["contracts"]["rights"]["transactions"][1];
    assert_eq!(find["parameters"][0]["schema"], json!({}));
    assert_eq!(find["returns"], json!({ "$ref": "#/components/schemas/rights.Find.response" }));
    let schemas = metadata["components"]["schemas"].as_object().expect("components are an object");
    let names: Vec<_> = schemas.keys().map(String::as_str).collect();
    assert_eq!(names, ["Item", "Lifecycle", "rights.Find.response"]);
    for (name, schema) in schemas {
        assert_eq!(schema["$id"], *name);
        assert_ne!(schema.get("required"), Some(&json!([])), "{name}");
    }
    assert!(schemas["rights.Find.response"]["anyOf"].is_array());
    Ok(())
}

#[test]
#[should_panic(expected = "listed twice")]
fn a_transaction_is_listed_once() {
    let _ = Contract::new("item").submit("Capture", capture).evaluate("Capture", capture);
}

//! The chaincode of the scenarios, written for our shim. `../interop/chaincode.mjs` is the same chaincode for
//! Hyperledger's: names, arguments, results and refusals agree, so that no scenario knows which one it asks.

use std::sync::atomic::{AtomicU64, Ordering};

use fabric_contract::{CompositeKey, Context, Contract, EndorserPolicy, Failure, Router, Rows};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// The most rows that a scenario reads.
const ROWS_MAX: usize = 1_000;

type Answer<T> = Result<T, Failure>;

/// The chaincode as the peer of one organization runs it. Where the server may end, `crash` is how it learns that it
/// must.
pub fn router(organization: &str, crash: Option<UnboundedSender<()>>) -> Router {
    let (at, refusing, differing) = (organization.to_owned(), organization.to_owned(), organization.to_owned());
    let contract = Contract::new("peers")
        .evaluate("echo", |_: &mut Context, words: String| -> Answer<String> { Ok(words) })
        .evaluate("transients", transients)
        .evaluate("peer", move |_: &mut Context, (): ()| -> Answer<String> { Ok(at.clone()) })
        .evaluate("facts", facts)
        .submit("put", put)
        .evaluate("get", |context: &mut Context, key: String| present(context.get(&key)?, &key))
        .submit("delete", |context: &mut Context, key: String| -> Answer<()> { Ok(context.delete(&key)?) })
        .evaluate("range", range)
        .evaluate("page", page)
        .submit("fill", fill)
        .evaluate("history", history)
        .submit("putPart", put_part)
        .evaluate("parts", parts)
        .submit("event", event)
        .evaluate("fail", fail)
        .submit("failAfterWriting", fail_after_writing)
        .evaluate("panic", |_: &mut Context, (): ()| -> Answer<()> { panic!("this is how a mistake looks") })
        .submit("refuseAt", move |context: &mut Context, request| refuse_at(context, &request, &refusing))
        .submit("differ", move |context: &mut Context, key: String| differ(context, &key, &differing))
        .submit("putPrivate", put_private)
        .submit("putPrivateIn", put_private_in)
        .evaluate("getPrivate", get_private)
        .evaluate("hashPrivate", hash_private)
        .submit("deletePrivate", delete_private)
        .submit("purgePrivate", purge_private)
        .submit("revealPrivate", reveal_private)
        .submit("setEndorsers", set_endorsers)
        .evaluate("endorsers", endorsers)
        .submit("call", call);
    let contract = match crash {
        Some(server) => contract.evaluate("crash", move |context: &mut Context, (): ()| end(context, &server)),
        None => contract,
    };
    Router::new("Scenarios", "1").contract(contract)
}

/// Ends the server and is still there when the peer's stream goes.
fn end(context: &mut Context, server: &UnboundedSender<()>) -> Answer<()> {
    server.send(()).map_err(|_| refusal(500, "ended", "the server has ended"))?;
    for attempt in 0_u64.. {
        context.get(&format!("crash {attempt}"))?;
    }
    Ok(())
}

fn transients(context: &mut Context, (): ()) -> Answer<Value> {
    let names: Vec<String> = context.transient_names().map(str::to_owned).collect();
    let text = |name: &String| context.transient(name).map(|value| String::from_utf8_lossy(value).into_owned());
    Ok(names.iter().map(|name| (name.clone(), json!(text(name)))).collect::<Map<_, _>>().into())
}

fn facts(context: &mut Context, (): ()) -> Answer<Value> {
    Ok(json!({
        "channel": context.channel_id(), "transaction": context.tx_id(), "creator": context.creator().msp_id,
    }))
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    value: String,
}

fn put(context: &mut Context, request: Value) -> Answer<String> {
    let Entry { key, value } = read(request)?;
    context.put(&key, value.clone().into_bytes())?;
    Ok(value)
}

#[derive(Deserialize)]
struct Bounds {
    start: String,
    end: String,
    #[serde(default)]
    size: u32,
    #[serde(default)]
    bookmark: String,
}

fn range(context: &mut Context, request: Value) -> Answer<Value> {
    let Bounds { start, end, .. } = read(request)?;
    Ok(listed(context.range(&start, &end, ROWS_MAX)?))
}

fn page(context: &mut Context, request: Value) -> Answer<Value> {
    let Bounds { start, end, size, bookmark } = read(request)?;
    let page = context.page(&start, &end, size, &bookmark)?;
    let rows = listed(Rows { rows: page.rows, complete: true });
    Ok(json!({ "rows": rows, "bookmark": page.bookmark.unwrap_or_default() }))
}

fn fill(context: &mut Context, request: Value) -> Answer<()> {
    #[derive(Deserialize)]
    struct Many {
        prefix: String,
        count: u32,
    }
    let Many { prefix, count } = read(request)?;
    for number in 0..count {
        context.put(&format!("{prefix}{number}"), number.to_string().into_bytes())?;
    }
    Ok(())
}

fn history(context: &mut Context, key: String) -> Answer<Value> {
    let versions = context.history(&key, ROWS_MAX)?;
    let value = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(versions.into_iter().map(|version| json!(version.value.map(value))).collect::<Vec<_>>().into())
}

fn put_part(context: &mut Context, request: Value) -> Answer<()> {
    #[derive(Deserialize)]
    struct Part {
        whole: String,
        part: String,
        value: String,
    }
    let Part { whole, part, value } = read(request)?;
    Ok(context.put(&CompositeKey::new("part", &[&whole, &part])?, value.into_bytes())?)
}

fn parts(context: &mut Context, whole: String) -> Answer<Value> {
    let mut found = Vec::new();
    for row in context.scan(&CompositeKey::new("part", &[&whole])?, ROWS_MAX)? {
        let key = row.composite_key()?;
        let part = key.attributes().get(1).copied().unwrap_or_default().to_owned();
        found.push(json!({ "key": part, "value": String::from_utf8_lossy(&row.value) }));
    }
    Ok(found.into())
}

fn event(context: &mut Context, request: Value) -> Answer<()> {
    #[derive(Deserialize)]
    struct Event {
        name: String,
        payload: String,
    }
    let Event { name, payload } = read(request)?;
    Ok(context.set_event(&name, payload.into_bytes())?)
}

fn fail(_: &mut Context, request: Value) -> Answer<()> {
    #[derive(Deserialize)]
    struct Asked {
        status: u16,
        detail: String,
    }
    let Asked { status, detail } = read(request)?;
    Err(refusal(status, "asked", &detail))
}

fn fail_after_writing(context: &mut Context, key: String) -> Answer<()> {
    context.put(&key, b"never".to_vec())?;
    Err(refusal(409, "asked", "after a write"))
}

fn refuse_at(context: &mut Context, request: &Value, organization: &str) -> Answer<()> {
    let refusing = request["organizations"].as_array().is_some_and(|all| all.iter().any(|one| one == organization));
    if refusing {
        return Err(refusal(403, "asked", &format!("{organization} refuses")));
    }
    let key = request["key"].as_str().unwrap_or_default();
    Ok(context.put(key, b"accepted".to_vec())?)
}

/// What no chaincode may do: the outcome depends on who computes it.
fn differ(context: &mut Context, key: &str, organization: &str) -> Answer<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    Ok(context.put(key, format!("{organization} {count}").into_bytes())?)
}

#[derive(Deserialize)]
struct Secret {
    collection: String,
    key: String,
}

fn put_private(context: &mut Context, request: Value) -> Answer<()> {
    let Secret { collection, key } = read(request)?;
    let value = transient(context, "value")?;
    Ok(context.private(&collection).put(&key, value)?)
}

fn put_private_in(context: &mut Context, request: Value) -> Answer<()> {
    #[derive(Deserialize)]
    struct Several {
        collections: Vec<String>,
        key: String,
    }
    let Several { collections, key } = read(request)?;
    for collection in &collections {
        let value = transient(context, "value")?;
        context.private(collection).put(&key, value)?;
    }
    Ok(())
}

fn get_private(context: &mut Context, request: Value) -> Answer<String> {
    let Secret { collection, key } = read(request)?;
    present(context.private(&collection).get(&key)?, &key)
}

fn hash_private(context: &mut Context, request: Value) -> Answer<String> {
    let Secret { collection, key } = read(request)?;
    Ok(hex::encode(context.private(&collection).hash(&key)?.unwrap_or_default()))
}

fn delete_private(context: &mut Context, request: Value) -> Answer<()> {
    let Secret { collection, key } = read(request)?;
    Ok(context.private(&collection).delete(&key)?)
}

fn purge_private(context: &mut Context, request: Value) -> Answer<()> {
    let Secret { collection, key } = read(request)?;
    Ok(context.private(&collection).purge(&key)?)
}

fn reveal_private(context: &mut Context, request: Value) -> Answer<()> {
    let Secret { collection, key } = read(request)?;
    let value = present(context.private(&collection).get(&key)?, &key)?;
    Ok(context.put(&key, value.into_bytes())?)
}

fn set_endorsers(context: &mut Context, request: Value) -> Answer<()> {
    #[derive(Deserialize)]
    struct Endorsers {
        key: String,
        organizations: Vec<String>,
    }
    let Endorsers { key, organizations } = read(request)?;
    if organizations.is_empty() {
        return Ok(context.set_endorsers(&key, None)?);
    }
    let policy = EndorserPolicy::all_of(organizations.iter().map(String::as_str))?;
    Ok(context.set_endorsers(&key, Some(&policy))?)
}

fn endorsers(context: &mut Context, key: String) -> Answer<Value> {
    let Some(bytes) = context.endorsers(&key)? else { return Ok(json!([])) };
    let policy = EndorserPolicy::decode(&bytes).ok_or_else(|| refusal(500, "policy", "the policy cannot be read"))?;
    Ok(policy.msp_ids().collect())
}

fn call(context: &mut Context, request: Value) -> Answer<String> {
    #[derive(Deserialize)]
    struct Call {
        chaincode: String,
        function: String,
        argument: String,
    }
    let Call { chaincode, function, argument } = read(request)?;
    let answer = context.invoke(&chaincode, vec![function.into_bytes(), argument.into_bytes()], None)?;
    if answer.status >= 400 {
        return Err(refusal(424, "callee", &format!("{chaincode} said {}", answer.status)));
    }
    Ok(String::from_utf8_lossy(&answer.payload).into_owned())
}

fn listed(rows: Rows) -> Value {
    let row = |row: fabric_contract::Row| json!({ "key": row.key, "value": String::from_utf8_lossy(&row.value) });
    rows.into_iter().map(row).collect::<Vec<_>>().into()
}

fn present(value: Option<Vec<u8>>, key: &str) -> Answer<String> {
    let value = value.ok_or_else(|| refusal(404, "unknown", &format!("there is no {key}")))?;
    Ok(String::from_utf8_lossy(&value).into_owned())
}

fn transient(context: &Context, name: &str) -> Answer<Vec<u8>> {
    let missing = || refusal(400, "transient_missing", &format!("the transient field {name} is missing"));
    context.transient(name).map(<[u8]>::to_vec).ok_or_else(missing)
}

fn read<T: serde::de::DeserializeOwned>(request: Value) -> Answer<T> {
    serde_json::from_value(request).map_err(|error| refusal(400, "argument_malformed", &error.to_string()))
}

fn refusal(status: u16, code: &str, detail: &str) -> Failure {
    Failure::new(status, code, "The scenario is refused").with_detail(detail)
}

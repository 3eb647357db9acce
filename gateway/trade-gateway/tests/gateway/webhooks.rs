//! Webhooks through the gateway's routes, with a receiver on this machine.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use openssl::{hash::MessageDigest, pkey::PKey, rand::rand_bytes, sign::Signer};
use serde_json::{Value, json};
use trade_gateway::{Settings, client::Client, members::Members, settings::WebhookSettings, start_with};

use crate::{
    TestResult,
    double::Double,
    lists::{ALL, Indexed, invoice},
    organizations::{CUSTOMS, EXPORTER, Gateway, IMPORTER, Organizations, REGULATOR},
    receiver::{Received, Receiver},
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const HOOK: &str = "/v1/webhooks/erp";

/// Settings with which events may be sent to this machine, and are tried four times at once.
fn settings(organizations: &Organizations) -> Settings {
    let webhooks = WebhookSettings {
        authorities: Some(organizations.write_tls_authority()),
        networks: vec!["127.0.0.0/8".to_owned(), "::1/128".to_owned()],
        retry_seconds: vec![0, 0, 0],
    };
    Settings { webhooks, ..organizations.settings() }
}

fn started(organizations: &Organizations) -> Result<(Gateway, Indexed), Box<dyn std::error::Error>> {
    let double = Arc::new(Double::default());
    let gateway = organizations.start(settings(organizations), Arc::clone(&double) as Arc<_>, double);
    let mut indexed = Indexed::of(organizations)?;
    indexed.block(&ALL, Vec::new())?;
    Ok((gateway, indexed))
}

/// A block with so many events, named test.0, test.1, …
fn events(indexed: &mut Indexed, count: u32) -> TestResult {
    indexed.block(&[], (0..count).map(|number| vec![invoice(number, "2027-01-01")]).collect())
}

fn put(caller: &Client, body: &Value) -> Result<(u16, Value), Box<dyn std::error::Error>> {
    let headers = [("Content-Type", "application/json")];
    let answer = caller.send("PUT", HOOK, &headers, body.to_string().as_bytes())?;
    Ok((answer.status, answer.json()?))
}

fn post(caller: &Client, target: &str, body: &Value) -> Result<(u16, Value), Box<dyn std::error::Error>> {
    let answer = caller.send("POST", target, &[("Content-Type", "application/json")], body.to_string().as_bytes())?;
    Ok((answer.status, answer.json()?))
}

/// Reads the webhook until it is as wanted.
fn wait_until(caller: &Client, wanted: impl Fn(&Value) -> bool) -> Result<Value, Box<dyn std::error::Error>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let view = caller.get(HOOK)?.json()?;
        if wanted(&view) {
            return Ok(view);
        }
        if Instant::now() > deadline {
            return Err(format!("it stays {view}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ids(received: &[Received]) -> Vec<&str> {
    received.iter().map(Received::id).collect()
}

/// The signatures of a message that a receiver with this secret computes: by the specification, not by our code.
fn is_signed(message: &Received, secret: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let key = PKey::hmac(&BASE64.decode(secret.strip_prefix("whsec_").ok_or("a secret")?)?)?;
    let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
    signer.update(format!("{}.{}.", message.id(), message.header("webhook-timestamp")).as_bytes())?;
    signer.update(&message.body)?;
    let expected = format!("v1,{}", BASE64.encode(signer.sign_to_vec()?));
    Ok(message.header("webhook-signature").split(' ').any(|one| one == expected))
}

#[test]
fn events_arrive_signed_in_the_order_of_the_ledger() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = started(&organizations)?;
    events(&mut indexed, 2)?;
    let receiver = Receiver::start(&organizations.server_keys())?;
    let caller = gateway.caller(&organizations.member(REGULATOR));
    let (status, made) = put(&caller, &json!({"url": receiver.url("/hooks?of=trade"), "events": ["test.*"]}))?;
    assert_eq!((status, &made["state"]), (201, &json!("active")), "{made}");
    let secret = made["secret"].as_str().ok_or("a secret")?.to_owned();
    assert!(caller.get(HOOK)?.json()?.get("secret").is_none(), "it is told once");
    events(&mut indexed, 3)?;
    let received = receiver.wait_for(3)?;
    assert_eq!(ids(&received), ["2-0", "2-1", "2-2"], "from now on");
    for message in &received {
        assert!(is_signed(message, &secret)?);
        assert_eq!(message.path, "/hooks?of=trade");
        assert!(message.header("content-type").starts_with("application/cloudevents+json"));
    }
    let event: Value = serde_json::from_slice(&received[1].body)?;
    assert_eq!(
        (&event["specversion"], &event["id"], &event["type"]),
        (&json!("1.0"), &json!("2-1"), &json!("entrepot.test.1"))
    );
    assert_eq!(
        (&event["source"], &event["data"]["creator"]),
        (&json!("/channels/trade/chaincodes/entrepot"), &json!(EXPORTER))
    );

    // While the secret is changed, who knows only the former one still trusts what comes.
    let (status, changed) = post(&caller, &format!("{HOOK}/secret"), &json!({}))?;
    let fresh = changed["secret"].as_str().ok_or("a new secret")?.to_owned();
    assert!(status == 200 && fresh != secret);
    events(&mut indexed, 1)?;
    let last = receiver.wait_for(4)?.pop().ok_or("one more")?;
    assert!(is_signed(&last, &secret)? && is_signed(&last, &fresh)?);
    let view = wait_until(&caller, |view| view["after"] == "3-0")?;
    assert_eq!((&view["backlog"], &view["failures"]), (&json!(0), &json!(0)));
    Ok(())
}

#[test]
fn only_the_events_that_were_asked_for_are_sent() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = started(&organizations)?;
    let receiver = Receiver::start(&organizations.server_keys())?;
    let caller = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(put(&caller, &json!({"url": receiver.url("/"), "events": ["test.1"]}))?.0, 201);
    events(&mut indexed, 3)?;
    events(&mut indexed, 2)?;
    assert_eq!(ids(&receiver.wait_for(2)?), ["1-1", "2-1"]);
    // It goes over what is not wanted as well.
    wait_until(&caller, |view| view["after"] == "2-1")?;
    events(&mut indexed, 1)?;
    wait_until(&caller, |view| view["after"] == "3-0")?;
    assert_eq!(receiver.received().len(), 2);
    assert_eq!(put(&caller, &json!({"url": receiver.url("/all")}))?.0, 200);
    events(&mut indexed, 1)?;
    let received = receiver.wait_for(3)?;
    assert_eq!((received[2].id(), received[2].path.as_str()), ("4-0", "/all"), "it goes on where it is");
    Ok(())
}

#[test]
fn what_is_not_taken_is_tried_again_before_anything_else_is_sent() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = started(&organizations)?;
    let receiver = Receiver::start(&organizations.server_keys())?;
    let caller = gateway.caller(&organizations.member(IMPORTER));
    // A redirect is not followed: it could lead anywhere.
    let location = format!("Location: {}\r\n", receiver.url("/elsewhere"));
    receiver.plan(&[(500, ""), (307, &location), (429, "Retry-After: 0\r\n"), (200, "")]);
    assert_eq!(put(&caller, &json!({"url": receiver.url("/")}))?.0, 201);
    events(&mut indexed, 2)?;
    let received = receiver.wait_for(5)?;
    assert_eq!(ids(&received), ["1-0", "1-0", "1-0", "1-0", "1-1"]);
    assert!(received.iter().all(|message| message.path == "/"));
    wait_until(&caller, |view| view["after"] == "1-1" && view["state"] == "active")?;
    let log = caller.get(&format!("{HOOK}/deliveries"))?.json()?;
    let told: Vec<_> = log["deliveries"].as_array().into_iter().flatten().map(|one| one["status"].clone()).collect();
    assert_eq!(told, [204, 200, 429, 307, 500].map(|status| json!(status)));
    let page = caller.get(&format!("{HOOK}/deliveries?limit=2&before=4"))?.json()?;
    assert_eq!((&page["deliveries"][0]["number"], &page["next"]), (&json!(3), &json!(2)));
    Ok(())
}

#[test]
fn a_receiver_that_is_gone_gets_nothing_more_until_it_is_asked_for() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = started(&organizations)?;
    let receiver = Receiver::start(&organizations.server_keys())?;
    let caller = gateway.caller(&organizations.member(IMPORTER));
    assert_eq!(put(&caller, &json!({"url": receiver.url("/")}))?.0, 201);
    receiver.plan(&[(410, "")]);
    events(&mut indexed, 3)?;
    let view = wait_until(&caller, |view| view["state"] == "stopped")?;
    assert_eq!((&view["stopped"], &view["backlog"]), (&json!("gone"), &json!(3)));
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(post(&caller, &format!("{HOOK}/replay"), &json!({}))?.0, 200);
    assert_eq!(ids(&receiver.wait_for(4)?), ["1-0", "1-0", "1-1", "1-2"]);
    // Anything that was sent can be sent again.
    wait_until(&caller, |view| view["after"] == "1-2")?;
    assert_eq!(post(&caller, &format!("{HOOK}/replay"), &json!({"after": "1-0"}))?.0, 200);
    assert_eq!(ids(&receiver.wait_for(6)?)[4..], ["1-1", "1-2"]);
    wait_until(&caller, |view| view["after"] == "1-2")?;
    // And after the last try it stops by itself.
    receiver.plan(&[(500, ""); 4]);
    assert_eq!(post(&caller, &format!("{HOOK}/replay"), &json!({"after": "beginning"}))?.0, 200);
    let view = wait_until(&caller, |view| view["state"] == "stopped")?;
    assert_eq!((&view["stopped"], &view["failures"]), (&json!("given_up"), &json!(4)));
    assert_eq!(put(&caller, &json!({"url": receiver.url("/")}))?.0, 200);
    assert_eq!(ids(&receiver.wait_for(13)?)[10..], ["1-0", "1-1", "1-2"]);
    Ok(())
}

#[test]
fn an_event_of_a_block_that_is_not_read_yet_is_no_place_to_begin() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = started(&organizations)?;
    let receiver = Receiver::start(&organizations.server_keys())?;
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let is_refused = |(status, problem): (u16, Value)| {
        assert_eq!((status, &problem["code"]), (422, &json!("parameter_invalid")), "{problem}");
        assert_eq!(problem["fields"][0]["name"], "/after", "{problem}");
    };
    let body = |after: &str| json!({"url": receiver.url("/"), "after": after});
    is_refused(put(&caller, &body("1-0"))?);
    assert_eq!(caller.get(HOOK)?.status, 404);
    events(&mut indexed, 2)?;
    assert_eq!(put(&caller, &body("1-0"))?.0, 201);
    assert_eq!(ids(&receiver.wait_for(1)?), ["1-1"]);
    wait_until(&caller, |view| view["after"] == "1-1")?;
    is_refused(post(&caller, &format!("{HOOK}/replay"), &json!({"after": "2-0"}))?);
    events(&mut indexed, 1)?;
    assert_eq!(ids(&receiver.wait_for(2)?), ["1-1", "2-0"], "it stayed where it was");
    Ok(())
}

#[test]
fn a_webhook_is_its_organizations_own() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = started(&organizations)?;
    let receiver = Receiver::start(&organizations.server_keys())?;
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    let importer = gateway.caller(&organizations.member(IMPORTER));
    assert_eq!(put(&exporter, &json!({"url": receiver.url("/exporter")}))?.0, 201);
    assert_eq!(importer.get("/v1/webhooks")?.json()?["webhooks"], json!([]));
    for (method, target) in [
        ("GET", HOOK.to_owned()),
        ("DELETE", HOOK.to_owned()),
        ("POST", format!("{HOOK}/secret")),
        ("POST", format!("{HOOK}/replay")),
        ("GET", format!("{HOOK}/deliveries")),
    ] {
        let body: &[u8] = if target.ends_with("replay") { b"{}" } else { b"" };
        let refused = importer.send(method, &target, &[("Content-Type", "application/json")], body)?;
        let code = refused.json()?["code"].clone();
        assert_eq!((refused.status, code), (404, json!("webhook_unknown")), "{method} {target}");
    }
    // The same id is another webhook.
    assert_eq!(put(&importer, &json!({"url": receiver.url("/importer")}))?.0, 201);
    // An organization that has left the channel is told nothing more.
    indexed.block(&[EXPORTER, CUSTOMS, REGULATOR], vec![vec![invoice(1, "2027-01-01")]])?;
    receiver.wait_for(1)?;
    wait_until(&exporter, |view| view["after"] == "1-0")?;
    assert!(receiver.received().iter().all(|message| message.path == "/exporter"));
    assert_eq!(exporter.send("DELETE", HOOK, &[], b"")?.status, 204);
    assert_eq!(exporter.get(HOOK)?.status, 404);
    Ok(())
}

#[test]
fn an_address_that_leads_into_the_own_network_is_refused() -> TestResult {
    let organizations = Organizations::new();
    let double = Arc::new(Double::default());
    let guarded = Settings { webhooks: WebhookSettings::default(), ..settings(&organizations) };
    let gateway = organizations.start(guarded, Arc::clone(&double) as Arc<_>, double);
    Indexed::of(&organizations)?.block(&ALL, Vec::new())?;
    let caller = gateway.caller(&organizations.member(EXPORTER));
    for url in [
        "https://localhost/",
        "https://127.0.0.1:9443/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "http://1.1.1.1/",
        "https://user:pass@1.1.1.1/",
        "file:///etc/passwd",
    ] {
        let (status, refused) = put(&caller, &json!({"url": url}))?;
        assert_eq!((status, &refused["code"]), (422, &json!("webhook_url_refused")), "{url}");
        assert_eq!(refused["fields"][0]["name"], "/url", "{refused}");
    }
    for (body, status_and_field) in [
        (json!({"url": "https://1.1.1.1/", "events": ["*"]}), (422, "/events")),
        (json!({"url": "https://1.1.1.1/", "after": "yesterday"}), (422, "/after")),
        (json!({"url": "https://1.1.1.1/", "colour": "red"}), (400, "/colour")),
        (json!({}), (400, "")),
    ] {
        let (status, refused) = put(&caller, &body)?;
        let named = refused["fields"][0]["name"].as_str().unwrap_or_default();
        assert_eq!((status, named), status_and_field, "{refused}");
    }
    let long = format!("/v1/webhooks/{}", "x".repeat(65));
    assert_eq!(caller.get(&long)?.status, 422);
    Ok(())
}

#[test]
fn a_receiver_that_another_authority_vouches_for_is_told_nothing() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = started(&organizations)?;
    let receiver = Receiver::start(&Organizations::new().server_keys())?;
    let caller = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(put(&caller, &json!({"url": receiver.url("/")}))?.0, 201);
    events(&mut indexed, 1)?;
    wait_until(&caller, |view| view["stopped"] == "given_up")?;
    let log = caller.get(&format!("{HOOK}/deliveries"))?.json()?;
    let failure = log["deliveries"][0]["failure"].as_str().unwrap_or_default().to_owned();
    assert!(failure.starts_with("TLS: ") && failure.contains("certificate verify failed"), "{failure}");
    assert!(receiver.received().is_empty());
    Ok(())
}

/// The file with the settings of the gateway inside the child.
const CHILDS_SETTINGS: &str = "ENTREPOT_TEST_GATEWAY";

/// The gateway that is killed.
#[test]
#[ignore = "runs inside the other test, which kills it"]
fn inside_the_child() -> TestResult {
    let settings = Settings::load(Path::new(&std::env::var(CHILDS_SETTINGS)?))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let members = Members::load(&settings)?;
        let running = start_with(settings, members, Arc::new(Double::default())).await?;
        // Until it is killed; a parent that is gone closes the pipe.
        tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
        running.stop().await;
        Ok(())
    })
}

fn child(settings: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["--exact", "webhooks::inside_the_child", "--ignored", "--nocapture"])
        .env(CHILDS_SETTINGS, settings)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// A number below `bound`, by chance.
fn chance(bound: u64) -> Result<u64, Box<dyn std::error::Error>> {
    let mut bytes = [0; 8];
    rand_bytes(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes) % bound)
}

/// `WEBHOOK_KILLS` says how often the gateway is killed. Default: 20. There are 100 events for each kill.
#[test]
fn a_gateway_that_is_killed_at_any_moment_loses_no_event() -> TestResult {
    let kills: u64 = std::env::var("WEBHOOK_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let organizations = Organizations::new();
    let receiver = Receiver::start(&organizations.server_keys())?;
    let mut indexed = {
        let (gateway, indexed) = started(&organizations)?;
        let caller = gateway.caller(&organizations.member(EXPORTER));
        assert_eq!(put(&caller, &json!({"url": receiver.url("/")}))?.0, 201);
        indexed
    };
    let file = organizations.path("settings.json");
    std::fs::write(&file, serde_json::to_vec(&settings(&organizations))?)?;
    for _ in 0..kills {
        let mut gateway = child(&file)?;
        for _ in 0..10 {
            events(&mut indexed, 10)?;
        }
        // From while it starts to while it sends.
        std::thread::sleep(Duration::from_millis(chance(400)?));
        gateway.kill()?;
        gateway.wait()?;
    }
    let expected: Vec<String> =
        (1..=kills * 10).flat_map(|block| (0..10).map(move |place| format!("{block}-{place}"))).collect();
    let mut gateway = child(&file)?;
    let deadline = Instant::now() + PATIENCE * 5;
    let last = expected.last().ok_or("events")?;
    while !receiver.received().iter().any(|message| message.id() == last) {
        assert!(Instant::now() < deadline, "{} of {} came", receiver.received().len(), expected.len());
        std::thread::sleep(Duration::from_millis(50));
    }
    gateway.kill()?;
    gateway.wait()?;
    let received = receiver.received();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    let mut first = Vec::new();
    for message in &received {
        let count = times.entry(message.id()).or_default();
        *count += 1;
        if *count == 1 {
            first.push(message.id().to_owned());
        }
    }
    assert_eq!(first, expected, "each came, in the order of the ledger");
    let again = received.len() - expected.len();
    println!("{kills} kills, {} events, {again} of them twice", expected.len());
    assert!(again as u64 <= kills, "{again} came again after {kills} kills");
    Ok(())
}

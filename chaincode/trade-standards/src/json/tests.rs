//! Texts that survive a round trip, and texts that must be refused.

use super::*;

#[test]
fn numbers_names_and_order_survive_a_round_trip() {
    for text in [
        r#"{"b":1.10,"a":[true,false,null,-0.5e+3,"é\n\"\\"],"":{}}"#,
        "[]",
        "\"\u{1f600}\"",
        "12345678901234567890.000",
    ] {
        assert_eq!(Json::parse(text, 8).map(|value| value.to_string()).as_deref(), Ok(text));
    }
    assert_eq!(Json::parse(r#""\ud83d\ude00\u0041""#, 1), Ok(Json::Text("😀A".into())));
}

#[test]
fn a_field_keeps_its_numbers() -> Result<(), serde_json::Error> {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Record {
        event: Json,
    }
    let text = r#"{"event":{"b":0.1000000000000000055511151231257827,"a":[9007199254740993.0,1e-7]}}"#;
    let record: Record = serde_json::from_str(text)?;
    assert_eq!(serde_json::to_string(&record)?, text);
    assert!(serde_json::from_str::<Record>(r#"{"event":{"a":1,"a":2}}"#).is_err());
    let deep = format!("{{\"event\":{}{}}}", "[".repeat(65), "]".repeat(65));
    assert!(serde_json::from_str::<Record>(&deep).is_err());
    Ok(())
}

#[test]
fn malformed_texts_are_refused() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "01",
        "1.",
        ".5",
        "-",
        "1e",
        "+1",
        "nul",
        "\"\\x\"",
        "\"\\ud83d\"",
        "\"\\ud83d\\u0041\"",
        "\"\\udc00\"",
        "\"a\nb\"",
        "\"abc",
        "1 2",
        "{\"a\":1,\"a\":2}",
        "NaN",
    ] {
        assert!(Json::parse(text, 8).is_err(), "{text:?}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Json::parse(&nested(8), 8).is_ok());
    assert_eq!(Json::parse(&nested(9), 8), Err(JsonError::TooDeep { max: 8, position: 8 }));
    assert_eq!(Json::parse("1", 0), Ok(Json::Number("1".into())));
    assert!(Json::parse(&"[".repeat(1_000_000), 8).is_err());
}

#[test]
fn what_comes_from_outside_is_bounded_and_placed() {
    let limits = JsonLimits { bytes_max: 12, depth_max: 2, values_max: 4 };
    assert_eq!(Json::read(b"[1,[2,3]]", &limits), Err(JsonError::TooMany { max: 4, position: 6 }));
    assert_eq!(Json::read(b"[1,[2]]", &limits), Json::parse("[1,[2]]", 2));
    assert_eq!(Json::read(b"[1,2,3,4,5,6]", &limits), Err(JsonError::TooLong { max: 12 }));
    assert_eq!(Json::read(b"[\"\xff\"]", &limits), Err(JsonError::NotUtf8 { position: 2 }));
    assert_eq!(Json::read(br#"{"a":1,"a":2"#, &limits), Err(JsonError::RepeatedName { position: 10 }));
    let broken = b"{\"a\":\n x}";
    let position = Json::read(broken, &limits).map_err(|error| error.position());
    assert_eq!(position, Err(Some(7)));
    assert_eq!((line_and_column(broken, 7), line_and_column(broken, 0)), ((2, 2), (1, 1)));
}

#[test]
fn no_error_quotes_the_text() {
    for text in [r#"{"price":canary}"#, r#"{"canary":1,"canary":2}"#, r#"{"canary" 1}"#, "[\"canary\n\"]"] {
        let error = Json::parse(text, 8).expect_err(text).to_string();
        assert!(!error.contains("canary"), "{error}");
    }
}

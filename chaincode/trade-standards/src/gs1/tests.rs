//! Vectors of GS1 examples, and the properties the canonical form must have.

use super::*;

fn canonical(uri: &str) -> Result<String, &'static str> {
    match Gs1Uri::parse(uri) {
        Ok(Some(parsed)) => Ok(parsed.canonical().to_owned()),
        Ok(None) => Err("no GS1 URI"),
        Err(error) => Err(error.rule()),
    }
}

#[test]
fn epc_urns_become_canonical_links() {
    let table = [
        ("urn:epc:id:sgtin:4012345.011111.98%22", "/01/04012345111118/21/98%22"),
        ("urn:epc:id:sgtin:415056789012.0.987654", "/01/04150567890128/21/987654"),
        (
            "urn:epc:id:sgtin:0614141.812345.6789%2F%26%25%22!%3F()",
            "/01/80614141123458/21/6789%2F%26%25%22%21%3F%28%29",
        ),
        ("urn:epc:id:sscc:4012345.3111111111", "/00/340123451111111111"),
        ("urn:epc:id:sscc:4012345.0000000011", "/00/040123450000000115"),
        ("urn:epc:id:sgln:4012345.00005.122", "/414/4012345000054/254/122"),
        ("urn:epc:id:sgln:4012345.00005.0", "/414/4012345000054"),
        ("urn:epc:id:grai:4012345.00022.334455", "/8003/04012345000221334455"),
        ("urn:epc:id:giai:4012345.ABC345", "/8004/4012345ABC345"),
        ("urn:epc:id:gsrn:4012345.0000006765", "/8018/401234500000067657"),
        ("urn:epc:id:gsrnp:4012345.0000000007", "/8017/401234500000000074"),
        ("urn:epc:id:gdti:4012345.00009.PO-4711", "/253/4012345000092PO-4711"),
        ("urn:epc:id:gdti:987659999999..9", "/253/98765999999929"),
        ("urn:epc:id:cpi:0614141.11111111111111-A%23%2F.1234", "/8010/061414111111111111111-A%23%2F/8011/1234"),
        ("urn:epc:id:ginc:0614141.xyz47%2F11", "/401/0614141xyz47%2F11"),
        ("urn:epc:id:gsin:4012345.222333444", "/402/40123452223334442"),
        ("urn:epc:id:itip:4012345.011111.01.02.987", "/8006/040123451111180102/21/987"),
        ("urn:epc:id:upui:1234567.098765.51qIgY)%3C%26Jp3*j7SDB", "/01/01234567987651/235/51qIgY%29%3C%26Jp3%2Aj7SDB"),
        ("urn:epc:id:pgln:4000001.00000", "/417/4000001000005"),
        ("urn:epc:id:pgln:999999999999.", "/417/9999999999994"),
        ("urn:epc:class:lgtin:4012345.012345.Lot987", "/01/04012345123456/10/Lot987"),
        ("urn:epc:idpat:sgtin:4012345.012345.*", "/01/04012345123456"),
        ("urn:epc:idpat:grai:4012345.99999.*", "/8003/04012345999990"),
        ("urn:epc:idpat:gdti:4012345.11111.*", "/253/4012345111118"),
        ("urn:epc:idpat:sgcn:4012345.22222.*", "/255/4012345222227"),
        ("urn:epc:idpat:cpi:4012345.AB12.*", "/8010/4012345AB12"),
        ("urn:epc:idpat:itip:4012345.012345.01.02.*", "/8006/040123451234560102"),
        ("urn:epc:idpat:upui:4012345.012345.*", "/01/04012345123456"),
    ];
    for (urn, path) in table {
        assert_eq!(canonical(urn), Ok(format!("https://id.gs1.org{path}")), "{urn}");
    }
}

#[test]
fn links_on_any_domain_become_canonical_links() {
    let table = [
        ("https://id.gs1.org/gtin/09780345418913", "/01/09780345418913"),
        ("https://example.com/gtin/09780345418913/21/765tz?abc=211121", "/01/09780345418913/21/765tz"),
        ("http://example.de/gtin-8/01/96385074", "/01/00000096385074"),
        ("http://id.gs1.org/gtin/9780345418913", "/01/09780345418913"),
        ("https://id.gs1.org/gtin/9780345418913/cpv/344/lot/1223/ser/765tz", "/01/09780345418913/21/765tz"),
        ("https://id.gs1.org/gtin/9780345418913/cpv/344", "/01/09780345418913"),
        ("https://gs1.test.example.org/shop/01/9780345418913/10/1223#top", "/01/09780345418913/10/1223"),
        ("https://example.org:8443/01/9780345418913/10/01/21/5/", "/01/09780345418913/21/5"),
        ("https://id.gs1.org/414/4012345000054/254/12", "/414/4012345000054/254/12"),
        ("https://id.gs1.org/8004/0180451111ABC987", "/8004/0180451111ABC987"),
        ("https://id.gs1.org/8010/0628165987/8011/9876", "/8010/0628165987/8011/9876"),
        ("https://example.org/01/09780345418913/21/a!b%21%2a", "/01/09780345418913/21/a%21b%21%2A"),
    ];
    for (link, path) in table {
        assert_eq!(canonical(link), Ok(format!("https://id.gs1.org{path}")), "{link}");
    }
}

#[test]
fn broken_gs1_uris_are_refused_by_name() {
    let table = [
        ("https://id.gs1.org/01/09780345418914", "gs1_check_digit"),
        ("https://shop.example/01/09780345418914/21/1", "gs1_check_digit"),
        ("https://id.gs1.org/00/340123453111111116", "gs1_check_digit"),
        ("https://id.gs1.org/01/97803", "gs1_value"),
        ("https://id.gs1.org/01/09780345418913/99/utfgf", "gs1_qualifier"),
        ("https://id.gs1.org/01/09780345418913/8011/1", "gs1_qualifier"),
        ("https://id.gs1.org/01/09780345418913/21/1/10/2", "gs1_qualifier_order"),
        ("https://id.gs1.org/01/09780345418913/21/1/21/2", "gs1_qualifier_order"),
        ("https://id.gs1.org/01/09780345418913/10/1/235/2", "gs1_qualifier_order"),
        ("https://id.gs1.org/01/09780345418913/21/123456789012345678901", "gs1_value"),
        ("https://id.gs1.org/01/09780345418913/21/%2", "percent_encoding"),
        ("https://id.gs1.org/01/09780345418913/21/%00", "percent_encoding"),
        ("urn:epc:id:sgtin:4012345.01111.1", "epc_form"),
        ("urn:epc:id:sgtin:4012345.011111.", "epc_form"),
        ("urn:epc:id:sgtin:401234X.011111.1", "epc_form"),
        ("urn:epc:id:sgtin", "epc_form"),
        ("urn:epc:id:sscc:4012345.", "epc_form"),
        ("urn:epc:id:unknown:4012345.1", "epc_scheme_unknown"),
        ("urn:epc:raw:64.x1234", "epc_form"),
        ("urn:epc:tag:sgtin-96:1.4012345.011111.1", "epc_scheme_unknown"),
        ("urn:epc:idpat:sgtin:4012345.*.*", "epc_form"),
        ("urn:epc:id:gdti:4012345.00009.123456789012345678", "gs1_value"),
    ];
    for (uri, code) in table {
        assert_eq!(canonical(uri), Err(code), "{uri}");
    }
    assert_eq!(canonical(&format!("https://id.gs1.org/01/{}", "1".repeat(3000))), Err("uri_too_long"));
}

/// Every spelling of one serialised item, one lot and one place.
const SPELLINGS: &[(&str, &[&str])] = &[
    (
        "https://id.gs1.org/01/09521234543213/21/L1",
        &[
            "HTTPS://ID.GS1.ORG/01/09521234543213/21/L1",
            "http://id.gs1.org/01/09521234543213/21/L1",
            "https://id.gs1.org:443/01/09521234543213/21/L1",
            "https://id.gs1.org./01/09521234543213/21/L1",
            "https://id%2Egs1.org/01/09521234543213/21/L1",
            "HTTP://BRAND.EXAMPLE/01/09521234543213/21/L1",
            "https://user@brand.example:8443/shop/01/09521234543213/21/L1",
            "https://brand.example/%30%31/09521234543213/21/L1",
            "https://brand.example/01/%309521234543213/%32%31/%4c%31",
            "https://brand.example/01/9521234543213/21/L1",
            "https://brand.example/gtin/09521234543213/ser/L1",
            "https://brand.example/GTIN/9521234543213/Ser/L1",
            "https://brand.example//01//09521234543213/21/L1/",
            "https://brand.example/./01/09521234543213/x/../21/L1",
            "https://brand.example/10/2026/shop/01/09521234543213/21/L1",
            "https://brand.example/254/7/01/09521234543213/21/L1",
            "https://brand.example/%2e/01/09521234543213/21/L1",
            "https://brand.example/01/09521234543213/21/L1?linkType=gs1:pip&17=271231#top",
            "https://brand.example/01/09521234543213/22/v1/10/LOT7/21/L1",
            "urn:epc:id:sgtin:9521234.054321.L1",
            "URN:EPC:ID:SGTIN:9521234.054321.L1",
            "Urn:Epc:Id:Sgtin:95212345.04321.%4C1",
        ],
    ),
    (
        "https://id.gs1.org/01/09521234543213/10/LOT%2F7",
        &[
            "urn:epc:class:lgtin:9521234.054321.LOT%2F7",
            "URN:epc:CLASS:LGTIN:9521234.054321.LOT%2f7",
            "https://brand.example/01/09521234543213/10/LOT%2f7",
            "https://brand.example/gtin/9521234543213/LOT/%4cOT%2F7?x=1",
        ],
    ),
    (
        "https://id.gs1.org/414/4012345000054",
        &[
            "urn:epc:id:sgln:4012345.00005.0",
            "URN:EPC:ID:SGLN:4012345.00005.0",
            "https://id.gs1.org/414/4012345000054/254/0",
            "https://places.example/gln/4012345000054/glnx/0",
        ],
    ),
];

#[test]
fn every_spelling_of_a_key_is_one_key() -> Result<(), DigitalLinkError> {
    for (canonical, spellings) in SPELLINGS {
        assert_eq!(ObjectUri::parse(canonical)?.canonical(), *canonical);
        for spelling in *spellings {
            assert_eq!(ObjectUri::parse(spelling)?.canonical(), *canonical, "{spelling}");
        }
    }
    Ok(())
}

#[test]
fn what_names_a_key_and_is_no_link_is_refused_on_every_domain() {
    let table = [
        ("https://brand.example/01/09521234543213/21/L1/extra", "gs1_qualifier"),
        ("https://brand.example/01/09521234543213/21/L1/17/271231", "gs1_qualifier"),
        ("https://brand.example/01/09521234543213/17/271231/21/L1", "gs1_qualifier"),
        ("HTTPS://BRAND.EXAMPLE/%30%31/09521234543213/21/L1/extra", "gs1_qualifier"),
        ("https://brand.example/01/09521234543213?21=L1", "gs1_in_query"),
        ("https://brand.example/01/09521234543213/10/LOT7?x=1&%32%31=L1", "gs1_in_query"),
        ("https://brand.example/01/09521234543213?x=1;SER=L1", "gs1_in_query"),
        ("https://brand.example/item?01=09521234543213&21=L1", "gs1_in_query"),
        ("https://brand.example/01/95212345432/21/L1", "gs1_value"),
        ("https://brand.example/01/952123454321311", "gs1_value"),
        ("https://brand.example/gtin/abc/ser/L1", "gs1_value"),
        ("https://brand.example/8003/4012345000221", "gs1_value"),
        ("https://brand.example/8006/040123451111180302", "gs1_value"),
        ("https://brand.example/8010/0628165987/8011/09876", "gs1_value"),
        ("https://brand.example/01/09521234543213/21/%zz", "percent_encoding"),
        ("urn:example:%%341", "percent_encoding"),
        ("https://id.gs1.org/", "gs1_no_key"),
        ("HTTPS://ID.GS1.ORG/8013/1987654Ad4X4bL5ttr2310c2K", "gs1_no_key"),
        ("https://id.gs1.org/ARFKk4XB0CDKWcnpq", "gs1_no_key"),
        ("https://id.gs1.org?01=09521234543213", "gs1_no_key"),
        ("urn:epc:id:sgtin:9521234.054321..", "epc_form"),
        ("urn:epc:id:sgtin:9521234.054321.%2E.", "epc_form"),
        ("urn:epc:id:sgtin:9521234.054321.L1?=x", "epc_form"),
        ("urn:epc:id:sgtin:9521234.054321.L1#x", "epc_form"),
        ("https://id.gs1.org/21/L1/01/09521234543213", "gs1_qualifier_order"),
        ("https://id.gs1.org/21/L1/shop/01/09521234543213", "gs1_qualifier_order"),
        ("https://brand.example/21/L1/01/09521234543213", "gs1_qualifier_order"),
        ("https://brand.example/shop/ser/L1/gtin/09521234543213/10/LOT7", "gs1_qualifier_order"),
        ("ftp://id.gs1.org/01/09521234543213/21/L1", "gs1_scheme"),
        ("FTP://ID.GS1.ORG:21/01/09521234543213/21/L1", "gs1_scheme"),
        ("ws://id.gs1.org/", "gs1_scheme"),
        ("https:/id.gs1.org/01/09521234543213/21/L1", "not_a_uri"),
        ("https:id.gs1.org/01/09521234543213/21/L1", "not_a_uri"),
        ("https:///01/09521234543213/21/L1", "not_a_uri"),
    ];
    for (uri, rule) in table {
        assert_eq!(ObjectUri::parse(uri).map_err(|error| error.rule()), Err(rule), "{uri}");
    }
}

#[test]
fn uris_without_a_key_have_one_normal_form() -> Result<(), DigitalLinkError> {
    for (text, normal) in [
        ("URN:UUID:374D95FC-9457-4A51-BD6A-0BBA133845A8", "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"),
        ("URN:EPC:ID:IMOVN:9176187", "urn:epc:id:imovn:9176187"),
        ("urn:epc:id:BIC:CSQU3054383", "urn:epc:id:bic:CSQU3054383"),
        ("URN:Example:A%2fb%41", "urn:example:A%2FbA"),
        ("HTTPS://Example.COM/Path?Q=%7e", "https://example.com/Path?Q=~"),
        ("Geo:47.5,11.1", "geo:47.5,11.1"),
        ("https://blog.example/2026/01/22", "https://blog.example/2026/01/22"),
        ("https://blog.example/2026/01/22/10/30", "https://blog.example/2026/01/22/10/30"),
    ] {
        let parsed = ObjectUri::parse(text)?;
        assert_eq!((parsed.canonical(), parsed.text()), (normal, text));
        assert_eq!(ObjectUri::parse(normal)?.canonical(), normal);
    }
    Ok(())
}

#[test]
fn event_hashes_do_not_depend_on_what_is_forgiven() {
    for uri in ["HTTPS://ID.GS1.ORG/01/09521234543213/21/L1", "URN:EPC:ID:SGTIN:9521234.054321.L1"] {
        assert_eq!(Gs1Uri::parse_form_only(uri), None, "{uri}");
    }
}

#[test]
fn other_uris_are_objects_as_they_stand() -> Result<(), DigitalLinkError> {
    for uri in [
        "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        "urn:epcglobal:cbv:bt:4012345000009:ASN1099",
        "geo:47.506694,11.104301",
        "https://example.com/abc/9780345418913",
        "http://example.org/123/4012345ABC987/456/4711",
        "https://example.com/01/short",
        "https://example.com/401/ab",
        "urn:epc:id:imovn:9176187",
    ] {
        let parsed = ObjectUri::parse(uri)?;
        assert_eq!((parsed.canonical(), parsed.gs1().is_none()), (uri, true), "{uri}");
    }
    for text in ["", "plain", "two words:x", "1ab:c", "a:", "urn:x:\u{7f}", "urn:ü", "a:<b>"] {
        assert_eq!(ObjectUri::parse(text), Err(DigitalLinkError::NotAUri), "{text:?}");
    }
    Ok(())
}

#[test]
fn the_parts_of_an_item_can_be_asked_for() -> Result<(), DigitalLinkError> {
    let item = Gs1Uri::parse("https://brand.example/01/04012345111118/22/v1/10/L%2F7/21/98%22")?.expect("a GS1 URI");
    assert_eq!(item.key(), Gs1Key::Gtin);
    assert_eq!(item.value(), "04012345111118");
    assert_eq!((item.lot(), item.serial(), item.qualifier("22")), (Some("L/7"), Some("98\""), Some("v1")));
    assert!(item.is_instance());
    assert_eq!(item.canonical(), "https://id.gs1.org/01/04012345111118/21/98%22");
    assert_eq!(item.full(), "https://id.gs1.org/01/04012345111118/22/v1/10/L%2F7/21/98%22");
    assert_eq!(item.class(), "https://id.gs1.org/01/04012345111118");
    let lot = Gs1Uri::parse("urn:epc:class:lgtin:4012345.012345.998877")?.expect("a GS1 URI");
    assert!(!lot.is_instance());
    Ok(())
}

#[test]
fn the_canonical_form_is_its_own_canonical_form() -> Result<(), DigitalLinkError> {
    for uri in [
        "urn:epc:id:sgtin:0614141.812345.6789%2F%26%25%22!%3F()",
        "urn:epc:id:gdti:4012345.00009.PO-4711",
        "urn:epc:id:cpi:0614141.11111111111111-A%23%2F.1234",
        "urn:epc:id:sgln:4012345.00005.122",
    ] {
        let once = ObjectUri::parse(uri)?;
        let twice = ObjectUri::parse(once.canonical())?;
        assert_eq!(once.canonical(), twice.canonical(), "{uri}");
    }
    Ok(())
}

#[test]
fn the_lenient_reading_keeps_wrong_check_digits_and_drops_what_has_no_form() {
    let read = |uri: &str| Gs1Uri::parse_form_only(uri).map(|parsed| parsed.canonical().to_owned());
    let wrong = "http://example.de/gtin-8/01/97803111";
    assert_eq!(read(wrong).as_deref(), Some("https://id.gs1.org/01/00000097803111"));
    for uri in
        ["http://id.gs1.org/01/9780345418913/99/utfgf", "http://id.gs1.org/99/9780345418913", "Hello World!", "42"]
    {
        assert_eq!(read(uri), None, "{uri}");
    }
}

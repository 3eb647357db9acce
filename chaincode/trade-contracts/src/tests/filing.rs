//! `customs`: what is refused when a tariff is published, a declaration filed or decided, and what readers are told.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{Assess, ClassifyProduct, FileDeclaration, PublishTariff, ReadClassification, ReadTariff};
use trade_standards::time::UtcTime;

use super::customs::{DEC, DECLARED, branded, file, goods, tariff};
use super::voting::member;
use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn what_a_company_stated_is_no_statement_of_the_next_one_that_has_its_prefix() {
    let mut world = branded();
    world.classify(EXPORTER).expect("its own product");
    for (company, prefixes) in [(EXPORTER, json!([])), (SECOND_MAKER, json!(["4012345"]))] {
        let member = member(&mut world, company).with("gs1_company_prefixes", prefixes);
        world.decide(&json!({ "kind": "amend", "member": member })).expect("all agree");
    }
    let question = json!({ "gtin": GTIN });
    let unknown = world.evaluate(BANK, ReadClassification::NAME, &question).expect_err("not stated by this one");
    assert_eq!(unknown.code, "customs.classification_unknown");
    world.classify(SECOND_MAKER).expect("its own product now");
    let read = world.evaluate(BANK, ReadClassification::NAME, &question).expect("stated");
    assert_eq!((&read["stated"]["by"], &read["authenticated"]), (&json!(SECOND_MAKER), &json!(true)));
}

fn publish(world: &mut World, request: &Value) -> Answer {
    world.submit(CUSTOMS, "customs:PublishTariff", request)
}

fn file_changed(world: &mut World, field: &str, value: &str) -> Answer {
    world.consignment();
    let (request, _) = world.declared(goods(), DECLARED);
    world.submit(IMPORTER, FileDeclaration::NAME, &request.with(field, value))
}

/// With a second band for some of the goods of the first.
fn with_second_band(least: &str) -> Value {
    let mut tariff = tariff();
    let second = tariff["bands"][0].clone().with("band_id", "second").with("hs_prefix", "610910");
    let second = second.with("value_min_minor", least).with("value_max_minor", "900000");
    tariff["bands"].as_array_mut().expect("a list").push(second);
    tariff
}

fn with_band(field: &str, value: &str) -> Value {
    let mut request = tariff();
    request["bands"][0][field] = value.into();
    request
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("customs:PublishTariff", [publish_rows(), narrow_rows()].concat()),
        (ClassifyProduct::NAME, classify_rows()),
        (
            ReadClassification::NAME,
            vec![row("nothing stated", "customs.classification_unknown", |w| {
                w.evaluate(BANK, ReadClassification::NAME, &json!({ "gtin": GTIN }))
            })],
        ),
        (FileDeclaration::NAME, file_rows()),
        (Assess::NAME, assess_rows()),
        (
            ReadTariff::NAME,
            vec![
                row("no tariff", "customs.tariff_unknown", |w| {
                    w.evaluate(BANK, ReadTariff::NAME, &json!({ "tariff_id": "CustomsMSP/x" }))
                }),
                row("no version", "customs.tariff_unknown", |w| {
                    publish(w, &tariff())?;
                    w.evaluate(BANK, ReadTariff::NAME, &json!({ "tariff_id": "CustomsMSP/DE-TARIFF", "version": 2 }))
                }),
                row("before it began", "customs.no_tariff_in_force", |w| {
                    publish(w, &tariff())?;
                    w.evaluate(
                        BANK,
                        ReadTariff::NAME,
                        &json!({ "tariff_id": "CustomsMSP/DE-TARIFF", "on": "2025-12-31" }),
                    )
                }),
            ],
        ),
        (
            "customs:ReadDeclaration",
            vec![row("no declaration", "customs.declaration_unknown", |w| {
                w.evaluate(BANK, "customs:ReadDeclaration", &json!({ "declaration_id": "ImporterMSP/x" }))
            })],
        ),
        (
            "customs:ReadDecision",
            vec![
                row("no declaration", "customs.declaration_unknown", |w| {
                    w.evaluate(BANK, "customs:ReadDecision", &json!({ "declaration_id": "ImporterMSP/x" }))
                }),
                row("no decision", "customs.decision_unknown", |w| {
                    file(w, goods())?;
                    w.evaluate(BANK, "customs:ReadDecision", &json!({ "declaration_id": DEC }))
                }),
            ],
        ),
        (
            "customs:Replay",
            vec![
                row("no decision", "customs.decision_unknown", |w| {
                    file(w, goods())?;
                    w.evaluate(BANK, "customs:Replay", &json!({ "declaration_id": DEC }))
                }),
                row("a day without a tariff", "customs.no_tariff_in_force", |w| {
                    file(w, goods())?;
                    w.assess()?;
                    w.evaluate(BANK, "customs:Replay", &json!({ "declaration_id": DEC, "on": "2020-01-01" }))
                }),
            ],
        ),
    ]
}

fn publish_rows() -> Vec<Row> {
    vec![
        row("a first version", "", |w| publish(w, &tariff())),
        row("a second version", "", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("version", 2))
        }),
        row("by an importer", "caller.role_missing", |w| w.submit(IMPORTER, "customs:PublishTariff", &tariff())),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, "customs:PublishTariff", &tariff())
        }),
        row("the third after the first", "customs.tariff_version_not_next", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("version", 3))
        }),
        row("every other day its own version", "customs.tariff_calendar_full", |w| {
            let mut answer = publish(w, &tariff());
            for version in 2..=251 {
                let day = UtcTime::from_unix(START + i64::from(version) * 2 * 86_400, 0).expect("this decade").date();
                let one_day = json!({ "from": day, "until": day });
                answer = publish(w, &tariff().with("version", version).with("validity", one_day));
            }
            answer
        }),
        row("another authority's", "customs.not_the_authority_of", |w| {
            publish(w, &tariff())?;
            w.submit(SECOND_CUSTOMS, PublishTariff::NAME, &tariff().with("version", 2))
        }),
        row("another country", "customs.tariff_of_another", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("version", 2).with("jurisdiction", "FR"))
        }),
        row("another procedure", "customs.tariff_of_another", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("version", 2).with("procedure", "transit"))
        }),
        row("a tariff for transit beside it", "", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("tariff_id", "DE-TRANSIT").with("procedure", "transit"))
        }),
        row("a second tariff of a country", "customs.second_tariff", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("tariff_id", "DE-LENIENT"))
        }),
        row("under an id that another authority has for its own", "", |w| {
            publish(w, &tariff())?;
            w.submit(SECOND_CUSTOMS, PublishTariff::NAME, &tariff().with("jurisdiction", "US"))
        }),
        row("a lenient tariff by a foreign authority", "customs.not_the_authority_of", |w| {
            w.submit(SECOND_CUSTOMS, PublishTariff::NAME, &tariff().with("tariff_id", "DE-LENIENT"))
        }),
        row("a blank id", "request.id_malformed", |w| publish(w, &tariff().with("tariff_id", ""))),
        row("without a source", "request.text_malformed", |w| publish(w, &tariff().with("source", ""))),
        row("an unknown currency", "identifier.not_listed", |w| publish(w, &tariff().with("currency", "XXX"))),
        row("a currency of two letters", "identifier.malformed", |w| publish(w, &tariff().with("currency", "EU"))),
        row("over before it begins", "request.period_disordered", |w| {
            publish(w, &tariff().with("validity", json!({ "from": "2026-01-02", "until": "2026-01-01" })))
        }),
        row("without bands", "request.empty", |w| publish(w, &tariff().with("bands", json!([])))),
        row("without rules", "request.empty", |w| publish(w, &tariff().with("rules", json!([])))),
        row("501 bands", "request.too_many", |w| {
            let band = tariff()["bands"][0].clone();
            publish(w, &tariff().with("bands", vec![band; 501]))
        }),
        row("a band twice", "request.duplicate", |w| publish(w, &with_band("band_id", "watches"))),
        row("a band that ends where it begins", "customs.band_invalid", |w| {
            publish(w, &with_band("value_max_minor", "100000"))
        }),
        row("a band in fractions", "request.number_malformed", |w| publish(w, &with_band("value_max_minor", "1.5"))),
        row("a band above 2^48", "customs.band_invalid", |w| {
            publish(w, &with_band("value_max_minor", "281474976710656"))
        }),
        row("a chapter that does not exist", "customs.hs_code_malformed", |w| {
            publish(w, &with_band("hs_prefix", "77"))
        }),
        row("a chapter of three digits", "customs.hs_code_malformed", |w| publish(w, &with_band("hs_prefix", "610"))),
    ]
}

/// Bands that would tell too much of a value.
fn narrow_rows() -> Vec<Row> {
    vec![
        row("a band one cent wide", "customs.band_too_narrow", |w| publish(w, &with_band("value_max_minor", "100001"))),
        row("a band of a tenth", "", |w| publish(w, &with_band("value_max_minor", "111112"))),
        row("a band of a tenth but for a minor unit", "customs.band_too_narrow", |w| {
            publish(w, &with_band("value_max_minor", "111111"))
        }),
        row("a band of less than a tenth", "customs.band_too_narrow", |w| {
            publish(w, &with_band("value_max_minor", "111110"))
        }),
        row("two bands that share one value", "customs.bands_overlap", |w| publish(w, &with_second_band("500000"))),
        row("two bands side by side", "", |w| publish(w, &with_second_band("500001"))),
    ]
}

fn file_rows() -> Vec<Row> {
    vec![
        row("a consignment", "", |w| file(w, goods())),
        row("by the exporter", "caller.role_missing", |w| filed_by(w, EXPORTER)),
        row("by the regulator", "caller.regulator_reads_only", |w| filed_by(w, REGULATOR)),
        row("an id that is taken", "customs.declaration_exists", |w| {
            file(w, goods())?;
            w.file(goods())
        }),
        row("goods that another declaration has", "customs.declared_before", |w| {
            file(w, goods())?;
            w.file(goods().with("declaration_id", "dec-2"))
        }),
        row("goods that an authority holds", "customs.item_held", |w| {
            file(w, goods())?;
            w.hold(CUSTOMS, "DE", &[pallet(1)])?;
            w.file(goods().with("declaration_id", "dec-2"))
        }),
        row("51 trade items", "customs.too_many_products", super::clearance::fifty_one_trade_items),
        row("a blank id", "request.id_malformed", |w| file_changed(w, "declaration_id", "a b")),
        row("without items", "request.empty", |w| file(w, goods().with("items", json!([])))),
        row("an item that is none", "item.id_malformed", |w| file(w, goods().with("items", json!(["x"])))),
        row("a heading for a code", "customs.hs_code_malformed", |w| file(w, goods().with("hs_code", "6109"))),
        row("a quantity of nothing", "request.number_malformed", |w| file(w, goods().with("quantity", "0.000"))),
        row("a quantity in words", "request.number_malformed", |w| file(w, goods().with("quantity", "two"))),
        row("a unit in small letters", "customs.unit_malformed", |w| file(w, goods().with("unit", "kg"))),
        row("a licence without its right", "customs.licence_without_right", |w| file(w, goods().without("right_id"))),
        row("an unknown right", "rights.right_unknown", |w| file(w, goods().with("right_id", "EM-mark-9"))),
        row("an unknown licence", "rights.licence_unknown", |w| file(w, goods().with("licence_id", "none"))),
        row("another tariff", "customs.tariff_not_of_destination", |w| {
            file(w, goods().with("tariff_id", "CustomsMSP/none"))
        }),
        row("an outdated version", "customs.tariff_not_in_force", |w| {
            w.consignment();
            publish(w, &tariff().with("version", 2))?;
            w.file(goods())
        }),
        row("a tariff that has not begun", "customs.no_tariff_in_force", |w| {
            publish(w, &tariff().with("validity", json!({ "from": "2027-01-01" })))?;
            w.licensed();
            w.file(goods())
        }),
        row("a destination without a tariff", "customs.no_tariff_for_procedure", |w| {
            file(w, goods().with("destination", "FR"))
        }),
        row("a procedure without a tariff", "customs.no_tariff_for_procedure", |w| {
            file(w, goods().with("procedure", "transit"))
        }),
        row("to itself, by an authority that trades", "customs.own_authority", |w| {
            super::authorship::change_members(w, |members| {
                let list = members["members"].as_array_mut().expect("a list");
                let authority = list.iter_mut().find(|member| member["msp_id"] == CUSTOMS).expect("it is listed");
                authority["roles"] = json!(["customs", "seller"]);
            });
            w.consignment();
            let (request, _) = w.declared(goods(), super::customs::DECLARED);
            w.submit(CUSTOMS, FileDeclaration::NAME, &request)
        }),
        row("a destination without an authority", "customs.no_authority", |w| {
            file(w, goods().with("destination", "JP"))
        }),
        row("the tariff of another destination", "customs.tariff_not_of_destination", |w| {
            let lenient = tariff().with("tariff_id", "US-TARIFF").with("jurisdiction", "US");
            w.submit(SECOND_CUSTOMS, PublishTariff::NAME, &lenient)?;
            file(w, goods().with("tariff_id", format!("{SECOND_CUSTOMS}/US-TARIFF")))
        }),
        row("a lenient version that others made up", "customs.tariff_unauthenticated", |w| {
            w.consignment();
            let published = w.evaluate(BANK, ReadTariff::NAME, &json!({ "tariff_id": "CustomsMSP/DE-TARIFF" }))?;
            assert_eq!(published["authenticated"], true);
            let mut lenient = published.without("authenticated");
            lenient["rules"].as_array_mut().expect("a list").truncate(1);
            w.forge("Tariff", &lenient)?;
            let read = w.evaluate(BANK, ReadTariff::NAME, &json!({ "tariff_id": "CustomsMSP/DE-TARIFF" }))?;
            assert_eq!(read["authenticated"], false);
            w.file(goods())
        }),
        row("another currency", "customs.currency_differs", |w| file(w, goods().with("currency", "USD"))),
        row("an unknown currency", "identifier.not_listed", |w| file(w, goods().with("currency", "ZZZ"))),
        row("an unknown band", "customs.band_unknown", |w| file(w, goods().with("band_id", "none"))),
        row("a band for watches", "customs.band_for_other_goods", |w| file(w, goods().with("band_id", "watches"))),
        row("a commitment that is none", "proof.commitment_malformed", |w| file_changed(w, "value_commitment", "00")),
        row("a proof that is none", "proof.malformed", |w| file_changed(w, "value_proof", "AAAA")),
        row("another value's commitment", "proof.rejected", |w| {
            let other = w.opening(DECLARED).commitment().to_hex();
            file_changed(w, "value_commitment", &other)
        }),
        row("the proof of another declaration", "proof.of_another_record", |w| {
            w.consignment();
            let (first, _) = w.declared(goods(), DECLARED);
            w.submit(IMPORTER, FileDeclaration::NAME, &first)?;
            w.submit(IMPORTER, FileDeclaration::NAME, &first.with("declaration_id", "dec-2"))
        }),
    ]
}

fn filed_by(world: &mut World, who: &str) -> Answer {
    let (request, _) = world.declared(goods(), DECLARED);
    world.submit(who, FileDeclaration::NAME, &request)
}

fn classify_rows() -> Vec<Row> {
    vec![
        row("by the member whose prefix it has", "", |w| {
            *w = branded();
            w.classify(EXPORTER)
        }),
        row("by another maker", "customs.product_of_another", |w| {
            *w = branded();
            w.classify(SECOND_MAKER)
        }),
        row("of a prefix that nobody has named", "customs.product_of_another", |w| w.classify(EXPORTER)),
        row("by the importer", "caller.role_missing", |w| w.classify(IMPORTER)),
        row("by the regulator", "caller.regulator_reads_only", |w| w.classify(REGULATOR)),
    ]
}

fn assess_rows() -> Vec<Row> {
    vec![
        row("a declaration", "", |w| {
            file(w, goods())?;
            w.assess()
        }),
        row("by the importer", "caller.role_missing", |w| {
            w.submit(IMPORTER, Assess::NAME, &json!({ "declaration_id": DEC }))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, Assess::NAME, &json!({ "declaration_id": DEC }))
        }),
        row("a declaration in the importer's name", "customs.declaration_unauthenticated", |w| {
            super::authorship::assess_a_forged_declaration(w)
        }),
        row("by another authority", "customs.not_the_authority", |w| {
            file(w, goods())?;
            w.submit(SECOND_CUSTOMS, Assess::NAME, &json!({ "declaration_id": DEC }))
        }),
        row("nothing filed", "customs.declaration_unknown", |w| w.assess()),
        row("again while nobody has approved", "", |w| {
            file(w, goods())?;
            w.assess()?;
            w.assess()
        }),
        row("after the goods were released", "customs.already_decided", |w| {
            file(w, goods())?;
            w.assess()?;
            w.approve(1)?;
            w.assess()
        }),
        row("2700 pieces", "customs.consignment_too_large", |w| {
            w.consignment();
            let pallets = super::item::three_full_pallets(w, 10)?;
            w.file(goods().with("items", pallets))?;
            w.assess()
        }),
    ]
}

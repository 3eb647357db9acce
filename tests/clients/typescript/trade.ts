// One shipment, from its serial number to its payment, by a client whose types openapi-typescript has made.
//
//     node built/trade.js NETWORK GATEWAY
//
// NETWORK is the folder of a network that `entrepot up` has started and that has no members yet, GATEWAY its address
// (https://host:port). `gateway.d.ts` is what the generator has made of `entrepot openapi`; the package `entrepot-proofs`
// makes commitments and proofs in this process. Every caller shows its client certificate.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Desk, type Opening } from "entrepot-proofs";
import createClient, { type Client } from "openapi-fetch";
import { Agent, fetch as undiciFetch, type RequestInit } from "undici";
import type { components, paths } from "./gateway.js";

type Schemas = components["schemas"];
type Gateway = Client<paths>;

// The goods. The GTIN's prefix 952 is GS1's own, for examples.
const ITEM = "https://id.gs1.org/01/09521234543213/21/TS-1";
const PLANT = "https://id.gs1.org/414/9521234000006";
// What the goods cost and what arrives after the bank's charge, in cents.
const PRICE_MINOR = 1_284_450;
const PAID_MINOR = 1_284_000;

class Refused extends Error {}

/** What an answer can be but a step to sign, or an operation whose outcome is not known yet. */
type Finished<T> = T extends Schemas["SigningStep"] ? never : Schemas["OperationView"] extends T ? never : T;

/** The answer, when it is neither a problem nor unfinished. */
function done<T>(answer: { data?: T; error?: unknown; response: Response }): Finished<T> {
    if (answer.data === undefined || answer.response.status === 202) {
        throw new Refused(`${answer.response.status} ${JSON.stringify(answer.error ?? answer.data)}`);
    }
    return answer.data as Finished<T>;
}

/** A new idempotency key. A program that may be stopped keeps it with the request, and retries with it. */
const fresh = () => ({ "Idempotency-Key": randomUUID() });

/** The header of a write. */
const write = () => ({ header: fresh() });

/** A write about the record that a party and an id name. */
const about = (party: string, id: string) => ({ path: { party, id }, header: fresh() });

/** The record that a party and an id name. */
const read = (party: string, id: string) => ({ path: { party, id } });

/** A write that changes this record as it was read: what others can change too is changed only as it was seen. */
function seen(party: string, id: string, { response }: { response: Response }) {
    const tag = response.headers.get("ETag") ?? "";
    return { path: { party, id }, header: { ...fresh(), "If-Match": tag } };
}

const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

/** A client that shows the user's certificate. */
function enter(network: string, gateway: string, name: string, user = "User1"): Gateway {
    const organizations = join(network, "crypto", "peerOrganizations");
    const only = (...folder: string[]) => {
        const path = join(organizations, ...folder);
        const names = readdirSync(path);
        return readFileSync(join(path, names.find((name) => name.endsWith(".pem")) ?? names[0] ?? ""));
    };
    const domain = `${name}.entrepot.example`;
    const msp = [domain, "users", `${user}@${domain}`, "msp"];
    const connect = {
        ca: only("exporter.entrepot.example", "tlsca"),
        cert: only(...msp, "signcerts"),
        key: only(...msp, "keystore"),
    };
    const dispatcher = new Agent({ connect });
    return createClient<paths>({
        baseUrl: gateway,
        fetch: async (request: Request) => {
            const init: RequestInit = { method: request.method, headers: [...request.headers], dispatcher };
            if (request.body !== null) {
                init.body = await request.arrayBuffer();
            }
            return (await undiciFetch(request.url, init)) as unknown as Response;
        },
    });
}

/** Commitments and proofs, and what opens them. A program that may be stopped writes each opening to a file first. */
class Secrets {
    private readonly openings = new Map<string, Opening>();

    /** The commitment to an amount and, where it comes from a document, that document's salted digest. */
    commit(name: string, minor: number, document?: string): [string, string] {
        const committed = new Desk().commit(minor, document);
        this.openings.set(name, committed.opening);
        return [committed.commitment, committed.document_digest ?? ""];
    }

    opening(name: string): Opening {
        const opening = this.openings.get(name);
        assert.ok(opening, name);
        return opening;
    }

    keep(name: string, opening: Opening): void {
        this.openings.set(name, opening);
    }

    /** The request with its proof. */
    prove<T extends object>(request: Partial<T>, openings: string[], records: object[], mspId: string): T {
        return new Desk({ mspId }).prove<T>(request, openings.map((name) => this.opening(name)), records);
    }
}

type Parties = Record<"exporter" | "importer" | "logistics" | "bank" | "customs" | "officer1" | "officer2", Gateway>;

/** One organization proposes who is a member, and each of them confirms. */
async function founded(parties: Parties): Promise<void> {
    const members: Schemas["Member"][] = [
        { msp_id: "ExporterMSP", name: "Aurora Timepieces Ltd", country: "CN", roles: ["maker", "seller"], gs1_company_prefixes: ["9521234"] },
        { msp_id: "ImporterMSP", name: "Hanse Import GmbH", country: "DE", roles: ["seller"] },
        { msp_id: "LogisticsMSP", name: "Silk Road Carriers", country: "CN", roles: ["carrier"] },
        { msp_id: "BankMSP", name: "Handelsbank", country: "DE", roles: ["bank"] },
        { msp_id: "CustomsMSP", name: "Customs authority", country: "DE", roles: ["customs"], jurisdictions: ["DE"] },
    ];
    const { exporter, importer, logistics, bank, customs } = parties;
    const proposed = done(await exporter.POST("/v1/foundings", { params: write(), body: { members } }));
    const { proposer, list_sha256: list } = proposed.result.name;
    let state = proposed.result;
    for (const founder of [exporter, importer, logistics, bank, customs]) {
        const params = { path: { proposer, list }, header: fresh() };
        state = done(await founder.POST("/v1/foundings/{proposer}/{list}/confirm", { params, body: {} })).result;
    }
    assert.ok(state.in_force, "all have confirmed");
}

/** The maker puts the goods into use (EPCIS 2.0). */
async function captured({ exporter }: Parties): Promise<void> {
    const document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        type: "EPCISDocument",
        schemaVersion: "2.0",
        creationDate: `${day(-2)}T09:00:00Z`,
        epcisBody: {
            eventList: [{
                type: "ObjectEvent",
                eventTime: `${day(-2)}T08:00:00Z`,
                eventTimeZoneOffset: "+00:00",
                epcList: [ITEM],
                action: "ADD",
                bizStep: "commissioning",
                disposition: "active",
                readPoint: { id: PLANT },
                bizLocation: { id: PLANT },
            }],
        },
    };
    const receipt = done(await exporter.POST("/v1/captures", { params: write(), body: document })).result;
    assert.deepEqual([receipt.events.length, receipt.alarms.length], [1, 0]);
}

/** Custody passes by handshake: who offers stays responsible until the other accepts. */
async function handedOver({ exporter, importer }: Parties): Promise<void> {
    const offer = { transfer_id: "TS-HO-1", items: [ITEM], to: "ImporterMSP", condition: "sealed, dry", seal: "SL-1" };
    done(await exporter.POST("/v1/custody-transfers", { params: write(), body: offer }));
    const transfer = await importer.GET("/v1/custody-transfers/{party}/{id}", { params: read("ExporterMSP", "TS-HO-1") });
    const params = seen("ExporterMSP", "TS-HO-1", transfer);
    done(await importer.POST("/v1/custody-transfers/{party}/{id}/accept", { params, body: { seal: "SL-1" } }));
    const item = done(await exporter.GET("/v1/items/{id}", { params: { path: { id: ITEM } } }));
    assert.equal(item.holder, "ImporterMSP");
}

/** The importer declares a value that it proves and does not publish. */
async function declared({ importer, customs }: Parties, secrets: Secrets): Promise<void> {
    const tariff: Schemas["PublishTariff"] = {
        tariff_id: "TS-TARIFF",
        version: 1,
        jurisdiction: "DE",
        currency: "EUR",
        procedure: "free_circulation",
        validity: { from: day(-300), until: day(300) },
        source: "example tariff, heading 9102",
        bands: [{ band_id: "watches", hs_prefix: "9102", duty_basis_points: 450, value_min_minor: "1000000", value_max_minor: "2000000" }],
        rules: [{ rule_id: "value-in-band", check: "value_in_band", when_broken: "document_check", when_unknown: "document_check" }],
    };
    done(await customs.POST("/v1/tariffs", { params: write(), body: tariff }));
    const path = { party: "CustomsMSP", id: "TS-TARIFF" };
    const published = done(await importer.GET("/v1/tariffs/{party}/{id}", { params: { path } }));
    secrets.commit("value", PRICE_MINOR);
    const declaration = {
        declaration_id: "TS-DEC-1",
        tariff_id: "CustomsMSP/TS-TARIFF",
        tariff_version: 1,
        band_id: "watches",
        items: [ITEM],
        hs_code: "910211",
        origin: "CN",
        destination: "DE",
        quantity: "1",
        unit: "C62",
        currency: "EUR",
    };
    const body = secrets.prove<Schemas["FileDeclaration"]>(declaration, ["value"], [published], "ImporterMSP");
    done(await importer.POST("/v1/declarations", { params: write(), body }));
    const opening = { params: about("-", "TS-DEC-1"), body: { private: secrets.opening("value") } };
    done(await importer.POST("/v1/declarations/{party}/{id}/opening", opening));
    const asked = { params: read("ImporterMSP", "TS-DEC-1") };
    const told = done(await customs.GET("/v1/declarations/{party}/{id}/opening", asked));
    assert.equal(told.value_minor, `${PRICE_MINOR}`);
}

/** One officer decides, another one approves. */
async function released({ importer, officer1, officer2 }: Parties): Promise<void> {
    const name = ["ImporterMSP", "TS-DEC-1"] as const;
    const decided = done(await officer1.POST("/v1/declarations/{party}/{id}/assessment", { params: about(...name), body: {} }));
    const approval = { number: decided.result.number };
    const approve = "/v1/declarations/{party}/{id}/decision/approve";
    const looked = await officer2.GET("/v1/declarations/{party}/{id}", { params: read(...name) });
    const alone = await officer1.POST(approve, { params: seen(...name, looked), body: approval });
    assert.equal(alone.error?.code, "caller.same_person");
    done(await officer2.POST(approve, { params: seen(...name, looked), body: approval }));
    const late = await officer2.POST(approve, { params: seen(...name, looked), body: approval });
    assert.equal(late.error?.code, "condition.changed");
    const declaration = done(await importer.GET("/v1/declarations/{party}/{id}", { params: read(...name) }));
    assert.equal(declaration.state, "cleared");
}

/** Seller and buyer have terms, the seller a bank; the invoice's total is committed to and told to the buyer. */
async function invoiced({ exporter, importer, bank }: Parties, secrets: Secrets): Promise<void> {
    const terms = {
        currency: "EUR",
        tolerance_minor: "1000",
        tolerance_basis_points: 100,
        payment_days: 10,
        notice_days: 30,
        valid: { from: day(-1) },
    };
    const offer = { agreement_id: "TS-TERMS", with: "ImporterMSP", terms };
    done(await exporter.POST("/v1/agreements", { params: write(), body: offer }));
    const offered = await importer.GET("/v1/agreements/{party}/{id}", { params: read("ExporterMSP", "TS-TERMS") });
    const agree = { params: seen("ExporterMSP", "TS-TERMS", offered), body: {} };
    done(await importer.POST("/v1/agreements/{party}/{id}/accept", agree));
    done(await exporter.POST("/v1/accounts", { params: write(), body: { bank: "BankMSP" } }));
    done(await bank.POST("/v1/account-acceptances", { params: write(), body: { holder: "ExporterMSP" } }));
    const [commitment, digest] = secrets.commit("total", PRICE_MINOR, "Invoice TS-INV-1: one watch AURORA, 12844.50 EUR");
    const invoice = {
        invoice_id: "TS-INV-1",
        buyer: "ImporterMSP",
        currency: "EUR",
        issued_on: day(-1),
        due_on: day(13),
        creditor_reference: "RF18539007547034",
        total_commitment: commitment,
        document_digest: digest,
    };
    done(await exporter.POST("/v1/invoices", { params: write(), body: invoice }));
    const opening = { params: about("-", "TS-INV-1"), body: { private: secrets.opening("total") } };
    done(await exporter.POST("/v1/invoices/{party}/{id}/opening", opening));
    const name = ["ExporterMSP", "TS-INV-1"] as const;
    const told = done(await importer.GET("/v1/invoices/{party}/{id}/opening", { params: read(...name) }));
    assert.equal(told.value_minor, `${PRICE_MINOR}`);
    const owed = await importer.GET("/v1/invoices/{party}/{id}", { params: read(...name) });
    done(await importer.POST("/v1/invoices/{party}/{id}/accept", { params: seen(...name, owed), body: {} }));
}

/** The bank reports what its message says, and a proof shows that it pays the invoice. */
async function paid({ exporter, importer, bank }: Parties, secrets: Secrets): Promise<void> {
    const message = notification(PAID_MINOR);
    const statement = { body: message, bodySerializer: (xml: string) => xml, headers: { "Content-Type": "application/xml" } };
    const entry = done(await bank.POST("/v1/bank-statements", statement)).statements[0]?.entries[0];
    const payment = entry?.payments[0];
    assert.ok(entry?.account_servicer_reference && entry.booked_on && payment?.end_to_end_id && payment.creditor_references[0]);
    assert.equal(entry.amount_minor, `${PAID_MINOR}`);
    const [commitment, digest] = secrets.commit("amount", PAID_MINOR, message);
    const report = {
        entry_id: "TS-ENTRY-1",
        account_holder: "ExporterMSP",
        account_servicer_reference: entry.account_servicer_reference,
        end_to_end_id: payment.end_to_end_id,
        creditor_reference: payment.creditor_references[0],
        direction: entry.direction,
        booked_on: entry.booked_on,
        currency: entry.currency,
        detail_number: 0,
        reversal: false,
        statement_digest: digest,
        amount_commitment: commitment,
    };
    done(await bank.POST("/v1/statement-entries", { params: write(), body: report }));
    const opening = { params: about("-", "TS-ENTRY-1"), body: { private: secrets.opening("amount") } };
    done(await bank.POST("/v1/statement-entries/{party}/{id}/opening", opening));

    const entryName = { params: { path: { party: "BankMSP", id: "TS-ENTRY-1" } } };
    const invoiceName = { params: { path: { party: "ExporterMSP", id: "TS-INV-1" } } };
    secrets.keep("told", done(await exporter.GET("/v1/statement-entries/{party}/{id}/opening", entryName)));
    const records = [
        done(await exporter.GET("/v1/invoices/{party}/{id}", invoiceName)),
        done(await exporter.GET("/v1/statement-entries/{party}/{id}", entryName)),
    ];
    const request = { invoice_id: "TS-INV-1", entry_id: "BankMSP/TS-ENTRY-1", tolerance_reason: "bank_charge" } as const;
    const body = secrets.prove<Schemas["Settle"]>(request, ["total", "told"], records, "ExporterMSP");
    done(await exporter.POST("/v1/settlements", { params: write(), body }));
    assert.equal(done(await importer.GET("/v1/invoices/{party}/{id}", invoiceName)).state, "settled");
}

/** What a bank says about one payment (ISO 20022 camt.054). */
function notification(minor: number): string {
    const amount = `<Amt Ccy="EUR">${(minor / 100).toFixed(2)}</Amt><CdtDbtInd>CRDT</CdtDbtInd>`;
    return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>TS-NTF-1</MsgId><CreDtTm>${day(0)}T07:00:00Z</CreDtTm></GrpHdr>
<Ntfctn><Id>TS-NTF-1-1</Id><CreDtTm>${day(0)}T07:00:00Z</CreDtTm>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Ntry>${amount}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>${day(-1)}</Dt></BookgDt><AcctSvcrRef>TS-REF-1</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>TS-INV-1</EndToEndId></Refs>${amount}
<RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`;
}

async function main([network, gateway]: string[]): Promise<void> {
    assert.ok(network && gateway, "usage: node built/trade.js NETWORK GATEWAY");
    const by = (name: string, user?: string) => enter(network, gateway, name, user);
    const parties: Parties = {
        exporter: by("exporter"),
        importer: by("importer"),
        logistics: by("logistics"),
        bank: by("bank"),
        customs: by("customs"),
        officer1: by("customs", "Officer1"),
        officer2: by("customs", "Officer2"),
    };
    const secrets = new Secrets();
    for (const step of [founded, captured, handedOver, declared, released, invoiced, paid]) {
        await step(parties, secrets);
        console.log(step.name);
    }
}

await main(process.argv.slice(2));

// Commitments to amounts of money and proofs about them, made in this process; index.d.ts says what each function takes.
"use strict";

const { createHash } = require("node:crypto");
const native = require("./entrepot_proofs.node");

class ProofError extends Error {
    name = "ProofError";
}

// A number that is not exact is refused and not rounded.
function minor(amount) {
    const isWhole = typeof amount === "bigint" || Number.isSafeInteger(amount);
    if (!isWhole || amount < 0) throw new ProofError("an amount is a whole number of minor units from 0");
    return `${amount}`;
}

class Desk {
    #desk;

    constructor({ mspId, channel = "trade", chaincode = "entrepot" } = {}) {
        this.#desk = JSON.stringify({ channel, chaincode, msp_id: mspId });
    }

    commit(valueMinor, document) {
        const sha256 = document === undefined ? undefined : createHash("sha256").update(document).digest("hex");
        return this.#ask("commit", { value_minor: minor(valueMinor), document_sha256: sha256 });
    }

    prove(request, openings, records = []) {
        return this.#ask("prove", { request, openings, records });
    }

    verify(request, records = []) {
        this.#ask("verify", { request, records });
    }

    proveRange(witness, least, most, context, { tell = false } = {}) {
        return this.#ask("prove-range", { witness, least: minor(least), most: minor(most), tell, context });
    }

    verifyRange(commitment, proof, least, most, context) {
        this.#ask("verify-range", { commitment, proof, least: minor(least), most: minor(most), context });
    }

    proveMatch(invoice, payment, tolerance, context) {
        return this.#ask("prove-match", { witness: { invoice, payment }, tolerance: minor(tolerance), context });
    }

    verifyMatch(invoice, payment, proof, tolerance, context) {
        this.#ask("verify-match", { invoice, payment, proof, tolerance: minor(tolerance), context });
    }

    #ask(operation, asked) {
        const text = JSON.stringify(asked);
        let answer;
        try {
            answer = native.ask(this.#desk, operation, text);
        } catch (refused) {
            throw new ProofError(refused.message);
        }
        return JSON.parse(answer);
    }
}

module.exports = { Desk, ProofError };

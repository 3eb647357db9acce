/**
 * Commitments to amounts of money and proofs about them, made in this process.
 *
 * The documents are those of `entrepot commit`, `entrepot prove` and `entrepot verify`: what one of them makes, the other
 * takes. Nothing is sent, stored or logged. Amounts are whole numbers of minor units.
 */

/** What is asked has the wrong form, is not true, or its proof does not hold. The text repeats no secret. */
export class ProofError extends Error {}

/** A whole number of minor units from 0; a number that is not exact is refused. */
export type Minor = number | bigint;

/** What opens a commitment, as the gateway takes it in `private`. Secret, and nothing else opens the commitment. */
export interface Opening {
    value_minor: string;
    blinding: string;
    document?: { sha256: string; salt: string };
}

/** A commitment and the salted digest of its document, both public, and the opening, which is secret. */
export interface CommittedAmount {
    commitment: string;
    document_digest: string | null;
    opening: Opening;
}

/** What a statement of one's own is proved from: a value and, when it was committed to before, its blinding factor. */
export interface Witness {
    value: string;
    blinding?: string;
}

/** The record and the purpose that a proof is for; it is worth nothing anywhere else. */
export interface RecordContext {
    record_type: string;
    record_id: string;
    /** Default: 1. */
    record_version?: number;
    purpose: string;
    currency: string;
    collection?: string;
    public_key_sha256?: string;
    public_inputs_sha256?: string;
}

/** Commitment and proof, both public, and what opens the commitment, which is secret. */
export interface ProvedRange {
    commitment: string;
    opening: Required<Witness>;
    proof: string;
}

/** Both commitments and the proof, all public. */
export interface ProvedMatch {
    invoice: string;
    payment: string;
    proof: string;
}

/** Where commitments and proofs are made for one ledger, by one organization. */
export class Desk {
    /** `mspId` is the organization that sends the requests and shows the proofs. Defaults: `trade`, `entrepot`. */
    constructor(options?: { mspId?: string; channel?: string; chaincode?: string });

    /** Commits to an amount of at most 2^48 - 1. `document` is the one that the record is to name. */
    commit(valueMinor: Minor, document?: string | Uint8Array): CommittedAmount;

    /**
     * The request with its proof, and with its commitment if it names none.
     *
     * `records` are those of the ledger that the request rests on, as the gateway answers them. For a declaration the
     * tariff, for a settlement the invoice and the bank entry, for a credit note the invoice.
     */
    prove<Request extends object>(request: Partial<Request>, openings: Opening[], records?: object[]): Request;

    /** Checks the proof of a request, or of the record that the ledger made of it; throws `ProofError`. */
    verify(request: object, records?: object[]): void;

    /** Proves that an amount lies between two bounds. Bounds that all but tell the amount are refused without `tell`. */
    proveRange(witness: Witness, least: Minor, most: Minor, context: RecordContext, options?: { tell?: boolean }): ProvedRange;

    /** Checks that proof; throws `ProofError`. */
    verifyRange(commitment: string, proof: string, least: Minor, most: Minor, context: RecordContext): void;

    /** Proves that invoice and payment differ by at most a tolerance. Both witnesses name their blinding factor. */
    proveMatch(invoice: Witness, payment: Witness, tolerance: Minor, context: RecordContext): ProvedMatch;

    /** Checks that proof; throws `ProofError`. */
    verifyMatch(invoice: string, payment: string, proof: string, tolerance: Minor, context: RecordContext): void;
}

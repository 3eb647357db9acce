// The chaincode of the scenarios in ../peers, written for Hyperledger's own shim for Node: a foreign chaincode must find
// everything as on Fabric. ../peers/contract.rs is the same chaincode for ours. README.md says how to call it.

import { readFileSync } from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import shim from 'fabric-shim';

const { KeyEndorsementPolicy } = shim;
let counter = 0;

/** A refusal that the client gets to read. */
class Refusal extends Error {
    constructor(status, code, detail) {
        super(detail);
        this.answer = { status, message: JSON.stringify({ code, title: 'The scenario is refused', detail, fields: [] }) };
    }
}

/** One argument as text, as JSON, or none at all. */
const text = (run) => ({ arguments: 1, read: (argument) => argument, run });
const json = (run) => ({ arguments: 1, read: parsed, run });
const nothing = (run) => ({ arguments: 0, read: () => undefined, run });

const FUNCTIONS = {
    echo: text((_, words) => words),
    transients: nothing(({ stub }) => Object.fromEntries([...stub.getTransient()].map(([name, value]) => [name, asText(value)]).sort())),
    peer: nothing(({ organization }) => organization),
    facts: nothing(({ stub }) => ({ channel: stub.getChannelID(), transaction: stub.getTxID(), creator: stub.getCreator().mspid })),

    put: json(async ({ stub }, { key, value }) => {
        await stub.putState(key, Buffer.from(value));
        return value;
    }),
    get: text(({ stub }, key) => present(stub.getState(key), key)),
    delete: text(({ stub }, key) => stub.deleteState(key)),
    range: json(({ stub }, { start, end }) => rows(stub.getStateByRange(start, end))),
    page: json(async ({ stub }, { start, end, size, bookmark }) => {
        const { iterator, metadata } = await stub.getStateByRangeWithPagination(start, end, size, bookmark);
        return { rows: await rows([iterator]), bookmark: metadata.bookmark };
    }),
    fill: json(async ({ stub }, { prefix, count }) => {
        for (let number = 0; number < count; number += 1) {
            await stub.putState(`${prefix}${number}`, Buffer.from(`${number}`));
        }
    }),
    history: text(async ({ stub }, key) => {
        const values = [];
        for await (const { isDelete, value } of stub.getHistoryForKey(key)) {
            values.push(isDelete ? null : asText(value));
        }
        return values;
    }),
    putPart: json(({ stub }, { whole, part, value }) => stub.putState(stub.createCompositeKey('part', [whole, part]), Buffer.from(value))),
    parts: text(async ({ stub }, whole) => {
        const found = [];
        for await (const { key, value } of stub.getStateByPartialCompositeKey('part', [whole])) {
            found.push({ key: stub.splitCompositeKey(key).attributes[1], value: asText(value) });
        }
        return found;
    }),

    event: json(({ stub }, { name, payload }) => stub.setEvent(name, Buffer.from(payload))),
    fail: json((_, { status, detail }) => {
        throw new Refusal(status, 'asked', detail);
    }),
    failAfterWriting: text(async ({ stub }, key) => {
        await stub.putState(key, Buffer.from('never'));
        throw new Refusal(409, 'asked', 'after a write');
    }),
    panic: nothing(() => {
        throw new Error('this is how a mistake looks');
    }),
    refuseAt: json(async ({ stub, organization }, { key, organizations }) => {
        if (organizations.includes(organization)) {
            throw new Refusal(403, 'asked', `${organization} refuses`);
        }
        await stub.putState(key, Buffer.from('accepted'));
    }),
    differ: text(async ({ stub, organization }, key) => {
        counter += 1;
        await stub.putState(key, Buffer.from(`${organization} ${counter}`));
    }),

    putPrivate: json(({ stub }, { collection, key }) => stub.putPrivateData(collection, key, transient(stub, 'value'))),
    putPrivateIn: json(async ({ stub }, { collections, key }) => {
        for (const collection of collections) {
            await stub.putPrivateData(collection, key, transient(stub, 'value'));
        }
    }),
    getPrivate: json(({ stub }, { collection, key }) => present(stub.getPrivateData(collection, key), key)),
    hashPrivate: json(async ({ stub }, { collection, key }) => Buffer.from(await stub.getPrivateDataHash(collection, key)).toString('hex')),
    deletePrivate: json(({ stub }, { collection, key }) => stub.deletePrivateData(collection, key)),
    purgePrivate: json(({ stub }, { collection, key }) => stub.purgePrivateData(collection, key)),
    revealPrivate: json(async ({ stub }, { collection, key }) => {
        await stub.putState(key, Buffer.from(await present(stub.getPrivateData(collection, key), key)));
    }),

    setEndorsers: json(async ({ stub }, { key, organizations }) => {
        const policy = new KeyEndorsementPolicy();
        policy.addOrgs('PEER', ...organizations);
        await stub.setStateValidationParameter(key, organizations.length > 0 ? policy.getPolicy() : Buffer.alloc(0));
    }),
    endorsers: text(async ({ stub }, key) => {
        const policy = await stub.getStateValidationParameter(key);
        return policy?.length > 0 ? new KeyEndorsementPolicy(policy).listOrgs().sort() : [];
    }),

    call: json(async ({ stub }, { chaincode, function: name, argument }) => {
        const answer = await stub.invokeChaincode(chaincode, [name, argument]);
        if (answer.status >= 400) {
            throw new Refusal(424, 'callee', `${chaincode} said ${answer.status}`);
        }
        return asText(answer.payload);
    }),
};

class Chaincode {
    constructor(organization) {
        this.organization = organization;
    }

    async Init() {
        return shim.success();
    }

    async Invoke(stub) {
        try {
            const [name, ...parameters] = stub.getArgs();
            if (!Object.hasOwn(FUNCTIONS, name)) {
                throw new Refusal(404, 'function_unknown', name);
            }
            const wanted = FUNCTIONS[name];
            if (parameters.length !== wanted.arguments) {
                throw new Refusal(400, 'argument_count', `expected ${wanted.arguments}, got ${parameters.length}`);
            }
            const result = await wanted.run({ stub, organization: this.organization }, wanted.read(parameters[0]));
            return shim.success(Buffer.from(typeof result === 'string' ? result : JSON.stringify(result) ?? ''));
        } catch (failure) {
            return failure.answer ?? shim.error(String(failure.message));
        }
    }
}

if (isMainThread) {
    for (const argument of process.argv.slice(2)) {
        const place = JSON.parse(argument);
        await (place.ends ? keep(place) : serve(place));
    }
} else {
    FUNCTIONS.crash = nothing(() => process.exit(1));
    await serve(workerData);
}

async function serve({ organization, address, package: ccid, key, certificate, authority }) {
    const tlsProps = key && {
        key: readFileSync(key),
        cert: readFileSync(certificate),
        ...(authority ? { clientCACerts: readFileSync(authority) } : {}),
    };
    await shim.server(new Chaincode(organization), { ccid, address, ...(tlsProps ? { tlsProps } : {}) }).start();
}

/** A server that may end, and is started again each time. */
function keep(place) {
    new Worker(new URL(import.meta.url), { workerData: place }).on('error', console.error).on('exit', () => keep(place));
}

// --- tools ---------------------------------------------------------------------------------------------------------

async function present(reading, key) {
    const value = await reading;
    if (!value || value.length === 0) {
        throw new Refusal(404, 'unknown', `there is no ${key}`);
    }
    return asText(value);
}

async function rows(iterator) {
    const found = [];
    for await (const { key, value } of Array.isArray(iterator) ? drained(iterator[0]) : iterator) {
        found.push({ key, value: asText(value) });
    }
    return found;
}

/** A page's iterator cannot be looped over, unlike all others. */
async function* drained(iterator) {
    for (let next = await iterator.next(); ; next = await iterator.next()) {
        if (next.value) {
            yield next.value;
        }
        if (next.done) {
            await iterator.close();
            return;
        }
    }
}

function transient(stub, name) {
    const value = stub.getTransient().get(name);
    if (!value) {
        throw new Refusal(400, 'transient_missing', `the transient field ${name} is missing`);
    }
    return value;
}

function parsed(argument) {
    try {
        return JSON.parse(argument);
    } catch {
        throw new Refusal(400, 'argument_malformed', 'the argument is no JSON');
    }
}

function asText(bytes) {
    return Buffer.from(bytes).toString('utf8');
}

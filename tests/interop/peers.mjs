// Plays the scenarios of ../peers with Hyperledger's own client for Node, as ../peers/driver.rs does with ours.
// Usage: node peers.mjs plan.json; ../peers/node.rs writes the plan.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { StatusCode, checkpointers, connect, hash, signers } from '@hyperledger/fabric-gateway';

const PATIENCE_MS = 30_000;
const PAUSE_MS = 25;
/** Scenarios played at a time, because most of their time goes into waiting for blocks. */
const AT_A_TIME = 16;

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const organizations = Object.fromEntries(Object.entries(plan.organizations).map(([mspId, described]) => [mspId, organization(mspId, described)]));
const gateways = new Map();
const waiting = [...plan.scenarios];
const outcomes = { passed: 0, failed: 0 };

/** A verdict of the ledger against a transaction, in the words of the scenarios. */
class Invalid extends Error {
    constructor(verdict) {
        super(`the verdict is ${verdict}`);
        this.verdict = verdict;
    }
}

// --- steps ---------------------------------------------------------------------------------------------------------

const STEPS = {
    evaluate: called(evaluate),
    endorse: called(endorse),
    submit: called(submit),
    listen,
    hear,
    close: async (play, { listener }) => {
        play.listeners.get(listener).close();
        play.listeners.delete(listener);
    },
};

await Promise.all(Array.from({ length: AT_A_TIME }, playWaiting));
console.log(`${outcomes.passed} passed, ${outcomes.failed} failed`);
// Streams of a server that does not close them would keep the process alive.
process.exit(outcomes.failed === 0 && outcomes.passed > 0 ? 0 : 1);

async function playWaiting() {
    for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
        const play = { known: new Map(), checkpoints: new Map(), listeners: new Map() };
        let step = 0;
        try {
            for (const described of scenario.steps) {
                step += 1;
                await (STEPS[described.do])(play, described);
            }
            outcomes.passed += 1;
            console.log(`ok ${scenario.name}`);
        } catch (failure) {
            outcomes.failed += 1;
            console.log(`FAILED ${scenario.name}: step ${step}: ${told(failure)}`);
        }
        play.listeners.forEach(({ close }) => close());
    }
}

/** A call whose outcome is compared with what is expected. */
function called(call) {
    return async (play, step) => {
        const deadline = Date.now() + PATIENCE_MS;
        for (;;) {
            try {
                const done = await meets(() => call(step), step.expect);
                if (step.as) {
                    play.known.set(step.as, { block: done.status.blockNumber, transaction: done.status.transactionId });
                }
                return;
            } catch (failure) {
                if (!step.eventually || Date.now() > deadline) {
                    throw failure;
                }
                await pause(PAUSE_MS);
            }
        }
    };
}

async function evaluate(step) {
    const contract = contractOf(step);
    if (step.signing !== 'offline') {
        return { result: await contract.evaluate(step.call, options(step)) };
    }
    return { result: await (await signedProposal(step)).evaluate() };
}

async function endorse(step) {
    const proposal = step.signing === 'offline' ? await signedProposal(step) : contractOf(step).newProposal(step.call, options(step));
    return { result: (await proposal.endorse()).getResult() };
}

async function submit(step) {
    if (step.signing !== 'offline') {
        const submitted = await contractOf(step).submitAsync(step.call, options(step));
        return { result: submitted.getResult(), status: valid(await submitted.getStatus()) };
    }
    const gateway = gatewayOf(step);
    const prepared = await (await signedProposal(step)).endorse();
    const transaction = gateway.newTransaction(prepared.getBytes());
    const submitted = await gateway.newSignedTransaction(transaction.getBytes(), await sign(step, transaction)).submit();
    const commit = gateway.newCommit(submitted.getBytes());
    const status = await gateway.newSignedCommit(commit.getBytes(), await sign(step, commit)).getStatus();
    return { result: submitted.getResult(), status: valid(status) };
}

/** Every step leaves the client as bytes, is signed elsewhere, and comes back as bytes. */
async function signedProposal(step) {
    const gateway = gatewayOf(step);
    const proposal = gateway.newProposal(contractOf(step).newProposal(step.call, options(step)).getBytes());
    return gateway.newSignedProposal(proposal.getBytes(), await sign(step, proposal));
}

async function listen(play, step) {
    const gateway = gatewayOf(step);
    const network = gateway.getNetwork(plan.channel);
    const position = {};
    if (step.from) {
        position.startBlock = play.known.get(step.from).block;
    }
    if (step.after) {
        position.checkpoint = play.checkpoints.get(step.after);
    }
    const [request, again] = {
        chaincode: () => [network.newChaincodeEventsRequest(step.on, position), 'newSignedChaincodeEventsRequest'],
        blocks: () => [network.newBlockEventsRequest(position), 'newSignedBlockEventsRequest'],
        filtered: () => [network.newFilteredBlockEventsRequest(position), 'newSignedFilteredBlockEventsRequest'],
        private: () => [network.newBlockAndPrivateDataEventsRequest(position), 'newSignedBlockAndPrivateDataEventsRequest'],
    }[step.kind]();
    const signed = step.signing === 'offline' ? gateway[again](request.getBytes(), await sign(step, request)) : request;
    play.listeners.set(step.as, listener(await signed.getEvents(), step));
}

async function hear(play, step) {
    const known = play.known.get(step.transaction);
    const { next, kind, on } = play.listeners.get(step.listener);
    for (;;) {
        const heard = await next();
        if (kind !== 'chaincode') {
            const number = blockNumber(heard, kind);
            if (number > known.block) {
                throw new Error(`block ${number} came, and ${known.block} did not`);
            }
            const there = transactionsOf(heard, kind).includes(known.transaction);
            equal(there, number === known.block, `whether the transaction is in block ${number}`);
            if (there) {
                break;
            }
        } else if (heard.eventName === step.event.name) {
            equal(heard.transactionId, known.transaction, 'the transaction of the event');
            equal(heard.blockNumber, known.block, 'the block of the event');
            equal(heard.chaincodeName, on, 'the chaincode of the event');
            equal(asText(heard.payload), step.event.payload, 'the payload of the event');
            break;
        }
    }
    if (step.checkpoint) {
        const checkpoint = checkpointers.inMemory();
        await (kind === 'chaincode' ? checkpoint.checkpointTransaction(known.block, known.transaction) : checkpoint.checkpointBlock(known.block));
        play.checkpoints.set(step.checkpoint, checkpoint);
    }
}

/** Reads a stream as it comes, so that nothing is missed and its end is noticed by nobody who does not ask. */
function listener(stream, { kind, on }) {
    const heard = [];
    let wake = () => {};
    const tell = (item) => {
        heard.push(item);
        wake();
    };
    (async () => {
        for await (const item of stream) {
            tell({ item });
        }
        throw new Error('the stream ended');
    })().catch((failure) => tell({ failure }));
    const next = async () => {
        const deadline = Date.now() + PATIENCE_MS;
        while (heard.length === 0) {
            if (Date.now() > deadline) {
                throw new Error('nothing was heard');
            }
            await Promise.race([new Promise((resolve) => (wake = resolve)), pause(1_000)]);
        }
        const { item, failure } = heard.shift();
        if (failure) {
            throw failure;
        }
        return item;
    };
    return { next, kind, on, close: () => stream.close() };
}

// --- what is looked at ---------------------------------------------------------------------------------------------

function valid(status) {
    if (!status.successful) {
        throw new Invalid(Object.entries(StatusCode).find(([, code]) => code === status.code)?.[0]);
    }
    return status;
}

async function meets(call, expect = {}) {
    let done;
    try {
        done = await call();
    } catch (failure) {
        if (!expect.failure) {
            throw failure;
        }
        failsAs(failure, expect.failure);
        return {};
    }
    if (expect.failure) {
        throw new Error('it did not fail');
    }
    const text = asText(done.result);
    if ((expect.result ?? null) !== null) {
        equal(text, expect.result, 'the result');
    }
    if ((expect.json ?? null) !== null && !contains(JSON.parse(text), expect.json)) {
        throw new Error(`the result is ${text}`);
    }
    return done;
}

function failsAs(failure, expected) {
    const details = failure.details ?? [];
    try {
        equal(stepOf(failure), expected.step, 'the step');
        if (expected.code) {
            equal(grpc.status[failure.code], expected.code, 'the code');
        }
        if (expected.includes && ![failure.message, ...details.map(({ message }) => message)].some((said) => said.includes(expected.includes))) {
            throw new Error(`nobody says ${expected.includes}`);
        }
        if (expected.status && !(details.length > 0 && details.every(({ message }) => message.startsWith(`chaincode response ${expected.status}, `)))) {
            throw new Error(`no ${expected.status}`);
        }
        if (expected.organizations) {
            equal([...new Set(details.map(({ mspId }) => mspId))].sort(), expected.organizations, 'who the details name');
        }
        if (expected.verdict) {
            equal(failure.verdict, expected.verdict, 'the verdict');
        }
    } catch (wrong) {
        throw new Error(`${wrong.message}; it failed otherwise: ${told(failure)}`);
    }
}

function stepOf(failure) {
    if (failure instanceof Invalid) {
        return 'commit';
    }
    // Not every class is exported, but every error has its name.
    const steps = { EndorseError: 'endorse', SubmitError: 'submit', CommitStatusError: 'commit-status', GatewayError: 'evaluate' };
    return steps[failure.name] ?? 'client';
}

/** Whether `value` has all that `expected` has: members of objects recursively, everything else exactly. */
function contains(value, expected) {
    const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
    if (!isObject) {
        return isDeepStrictEqual(value, expected);
    }
    return typeof value === 'object' && value !== null && Object.entries(expected).every(([name, member]) => contains(value[name], member));
}

function blockNumber(block, kind) {
    const number = { filtered: () => block.getNumber(), blocks: () => block.getHeader().getNumber(), private: () => block.getBlock().getHeader().getNumber() }[kind]();
    return BigInt(number);
}

/** The transaction ids of a filtered block, or all that stands in a whole one. */
function transactionsOf(block, kind) {
    if (kind === 'filtered') {
        return block.getFilteredTransactionsList().map((transaction) => transaction.getTxid()).join(' ');
    }
    const whole = kind === 'private' ? block.getBlock() : block;
    return whole.getData().getDataList_asU8().map((bytes) => Buffer.from(bytes).toString('latin1')).join(' ');
}

// --- who calls -----------------------------------------------------------------------------------------------------

function organization(mspId, { endpoint, authority, certificate, key }) {
    return {
        client: new grpc.Client(endpoint, grpc.credentials.createSsl(readFileSync(authority))),
        identity: { mspId, credentials: readOnly(certificate) },
        signer: signers.newPrivateKeySigner(createPrivateKey(readOnly(key))),
    };
}

/** The user of `by` at the gateway of `at`. */
function gatewayOf({ by, at, signing }) {
    const place = JSON.stringify([by, at ?? by, signing]);
    if (!gateways.has(place)) {
        const deadline = () => ({ deadline: Date.now() + PATIENCE_MS });
        const { identity, signer } = organizations[by];
        const signs = {
            client: signer,
            impostor: signers.newPrivateKeySigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
        }[signing];
        gateways.set(place, connect({
            client: organizations[at ?? by].client,
            identity,
            ...(signs ? { signer: signs } : {}),
            hash: hash.sha256,
            evaluateOptions: deadline,
            endorseOptions: deadline,
            submitOptions: deadline,
            commitStatusOptions: deadline,
        }));
    }
    return gateways.get(place);
}

function contractOf(step) {
    return gatewayOf(step).getNetwork(plan.channel).getContract(step.on);
}

function options({ arguments: values, transient, endorsing }) {
    return {
        arguments: values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
        ...(Object.keys(transient).length > 0 ? { transientData: transient } : {}),
        ...(endorsing.length > 0 ? { endorsingOrganizations: endorsing } : {}),
    };
}

function sign({ by }, signable) {
    return organizations[by].signer(signable.getDigest());
}

// --- tools ---------------------------------------------------------------------------------------------------------

/** The only file of a folder: key stores name their files as they like. */
function readOnly(path) {
    if (!statSync(path).isDirectory()) {
        return readFileSync(path);
    }
    const [name, ...others] = readdirSync(path);
    if (!name || others.length > 0) {
        throw new Error(`${path} holds not exactly one file`);
    }
    return readFileSync(join(path, name));
}

function equal(found, expected, what) {
    if (!isDeepStrictEqual(found, expected)) {
        throw new Error(`${what} is ${String(found)} and not ${String(expected)}`);
    }
}

function asText(bytes) {
    return Buffer.from(bytes).toString('utf8');
}

function told(failure) {
    const code = failure?.code === undefined ? '' : ` (${grpc.status[failure.code]})`;
    const details = (failure?.details ?? []).map?.(({ mspId, message }) => `; ${mspId}: ${message}`).join('') ?? '';
    return `${failure?.message ?? failure}${code}${details}`;
}

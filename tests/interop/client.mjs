// The official Fabric Gateway SDK as a foreign client: runs the steps of a scenario against a network and reports them.
// README.md says how to call it and how a scenario is written.

import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { EndorseError, GatewayError, StatusCode, connect, hash, signers } from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';

const OPTIONS = ['endpoint', 'tls-ca', 'tls-cert', 'tls-key', 'tls-name', 'cert', 'key', 'msp', 'channel', 'chaincode', 'scenario', 'timeout'];

const settings = readSettings();
const timeoutMs = Number(settings.timeout ?? 30) * 1000;
const results = { passed: 0, failed: 0 };
const client = newClient();
const identity = { mspId: settings.msp, credentials: readOnly(settings.cert) };
const signer = signers.newPrivateKeySigner(createPrivateKey(readOnly(settings.key)));
const gateway = connect(options({ signer }));
const unsigned = connect(options({}));
const impostor = connect(options({ signer: signers.newPrivateKeySigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) }));

const KINDS = { evaluate, submit, offline, error, impostor: wrongSignature, unsigned: noSignature };

try {
    const scenario = JSON.parse(settings.scenario === '-' ? readFileSync(0, 'utf8') : readFileSync(settings.scenario, 'utf8'));
    for (const [index, step] of scenario.steps.entries()) {
        await run(step, index);
    }
} catch (failure) {
    report(false, 'the scenario', failure);
} finally {
    gateway.close();
    client.close();
}
console.log(`${results.passed} passed, ${results.failed} failed`);
// Streams of a server that does not close them would keep the process alive.
process.exit(results.failed === 0 && results.passed > 0 ? 0 : 1);

// --- steps ------------------------------------------------------------------------------------------------------

async function run(step, index) {
    const kind = KINDS[step.do];
    const name = `${index + 1} ${step.do} ${step.transaction}${step.note ? `: ${step.note}` : ''}`;
    if (!kind) {
        report(false, name, new Error(`«${step.do}» is no kind of step; there are ${Object.keys(KINDS).join(', ')}`));
        return;
    }
    try {
        await kind(step, name);
    } catch (failure) {
        report(false, name, failure);
    }
}

/** Evaluates and looks at the result. */
async function evaluate(step, name) {
    const result = await contractOf(gateway).evaluate(step.transaction, proposalOptions(step));
    meets(result, step.expect);
    report(true, name);
}

/** Submits; looks at the result, the verdict, the block in which it stands, and the event. */
async function submit(step, name) {
    await withEvents(async (nextEvent) => {
        const submitted = await contractOf(gateway).submitAsync(step.transaction, proposalOptions(step));
        meets(submitted.getResult(), step.expect);
        const status = await submitted.getStatus();
        if (!status.successful) {
            throw new Error(`the verdict is ${StatusCode[status.code]}`);
        }
        report(true, name);
        await attempt(`${name}, its filtered block`, () => standsInFilteredBlock(status));
        await attempt(`${name}, its block`, () => standsInBlock(status));
        if (step.event) {
            await attempt(`${name}, its event`, async () => sameEvent(await nextEvent(status.transactionId), step.event, status));
            await attempt(`${name}, its event replayed`, () => replayed(step.event, status));
        }
    });
}

/** Signs the proposal, the transaction and the commit status request outside the SDK, each re-hydrated from its bytes. */
async function offline(step, name) {
    const proposal = contractOf(unsigned).newProposal(step.transaction, proposalOptions(step));
    const signedProposal = unsigned.newSignedProposal(proposal.getBytes(), await sign(proposal));
    equal(signedProposal.getTransactionId(), proposal.getTransactionId(), 'the transaction id after re-hydration');
    const evaluated = await unsigned.newSignedProposal(proposal.getBytes(), await sign(proposal)).evaluate();
    meets(evaluated, step.expect);
    report(true, `${name}, evaluated`);

    const prepared = await signedProposal.endorse();
    const transaction = unsigned.newTransaction(prepared.getBytes());
    const submitted = await unsigned.newSignedTransaction(transaction.getBytes(), await sign(transaction)).submit();
    meets(submitted.getResult(), step.expect);
    const commit = unsigned.newCommit(submitted.getBytes());
    const status = await unsigned.newSignedCommit(commit.getBytes(), await sign(commit)).getStatus();
    equal(status.transactionId, proposal.getTransactionId(), 'the transaction id of the status');
    if (!status.successful) {
        throw new Error(`the verdict is ${StatusCode[status.code]}`);
    }
    report(true, name);
    await attempt(`${name}, events with an offline signature`, async () => {
        const request = unsigned.getNetwork(settings.channel).newFilteredBlockEventsRequest({ startBlock: status.blockNumber });
        const block = await first(await unsigned.newSignedFilteredBlockEventsRequest(request.getBytes(), await sign(request)).getEvents());
        equal(BigInt(block.getNumber()), status.blockNumber, 'the block number');
    });
}

/** Expects a refusal of the chaincode, when evaluating and when endorsing, with what each peer said. */
async function error(step, name) {
    await attempt(`${name}, evaluated`, async () => {
        const failure = await failing(() => contractOf(gateway).evaluate(step.transaction, proposalOptions(step)));
        if (!(failure instanceof GatewayError)) {
            throw failure;
        }
        equal(failure.code, grpc.status.UNKNOWN, 'the gRPC code');
        refusal(failure, step.expect);
    });
    await attempt(`${name}, endorsed`, async () => {
        const proposal = contractOf(gateway).newProposal(step.transaction, proposalOptions(step));
        const failure = await failing(() => proposal.endorse());
        if (!(failure instanceof EndorseError)) {
            throw failure;
        }
        equal(failure.code, grpc.status.ABORTED, 'the gRPC code');
        equal(failure.transactionId, proposal.getTransactionId(), 'the transaction id');
        refusal(failure, step.expect);
    });
}

/** Signs with a key that does not belong to the certificate: nobody may answer. */
async function wrongSignature(step, name) {
    const evaluated = await failing(() => contractOf(impostor).evaluate(step.transaction, proposalOptions(step)));
    if (!(evaluated instanceof GatewayError)) {
        throw evaluated;
    }
    const submitted = await failing(() => contractOf(impostor).submit(step.transaction, proposalOptions(step)));
    if (!(submitted instanceof EndorseError)) {
        throw submitted;
    }
    report(true, name);
}

/** Without a signer and a signature the SDK itself refuses. */
async function noSignature(step, name) {
    const failure = await failing(() => contractOf(unsigned).evaluate(step.transaction, proposalOptions(step)));
    if (failure instanceof GatewayError) {
        throw failure;
    }
    report(true, name);
}

// --- what is looked at --------------------------------------------------------------------------------------------

/** The result holds a text, equals a text, or contains what a JSON value says. */
function meets(result, expect = {}) {
    const text = Buffer.from(result).toString('utf8');
    if (expect.equals !== undefined) {
        equal(text, expect.equals, 'the result');
    }
    if (expect.includes !== undefined && !text.includes(expect.includes)) {
        throw new Error(`the result does not contain ${expect.includes}: ${text}`);
    }
    if (expect.json !== undefined && !contains(JSON.parse(text), expect.json)) {
        throw new Error(`the result does not contain ${JSON.stringify(expect.json)}: ${text}`);
    }
}

/** Whether `value` has all that `expected` has: members of objects recursively, everything else exactly. */
function contains(value, expected) {
    const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
    if (!isObject) {
        return isDeepStrictEqual(value, expected);
    }
    return typeof value === 'object' && value !== null && Object.entries(expected).every(([name, member]) => contains(value[name], member));
}

/** Details name a peer, its organization, and the chaincode's status and message, which is a JSON object with a code. */
function refusal(failure, expect = {}) {
    if (failure.details.length === 0) {
        throw new Error(`no details: ${failure.message}`);
    }
    for (const { address, mspId, message } of failure.details) {
        if (!/^.+:\d+$/.test(address) || !/^\w+$/.test(mspId)) {
            throw new Error(`no peer is named: ${JSON.stringify({ address, mspId, message })}`);
        }
        const [, status, text] = /^chaincode response (\d+), ([\s\S]*)$/.exec(message) ?? [];
        if (status === undefined) {
            throw new Error(`no response of a chaincode: ${message}`);
        }
        if (expect.status !== undefined) {
            equal(Number(status), expect.status, 'the status of the chaincode');
        }
        if (expect.code !== undefined) {
            equal(JSON.parse(text).code, expect.code, 'the code of the refusal');
        }
        if (expect.includes !== undefined && !text.includes(expect.includes)) {
            throw new Error(`the refusal does not contain ${expect.includes}: ${text}`);
        }
    }
}

function sameEvent(event, expected, status) {
    equal(event.chaincodeName, settings.chaincode, 'the chaincode of the event');
    equal(event.transactionId, status.transactionId, 'the transaction of the event');
    equal(event.blockNumber, status.blockNumber, 'the block of the event');
    if (expected.name !== undefined) {
        equal(event.eventName, expected.name, 'the name of the event');
    }
    meets(event.payload, expected);
}

async function replayed(expected, status) {
    const events = await gateway.getNetwork(settings.channel).getChaincodeEvents(settings.chaincode, { startBlock: status.blockNumber });
    const event = await first(events, ({ transactionId }) => transactionId === status.transactionId);
    sameEvent(event, expected, status);
}

async function standsInFilteredBlock(status) {
    const blocks = await gateway.getNetwork(settings.channel).getFilteredBlockEvents({ startBlock: status.blockNumber });
    const block = await first(blocks);
    equal(BigInt(block.getNumber()), status.blockNumber, 'the number of the filtered block');
    equal(block.getChannelId(), settings.channel, 'the channel of the filtered block');
    const transaction = block.getFilteredTransactionsList().find((candidate) => candidate.getTxid() === status.transactionId);
    equal(transaction?.getTxValidationCode(), peer.TxValidationCode.VALID, 'the verdict in the filtered block');
}

async function standsInBlock(status) {
    const blocks = await gateway.getNetwork(settings.channel).getBlockEvents({ startBlock: status.blockNumber });
    const block = await first(blocks);
    equal(BigInt(block.getHeader().getNumber()), status.blockNumber, 'the number of the block');
    const envelopes = block.getData().getDataList_asU8().map((bytes) => Buffer.from(bytes).toString('latin1'));
    if (!envelopes.some((envelope) => envelope.includes(status.transactionId))) {
        throw new Error('the transaction is not in its block');
    }
}

// --- tools ---------------------------------------------------------------------------------------------------------

/** Listens to events from before `work` submits; `work` can wait for the event of a transaction. */
async function withEvents(work) {
    const events = await gateway.getNetwork(settings.channel).getChaincodeEvents(settings.chaincode);
    try {
        await work((transactionId) => first(events, (event) => event.transactionId === transactionId));
    } finally {
        // The SDK tells the end of a stream to its reader and to nobody else: unread, it would end the process.
        const ended = drain(events);
        events.close();
        await ended;
    }
}

/** Reads a stream to its end, however it ends. */
async function drain(stream) {
    try {
        for await (const _ of stream) {
            // Nobody waits for it.
        }
    } catch {
        // Closed, which is what was wanted.
    }
}

/** The first item that fits; the stream is closed afterwards. */
async function first(stream, fits = () => true) {
    const search = async () => {
        for await (const item of stream) {
            if (fits(item)) {
                return item;
            }
        }
        throw new Error('the stream ended');
    };
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`nothing came within ${timeoutMs} ms`)), timeoutMs);
    });
    try {
        return await Promise.race([search(), late]);
    } finally {
        clearTimeout(timer);
        stream.close();
    }
}

async function attempt(name, work) {
    try {
        await work();
        report(true, name);
    } catch (failure) {
        report(false, name, failure);
    }
}

async function failing(work) {
    try {
        await work();
    } catch (failure) {
        return failure;
    }
    throw new Error('it did not fail');
}

function sign(signable) {
    return signer(signable.getDigest());
}

function equal(found, expected, what) {
    if (!isDeepStrictEqual(found, expected)) {
        throw new Error(`${what} is ${String(found)} and not ${String(expected)}`);
    }
}

function report(passed, name, failure) {
    results[passed ? 'passed' : 'failed'] += 1;
    const details = (failure?.details ?? []).map?.(({ mspId, message }) => `\n        ${mspId}: ${message}`).join('') ?? '';
    console.log(passed ? `ok      ${name}` : `FAILED  ${name}\n        ${failure?.message ?? failure}${details}`);
}

function contractOf(connected) {
    return connected.getNetwork(settings.channel).getContract(settings.chaincode);
}

function proposalOptions(step) {
    const asText = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
    const transient = Object.entries(step.transient ?? {}).map(([name, value]) => [name, asText(value)]);
    return {
        arguments: (step.arguments ?? []).map(asText),
        ...(transient.length > 0 ? { transientData: Object.fromEntries(transient) } : {}),
        ...(step.organizations ? { endorsingOrganizations: step.organizations } : {}),
    };
}

function options(more) {
    const deadline = () => ({ deadline: Date.now() + timeoutMs });
    const certificate = settings['tls-cert'];
    const tlsClientCertificateHash = certificate ? createHash('sha256').update(der(readOnly(certificate))).digest() : undefined;
    return {
        client,
        identity,
        hash: hash.sha256,
        tlsClientCertificateHash,
        evaluateOptions: deadline,
        endorseOptions: deadline,
        submitOptions: deadline,
        commitStatusOptions: deadline,
        ...more,
    };
}

function newClient() {
    const authority = settings['tls-ca'];
    if (!authority) {
        return new grpc.Client(settings.endpoint, grpc.credentials.createInsecure());
    }
    const [key, certificate] = [settings['tls-key'], settings['tls-cert']].map((path) => (path ? readOnly(path) : null));
    const name = settings['tls-name'] ? { 'grpc.ssl_target_name_override': settings['tls-name'] } : {};
    return new grpc.Client(settings.endpoint, grpc.credentials.createSsl(readOnly(authority), key, certificate), name);
}

/** A file, or the only file of a folder: key stores name their files as they like. */
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

function der(pem) {
    const [, body] = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem.toString('latin1')) ?? [];
    return Buffer.from(body ?? '', 'base64');
}

/** From the command line, else from the environment: `--tls-ca` or `INTEROP_TLS_CA`. */
function readSettings() {
    const { values } = parseArgs({ options: Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' }])) });
    const found = {};
    for (const name of OPTIONS) {
        found[name] = values[name] ?? process.env[`INTEROP_${name.toUpperCase().replaceAll('-', '_')}`];
    }
    const missing = ['endpoint', 'cert', 'key', 'msp', 'channel', 'chaincode', 'scenario'].filter((name) => !found[name]);
    if (missing.length > 0) {
        console.error(`missing: ${missing.map((name) => `--${name}`).join(' ')}; see README.md`);
        process.exit(2);
    }
    return found;
}

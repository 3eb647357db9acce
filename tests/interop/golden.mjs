// Writes golden bytes: what the official SDK sends for inputs of our own, and what its generated code makes of every
// message that network/fabric-protos knows. Run once per SDK version; the result is committed and never made again.
//
//   node golden.mjs OUTPUT_FOLDER
//
// OUTPUT_FOLDER must hold certificate.pem and key.pem (a throw-away identity) and nothing that this program writes.

import { createPrivateKey, createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { checkpointers, connect, signers } from '@hyperledger/fabric-gateway';
import { common, gateway as gatewayProtos, google, ledger, msp, orderer, peer } from '@hyperledger/fabric-protos';
import { messageBytes } from './messages.mjs';

const CHANNEL = 'trade';
const CHAINCODE = 'entrepot';
const MSP_ID = 'ExporterMSP';
const BLOCK = 7;

const folder = process.argv[2];
if (!folder) {
    console.error('usage: node golden.mjs OUTPUT_FOLDER');
    process.exit(2);
}
if (existsSync(join(folder, 'inputs.json'))) {
    console.error(`${folder} already holds golden files; they are fixed once and never made again`);
    process.exit(1);
}
const certificate = readFileSync(join(folder, 'certificate.pem'));
const signer = signers.newPrivateKeySigner(createPrivateKey(readFileSync(join(folder, 'key.pem'))));
const identity = { mspId: MSP_ID, credentials: certificate };
const tlsClientCertificateHash = createHash('sha256').update('a TLS client certificate').digest();

const write = (name, bytes) => writeFileSync(join(folder, name), bytes);
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();

// --- a gateway that records what it is sent ---------------------------------------------------------------------

const recorded = {};
const raw = { requestSerialize: (bytes) => bytes, requestDeserialize: (bytes) => bytes, responseSerialize: (bytes) => bytes, responseDeserialize: (bytes) => bytes };
const unary = (path) => ({ path, requestStream: false, responseStream: false, ...raw });
const server = new grpc.Server();
server.addService(
    {
        evaluate: unary('/gateway.Gateway/Evaluate'),
        endorse: unary('/gateway.Gateway/Endorse'),
        submit: unary('/gateway.Gateway/Submit'),
        commitStatus: unary('/gateway.Gateway/CommitStatus'),
        chaincodeEvents: { ...unary('/gateway.Gateway/ChaincodeEvents'), responseStream: true },
        deliver: { ...unary('/protos.Deliver/Deliver'), requestStream: true, responseStream: true },
        deliverFiltered: { ...unary('/protos.Deliver/DeliverFiltered'), requestStream: true, responseStream: true },
    },
    {
        evaluate: (call, answer) => {
            recorded.evaluate = call.request;
            answer(null, reply('evaluate-response.bin', evaluateResponse()));
        },
        endorse: (call, answer) => {
            recorded.endorse = call.request;
            void endorseResponse(call.request).then((response) => answer(null, reply('endorse-response.bin', response)));
        },
        submit: (call, answer) => {
            recorded.submit = call.request;
            answer(null, Buffer.from(new gatewayProtos.SubmitResponse().serializeBinary()));
        },
        commitStatus: (call, answer) => {
            recorded.commitStatus = call.request;
            answer(null, reply('commit-status-response.bin', commitStatusResponse()));
        },
        chaincodeEvents: (call) => {
            recorded.chaincodeEvents = call.request;
            call.write(reply('chaincode-events-response.bin', chaincodeEventsResponse()));
            call.end();
        },
        deliver: (call) => deliver(call, 'deliver', 'deliver-response-block.bin', blockResponse()),
        deliverFiltered: (call) => deliver(call, 'deliverFiltered', 'deliver-response-filtered.bin', filteredResponse()),
    },
);

function deliver(call, name, file, response) {
    call.on('data', (request) => {
        recorded[name] = request;
        call.write(reply(file, response));
        call.end();
    });
}

function reply(name, message) {
    const bytes = Buffer.from(message.serializeBinary());
    write(name, bytes);
    return bytes;
}

function response(status, message, payload) {
    const result = new peer.Response();
    result.setStatus(status);
    result.setMessage(message);
    result.setPayload(Buffer.from(payload));
    return result;
}

function evaluateResponse() {
    const result = new gatewayProtos.EvaluateResponse();
    result.setResult(response(200, '', '{"state":"issued"}'));
    return result;
}

async function endorseResponse(request) {
    const proposalBytes = gatewayProtos.EndorseRequest.deserializeBinary(request).getProposedTransaction().getProposalBytes_asU8();
    const proposal = peer.Proposal.deserializeBinary(proposalBytes);
    const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
    const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
    const publicPayload = new peer.ChaincodeProposalPayload();
    publicPayload.setInput(payload.getInput_asU8());

    const action = new peer.ChaincodeAction();
    action.setResults(readWriteSet().serializeBinary());
    action.setEvents(chaincodeEvent('0'.repeat(64)).serializeBinary());
    action.setResponse(response(200, '', '{"id":"rec-1"}'));
    const chaincodeId = new peer.ChaincodeID();
    chaincodeId.setName(CHAINCODE);
    chaincodeId.setVersion('1.0');
    action.setChaincodeId(chaincodeId);

    const responsePayload = new peer.ProposalResponsePayload();
    responsePayload.setProposalHash(sha256(header.getChannelHeader_asU8(), header.getSignatureHeader_asU8(), publicPayload.serializeBinary()));
    responsePayload.setExtension$(action.serializeBinary());
    const responseBytes = responsePayload.serializeBinary();

    const endorsement = new peer.Endorsement();
    endorsement.setEndorser(creator());
    endorsement.setSignature(await signer(sha256(responseBytes, creator())));
    const endorsed = new peer.ChaincodeEndorsedAction();
    endorsed.setProposalResponsePayload(responseBytes);
    endorsed.setEndorsementsList([endorsement]);
    const actionPayload = new peer.ChaincodeActionPayload();
    actionPayload.setChaincodeProposalPayload(publicPayload.serializeBinary());
    actionPayload.setAction(endorsed);
    const transactionAction = new peer.TransactionAction();
    transactionAction.setHeader(header.getSignatureHeader_asU8());
    transactionAction.setPayload(actionPayload.serializeBinary());
    const transaction = new peer.Transaction();
    transaction.setActionsList([transactionAction]);

    const envelopePayload = new common.Payload();
    envelopePayload.setHeader(header);
    envelopePayload.setData(transaction.serializeBinary());
    const envelope = new common.Envelope();
    envelope.setPayload(envelopePayload.serializeBinary());
    const result = new gatewayProtos.EndorseResponse();
    result.setPreparedTransaction(envelope);
    return result;
}

function creator() {
    const serialized = new msp.SerializedIdentity();
    serialized.setMspid(MSP_ID);
    serialized.setIdBytes(certificate);
    return serialized.serializeBinary();
}

function readWriteSet() {
    const { kvrwset } = ledger.rwset;
    const version = new kvrwset.Version();
    version.setBlockNum(5);
    version.setTxNum(1);
    const read = new kvrwset.KVRead();
    read.setKey('item/1');
    read.setVersion(version);
    const absent = new kvrwset.KVRead();
    absent.setKey('item/2');
    const put = new kvrwset.KVWrite();
    put.setKey('item/2');
    put.setValue(Buffer.from('{"id":"rec-1"}'));
    const removed = new kvrwset.KVWrite();
    removed.setKey('item/1');
    removed.setIsDelete(true);
    const set = new kvrwset.KVRWSet();
    set.setReadsList([read, absent]);
    set.setWritesList([removed, put]);
    const namespace = new ledger.rwset.NsReadWriteSet();
    namespace.setNamespace(CHAINCODE);
    namespace.setRwset(set.serializeBinary());
    const result = new ledger.rwset.TxReadWriteSet();
    result.setNsRwsetList([namespace]);
    return result;
}

function commitStatusResponse() {
    const result = new gatewayProtos.CommitStatusResponse();
    result.setResult(peer.TxValidationCode.MVCC_READ_CONFLICT);
    result.setBlockNumber(BLOCK);
    return result;
}

function chaincodeEvent(transactionId) {
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId(CHAINCODE);
    event.setTxId(transactionId);
    event.setEventName('item.captured');
    event.setPayload(Buffer.from([0, 1, 255]));
    return event;
}

function chaincodeEventsResponse() {
    const result = new gatewayProtos.ChaincodeEventsResponse();
    result.setBlockNumber(BLOCK);
    result.setEventsList([chaincodeEvent('a'.repeat(64)), chaincodeEvent('b'.repeat(64))]);
    return result;
}

function blockResponse() {
    const header = new common.BlockHeader();
    header.setNumber(BLOCK);
    header.setPreviousHash(Buffer.alloc(32, 1));
    header.setDataHash(Buffer.alloc(32, 2));
    const data = new common.BlockData();
    data.setDataList([Buffer.from('one'), Buffer.from('two')]);
    const metadata = new common.BlockMetadata();
    metadata.setMetadataList([Buffer.alloc(0), Buffer.alloc(0), Buffer.from([0, 11]), Buffer.alloc(0), Buffer.from('hash')]);
    const block = new common.Block();
    block.setHeader(header);
    block.setData(data);
    block.setMetadata(metadata);
    const result = new peer.DeliverResponse();
    result.setBlock(block);
    return result;
}

function filteredResponse() {
    const action = new peer.FilteredChaincodeAction();
    const event = chaincodeEvent('a'.repeat(64));
    event.setPayload('');
    action.setChaincodeEvent(event);
    const actions = new peer.FilteredTransactionActions();
    actions.setChaincodeActionsList([action]);
    const transaction = new peer.FilteredTransaction();
    transaction.setTxid('a'.repeat(64));
    transaction.setType(common.HeaderType.ENDORSER_TRANSACTION);
    transaction.setTxValidationCode(peer.TxValidationCode.PHANTOM_READ_CONFLICT);
    transaction.setTransactionActions(actions);
    const block = new peer.FilteredBlock();
    block.setChannelId(CHANNEL);
    block.setNumber(BLOCK);
    block.setFilteredTransactionsList([transaction]);
    const result = new peer.DeliverResponse();
    result.setFilteredBlock(block);
    return result;
}

function statusDetails() {
    const details = [
        ['peer0.exporter.example:7051', 'ExporterMSP', 'chaincode response 404, {"code":"item.unknown"}'],
        ['peer0.importer.example:7051', 'ImporterMSP', 'ProposalResponsePayloads do not match'],
    ].map(([address, mspId, message]) => {
        const detail = new gatewayProtos.ErrorDetail();
        detail.setAddress(address);
        detail.setMspId(mspId);
        detail.setMessage(message);
        const any = new google.rpc.Status().addDetails();
        any.pack(detail.serializeBinary(), 'gateway.ErrorDetail');
        return any;
    });
    const status = new google.rpc.Status();
    status.setCode(grpc.status.ABORTED);
    status.setMessage('failed to endorse transaction, see attached details for more info');
    status.setDetailsList(details);
    return status;
}

// --- the SDK at work --------------------------------------------------------------------------------------------

/** What the SDK drew by itself, read back from the bytes so that another encoder can be given the same. */
function drawn(proposedTransaction) {
    const proposal = peer.Proposal.deserializeBinary(
        gatewayProtos.ProposedTransaction.deserializeBinary(proposedTransaction).getProposal().getProposalBytes_asU8(),
    );
    const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
    const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
    const signatureHeader = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
    return {
        transaction_id: channelHeader.getTxId(),
        nonce: Buffer.from(signatureHeader.getNonce_asU8()).toString('hex'),
        timestamp: timestamp(channelHeader),
    };
}

const timestamp = (channelHeader) => ({ seconds: channelHeader.getTimestamp().getSeconds(), nanos: channelHeader.getTimestamp().getNanos() });

function envelopeTimestamp(bytes) {
    const payload = common.Payload.deserializeBinary(common.Envelope.deserializeBinary(bytes).getPayload_asU8());
    return timestamp(common.ChannelHeader.deserializeBinary(payload.getHeader().getChannelHeader_asU8()));
}

const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
});
const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
const signing = connect({ client, identity, signer, tlsClientCertificateHash });
const offline = connect({ client, identity });
const inputs = { msp_id: MSP_ID, channel: CHANNEL, chaincode: CHAINCODE, tls_certificate_hash: tlsClientCertificateHash.toString('hex') };

{
    const proposal = offline.getNetwork(CHANNEL).getContract(CHAINCODE).newProposal('item:Read', { arguments: ['{"serial":"1"}'] });
    write('proposed-transaction-plain.bin', proposal.getBytes());
    inputs.plain = { ...drawn(proposal.getBytes()), function: 'item:Read', digest: Buffer.from(proposal.getDigest()).toString('hex') };
}

const full = {
    arguments: ['{"name":"Zoë"}', '', Buffer.from([0, 255, 128])],
    transientData: { private: '{"price":"1250"}', blinding: Buffer.from([1, 2, 3]) },
    endorsingOrganizations: ['ImporterMSP', 'ExporterMSP'],
};
{
    const contract = signing.getNetwork(CHANNEL).getContract(CHAINCODE, 'payment');
    const proposal = contract.newProposal('IssueInvoice', full);
    write('proposed-transaction.bin', proposal.getBytes());
    inputs.full = {
        ...drawn(proposal.getBytes()),
        function: 'payment:IssueInvoice',
        arguments: full.arguments.map((argument) => Buffer.from(argument).toString('hex')),
        transient: Object.fromEntries(Object.entries(full.transientData).map(([name, value]) => [name, Buffer.from(value).toString('hex')])),
        endorsing_organizations: full.endorsingOrganizations,
        digest: Buffer.from(proposal.getDigest()).toString('hex'),
    };
    await proposal.evaluate();
    write('proposed-transaction-signed.bin', proposal.getBytes());
    write('evaluate-request.bin', recorded.evaluate);
    const transaction = await proposal.endorse();
    write('endorse-request.bin', recorded.endorse);
    write('prepared-transaction.bin', transaction.getBytes());
    inputs.prepared_digest = Buffer.from(transaction.getDigest()).toString('hex');
    inputs.result = Buffer.from(transaction.getResult()).toString('utf8');
    const commit = await transaction.submit();
    write('prepared-transaction-signed.bin', transaction.getBytes());
    write('submit-request.bin', recorded.submit);
    write('signed-commit-status-request-unsigned.bin', commit.getBytes());
    inputs.commit_digest = Buffer.from(commit.getDigest()).toString('hex');
    await commit.getStatus();
    write('signed-commit-status-request.bin', recorded.commitStatus);
}
{
    // An empty value of a map entry is where protobuf libraries differ.
    const proposal = offline.getNetwork(CHANNEL).getContract(CHAINCODE).newProposal('item:Read', { transientData: { empty: '' } });
    write('proposed-transaction-empty-transient.bin', proposal.getBytes());
    inputs.empty_transient = { ...drawn(proposal.getBytes()), function: 'item:Read' };
}

const network = signing.getNetwork(CHANNEL);
const firstOf = async (stream) => {
    for await (const item of stream) {
        stream.close();
        return item;
    }
};
{
    const next = network.newChaincodeEventsRequest(CHAINCODE);
    write('chaincode-events-request-next.bin', next.getBytes());
    const fromBlock = network.newChaincodeEventsRequest(CHAINCODE, { startBlock: 3n });
    await firstOf(await fromBlock.getEvents());
    write('chaincode-events-request-block-3.bin', recorded.chaincodeEvents);
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointTransaction(9n, 'c'.repeat(64));
    const after = network.newChaincodeEventsRequest(CHAINCODE, { checkpoint });
    write('chaincode-events-request-after.bin', after.getBytes());
    inputs.chaincode_events_after = { block: 9, transaction_id: 'c'.repeat(64) };
}
{
    const blocks = network.newBlockEventsRequest({ startBlock: 0n });
    await firstOf(await blocks.getEvents());
    write('deliver-envelope-block-0.bin', recorded.deliver);
    const filtered = network.newFilteredBlockEventsRequest();
    write('deliver-envelope-filtered-next-unsigned.bin', filtered.getBytes());
    await firstOf(await filtered.getEvents());
    write('deliver-envelope-filtered-next.bin', recorded.deliverFiltered);
    inputs.deliver = {
        stop: Number.MAX_SAFE_INTEGER,
        block_0_timestamp: envelopeTimestamp(recorded.deliver),
        filtered_next_timestamp: envelopeTimestamp(recorded.deliverFiltered),
    };
}
write('grpc-status-details.bin', statusDetails().serializeBinary());
write('messages.json', `${JSON.stringify(messageBytes(), null, 1)}\n`);
write('inputs.json', `${JSON.stringify(inputs, null, 2)}\n`);
client.close();
server.forceShutdown();

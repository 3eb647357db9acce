// What a Fabric application's REST server usually is: express, one gRPC connection to the peer, one identity that signs for
// every caller, each answer given after the commit. It has no login and no TLS, keeps nothing, and checks nothing.
// `entrepot bench gateway` starts it; its last line says where it listens.

import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { connect, hash, signers } from '@hyperledger/fabric-gateway';
import express from 'express';

const names = ['endpoint', 'tls-ca', 'msp', 'certificate', 'key', 'channel', 'chaincode'];
const { values: settings } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
for (const name of names) {
    if (!settings[name]) {
        throw new Error(`--${name} is missing`);
    }
}

const client = new grpc.Client(settings.endpoint, grpc.credentials.createSsl(readFileSync(settings['tls-ca'])));
const gateway = connect({
    client,
    identity: { mspId: settings.msp, credentials: readFileSync(settings.certificate) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(settings.key))),
    hash: hash.sha256,
});
const contract = gateway.getNetwork(settings.channel).getContract(settings.chaincode);

const server = express();
server.use(express.json());
server.post('/v1/evidence', async (request, response) => {
    const result = await contract.submitTransaction('evidence:Deposit', JSON.stringify(request.body));
    response.status(201).type('json').send(Buffer.from(result));
});
server.get('/v1/evidence/:id', async (request, response) => {
    const result = await contract.evaluateTransaction('evidence:ReadEvidence', JSON.stringify({ sha256: request.params.id }));
    response.type('json').send(Buffer.from(result));
});

const listener = server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${listener.address().port}`));

// Has Tencent's own deployer turn serverless.yml into API requests, and holds
// these to what the file means to say. The file's path is the argument.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { functionOf, load, triggersOf } from './deployer.mjs';

const path = process.argv[2];
const { component, inputs } = load(readFileSync(path, 'utf8'));
let passed = 0;
let failed = 0;
function check(name, test) {
  try {
    test();
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${error.message}`);
  }
}

check('the component is scf', () => assert.equal(component, 'scf'));
const request = functionOf(inputs);
check('the function', () => {
  const { Code, PublicNetConfig, L5Enable, InstallDependency, DiskSize, ...rest } = request;
  assert.equal(PublicNetConfig.PublicNetStatus, 'ENABLE');
  assert.deepEqual(rest, {
    FunctionName: 'migrate-check',
    Description: inputs.description,
    Type: 'Event',
    DeployMode: 'code',
    Runtime: 'Go1',
    Handler: 'main',
    Namespace: 'default',
    Timeout: 900,
    MemorySize: 64,
    Role: 'migrate-check',
    DeadLetterConfig: { Type: 'queue', Name: 'migrate-check-dead-letters' },
    Environment: {
      Variables: [
        { Key: 'DTS_REGION', Value: 'ap-guangzhou' },
        { Key: 'DTS_API_VERSION', Value: '2021-12-06' },
        { Key: 'LOG_LEVEL', Value: 'info' },
      ],
    },
  });
});
check('what is packed is main alone, run bit set', () => {
  const folder = join(dirname(path), inputs.src);
  assert.deepEqual(readdirSync(folder), ['main']);
  assert.equal(statSync(join(folder, 'main')).mode & 0o111, 0o111);
});

const found = Object.fromEntries(triggersOf(inputs).map((request) => [request.Type, request]));
check('there is a timer and a Function URL, nothing else', () =>
  assert.deepEqual(Object.keys(found).sort(), ['http', 'timer']));
check('the timer is open, named, and brings its argument', () =>
  assert.deepEqual(found.timer, {
    Action: 'CreateTrigger',
    FunctionName: 'migrate-check',
    Namespace: 'default',
    Type: 'timer',
    Qualifier: '$DEFAULT',
    TriggerName: 'nightly-check',
    TriggerDesc: '0 0 2 * * * *',
    Enable: 'OPEN',
    CustomArgument: '{"Select":{},"Wait":true}',
  }));
check('the Function URL asks for CAM and can be reached', () => {
  const { AuthType, NetConfig } = JSON.parse(found.http.TriggerDesc);
  assert.equal(AuthType, 'CAM');
  assert.deepEqual(NetConfig, { EnableIntranet: true, EnableExtranet: true });
  assert.equal(found.http.Qualifier, '$DEFAULT');
  assert.equal(found.http.Enable, 'OPEN');
});

// The API Gateway block, as somebody who uncomments it gets it.
const uncommented = readFileSync(path, 'utf8').replace(/^    # (- apigw:[\s\S]*)$/m, (_, block) =>
  '    ' + block.replace(/^    # /gm, '    '));
const uncommentedTriggers = triggersOf(load(uncommented).inputs);
check('the apigw block is ready to be uncommented', () => {
  assert.equal(uncommentedTriggers.length, 3);
  const [endpoint] = uncommentedTriggers[2].endpoints;
  assert.equal(endpoint.path, '/jobs/{JobId}/checks');
  assert.equal(endpoint.function.isIntegratedResponse, true);
  assert.equal(endpoint.function.functionType, 'EVENT');
});

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;

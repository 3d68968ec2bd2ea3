// Compares what the deployer makes of each case in a folder, NAME.yml with a
// NAME.env beside it if it has one, with NAME.json, to which the local cloud's
// tests hold its own reading. With --write the files are written instead; what
// the local cloud refuses ("refused") is kept.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { functionOf, load, triggersOf } from './deployer.mjs';

const [folder, write] = process.argv.slice(2);
const cases = readdirSync(folder).filter((name) => name.endsWith('.yml')).map((name) => name.slice(0, -4));
let failed = 0;
for (const name of cases) {
  const at = (suffix) => join(folder, name + suffix);
  const read = (suffix) => (existsSync(at(suffix)) ? readFileSync(at(suffix), 'utf8') : undefined);
  const { inputs } = load(read('.yml'), read('.env'));
  const f = functionOf(inputs);
  const golden = JSON.parse(read('.json') ?? '{}');
  const found = {
    ...(golden.refused && { refused: golden.refused }),
    name: f.FunctionName,
    type: f.Type,
    handler: f.Handler,
    runtime: f.Runtime,
    region: inputs.region,
    role: f.Role ?? '',
    memory: f.MemorySize,
    timeout: f.Timeout,
    async: f.AsyncRunEnable === 'TRUE',
    variables: Object.fromEntries((f.Environment?.Variables ?? []).map(({ Key, Value }) => [Key, Value])),
    timers: triggersOf(inputs).filter(({ Type }) => Type === 'timer').map((t) => ({
      name: t.TriggerName,
      schedule: t.TriggerDesc,
      argument: t.CustomArgument ?? '',
      enabled: t.Enable === 'OPEN',
    })),
  };
  if (write === '--write') {
    writeFileSync(at('.json'), JSON.stringify(found, null, 2) + '\n');
  } else if (!isDeepStrictEqual(found, golden)) {
    failed++;
    console.log(`FAIL ${name}: the deployer makes of it ${JSON.stringify(found)}`);
  } else {
    console.log(`ok   ${name}`);
  }
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exitCode = failed || cases.length === 0 ? 1 : 0;

// What Tencent's deployer makes of a serverless.yml. The command line reads the
// file and sends it, as JSON, to the scf component, which fills in names and
// hands its inputs to tencent-component-toolkit. Command line and component are
// no libraries: what they do to a file is done here in their place.
// The YAML, the .env file and the API requests are read and made by the
// libraries that they use.
import { createRequire } from 'node:module';
import dotenv from 'dotenv';
import yaml from 'js-yaml';

const require = createRequire(import.meta.url);
const { formatInputs } = require('tencent-component-toolkit/lib/modules/scf/utils');
const triggers = require('tencent-component-toolkit/lib/modules/triggers').default;

// load returns the instance that the command line sends for the text of a
// serverless.yml, with that of .env, and the names that the component gives.
export function load(text, dotenvText = '') {
  const env = dotenv.parse(dotenvText);
  let instance = yaml.load(text);
  instance.stage ||= 'dev';
  instance.app ||= instance.name;
  instance = each(instance, (text) => {
    const whole = text.match(/^\$\{env:([\w.-]+)\}$/);
    return whole ? env[whole[1]] : text.replace(/\$\{env:([\w.-]+)\}/g, (_, name) => String(env[name]));
  });
  const words = { name: instance.name, stage: instance.stage, app: instance.app };
  instance = each(instance, (text) => text.replace(/\$\{(name|stage|app)\}/g, (_, word) => words[word]));
  const { inputs } = (instance = JSON.parse(JSON.stringify(instance)));
  inputs.handler ||= 'main';
  inputs.name ||= `${words.name}-${words.stage}-${words.app}`;
  inputs.region ||= 'ap-guangzhou';
  for (const event of inputs.events ?? []) {
    const [type] = Object.keys(event);
    event[type].name ||= `${type}-${words.name}-${words.stage}`;
  }
  return instance;
}

// each returns a copy of a value with every text in it changed.
function each(value, change) {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => each(item, change));
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, each(item, change)]));
}

// functionOf is the request that creates the function.
export const functionOf = (inputs) => formatInputs(inputs);

// triggersOf are the requests that create its triggers, in the file's order.
export function triggersOf(inputs) {
  return (inputs.events ?? []).map((event) => {
    const [type] = Object.keys(event);
    const trigger = new triggers[type]({ credentials: {}, region: inputs.region });
    return trigger.formatInputs({
      region: inputs.region,
      inputs: { namespace: 'default', functionName: inputs.name, ...event[type] },
    }).triggerInputs;
  });
}

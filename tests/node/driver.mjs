// Makes calls with Miva's SDK for Node: one call is a line of JSON on standard input, its answer a line on standard
// output.
import { createInterface } from "node:readline";

import sdk from "merchantapi";

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

// The two names that this SDK doesn't make by its own rule.
const NAMES = { set_default: "setDefaultOption", add_customer_address_id: "addCustomerAddress_ID" };

// Where the SDK takes a model only, and does not make it of an object itself.
const MODELS = { add_order_item: sdk.models.OrderItem };

const getter = (name) => camel(`get_${name}`);

/** Find the method of a request; the SDK's exceptions to its own rule come second. */
function method(request, name) {
  const found = [camel(name), NAMES[name]].find((one) => typeof request[one] === "function");
  if (!found) throw new Error(`${request.constructor.name} has no ${name}`);
  return request[found].bind(request);
}

/** Read of a value what a shape has: of models and objects its members, of lists all elements. */
function read(value, shape) {
  if (Array.isArray(value) && Array.isArray(shape)) {
    return value.map((one, index) => read(one, shape[Math.min(index, shape.length - 1)]));
  }
  if (shape !== null && typeof shape === "object" && !Array.isArray(shape) && value != null) {
    const member = (name) => (typeof value[getter(name)] === "function" ? value[getter(name)]() : value[name]);
    return Object.fromEntries(Object.entries(shape).map(([name, inner]) => [name, read(member(name), inner)]));
  }
  // A decimal of the SDK.
  return value != null && typeof value.toNumber === "function" ? value.toNumber() : value;
}

async function make({ connection, request: name, methods, answer }) {
  const client = new sdk.Client(connection.endpoint, connection.token, connection.signature_key, {
    default_store_code: "sandbox",
  });
  const request = new sdk.requests[name](client);
  for (const [one, ...values] of methods) {
    method(request, one)(...values.map((value) => (MODELS[one] ? new MODELS[one](value) : value)));
  }
  const response = await client.promise(request);
  if (response.isError()) return { error: `${response.getErrorCode()}: ${response.getErrorMessage()}` };
  return read(response, answer);
}

for await (const line of createInterface({ input: process.stdin })) {
  let answered;
  try {
    answered = await make(JSON.parse(line));
  } catch (error) {
    answered = { error: String(error.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answered)}\n`);
}

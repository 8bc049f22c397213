// Miva's SDK for Node, unmodified, against a sandbox whose address and keys stand in the environment.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import sdk from "merchantapi";

const { ENDPOINT, TOKEN, SIGNATURE_KEY, CONTROL } = process.env;
const { requests } = sdk;

const makeClient = (signatureKey = SIGNATURE_KEY) =>
  new sdk.Client(ENDPOINT, TOKEN, signatureKey, { default_store_code: "sandbox" });

const control = async (path, body) => {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) };
  const response = await fetch(CONTROL + path, body === undefined ? {} : options);
  assert.equal(response.status, 200);
  return response.json();
};

const insert = (client, code, price) =>
  new requests.ProductInsert(client).setProductCode(code).setProductName(code).setProductPrice(price);

const codes = (response) => response.getProducts().map((product) => product.getCode());

const allCodes = async (client) => codes(await new requests.ProductListLoadQuery(client).setSort("id").promise());

beforeEach(async () => {
  await control("/reset", {});
  const client = makeClient();
  for (const [code, price] of [["A", 1], ["B", 2], ["C", 3]]) {
    assert.ok((await client.promise(insert(client, code, price))).isSuccess());
  }
});

test("a client sends with callbacks as well as with promises", async () => {
  const request = new requests.ProductListLoadQuery(makeClient()).setSort("id");

  const byCallback = await new Promise((resolve, reject) => {
    request.send((error, response) => (error ? reject(error) : resolve(response)));
  });
  const byPromise = await request.promise();

  assert.deepEqual(codes(byCallback), ["A", "B", "C"]);
  assert.deepEqual(codes(byPromise), ["A", "B", "C"]);
});

test("a wrong signature key is refused", async () => {
  const client = makeClient(Buffer.from("another key").toString("base64"));

  const response = await new requests.ProductListLoadQuery(client).promise();

  assert.deepEqual([response.isError(), response.getErrorCode()], [true, "access_denied"]);
});

test("an error of validation names its fields", async () => {
  const client = makeClient();

  const twice = await insert(client, "A", 1).promise();
  const missing = await new requests.ProductInsert(client).setProductCode("D").promise();

  assert.ok(twice.isValidationError());
  assert.equal(twice.getErrorField(), "Product_Code");
  assert.ok(missing.isInputError());
  assert.deepEqual(
    missing.getErrorFields().map((field) => field.error_field ?? field),
    ["Product_Name"],
  );
});

test("the list query builder finds what it says", async () => {
  const request = new requests.ProductListLoadQuery(makeClient());
  const wanted = request.filterExpression().equal("code", "A").orIsIn("code", ["C"]);

  const response = await request.setFilters(wanted).setCount(1).setSort("price", "desc").promise();

  assert.deepEqual([response.getTotalCount(), response.getStartOffset()], [2, 0]);
  assert.deepEqual(codes(response), ["C"]);
});

test("conditions joined by and must all hold, and nest in an or", async () => {
  const request = new requests.ProductListLoadQuery(makeClient());
  const dear = request.filterExpression().greaterThan("price", 1).andLessThan("price", 3);

  const wanted = request.filterExpression().equal("code", "A").orX(dear);
  const response = await request.setFilters(wanted).setSort("id").promise();

  assert.deepEqual(codes(response), ["A", "B"]);
});

test("a page begins at its offset and tells of the whole", async () => {
  const request = new requests.ProductListLoadQuery(makeClient()).setSort("id").setCount(5);
  // The one setter of this SDK that returns nothing to go on with.
  request.setOffset(1);

  const response = await request.promise();

  assert.deepEqual([codes(response), response.getTotalCount(), response.getStartOffset()], [["B", "C"], 3, 1]);
});

test("a multi-call answers each of its requests", async () => {
  const client = makeClient();
  const multicall = new sdk.MultiCallRequest(client);
  for (const code of ["A", "none"]) multicall.addRequest(new requests.ProductDelete(client).setProductCode(code));

  const response = await multicall.promise();

  assert.deepEqual(
    response.getResponses().map((one) => [one.isSuccess(), one.getErrorCode()]),
    [[true, null], [false, "MER-JSN-PRD-00014"]],
  );
  assert.deepEqual(await allCodes(client), ["B", "C"]);
});

test("an operation shares a function among its iterations", async () => {
  const client = makeClient();
  const multicall = new sdk.MultiCallRequest(client);
  const each = ["A", "B"].map((code) => new requests.ProductDelete(client).setProductCode(code).setStoreCode("sandbox"));
  multicall.addOperation(new sdk.MultiCallOperation(each));

  const response = await multicall.promise();

  assert.deepEqual(response.getResponses().map((one) => one.isSuccess()), [true, true]);
  assert.deepEqual(await allCodes(client), ["C"]);
});

test("a multi-call that is cut short goes on by itself", async () => {
  const client = makeClient();
  // An operation_timeout of 0 is not sent by this SDK, though the reference allows it; the header itself is.
  client.setGlobalHeader("X-Miva-API-Timeout", "0");
  const multicall = new sdk.MultiCallRequest(client).setAutoTimeoutContinue(true);
  for (const code of ["A", "B", "none"]) multicall.addRequest(new requests.ProductDelete(client).setProductCode(code));

  const whole = new Promise((resolve, reject) => {
    multicall.setAutoContinueCallback((error, response, isComplete) => {
      if (error) reject(error);
      else if (isComplete) resolve(response);
    });
  });
  // Its promise is kept at the first part; the rest is told to the callback only.
  await multicall.promise();
  const response = await whole;

  assert.deepEqual(response.getResponses().map((one) => one.isSuccess()), [true, true, false]);
  assert.deepEqual(await allCodes(makeClient()), ["C"]);
  const { requests: sent } = await control("/requests");
  assert.equal(sent.filter((request) => request.status === 206).length, 2);
});

test("without automatic continuation the rest is not done", async () => {
  const client = makeClient();
  client.setGlobalHeader("X-Miva-API-Timeout", "0");
  const multicall = new sdk.MultiCallRequest(client);
  for (const code of ["A", "B"]) multicall.addRequest(new requests.ProductDelete(client).setProductCode(code));

  const response = await multicall.promise();

  assert.ok(response.isTimeout());
  assert.deepEqual(await allCodes(makeClient()), ["B", "C"]);
});

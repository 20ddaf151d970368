// openapi.mjs BUILD DOCUMENT ...: every document is OpenAPI 3.1 by an independent validator, every
// example in it fits its schema, and what the gateway answers fits the first one, the shop's.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { withStack } from "./stack.mjs";

const [build, ...files] = process.argv.slice(2);

// JSON pointers of everything in the document, as far as a schema or an example may be.
function* nodes(value, pointer = "#") {
  if (value === null || typeof value !== "object") return;
  yield [value, pointer];
  for (const [key, child] of Object.entries(value)) {
    if (key === "example") continue; // what looks like a schema in there is none
    yield* nodes(
      child,
      `${pointer}/${encodeURIComponent(key.replace(/~/g, "~0").replace(/\//g, "~1"))}`,
    );
  }
}

function schemasOf(document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addFormat("uint64", /^[0-9]+$/);
  ajv.addFormat("int64", { type: "string", validate: /^-?[0-9]+$/ });
  ajv.addFormat("uint32", { type: "number", validate: (n) => n >= 0 && n <= 0xffffffff });
  ajv.addSchema(document, "document");
  return (pointer) => ajv.compile({ $ref: `document${pointer}` });
}

function fits(validate, value, what) {
  assert.ok(
    validate(value),
    `${what}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(value)}`,
  );
}

let examples = 0;
for (const file of files) {
  const text = readFileSync(file, "utf8");
  const result = await new Validator().validate(JSON.parse(text));
  assert.ok(result.valid, `${file}: ${JSON.stringify(result.errors)}`);

  const document = JSON.parse(text);
  const schema = schemasOf(document);
  const ids = new Set();
  for (const [node, pointer] of nodes(document)) {
    if (node.schema && "example" in node) {
      fits(schema(`${pointer}/schema`), node.example, `${file}${pointer}`);
      ++examples;
    }
    if (typeof node.operationId === "string") {
      assert.ok(!ids.has(node.operationId), `${file}: ${node.operationId} twice`);
      ids.add(node.operationId);
    }
  }
  assert.ok(ids.size > 0, `${file} has no operation`);
}

// [path of the document, what is asked for, status]
const asked = [
  ["/api/v1/orders/{orderId}", "/api/v1/orders/order-1", 200],
  ["/api/v1/orders/{orderId}", "/api/v1/orders/order-999999", 404],
  ["/api/v1/orders", "/api/v1/orders?pageSize=3&statuses=PLACED&statuses=PAID", 200],
  ["/api/v1/orders", "/api/v1/orders?pageSize=many", 400],
  ["/api/v1/orders/{orderId}/lines", "/api/v1/orders/order-1/lines", 200],
  ["/api/public/products", "/api/public/products?pageSize=20", 200],
  ["/api/v1/users/{userId}", "/api/v1/users/user-1", 200],
  ["/api/v1/dashboard", "/api/v1/dashboard", 200],
  ["/api/v1/order-details/{orderId}", "/api/v1/order-details/order-1", 200],
  ["/api/v1/product-page/{productId}", "/api/v1/product-page/product-7", 200],
  ["/mobile/v1/dashboard", "/mobile/v1/dashboard", 200],
  ["/mobile/v1/order-details/{orderId}", "/mobile/v1/order-details/order-1", 200],
];
const shop = JSON.parse(readFileSync(files[0], "utf8"));
const schema = schemasOf(shop);
await withStack(build, async ({ gateway }) => {
  for (const [path, target, status] of asked) {
    const escaped = path.replace(/\//g, "~1").replace(/\{/g, "%7B").replace(/\}/g, "%7D");
    for (const accept of status === 200
      ? ["application/json"]
      : ["application/json", "application/problem+json"]) {
      const response = await fetch(gateway + target, { headers: { accept } });
      assert.equal(response.status, status, target);
      assert.ok(response.headers.get("x-request-id"), target);
      const type = accept.replace("/", "~1");
      const pointer =
        status === 200
          ? `#/paths/${escaped}/get/responses/200/content/${type}/schema`
          : `#/components/responses/Error/content/${type}/schema`;
      if (status !== 200) assert.ok(shop.paths[path].get.responses.default, path);
      fits(schema(pointer), await response.json(), target);
    }
  }
});
console.log(
  `${files.length} documents, ${examples} examples and ${asked.length} answers are right`,
);

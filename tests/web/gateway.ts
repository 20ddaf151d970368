// The client of the demo shop against the gateway itself.
import { WebClient } from "./shop/bff.web.v1.js";
import { MobileClient } from "./shop/bff.mobile.v1.js";
import { OrdersClient } from "./shop/shop.order.v1.js";
import { ProductsClient } from "./shop/shop.product.v1.js";
import { UsersClient } from "./shop/shop.user.v1.js";
import { UsersClient as NewUsersClient } from "./shop/shop.user.v2.js";
import { ReviewsClient } from "./shop/shop.review.v1.js";
import type { ClientOptions } from "./shop/frontdesk-client.js";
import { equal, fails } from "./check.js";

type SetFaults = (query: string) => Promise<void>;

async function plain(options: ClientOptions): Promise<void> {
  const orders = new OrdersClient(options);
  const { message: order, ...reply } = await orders.getOrder(
    { orderId: "order-1" },
    { requestId: "my-request" },
  );
  equal(
    [order.id, reply.requestId, reply.status, reply.incomplete],
    ["order-1", "my-request", 200, []],
    "order",
  );
  equal(typeof order.totals?.grandTotalCents, "string", "a 64-bit integer");
  equal(Number.isNaN(Date.parse(order.placedAt ?? "")), false, "a timestamp");

  const page = (await orders.listOrders({ pageSize: 2 })).message;
  equal(page.orders?.length, 2, "a page");
  const next = (await orders.listOrders({ pageSize: 2, pageToken: page.nextPageToken ?? "" }))
    .message;
  equal(
    next.orders?.some((one) => one.id === page.orders?.[0]?.id),
    false,
    "the next page",
  );
  const states =
    (await orders.listOrders({ statuses: ["PAID", "SHIPPED"], pageSize: 50 })).message.orders ?? [];
  equal(
    states.every((one) => one.status === "PAID" || one.status === "SHIPPED"),
    true,
    "a repeated parameter",
  );
  equal(
    (await orders.batchGet({ ids: ["order-1", "order-2"] })).message.orders?.map((one) => one.id),
    ["order-1", "order-2"],
    "a list",
  );
  equal(
    (await orders.listLines({ orderId: "order-1" })).message.length,
    order.lines?.length,
    "a response_body",
  );

  const products = new ProductsClient(options);
  const product = (await products.listProducts({ pageSize: 1 })).message.products?.[0];
  equal(
    (await products.getProduct({ productId: product?.id ?? "" })).message,
    product,
    "a product",
  );
  equal(
    (await new NewUsersClient(options).getUser({ userId: "user-1" })).status,
    200,
    "a second package",
  );
}

async function bodies(options: ClientOptions): Promise<void> {
  const users = new UsersClient(options);
  const changed = await users.updateUser({ userId: "user-1", user: { displayName: "Grace" } });
  equal(changed.message.displayName, "Grace", "a body that is a field, its mask filled from it");
  equal((await users.getMe()).message.displayName, "Grace", "the caller");

  const invoice = (await new OrdersClient(options).getInvoice({ orderId: "order-1" })).message;
  equal(
    [invoice.type.startsWith("text/plain"), (await invoice.text()).includes("order-1")],
    [true, true],
    "raw bytes",
  );
  const reviews = new ReviewsClient(options);
  const [review] = (await reviews.listReviews({ productId: "product-1" })).message.reviews ?? [];
  const bytes = new Blob([new Uint8Array([0, 255, 10])], { type: "image/png" });
  const { message: photo } = await reviews.uploadPhoto({
    reviewId: review?.id ?? "",
    photo: bytes,
  });
  const { message: back } = await reviews.getPhoto({ photoId: photo.id ?? "" });
  equal(
    [back.type, [...new Uint8Array(await back.arrayBuffer())]],
    ["image/png", [0, 255, 10]],
    "raw bytes both ways",
  );
}

async function failures(options: ClientOptions): Promise<void> {
  const orders = new OrdersClient(options);
  const missing = await fails(
    orders.getOrder({ orderId: "order-999999" }),
    "NOT_FOUND",
    "NOT_FOUND",
    "no such order",
  );
  equal(
    [missing.status, missing.requestId !== "", missing.details.length > 1],
    [404, true, true],
    "an error",
  );
  // It gets as far as the back end, in one segment.
  await fails(
    orders.getOrder({ orderId: "a/b?c#d%:cancel" }),
    "NOT_FOUND",
    "NOT_FOUND",
    "reserved characters",
  );
  const bad = await fails(
    orders.listOrders({ pageSize: 1.5 }),
    "INVALID_ARGUMENT",
    "INVALID_VALUE",
    "no integer",
  );
  equal(bad.status, 400, "no integer");

  const nowhere = new OrdersClient({ baseUrl: "http://127.0.0.1:1" });
  await fails(nowhere.getOrder({ orderId: "order-1" }), "UNAVAILABLE", "NETWORK", "nobody there");
  const cut = new OrdersClient({ ...options, fetch: async () => new Response("<html>") });
  await fails(cut.getOrder({ orderId: "order-1" }), "INTERNAL", "BAD_ANSWER", "not the gateway");
  const proxy = new OrdersClient({
    ...options,
    fetch: async () => new Response("<html>", { status: 503 }),
  });
  await fails(
    proxy.getOrder({ orderId: "order-1" }),
    "UNAVAILABLE",
    "UNAVAILABLE",
    "a proxy in front of it",
  );
}

async function time(options: ClientOptions, setFaults: SetFaults): Promise<void> {
  await setFaults("delay=order=20000");
  const orders = new OrdersClient({ ...options, timeoutMs: 50 });
  await fails(
    orders.getOrder({ orderId: "order-1" }),
    "DEADLINE_EXCEEDED",
    "CLIENT_TIMEOUT",
    "a slow back end",
  );
  // 200 ms are more than a timer that went off at once would leave.
  await setFaults("delay=order=200");
  for (const timeoutMs of [Infinity, 2 ** 31]) {
    const { message } = await new OrdersClient({ ...options, timeoutMs }).getOrder({
      orderId: "order-1",
    });
    equal(message.id, "order-1", `patience of ${timeoutMs} ms`);
  }
  await setFaults("delay=order=20000");
  const abort = new AbortController();
  const call = new OrdersClient(options).getOrder({ orderId: "order-1" }, { signal: abort.signal });
  abort.abort();
  await fails(call, "CANCELLED", "CLIENT_ABORT", "aborted under way");
  const before = new OrdersClient(options).getOrder(
    { orderId: "order-1" },
    { signal: abort.signal },
  );
  await fails(before, "CANCELLED", "CLIENT_ABORT", "aborted before it began");
  await setFaults("");
}

async function compositions(options: ClientOptions, setFaults: SetFaults): Promise<void> {
  const web = new WebClient(options);
  const whole = await web.getOrderDetails({ orderId: "order-1" });
  equal([whole.incomplete, whole.message.order?.id], [[], "order-1"], "a composition");
  await setFaults("fail=payment=UNAVAILABLE:1");
  const seen = await web.getOrderDetails(
    { orderId: "order-1" },
    { fields: ["order.id", "user.id"] },
  );
  equal(
    [Object.keys(seen.message), Object.keys(seen.message.order ?? {}), seen.incomplete],
    [["order", "user"], ["id"], []],
    "a read mask",
  );
  const part = await web.getOrderDetails({ orderId: "order-1" });
  equal(part.incomplete, [{ part: "payment", reason: "UNAVAILABLE" }], "what is missing");
  equal(part.message.payment, undefined, "what is missing");
  await setFaults("");
  const tokens: string[] = [];
  const headers = async () => {
    tokens.push("asked");
    return { authorization: "Bearer 1" };
  };
  await new MobileClient({ ...options, headers }).getDashboard();
  await new MobileClient({ ...options, headers }).getDashboard({});
  equal(tokens.length, 2, "headers are asked for each time");
}

async function checkout(options: ClientOptions): Promise<void> {
  const web = new WebClient(options);
  const bought = {
    shippingAddress: { recipient: "Ada", city: "Berlin", country: "DE" },
    deliveryService: "parcel-express",
    paymentToken: "tok-1",
  };
  const first = await web.checkout(bought, { idempotencyKey: "key-1" });
  const second = await web.checkout(bought, { idempotencyKey: "key-1" });
  equal(
    [first.message.order?.id !== undefined, second.message],
    [true, first.message],
    "the same key",
  );
  const other = web.checkout({ ...bought, paymentToken: "tok-2" }, { idempotencyKey: "key-1" });
  equal(
    (await fails(other, "FAILED_PRECONDITION", "IDEMPOTENCY_KEY_REUSED", "a key for two")).status,
    422,
    "a key for two",
  );
}

export async function run(gateway: string, setFaults: SetFaults): Promise<void> {
  const options = { baseUrl: gateway, timeoutMs: 20000 };
  await plain(options);
  await bodies(options);
  await failures(options);
  await time(options, setFaults);
  await compositions(options, setFaults);
  await checkout(options);
}

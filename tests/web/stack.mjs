// The mock back ends and the gateway as processes, on free ports of the loopback.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const services = {
  user: "shop.user.v1.Users, shop.user.v2.Users",
  order: "shop.order.v1.Orders",
  payment: "shop.payment.v1.Payments, shop.giftcard.v2.GiftCards",
  product: "shop.product.v1.Products",
  inventory: "shop.inventory.v1.Inventory",
  shipping: "shop.shipping.v1.Shipping",
  review: "shop.review.v1.Reviews",
  pricing: "shop.pricing.v1.Pricing",
  recommendation: "shop.recommendation.v1.Recommendations",
  notification: "shop.notification.v1.Notifications",
  cart: "shop.cart.v1.Carts",
  analytics: "shop.analytics.v1.Analytics",
};

// The first line of a program's output that begins with "ready".
function ready(child) {
  return new Promise((done, fail) => {
    createInterface(child.stdout).on("line", (line) => line.startsWith("ready") && done(line));
    child.on("exit", (code) => fail(new Error(`${child.spawnfile} ended with ${code}`)));
  });
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  await ended;
}

// Calls `test` with {gateway, setFaults} and ends both programs behind it.
export async function withStack(build, test) {
  const folder = mkdtempSync(join(tmpdir(), "frontdesk-web-"));
  const children = [];
  const start = (name, ...options) => {
    const stdio = ["ignore", "pipe", "inherit"];
    children.push(spawn(join(build, "bin", name), options, { stdio }));
    return ready(children.at(-1));
  };
  try {
    const ports = JSON.parse((await start("services_mock", "--base-port", "0")).slice(6));
    const upstreams = Object.entries(services).map(
      ([name, list]) =>
        `  ${name}:\n    services: [${list}]\n    endpoints: ["127.0.0.1:${ports[name]}"]\n`,
    );
    const config = join(folder, "gateway.yaml");
    writeFileSync(
      config,
      `listen: {address: "127.0.0.1:0"}\nadmin: {address: "127.0.0.1:0"}\n` +
        `descriptor_set: ${resolve(build, "shop.binpb")}\n` +
        `auth: {development_caller: user-1}\nlog: {file: ${join(folder, "log")}}\n` +
        `drain: {grace: 100ms}\nupstreams:\n${upstreams.join("")}`,
    );
    // "ready: serving on 127.0.0.1:1, admin on 127.0.0.1:2"
    const line = await start("frontdesk", "serve", "-c", config);
    const gateway = `http://${line.match(/serving on ([0-9.:]+)/)[1]}`;
    const setFaults = async (query) => {
      const url = `http://127.0.0.1:${ports.control}/faults?${query}`;
      const { ok } = await fetch(url, { method: "POST" });
      if (!ok) throw new Error(`faults ${query} were refused`);
    };
    return await test({ gateway, setFaults });
  } finally {
    for (const child of children.reverse()) await stop(child);
    rmSync(folder, { recursive: true });
  }
}

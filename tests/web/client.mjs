// client.mjs BUILD: runs the compiled clients.
import { withStack } from "./stack.mjs";
import { run as requests } from "./out/requests.js";
import { run as gateway } from "./out/gateway.js";

await requests();
await withStack(process.argv[2], (stack) => gateway(stack.gateway, stack.setFaults));
console.log("the clients say and hear what they should");

// What tests of clients need.
import { FrontdeskError } from "./shop/frontdesk-client.js";
import type { Code } from "./shop/frontdesk-client.js";

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

/** Fails unless the call fails with this code and reason. */
export async function fails(
  call: Promise<unknown>,
  code: Code,
  reason: string,
  what: string,
): Promise<FrontdeskError> {
  try {
    await call;
  } catch (error) {
    // The error may be of another copy of the class, generated for another contract.
    const found = error as FrontdeskError;
    equal([found.name, found.code, found.reason], ["FrontdeskError", code, reason], what);
    return found;
  }
  throw new Error(`${what}: did not fail`);
}

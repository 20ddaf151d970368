// What the client makes of calls, told by a fetch() that only listens.
import { LibraryClient } from "./golden/golden.library.v1.js";
import type { Book } from "./golden/golden.library.v1.js";
import { TypesClient } from "./golden/golden.types.v1.js";
import type {
  Everything,
  Everything$protoNames$enumNumbers$defaults,
  delete_,
} from "./golden/golden.types.v1.js";
import { ThingsClient as A } from "./golden/golden.same.a.v1.js";
import { equal, fails } from "./check.js";

let heard = "";
async function listen(url: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const body = init.body instanceof Blob ? `<${await init.body.text()}>` : init.body;
  heard = [init.method, String(url).replace("http://gateway", ""), body].filter(Boolean).join(" ");
  return new Response('{"title":"x"}', { headers: { "content-type": "application/json" } });
}
const options = { baseUrl: "http://gateway/", fetch: listen };

async function sends(expected: string, call: Promise<unknown>): Promise<void> {
  await call;
  equal(heard, expected, "request");
}

async function paths(): Promise<void> {
  const library = new LibraryClient(options);
  const name = "shelves/1/books/a b";
  await sends("GET /v1/shelves/1/books/a%20b", library.getBook({ name }));
  await sends("GET /v1/books/%E2%82%AC%2F%3F%23%25", library.getBook_2({ isbn: "€/?#%" }));
  await sends(
    'POST /v1/shelves/1/books/a%20b:move {"to":"shelves/2"}',
    library.moveBook({ name, to: "shelves/2" }),
  );
  await sends('PUT /v1/moves/3 {"name":"x"}', library.moveBook_2({ copies: 3, name: "x" }));
  await sends("GET /v1/scans/a/b/c", library.getScan({ path: "a/b/c" }));
  await sends("GET /v1/scans", library.getScan({ path: "" }));
  await sends(
    'PATCH /v1/shelves/1/books/2?updateMask=title {"name":"shelves/1/books/2","title":"t"}',
    library.updateBook({ book: { name: "shelves/1/books/2", title: "t" }, updateMask: "title" }),
  );
  await sends(
    'POST /v1/shelves/1/books?dryRun=true {"title":"t"}',
    library.createBook(
      { parent: "shelves/1", book: { title: "t" }, dryRun: true },
      { idempotencyKey: "k" },
    ),
  );
  await sends("DELETE /v1/shelves/1/books/2", library.deleteBook({ name: "shelves/1/books/2" }));
  await sends(
    "PUT /v1/scans/a?quality=3 <data>",
    library.putScan({ path: "a", quality: 3, scan: new Blob(["data"]) }),
  );
  await sends("POST /v1/uploads <data>", library.upload(new Blob(["data"])));
  await sends("LOCK /v1/locks/a", library.lockBook({ path: "a" }));
  await sends("GET /v1/locks/a", library.lockBook_2({ path: "a" }));
  await sends("POST / [1,null]", library.echo([1, null]));
  await sends(
    "GET /a/things/1?other.number=2",
    new A(options).get({ id: "1", other: { number: "2" } }),
  );
}

async function query(): Promise<void> {
  const library = new LibraryClient(options);
  const parent = "shelves/1";
  await sends("GET /v1/shelves/1/books", library.listBooks({ parent }));
  await sends(
    "GET /v1/titles?parent=&page.size=3",
    library.listTitles({ parent: "", page: { size: 3 } }),
  );
  await sends(
    "GET /v1/titles?query.text=a%26b&authors=x&authors=y&labels%5Bk%5D=v&filter=%7B%22a%22%3A1%7D",
    library.listTitles({
      query: { text: "a&b" },
      authors: ["x", "y"],
      labels: { k: "v" },
      filter: { a: 1 },
    }),
  );
  await sends(
    "GET /v1/titles?authors=x&%24fields=titles%2Ca.b",
    library.listTitles({ authors: ["x"] }, { fields: ["titles", "a.b"] }),
  );
  const types = new TypesClient(options);
  await sends(
    "GET /types?anInt64=9007199254740993&maybe=&colours=RED&colours=BLUE&wood=oak&time=2026-01-02T03%3A04%3A05Z&boolValue=false",
    types.find({
      anInt64: "9007199254740993",
      maybe: "",
      colours: ["RED", "BLUE"],
      wood: "oak",
      time: "2026-01-02T03:04:05Z",
      boolValue: false,
    }),
  );
  await fails(
    library.listTitles({ query: { other: { text: "x" } } }),
    "INVALID_ARGUMENT",
    "INVALID_REQUEST",
    "a message within itself",
  );
  await fails(
    library.listTitles({ pages: [] }),
    "INVALID_ARGUMENT",
    "INVALID_REQUEST",
    "a list of messages",
  );
}

async function refused(): Promise<void> {
  const library = new LibraryClient(options);
  for (const isbn of ["", ".", "..", "\ud800"]) {
    await fails(
      library.getBook_2({ isbn }),
      "INVALID_ARGUMENT",
      "INVALID_REQUEST",
      JSON.stringify(isbn),
    );
  }
  for (const name of [
    "",
    "shelves/1",
    "shelf/1/books/2",
    "shelves/1/books/2/3",
    "shelves/../books/2",
    "shelves//books/2",
  ]) {
    await fails(
      library.getBook({ name }),
      "INVALID_ARGUMENT",
      "INVALID_REQUEST",
      JSON.stringify(name),
    );
  }
}

// Never called: that these lines compile, or do not, is the test.
export function types(library: LibraryClient, all: Everything): void {
  const title: string | undefined = ({} as Book).title;
  const wood: string | undefined = all.wood;
  const raw: Everything$protoNames$enumNumbers$defaults["an_int64"] = "1";
  const word: delete_ = { class: "a", "default-value": "b", 'quo"te': 1 };
  // @ts-expect-error: a 64-bit integer is a string
  all = { anInt64: 1 };
  // @ts-expect-error: no such value
  all = { colour: "GREEN" };
  // @ts-expect-error: at most one of a oneof
  all = { wood: "oak", metal: "1" };
  // @ts-expect-error: no such field
  all = { stuff: "oak" };
  all = { wood: "oak", yes: true, chains: { true: { name: "x" } }, null: null };
  // @ts-expect-error: the path needs it
  void library.getBook({});
  // @ts-expect-error: so it does inside of another message
  void library.updateBook({ book: { title: "t" } });
  // @ts-expect-error: this one needs a key
  void library.createBook({ parent: "shelves/1" });
  // @ts-expect-error: only the gateway fills it
  void new TypesClient(options).own({ userId: "user-2" });
  void [title, wood, raw, word];
}

export async function run(): Promise<void> {
  await paths();
  await query();
  await refused();
}

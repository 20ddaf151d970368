// protoc-gen-frontdesk-ts 0.1.0, from golden/library/v1/library.proto
/* eslint-disable */
import * as $rt from "./frontdesk-client.js";
import type * as $google_api from "./google.api.js";

/** A book. */
export interface Book {
  /** Its place: "shelves/1/books/2". */
  name?: string;
  title?: string;
  copies?: number;
}

export interface CreateBookRequest {
  parent?: string;
  /** The book, without a name. */
  book?: Book;
  /** Nothing is kept. */
  dryRun?: boolean;
}

/** What no example can show. */
export interface EssayRequest {
  /** In requests: must have at least 1000 characters. */
  text?: string;
}

export interface GetBookRequest {
  /** "shelves/1/books/2" */
  name?: string;
  isbn?: string;
}

export interface ListBooksRequest {
  parent?: string;
  page?: ListBooksRequest_Page;
  query?: ListBooksRequest_Query;
  /** In requests: must have at most 10 items; must not hold a value twice; each must have at least 1 character. */
  authors?: string[];
  labels?: { [key: string]: string };
  filter?: $rt.Struct;
  pages?: ListBooksRequest_Page[];
}

export interface ListBooksRequest_Page {
  /** In requests: must be at least 0; must be at most 100. */
  size?: number;
  /** In requests: must have at most 64 bytes; must match "^[a-z]*$". */
  token?: string;
}

/** What is looked for, within itself. */
export interface ListBooksRequest_Query {
  text?: string;
  other?: ListBooksRequest_Query;
}

export interface ListBooksResponse {
  books?: Book[];
}

export interface MoveBookRequest {
  name?: string;
  /**
   * "shelves/3"
   * In requests: must have at least 1 character.
   */
  to?: string;
  /** In requests: must be more than 0. */
  copies?: number;
}

export interface PutScanRequest {
  path?: string;
  scan?: $google_api.HttpBody;
  quality?: number;
}

/** Examples keep the rules, or show nothing. */
export interface ReserveRequest {
  /** In requests: must match "^97[89]-[0-9]{10}$". */
  isbn?: string;
  /** In requests: must be an email address. */
  email?: string;
  /** In requests: must be one of "EUR", "USD". */
  currency?: string;
  /** In requests: must be at least 7; must be at most 28. */
  days?: number;
  /** In requests: must be more than 0; must be less than 1. */
  fee?: $rt.Real;
  /** In requests: must be none of DESK_UNSPECIFIED, NORTH. */
  desk?: ReserveRequest_Desk;
  /** In requests: must have at least 2 items; must not hold a value twice; each must have at most 8 characters. */
  notes?: string[];
  /** In requests: each key must begin with "copy-"; each must be at least 2. */
  copies?: { [key: string]: string };
  /**
   * As long as no example is.
   * In requests: must have at least 1000 characters.
   */
  essay?: string;
}

export type ReserveRequest_Desk =
  | "DESK_UNSPECIFIED"
  | "NORTH"
  | "SOUTH";

export interface ScanRequest {
  path?: string;
}

export interface UpdateBookRequest {
  book?: Book;
  /**
   * What changes; what the body has if not given.
   * (field paths, separated by commas)
   */
  updateMask?: string;
}

/**
 * Books on shelves.
 * Whoever has a name may read them.
 */
export class LibraryClient {
  private readonly $client: $rt.Client;

  constructor(options: $rt.ClientOptions) {
    this.$client = new $rt.Client(options);
  }

  /**
   * One book. NOT_FOUND if it is not on that shelf.
   *
   * `GET /v1/{name=shelves/*\/books/*}`
   */
  async getBook(
    request: GetBookRequest & { name: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Book>> {
    const path = `/v1${$rt.segments("name", request.name, "shelves/*/books/*")}`;
    const query = new $rt.Query();
    query.add("isbn", request.isbn);
    return this.$client.json<Book>("GET", path, { query }, options);
  }

  /**
   * One book. NOT_FOUND if it is not on that shelf.
   *
   * `GET /v1/books/{isbn}`
   */
  async getBook_2(
    request: GetBookRequest & { isbn: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<string>> {
    const path = `/v1/books/${$rt.segment("isbn", request.isbn)}`;
    const query = new $rt.Query();
    query.add("name", request.name);
    return this.$client.json<string>("GET", path, { query }, options);
  }

  /**
   * Books of a shelf, in pages.
   *
   * `GET /v1/{parent=shelves/*}/books`
   */
  async listBooks(
    request: ListBooksRequest & { parent: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<ListBooksResponse>> {
    const path = `/v1${$rt.segments("parent", request.parent, "shelves/*")}/books`;
    const query = new $rt.Query();
    query.add("page.size", request.page?.size);
    query.add("page.token", request.page?.token);
    query.add("query.text", request.query?.text);
    query.refuse("query.other", request.query?.other);
    query.add("authors", request.authors);
    query.map("labels", request.labels);
    query.json("filter", request.filter);
    query.refuse("pages", request.pages);
    return this.$client.json<ListBooksResponse>("GET", path, { query }, options);
  }

  /** `POST /v1/{parent=shelves/*}/books` */
  async createBook(
    request: CreateBookRequest & { parent: string },
    options: $rt.CallOptions & { idempotencyKey: string },
  ): Promise<$rt.Reply<Book>> {
    const path = `/v1${$rt.segments("parent", request.parent, "shelves/*")}/books`;
    const query = new $rt.Query();
    query.add("dryRun", request.dryRun);
    return this.$client.json<Book>("POST", path, { query, json: request.book }, options);
  }

  /** `PATCH /v1/{book.name=shelves/*\/books/*}` */
  async updateBook(
    request: UpdateBookRequest & { book: { name: string } },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Book>> {
    const path = `/v1${$rt.segments("book.name", request.book.name, "shelves/*/books/*")}`;
    const query = new $rt.Query();
    query.add("updateMask", request.updateMask);
    return this.$client.json<Book>("PATCH", path, { query, json: request.book }, options);
  }

  /**
   * Gone for good.
   *
   * `DELETE /v1/{name=shelves/*\/books/*}`
   *
   * @deprecated
   */
  async deleteBook(
    request: GetBookRequest & { name: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<undefined>> {
    const path = `/v1${$rt.segments("name", request.name, "shelves/*/books/*")}`;
    const query = new $rt.Query();
    query.add("isbn", request.isbn);
    return this.$client.empty("DELETE", path, { query }, options);
  }

  /**
   * Puts a book on another shelf.
   *
   * `POST /v1/{name=shelves/*\/books/*}:move`
   */
  async moveBook(
    request: MoveBookRequest & { name: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Book>> {
    const path = `/v1${$rt.segments("name", request.name, "shelves/*/books/*")}:move`;
    return this.$client.json<Book>("POST", path, { json: $rt.without(request, "name") }, options);
  }

  /**
   * Puts a book on another shelf.
   *
   * `PUT /v1/moves/{copies}`
   */
  async moveBook_2(
    request: MoveBookRequest & { copies: number },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Book>> {
    const path = `/v1/moves/${$rt.segment("copies", request.copies)}`;
    return this.$client.json<Book>("PUT", path, { json: $rt.without(request, "copies") }, options);
  }

  /** `POST /v1/reservations/{isbn}` */
  async reserve(
    request: ReserveRequest & { isbn: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Book>> {
    const path = `/v1/reservations/${$rt.segment("isbn", request.isbn)}`;
    return this.$client.json<Book>("POST", path, { json: $rt.without(request, "isbn") }, options);
  }

  /** `GET /v1/reservations` */
  async findReserved(
    request: ReserveRequest,
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Book>> {
    const path = `/v1/reservations`;
    const query = new $rt.Query();
    query.add("isbn", request.isbn);
    query.add("email", request.email);
    query.add("currency", request.currency);
    query.add("days", request.days);
    query.add("fee", request.fee);
    query.add("desk", request.desk);
    query.add("notes", request.notes);
    query.map("copies", request.copies);
    query.add("essay", request.essay);
    return this.$client.json<Book>("GET", path, { query }, options);
  }

  /** `POST /v1/essays` */
  async writeEssay(
    request: EssayRequest,
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<$rt.Empty>> {
    const path = `/v1/essays`;
    return this.$client.json<$rt.Empty>("POST", path, { json: request }, options);
  }

  /**
   * The titles alone.
   *
   * `GET /v1/titles`
   *
   * @deprecated Deprecated since 2026-06-01, sunset 2027-06-01, retired from 2027-07-01 on; use golden.library.v1.Library/ListBooks instead. See https://library.example/titles.
   */
  async listTitles(
    request: ListBooksRequest = {},
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<string[]>> {
    const path = `/v1/titles`;
    const query = new $rt.Query();
    query.add("parent", request.parent);
    query.add("page.size", request.page?.size);
    query.add("page.token", request.page?.token);
    query.add("query.text", request.query?.text);
    query.refuse("query.other", request.query?.other);
    query.add("authors", request.authors);
    query.map("labels", request.labels);
    query.json("filter", request.filter);
    query.refuse("pages", request.pages);
    return this.$client.json<string[]>("GET", path, { query }, options);
  }

  /**
   * A scan, of whatever type it was uploaded as.
   *
   * `GET /v1/scans/{path=**}`
   */
  async getScan(
    request: ScanRequest & { path: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Blob>> {
    const path = `/v1/scans${$rt.segments("path", request.path, "**")}`;
    return this.$client.blob("GET", path, {}, options);
  }

  /**
   * The same path with one segment only, which OpenAPI can't tell from the one above.
   *
   * `GET /v1/scans/{path}`
   */
  async getTopScan(
    request: ScanRequest & { path: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<Blob>> {
    const path = `/v1/scans/${$rt.segment("path", request.path)}`;
    return this.$client.blob("GET", path, {}, options);
  }

  /** `PUT /v1/scans/{path=**}` */
  async putScan(
    request: Omit<PutScanRequest, "scan"> & { scan: Blob } & { path: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<$rt.Empty>> {
    const path = `/v1/scans${$rt.segments("path", request.path, "**")}`;
    const query = new $rt.Query();
    query.add("quality", request.quality);
    return this.$client.json<$rt.Empty>("PUT", path, { query, blob: request.scan }, options);
  }

  /** `POST /v1/uploads` */
  async upload(
    request: Blob,
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<$rt.Empty>> {
    const path = `/v1/uploads`;
    return this.$client.json<$rt.Empty>("POST", path, { blob: request }, options);
  }

  /**
   * A method of one's own, and one that takes any.
   *
   * `LOCK /v1/locks/{path}`
   */
  async lockBook(
    request: ScanRequest & { path: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<$rt.Empty>> {
    const path = `/v1/locks/${$rt.segment("path", request.path)}`;
    return this.$client.json<$rt.Empty>("LOCK", path, {}, options);
  }

  /**
   * A method of one's own, and one that takes any.
   *
   * `GET /v1/locks/{path}`
   */
  async lockBook_2(
    request: ScanRequest & { path: string },
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<$rt.Empty>> {
    const path = `/v1/locks/${$rt.segment("path", request.path)}`;
    return this.$client.json<$rt.Empty>("GET", path, {}, options);
  }

  /** `POST /` */
  async echo(
    request: $rt.JsonValue,
    options: $rt.CallOptions = {},
  ): Promise<$rt.Reply<$rt.JsonValue>> {
    const path = `/`;
    return this.$client.json<$rt.JsonValue>("POST", path, { json: request }, options);
  }
}

// The verbs as an operator meets them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::e2e {
namespace {

using testing_support::WriteTempFile;

constexpr char kWrongInThreePlaces[] = R"(listen:
  adress: 127.0.0.1:0
descriptor_set: )" FRONTDESK_CONTRACT R"(
upstreams:
  order:
    services: [shop.order.v1.Orders]
    endpoints: ["127.0.0.1:50052"]
    timeout: 2x
    transport: carrier-pigeon
)";

TEST(Verbs, AConfigurationThatIsWrongInThreePlaces) {
  const std::string file = WriteTempFile("wrong.yaml", kWrongInThreePlaces);
  for (const char* verb : {"check", "serve"}) {
    const auto [code, out] = RunVerb({verb, "-c", file});
    EXPECT_EQ(code, 1);
    EXPECT_NE(out.find(file + ":2:3: listen.adress: "), std::string::npos) << out;
    EXPECT_NE(out.find("did you mean \"address\"?"), std::string::npos) << out;
    EXPECT_NE(out.find(file + ":8:14: upstreams.order.timeout: "), std::string::npos) << out;
    EXPECT_NE(out.find(file + ":9:16: upstreams.order.transport: "), std::string::npos) << out;
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3) << out;
  }
}

// One mistake is one line, not a cascade.
TEST(Verbs, AMistakeIsOneLine) {
  struct Row {
    const char* right;
    const char* wrong;
    const char* says;
  };
  Mocks mocks;
  const std::string right = DemoConfig(mocks, {});
  for (const Row& row :
       std::vector<Row>{{"shop.order.v1.Orders", "shop.order.v1.Orderz",
                         "did you mean \"shop.order.v1.Orders\"?"},
                        {"endpoints:", "endpoint:", "did you mean \"endpoints\"?"},
                        {"services:", "service:", "did you mean \"services\"?"},
                        {"descriptor_set:", "descriptorset:", "did you mean \"descriptor_set\"?"},
                        {"upstreams:", "upstream:", "did you mean \"upstreams\"?"}}) {
    std::string wrong = right;
    const size_t at = wrong.find(row.right);
    ASSERT_NE(at, std::string::npos) << row.right;
    wrong.replace(at, std::strlen(row.right), row.wrong);
    const auto [code, out] = RunVerb({"check", "-c", WriteTempFile("mistake.yaml", wrong)});
    EXPECT_EQ(code, 1);
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
    EXPECT_NE(out.find(row.says), std::string::npos) << out;
  }
}

TEST(Verbs, AnAccessLogThatCannotBeWrittenIsRefused) {
  Mocks mocks;
  const std::string file = WriteTempFile(
      "nolog.yaml", DemoConfig(mocks, {.extra = "log:\n  file: no/such/folder/access.log\n"}));
  const auto [code, out] = RunVerb({"check", "-c", file});
  EXPECT_EQ(code, 1);
  EXPECT_NE(out.find("log.file: "), std::string::npos) << out;
  EXPECT_EQ(RunVerb({"serve", "-c", file}).first, 1);
  // Who does not serve need not be able to write it.
  EXPECT_EQ(RunVerb({"routes", "-c", file}).first, 0);
}

// What a new contract and a new file lead to, and nobody would see.
TEST(Verbs, CheckTellsOfOpenDoorsAndOfNone) {
  const auto check = [](const std::string& methods, const std::string& yaml) {
    const std::string set = WriteTempFile(
        "doors.binpb",
        testing::CompileProto(Cat("message M { string a = 1; } service S { ", methods, " }")));
    const auto [code, out] =
        RunVerb({"check", "-c",
                 WriteTempFile("doors.yaml", Cat("descriptor_set: ", set,
                                                 "\nupstreams: {s: {services: [test.S], endpoints: "
                                                 "[\"127.0.0.1:1\"]}}\n",
                                                 yaml, "\n"))});
    EXPECT_EQ(code, 0) << out;
    return out;
  };
  const std::string plain = "rpc A(M) returns (M) { option (google.api.http).get = \"/a\"; } ";
  const std::string open =
      "rpc B(M) returns (M) { option (google.api.http).get = \"/b\"; "
      "option (frontdesk.v1.method).auth.access = PUBLIC; } ";
  const std::string everywhere = "listen: {address: \"0.0.0.0:8080\"}";
  const std::string fine = "fine: 2 routes, 1 upstreams\n";
  EXPECT_EQ(check(plain + open, everywhere),
            "note: nobody is asked who they are: 1 route is open to everybody\n" + fine);
  EXPECT_EQ(check(plain + open, "listen: {address: \"127.0.0.1:8080\"}"), fine);
  EXPECT_EQ(check(plain + open, everywhere + "\nmethods: {test.S/A: {auth: {access: optional}}}"),
            fine);
  const std::string keys = WriteTempFile("doors.json", R"({"keys":[]})");
  EXPECT_EQ(check(plain + open, Cat(everywhere, "\nauth: {api_keys: {file: ", keys, "}}")), fine);
  EXPECT_EQ(check("rpc A(M) returns (M);", everywhere),
            "note: no method has an address; nothing is served\nfine: 0 routes, 1 upstreams\n");
}

TEST(Verbs, CheckRoutesExplain) {
  Mocks mocks;
  const std::string file = WriteTempFile("fine.yaml", DemoConfig(mocks, {}));
  const auto [checked, fine] = RunVerb({"check", "-c", file});
  EXPECT_EQ(checked, 0) << fine;
  EXPECT_EQ(fine.substr(0, 5), "fine:");
  const auto [still, noted] = RunVerb(
      {"check", "-c",
       WriteTempFile("limited.yaml",
                     DemoConfig(mocks, {.extra = "methods:\n"
                                                 "  shop.product.v1.Products/BatchGet:\n"
                                                 "    limit: [{key: caller, requests: 9}]\n"}))});
  EXPECT_EQ(still, 0) << noted;
  EXPECT_EQ(noted.substr(0, noted.find('\n')),
            "note: bff.web.v1.Web.GetOrderDetails, step products: is not counted in the limits of "
            "shop.product.v1.Products/BatchGet itself: CALLER 9 per 1s");

  const auto [listed, routes] = RunVerb({"routes", "-c", file, "-o", "json"});
  EXPECT_EQ(listed, 0);
  EXPECT_GT(nlohmann::json::parse(routes).size(), 40u);

  const auto [told, explained] =
      RunVerb({"explain", "-c", file, "-o", "json", "GET", "/api/v1/order-details/order-1"});
  EXPECT_EQ(told, 0);
  const nlohmann::json json = nlohmann::json::parse(explained);
  EXPECT_EQ(json["template"], "/api/v1/order-details/{order_id}");
  EXPECT_EQ(json["captures"]["order_id"], "order-1");
  EXPECT_EQ(json["steps"].size(), 7u);

  const auto once = RunVerb({"explain", "-c", file, "-o", "json", "POST", "/api/v1/checkout"});
  const nlohmann::json checkout = nlohmann::json::parse(once.second);
  EXPECT_EQ(checkout["policy"]["idempotency.required"]["value"], true);
  EXPECT_NE(checkout["policy"]["idempotency.required"]["from"].get<std::string>().find("web.proto"),
            std::string::npos);
  EXPECT_EQ(checkout["policy"]["idempotency.ttl"]["value"], "24h");
  EXPECT_EQ(checkout["policy"]["idempotency.ttl"]["from"], "default");
  EXPECT_EQ(checkout["steps"][1]["undo"], "shop.inventory.v1.Inventory/Release");
  EXPECT_FALSE(checkout["steps"][0].contains("undo_policy"));
  const nlohmann::json& undo = checkout["steps"][1]["undo_policy"];
  EXPECT_EQ(undo["rpc"], "shop.inventory.v1.Inventory/Release");
  EXPECT_EQ(undo["upstream"], "inventory");
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"timeout", "5s"}, {"priority", "critical"}}) {
    EXPECT_EQ(undo["policy"][name]["value"], value) << name;
    EXPECT_EQ(undo["policy"][name]["from"], "default") << name;
  }
  EXPECT_FALSE(checkout["upstreams"]["inventory"]["settings"].contains("zone"));

  // How each call is protected: in JSON with every value, in text with what somebody wrote.
  const nlohmann::json& order = json["steps"][0]["call_policy"];
  EXPECT_EQ(order["rpc"], "shop.order.v1.Orders/GetOrder");
  EXPECT_EQ(order["upstream"], "order");
  EXPECT_NE(order["retry"].get<std::string>().find("idempotency_level is "), std::string::npos);
  EXPECT_NE(order["policy"]["timeout"]["from"].get<std::string>().find("web.proto"),
            std::string::npos);
  EXPECT_EQ(order["policy"]["retry.max_attempts"]["value"], 3);
  EXPECT_EQ(order["policy"]["retry.max_attempts"]["from"], "default");
  EXPECT_EQ(order["policy"]["breaker.consecutive_failures"]["value"], "never");
  EXPECT_EQ(json["upstreams"].size(), 7u);
  EXPECT_EQ(json["upstreams"]["order"]["settings"]["retry_budget.budget_percent"]["value"], 20);
  const auto protected_text =
      RunVerb({"explain", "-c",
               WriteTempFile(
                   "protected.yaml",
                   DemoConfig(mocks, {.extra = "methods:\n"
                                               "  shop.order.v1.Orders/GetOrder:\n"
                                               "    breaker: { consecutive_failures: 9 }\n"})),
               "GET", "/api/v1/order-details/order-1"})
          .second;
  EXPECT_NE(protected_text.find("breaker.consecutive_failures   9            "), std::string::npos)
      << protected_text;
  EXPECT_EQ(protected_text.find("breaker.error_percent"), std::string::npos);

  // A zone is the gateway's; an undo has a policy and a time of its own.
  const std::string zoned = DemoConfig(
      mocks,
      {.extra = "zone: a\nmethods:\n  shop.inventory.v1.Inventory/Release:\n"
                "    breaker: { consecutive_failures: 8 }\n"
                "  shop.order.v1.Orders/GetOrder: { hedge: { percentile: 95 } }\n"
                "  shop.user.v1.Users/GetUser:\n"
                "    { hedge: { percentile: 95, delay: 30ms }, retry: { max_attempts: 1 } }\n",
       .upstream = {"weighted: [{address: 127.0.0.1:9, weight: 3, zone: b}]", "timeout: 4s"}});
  const std::string zoned_file = WriteTempFile("zoned.yaml", zoned);
  const nlohmann::json in_zone = nlohmann::json::parse(
      RunVerb({"explain", "-c", zoned_file, "-o", "json", "POST", "/api/v1/checkout"}).second);
  const nlohmann::json& zone = in_zone["upstreams"]["inventory"]["settings"]["zone"];
  EXPECT_EQ(zone["value"], "a");
  EXPECT_NE(zone["from"].get<std::string>().find("zoned.yaml:"), std::string::npos) << zone;
  const nlohmann::json& release = in_zone["steps"][1]["undo_policy"]["policy"];
  EXPECT_EQ(release["timeout"]["value"], "4s");
  EXPECT_EQ(release["breaker.consecutive_failures"]["value"], 8);
  const auto zoned_text = RunVerb({"explain", "-c", zoned_file, "POST", "/api/v1/checkout"}).second;
  for (const char* part :
       {"reservation, undo shop.inventory.v1.Inventory/Release at inventory\n",
        ", 127.0.0.1:9 weight 3 zone b\n", "    zone                           a "}) {
    EXPECT_NE(zoned_text.find(part), std::string::npos) << part << zoned_text;
  }

  const std::string until = "hedged after a percentile of its latency; while that is not known, ";
  const std::string seen = "not retried once a back end may have seen it: max_attempts is 1";
  for (const auto& [target, expected] : std::map<std::string, std::string>{
           {"/api/v1/orders/order-1", until + "not at all\n"},
           {"/api/v1/users/user-1", seen + "\n    " + until + "after 30ms\n"}}) {
    const auto told_of = RunVerb({"explain", "-c", zoned_file, "GET", target}).second;
    EXPECT_NE(told_of.find(expected), std::string::npos) << told_of;
  }

  // What holds for requests, and which line said so.
  const std::string rehearsal = WriteTempFile(
      "rehearsal.yaml",
      DemoConfig(mocks, {.extra = "bulkheads: {web: {max_in_flight: 7, max_pending: 3}}\n"
                                  "methods:\n"
                                  "  bff.web.v1.Web: {bulkhead: web, priority: critical}\n"
                                  "  bff.web.v1.Web/GetOrderDetails: {fault: {delay: 20ms, abort: "
                                  "unavailable, abort_percent: 1}}\n"}));
  const nlohmann::json route = nlohmann::json::parse(
      RunVerb({"explain", "-c", rehearsal, "-o", "json", "GET", "/api/v1/order-details/order-1"})
          .second)["policy"];
  for (const auto& [name, value] :
       std::map<std::string, nlohmann::json>{{"priority", "critical"},
                                             {"bulkhead", "web (max_in_flight 7, max_pending 3)"},
                                             {"fault.delay", "20ms"},
                                             {"fault.abort", "UNAVAILABLE"},
                                             {"fault.abort_percent", 1.0}}) {
    EXPECT_EQ(route[name]["value"], value) << name;
    EXPECT_NE(route[name]["from"].get<std::string>().find("rehearsal.yaml:"), std::string::npos)
        << name;
  }
  EXPECT_EQ(route["fault.delay_percent"]["from"], "default");
  EXPECT_EQ(json["policy"]["priority"]["value"], "normal");
  EXPECT_FALSE(json["policy"].contains("bulkhead"));
  EXPECT_FALSE(json["policy"].contains("fault.abort"));

  const auto masked = [&](const char* method, const char* target) {
    const auto [code, out] = RunVerb({"explain", "-c", file, "-o", "json", method, target});
    EXPECT_EQ(code, 0) << out;
    const nlohmann::json told_of = nlohmann::json::parse(out);
    std::string text = told_of.value("fields", "none");
    for (const nlohmann::json& step : told_of["steps"]) {
      if (!step.value("skipped", false)) text += " " + step["id"].get<std::string>();
    }
    return text;
  };
  EXPECT_EQ(masked("GET", "/api/v1/order-details/order-1?fields=payment.orderId,order.id"),
            "order.id,payment.order_id order payment");
  EXPECT_EQ(masked("GET", "/api/v1/order-details/order-1?$fields=*"),
            "* " + masked("GET", "/api/v1/order-details/order-1").substr(5));
  EXPECT_EQ(masked("POST", "/api/v1/checkout?fields=order"),
            "order " + masked("POST", "/api/v1/checkout").substr(5));  // kept for its key: whole
  EXPECT_EQ(RunVerb({"explain", "-c", file, "GET", "/api/v1/order-details/o?fields=ordr"}),
            std::pair(1, std::string("400: fields: the answer has no field \"ordr\" (did you mean "
                                     "\"order\"?)\n")));

  EXPECT_EQ(RunVerb({"explain", "-c", file, "GET", "/nowhere"}).first, 1);
  EXPECT_EQ(RunVerb({"explain", "-c", file, "GET", "/a/../b"}).first, 1);
  EXPECT_EQ(RunVerb({"explain", "-c", file, "DELETE", "/api/v1/orders/o"}).second,
            "405: this path takes GET, HEAD, OPTIONS\n");
}

TEST(Verbs, ExplainTellsWhatNoRouteAnswers) {
  Mocks mocks;
  const std::string file = WriteTempFile("door.yaml", DemoConfig(mocks, {}));
  const struct {
    const char *method, *path;
    int code, status;
    const char* text;
  } rows[] = {
      {"OPTIONS", "/api/v1/orders/o", 0, 204, "this path takes GET, HEAD, OPTIONS"},
      {"OPTIONS", "*", 0, 204, "of the gateway as a whole"},
      {"OPTIONS", "/nowhere", 1, 404, "no route has this path"},
      {"GET", "/nowhere", 1, 404, "no route has this path"},
      {"PUT", "/api/v1/orders/o", 1, 405, "this path takes GET, HEAD, OPTIONS"},
      {"GET", "/healthz", 0, 200, "the gateway itself"},
      {"HEAD", "/readyz?a=b", 0, 200, "the gateway itself, 503 while it is not ready"},
      {"OPTIONS", "/healthz", 0, 204, "this path takes GET, HEAD, OPTIONS"},
      {"POST", "/%68ealth", 1, 405, "this path takes GET, HEAD, OPTIONS"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(RunVerb({"explain", "-c", file, row.method, row.path}),
              std::pair(row.code, Cat(row.status, ": ", row.text, "\n")))
        << row.method << ' ' << row.path;
    const auto [code, json] = RunVerb({"explain", "-c", file, "-o", "json", row.method, row.path});
    EXPECT_EQ(code, row.code);
    const nlohmann::json told{{"status", row.status}, {"text", row.text}};
    EXPECT_EQ(nlohmann::json::parse(json)[row.code == 0 ? "answer" : "error"], told) << json;
  }
}

// Whatever goes wrong: who asks for JSON gets JSON.
TEST(Verbs, JsonEverywhere) {
  Mocks mocks;
  // With a note, and a path that has a warning.
  const std::string file = WriteTempFile(
      "json.yaml", DemoConfig(mocks, {.extra = "http: {rules: [{selector: "
                                               "shop.order.v1.Orders.GetOrder, "
                                               "get: \"/late/{order_id=**}/order\"}]}\n"
                                               "methods:\n"
                                               "  shop.product.v1.Products/BatchGet:\n"
                                               "    limit: [{key: caller, requests: 9}]\n"}));
  const std::string text = RunVerb({"check", "-c", file}).second;
  const auto [checked, json] = RunVerb({"check", "-c", file, "-o", "json"});
  EXPECT_EQ(checked, 0) << json;
  const nlohmann::json check = nlohmann::json::parse(json);
  EXPECT_TRUE(check["findings"].empty()) << json;
  ASSERT_FALSE(check["notes"].empty()) << json;
  ASSERT_FALSE(check["warnings"].empty()) << json;
  EXPECT_EQ(check["findings"].size() + check["notes"].size() + check["warnings"].size() + 1,
            static_cast<size_t>(std::count(text.begin(), text.end(), '\n')))
      << text << json;
  for (const nlohmann::json& note : check["notes"]) {
    EXPECT_NE(text.find(Cat("note: ", note.get<std::string>(), "\n")), std::string::npos) << note;
  }
  for (const nlohmann::json& warning : check["warnings"]) {
    EXPECT_NE(text.find(Cat("warning: ", warning.get<std::string>(), "\n")), std::string::npos)
        << warning;
  }
  const std::string empty = WriteTempFile("empty.binpb", "");
  const auto [compared, two] = RunVerb({"diff", "-o", "json", "no-such-file", empty});
  EXPECT_EQ(compared, 2);
  const nlohmann::json diff = nlohmann::json::parse(two)["findings"];
  EXPECT_EQ(diff.size(), 2u) << two;
  EXPECT_NE(two.find("\"is empty\""), std::string::npos) << two;
  EXPECT_NE(two.find("\"No such file or directory\""), std::string::npos) << two;
  const auto [written, one] = RunVerb({"openapi", "-o", "json", empty});
  EXPECT_EQ(written, 1);
  EXPECT_EQ(nlohmann::json::parse(one)["findings"][0]["text"], "is empty");
  for (const char* list : {"warnings", "notes"}) {
    EXPECT_EQ(nlohmann::json::parse(one)[list], nlohmann::json::array()) << one;
  }
}

TEST(Verbs, TokensAsJson) {
  const std::string key = Cat(WriteTempFile("token", ""), ".jwk");
  const std::string file = WriteTempFile(
      "token.yaml",
      DemoConfig(nullptr, {.caller = "",
                           .extra = Cat("auth: {providers: {demo: {issuer: me, audiences: [shop], "
                                        "signing_key_file: ",
                                        key, "}}}\n")}));
  const auto told = [&](std::vector<std::string> more, int expected) {
    more.insert(more.begin(), {"token", "-c", file, "-o", "json"});
    const auto [code, out] = RunVerb(more);
    EXPECT_EQ(code, expected) << out;
    return nlohmann::json::parse(out, nullptr, false);
  };
  const auto finding = [&](std::vector<std::string> more, int expected) {
    return told(std::move(more), expected)["findings"][0]["text"].get<std::string>();
  };
  EXPECT_EQ(finding({"--sub", "a"}, 1), Cat(key, ": No such file or directory"));
  EXPECT_EQ(told({"--new-key", key}, 0)["findings"], nlohmann::json::array());
  const auto token = told({"--sub", "a"}, 0)["token"].get<std::string>();
  EXPECT_EQ(std::count(token.begin(), token.end(), '.'), 2) << token;
  EXPECT_EQ(finding({}, 2), "--sub is required");
  EXPECT_EQ(finding({"--sub", "a", "--life", "x"}, 2),
            "--life: \"x\" is no duration such as \"1h\"");
  EXPECT_EQ(finding({"--sub", "a", "--provider", "dmo"}, 1),
            "--provider: auth.providers has no \"dmo\" (did you mean \"demo\"?)");
  const std::string none = WriteTempFile(
      "notoken.yaml",
      DemoConfig(nullptr, {.caller = "",
                           .extra = "auth: {providers: {idp: {issuer: me, audiences: [shop], "
                                    "jwks_url: \"https://idp/k\"}}}\n"}));
  const std::vector<std::string> token_of_none = {"token", "-c", none, "-o", "json", "--sub", "a"};
  EXPECT_NE(RunVerb(token_of_none).second.find("\"no provider has a signing_key_file, and only "),
            std::string::npos);
  std::vector<std::string> token_of_idp = token_of_none;
  token_of_idp.insert(token_of_idp.end(), {"--provider", "idp"});
  EXPECT_EQ(
      nlohmann::json::parse(RunVerb(token_of_idp).second)["findings"][0]["text"],
      "--provider: \"idp\" has no signing_key_file, and only such keys are ours to sign with");
  EXPECT_EQ(finding({"--new-key", Cat(key, "/none/k")}, 1), Cat(key, "/none/k: cannot be written"));
}

// What can't be looked at is a finding, also where its name is no text.
TEST(Verbs, FilesThatLeadNowhere) {
  const std::string folder = WriteTempFile("links", "") + ".d";
  std::filesystem::create_directory(folder);
  for (const char* name : {"a.proto", "b\xff.proto"}) {
    std::filesystem::create_symlink(name, folder + '/' + name);
  }
  const std::string loop = "Too many levels of symbolic links";
  const auto [code, text] = RunVerb({"check", folder});
  EXPECT_EQ(code, 1);
  EXPECT_NE(text.find(loop), std::string::npos) << text;
  const auto [json_code, json] = RunVerb({"check", "-o", "json", folder});
  EXPECT_EQ(json_code, 1);
  const nlohmann::json findings = nlohmann::json::parse(json)["findings"];
  EXPECT_EQ(std::count_if(findings.begin(), findings.end(),
                          [&](const nlohmann::json& one) { return one["text"] == loop; }),
            2)
      << json;
  EXPECT_EQ(RunVerb({"token", "--new-key", folder + "/a.proto"}).first, 1);
  EXPECT_EQ(RunVerb({"check", ""}).first, 1);
  std::filesystem::remove_all(folder);
}

TEST(Verbs, AFrontThatIsNone) {
  Mocks mocks;
  const std::string none = WriteTempFile("none.yaml", DemoConfig(mocks, {}));
  const std::string fronts = WriteTempFile(
      "fronts.yaml",
      DemoConfig(mocks,
                 {.extra = "apis: {partner: {path_prefix: /p, serves: [shop.order.v1]}}\n"}));
  for (const auto& [file, names] :
       std::map<std::string, std::string>{{none, "none"}, {fronts, "partner"}}) {
    for (const std::vector<std::string>& verb :
         std::vector<std::vector<std::string>>{{"routes"},
                                               {"openapi"},
                                               {"explain", "GET", "/p/api/v1/orders/o"},
                                               {"explain", "GET", "/healthz"}}) {
      std::vector<std::string> arguments = verb;
      arguments.insert(arguments.end(), {"-c", file, "--api", "partnr"});
      EXPECT_EQ(RunVerb(arguments), std::pair(2, std::string())) << verb[0];
      arguments.insert(arguments.end(), {"-o", "json"});
      const auto [code, json] = RunVerb(arguments);
      EXPECT_EQ(code, 2) << verb[0];
      const nlohmann::json told = nlohmann::json::parse(json, nullptr, false);
      ASSERT_TRUE(told.is_object()) << verb[0] << json;
      EXPECT_EQ(told["findings"][0]["path"], "--api") << verb[0];
      EXPECT_EQ(told["findings"][0]["text"],
                Cat("names no front of the configuration; there are: ", names))
          << verb[0];
    }
  }
  EXPECT_EQ(
      RunVerb({"explain", "-c", fronts, "--api", "partner", "GET", "/p/api/v1/orders/o"}).first, 0);
}

// The contract's own values stand in the document of a file too, unless the file says otherwise.
TEST(Verbs, OpenApiHasThePolicyInForce) {
  const std::string methods = R"(methods:
  shop.order.v1.Orders/GetOrder:
    auth: { scopes: [orders] }
    header_rules: [ { name: x-shop, required: true } ]
  shop.cart.v1.Carts/AddItem: { idempotency: {} }
)";
  const std::string file = WriteTempFile("openapi.yaml", DemoConfig(nullptr, {.extra = methods}));
  const auto [code, text] = RunVerb({"openapi", "-c", file});
  ASSERT_EQ(code, 0) << text;
  const nlohmann::json paths = nlohmann::json::parse(text)["paths"];
  std::map<std::string, nlohmann::json> operations;
  for (const auto& [path, item] : paths.items()) {
    for (const auto& [http, operation] : item.items()) {
      if (operation.contains("operationId"))
        operations[operation["operationId"].get<std::string>()] = operation;
    }
  }
  const auto key = [&](const std::string& id) {
    for (const nlohmann::json& parameter : operations[id]["parameters"]) {
      if (parameter["name"] == "Idempotency-Key") return parameter.value("required", false) ? 2 : 1;
    }
    return 0;
  };
  EXPECT_EQ(key("bff.web.v1.Web.Checkout"), 2);
  EXPECT_EQ(key("shop.cart.v1.Carts.AddItem"), 1);
  EXPECT_EQ(key("shop.order.v1.Orders.GetOrder"), 0);
  nlohmann::json& order = operations["shop.order.v1.Orders.GetOrder"];
  EXPECT_TRUE(order.contains("security"));
  const std::string refused = order["responses"]["403"].value("description", "");
  EXPECT_NE(refused.find("SCOPE_MISSING"), std::string::npos) << refused;
  const std::string wrong = order["responses"]["400"].value("description", "");
  EXPECT_NE(wrong.find("VALIDATION_FAILED"), std::string::npos) << wrong;
}

TEST(Verbs, CheckReadsProtoFiles) {
  const std::string text =
      "syntax = \"proto3\";\npackage front;\nimport \"google/api/annotations.proto\";\n"
      "message Q { string id = 1; }\nservice S { rpc A(Q) returns (Q) {\n"
      "  option (google.api.http) = { gett: \"/a\" bodi: \"*\" };\n} }\n";
  const std::string file = WriteTempFile("front.proto", text);
  const std::string folder = file.substr(0, file.rfind('/'));
  const auto [code, out] = RunVerb({"check", "-I", folder, file});
  EXPECT_EQ(code, 1);
  EXPECT_EQ(out, file +
                     ":6:32: error: google.api.HttpRule has no field \"gett\" (did you mean "
                     "\"get\"?)\n"
                     "  option (google.api.http) = { gett: \"/a\" bodi: \"*\" };\n"
                     "                               ^\n" +
                     file +
                     ":6:43: error: google.api.HttpRule has no field \"bodi\" (did you mean "
                     "\"body\"?)\n"
                     "  option (google.api.http) = { gett: \"/a\" bodi: \"*\" };\n"
                     "                                          ^\n");
  const auto [json_code, json] = RunVerb({"check", "-o", "json", file, "-I", folder});
  EXPECT_EQ(json_code, 1);
  EXPECT_EQ(nlohmann::json::parse(json)["findings"].size(), 2u);
  const auto [elsewhere, lost] = RunVerb({"check", "-I", folder + "/no/such", file});
  EXPECT_EQ(elsewhere, 1);
  EXPECT_EQ(lost, file + ": error: is in none of the folders given with -I\n");

  const std::string good = WriteTempFile(
      "front.proto", "syntax = \"proto3\"; message Q {} service S { rpc A(Q) returns (Q); }");
  EXPECT_EQ(RunVerb({"check", "-I", folder, good}),
            std::pair(0, std::string("fine: 1 files, 1 methods\n")));

  // What contradicts itself, and what is left to say to a configuration.
  const auto with = [&](const std::string& cors) {
    const std::string front = WriteTempFile(
        "front.proto",
        Cat("syntax = \"proto3\";\npackage front;\nimport \"google/api/annotations.proto\";\n"
            "import \"frontdesk/v1/options.proto\";\nmessage Q { string id = 1; }\nservice S {\n"
            "  rpc A(Q) returns (Q) {\n    option (google.api.http) = { get: \"/a\" };\n"
            "    option (frontdesk.v1.method) = { cors { ",
            cors, " } };\n  }\n}\n"));
    return RunVerb({"check", "-I", folder, front});
  };
  const auto [refused, why] = with("allow_origins: \"*\" allow_credentials: true");
  EXPECT_EQ(refused, 1);
  EXPECT_NE(why.find("front.proto:9:"), std::string::npos) << why;
  EXPECT_NE(why.find("front.S.A.cors.allow_credentials: would let any page act"), std::string::npos)
      << why;
  EXPECT_EQ(with("max_age: \"1h\""),
            std::pair(0, std::string("note: front.S.A.cors: has no allow_origins, and so allows "
                                     "nobody anything, unless the operator's file names some\n"
                                     "fine: 1 files, 1 methods\n")));
  const std::string yaml = WriteTempFile("check.yaml", "{}");
  EXPECT_EQ(RunVerb({"check", yaml}),
            std::pair(1, Cat(yaml, ": is no .proto; a configuration is given with -c\n")));
}

TEST(Verbs, DiffTellsWhatBreaks) {
  const std::string with = WriteTempFile(
      "old.binpb",
      testing::CompileProto("message Q { string id = 1; } service S { rpc A(Q) returns (Q) { "
                            "option (google.api.http).get = \"/a\"; } }"));
  const std::string without = WriteTempFile(
      "new.binpb",
      testing::CompileProto("message Q { string id = 1; } service S { rpc A(Q) returns (Q); }"));
  EXPECT_EQ(RunVerb({"diff", with, with}), std::pair(0, std::string("0 changes, 0 breaking\n")));
  EXPECT_EQ(RunVerb({"diff", with, without}),
            std::pair(1, std::string("breaking  GET /a: the route is gone: clients get 404 or 405\n"
                                     "1 changes, 1 breaking\n")));
  const auto [added, json] = RunVerb({"diff", "-o", "json", without, with});
  EXPECT_EQ(added, 0);
  EXPECT_EQ(nlohmann::json::parse(json)["changes"][0]["breaking"], false);
  EXPECT_EQ(RunVerb({"diff", with, "no-such-file"}).first, 2);
  EXPECT_EQ(RunVerb({"diff", with}).first, 2);
}

TEST(Verbs, Usage) {
  EXPECT_EQ(RunVerb({}).first, 2);
  EXPECT_EQ(RunVerb({"sevre"}).first, 2);
  EXPECT_EQ(RunVerb({"check", "-c", "no-such-file.yaml"}).first, 1);
  EXPECT_EQ(RunVerb({"version"}).second.substr(0, 10), "frontdesk ");
}

TEST(Verbs, ADevelopmentCallerIsForLoopbackOnly) {
  Mocks mocks;
  std::string yaml = DemoConfig(mocks, {});
  yaml.replace(yaml.find("127.0.0.1:0"), 11, "0.0.0.0:0");
  const auto [code, out] = RunVerb({"serve", "-c", WriteTempFile("open.yaml", yaml)});
  EXPECT_EQ(code, 1);
  EXPECT_NE(out.find("auth.development_caller"), std::string::npos) << out;
}

}  // namespace
}  // namespace frontdesk::e2e

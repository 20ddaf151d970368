// The verbs of the program; server.cc wires the parts of a running one by hand, so that reading it lists them.
#include <CLI/CLI.hpp>
#include <string>

#include "gateway/frontdesk.h"
#include "gateway/verbs.h"

namespace frontdesk {

int Main(int argc, char** argv, const Registry& registry) {
  CLI::App app("Frontdesk: a gRPC-native API gateway. The contract is the configuration.",
               "frontdesk");
  app.require_subcommand(1);
  VerbOptions options;
  options.code = &registry;
  std::string output = "text";
  int (*verb)(const VerbOptions&) = nullptr;

  const auto add = [&](const char* name, const char* help, int (*run)(const VerbOptions&)) {
    CLI::App* command = app.add_subcommand(name, help);
    command->add_option("-o,--output", output, "text or json")
        ->check(CLI::IsMember({"text", "json"}));
    command->callback([&verb, run] { verb = run; });
    return command;
  };
  const auto add_with_config = [&](const char* name, const char* help,
                                   int (*run)(const VerbOptions&)) {
    CLI::App* command = add(name, help, run);
    command->add_option("-c,--config", options.config, "the YAML file (frontdesk.yaml)");
    command
        ->add_option("-I,--proto-path", options.proto_path,
                     "folder that imports of .proto files begin in; may be repeated")
        ->allow_extra_args(false);
    return command;
  };
  add_with_config("serve", "Serve until SIGTERM, then drain", Serve);
  CLI::App* check =
      add_with_config("check", "Check configuration and contract; opens no port", Check);
  check->add_option("PROTOS", options.protos,
                    ".proto files and folders of them, to check these instead");
  CLI::App* routes = add_with_config("routes", "List every route", Routes);
  routes->add_option("--api", options.api, "those of this front alone");
  CLI::App* explain = add_with_config("explain", "Tell what happens to a request", Explain);
  explain->add_option("METHOD", options.method, "such as GET")->required();
  explain->add_option("PATH", options.path, "such as /api/v1/orders/order-1")->required();
  explain->add_option("--host", options.host, "that the request names, such as api.shop.example");
  explain->add_option("--api", options.api, "the front that it is for, instead of --host");
  CLI::App* diff = add("diff", "Tell what a change of the contract does to clients", Diff);
  diff->add_option("OLD", options.before, "descriptor set in force")->required();
  diff->add_option("NEW", options.after, "descriptor set to come")->required();
  CLI::App* openapi = add_with_config("openapi", "Write the contract as OpenAPI 3.1", OpenApi);
  openapi->add_option("SET", options.set, "a descriptor set, instead of --config");
  openapi->add_option("--title", options.title, "of the document (API)");
  openapi->add_option("--api-version", options.api_version, "of the document (1)");
  openapi->add_option("--api", options.api, "the front whose document it is, where there are any");
  openapi->add_option("--server", options.server, "URL where the API is, such as https://api.shop");
  CLI::App* token = add_with_config("token", "Sign a token with a demo's own key", Token);
  token->add_option("--sub", options.sub, "whom it is for");
  token->add_option("--scopes", options.scopes, "such as \"orders.read orders.write\"");
  token->add_option("--role", options.roles, "may be repeated")->allow_extra_args(false);
  token->add_option("--provider", options.provider, "where several have a signing_key_file");
  token->add_option("--life", options.life, "how long it holds (1h)");
  token->add_option("--new-key", options.new_key,
                    "make a key and write it to this file, unless there is one already");
  add("version", "Print the version", Version);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kUsage;
  }
  options.json = output == "json";
  return verb(options);
}

}  // namespace frontdesk

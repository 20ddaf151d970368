#include "services_mock/flags.h"

#include <charconv>
#include <optional>

#include "gateway/base/text.h"

namespace frontdesk::mock {

const char kUsage[] =
    R"(services_mock: the twelve back ends of the demo shop, as gRPC servers on 127.0.0.1.

  --base-port N       first port (50051); the others follow it: user order payment product inventory
                      shipping review pricing recommendation notification cart analytics.
                      0: any free ports
  --control-port N    counters and faults over HTTP (one below the base port, or any free port)
  --delay-ms N        every call waits so long
  --delay SPEC        "order=200,payment/GetByOrder=50": some calls wait
  --fail SPEC         "payment=UNAVAILABLE", "order=INTERNAL:0.25": calls fail, or a part of them
  --lag SPEC          "payment/Charge=500": answers to work that is done come so much later
  --drop SPEC         "payment/Charge=1": so many answers to work that is done are lost

When all listen it prints one line: ready {"user": 50051, ..., "control": 50050}
A call's own metadata x-mock-delay-ms and x-mock-fail take the same SPECs. SIGTERM ends it.
)";

namespace {

std::optional<int> ParsePort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port >= 0 && port <= 65535 ? std::optional<int>(port) : std::nullopt;
}

bool Set(std::string_view name, std::string_view value, Flags& flags) {
  if (name == "--base-port" || name == "--control-port") {
    const std::optional<int> port = ParsePort(value);
    if (!port) return false;
    if (name == "--control-port") {
      flags.control_port = *port;
    } else {
      flags.base_port = static_cast<uint16_t>(*port);
    }
    return true;
  }
  if (name == "--delay-ms" || name == "--delay") return flags.faults.AddDelay(value);
  if (name == "--lag") return flags.faults.AddLag(value);
  if (name == "--drop") return flags.faults.AddDrop(value);
  return name == "--fail" && flags.faults.AddFail(value);
}

bool IsFlag(std::string_view name) {
  for (const std::string_view known :
       {"--base-port", "--control-port", "--delay-ms", "--delay", "--fail", "--lag", "--drop"}) {
    if (name == known) return true;
  }
  return false;
}

}  // namespace

std::string ParseFlags(const std::vector<std::string_view>& arguments, Flags& flags) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view name = arguments[i];
    if (name == "--help" || name == "-h") {
      flags.help = true;
      return "";
    }
    std::string_view value;
    const size_t equals = name.find('=');
    const bool joined = equals != std::string_view::npos;
    if (joined) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    if (!IsFlag(name)) return Cat("unknown flag '", name, "'");
    if (!joined) {
      if (++i == arguments.size()) return Cat(name, " needs a value");
      value = arguments[i];
    }
    if (!Set(name, value, flags)) return Cat(name, " can't be '", value, "'");
  }
  return "";
}

}  // namespace frontdesk::mock

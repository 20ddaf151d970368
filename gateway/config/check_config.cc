#include "gateway/config/check_config.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/config/host_port.h"
#include "gateway/config/load_message.h"
#include "gateway/config/scalar.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/header_names.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using v1::Config;
using v1::Policy;
using v1::Upstream;

// Nobody reads more.
constexpr size_t kMaxFindings = 200;
constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kGiB = 1 << 30;

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// IDENT { "." IDENT }
bool IsDottedName(std::string_view name) {
  bool begins = true;
  for (const char c : name) {
    if (c == '.' ? begins : !(IsAlpha(c) || (!begins && IsDigit(c)))) return false;
    begins = c == '.';
  }
  return !begins;
}

// Fields in the order of a map's keys, so that findings always come in the same order.
template <class Map>
auto Sorted(const Map& map) {
  std::map<std::string, const typename Map::mapped_type*> sorted;
  for (const auto& [key, value] : map) sorted.emplace(key, &value);
  return sorted;
}

class Checker {
 public:
  Checker(const LoadedConfig& loaded, Findings& findings)
      : loaded_(loaded), config_(loaded.config), findings_(findings) {}

  void Run() {
    CheckListeners();
    CheckLimits(config_.limits());
    for (const auto& [name, upstream] : Sorted(config_.upstreams())) {
      CheckUpstream(Cat("upstreams.", name), *upstream);
    }
    for (const auto& [name, policy] : Sorted(config_.methods())) {
      CheckMethod(name, Cat("methods.", name), *policy);
    }
  }

 private:
  void Add(const std::string& path, std::string_view text) {
    if (findings_.size() < kMaxFindings) findings_.Add(loaded_.PlaceOf(path), path, text);
  }

  // Only what the file says is checked: built-in defaults hold by themselves.
  void Range(const Message& message, const std::string& path, const std::string& field,
             uint64_t least, uint64_t most) {
    const auto& descriptor = *message.GetDescriptor()->FindFieldByName(field);
    const auto& reflection = *message.GetReflection();
    if (!reflection.HasField(message, &descriptor)) return;
    const uint64_t value = descriptor.cpp_type() == FieldDescriptor::CPPTYPE_UINT64
                               ? reflection.GetUInt64(message, &descriptor)
                               : reflection.GetUInt32(message, &descriptor);
    if (value >= least && value <= most) return;
    Add(Cat(path, ".", field), Cat("must be between ", least, " and ", most, ", got ", value));
  }

  void CheckListeners();
  void CheckLimits(const Config::Limits& limits);
  void CheckUpstream(const std::string& path, const Upstream& upstream);
  void CheckServices(const std::string& path, const Upstream& upstream);
  void CheckEndpoints(const std::string& path, const Upstream& upstream);
  std::string WrongEndpoint(const std::string& text, Upstream::Transport transport) const;
  void CheckMethod(const std::string& name, const std::string& path, const Policy& policy);
  // The address, or nothing, and a finding, when it can't be listened on.
  std::optional<HostPort> Listener(const std::string& path, const std::string& text);

  const LoadedConfig& loaded_;
  const Config& config_;
  Findings& findings_;
  std::map<std::string, std::string> home_;  // service -> path where it was named first
};

std::optional<HostPort> Checker::Listener(const std::string& path, const std::string& text) {
  std::optional<HostPort> address = ParseHostPort(text);
  if (address && address->numeric) return address;
  const bool localhost = address && contract::LowerCase(address->host) == "localhost";
  Add(path,
      Cat("expected an address such as \"127.0.0.1:8080\" or \"[::1]:8080\", got ", Quoted(text),
          localhost ? Cat(" (did you mean \"127.0.0.1:", address->port, "\"?)") : ""));
  return std::nullopt;
}

void Checker::CheckListeners() {
  const auto& listen = config_.listen();
  Range(listen, "listen", "workers", 1, 1024);
  Range(listen, "listen", "backlog", 1, 65535);
  std::optional<HostPort> front;
  if (listen.has_address()) front = Listener("listen.address", listen.address());
  std::optional<HostPort> admin;
  if (config_.admin().has_address()) admin = Listener("admin.address", config_.admin().address());

  if (admin && !admin->loopback) {
    Add("admin.address", Cat("must be a loopback address: whoever reaches it controls the gateway; "
                             "got ",
                             Quoted(config_.admin().address())));
  }
  if (front && admin && front->port != 0 && front->port == admin->port &&
      front->host == admin->host) {
    Add("admin.address", "is that of listen.address as well");
  }
  if (config_.auth().has_development_caller() && front && !front->loopback) {
    Add("auth.development_caller",
        Cat("makes everybody this caller and is refused on any address but loopback; "
            "listen.address is ",
            Quoted(listen.address())));
  }
}

void Checker::CheckLimits(const Config::Limits& limits) {
  Range(limits, "limits", "header_bytes", 1024, kMiB);
  Range(limits, "limits", "header_fields", 1, 10'000);
  Range(limits, "limits", "target_bytes", 64, kMiB);
  Range(limits, "limits", "body_bytes", 0, 4 * kGiB - 1);
  Range(limits, "limits", "body_rate", 0, kGiB);
  Range(limits, "limits", "json_depth", 1, 1000);
  Range(limits, "limits", "connections", 1, 1'000'000);
  Range(limits, "limits", "idempotency_entries", 1, 100'000'000);
  Range(limits, "limits", "idempotency_bytes", 1 << 20, 1024 * kGiB);
}

void Checker::CheckUpstream(const std::string& path, const Upstream& upstream) {
  CheckServices(path, upstream);
  CheckEndpoints(path, upstream);
  Range(upstream, path, "connections", 1, 256);
  Range(upstream, path, "max_message_bytes", 1, 4 * kGiB - 1);
  Range(upstream, path, "max_pending", 1, 1'000'000);
}

void Checker::CheckServices(const std::string& path, const Upstream& upstream) {
  if (!loaded_.Has(path + ".services") && !HasUnknownKey(findings_, path))
    Add(path, "has no services");
  for (int i = 0; i < upstream.services_size(); ++i) {
    const std::string& service = upstream.services(i);
    const std::string here = Cat(path, ".services[", i, "]");
    if (!IsDottedName(service)) {
      Add(here, Cat("expected a service such as \"shop.order.v1.Orders\", got ", Quoted(service)));
      continue;
    }
    const auto [first, added] = home_.try_emplace(service, here);
    if (added) continue;
    Add(here, Cat(service, " has a place already: ", first->second, " at ",
                  loaded_.PlaceOf(first->second).ToString()));
  }
}

void Checker::CheckEndpoints(const std::string& path, const Upstream& upstream) {
  if (!loaded_.Has(path + ".endpoints") && !HasUnknownKey(findings_, path))
    Add(path, "has no endpoints");
  std::map<std::string, int> seen;
  for (int i = 0; i < upstream.endpoints_size(); ++i) {
    const std::string& endpoint = upstream.endpoints(i);
    const std::string here = Cat(path, ".endpoints[", i, "]");
    const std::string wrong = WrongEndpoint(endpoint, upstream.transport());
    if (!wrong.empty()) Add(here, wrong);
    if (!seen.emplace(endpoint, i).second) Add(here, Cat(Quoted(endpoint), " stands here twice"));
  }
}

std::string Checker::WrongEndpoint(const std::string& text, Upstream::Transport transport) const {
  const size_t scheme = text.find("://");
  if (transport == Upstream::GRPC && scheme != std::string::npos && scheme > 0) return "";
  const auto address = ParseHostPort(text);
  if (address && address->port != 0) return "";
  std::string why = Cat("expected \"host:port\", got ", Quoted(text));
  if (scheme != std::string::npos) {
    const std::string_view rest = std::string_view(text).substr(scheme + 3);
    const auto inner = ParseHostPort(rest.substr(0, rest.find('/')));
    why += inner ? Cat(" (did you mean ", Quoted(rest.substr(0, rest.find('/'))), "?)")
                 : std::string(" (only transport: grpc takes targets with a scheme)");
  }
  return why;
}

void Checker::CheckMethod(const std::string& name, const std::string& path, const Policy& policy) {
  const std::string_view text = name;
  const size_t slash = text.find('/');
  const bool method_fits =
      slash == std::string_view::npos ||
      (IsDottedName(text.substr(slash + 1)) && text.find('.', slash) == std::string_view::npos);
  if (!method_fits || !IsDottedName(text.substr(0, slash))) {
    Add(path, "expected \"package.Service\" or \"package.Service/Method\"");
  }
  // Beyond what a YAML number may be; the rest is checked as in the contract.
  Range(policy, path, "max_request_bytes", 0, 4 * kGiB - 1);
  Range(policy, path, "max_response_bytes", 0, 4 * kGiB - 1);
  const auto place_of = [&](const std::vector<int>& field) {
    const FieldDescriptor* first = Policy::descriptor()->FindFieldByNumber(field[0]);
    std::string where = Cat(path, '.', first->name());
    if (first->is_repeated() && field.size() > 1) where += Cat('[', field[1], ']');
    if (first->message_type() && field.size() > 1) {
      where += Cat('.', first->message_type()->FindFieldByNumber(field[1])->name());
    }
    return loaded_.PlaceOf(where);
  };
  contract::CheckPolicy(policy, path, place_of, findings_);
}

}  // namespace

void CheckConfig(const LoadedConfig& loaded, Findings& findings) {
  Checker(loaded, findings).Run();
}

}  // namespace frontdesk::config

#include "services_mock/control.h"

#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <thread>

namespace frontdesk::mock {
namespace {

using nlohmann::json;

json ToJson(const Tally& tally) {
  return {{"calls", tally.calls},
          {"in_flight", tally.in_flight},
          {"peak_in_flight", tally.peak_in_flight},
          {"cancelled", tally.cancelled},
          {"failed", tally.failed},
          {"methods", tally.methods}};
}

json ToJson(const Arrival& arrival) {
  json metadata = json::array();
  for (const auto& [key, value] : arrival.metadata) metadata.push_back({key, value});
  return {{"path", arrival.path}, {"metadata", metadata}, {"timeout_ms", arrival.timeout_ms}};
}

// What was done and, beside it, what of that is still there.
json ToJson(const Shop& shop) {
  const Effects& effects = shop.effects;
  return {{"reservations", effects.reservations},
          {"reservations_held", shop.reservations.size()},
          {"charges", effects.charges},
          {"refunds", effects.refunds},
          {"orders", effects.orders},
          {"orders_cancelled", effects.orders_cancelled},
          {"shipments", effects.shipments},
          {"shipments_cancelled", effects.shipments_cancelled},
          {"replays", effects.replays}};
}

void Send(const json& value, httplib::Response& response) {
  // Metadata of "-bin" keys need not be UTF-8.
  response.set_content(value.dump(2, ' ', false, json::error_handler_t::replace) + "\n",
                       "application/json");
}

void SendOk(httplib::Response& response) { Send({{"status", "ok"}}, response); }

// httplib cuts a value at its last '=', so the query is read here. A bad escape stays as it is.
std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    const bool escape =
        text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16).ptr == &text[i + 1] + 2;
    out.push_back(escape ? static_cast<char>(byte) : text[i]);
    if (escape) i += 2;
  }
  return out;
}

bool AddFault(std::string_view key, std::string_view value, FaultRules& rules) {
  if (key == "delay_ms" || key == "delay") return rules.AddDelay(value);
  if (key == "lag") return rules.AddLag(value);
  if (key == "drop") return rules.AddDrop(value);
  return key == "fail" && rules.AddFail(value);
}

// Of "/faults?delay=order=50&fail=payment=14". False, with the parameter in `wrong`, if one can't
// be read.
bool ReadFaults(std::string_view target, FaultRules& rules, std::string& wrong) {
  for (size_t at = target.find('?'); at != std::string_view::npos; at = target.find('&', at + 1)) {
    const std::string_view one = target.substr(at + 1, target.find('&', at + 1) - at - 1);
    if (one.empty()) continue;
    const std::string_view key = one.substr(0, one.find('='));
    const std::string value = Unescape(one.substr(std::min(key.size() + 1, one.size())));
    if (AddFault(key, value, rules)) continue;
    wrong = std::string(one);
    return false;
  }
  return true;
}

class HttpControl : public Control {
 public:
  HttpControl(World& world, const Backends& backends, Faults& faults)
      : world_(world), backends_(backends), faults_(faults) {
    using Request = httplib::Request;
    using Response = httplib::Response;
    server_.Get("/healthz", [](const Request&, Response& response) { SendOk(response); });
    server_.Get("/counters",
                [this](const Request&, Response& response) { SendCounters(response); });
    server_.Get("/effects", [this](const Request&, Response& response) { SendEffects(response); });
    server_.Get(R"(/arrivals/(\w+))", [this](const Request& request, Response& response) {
      SendArrivals(request.matches[1].str(), response);
    });
    // Without a reader httplib waits for the body of a POST that says nothing about its length.
    server_.Post("/faults",
                 [this](const Request& request, Response& response, const httplib::ContentReader&) {
                   SetFaults(request, response);
                 });
    server_.Post("/reset",
                 [this](const Request&, Response& response, const httplib::ContentReader&) {
                   faults_.Reset();
                   world_.Reset();
                   for (const auto& backend : backends_) backend->counters().Reset();
                   SendOk(response);
                 });
    // A body that nobody reads must not become the next request.
    server_.set_keep_alive_max_count(1);
  }

  ~HttpControl() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  bool Listen(uint16_t port) {
    // httplib's own choice would let a second program share the port.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    if (port == 0) {
      port_ = server_.bind_to_any_port("127.0.0.1");
    } else if (server_.bind_to_port("127.0.0.1", port)) {
      port_ = port;
    }
    if (port_ <= 0) return false;
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // stop() before the thread has begun to listen would be lost.
    while (!server_.is_running()) std::this_thread::yield();
    return true;
  }

  uint16_t port() const override { return static_cast<uint16_t>(port_); }

 private:
  void SendCounters(httplib::Response& response) const {
    json all;
    for (const auto& backend : backends_) all[backend->name()] = ToJson(backend->counters().Read());
    Send(all, response);
  }

  void SendEffects(httplib::Response& response) const {
    MutexLock lock(world_.mutex);
    Send(ToJson(world_.shop), response);
  }

  void SendArrivals(const std::string& name, httplib::Response& response) const {
    response.status = 404;
    for (const auto& backend : backends_) {
      if (backend->name() != name) continue;
      json all = json::array();
      for (const Arrival& arrival : backend->counters().Arrivals()) all.push_back(ToJson(arrival));
      response.status = 200;
      Send(all, response);
    }
  }

  void SetFaults(const httplib::Request& request, httplib::Response& response) {
    FaultRules rules;
    std::string wrong;
    if (!ReadFaults(request.target, rules, wrong)) {
      response.status = 400;
      return Send({{"error", Cat("can't read '", wrong, "'")}}, response);
    }
    faults_.Replace(std::move(rules));
    SendOk(response);
  }

  World& world_;
  const Backends& backends_;
  Faults& faults_;
  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace

std::unique_ptr<Control> Control::Start(World& world, const Backends& backends, Faults& faults,
                                        uint16_t port) {
  auto control = std::make_unique<HttpControl>(world, backends, faults);
  if (!control->Listen(port)) return nullptr;
  return control;
}

}  // namespace frontdesk::mock

#include "services_mock/control.h"

#include <httplib.h>

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

void Send(const json& value, httplib::Response& response) {
  // Metadata of "-bin" keys need not be UTF-8.
  response.set_content(value.dump(2, ' ', false, json::error_handler_t::replace) + "\n",
                       "application/json");
}

// False, with the parameter's name in `wrong`, if one can't be read.
bool ReadFaults(const httplib::Params& parameters, FaultRules& rules, std::string& wrong) {
  for (const auto& [key, value] : parameters) {
    const bool read = key == "delay_ms" || key == "delay" ? rules.AddDelay(value)
                      : key == "fail"                     ? rules.AddFail(value)
                                                          : false;
    if (read) continue;
    wrong = Cat(key, "=", value);
    return false;
  }
  return true;
}

class HttpControl : public Control {
 public:
  HttpControl(World& world, const Backends& backends, Faults& faults) {
    server_.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
      Send({{"status", "ok"}}, response);
    });
    server_.Get("/counters", [&backends](const httplib::Request&, httplib::Response& response) {
      json all;
      for (const auto& backend : backends) {
        all[backend->name()] = ToJson(backend->counters().Read());
      }
      Send(all, response);
    });
    server_.Get(R"(/arrivals/(\w+))",
                [&backends](const httplib::Request& request, httplib::Response& response) {
                  response.status = 404;
                  for (const auto& backend : backends) {
                    if (backend->name() != request.matches[1].str()) continue;
                    json all = json::array();
                    for (const Arrival& arrival : backend->counters().Arrivals())
                      all.push_back(ToJson(arrival));
                    response.status = 200;
                    Send(all, response);
                  }
                });
    server_.Post("/faults",
                 [&faults](const httplib::Request& request, httplib::Response& response) {
                   FaultRules rules;
                   std::string wrong;
                   if (!ReadFaults(request.params, rules, wrong)) {
                     response.status = 400;
                     return Send({{"error", Cat("can't read '", wrong, "'")}}, response);
                   }
                   faults.Replace(std::move(rules));
                   Send({{"status", "ok"}}, response);
                 });
    server_.Post("/reset", [&world, &backends, &faults](const httplib::Request&,
                                                        httplib::Response& response) {
      faults.Reset();
      world.Reset();
      for (const auto& backend : backends) backend->counters().Reset();
      Send({{"status", "ok"}}, response);
    });
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

// A mock back end: methods by path, on the shop's data. Knows nothing about gRPC.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/mutex.h"
#include "gateway/base/text.h"
#include "services_mock/counters.h"
#include "services_mock/data/shop.h"
#include "services_mock/outcome.h"

namespace frontdesk::mock {

// The data that all back ends share. A handler holds the lock while it runs, which is short.
struct World {
  Mutex mutex;
  Shop shop ABSL_GUARDED_BY(mutex) = MakeShop();

  // Back to the data of a fresh start.
  void Reset() {
    Shop fresh = MakeShop();
    MutexLock lock(mutex);
    shop = std::move(fresh);
  }
};

class Backend {
 public:
  // Fills `reply` (wire bytes) on success. `key` is the call's idempotency key, "" for none.
  using Handler =
      std::function<Outcome(std::string_view request, std::string_view key, std::string* reply)>;

  // `name` as in flags and counters: "order". `world` outlives the back end.
  Backend(std::string name, World& world) : name_(std::move(name)), world_(world) {}

  // `service` is "shop.order.v1.Orders", `method` "GetOrder".
  template <class Request, class Reply>
  void Add(std::string_view service, std::string_view method,
           Outcome (*handle)(Shop&, const Request&, Reply&));
  // A method that changes something. A key that it knows is answered as before and does nothing;
  // with another request it is INVALID_ARGUMENT; FAILED_PRECONDITION when what it did was taken
  // back.
  template <class Request, class Reply>
  void AddOnce(std::string_view service, std::string_view method,
               Outcome (*handle)(Shop&, const Request&, Reply&));

  // By path, "/shop.order.v1.Orders/GetOrder"; null if there is no such method here.
  const Handler* Find(const std::string& path) const {
    const auto found = handlers_.find(path);
    return found == handlers_.end() ? nullptr : &found->second;
  }
  const std::string& name() const { return name_; }
  Counters& counters() { return counters_; }

 private:
  using Work = std::function<Outcome(Shop& shop, std::string_view request, std::string* reply)>;

  template <class Request, class Reply>
  static Work WorkOf(Outcome (*handle)(Shop&, const Request&, Reply&));
  static Outcome DoOnce(Shop& shop, const std::string& key, const Work& work,
                        std::string_view request, std::string* reply);

  const std::string name_;
  World& world_;
  std::map<std::string, Handler, std::less<>> handlers_;
  Counters counters_;
};

// All of them, in the order of their ports.
std::vector<std::unique_ptr<Backend>> MakeBackends(World& world);

template <class Request, class Reply>
Backend::Work Backend::WorkOf(Outcome (*handle)(Shop&, const Request&, Reply&)) {
  return [handle](Shop& shop, std::string_view bytes, std::string* out) {
    constexpr int kInternal = 13;
    Request request;
    if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return Failure(kInternal, "BROKEN_MESSAGE", "the request is no such message");
    }
    Reply reply;
    Outcome outcome = handle(shop, request, reply);
    if (!Failed(outcome)) reply.SerializeToString(out);
    return outcome;
  };
}

template <class Request, class Reply>
void Backend::Add(std::string_view service, std::string_view method,
                  Outcome (*handle)(Shop&, const Request&, Reply&)) {
  handlers_[Cat("/", service, "/", method)] =
      [this, work = WorkOf(handle)](std::string_view bytes, std::string_view, std::string* out) {
        MutexLock lock(world_.mutex);
        return work(world_.shop, bytes, out);
      };
}

template <class Request, class Reply>
void Backend::AddOnce(std::string_view service, std::string_view method,
                      Outcome (*handle)(Shop&, const Request&, Reply&)) {
  const std::string path = Cat("/", service, "/", method);
  handlers_[path] = [this, path, work = WorkOf(handle)](std::string_view bytes,
                                                        std::string_view key, std::string* out) {
    // Looking, doing and remembering under one lock: of two calls with a key the second waits.
    MutexLock lock(world_.mutex);
    if (key.empty()) return work(world_.shop, bytes, out);
    return DoOnce(world_.shop, Cat(path, " ", key), work, bytes, out);
  };
}

}  // namespace frontdesk::mock

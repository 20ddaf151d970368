// The only file that includes gRPC: one generic service answers every method, so that faults and
// counters have one place and no stub is compiled.
#include "services_mock/server.h"

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <utility>

namespace frontdesk::mock {
namespace {

grpc::Status ToGrpc(const Outcome& outcome) {
  return grpc::Status(static_cast<grpc::StatusCode>(outcome.code()), outcome.message(),
                      outcome.SerializeAsString());
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

std::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

Arrival Describe(const grpc::GenericCallbackServerContext& context) {
  Arrival arrival;
  arrival.path = context.method();
  for (const auto& [key, value] : context.client_metadata()) {
    arrival.metadata.emplace_back(View(key), View(value));
  }
  const auto deadline = context.deadline();
  if (deadline != std::chrono::system_clock::time_point::max()) {
    arrival.timeout_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                             deadline - std::chrono::system_clock::now())
                             .count();
  }
  return arrival;
}

std::string_view KeyOf(const grpc::GenericCallbackServerContext& context) {
  const auto found = context.client_metadata().find("idempotency-key");
  return found == context.client_metadata().end() ? std::string_view() : View(found->second);
}

// The faults that the call itself asks for.
Outcome ReadRules(const grpc::GenericCallbackServerContext& context, FaultRules& rules) {
  Violations violations;
  for (const auto& [key, value] : context.client_metadata()) {
    if (View(key) == "x-mock-delay-ms" && !rules.AddDelay(View(value))) {
      violations.Add("x-mock-delay-ms", "is not like '200' or 'order=200,payment=50'");
    } else if (View(key) == "x-mock-fail" && !rules.AddFail(View(value))) {
      violations.Add("x-mock-fail", "is not like 'UNAVAILABLE' or 'order=INTERNAL:0.5'");
    }
  }
  return violations.Finish();
}

// One call: read, wait if told so, answer. gRPC calls these members from its own threads; OnDone
// comes last, after every other one has returned, and the alarm ends in a Finish before it.
class Call : public grpc::ServerGenericBidiReactor {
 public:
  Call(grpc::GenericCallbackServerContext& context, Backend& backend, Faults& faults)
      : context_(context), backend_(backend), faults_(faults) {
    backend_.counters().Begin(Describe(context));
    handler_ = backend_.Find(context.method());
    context.AddInitialMetadata("x-mock-backend", backend.name());
    if (handler_ == nullptr) {
      End(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "there is no such method here"));
    } else {
      StartRead(&request_);
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End(grpc::Status(grpc::StatusCode::INTERNAL, "a request message is missing"));
    FaultRules own;
    const Outcome readable = ReadRules(context_, own);
    if (Failed(readable)) return End(ToGrpc(readable));
    const std::string& path = context_.method();
    const Fault fault =
        faults_.Next(backend_.name(), path.substr(path.rfind('/') + 1), std::move(own));
    fault_ = fault;
    if (fault.delay.count() == 0) return Answer();
    delay_.Start(fault.delay, cancelled_, [this](bool due) {
      if (due) {
        Answer();
      } else {
        Leave();
      }
    });
  }

  void OnCancel() override {
    backend_.counters().Cancelled();
    cancelled_ = true;
    delay_.Cancel();
    lag_.Cancel();
  }

  void OnDone() override {
    backend_.counters().End();
    delete this;
  }

 private:
  // A wait that the caller's leaving ends.
  class Wait {
   public:
    void Start(std::chrono::milliseconds time, const std::atomic<bool>& cancelled,
               std::function<void(bool due)> then) {
      alarm_.Set(std::chrono::system_clock::now() + time, std::move(then));
      // Whoever comes second of this and Cancel() sees the other's flag, so the alarm is cancelled.
      started_ = true;
      if (cancelled) alarm_.Cancel();
    }
    void Cancel() {
      if (started_) alarm_.Cancel();
    }

   private:
    grpc::Alarm alarm_;
    std::atomic<bool> started_{false};
  };

  void Answer() {
    if (fault_.code != 0) {
      return End(ToGrpc(Failure(fault_.code, "MOCK_FAULT", "this failure was asked for")));
    }
    std::string bytes;
    const Outcome outcome = (*handler_)(ToString(request_), KeyOf(context_), &bytes);
    if (Failed(outcome)) return End(ToGrpc(outcome));
    if (fault_.drop) {
      return End(
          ToGrpc(Failure(grpc::StatusCode::UNAVAILABLE, "MOCK_FAULT", "the answer is lost")));
    }
    reply_ = ToBuffer(bytes);
    if (fault_.lag.count() == 0) return Send();
    lag_.Start(fault_.lag, cancelled_, [this](bool due) {
      if (due) {
        Send();
      } else {
        Leave();
      }
    });
  }

  void Send() { StartWriteAndFinish(&reply_, grpc::WriteOptions(), grpc::Status::OK); }
  void Leave() { End(grpc::Status(grpc::StatusCode::CANCELLED, "the caller left")); }

  void End(const grpc::Status& status) {
    backend_.counters().Failed();
    Finish(status);
  }

  grpc::GenericCallbackServerContext& context_;
  Backend& backend_;
  Faults& faults_;
  const Backend::Handler* handler_ = nullptr;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer reply_;
  Fault fault_;
  Wait delay_;
  Wait lag_;
  std::atomic<bool> cancelled_{false};
};

class GrpcServer : public Server, private grpc::CallbackGenericService {
 public:
  GrpcServer(Backend& backend, Faults& faults) : backend_(backend), faults_(faults) {}
  ~GrpcServer() override { GrpcServer::Stop(std::chrono::system_clock::now()); }

  bool Listen(uint16_t port) {
    grpc::ServerBuilder builder;
    // A second program on the same port is a mistake, not a way to share the load.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort(Cat("127.0.0.1:", port), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
    return server_ != nullptr && port_ != 0;
  }

  uint16_t port() const override { return static_cast<uint16_t>(port_); }

  void Stop(std::chrono::system_clock::time_point deadline) override {
    if (server_ == nullptr) return;
    server_->Shutdown(deadline);
    server_.reset();
  }

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Call(*context, backend_, faults_);
  }

  Backend& backend_;
  Faults& faults_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

std::unique_ptr<Server> Server::Start(Backend& backend, Faults& faults, uint16_t port) {
  auto server = std::make_unique<GrpcServer>(backend, faults);
  if (!server->Listen(port)) return nullptr;
  return server;
}

}  // namespace frontdesk::mock

// A real gRPC C++ server in this process, answering any method: the judge of what our own client
// sends and reads.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace frontdesk::upstream {

// One call as the server saw it, and its answer.
struct ServedCall {
  std::string method;
  std::multimap<std::string, std::string> metadata;
  std::string request;
  // Time left, as grpc-timeout said.
  std::chrono::milliseconds timeout{};
};

struct ServedAnswer {
  grpc::Status status;
  std::vector<std::string> messages;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> trailers;
};

// Called on the library's threads.
using AnswerFn = std::function<ServedAnswer(const ServedCall&)>;

class GrpcServer {
 public:
  explicit GrpcServer(AnswerFn handler);
  ~GrpcServer();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  class Service;
  class Reactor;

  std::unique_ptr<Service> service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

inline std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  (void)buffer.Dump(&slices);
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

class GrpcServer::Reactor final : public grpc::ServerGenericBidiReactor {
 public:
  Reactor(const AnswerFn& handler, grpc::GenericCallbackServerContext* context)
      : handler_(handler), context_(context) {
    StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "no request"));
    ServedCall call;
    call.method = context_->method();
    for (const auto& [name, value] : context_->client_metadata()) {
      call.metadata.emplace(std::string(name.data(), name.size()),
                            std::string(value.data(), value.size()));
    }
    call.request = BytesOf(request_);
    call.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
        context_->deadline() - std::chrono::system_clock::now());
    answer_ = handler_(call);
    for (const auto& [name, value] : answer_.headers) context_->AddInitialMetadata(name, value);
    for (const auto& [name, value] : answer_.trailers) context_->AddTrailingMetadata(name, value);
    Next();
  }
  void OnWriteDone(bool) override { Next(); }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (sent_ == answer_.messages.size()) return Finish(answer_.status);
    const grpc::Slice slice(answer_.messages[sent_++]);
    reply_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&reply_);
  }

  const AnswerFn& handler_;
  grpc::GenericCallbackServerContext* const context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer reply_;
  ServedAnswer answer_;
  size_t sent_ = 0;
};

class GrpcServer::Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(AnswerFn handler) : handler_(std::move(handler)) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Reactor(handler_, context);
  }

 private:
  const AnswerFn handler_;
};

inline GrpcServer::GrpcServer(AnswerFn handler)
    : service_(std::make_unique<Service>(std::move(handler))) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterCallbackGenericService(service_.get());
  server_ = builder.BuildAndStart();
}

inline GrpcServer::~GrpcServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

}  // namespace frontdesk::upstream

// A management server that knows one service and where it is: as much of xDS v3 as gRPC C++ asks
// for (github.com/envoyproxy/envoy/tree/main/api). Its messages are written by field number, since
// their schemas are in no package.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/contract/wire.h"
#include "tests/unit/upstream/grpc_server.h"

namespace frontdesk::upstream {

class XdsServer {
 public:
  // "xds:///name" is at this port of 127.0.0.1.
  XdsServer(const std::string& name, uint16_t port) : service_(ResourcesOf(name, port)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~XdsServer() {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  // For GRPC_XDS_BOOTSTRAP_CONFIG.
  std::string Bootstrap() const {
    return Cat(R"({"xds_servers": [{"server_uri": "127.0.0.1:)", port_,
               R"(", "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}],)",
               R"( "node": {"id": "test"}})");
  }

 private:
  // A google.protobuf.Any of each type that is asked for, by the type's URL.
  using Resources = std::map<std::string, std::string>;

  static std::string Bytes(uint32_t field, std::string_view bytes) {
    std::string out;
    contract::AppendTag(out, field, contract::WireType::kBytes);
    contract::AppendVarint(out, bytes.size());
    return out.append(bytes);
  }
  static std::string Number(uint32_t field, uint64_t number) {
    std::string out;
    contract::AppendTag(out, field, contract::WireType::kVarint);
    contract::AppendVarint(out, number);
    return out;
  }
  static std::string Url(std::string_view type) { return Cat("type.googleapis.com/envoy.", type); }
  static std::string Any(std::string_view type, std::string_view message) {
    return Bytes(1, Url(type)) + Bytes(2, message);
  }

  // A listener whose route leads to a cluster whose end points are asked for as well.
  static Resources ResourcesOf(const std::string& name, uint16_t port) {
    constexpr std::string_view kListener = "config.listener.v3.Listener";
    constexpr std::string_view kCluster = "config.cluster.v3.Cluster";
    constexpr std::string_view kEndpoints = "config.endpoint.v3.ClusterLoadAssignment";
    constexpr std::string_view kConnectionManager =
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    constexpr std::string_view kRouter = "extensions.filters.http.router.v3.Router";
    const std::string route = Bytes(1, Bytes(1, "")) + Bytes(2, Bytes(1, "cluster"));
    const std::string host = Bytes(1, "host") + Bytes(2, "*") + Bytes(3, route);
    const std::string filter = Bytes(1, "router") + Bytes(4, Any(kRouter, ""));
    const std::string manager = Bytes(4, Bytes(1, "routes") + Bytes(2, host)) + Bytes(5, filter);
    const std::string listener =
        Bytes(1, name) + Bytes(19, Bytes(1, Any(kConnectionManager, manager)));
    constexpr uint64_t kEds = 3;
    const std::string by_ads = Bytes(3, "");
    const std::string cluster = Bytes(1, "cluster") + Number(2, kEds) + Bytes(3, Bytes(1, by_ads));
    const std::string address = Bytes(1, Bytes(2, "127.0.0.1") + Number(3, port));
    const std::string locality =
        Bytes(1, Bytes(1, "here")) + Bytes(2, Bytes(1, Bytes(1, address))) + Bytes(3, Number(1, 1));
    const std::string endpoints = Bytes(1, "cluster") + Bytes(2, locality);
    return {{Url(kListener), Any(kListener, listener)},
            {Url(kCluster), Any(kCluster, cluster)},
            {Url(kEndpoints), Any(kEndpoints, endpoints)}};
  }

  // One stream of DiscoveryRequests: each type is answered once, what follows are receipts.
  class Stream final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Stream(Resources resources) : resources_(std::move(resources)) {
      StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::OK);
      const std::string bytes = BytesOf(request_);
      std::string url;
      for (contract::WireReader reader(bytes); reader.Next();) {
        if (reader.field().number == 4) url = reader.field().bytes;
      }
      const auto node = resources_.extract(url);
      if (node.empty()) return StartRead(&request_);
      const grpc::Slice slice(Bytes(1, "1") + Bytes(2, node.mapped()) + Bytes(4, url) +
                              Bytes(5, "nonce"));
      response_ = grpc::ByteBuffer(&slice, 1);
      StartWrite(&response_);
    }
    void OnWriteDone(bool ok) override {
      if (ok) StartRead(&request_);
      if (!ok) Finish(grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    Resources resources_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer response_;
  };

  class Service final : public grpc::CallbackGenericService {
   public:
    explicit Service(Resources resources) : resources_(std::move(resources)) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
      return new Stream(resources_);
    }

   private:
    const Resources resources_;
  };

  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace frontdesk::upstream

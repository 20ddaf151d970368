// The HTTP/1.1 parsers alone: heads as load generators, browsers and mobile clients send them.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "gateway/http/body_decoder.h"
#include "gateway/http/parser.h"

namespace frontdesk::http {
namespace {

constexpr std::string_view kSmall =
    "GET /api/v1/orders/order-1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

constexpr std::string_view kMobile =
    "GET /api/v1/order-details/order-1017?fields=a,b HTTP/1.1\r\n"
    "Host: api.example.com\r\n"
    "User-Agent: ShopApp/5.12.1 (iPhone; iOS 17.4; Scale/3.00)\r\n"
    "Accept: application/json\r\n"
    "Accept-Language: en-GB;q=1.0, de-DE;q=0.9\r\n"
    "Accept-Encoding: gzip;q=1.0, deflate;q=0.5\r\n"
    "Authorization: Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImExIn0.eyJzdWIiOiJ1c2VyLTEi"
    "LCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiZXhwIjoxNzAwMDAwMDAwfQ."
    "c2lnbmF0dXJlLXNpZ25hdHVyZS1z"
    "aWduYXR1cmUtc2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJlLXNpZ25hdHVyZQ\r\n"
    "X-Request-ID: 0b0c7c1e-6f0b-4a57-9d53-1f4f3b1f7a55\r\n"
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
    "Connection: keep-alive\r\n\r\n";

void ParseHead(benchmark::State& state, std::string_view text) {
  const ServerLimits limits;
  RequestParser parser(limits);
  Request request;
  std::string bytes(text);
  for (auto _ : state) {
    parser.Reset();
    if (parser.Parse(bytes.data(), bytes.size()) != RequestParser::Progress::kDone) {
      state.SkipWithError("refused");
      return;
    }
    parser.Fill(bytes.data(), request);
    benchmark::DoNotOptimize(request.headers.fields().data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK_CAPTURE(ParseHead, small, kSmall);
BENCHMARK_CAPTURE(ParseHead, mobile, kMobile);

void DecodeChunks(benchmark::State& state) {
  const ServerLimits limits;
  BodyDecoder decoder(limits);
  const std::string chunk = "400\r\n" + std::string(0x400, 'x') + "\r\n";
  std::string bytes;
  for (int i = 0; i < 16; ++i) bytes += chunk;
  bytes += "0\r\n\r\n";
  for (auto _ : state) {
    decoder.Start(Framing::kChunked, 0);
    size_t at = 0;
    while (!decoder.done()) at += decoder.Next(bytes.data() + at, bytes.size() - at).consumed;
    benchmark::DoNotOptimize(at);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(DecodeChunks);

}  // namespace
}  // namespace frontdesk::http

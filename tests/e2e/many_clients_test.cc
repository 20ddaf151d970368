// Four workers and many clients at once, some of which leave: every answer belongs to its request,
// and nothing is left behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <random>
#include <thread>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using Clock = std::chrono::steady_clock;

// So few that a busy machine answers all of them well within the time of a composition's parts.
constexpr int kThreads = 13;
constexpr int kConnections = 10;  // of each thread, all open at the same time
constexpr int kRounds = 5;

struct Question {
  std::string target;
  std::string pointer;  // into the answer
  std::string answer;
};

Question Choose(std::mt19937& random) {
  const auto number = [&](int most) { return std::uniform_int_distribution<int>(1, most)(random); };
  const std::string order = Cat("order-", number(1000));
  const std::string user = Cat("user-", number(200));
  const std::string product = Cat("product-", number(1000));
  switch (number(6)) {
    case 1:
      return {Cat("/api/v1/orders/", order), "/id", order};
    case 2:
      return {Cat("/api/v1/users/", user), "/id", user};
    case 3:
      return {Cat("/api/v1/products/", product), "/id", product};
    case 4:
      return {Cat("/mobile/v1/order-details/", order), "/id", order};
    case 5:
      return {Cat("/api/v1/nothing/", order), "/details/0/reason", "NO_ROUTE"};
    default:
      return {Cat("/api/v1/order-details/", order), "/order/id", order};
  }
}

// One client: it asks, and reads the answer or leaves.
class Client {
 public:
  Client(uint16_t port, int nth) : port_(port), nth_(nth), random_(static_cast<unsigned>(nth)) {}

  void Ask() {
    question_ = Choose(random_);
    id_ = Cat("client-", nth_, "-", ++asked_);
    if (!connection_) connection_.emplace(port_);
    connection_->Send(RequestText("GET", question_.target, {{"x-request-id", id_}}));
  }

  // What is wrong with the answer; "" for nothing.
  std::string Read() {
    const std::optional<RawResponse> response = connection_->Read();
    if (!response || response->cut) return Cat(id_, ": no answer");
    const nlohmann::json json = Json(*response);
    const nlohmann::json::json_pointer pointer(question_.pointer);
    const bool right = response->Header("x-request-id") == id_ && json.contains(pointer) &&
                       json[pointer] == question_.answer;
    return right ? "" : Cat(id_, " ", question_.target, ": ", response->status, response->body);
  }

  bool Leaves() { return random_() % 4 == 0; }

  void Leave() {
    if (random_() % 2 == 0) connection_->Reset();
    connection_.reset();
  }

 private:
  const uint16_t port_;
  const int nth_;
  std::mt19937 random_;
  std::optional<RawClient> connection_;
  Question question_;
  std::string id_;
  int asked_ = 0;
};

// All clients, to their end. What is wrong, and how many answers were right.
std::vector<std::string> RunClients(uint16_t port, bool leave, int& right) {
  std::mutex mutex;
  std::vector<std::string> wrong;
  std::vector<std::thread> threads;
  std::atomic<int> answered{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::deque<Client> clients;
      for (int c = 0; c < kConnections; ++c) clients.emplace_back(port, t * kConnections + c);
      for (int round = 0; round < kRounds; ++round) {
        for (Client& client : clients) client.Ask();
        for (Client& client : clients) {
          if (leave && client.Leaves()) {
            client.Leave();
            continue;
          }
          const std::string complaint = client.Read();
          if (complaint.empty()) {
            ++answered;
            continue;
          }
          const std::lock_guard lock(mutex);
          wrong.push_back(complaint);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  right = answered;
  return wrong;
}

// The sum of all series of a metric.
double Sum(const Frontdesk& gateway, const std::string& name) {
  std::istringstream lines(Fetch(gateway.admin(), "GET", "/metrics").body);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + "{")) sum += std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

double CallsOfMocks(Mocks& mocks, const std::string& counter) {
  double sum = 0;
  for (const nlohmann::json& backend : mocks.Counters()) sum += backend[counter].get<double>();
  return sum;
}

void ExpectQuiet(Mocks& mocks, const Frontdesk& gateway) {
  EXPECT_TRUE(Eventually([&] { return gateway.Metric("http_server_active_requests") == 0; }));
  EXPECT_TRUE(Eventually([&] { return gateway.Metric("frontdesk_client_connections") == 0; }));
  EXPECT_TRUE(Eventually([&] { return CallsOfMocks(mocks, "in_flight") == 0; }));
}

class ManyClients : public ::testing::TestWithParam<const char*> {};

TEST_P(ManyClients, EveryAnswerBelongsToItsRequest) {
  Mocks mocks;
  Frontdesk gateway(mocks, {.workers = 4, .transport = GetParam()});
  int right = 0;
  for (const std::string& wrong : RunClients(gateway.port(), false, right)) ADD_FAILURE() << wrong;
  EXPECT_EQ(right, kThreads * kConnections * kRounds);
  ExpectQuiet(mocks, gateway);
  // Every call that the gateway made arrived once, and none twice.
  EXPECT_EQ(Sum(gateway, "grpc_client_started_total"), CallsOfMocks(mocks, "calls"));
  EXPECT_EQ(Sum(gateway, "grpc_client_started_total"), Sum(gateway, "grpc_client_handled_total"));
  EXPECT_EQ(Sum(gateway, "http_server_request_duration_seconds_count"), right);

  // The same again with clients that leave: as many descriptors as before stay open.
  const size_t files = OpenFiles(gateway.process());
  mocks.SetFaults("delay_ms=5");
  for (const std::string& wrong : RunClients(gateway.port(), true, right)) ADD_FAILURE() << wrong;
  EXPECT_GT(right, kThreads * kConnections * kRounds / 2);
  mocks.SetFaults("");
  ExpectQuiet(mocks, gateway);
  EXPECT_EQ(Sum(gateway, "grpc_client_started_total"), Sum(gateway, "grpc_client_handled_total"));
  EXPECT_TRUE(Eventually([&] { return OpenFiles(gateway.process()) <= files; }))
      << files << " descriptors before, now " << OpenFiles(gateway.process());
}

TEST_P(ManyClients, WhoLeavesCancelsAllCallsOfAComposition) {
  Mocks mocks;
  Frontdesk gateway(mocks, {.workers = 4, .transport = GetParam()});
  EXPECT_EQ(Fetch(gateway.port(), "GET", "/api/v1/dashboard").status, 200);
  const auto in_flight = [&] {
    return mocks.Count("user", "in_flight") + mocks.Count("order", "in_flight");
  };
  Clock::duration least = Clock::duration::max();
  // By itself the composition ends after two seconds. On a busy machine one try says nothing.
  for (int i = 0; i < 5 && least >= std::chrono::seconds(1); ++i) {
    ExpectQuiet(mocks, gateway);
    mocks.Reset();
    mocks.SetFaults("delay=user=60000,order=60000");
    RawClient client(gateway.port());
    client.Send(RequestText("GET", "/api/v1/dashboard"));
    ASSERT_TRUE(Eventually([&] { return in_flight() == 2; }));
    const Clock::time_point left = Clock::now();
    client.Close();
    EXPECT_TRUE(Eventually([&] { return in_flight() == 0; }));
    least = std::min(least, Clock::now() - left);
    EXPECT_EQ(mocks.Count("user", "cancelled"), 1u);
    EXPECT_EQ(mocks.Count("order", "cancelled"), 1u);
  }
  EXPECT_LT(least, std::chrono::seconds(1));
  RecordProperty("milliseconds", static_cast<int>(least / std::chrono::milliseconds(1)));
}

INSTANTIATE_TEST_SUITE_P(Transports, ManyClients, ::testing::Values("h2", "grpc"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace frontdesk::e2e

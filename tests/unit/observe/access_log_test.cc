#include "gateway/observe/access_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/observe/metrics.h"

namespace frontdesk::observe {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

AccessRecord FullRecord() {
  AccessRecord record;
  record.time =
      std::chrono::system_clock::time_point(std::chrono::microseconds(1'767'225'599'000'042));
  record.request_id = "r-1";
  record.method = "GET";
  record.target = "/api/v1/orders/7?page_size=2";
  record.protocol = "HTTP/1.1";
  record.route = "/api/v1/orders/{order_id}";
  record.rpc = "shop.order.v1.Orders/GetOrder";
  record.status = 404;
  record.grpc_code = 5;
  record.reason = "NOT_FOUND";
  record.cause = "127.0.0.1:1: Connection refused";
  record.duration = std::chrono::nanoseconds(1'234'567);
  record.request_bytes = 10;
  record.response_bytes = 728;
  record.peer = "192.0.2.7";
  record.user_agent = "phone/1";
  record.caller = "user-1";
  record.upstream_calls = 4;
  record.upstream_retries = 2;
  record.upstream_versions = "order@next, user@stable";
  record.incomplete = "payment;reason=DEADLINE_EXCEEDED";
  return record;
}

TEST(AccessFormatter, WritesEveryField) {
  AccessFormatter formatter;
  EXPECT_EQ(formatter.Format(FullRecord()),
            R"({"time":"2025-12-31T23:59:59.000042Z","kind":"access","request_id":"r-1",)"
            R"("method":"GET","target":"/api/v1/orders/7?page_size=2","protocol":"HTTP/1.1",)"
            R"("route":"/api/v1/orders/{order_id}","rpc":"shop.order.v1.Orders/GetOrder",)"
            R"("status":404,"grpc_code":"NOT_FOUND","reason":"NOT_FOUND",)"
            R"("cause":"127.0.0.1:1: Connection refused","duration_us":1234,)"
            R"("request_bytes":10,"response_bytes":728,"peer":"192.0.2.7",)"
            R"("user_agent":"phone/1","caller":"user-1","upstream_calls":4,"upstream_retries":2,)"
            R"("upstream_versions":"order@next, user@stable",)"
            R"("incomplete":"payment;reason=DEADLINE_EXCEEDED"})"
            "\n");
}

TEST(AccessFormatter, LeavesOutWhatIsEmptyAndSurvivesOddValues) {
  AccessFormatter formatter;
  AccessRecord record;
  EXPECT_EQ(formatter.Format(record),
            R"({"time":"1970-01-01T00:00:00.000000Z","kind":"access","status":0,)"
            R"("duration_us":0,"request_bytes":0,"response_bytes":0,"upstream_calls":0})"
            "\n");
  record.time -= std::chrono::microseconds(1);
  record.grpc_code = 99;
  EXPECT_THAT(std::string(formatter.Format(record)), HasSubstr("1969-12-31T23:59:59.999999Z"));
  EXPECT_THAT(std::string(formatter.Format(record)), HasSubstr(R"("grpc_code":"UNKNOWN")"));
}

TEST(AccessFormatter, AClientCanNeitherForgeNorFloodTheLog) {
  AccessFormatter formatter;
  AccessRecord record = FullRecord();
  const std::string hostile = Cat("/\r\n{\"status\":200}\x1b[2J\xff", std::string(1 << 20, '\x01'));
  record.target = record.user_agent = record.method = record.request_id = record.caller = hostile;
  const std::string line(formatter.Format(record));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_LT(line.size(), 24u << 10);
}

TEST(AccessRecord, ACauseIsTheGatewaysOwnWord) {
  const auto failure = [](const char* reason, Origin origin) {
    return absl::Status(Failure(absl::StatusCode::kUnavailable, reason, "why", origin));
  };
  const struct {
    const char* name;
    absl::Status failure;
    int http;
    const char* cause;
  } rows[] = {
      {"fine", absl::OkStatus(), 200, ""},
      {"a transport's", failure("UPSTREAM_UNREACHABLE", Origin::kUpstream), 503, "why"},
      {"a broken answer", failure("UPSTREAM_PROTOCOL", Origin::kUpstream), 502, "why"},
      {"an open breaker", failure("UPSTREAM_BREAKER_OPEN", Origin::kGateway), 503, "why"},
      {"out of time", DeadlineExceeded("why"), 504, "why"},
      {"a back end's", failure("UNAVAILABLE", Origin::kUpstream), 503, ""},
      {"of the request", failure("JSON_SYNTAX", Origin::kClient), 400, ""},
      {"of this program", failure("INTERNAL", Origin::kGateway), 500, ""},
  };
  for (const auto& row : rows) EXPECT_EQ(CauseOf(row.failure, row.http), row.cause) << row.name;

  AccessFormatter formatter;
  AccessRecord record = FullRecord();
  const std::string before(formatter.Format(record));
  const std::string hostile(1 << 20, '\x01');
  record.cause = hostile;
  EXPECT_LT(formatter.Format(record).size(), before.size() + 2048);
}

TEST(ByteRing, KeepsRecordsWholeAndInOrder) {
  ByteRing ring(64);
  std::mt19937 random(7);
  std::string expected;
  std::string got;
  for (int i = 0; i < 10'000; ++i) {
    const std::string record(random() % 70, static_cast<char>('a' + i % 26));
    if (ring.Push(record)) {
      expected += record;
    } else {
      EXPECT_FALSE(record.empty());
    }
    if (random() % 3 == 0) ring.TakeAll(got);
  }
  ring.TakeAll(got);
  EXPECT_EQ(got, expected);
  EXPECT_TRUE(ring.empty());
  EXPECT_FALSE(ring.TakeAll(got));
  EXPECT_TRUE(ring.Push(std::string(64, 'x')));
  EXPECT_FALSE(ring.Push("y"));
  EXPECT_TRUE(ring.TakeAll(got));
  EXPECT_FALSE(ring.Push(std::string(65, 'x')));
}

class TempFile {
 public:
  TempFile() : path_(Cat(::testing::TempDir(), "/access_log_", getpid(), "_", next_++)) {}
  ~TempFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }
  std::string Read() const {
    std::ifstream file(path_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  static inline int next_ = 0;
  const std::string path_;
};

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(fds_, O_CLOEXEC), 0); }
  ~Pipe() {
    CloseReader();
    close(fds_[1]);
  }
  int writer() const { return fds_[1]; }
  void CloseReader() {
    if (fds_[0] >= 0) close(fds_[0]);
    fds_[0] = -1;
  }
  std::string ReadSome() const {
    char buffer[65536];
    const ssize_t n = read(fds_[0], buffer, sizeof buffer);
    return {buffer, n > 0 ? static_cast<size_t>(n) : 0};
  }

 private:
  int fds_[2] = {-1, -1};
};

TEST(AccessLog, WritesWhatFourWorkersSayWithoutMixingLines) {
  constexpr int kWorkers = 4;
  constexpr int kLines = 5'000;
  TempFile file;
  {
    auto log = AccessLog::OpenFile(file.path());
    ASSERT_TRUE(log.ok()) << log.status();
    std::vector<std::thread> workers;
    for (int w = 0; w < kWorkers; ++w) {
      workers.emplace_back([w, &channel = (*log)->AddChannel(4 << 20)] {
        for (int i = 0; i < kLines; ++i) {
          const std::string target = Cat("/", w, "/", i);
          AccessRecord record;
          record.target = target;
          EXPECT_TRUE(channel.Write(record));
        }
      });
    }
    for (auto& worker : workers) worker.join();
    (*log)->Close(seconds(30));
    EXPECT_EQ((*log)->lost(), 0u);
  }
  std::istringstream lines(file.Read());
  std::string line;
  std::map<int, int> next;
  int count = 0;
  while (std::getline(lines, line)) {
    const size_t at = line.find(R"("target":"/)");
    ASSERT_NE(at, std::string::npos) << line;
    ASSERT_EQ(line.back(), '}');
    int worker = -1;
    int number = -1;
    ASSERT_EQ(std::sscanf(line.c_str() + at, R"("target":"/%d/%d")", &worker, &number), 2);
    ASSERT_EQ(next[worker]++, number);
    ++count;
  }
  EXPECT_EQ(count, kWorkers * kLines);
}

// Nobody reads the pipe: the loop's side returns at once, drops and counts, and closing is bounded.
TEST(AccessLog, ABlockedPipeDropsAndNeverBlocks) {
  Metrics metrics("0", "c");
  Pipe blocked;
  uint64_t dropped = 0;
  constexpr uint64_t kLines = 20'000;
  {
    auto log = AccessLog::OpenFd(blocked.writer(), &metrics.AddShard());
    AccessLog::Channel& channel = log->AddChannel(64 << 10);
    for (uint64_t i = 0; i < kLines; ++i) {
      if (!channel.Write(FullRecord())) ++dropped;
    }
    EXPECT_GT(dropped, kLines / 2);
    EXPECT_EQ(channel.dropped(), dropped);
    const auto begin = std::chrono::steady_clock::now();
    log->Close(milliseconds(50));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(20));
    EXPECT_GT(log->lost(), dropped);  // what was held is lost too
    EXPECT_LT(log->lost(), kLines);   // but the pipe itself took some
    EXPECT_THAT(metrics.Text(), HasSubstr(Cat("\nfrontdesk_log_dropped_total ", log->lost())));
  }
  const std::string got = blocked.ReadSome();
  EXPECT_EQ(got.front(), '{');
  EXPECT_EQ(got.back(), '\n');
}

TEST(AccessLog, AReaderThatComesBackGetsWholeLinesAgain) {
  Pipe pipe;
  auto log = AccessLog::OpenFd(pipe.writer());
  AccessLog::Channel& channel = log->AddChannel(64 << 10);
  while (channel.Write(FullRecord())) {
  }
  std::string got;
  // The marker gets in as soon as reading has made room.
  bool sent = false;
  while (got.find("marker") == std::string::npos) {
    if (!sent) sent = channel.Push("{\"marker\":1}\n");
    got += pipe.ReadSome();
  }
  std::istringstream lines(got.substr(0, got.rfind('\n') + 1));
  std::string line;
  while (std::getline(lines, line)) {
    ASSERT_EQ(line.front(), '{');
    ASSERT_EQ(line.back(), '}');
  }
}

TEST(AccessLog, ABrokenPipeLosesLinesAndKillsNobody) {
  Pipe pipe;
  pipe.CloseReader();
  // The default action of SIGPIPE would end this test.
  auto* const before = std::signal(SIGPIPE, SIG_DFL);
  auto log = AccessLog::OpenFd(pipe.writer());
  AccessLog::Channel& channel = log->AddChannel();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(channel.Write(FullRecord()));
  log->Close(seconds(30));
  EXPECT_EQ(log->lost(), 10u);
  std::signal(SIGPIPE, before);
}

TEST(AccessLog, AFullDiskLosesLinesAndGoesOn) {
  auto log = AccessLog::OpenFile("/dev/full");
  ASSERT_TRUE(log.ok());
  AccessLog::Channel& channel = (*log)->AddChannel();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(channel.Write(FullRecord()));
  (*log)->Close(seconds(30));
  EXPECT_EQ((*log)->lost(), 10u);
}

TEST(AccessLog, AppendsAndReopens) {
  TempFile file;
  TempFile moved;
  std::ofstream(file.path()) << "kept\n";
  auto log = AccessLog::OpenFile(file.path());
  ASSERT_TRUE(log.ok());
  AccessLog::Channel& channel = (*log)->AddChannel();
  channel.Push("one\n");
  while (file.Read() != "kept\none\n") std::this_thread::yield();
  std::filesystem::rename(file.path(), moved.path());
  (*log)->Reopen();
  while (!std::filesystem::exists(file.path())) std::this_thread::yield();
  channel.Push("two\n");
  (*log)->Close(seconds(30));
  EXPECT_EQ(moved.Read(), "kept\none\n");
  EXPECT_EQ(file.Read(), "two\n");
}

TEST(AccessLog, SaysWhyAFileCannotBeOpened) {
  const auto log = AccessLog::OpenFile("/no/such/folder/access.log");
  ASSERT_FALSE(log.ok());
  EXPECT_THAT(std::string(log.status().message()),
              HasSubstr("/no/such/folder/access.log: No such file or directory"));
}

// It would wait for a reader, and the start of the program with it.
TEST(AccessLog, APipeNeedsItsReader) {
  TempFile file;
  ASSERT_EQ(mkfifo(file.path().c_str(), 0600), 0);
  const auto none = AccessLog::OpenFile(file.path());
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr(Cat(file.path(), ": No such device or address")));
  const int reader = open(file.path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  const auto log = AccessLog::OpenFile(file.path());
  ASSERT_TRUE(log.ok());
  EXPECT_TRUE((*log)->AddChannel().Push("one\n"));
  (*log)->Close(seconds(30));
  char buffer[16];
  EXPECT_EQ(read(reader, buffer, sizeof buffer), 4);
  close(reader);
}

// One line at a time, with the thread asleep in between: none is forgotten.
TEST(AccessLog, EveryLineWakesTheWriter) {
  Pipe pipe;
  auto log = AccessLog::OpenFd(pipe.writer());
  AccessLog::Channel& channel = log->AddChannel();
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(channel.Push("x\n"));
    ASSERT_EQ(pipe.ReadSome(), "x\n");
  }
}

}  // namespace
}  // namespace frontdesk::observe

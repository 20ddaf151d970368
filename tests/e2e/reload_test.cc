// SIGHUP: what of the files a running gateway takes, and what it says of the rest.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <optional>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using testing_support::WriteTempFile;

// Of each signal, one of these comes last.
constexpr char kNothing[] = "SIGHUP: nothing else has changed";
constexpr char kWaits[] =
    "SIGHUP: the file or its contract has changed: other changes wait for a restart";
constexpr char kWrong[] = "SIGHUP: a restart would fail, the file or its contract is not right: ";

class Reload : public ::testing::Test {
 protected:
  void Start(const GatewayOptions& options) {
    yaml_ = DemoConfig(mocks_, options);
    file_ = WriteTempFile("reload.yaml", yaml_);
    gateway_.emplace(file_);
  }
  // As an operator would.
  void Hangup(const std::string& yaml) {
    std::ofstream(file_) << yaml;
    gateway_->process().Signal(SIGHUP);
  }
  std::string With(const std::string& from, const std::string& to) const {
    std::string yaml = yaml_;
    const size_t at = yaml.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return yaml.replace(at, from.size(), to);
  }
  size_t Count(const std::string& of) {
    const std::string log = gateway_->process().Stderr();
    size_t count = 0;
    for (size_t at = log.find(of); at != std::string::npos; at = log.find(of, at + 1)) ++count;
    return count;
  }
  int Ask() { return Fetch(gateway_->port(), "GET", "/api/v1/orders/order-1").status; }

  Mocks mocks_;
  std::string yaml_, file_;
  std::optional<Frontdesk> gateway_;
};

TEST_F(Reload, SaysWhatWaitsForARestart) {
  Start({});
  Hangup(Cat("# a comment\n", yaml_));
  EXPECT_TRUE(Eventually([&] { return Count(kNothing) == 1; })) << gateway_->process().Stderr();
  Hangup(With("workers: 2", "workers: 3"));
  EXPECT_TRUE(Eventually([&] { return Count(kWaits) == 1; })) << gateway_->process().Stderr();
  Hangup(With("endpoints:", "endpoint:"));
  EXPECT_TRUE(Eventually([&] { return Count(Cat(kWrong, file_, ":")) == 1; }))
      << gateway_->process().Stderr();
  EXPECT_EQ(Count("(did you mean \\\"endpoints\\\"?)"), 1u) << gateway_->process().Stderr();
  Hangup(With("descriptor_set: ", "descriptor_set: no/such/"));
  EXPECT_TRUE(Eventually([&] { return Count(kWrong) == 2; })) << gateway_->process().Stderr();
  EXPECT_EQ(Count("No such file or directory"), 1u) << gateway_->process().Stderr();
  Hangup(yaml_);
  EXPECT_TRUE(Eventually([&] { return Count(kNothing) == 2; })) << gateway_->process().Stderr();
  EXPECT_EQ(Count(kWaits), 1u) << gateway_->process().Stderr();
  EXPECT_EQ(Count("SIGHUP: nothing is read again"), 5u) << gateway_->process().Stderr();
  EXPECT_EQ(Ask(), 200);
}

TEST_F(Reload, SaysWhatIsReadAgain) {
  const std::string log = WriteTempFile("reload.log", "");
  Start({.extra = Cat("log: {file: ", log, "}\n")});
  Hangup(yaml_);
  EXPECT_TRUE(Eventually([&] { return Count(kNothing) == 1; })) << gateway_->process().Stderr();
  EXPECT_EQ(Count("SIGHUP: the access log is opened anew\""), 1u) << gateway_->process().Stderr();
  EXPECT_EQ(Ask(), 200);
}

}  // namespace
}  // namespace frontdesk::e2e

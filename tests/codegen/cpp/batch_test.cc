// Edges of steps with `batch`, from the plan and as generated code; and what hooks see of them.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "banquet/v1/banquet.frontdesk.h"
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/client/fake_caller.h"
#include "gateway/compose/registry.h"
#include "market/v1/market.pb.h"
#include "tests/codegen/cpp/two_ways.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk::testing {
namespace {

using client::FakeCaller;
using market::v1::BatchGetRequest;
using market::v1::BatchGetResponse;
using market::v1::Fruit;
using upstream::CallContext;

constexpr char kBatchGet[] = "market.v1.Stalls/BatchGet";

// Back ends that know fruits whose ids are a letter, and what was asked of them: "ab c".
class Market {
 public:
  explicit Market(Loop& loop) : caller(loop) {
    caller.Answer(kBatchGet, [this](std::string_view bytes) { return Answer(bytes); });
  }

  FakeCaller caller;
  std::string asked;
  std::string reply;  // ids of the results, in the place of those that were asked for
  std::string fails;  // the id whose call fails

 private:
  absl::StatusOr<std::string> Answer(std::string_view bytes) {
    BatchGetRequest request;
    request.ParseFromString(std::string(bytes));
    std::string ids;
    for (const std::string& id : request.ids()) ids += id;
    asked += Cat(asked.empty() ? "" : " ", ids);
    if (!fails.empty() && ids.find(fails) != std::string::npos) {
      return absl::UnavailableError("down");
    }
    BatchGetResponse response;
    for (const char id : reply.empty() ? ids : reply) {
      Fruit& fruit = *response.add_fruits();
      fruit.set_id(std::string(1, id));
      fruit.set_name(Cat(id, response.fruits_size()));
    }
    return response.SerializeAsString();
  }
};

std::string Describe(const absl::StatusOr<compose::Composed>& composed) {
  if (!composed.ok()) return ReasonOf(composed.status());
  banquet::v1::Basket basket;
  basket.ParseFromString(composed->message);
  std::string text;
  for (const Fruit& fruit : basket.fruits()) text += Cat(text.empty() ? "" : " ", fruit.name());
  for (const compose::Missing& part : composed->incomplete) {
    text += Cat(" | ", part.part, ';', part.reason);
  }
  return text;
}

// True: as generated code.
class BatchWays : public ::testing::TestWithParam<bool> {
 protected:
  BatchWays() : contract_(LoadContract(FRONTDESK_GOLDEN_CONTRACT)) {
    code_.Add<banquet::v1::BanquetAggregates>();
  }

  // A letter of `ids` is an id, "." an empty one. GetBasket fails as a whole, GetTasting in parts.
  std::string Ask(std::string_view name, std::string_view ids) {
    const contract::Method& method = *contract_->FindMethod(Cat("banquet.v1.Banquet/", name));
    banquet::v1::GetBasketRequest request;
    for (const char id : ids) request.add_ids(id == '.' ? std::string() : std::string(1, id));
    const std::string bytes = request.SerializeAsString();
    const compose::Handlers handlers = code_.Make(*contract_, market_.caller);
    const compose::Handlers::Handler* handler = handlers.Find(method);
    market_.asked.clear();
    CallContext context{.loop = loop_, .cancel = cancel_};
    return Describe(testing_support::RunOnLoop(
        loop_, GetParam() ? handler->method->run(*handler->of, context, bytes, options_)
                          : compose::Run(context, *method.plan, market_.caller, bytes, options_)));
  }

  const std::unique_ptr<const contract::Contract> contract_;
  compose::Registry code_;
  Loop loop_;
  Cancellation cancel_;
  compose::RunOptions options_;
  Market market_{loop_};
};

TEST_P(BatchWays, KeysAreAskedForInCallsOfAtMostMaxKeys) {
  const struct {
    const char* ids;
    const char* asked;
    const char* answer;
  } rows[] = {
      {"", "", ""},
      {"a", "a", "a1"},
      {"ab", "ab", "a1 b2"},
      {"abc", "ab c", "a1 b2 c1"},
      {"abcde", "ab cd e", "a1 b2 c1 d2 e1"},
      {"aaaa", "a", "a1 a1 a1 a1"},
      {"abab", "ab", "a1 b2 a1 b2"},
      {"bac", "ba c", "b1 a2 c1"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Ask("GetBasket", row.ids), row.answer) << row.ids;
    EXPECT_EQ(market_.asked, row.asked) << row.ids;
  }
}

TEST_P(BatchWays, ResultsAreFoundByTheirKeys) {
  const struct {
    const char* ids;
    const char* reply;
    const char* answer;
  } rows[] = {
      {"ab", "ba", "a2 b1"},
      {"ab", "aab", "a1 b3"},  // the first of doubles
      {"ab", "xayb", "a2 b4"},
      {"ab", "a", "a1 | fruits[1];NOT_FOUND"},
      {"ab", "x", " | fruits[0];NOT_FOUND | fruits[1];NOT_FOUND"},
      {"aab", "b", "b1 | fruits[0];NOT_FOUND | fruits[1];NOT_FOUND"},
  };
  for (const auto& row : rows) {
    market_.reply = row.reply;
    EXPECT_EQ(Ask("GetTasting", row.ids), row.answer) << row.ids << ' ' << row.reply;
  }
  market_.reply = "a";
  EXPECT_EQ(Ask("GetBasket", "ab"), "NOT_FOUND");
}

TEST_P(BatchWays, AnEmptyKeyIsNotAskedForAndFails) {
  EXPECT_EQ(Ask("GetTasting", ".a.b"), "a1 b2 | fruits[0];NOT_FOUND | fruits[2];NOT_FOUND");
  EXPECT_EQ(market_.asked, "ab");
  EXPECT_EQ(Ask("GetTasting", ".."), " | fruits[0];NOT_FOUND | fruits[1];NOT_FOUND");
  EXPECT_EQ(market_.asked, "");
  EXPECT_EQ(Ask("GetBasket", "a."), "NOT_FOUND");
  EXPECT_EQ(market_.asked, "");  // it can't succeed
}

TEST_P(BatchWays, AFailedCallFailsItsKeys) {
  market_.fails = "c";
  EXPECT_EQ(Ask("GetTasting", "abcde"), "a1 b2 e1 | fruits[2];UNAVAILABLE | fruits[3];UNAVAILABLE");
  EXPECT_EQ(market_.asked, "ab cd e");
  EXPECT_EQ(Ask("GetBasket", "abcde"), "UNAVAILABLE");
  EXPECT_EQ(market_.asked, "ab cd");
}

TEST_P(BatchWays, AListThatIsTooLongFailsWithoutACall) {
  options_.max_elements = 3;
  EXPECT_EQ(Ask("GetBasket", "abc"), "a1 b2 c1");
  EXPECT_EQ(Ask("GetBasket", "aaaa"), "EACH_TOO_LONG");
  EXPECT_EQ(market_.asked, "");
}

TEST_P(BatchWays, AResultThatIsNoMessageFailsItsKeyAndGarbageAll) {
  BatchGetResponse response;
  response.add_fruits()->set_id("a");
  response.mutable_fruits(0)->set_name("a1");
  response.add_fruits()->set_id("b");
  const std::string whole = response.SerializeAsString();
  std::string bad = whole;
  bad[whole.size() - 4] += 3;  // the length of the second result, which gets a name
  bad += "\x22\x01\xff";       // that is no UTF-8
  std::string reply;
  market_.caller.Answer(kBatchGet, [&](std::string_view) { return reply; });
  reply = bad;
  EXPECT_EQ(Ask("GetTasting", "ab"), "a1 | fruits[1];UPSTREAM_PROTOCOL");
  for (const std::string& garbage : {std::string("\xff"), std::string("\x12\x05x")}) {
    reply = whole + garbage;
    EXPECT_EQ(Ask("GetTasting", "ab"),
              " | fruits[0];UPSTREAM_PROTOCOL | fruits[1];UPSTREAM_PROTOCOL");
  }
}

INSTANTIATE_TEST_SUITE_P(, BatchWays, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "Code" : "Plan"; });

class Taster final : public banquet::v1::BanquetAggregates {
 public:
  using BanquetAggregates::BanquetAggregates;

  absl::Status BeforeGetTastingFruits(CallContext&, BatchGetRequest& request) override {
    if (request.ids(0) == "t") throw std::runtime_error("before the call");
    if (request.ids(0) == "x") return absl::PermissionDeniedError("x");
    request.set_language("fr");
    return absl::OkStatus();
  }
  absl::Status AfterGetTastingFruits(CallContext&, Fruit& reply) override {
    if (reply.id() == "u") throw std::runtime_error("after the call");
    if (reply.id() == "r") return absl::DataLossError("rotten");
    reply.set_name(reply.name() + "!");
    return absl::OkStatus();
  }
};

TEST(BatchHooks, SeeEveryCallAndEveryResult) {
  Loop loop;
  Cancellation cancel;
  CallContext context{.loop = loop, .cancel = cancel};
  Market market(loop);
  Taster taster(market.caller);
  banquet::v1::GetBasketRequest request;
  for (const char* id : {"a", "r", "x", "y", "b", "a"}) request.add_ids(id);
  const compose::RunOptions options;
  const auto answer =
      testing_support::RunOnLoop(loop, taster.GetTasting(context, request, options));
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::string text;
  for (const Fruit& fruit : answer->message.fruits()) text += Cat(fruit.name(), ' ');
  for (const compose::Missing& part : answer->incomplete) {
    text += Cat("| ", part.part, ';', part.reason, ' ');
  }
  EXPECT_EQ(text,
            "a1! b1! a1! | fruits[1];DATA_LOSS | fruits[2];PERMISSION_DENIED"
            " | fruits[3];PERMISSION_DENIED ");
  EXPECT_EQ(market.asked, "ar b");
  for (const auto& asked : market.caller.Requests<BatchGetRequest>(kBatchGet)) {
    EXPECT_EQ(asked.language(), "fr");
  }
}

// Also where the step may fail in parts.
TEST(BatchHooks, AnExceptionFailsTheWhole) {
  const struct {
    std::vector<const char*> ids;
    const char* asked;
  } rows[] = {
      {{"a", "b", "t"}, ""},
      {{"a", "u", "b"}, "au b"},
  };
  for (const auto& row : rows) {
    Loop loop;
    Cancellation cancel;
    CallContext context{.loop = loop, .cancel = cancel};
    Market market(loop);
    Taster taster(market.caller);
    banquet::v1::GetBasketRequest request;
    for (const char* id : row.ids) request.add_ids(id);
    const compose::RunOptions options;
    const auto answer =
        testing_support::RunOnLoop(loop, taster.GetTasting(context, request, options));
    EXPECT_EQ(ReasonOf(answer.status()), "INTERNAL") << row.asked;
    EXPECT_EQ(market.asked, row.asked);
  }
}

}  // namespace
}  // namespace frontdesk::testing

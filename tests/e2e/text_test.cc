// Public suites of strings and JSON texts, wherever a client can put them: what arrives at the back
// end, and what comes back.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "gateway/base/text.h"
#include "tests/e2e/echo.h"

namespace frontdesk::e2e {
namespace {

namespace fs = std::filesystem;
using testing_support::ReadFile;

struct Sample {
  std::string name;
  std::string text;
  bool utf8 = true;
};

// Beside the repository, so above the folder of the programs.
fs::path Suite(const std::string& name) {
  for (fs::path at = FRONTDESK_BIN; at != at.root_path(); at = at.parent_path()) {
    const fs::path found = at / "shared/suites" / name;
    if (fs::exists(found)) return found;
  }
  return {};
}

std::vector<Sample> NaughtyStrings() {
  std::vector<Sample> samples;
  const std::string text = ReadFile(Suite("naughty-strings/blns.json"));
  for (const auto& value : nlohmann::json::parse(text, nullptr, false)) {
    if (!value.is_string()) continue;
    samples.push_back({Cat("naughty string ", samples.size()), value.get<std::string>()});
  }
  return samples;
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits.push_back(c);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<char>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

// Lines "1.0.1:valid hex:31", "1.1.0:valid:abc", "6.0:invalid hex:80:nothing:EFBFBD".
std::vector<Sample> Utf8Tests() {
  std::vector<Sample> samples;
  std::istringstream lines(ReadFile(Suite("utf8tests/utf8tests.txt")));
  for (std::string line; std::getline(lines, line);) {
    const size_t kind_at = line.find(':');
    if (line.empty() || line[0] == '#' || kind_at == std::string::npos) continue;
    const size_t text_at = line.find(':', kind_at + 1);
    std::string kind = line.substr(kind_at + 1, text_at - kind_at - 1);
    if (kind.starts_with(' ')) kind.erase(0, 1);
    std::string text = line.substr(text_at + 1);
    if (kind.ends_with(" hex")) text = FromHex(text.substr(0, text.find(':')));
    samples.push_back(
        {Cat("utf8tests ", line.substr(0, kind_at)), text, kind.starts_with("valid")});
  }
  return samples;
}

std::vector<Sample> AllSamples() {
  std::vector<Sample> samples = NaughtyStrings();
  for (Sample& sample : Utf8Tests()) samples.push_back(std::move(sample));
  return samples;
}

std::string Escaped(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

// As a JSON string, with all but what JSON forbids as it is.
std::string Quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
    } else {
      out.push_back(c);
    }
  }
  return out + '"';
}

// The framed message of a call with this text.
std::string TextMessage(const std::string& text) {
  std::string length;
  size_t rest = text.size();
  for (; rest >= 0x80; rest >>= 7) length.push_back(static_cast<char>(rest | 0x80));
  length.push_back(static_cast<char>(rest));
  return testing_support::GrpcMessage(text.empty() ? "" : Cat("\x0a", length, text));
}

class TextTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Suite("utf8tests").empty()) GTEST_SKIP() << "skipped: suites not found";
    echo_.emplace();
    client_.emplace(echo_->port());
  }

  RawResponse Ask(const std::string& request) {
    client_->Send(request);
    std::optional<RawResponse> response = client_->Read();
    if (response && response->Header("connection").empty()) return *response;
    client_.emplace(echo_->port());
    return response.value_or(RawResponse());
  }
  // The text reached the back end, and the client has it back.
  void ExpectEchoed(const RawResponse& response, const Sample& sample) {
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(echo_->last().body, TextMessage(sample.text));
    EXPECT_EQ(Json(response).value("text", ""), sample.text) << response.body;
  }
  // It did not, and the connection lives on.
  void ExpectRefused(const RawResponse& response, int calls, const char* reason) {
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_EQ(ReasonOf(response), reason) << response.body;
    EXPECT_EQ(echo_->calls(), calls);
  }

  std::optional<Echo> echo_;
  std::optional<RawClient> client_;
};

TEST_F(TextTest, InJsonStrings) {
  for (const Sample& sample : AllSamples()) {
    SCOPED_TRACE(sample.name);
    const int calls = echo_->calls();
    const std::string json = Cat(R"({"text":)", Quoted(sample.text), "}");
    const RawResponse response =
        Ask(RequestText("POST", "/body", {{"content-type", "application/json"}}, json));
    if (sample.utf8) {
      ExpectEchoed(response, sample);
    } else {
      ExpectRefused(response, calls, "INVALID_UTF8");
    }
  }
}

TEST_F(TextTest, InQueries) {
  for (const Sample& sample : AllSamples()) {
    SCOPED_TRACE(sample.name);
    const int calls = echo_->calls();
    const RawResponse response = Ask(RequestText("GET", Cat("/query?text=", Escaped(sample.text))));
    if (sample.utf8) {
      ExpectEchoed(response, sample);
    } else {
      ExpectRefused(response, calls, "INVALID_UTF8");
    }
  }
}

// Dot segments as some back end might see them, and zero bytes.
bool MayBeRefused(std::string_view text) {
  return text.find("..") != std::string_view::npos || text.starts_with('.') ||
         text.find("/.") != std::string_view::npos || text.find("\\.") != std::string_view::npos ||
         text.find('\0') != std::string_view::npos;
}

TEST_F(TextTest, InPaths) {
  for (const Sample& sample : AllSamples()) {
    SCOPED_TRACE(sample.name);
    if (sample.text.empty()) continue;  // no segment at all
    const int calls = echo_->calls();
    const RawResponse response = Ask(RequestText("GET", Cat("/path/", Escaped(sample.text))));
    if (!sample.utf8 || (response.status != 200 && MayBeRefused(sample.text))) {
      ExpectRefused(response, calls, "INVALID_PATH");
    } else {
      ExpectEchoed(response, sample);
    }
  }
}

// Printable ASCII goes on; what no metadata may hold does not; control characters end the request.
TEST_F(TextTest, InHeaders) {
  const auto control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  const auto printable = [](char c) { return c >= ' ' && c < '\x7f'; };
  const auto space = [](char c) { return c == ' ' || c == '\t'; };
  for (const Sample& sample : AllSamples()) {
    SCOPED_TRACE(sample.name);
    const int calls = echo_->calls();
    std::string text = sample.text;
    const RawResponse response = Ask(RequestText("GET", "/note", {{"x-note", text}}));
    if (std::any_of(text.begin(), text.end(), control)) {
      EXPECT_EQ(response.status, 400) << response.body;
      EXPECT_EQ(echo_->calls(), calls);
      continue;
    }
    while (!text.empty() && space(text.front())) text.erase(0, 1);
    while (!text.empty() && space(text.back())) text.pop_back();
    const bool goes_on = std::all_of(text.begin(), text.end(), printable);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(echo_->last().Field("x-note"), goes_on ? text : "");
  }
}

// What is up to the reader and taken: numbers that lose digits, not their size.
bool IsTaken(std::string_view name) {
  constexpr std::string_view kTaken[] = {
      "i_number_double_huge_neg_exp.json",   "i_number_real_underflow.json",
      "i_number_too_big_neg_int.json",       "i_number_too_big_pos_int.json",
      "i_number_very_big_negative_int.json",
  };
  return std::find(std::begin(kTaken), std::end(kTaken), name) != std::end(kTaken);
}

// Named by the suite's own convention: y_ is JSON, n_ is none, i_ is up to the reader.
TEST_F(TextTest, JsonTestSuite) {
  int seen = 0;
  for (const auto& file : fs::directory_iterator(Suite("jsontestsuite/test_parsing"))) {
    const std::string name = file.path().filename();
    SCOPED_TRACE(name);
    const std::string text = ReadFile(file.path());
    // No body is no value, as for any field; a key that comes twice is refused on purpose.
    const bool empty = text.empty();
    const bool twice = name.find("duplicated_key") != std::string::npos;
    const RawResponse response =
        Ask(RequestText("POST", "/value", {{"content-type", "application/json"}}, text));
    ++seen;
    if (empty || (name[0] == 'y' && !twice)) {
      EXPECT_EQ(response.status, 200) << response.body;
      EXPECT_EQ(Json(response), empty ? nullptr : nlohmann::json::parse(text, nullptr, false));
    } else {
      const bool refused = name[0] == 'n' || twice || !IsTaken(name);
      EXPECT_EQ(response.status, refused ? 400 : 200) << response.body;
    }
  }
  EXPECT_GT(seen, 300);
}

}  // namespace
}  // namespace frontdesk::e2e

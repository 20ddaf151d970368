#include "tests/support/light_words.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>

namespace frontdesk::testing_support {
namespace {

using Answer = LightBehaviour::Answer;
using Accept = LightBehaviour::Accept;

template <class T>
bool Number(std::string_view text, T& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size() && number >= T(0);
}

template <class T>
bool OneOf(const std::map<std::string_view, T>& words, std::string_view word, T& value) {
  const auto at = words.find(word);
  if (at == words.end()) return false;
  value = at->second;
  return true;
}

bool Set(std::string_view name, std::string_view value, LightBehaviour& behaviour) {
  static const std::map<std::string_view, Answer> answers = {
      {"message", Answer::kMessage},
      {"status", Answer::kStatus},
      {"never", Answer::kNever},
      {"refuse_stream", Answer::kRefuseStream},
      {"reset_first", Answer::kResetFirst},
      {"reset_midway", Answer::kResetMidway}};
  static const std::map<std::string_view, Accept> accepts = {
      {"serve", Accept::kServe}, {"reset", Accept::kReset}, {"silent", Accept::kSilent}};
  if (name == "answer") return OneOf(answers, value, behaviour.answer);
  if (name == "accept") return OneOf(accepts, value, behaviour.accept);
  if (name == "status") return Number(value, behaviour.status);
  if (name == "one_in") return Number(value, behaviour.one_in) && behaviour.one_in > 0;
  if (name == "slots") return Number(value, behaviour.slots);
  if (name == "max_streams") return Number(value, behaviour.max_concurrent_streams);
  if (name == "padding") return Number(value, behaviour.padding);
  if (name == "hates_pings") return behaviour.hates_pings = value == "1";
  if (name == "content_type") behaviour.content_type = value;
  int milliseconds = 0;
  if (name == "delay_ms" && !Number(value, milliseconds)) return false;
  if (name == "delay_ms") behaviour.delay = std::chrono::milliseconds(milliseconds);
  return name == "content_type" || name == "delay_ms";
}

bool Do(LightBackend& backend, std::string_view verb) {
  if (verb == "refuse") return backend.Refuse(), true;
  if (verb == "listen") return backend.Listen(), true;
  if (verb == "reset") return backend.ResetAll(), true;
  if (verb == "goaway") return backend.Goaway(), true;
  if (verb == "drop" || verb == "undrop") return backend.Drop(verb == "drop");
  if (verb == "pause" || verb == "resume") return backend.Pause(verb == "pause"), true;
  return false;
}

}  // namespace

bool Tell(LightBackend& backend, std::string_view line) {
  if (Do(backend, line)) return true;
  LightBehaviour behaviour;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    const size_t equals = word.find('=');
    if (word.empty()) continue;
    if (equals == std::string_view::npos) return false;
    if (!Set(word.substr(0, equals), word.substr(equals + 1), behaviour)) return false;
  }
  backend.Behave(behaviour);
  return true;
}

}  // namespace frontdesk::testing_support

// What values of a policy or of the operator's file may be, as tables.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace frontdesk::contract {

// Of a number, by its name from the message that is checked: "retry.max_attempts".
struct NumberRule {
  std::string_view name;
  double least;
  double most;
  bool between = false;  // the bounds themselves are not allowed either
};

// Of a string that is a duration.
struct TimeRule {
  std::string_view name;
  std::chrono::nanoseconds least = std::chrono::nanoseconds(1);
  std::chrono::nanoseconds most = std::chrono::hours(24);
};

// Takes what is wrong with a value: its path of field numbers, its name, and the text.
using AddWrong = std::function<void(const std::vector<int>& field, std::string_view name,
                                    std::string_view text)>;

// What is said of a value that has to be there.
inline constexpr std::string_view kMissing = "is missing";

// Checks every value that is set in `message` and has a rule. NaN fits none.
void CheckValues(const google::protobuf::Message& message, std::span<const NumberRule> numbers,
                 std::span<const TimeRule> times, const AddWrong& add);

// "20", "1.5"
std::string NumberText(double number);

}  // namespace frontdesk::contract

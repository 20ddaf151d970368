// Text of a program, line by line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/text.h"

namespace frontdesk::codegen {

class Printer {
 public:
  static constexpr size_t kWidth = 100;

  // Indented, unless it is empty.
  template <class... Parts>
  void Line(const Parts&... parts) {
    Add(Cat(parts...));
  }
  // The same, and what follows stands inside until Close().
  template <class... Parts>
  void Open(const Parts&... parts) {
    Add(Cat(parts...));
    ++depth_;
  }
  void Close(std::string_view end = "}") {
    --depth_;
    Add(end);
  }
  // "head(argument, argument)tail", broken behind commas where a line would be too long.
  void Call(std::string_view head, const std::vector<std::string>& arguments,
            std::string_view tail);
  // "// ..." per line of the text, as it stands in a .proto.
  void Comment(std::string_view text);
  // Our own words, broken into lines.
  void Note(std::string_view text);
  // What another printer wrote, as it is.
  void Raw(std::string_view text) { text_ += text; }
  void Indent() { ++depth_; }
  void Outdent() { --depth_; }
  // Columns in front of the next line.
  size_t margin() const { return depth_ * 2; }

  std::string Take() { return std::move(text_); }

 private:
  void Add(std::string_view line);

  std::string text_;
  size_t depth_ = 0;
};

}  // namespace frontdesk::codegen
